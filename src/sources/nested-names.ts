import { NETWORK_CLICK_PARAMS } from './network-click-ids.ts';

/** Objects that only hold a message, or the one thing it is about: what stands in them is said of the conversion. */
const AROUND = new Set(
  'data events conversions records messages attributes payload body params parameters query message record object resource result postback callback tracker event conversion action lead sale order transaction purchase payment deposit custom_data properties referral commission checkout subscription invoice charge params conversionvalue conversion_value value price payout revenue amount money total'.split(
    ' ',
  ),
);

/** Words that mean what happened only right inside one of these; elsewhere they are a product's, a person's, a type's. */
const OF_ANYTHING = new Set(['name', 'type', 'action', 'state']);
const SAYS_WHAT = new Set(['event', 'events', 'conversion', 'conversions', 'postback', 'attributes']);

/** Things whose `id` is a transaction's. */
const WITH_ID = new Set([
  'data',
  'conversion',
  'order',
  'transaction',
  'payment',
  'purchase',
  'sale',
  'lead',
  'object',
]);

const NETWORKS_IDS: ReadonlySet<string> = new Set(NETWORK_CLICK_PARAMS);

/**
 * The plain name of a value inside wrapping objects of a JSON body: `data.attributes.click_id` says `click_id`,
 * `order.id` an order_id. A network's click id is one wherever it stands: `user.ttclid` (TikTok Events API 2.0).
 *
 * @param name dotted, lower case.
 * @returns null where another object stands around it (`user.name`, `product.price`), and for a plain name.
 */
export function unwrappedName(name: string): string | null {
  const parts = name.split('.');
  const last = parts.at(-1) ?? '';
  if (parts.length < 2 || last === '') return null;
  if (NETWORKS_IDS.has(last)) return last;
  // TikTok's older Events API holds the click id in context.ad.callback.
  if (name.endsWith('context.ad.callback')) return 'ttclid';
  const around = parts.slice(0, -1);
  if (!around.every((part) => AROUND.has(part))) return null;
  // Stripe's amounts are in cents: 10000 for a hundred dollars is worse than no amount.
  if (/^data\.object\.(?:amount|total)$/.test(name)) return null;
  const inside = around.at(-1) ?? '';
  if (last === 'id') return WITH_ID.has(inside) ? 'order_id' : null;
  return OF_ANYTHING.has(last) && !SAYS_WHAT.has(inside) ? null : last;
}
