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

/** What the signs weigh, and what it takes to name somebody. */
const HOST = 5;
const PATH = 3;
const PARAM = 2;
const HINT = 1;
/** A name of one letter may be anybody's, and tells nothing beside a plain name of a click id. */
const LETTER = 0.7;
const ENOUGH = 2;

/** The sender or receiver whose address this looks like, by its host, its path and its parameters. */
export function recognise(address: SplitAddress, params: Params): Recognised {
  const generic = fallback();
  const hasClickName = generic.names.clickId.some((name) => params.values.has(name));
  let best: Recognised & { readonly score: number } = { profile: generic, because: [], score: 0 };
  for (const profile of sourceProfiles()) {
    const { hosts, paths, params: telling, hints } = profile.signs;
    const because: string[] = [];
    let score = 0;
    const found = (weight: number, what: string): void => {
      because.push(what);
      score += weight;
    };
    if (address.host !== '' && hosts.some((sign) => sign.test(address.host)))
      found(HOST, `the host ${address.host}`);
    if (paths.some((sign) => sign.test(address.path))) found(PATH, `the path ${address.path}`);
    for (const name of telling) if (params.values.has(name)) found(PARAM, `the parameter ${name}`);
    for (const name of hints) {
      if (!params.values.has(name) || (name.length === 1 && hasClickName)) continue;
      found(name.length === 1 ? LETTER : HINT, `the parameter ${name}`);
    }
    if (score >= ENOUGH && score > best.score) best = { profile, because, score };
  }
  return { profile: best.profile, because: best.because };
}

function fallback(): SourceProfile {
  const profile = sourceProfile('generic');
  if (profile === undefined) throw new Error('the generic profile is gone from the registry');
  return profile;
}
