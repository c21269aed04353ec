import { z } from 'zod';
import { isTimeZone } from '../core/zone.ts';
import { isAddressOrNetwork } from './allowed-address.ts';
import type { SourceProfile, SourceSettings } from './profile.ts';
import { fieldsOf } from './profiles/dialect.ts';
import { generic } from './profiles/generic.ts';

const FIELDS = fieldsOf(generic);

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
  names: z.record(z.string().min(1).max(100), z.enum(FIELDS)).optional(),
  zone: z.string().refine(isTimeZone).optional(),
  dateOrder: z.enum(['ymd', 'mdy', 'dmy']).optional(),
  commaThousands: z.boolean().optional(),
  unmappedStatus: status.optional(),
  answers: z.enum(['codes', 'always-200']).optional(),
  answerTexts: z.object({ accepted: z.string().max(200), duplicate: z.string().max(200) }).optional(),
  signature: z
    .object({
      param: z.string().min(1).max(100).toLowerCase(),
      algorithm: z.enum(['md5', 'sha1', 'sha256', 'hmac-md5', 'hmac-sha1', 'hmac-sha256']),
      formula: z.string().min(1).max(1000),
    })
    .optional(),
  addresses: z.array(z.string().refine(isAddressOrNetwork)).max(1000).optional(),
});

/**
 * A source's stored choices. What does not fit is left out, so that one bad setting never stops a source.
 *
 * @param fallbackCurrency the workspace's, for amounts that name none.
 */
export function readSourceSettings(stored: unknown, fallbackCurrency: string): SourceSettings {
  const given = new Map(stored === null || typeof stored !== 'object' ? [] : Object.entries(stored));
  const settings: Record<string, unknown> = { currency: fallbackCurrency };
  for (const [name, part] of Object.entries(schema.shape)) {
    const parsed = part.safeParse(given.get(name));
    if (parsed.success && parsed.data !== undefined) settings[name] = parsed.data;
  }
  // Every field came out of the schema; undefined ones are gone, as exactOptionalPropertyTypes wants.
  return settings as unknown as SourceSettings;
}

const PROFILE_CHOICES = [
  'names',
  'zone',
  'dateOrder',
  'commaThousands',
  'unmappedStatus',
  'answers',
  'answerTexts',
] as const;

/**
 * A profile with a source's own choices in it: names that the user mapped come first, and mean only what they were
 * mapped to.
 */
export function configuredProfile(profile: SourceProfile, settings: SourceSettings): SourceProfile {
  if (!PROFILE_CHOICES.some((choice) => settings[choice] !== undefined)) return profile;
  const mapped = Object.entries(settings.names ?? {}).map(
    ([name, field]) => [name.toLowerCase(), field] as const,
  );
  const taken = new Set(mapped.map(([name]) => name));
  const names = { ...profile.names };
  for (const field of FIELDS)
    names[field] = [
      ...mapped.flatMap(([name, one]) => (one === field ? [name] : [])),
      ...profile.names[field].filter((name) => !taken.has(name)),
    ];
  return {
    ...profile,
    names: mapped.length === 0 ? profile.names : names,
    weakClickNames: profile.weakClickNames.filter((name) => !taken.has(name)),
    zone: settings.zone ?? profile.zone,
    dateOrder: settings.dateOrder ?? profile.dateOrder,
    commaThousands: settings.commaThousands ?? profile.commaThousands,
    unmappedStatus: settings.unmappedStatus ?? profile.unmappedStatus,
    answers: settings.answers ?? profile.answers,
    answerTexts: settings.answerTexts ?? profile.answerTexts,
  };
}
