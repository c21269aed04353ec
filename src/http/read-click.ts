import type { NewClick } from '../db/click-insert.ts';
import { DEVICE_ID_NAMES } from '../sources/profiles/common-names.ts';
import { isNothing, isPlaceholder } from '../sources/macros.ts';
import { misspeltLinkNames } from '../sources/misspelt-link-names.ts';
import { FIRST_OF_NETWORK, NETWORK_CLICK_PARAMS } from '../sources/network-click-ids.ts';
import type { Params } from '../sources/params.ts';
import { hashedUser } from '../sources/person.ts';
import { generic } from '../sources/profiles/generic.ts';
import type { LinkEntry } from './tracking-book.ts';

/** Our own parameters, filled by the network's macros; they never reach the landing page. */
export const OWN_PARAMS = [
  'campaign_id',
  'adset_id',
  'ad_id',
  'creative',
  'placement',
  'retargeting',
] as const;

const misspelt = misspeltLinkNames(OWN_PARAMS);

const MAX_VALUE = 512;
const MAX_PARAMS = 50;

export interface ClickFacts {
  readonly id: string;
  readonly clickedAtMs: number;
  readonly wallAtMs: number;
  readonly ip: string | null;
  readonly userAgent: string | null;
  /** A program made the visit; false where left out. */
  readonly robot?: boolean;
  /** The visitor's, two letters, as a proxy in front tells it. */
  readonly country?: string | null;
}

/** What a visit says about itself. Pure. A macro the network left unfilled is absent, and flagged by its name. */
export function readClick(
  params: Params,
  link: LinkEntry,
  { robot = false, country = null, ...facts }: ClickFacts,
): NewClick {
  const flags = new Set(params.warnings);
  if (robot) flags.add('robot');
  if (link.removed) flags.add('link_removed');
  const filled = new Map<string, string>();
  for (const [name, value] of params.values) {
    if (isPlaceholder(value)) flags.add(`unresolved_macro:${name}`);
    else if (!isNothing(value)) filled.set(name, value.slice(0, MAX_VALUE));
  }
  for (const warning of misspelt(params)) flags.add(warning);
  const order = [...(FIRST_OF_NETWORK[link.network] ?? []), ...NETWORK_CLICK_PARAMS];
  const networkParam =
    order.find((name) => filled.has(name) && filled.get(name) !== 'N' && filled.get(name) !== '0') ?? null;
  const own = (name: (typeof OWN_PARAMS)[number]) => filled.get(name) ?? null;
  const rest = [...filled]
    .filter(([name]) => !OWN_PARAMS.some((known) => known === name))
    .slice(0, MAX_PARAMS);
  return {
    ...facts,
    workspaceId: link.workspaceId,
    linkId: link.id,
    accountId: link.accountId,
    network: link.network,
    campaignId: own('campaign_id'),
    adsetId: own('adset_id'),
    adId: own('ad_id'),
    creative: own('creative'),
    placement: own('placement'),
    networkClickId: networkParam === null ? null : (filled.get(networkParam) ?? null),
    networkClickParam: networkParam,
    deviceId: DEVICE_ID_NAMES.map((name) => filled.get(name)).find((value) => value !== undefined) ?? null,
    // The network's macro comes before the proxy's guess by address.
    params: { ...(country === null ? {} : { country }), ...Object.fromEntries(rest) },
    flags: [...flags].slice(0, MAX_PARAMS),
    retargeting: /^(?:1|true|yes)$/i.test(own('retargeting') ?? ''),
    userHash:
      hashedUser(
        generic.names.userId.map((name) => filled.get(name)).find((value) => value !== undefined),
      )?.toString('hex') ?? null,
  };
}

/**
 * Where this visitor goes. Macros of the target ({click_id}, {campaign_id}, any parameter's name) are filled; a target
 * without {click_id} gets `click_id=` added. What the visitor brought is passed on, except our own parameters,
 * unfilled macros, and names the target sets itself.
 *
 * @param clickId null where no click was made (prefetch): the parameter is left out.
 */
export function landingAddress(target: string, params: Params, clickId: string | null): string {
  const used = new Set<string>();
  const filled = target.replaceAll(
    /\{([A-Za-z_][\w-]*)\}|%7B([A-Za-z_][\w-]*)%7D/gi,
    (_, plain: string | undefined, encoded: string | undefined) => {
      const name = (plain ?? encoded ?? '').toLowerCase();
      used.add(name);
      if (name === 'click_id') return encodeURIComponent(clickId ?? '');
      const value = params.values.get(name);
      return value === undefined || isPlaceholder(value) ? '' : encodeURIComponent(value.slice(0, MAX_VALUE));
    },
  );
  const [beforeHash, fragment] = splitOnce(filled, '#');
  const [base, query = ''] = splitOnce(beforeHash, '?');
  const taken = new Set(query.split('&').map((pair) => splitOnce(pair, '=')[0].toLowerCase()));
  const added: string[] = [];
  for (const [name, value] of params.values) {
    if (
      name === 'click_id' ||
      used.has(name) ||
      taken.has(name) ||
      OWN_PARAMS.some((known) => known === name) ||
      isPlaceholder(value)
    )
      continue;
    added.push(`${encodeURIComponent(name)}=${encodeURIComponent(value.slice(0, MAX_VALUE))}`);
  }
  if (clickId !== null && !used.has('click_id') && !taken.has('click_id')) added.push(`click_id=${clickId}`);
  const all = [query, ...added].filter((part) => part !== '').join('&');
  return `${base}${all === '' ? '' : `?${all}`}${fragment === undefined ? '' : `#${fragment}`}`;
}

function splitOnce(text: string, mark: string): [string, string | undefined] {
  const at = text.indexOf(mark);
  return at === -1 ? [text, undefined] : [text.slice(0, at), text.slice(at + 1)];
}
