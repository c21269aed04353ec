import { appsflyer } from './appsflyer.ts';
import { generic } from './generic.ts';
import { keitaro } from './keitaro.ts';
import type { SourceProfile } from './profile.ts';

const PROFILES: ReadonlyMap<string, SourceProfile> = new Map(
  [generic, appsflyer, keitaro].map((profile) => [profile.id, profile]),
);

/** Every sender's dialect known here, in the order to show them. */
export function sourceProfiles(): readonly SourceProfile[] {
  return [...PROFILES.values()];
}

export function sourceProfile(id: string): SourceProfile | undefined {
  return PROFILES.get(id);
}
