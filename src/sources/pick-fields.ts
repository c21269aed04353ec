import { isNothing, isPlaceholder } from './macros.ts';
import type { Params } from './params.ts';
import type { Field, SourceProfile } from './profile.ts';

/** Longest id that is looked up by: anything beyond is no id of anyone's. */
export const MAX_ID = 512;

export type Fields = Partial<Record<Field, { readonly name: string; readonly value: string }>>;

interface Index {
  readonly field: Field;
  readonly rank: number;
}

const indexes = new WeakMap<SourceProfile, ReadonlyMap<string, readonly Index[]>>();

/** Parameter name → the fields it may fill, with its rank among their names. */
function indexOf(profile: SourceProfile): ReadonlyMap<string, readonly Index[]> {
  const known = indexes.get(profile);
  if (known !== undefined) return known;
  const index = new Map<string, Index[]>();
  for (const field of Object.keys(profile.names) as Field[]) {
    profile.names[field].forEach((name, rank) => {
      index.set(name, [...(index.get(name) ?? []), { field, rank }]);
    });
  }
  indexes.set(profile, index);
  return index;
}

/** One pass over what was sent: the preferred name of each field that has a real value. */
export function pickFields(params: Params, profile: SourceProfile, warnings: string[]): Fields {
  const index = indexOf(profile);
  const fields: Fields = {};
  const ranks: Partial<Record<Field, number>> = {};
  for (const [name, value] of params.values) {
    const entries = index.get(name);
    if (entries === undefined) continue;
    const trimmed = value.trim();
    if (isPlaceholder(trimmed)) {
      warnings.push(`unresolved_macro:${name}`);
      continue;
    }
    if (isNothing(trimmed)) continue;
    for (const { field, rank } of entries) {
      if (rank >= (ranks[field] ?? Infinity)) continue;
      // Looked up by, and no device has one this long.
      if (field === 'deviceId' && trimmed.length > MAX_ID) {
        warnings.push(`too_long:${name}`);
        continue;
      }
      // msclkid=N and subid=0 mean "none".
      if (field === 'clickId' && (trimmed === 'N' || trimmed === '0')) continue;
      // Ids are kept byte-exact, inner and outer spaces included: a "+" in an id arrives as one.
      fields[field] = { name, value: field === 'clickId' ? value : trimmed };
      ranks[field] = rank;
    }
  }
  return fields;
}
