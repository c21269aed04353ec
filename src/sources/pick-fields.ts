import { composedField, fitsField } from './composed-names.ts';
import { hiddenClickId } from './hidden-click-ids.ts';
import { lookUp } from './look-up.ts';
import { isNothing, isPlaceholder } from './macros.ts';
import { unwrappedName } from './nested-names.ts';
import type { Params } from './params.ts';
import type { Field, SourceProfile } from './profile.ts';

/** Longest id that is looked up by: anything beyond is no id of anyone's. */
export const MAX_ID = 512;

export type Fields = Partial<Record<Field, { readonly name: string; readonly value: string }>>;

/** A name as it is comes before one that only sounds so, and that before any inside an object of the message. */
const SQUEEZED = 500;
const NESTED = 1_000;
/** After all of them one that is only put together of known words, where its value fits. */
const COMPOSED = 2_000;

interface Index {
  readonly field: Field;
  readonly rank: number;
}

interface NameIndex {
  readonly byName: ReadonlyMap<string, readonly Index[]>;
  /** By the name without its separators: `conversionDateTime` is conversion_date_time. */
  readonly bySqueezed: ReadonlyMap<string, readonly Index[]>;
}

const indexes = new WeakMap<SourceProfile, NameIndex>();

/** Ids that must not be taken for one another: what only sounds like a click id is told as a slip of the pen. */
const NEVER_SQUEEZED: ReadonlySet<Field> = new Set([
  'clickId',
  'campaign',
  'adset',
  'ad',
  'site',
  'deviceId',
]);
const SHORTEST_SQUEEZED = 6;
const SEPARATORS = /[_-]/g;

/** Parameter name → the fields it may fill, with its rank among their names. */
function indexOf(profile: SourceProfile): NameIndex {
  const known = indexes.get(profile);
  if (known !== undefined) return known;
  const byName = new Map<string, Index[]>();
  const bySqueezed = new Map<string, Index[]>();
  for (const field of Object.keys(profile.names) as Field[]) {
    profile.names[field].forEach((name, rank) => {
      byName.set(name, [...(byName.get(name) ?? []), { field, rank }]);
      const squeezed = name.replaceAll(SEPARATORS, '');
      if (squeezed.length < SHORTEST_SQUEEZED || NEVER_SQUEEZED.has(field)) return;
      if (!bySqueezed.has(squeezed)) bySqueezed.set(squeezed, [{ field, rank }]);
    });
  }
  const index = { byName, bySqueezed };
  indexes.set(profile, index);
  return index;
}

/** The fields a name may fill: as it is, without its separators, or out of the objects around it. */
function entriesOf(
  name: string,
  index: NameIndex,
  profile: SourceProfile,
): { readonly entries: readonly Index[]; readonly depth: number } | null {
  const exact = index.byName.get(name);
  if (exact !== undefined) return { entries: exact, depth: 0 };
  if (profile.ignored.includes(name)) return null;
  const squeezed = index.bySqueezed.get(name.replaceAll(SEPARATORS, ''));
  if (squeezed !== undefined) return { entries: squeezed, depth: SQUEEZED };
  const plain = name.includes('.') ? unwrappedName(name) : null;
  if (plain === null) return name.includes('.') ? null : composed(name, profile);
  const inside = index.byName.get(plain) ?? index.bySqueezed.get(plain.replaceAll(SEPARATORS, ''));
  return inside === undefined ? composed(plain, profile) : { entries: inside, depth: NESTED };
}

function composed(name: string, profile: SourceProfile): ReturnType<typeof entriesOf> {
  const field = composedField(name, profile);
  return field === null ? null : { entries: [{ field, rank: 0 }], depth: COMPOSED };
}

/** What a value is worth for a field: kept as given, passed over, or passed over with a warning. */
type Judge = (name: string, value: string) => 'value' | 'nothing' | `unresolved_macro:${string}`;

const asValue: Judge = (name, value) =>
  isPlaceholder(value) || isOwnName(name, value)
    ? `unresolved_macro:${name}`
    : isNothing(value)
      ? 'nothing'
      : 'value';

/** What manuals write where a macro belongs. */
export const FILLERS: ReadonlySet<string> = new Set(['OPTIONAL', 'REPLACE', 'REQUIRED']);
const asToken: Judge = (name, value) =>
  isNothing(value) || FILLERS.has(value) || (isOwnName(name, value) && !isCapitals(value))
    ? 'nothing'
    : 'value';

/** `device_id=device_id`: an id that is only its own name was never filled in. */
function isOwnName(name: string, value: string): boolean {
  return value.length === name.length && name.endsWith('id') && value.toLowerCase() === name;
}

/** `transaction_id=TRANSACTION_ID` in a manual is a place to fill, as any other in capitals. */
export function isCapitals(value: string): boolean {
  return value === value.toUpperCase();
}

