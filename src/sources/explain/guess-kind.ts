import { isPlaceholder } from '../macros.ts';
import { NETWORK_CLICK_PARAMS } from '../network-click-ids.ts';
import type { Params } from '../params.ts';
import type { SourceProfile } from '../profile.ts';
import { generic } from '../profiles/generic.ts';
import { adjustCallbacks } from './adjust-callbacks.ts';
import { macrosIn } from './macro-tokens.ts';
import type { SplitAddress } from './split-address.ts';

/** A click's address, a postback as it arrived, or the template a sender fills in. */
export type Kind = 'click' | 'inbound_postback' | 'outbound_template';

const CLICK_PATH = /\/(?:click|clk|serve|aff_c|c|cpi)(?:\/|$)/i;
const POSTBACK_PATH = /postback|conversion|callback|pixel|\/pb\b|aff_lsr|aff_goal|\.ashx$|\.php$/i;

/** What a text most likely is, where nobody says: by ids of networks, fields of conversions, macros and the path. */
export function guessKind(scene: {
  readonly address: SplitAddress;
  readonly params: Params;
  readonly profile: SourceProfile;
}): Kind {
  const { address, params, profile } = scene;
  const names = [...params.values.keys()];
  const says = (field: 'txid' | 'status' | 'amount' | 'event' | 'eventTime') =>
    names.some((name) => profile.names[field].includes(name) || generic.names[field].includes(name));
  const converts = says('amount') || says('status') || says('txid') || says('event') || says('eventTime');
  const cookie = params.values.has('_fbc') || params.values.has('fbc');
  const fromNetwork = names.some((name) => NETWORK_CLICK_PARAMS.some((known) => known === name));
  const looksLikePostback = POSTBACK_PATH.test(address.path) || POSTBACK_PATH.test(address.host);
  if (cookie && !converts) return 'click';
  if (!converts && !looksLikePostback && (fromNetwork || CLICK_PATH.test(address.path))) return 'click';
  if (fromNetwork && names.some((name) => name.startsWith('utm_'))) return 'click';
  return isUnfilled(address, params, profile) ? 'outbound_template' : 'inbound_postback';
}

/** A template has its click id to fill, or half of all it says; one macro left in a filled address is a mistake. */
function isUnfilled(address: SplitAddress, params: Params, profile: SourceProfile): boolean {
  const open = [...params.values].filter(([, value]) => isPlaceholder(value.trim())).map(([name]) => name);
  const isClickName = (name: string) =>
    profile.names.clickId.includes(name) ||
    generic.names.clickId.includes(name) ||
    profile.weakClickNames.includes(name);
  if (macrosIn(address.path).length > 0 || open.some(isClickName)) return true;
  if (open.length === 0) return adjustCallbacks(address.query).length > 0;
  return open.length * 2 >= params.values.size;
}
