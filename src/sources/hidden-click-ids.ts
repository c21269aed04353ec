import { isNothing, isPlaceholder } from './macros.ts';
import { NETWORK_CLICK_PARAMS } from './network-click-ids.ts';
import { emptyParams, type Params, readPairs } from './params.ts';

/** `fb.«subdomain index».«ms».«fbclid»`, since lately with an appendix; case and characters as they are. */
const FBC = /^fb\.\d+\.(\d{10,13})\.([\w-]+)(?:\.[\w-]+)*$/;

/** Where shops and event APIs write the address a visit began at, by the end of the name. */
const LANDING =
  /(?:^|\.)(?:(?:initial_)?landing_(?:site|page|url|page_url)|page_url|event_source_url|page\.url)$/;

/** What the cookie `_fbc` of Meta's holds: the click's id and when the cookie was made (ms); null for any other text. */
export function readFbc(text: string): { readonly clickId: string; readonly atMs: number } | null {
  const match = FBC.exec(text.trim());
  return match === null ? null : { clickId: match[2] ?? '', atMs: Number(match[1]) };
}

/**
 * A click id that stands inside another value: in Meta's cookie (`user_data.fbc` of its Conversions API) or in the address
 * of the page the visit began at (`landing_site` of a Shopify order). The first found; null for none.
 */
export function hiddenClickId(params: Params): { readonly name: string; readonly value: string } | null {
  for (const [name, value] of params.values) {
    if (name.endsWith('fbc')) {
      const fbc = readFbc(value);
      if (fbc !== null) return { name, value: fbc.clickId };
    } else if (value.includes('?') && LANDING.test(name)) {
      const found = inAddress(value);
      if (found !== null) return { name, value: found };
    }
  }
  return null;
}

function inAddress(address: string): string | null {
  const inner = emptyParams();
  readPairs(address.slice(address.indexOf('?') + 1).split('#', 1)[0] ?? '', inner);
  for (const name of ['click_id', 'clickid', ...NETWORK_CLICK_PARAMS]) {
    const value = inner.values.get(name);
    if (value !== undefined && value !== 'N' && value !== '0' && !isNothing(value) && !isPlaceholder(value))
      return value;
  }
  return null;
}
