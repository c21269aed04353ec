import type { ConversionStatus } from '../core/conversion.ts';

/** Which stages of a conversion's life go out. */
export type Stages =
  /** Once, when it is approved. For receivers that count every postback as a conversion. */
  | 'approved'
  /** Each change, with its amount. */
  | 'every'
  /** Each change; the amount is 0 until it is approved and 0 again when it is taken back. */
  | 'zero-until-approved';

/** How an answer with a good status is told from a failure said in its body. */
export interface BodyRule {
  /** The body, trimmed and in any case, begins with this. */
  readonly begins: string;
  /** Failures that mean "we have this already": the body holds one of these. As good as taken. */
  readonly repeats: readonly string[];
}

interface Forwarding {
  readonly id: string;
  readonly name: string;
  /** Sources whose conversions go out; null for all. */
  readonly sources: readonly string[] | null;
  /** Our event → the destination's name for it; null sends all events under their own names. */
  readonly events: Readonly<Record<string, string>> | null;
  readonly stages: Stages;
  /** `required` sends only where the person agreed; `unless-denied` also where nobody said anything. */
  readonly consent: 'required' | 'unless-denied';
  /**
   * What receivers recognise a repeat by: our conversion id, or the sender's transaction id where that is unique beyond
   * one click (trackers number the stages of each click 1, 2, 3) and a browser pixel reports the same id.
   */
  readonly repeatsBy: 'conversion-id' | 'txid';
  /** By name, opened. They stand in templates as `{secret.NAME}` and never in what is shown or logged. */
  readonly secrets: Readonly<Record<string, string>>;
}

/** Anything that takes a URL with parameters: trackers, ad networks' postbacks, an own backend. */
export interface TemplateDestination extends Forwarding {
  readonly kind: 'template';
  readonly method: 'GET' | 'POST';
  /** Macros as `{name}`; see docs/decisions/0031-postbacks-out-built-and-judged.md. */
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  /** For POST: a form as `a={x}&b={y}`, or the members of a JSON object. */
  readonly body:
    | { readonly kind: 'form'; readonly template: string }
    | { readonly kind: 'json'; readonly members: Readonly<Record<string, string>> }
    | null;
  /** Parameters without which nothing may be sent; others are left out when they have no value. */
  readonly needed: readonly string[];
  /** Parameters sent empty rather than left out. */
  readonly keepEmpty: readonly string[];
  /** Our status → the destination's word, for the macro `{status}`. */
  readonly statusWords: Readonly<Partial<Record<ConversionStatus, string>>>;
  /** null: any 2xx is success. */
  readonly success: { readonly statuses: readonly number[] | null; readonly body: BodyRule | null };
  /** Where our mark stands, by which we know our own postback should it come back: a relay that copies the query keeps the
   * parameter. `header` alone for receivers that refuse parameters they do not know. */
  readonly loopMark: 'parameter' | 'header';
}

/** Of networks that find people by the hash of their e-mail address. */
interface KnowsPeople {
  /** What the sources' user ids are: with `email`, their hash goes out as that of the address too. */
  readonly userIds: 'any' | 'email';
}

/** Meta Conversions API. Secret: access_token. */
export interface MetaDestination extends Forwarding, KnowsPeople {
  readonly kind: 'meta';
  /** Where the interface is, without a slash at the end; the vendor's own but for a gateway or a test server. */
  readonly baseUrl: string;
  readonly apiVersion: string;
  readonly pixelId: string;
  readonly actionSource: 'website' | 'app' | 'system_generated';
  readonly testEventCode: string | null;
}

/** TikTok Events API 2.0. Secret: access_token. */
export interface TikTokDestination extends Forwarding, KnowsPeople {
  readonly kind: 'tiktok';
  readonly baseUrl: string;
  readonly eventSource: 'web' | 'app' | 'offline' | 'crm';
  readonly eventSourceId: string;
  readonly testEventCode: string | null;
}

/** Google Data Manager API. Secret: access_token, an OAuth token of the scope `datamanager`, renewed by the caller. */
export interface GoogleDestination extends Forwarding, KnowsPeople {
  readonly kind: 'google';
  readonly baseUrl: string;
  /** Where a refresh token is exchanged. */
  readonly tokenUrl: string;
  /** The Google Ads account, digits only, and the manager account that signs in for it. */
  readonly accountId: string;
  readonly loginAccountId: string | null;
  /** The destination's name for an event is the id of a conversion action. */
  readonly eventSource: 'WEB' | 'APP' | 'IN_STORE' | 'PHONE' | 'MESSAGE' | 'OTHER';
}

/** Microsoft Advertising offline conversions. Secrets: access_token, developer_token. */
export interface MicrosoftDestination extends Forwarding {
  readonly kind: 'microsoft';
  readonly baseUrl: string;
  readonly tokenUrl: string;
  readonly customerId: string;
  readonly accountId: string;
}

/** Where conversions go: data, one row of a table. */
export type Destination =
  | TemplateDestination
  | MetaDestination
  | TikTokDestination
  | GoogleDestination
  | MicrosoftDestination;

export type SkipReason =
  | 'other_source'
  | 'event_not_mapped'
  | 'stage_not_forwarded'
  | 'test_conversion'
  | 'excluded'
  | 'no_consent'
  | 'missing_value'
  | 'missing_secret'
  | 'too_old'
  | 'cannot_take_back'
  | 'bad_template'
  | 'refused_address'
  | 'came_from_us';

/** Nothing is sent, and that is right or somebody must change something: `message` says which. */
export interface Skipped {
  readonly kind: 'skipped';
  readonly reason: SkipReason;
  readonly message: string;
}

/** One HTTP request, complete. Header names are lower case. */
export interface OutboundRequest {
  readonly kind: 'request';
  readonly method: 'GET' | 'POST';
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string | null;
  /** The same for the whole life of a stage: a second request under it is a repeat, never a second conversion. */
  readonly forwardKey: string;
  /** What receivers recognise a repeat by; the conversion's own, whatever its stage. */
  readonly idempotencyValue: string;
}

export function skipped(reason: SkipReason, message: string): Skipped {
  return { kind: 'skipped', reason, message };
}
