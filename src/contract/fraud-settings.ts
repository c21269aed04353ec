import { z } from 'zod';
import type { Signal } from '../core/fraud/signals.ts';

/** Signals that a policy can be set for. What the sender itself rejects is never counted: that is its status, no policy. */
export const SETTABLE_SIGNALS = [
  'click_after_install_begin',
  'install_too_fast',
  'paid_too_fast',
  'impossible_order',
  'device_repeated',
  'address_concentration',
  'hardcoded_id',
  'conversions_per_click',
  'burst',
  'invented_txids',
  'payout_above_cap',
  'country_differs',
  'robot_click',
  'source_injection',
  'source_flooding',
  'source_bots',
  'source_rejections',
] as const satisfies readonly Signal[];

export const TREATMENTS = ['count', 'quarantine', 'exclude'] as const;

/** By what a source's conversions are told apart where their times are judged together. */
export const GROUPINGS = ['source', 'campaign', 'placement', 'site'] as const;
export type Grouping = (typeof GROUPINGS)[number];

const seconds = z.number().min(0).max(86_400);
const several = z.number().int().min(2).max(1_000_000);

/** A source's choices about fraud: settings.fraud. What is left out is as the core has it. */
export const fraudSettingsSchema = z.strictObject({
  policy: z.partialRecord(z.enum(SETTABLE_SIGNALS), z.enum(TREATMENTS)).optional(),
  limits: z
    .strictObject({
      /** Seconds from click to event below which it cannot be, by event name or type. */
      fastestS: z.record(z.string().min(1).max(200), seconds),
      paidFastestS: seconds,
      conversionsOfClick: several,
      installsOfDevice: several,
      conversionsOfNetwork: several,
      clicksOfAddress: several,
      addressesOfDevice: several,
      /** Major units of the conversion's own currency. */
      payoutCap: z.number().positive().max(1_000_000_000),
    })
    .partial()
    .optional(),
  by: z.enum(GROUPINGS).optional(),
});
export type FraudSettings = z.output<typeof fraudSettingsSchema>;

/** A source's stored choices; what does not fit is left out as a whole, and then nothing but the default acts. */
export function readFraudSettings(settings: unknown): FraudSettings {
  const own = settings !== null && typeof settings === 'object' && 'fraud' in settings ? settings.fraud : {};
  const parsed = fraudSettingsSchema.safeParse(own);
  return parsed.success ? parsed.data : {};
}
