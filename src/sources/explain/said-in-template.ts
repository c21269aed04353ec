import { NETWORK_CLICK_PARAMS } from '../network-click-ids.ts';
import type { Params } from '../params.ts';
import { FILLERS, type Fields, pickTokens, weakClickNames } from '../pick-fields.ts';
import type { Field, SourceProfile } from '../profile.ts';
import { fieldsOf } from '../profiles/dialect.ts';
import { generic } from '../profiles/generic.ts';
import { isNameOfOtherThing, macrosIn, meaningOf, namesOtherThing, onlyMacro } from './macro-tokens.ts';
import type { SaidFields } from './said.ts';

/**
 * Field → macro of a template. A parameter's name decides, as the receiver reads it: by the profiles in turn, then the
 * common names. Only where no name tells does the macro itself.
 *
 * @param profiles the sender or receiver that was named, then the one the address looks like.
 */
export function saidInTemplate(params: Params, profiles: readonly SourceProfile[]): SaidFields {
  const said: SaidFields = {};
  const left = new Map(params.values);
  for (const profile of profiles) for (const name of profile.ignored) left.delete(name);
  hideEchoes(left);
  hideHandedOn(left);
  hideWrittenOut(left);
  for (const [name, value] of left) if (namesOtherThing(value.trim())) hideFromClicks(name, value, left);
  const readers = new Set([...profiles, generic]);
  for (const profile of readers) addNew(said, pickTokens(params, profile, left, 'listed'), left);
  addByMacro(said, left, readers);
  // `event_value={event}`: the macro knows better than a name that nobody has listed.
  for (const profile of readers) addNew(said, pickTokens(params, profile, left), left);
  if (SAYS_CONVERSION.every((field) => said[field] === undefined)) addClickOfClick(said, params);
  if (said.clickId === undefined) addWeakClickId(said, params, profiles);
  if (said.event === undefined && said.status !== undefined) said.event = { ...said.status, place: 'status' };
  if (said.eventTime === undefined && said.installTime !== undefined) said.eventTime = said.installTime;
  addPerson(said, params, readers);
  return said;
}

/** Who it is about comes last: of what no other field has taken. */
function addPerson(said: SaidFields, params: Params, readers: ReadonlySet<SourceProfile>): void {
  const taken = new Set(Object.values(said).map((one) => one.name));
  const left = new Map([...params.values].filter(([name]) => !taken.has(name)));
  for (const profile of readers) {
    const fields = pickTokens(params, profile, left);
    for (const field of ABOUT_PERSON) {
      const found = fields[field];
      if (found !== undefined && said[field] === undefined) said[field] = { ...found, place: 'parameter' };
    }
  }
}

/** `s1=#s1#&s2=#s2#&cid=#s2#`: sub ids handed through under their own names are no click ids where another name is one. */
function hideEchoes(left: Map<string, string>): void {
  const others = generic.names.clickId.filter((name) => !SUB_ID.test(name));
  if (!others.some((name) => macrosIn(left.get(name) ?? '').length > 0)) return;
  for (const [name, value] of left) {
    const [token] = macrosIn(value);
    if (token !== undefined && token.name.toLowerCase() === name && SUB_ID.test(name)) left.delete(name);
  }
}

/** `click={click_id}&gclid={gclid}`: an ad network's id that is only handed on, beside the receiver's own click id. */
function hideHandedOn(left: Map<string, string>): void {
  const isNetworks = (name: string): boolean => NETWORK_CLICK_PARAMS.some((one) => one === name);
  const saysClick = [...left].some(([name, value]) => isClickMacro(name, value) && !isNetworks(name));
  if (!saysClick) return;
  for (const [name, value] of left) {
    if (isNetworks(name) && macrosIn(value)[0]?.name.toLowerCase() === name) left.delete(name);
  }
}

/** True for a name filled with one macro that ends in "click id", where the name speaks of nothing else. */
function isClickMacro(name: string, value: string): boolean {
  const token = onlyMacro(value);
  return token !== undefined && /click_?id$/i.test(token.name) && !isNameOfOtherThing(name);
}

/** `aff_sub=CJ25&aff_sub3={clickid}`: what is written out is nobody's click where a macro says that it is one. */
function hideWrittenOut(left: Map<string, string>): void {
  const saysClick = [...left].some(([name, value]) => {
    const token = onlyMacro(value);
    return token !== undefined && meaningOf(token) === 'clickId' && !isNameOfOtherThing(name);
  });
  if (!saysClick) return;
  for (const name of generic.names.clickId) if (!isToFill(left.get(name)?.trim() ?? '')) left.delete(name);
}

/** `cid={campaign_id}`: no click id comes out of it. A `clickid` is one whatever fills it. */
function hideFromClicks(name: string, value: string, left: Map<string, string>): void {
  if (generic.names.clickId.includes(name) && value !== '' && !name.includes('click')) left.delete(name);
}

