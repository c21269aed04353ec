import { lookUp } from './look-up.ts';
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

/** What a value is worth for a field: kept as given, passed over, or passed over with a warning. */
type Judge = (name: string, value: string) => 'value' | 'nothing' | `unresolved_macro:${string}`;

const asValue: Judge = (name, value) =>
  isPlaceholder(value) || isOwnName(name, value)
    ? `unresolved_macro:${name}`
    : isNothing(value)
      ? 'nothing'
      : 'value';

const FILLERS = new Set(['OPTIONAL', 'REPLACE']);
const asToken: Judge = (name, value) =>
  isNothing(value) || FILLERS.has(value) || isOwnName(name, value) ? 'nothing' : 'value';

/** `device_id=device_id`: an id that is only its own name was never filled in. */
function isOwnName(name: string, value: string): boolean {
  return value.length === name.length && name.endsWith('id') && value.toLowerCase() === name;
}

/** One pass over what was sent: the preferred name of each field that has a real value. */
export function pickFields(params: Params, profile: SourceProfile, warnings: string[]): Fields {
  const fields = withoutEchoedSub(pick(params, profile, asValue, warnings), params, profile);
  const { clickId, deviceId, campaign, adset, ad } = fields;
  const known = clickId ?? deviceId ?? campaign ?? adset ?? ad;
  return known === undefined ? withWeakClickId(params, profile, fields) : fields;
}

/**
 * As {@link pickFields} for an address that is still a template: what stands for a field is the macro.
 *
 * @param left the parameters that may still be picked from.
 */
export function pickTokens(params: Params, profile: SourceProfile, left: Params['values']): Fields {
  return withoutEchoedSub(pick({ ...params, values: left }, profile, asToken, []), params, profile);
}

const ECHOED: Readonly<Record<string, string>> = { sub1: 'sub2', aff_sub: 'aff_sub2' };

/** sub1 beside sub2 and a transaction_id is one of the sender's many: the click id is the other one. */
function withoutEchoedSub(fields: Fields, params: Params, profile: SourceProfile): Fields {
  const { clickId, ...rest } = fields;
  const next = clickId === undefined ? undefined : lookUp(ECHOED, clickId.name);
  if (next === undefined || !params.values.has(next)) return fields;
  if (profile.own.clickId?.includes(clickId?.name ?? '') === true) return fields;
  return profile.weakClickNames.some((name) => params.values.has(name)) ? rest : fields;
}

/** Names of this request that hold a click id where no better one does. */
export function weakClickNames(params: Params, profile: SourceProfile): readonly string[] {
  return [...[...params.values.keys()].filter((name) => PREFIXED.test(name)), ...profile.weakClickNames];
}

const PREFIXED = /[_.-]click[_-]?id$/;

/**
 * A click id under a name that elsewhere means a transaction, or with something before it (`net_click_id`,
 * `data.click_id`): taken when nothing else says who.
 */
function withWeakClickId(params: Params, profile: SourceProfile, fields: Fields): Fields {
  for (const name of weakClickNames(params, profile)) {
    const value = params.values.get(name)?.trim() ?? '';
    if (value === '0' || isNothing(value) || isPlaceholder(value)) continue;
    const rest = { ...params, values: new Map(params.values) };
    rest.values.delete(name);
    const { txid: _, ...others } = fields;
    const txid = fields.txid?.name === name ? pick(rest, profile, asValue, []).txid : fields.txid;
    return {
      ...others,
      ...(txid === undefined ? {} : { txid }),
      clickId: { name, value: params.values.get(name) ?? '' },
    };
  }
  return fields;
}

function pick(params: Params, profile: SourceProfile, judge: Judge, warnings: string[]): Fields {
  const index = indexOf(profile);
  const fields: Fields = {};
  const ranks: Partial<Record<Field, number>> = {};
  for (const [name, value] of params.values) {
    const entries = index.get(name);
    if (entries === undefined) continue;
    const trimmed = value.trim();
    const worth = judge(name, trimmed);
    if (worth !== 'value') {
      if (worth !== 'nothing') warnings.push(worth);
      continue;
    }
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
