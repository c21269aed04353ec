import { generic } from '../profiles/generic.ts';
import { macrosIn, meaningOf } from './macro-tokens.ts';
import type { SaidFields } from './said.ts';

const EVENT_WORDS = new Set(
  'install reinstall uninstall open reg registration register signup sign-up lead sale purchase order deposit dep ftd ftm redep trial subscribe subscription checkout rebill upsell add_to_cart'.split(
    ' ',
  ),
);

const PAIRED = ['clickId', 'txid', 'amount', 'currency'] as const;

/** What a path says: `/postback/reg` an event, `/cpa/{cid}/{payout}` macros by their names, `/clickid/abc` a pair. */
export function pathFields(segments: readonly string[]): SaidFields {
  const said: SaidFields = {};
  segments.forEach((segment, i) => {
    const [token, ...more] = macrosIn(segment);
    if (token !== undefined && more.length === 0 && token.text === segment) {
      const field = meaningOf(token);
      if (field !== null) said[field] ??= { name: token.name, value: segment, place: 'path' };
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
  const last = segments.at(-1)?.replace(/\.(?:php|aspx?|jsp|json)$/i, '');
  if (last !== undefined && EVENT_WORDS.has(last.toLowerCase()))
    said.event ??= { name: 'path', value: last, place: 'path' };
  return said;
}