function addNew(said: SaidFields, fields: Fields, left: Map<string, string>): void {
  const used: string[] = [];
  for (const field of fieldsOf(generic)) {
    const found = fields[field];
    if (found === undefined || ABOUT_PERSON.has(field) || said[field] !== undefined) continue;
    said[field] = { ...found, place: 'parameter' };
    used.push(found.name);
  }
  for (const name of used) left.delete(name);
}

const SAYS_CONVERSION: readonly Field[] = ['txid', 'event', 'status', 'amount', 'currency', 'eventTime'];

/** `external_id={clickId}&sub1={sn_sub1}`: an address that says nothing of a conversion is a click's, and the macro that says click is the click. */
function addClickOfClick(said: SaidFields, params: Params): void {
  if (said.clickId === undefined || !SUB_ID.test(said.clickId.name)) return;
  for (const [name, value] of params.values) {
    const [token] = macrosIn(value);
    if (token === undefined || !isClickMacro(name, value)) continue;
    said.clickId = { name, value: token.text, place: 'macro' };
    return;
  }
}

/** A click's address often carries the click id in such a name: there the macro decides. */
const ABOUT_PERSON: ReadonlySet<Field> = new Set([
  'userId',
  'country',
  'visitorIp',
  'adUserData',
  'adPersonalization',
]);

function namesField(profile: SourceProfile, name: string): boolean {
  return fieldsOf(profile).some((field) => !ABOUT_PERSON.has(field) && profile.names[field].includes(name));
}

const BY_MACRO: readonly Field[] = ['clickId', 'txid', 'event', 'amount', 'currency', 'eventTime', 'status'];

function addByMacro(said: SaidFields, left: Map<string, string>, readers: ReadonlySet<SourceProfile>): void {
  for (const [name, value] of left) {
    // A name with a meaning of its own keeps it, whatever it is filled with.
    if ([...readers].some((profile) => namesField(profile, name))) continue;
    const token = onlyMacro(value);
    if (token === undefined || token.text !== value.trim()) continue;
    const field = meaningOf(token);
    if (field === null || !BY_MACRO.includes(field) || said[field] !== undefined) continue;
    said[field] = { name, value: token.text, place: 'macro' };
    left.delete(name);
  }
}

function addWeakClickId(said: SaidFields, params: Params, profiles: readonly SourceProfile[]): void {
  for (const name of weakClickNames(params, profiles[0] ?? generic)) {
    const value = params.values.get(name) ?? '';
    if (!isToFill(value.trim()) || namesOtherThing(value.trim())) continue;
    said.clickId = { name, value, place: 'parameter' };
    if (said.txid?.name === name) retakeTxid(said, name, params, profiles[0] ?? generic);
    return;
  }
  addSubId(said, params, profiles[0] ?? generic);
}

/** A macro, or a manual's CLICK_ID: in a template what is written out is nobody's click. */
function isToFill(value: string): boolean {
  return macrosIn(value).length > 0 || (/^[A-Z][A-Z_]{3,}$/.test(value) && !FILLERS.has(value));
}

/** Macros of what a click's address handed over, in any place of it: CAKE's #s2#, Affise's {sub1}, Trackier's {p1}. */
export const SUB_ID = /^(?:aff_?)?(?:sub(?:_?id)?_?\d{0,2}|s\d|p\d|click)$/i;

/** A name of the receiver's own choice that is filled with a sub id, `uid=#s2#`: where nothing else says who, the click. */
function addSubId(said: SaidFields, params: Params, profile: SourceProfile): void {
  const { txid } = said;
  const [inTxid] = macrosIn(txid?.value ?? '');
  if (txid !== undefined && inTxid?.text === txid.value && SUB_ID.test(inTxid.name)) {
    // `convId={sub1}`: no order has its number from a click's address.
    said.clickId = { ...txid, place: 'macro' };
    retakeTxid(said, txid.name, params, profile);
    return;
  }
  const known = new Set(Object.values(said).map((one) => one.name));
  for (const [name, value] of params.values) {
    const [token] = macrosIn(value);
    if (token === undefined || token.text !== value.trim() || !SUB_ID.test(token.name)) continue;
    if (known.has(name) || name === token.name.toLowerCase() || isNameOfOtherThing(name)) continue;
    said.clickId = { name, value: token.text, place: 'macro' };
    return;
  }
}

/** The transaction's id under another name, now that this one is the click's. */
function retakeTxid(said: SaidFields, taken: string, params: Params, profile: SourceProfile): void {
  delete said.txid;
  const left = new Map(params.values);
  left.delete(taken);
  const { txid } = pickTokens(params, profile, left);
  if (txid !== undefined) said.txid = { ...txid, place: 'parameter' };
}
