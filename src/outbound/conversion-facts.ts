import type { ConversionStatus } from '../core/conversion.ts';
import type { Micros } from '../core/money.ts';
import { NETWORK_CLICK_PARAMS } from '../sources/network-click-ids.ts';
import { COMMON_NAMES } from '../sources/profiles/common-names.ts';
import { readConsent } from '../sources/person.ts';
import type { Consent, OutboundConversion } from './conversion.ts';

/** A conversion with its click, as they are stored. */
export interface ConversionFacts {
  readonly id: string;
  readonly source_id: string;
  readonly event: string;
  readonly status: ConversionStatus;
  readonly txid: string | null;
  readonly original_micros: Micros | null;
  readonly original_currency: string | null;
  readonly event_at: Date;
  readonly clicked_at: Date | null;
  readonly click_id: string | null;
  readonly placement: string | null;
  readonly excluded: string | null;
  readonly campaign_network_id: string | null;
  readonly adset_network_id: string | null;
  readonly ad_network_id: string | null;
  /** What the messages about it said, kept for good; null where none said anything. */
  readonly consent: StoredConsent | null;
  /** From its first message: the person's address, and the person as a hash. */
  readonly visitor_ip: string | null;
  readonly user_hash: Uint8Array | null;
  readonly click: {
    readonly network_click_id: string | null;
    readonly network_click_param: string | null;
    readonly creative: string | null;
    readonly ip: string | null;
    readonly user_agent: string | null;
    readonly params: Readonly<Record<string, string>>;
    /** The landing page of its link. */
    readonly target_url: string | null;
  } | null;
}

export interface StoredConsent {
  readonly ad_user_data: boolean | null;
  readonly ad_personalization: boolean | null;
}

/** First-party cookies that a landing page passes on beside the click ids of addresses. */
const COOKIES = ['_fbc', '_fbp', '_ttp'] as const;
const NETWORK_IDS: ReadonlySet<string> = new Set([...NETWORK_CLICK_PARAMS, ...COOKIES]);

/** What goes out about a stored conversion. */
export function outboundConversion(facts: ConversionFacts): OutboundConversion {
  const { click } = facts;
  const params = new Map(
    Object.entries(click?.params ?? {}).map(([name, value]) => [name.toLowerCase(), value]),
  );
  const networkIds = new Map([...params].filter(([name]) => NETWORK_IDS.has(name)));
  if (click !== null && click.network_click_param !== null && click.network_click_id !== null)
    networkIds.set(click.network_click_param, click.network_click_id);
  const ids = {
    campaign_id: facts.campaign_network_id,
    adset_id: facts.adset_network_id,
    ad_id: facts.ad_network_id,
    creative: click?.creative ?? null,
    placement: facts.placement,
  };
  const clickParams = new Map(params);
  for (const [name, value] of Object.entries(ids)) if (value !== null) clickParams.set(name, value);
  return {
    id: facts.id,
    sourceId: facts.source_id,
    event: facts.event,
    status: facts.status,
    txid: facts.txid,
    amountMicros: facts.original_micros,
    currency: facts.original_currency,
    atMs: facts.event_at.getTime(),
    clickedAtMs: facts.clicked_at?.getTime() ?? null,
    clickId: facts.click_id,
    networkIds,
    clickParams,
    pageUrl: pageOf(click?.target_url ?? null),
    person: {
      emailSha256: null,
      phone: null,
      externalIdSha256: facts.user_hash === null ? null : Buffer.from(facts.user_hash).toString('hex'),
      ip: click?.ip ?? facts.visitor_ip,
      userAgent: click?.user_agent ?? null,
    },
    consent: mergedConsent(
      {
        adUserData: facts.consent?.ad_user_data ?? null,
        adPersonalization: facts.consent?.ad_personalization ?? null,
      },
      consentOf(params),
    ),
    excluded: facts.excluded,
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
