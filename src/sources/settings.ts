import type { SourceProfile, SourceSettings } from './profile.ts';
import { fieldsOf } from './profiles/dialect.ts';
import { generic } from './profiles/generic.ts';
import { settingsSchema } from './settings-schema.ts';

const FIELDS = fieldsOf(generic);

/**
 * A source's stored choices. What does not fit is left out, so that one bad setting never stops a source.
 *
 * @param fallbackCurrency the workspace's, for amounts that name none.
 */
export function readSourceSettings(stored: unknown, fallbackCurrency: string): SourceSettings {
  const given = new Map(stored === null || typeof stored !== 'object' ? [] : Object.entries(stored));
  const settings: Record<string, unknown> = { currency: fallbackCurrency };
  for (const [name, part] of Object.entries(settingsSchema.shape)) {
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
