import { readFbc } from '../hidden-click-ids.ts';
import { isNothing } from '../macros.ts';
import { FIRST_OF_NETWORK, NETWORK_CLICK_PARAMS } from '../network-click-ids.ts';
import { emptyParams, type Params, readPairs } from '../params.ts';
import { FILLERS, isAddress, isCapitals, isEchoedSub, weakClickNames } from '../pick-fields.ts';
import type { Field, SourceProfile } from '../profile.ts';
import { generic } from '../profiles/generic.ts';
import { isNameOfOtherThing, meaningOf, namesOtherThing, onlyMacro } from './macro-tokens.ts';
import type { Place } from './said.ts';

export interface ClickIdFound {
  readonly name: string;
  readonly value: string;
  readonly place: Place;
  /** Of a cookie of Meta's: when it was made, ms. */
  readonly atMs: number | null;
}

/**
 * Every click id of a click address or its cookies, the one that counts first: the named source's own, networks' ids by
 * precedence, what a macro calls a click id, then the common names.
 *
 * @param source a network's or tracker's name as the user gave it; null for none.
 */
export function clickIdsIn(
  params: Params,
  fragment: string,
  source: string | null,
  profiles: readonly SourceProfile[],
): readonly ClickIdFound[] {
  const words = (source ?? '').toLowerCase().split(/[^a-z0-9]+/);
  const ofNetwork = words.flatMap((word) =>
    Object.hasOwn(FIRST_OF_NETWORK, word) ? (FIRST_OF_NETWORK[word] ?? []) : [],
  );
  const named = (field: Field): readonly string[] =>
    [...params.values].flatMap(([name, value]) => {
      const token = onlyMacro(value);
      if (token === undefined || meaningOf(token) !== field) return [];
      // `creative=Video_{sub_id}`: part of a name, and the name is something else's.
      return token.text !== value.trim() && isNameOfOtherThing(name) ? [] : [name];
    });
  const byMacro = named('clickId');
  const byOwnMacro = byMacro.filter((name) => !isNameOfOtherThing(name));
  const order = [
    ...ofNetwork,
    // `aff_sub={sub_id}&aff_sub2={click_id}`: the macro that says click is the click.
    ...byOwnMacro.filter((name) => /click_?id\W*$/i.test(params.values.get(name) ?? '')),
    ...profiles.flatMap((profile) => profile.clickParams),
    ...NETWORK_CLICK_PARAMS,
    ...byOwnMacro.filter((name) => !isEchoedSub(name, params, generic)),
    ...byMacro.filter((name) => !isEchoedSub(name, params, generic)),
    ...generic.names.clickId.filter((name) => !isEchoedSub(name, params, generic)),
    // msclkid=N says that nobody clicked: no other id of the visit's is a click's then.
    ...(saysNoClick(params) ? [] : weakClickNames(params, generic)),
    // A network's transaction_id is its click, until there is a transaction.
    ...named('txid'),
  ];
  const found: ClickIdFound[] = [];
  for (const name of new Set(order)) {
    const value = params.values.get(name);
    if (value === undefined || isOwnName(name, value.trim()) || !isClickId(name, value.trim())) continue;
    found.push({ name, value, place: 'parameter', atMs: null });
  }
  found.push(...cookieIds(params));
  found.push(...referrerIds(params, source, profiles));
  const tblci = /(?:^|[#&])tblci([\w-]{6,})/.exec(fragment)?.[1];
  if (tblci !== undefined) found.push({ name: '#tblci', value: tblci, place: 'parameter', atMs: null });
  return found;
}

function isOwnName(name: string, value: string): boolean {
  return value.toLowerCase() === name && !isCapitals(value);
}

function saysNoClick(params: Params): boolean {
  return NETWORK_CLICK_PARAMS.some((name) => params.values.get(name)?.trim() === 'N');
}

/** Google Play's install referrer is a query string inside a value (Play Install Referrer API). */
function referrerIds(
  params: Params,
  source: string | null,
  profiles: readonly SourceProfile[],
): readonly ClickIdFound[] {
  const text = params.values.get('install_referrer');
  if (text === undefined) return [];
  const inner = emptyParams();
  readPairs(text, inner);
  inner.values.delete('install_referrer');
  return clickIdsIn(inner, '', source, profiles).map((id) => ({ ...id, place: 'nested' }));
}

/** "N", "0" and their like say that there is none. */
function isClickId(name: string, value: string): boolean {
  if (isNothing(value) || value === 'N' || value === '0' || isAddress(value)) return false;
  if (FILLERS.has(value) || isAddressMacro(value)) return false;
  return name.includes('click') || !namesOtherThing(value);
}

/** `callback={CALLBACK_URL}`: what fills it is an address. */
function isAddressMacro(value: string): boolean {
  return /_url$/i.test(onlyMacro(value)?.name ?? '');
}

function cookieIds(params: Params): readonly ClickIdFound[] {
  return ['_fbc', 'fbc'].flatMap((name) => {
    const fbc = readFbc(params.values.get(name) ?? '');
    return fbc === null ? [] : [{ name, value: fbc.clickId, place: 'cookie' as const, atMs: fbc.atMs }];
  });
}
