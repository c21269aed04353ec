import type { Params } from './params.ts';
import type { Fields } from './pick-fields.ts';
import type { Field, SourceProfile } from './profile.ts';
import { fieldsOf } from './profiles/dialect.ts';

interface Meant {
  readonly name: string;
  readonly field: Field;
}

/** Shorter names are near too many others. */
const SHORTEST = 5;
/** Of one request: more are no slip of the pen. */
const MOST = 5;
/** Names remembered of one profile, and looked at in one request: they come from outside, so there is an end to them. */
const REMEMBERED = 5_000;
const LOOKED_AT = 50;
/** Read only where the sender credits ads itself. */
const SENDER_FIELDS: ReadonlySet<Field> = new Set(['campaign', 'adset', 'ad', 'network']);

interface Memory {
  readonly known: ReadonlyMap<string, Field>;
  readonly meant: Map<string, Meant | null>;
}

const memories = new WeakMap<SourceProfile, Memory>();

/**
 * Parameters that nobody reads and that differ by one letter, or by hyphens and capitals only, from one that would
 * have filled a field this request leaves empty. Further apart is another parameter: offer_id is not order_id.
 *
 * @param bySender the campaign's and ad's ids are read too.
 * @returns warnings: `near_miss:<as written>:<as it should be>`.
 */
export function misspeltNames(
  params: Params,
  profile: SourceProfile,
  fields: Fields,
  bySender: boolean,
): readonly string[] {
  const { known, meant } = memoryOf(profile);
  const found: string[] = [];
  let looks = 0;
  for (const name of params.values.keys()) {
    if (name.length < SHORTEST || known.has(name)) continue;
    looks += 1;
    if (looks > LOOKED_AT || found.length === MOST) break;
    let one = meant.get(name);
    if (one === undefined) {
      if (meant.size >= REMEMBERED) meant.clear();
      meant.set(name, (one = meantBy(name, profile, known)));
    }
    if (one === null || fields[one.field] !== undefined) continue;
    if (SENDER_FIELDS.has(one.field) && !bySender) continue;
    found.push(`near_miss:${name}:${one.name}`);
  }
  return found;
}

function memoryOf(profile: SourceProfile): Memory {
  const before = memories.get(profile);
  if (before !== undefined) return before;
  const known = new Map<string, Field>();
  for (const field of fieldsOf(profile))
    for (const one of profile.names[field]) if (!known.has(one)) known.set(one, field);
  const memory: Memory = { known, meant: new Map() };
  memories.set(profile, memory);
  return memory;
}

const bare = (name: string): string => name.replaceAll(/[^a-z0-9]/g, '');

function meantBy(name: string, profile: SourceProfile, known: ReadonlyMap<string, Field>): Meant | null {
  const others = [...profile.weakClickNames, ...profile.ignored, ...Object.keys(profile.statusLists)];
  if (others.includes(name) || name.length > 40) return null;
  const letters = bare(name);
  const same = [...known.keys()].find((one) => bare(one) === letters);
  const near =
    same ?? [...known.keys()].find((one) => one.length >= SHORTEST && isOneEdit(name, one)) ?? null;
  const field = near === null ? undefined : known.get(near);
  // sub_id2 is one of a row, not a misspelt sub_id.
  if (near === null || field === undefined || name.replace(/\d+$/, '') === near) return null;
  return { name: near, field };
}

/**
 * Whether one letter more, less, other, or swapped with its neighbour makes one word of the other. In one pass: names of
 * strangers come by the thousand.
 */
export function isOneEdit(a: string, b: string): boolean {
  if (Math.abs(a.length - b.length) > 1) return false;
  const least = Math.min(a.length, b.length);
  let at = 0;
  while (at < least && a[at] === b[at]) at += 1;
  if (a.length < b.length) return a.slice(at) === b.slice(at + 1);
  if (a.length > b.length) return a.slice(at + 1) === b.slice(at);
  const swapped = a[at] === b[at + 1] && a[at + 1] === b[at] && a.slice(at + 2) === b.slice(at + 2);
  return swapped || a.slice(at + 1) === b.slice(at + 1);
}
