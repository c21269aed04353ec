import type { ConversionWithClick } from '../core/conversion-with-click.ts';
import { NETWORK_CLICK_PARAMS } from '../sources/network-click-ids.ts';
import { COMMON_NAMES } from '../sources/profiles/common-names.ts';
import { readConsent } from '../sources/person.ts';
import { readVia } from '../sources/via.ts';
import type { Consent, OutboundConversion } from './conversion.ts';

/** First-party cookies that a landing page passes on beside the click ids of addresses. */
const COOKIES = ['_fbc', '_fbp', '_ttp'] as const;
const NETWORK_IDS: ReadonlySet<string> = new Set([...NETWORK_CLICK_PARAMS, ...COOKIES]);

const NOTHING_SAID: Consent = { adUserData: null, adPersonalization: null };

/**
 * What goes out about a stored conversion.
 *
 * @param mark this installation's own, as it stands in what we send.
 * @param echo the change to tell of was brought by a postback of our own that came back.
 */
export function outboundConversion(
  facts: ConversionWithClick,
  mark: string,
  echo = false,
): OutboundConversion {
  const { click } = facts;
  const via = readVia(facts.via);
  const params = new Map(
    Object.entries(click?.params ?? {}).map(([name, value]) => [name.toLowerCase(), value]),
  );
  const networkIds = new Map([...params].filter(([name]) => NETWORK_IDS.has(name)));
  if (click !== null && click.networkClickParam !== null && click.networkClickId !== null)
    networkIds.set(click.networkClickParam, click.networkClickId);
  // Outbrain appends its click id as dicbo by itself, and as ob_click_id where a link asks for it; it takes the latter back.
  const outbrain = networkIds.get('dicbo');
  if (outbrain !== undefined && !networkIds.has('ob_click_id')) networkIds.set('ob_click_id', outbrain);
  const ids = {
    campaign_id: facts.campaignNetworkId,
    adset_id: facts.adsetNetworkId,
    ad_id: facts.adNetworkId,
    creative: click?.creative ?? null,
    placement: facts.placement,
  };
  const clickParams = new Map(params);
  for (const [name, value] of Object.entries(ids)) if (value !== null) clickParams.set(name, value);
  return {
    id: facts.id,
    sourceId: facts.sourceId,
    event: facts.event,
    status: facts.status,
    txid: facts.txid,
    amountMicros: facts.amountMicros,
    currency: facts.currency,
    atMs: facts.eventAtMs,
    clickedAtMs: facts.clickedAtMs,
    clickId: facts.clickId,
    networkIds,
    clickParams,
    pageUrl: pageOf(click?.targetUrl ?? null),
    person: {
      emailSha256: null,
      phone: null,
      externalIdSha256: facts.userHash === null ? null : Buffer.from(facts.userHash).toString('hex'),
      ip: click?.ip ?? facts.visitorIp,
      userAgent: click?.userAgent ?? null,
    },
    consent: mergedConsent(facts.consent ?? NOTHING_SAID, consentOf(params)),
    excluded: facts.excluded,
    via,
    cameFromUs: echo || via.includes(mark),
  };
}

/** What a click's own parameters say about consent. */
function consentOf(params: ReadonlyMap<string, string>): Consent {
  const said = (names: readonly string[]): boolean | null => {
    for (const name of names) {
      const agreed = readConsent(params.get(name));
      if (agreed !== null) return agreed;
    }
    return null;
  };
  return {
    adUserData: said(COMMON_NAMES.adUserData),
    adPersonalization: said(COMMON_NAMES.adPersonalization),
  };
}

/** A refusal stands, whoever passed it on and whatever was said elsewhere. */
export function mergedConsent(a: Consent, b: Consent): Consent {
  const flag = (one: boolean | null, other: boolean | null): boolean | null =>
    one === false || other === false ? false : (one ?? other);
  return {
    adUserData: flag(a.adUserData, b.adUserData),
    adPersonalization: flag(a.adPersonalization, b.adPersonalization),
  };
}

/** The landing page without what each visitor's address adds to it; null for an address that cannot be read. */
function pageOf(target: string | null): string | null {
  const url = target === null ? null : URL.parse(target.replaceAll(/\{[\w-]+\}/g, ''));
  return url === null ? null : `${url.origin}${url.pathname}`;
}
