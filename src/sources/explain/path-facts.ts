import { generic } from '../profiles/generic.ts';
import { macrosIn, meaningOf, onlyMacro } from './macro-tokens.ts';
import type { SaidFields } from './said.ts';
import { SUB_ID } from './said-in-template.ts';

const EVENT_WORDS = new Set(
  'install reinstall uninstall open reg registration register signup sign-up lead sale purchase order deposit dep ftd ftm redep trial subscribe subscription checkout rebill upsell add_to_cart'.split(
    ' ',
  ),
);

const UUID = /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i;

const PAIRED = ['clickId', 'txid', 'amount', 'currency'] as const;

/** What a path says: `/postback/reg` an event, `/cpa/{cid}/{payout}` macros by their names, `/clickid/abc` a pair. */
export function pathFields(segments: readonly string[]): SaidFields {
  const said: SaidFields = {};
  segments.forEach((segment, i) => {
    const token = onlyMacro(segment);
    if (token !== undefined && token.text === segment) {
      const field = meaningOf(token);
      if (field !== null) said[field] ??= { name: token.name, value: segment, place: 'path' };
      else if (SUB_ID.test(token.name)) said.clickId ??= { name: token.name, value: segment, place: 'path' };
      return;
    }
    const value = segments[i + 1];
    if (value === undefined || macrosIn(value).length > 0) return;
    const name = segment.toLowerCase();
    // "/cpa/" is how a price model is called, no name of an amount here.
    if (name === 'cpa') return;
    for (const field of PAIRED)
      if (generic.names[field].includes(name)) said[field] ??= { name, value, place: 'path' };
  });
  // `/postback/«click id»` (support.zeeto.io, tracking by postback).
  const [door = '', id = ''] = segments.slice(-2);
  if (/^(?:postback|conversion)s?$/i.test(door) && UUID.test(id))
    said.clickId ??= { name: 'path', value: id, place: 'path' };
  const last = segments.at(-1)?.replace(/\.(?:php|aspx?|jsp|json)$/i, '');
  if (last !== undefined && EVENT_WORDS.has(last.toLowerCase()))
    said.event ??= { name: 'path', value: last, place: 'path' };
  return said;
}