/** One pass over what was sent: the preferred name of each field that has a real value. */
export function pickFields(params: Params, profile: SourceProfile, warnings: string[]): Fields {
  const fields = withWordAsEvent(withoutEchoedSub(pick(params, profile, asValue, warnings), params, profile));
  const { clickId, deviceId, campaign, adset, ad } = fields;
  if (clickId !== undefined) return fields;
  const hidden = hiddenClickId(params);
  if (hidden !== null) return { ...fields, clickId: hidden };
  const known = deviceId ?? campaign ?? adset ?? ad;
  return known === undefined ? withWeakClickId(params, profile, fields) : fields;
}

/**
 * As {@link pickFields} for an address that is still a template: what stands for a field is the macro.
 *
 * @param left the parameters that may still be picked from.
 * @param names `listed` leaves out the names that are only put together of known words.
 */
export function pickTokens(
  params: Params,
  profile: SourceProfile,
  left: Params['values'],
  names: 'all' | 'listed' = 'all',
): Fields {
  const fields = pick({ ...params, values: left }, profile, asToken, [], names);
  return withWordAsEvent(withoutEchoedSub(fields, params, profile));
}

/** `event_id=purchase` says what happened; an id of one event has digits. */
function withWordAsEvent(fields: Fields): Fields {
  const { txid, ...rest } = fields;
  if (txid?.name !== 'event_id' || fields.event !== undefined) return fields;
  return /^[A-Za-z][a-z_-]{2,31}$/.test(txid.value) ? { ...rest, event: txid } : fields;
}

const ECHOED: Readonly<Record<string, string>> = { sub1: 'sub2', aff_sub: 'aff_sub2', sub_id: 'sub_id2' };

/** True for sub1 beside sub2 and a transaction_id: one of the sender's many, and the click id is the other one. */
export function isEchoedSub(name: string, params: Params, profile: SourceProfile): boolean {
  const next = lookUp(ECHOED, name);
  if (next === undefined || !params.values.has(next)) return false;
  if (profile.own.clickId?.includes(name) === true) return false;
  return profile.weakClickNames.some((weak) => params.values.has(weak));
}

function withoutEchoedSub(fields: Fields, params: Params, profile: SourceProfile): Fields {
  const { clickId, ...rest } = fields;
  return clickId !== undefined && isEchoedSub(clickId.name, params, profile) ? rest : fields;
}

/**
 * Names of this request that hold a click id where no better one does. Where it says whose account it is about, as
 * offerwalls do, its transaction_id is a transaction.
 */
export function weakClickNames(params: Params, profile: SourceProfile): readonly string[] {
  const hasUser = ACCOUNT_NAMES.some((name) => !isNothing(params.values.get(name) ?? ''));
  return [
    ...[...params.values.keys()].filter((name) => PREFIXED.test(name)),
    ...profile.weakClickNames.filter((name) => !hasUser || !profile.names.txid.includes(name)),
  ];
}

/** Names of a user's account, at offerwalls above all. */
export const ACCOUNT_NAMES = [
  'user_id',
  'userid',
  'user',
  'uid',
  'username',
  'player_id',
  'snuid',
  'customer_user_id',
];

/** `callback=https://…` is where to call, not whose click. */
export function isAddress(value: string): boolean {
  return /^https?:/i.test(value);
}

const PREFIXED =
  /[a-z][_.-]?click[_-]?id$|^[a-z]{1,6}clk?id$|^(?:clk|klik)[_-]?id$|^click[_-]?(?:uuid|hash|token|key|ref)$/;

/**
 * A click id under a name that elsewhere means a transaction, or with something before it (`net_click_id`,
 * `data.click_id`): taken when nothing else says who.
 */
function withWeakClickId(params: Params, profile: SourceProfile, fields: Fields): Fields {
  for (const name of weakClickNames(params, profile)) {
    const value = params.values.get(name)?.trim() ?? '';
    if (value === '0' || value === 'N' || isNothing(value) || isPlaceholder(value) || isAddress(value))
      continue;
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

function pick(
  params: Params,
  profile: SourceProfile,
  judge: Judge,
  warnings: string[],
  names: 'all' | 'listed' = 'all',
): Fields {
  const index = indexOf(profile);
  const fields: Fields = {};
  const ranks: Partial<Record<Field, number>> = {};
  for (const [name, value] of params.values) {
    const found = entriesOf(name, index, profile);
    if (found === null) continue;
    const { entries, depth } = found;
    if (depth === COMPOSED && names === 'listed') continue;
    const trimmed = value.trim();
    const worth = judge(name, trimmed);
    if (worth !== 'value') {
      if (worth !== 'nothing') warnings.push(worth);
      continue;
    }
    for (const { field, rank } of entries) {
      if (depth + rank >= (ranks[field] ?? Infinity)) continue;
      if (depth === COMPOSED && !fitsField(field, { name, value: trimmed }, profile)) continue;
      // Looked up by, and no device has one this long.
      if (field === 'deviceId' && trimmed.length > MAX_ID) {
        warnings.push(`too_long:${name}`);
        continue;
      }
      // msclkid=N and subid=0 mean "none".
      if (field === 'clickId' && (trimmed === 'N' || trimmed === '0')) continue;
      // Ids are kept byte-exact, inner and outer spaces included: a "+" in an id arrives as one.
      fields[field] = { name, value: field === 'clickId' ? value : trimmed };
      ranks[field] = depth + rank;
    }
  }
  return fields;
}
