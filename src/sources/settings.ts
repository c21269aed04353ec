import { z } from 'zod';
import type { SourceSettings } from './profile.ts';

const status = z.enum(['pending', 'hold', 'approved', 'rejected', 'reversed']);

const schema = z.object({
  currency: z
    .string()
    .regex(/^[A-Z]{3}$/)
    .optional(),
  defaultEvent: z.string().min(1).max(200).optional(),
  defaultStatus: status.optional(),
  statuses: z.record(z.string(), status).optional(),
  scopeWithoutTxid: z.enum(['click-event', 'click-event-amount', 'occurrence', 'each']).optional(),
  repeatsCount: z.boolean().optional(),
  attributesBySender: z.boolean().optional(),
});

/**
 * A source's stored choices. What does not fit is left out, so that one bad setting never stops a source.
 *
 * @param fallbackCurrency the workspace's, for amounts that name none.
 */
export function readSourceSettings(stored: unknown, fallbackCurrency: string): SourceSettings {
  const parsed = schema.safeParse(stored);
  const { currency, ...rest } = parsed.success ? parsed.data : {};
  const settings: Record<string, unknown> = { currency: currency ?? fallbackCurrency };
  for (const [name, value] of Object.entries(rest)) if (value !== undefined) settings[name] = value;
  // Every field came out of the schema; undefined ones are gone, as exactOptionalPropertyTypes wants.
  return settings as unknown as SourceSettings;
}
