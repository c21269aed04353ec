import type { Params } from '../params.ts';
import type { SourceProfile } from '../profile.ts';
import { sourceProfile, sourceProfiles } from '../registry.ts';
import type { SplitAddress } from './split-address.ts';

export interface Recognised {
  readonly profile: SourceProfile;
  /** Why, a sign each; empty when nothing told and the common names are read. */
  readonly because: readonly string[];
}

/** The profile that a name speaks of: its id, or one of the words in the name ("altercpa_to_binom"). */
export function profileNamed(name: string): SourceProfile | null {
  const exact = sourceProfile(name.toLowerCase());
  if (exact !== undefined) return exact;
  const words = name.toLowerCase().split(/[^a-z0-9]+/);
  return (
    sourceProfiles().find(
      (profile) =>
        profile.id !== 'generic' && [profile.id, ...profile.aliases].some((one) => words.includes(one)),
    ) ?? null
  );
}

/** The sender or receiver whose address this looks like, by its host, its path and its parameters. */
export function recognise(address: SplitAddress, params: Params): Recognised {
  let best: Recognised & { readonly score: number } = { profile: fallback(), because: [], score: 0.9 };
  const hasClickName = fallback().names.clickId.some((name) => params.values.has(name));
  for (const profile of sourceProfiles()) {
    const because: string[] = [];
    let score = 0;
    const { hosts, paths, params: names } = profile.signs;
    if (address.host !== '' && hosts.some((sign) => sign.test(address.host))) {
      because.push(`the host ${address.host}`);
      score += 5;
    }
    if (paths.some((sign) => sign.test(address.path))) {
      because.push(`the path ${address.path}`);
      score += 3;
    }
    for (const name of names) {
      if (!params.values.has(name) || (name.length === 1 && hasClickName)) continue;
      because.push(`the parameter ${name}`);
      // A name of one letter may be anybody's, and tells nothing beside a plain name of a click id.
      score += name.length === 1 ? 0.5 : 1;
    }
    if (score > best.score) best = { profile, because, score };
  }
  return { profile: best.profile, because: best.because };
}

function fallback(): SourceProfile {
  const profile = sourceProfile('generic');
  if (profile === undefined) throw new Error('the generic profile is gone from the registry');
  return profile;
}
