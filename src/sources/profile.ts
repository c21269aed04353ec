import type { DuplicatePolicy } from '../core/conversion-amount.ts';

/** What a postback can say, in our words. */
export type Field =
  | 'clickId'
  | 'txid'
  | 'event'
  | 'status'
  | 'amount'
  | 'currency'
  | 'eventTime'
  | 'deviceId'
  | 'clickTime'
  | 'installTime'
  | 'installBegin'
  | 'site'
  | 'rejected'
  | 'rejectReason'
  | 'viewThrough'
  | 'reEngagement'
  | 'test'
  | 'userId'
  | 'country'
  | 'visitorIp'
  | 'adUserData'
  | 'adPersonalization'
  | 'campaign'
  | 'adset'
  | 'ad'
  | 'network';

export type Status = 'pending' | 'hold' | 'approved' | 'rejected' | 'reversed';
export type EventType = 'install' | 'reinstall' | 're-engagement' | 're-attribution' | 'uninstall' | 'event';

/** Which messages of one click are one conversion when the sender gives no transaction id. */
export type ScopeWithoutTxid =
  /** One per click and event; a repeat is an update of it. */
  | 'click-event'
  /** As above, but amounts that differ are different purchases. */
  | 'click-event-amount'
  /** Device or click, event, its time and its value: for MMPs, whose events carry no id. */
  | 'occurrence'
  /** Each message its own conversion. */
  | 'each';

/** How an address that follows this dialect is told from others. */
export interface Signs {
  /** Of hosts: of the vendor's own machines. */
  readonly hosts: readonly RegExp[];
  /** Of paths that no other system has. */
  readonly paths: readonly RegExp[];
  /** Parameters that nobody else uses, lower case. */
  readonly params: readonly string[];
  /** Parameters that some others use too: two of them tell. */
  readonly hints: readonly string[];
}

/** A unit that is no ISO currency: `usd_cents` is the hundredth part of a dollar. */
export interface PseudoCurrency {
  /** ISO 4217; null for points and the like, which are worth no money that we know. */
  readonly currency: string | null;
  readonly perUnit: number;
}

/** In which order a numeric date is written: 2026-11-23, 11/23/2026 or 23/11/2026. */
export type DateOrder = 'ymd' | 'mdy' | 'dmy';

/** One sender's dialect: data, and one function where what happened is said by several names together. */
export interface SourceProfile {
  readonly id: string;
  readonly title: string;
  /** Other words for it: a short name begins with one of these. */
  readonly aliases: readonly string[];
  /** Parameter names per field, lower case, the preferred first. */
  readonly names: Readonly<Record<Field, readonly string[]>>;
  /** Those of `names` that are this sender's; the others are in common use. */
  readonly own: Readonly<Partial<Record<Field, readonly string[]>>>;
  /** Names that hold the click id only where no better name, device or sender's id says who: `transaction_id`. */
  readonly weakClickNames: readonly string[];
  /** Names in common use that mean nothing of ours here. */
  readonly ignored: readonly string[];
  readonly signs: Signs;
  /** The parameters of its click addresses that hold the id it wants back, lower case, the preferred first. */
  readonly clickParams: readonly string[];
  /** Their status words → ours; lower case. */
  readonly statuses: Readonly<Record<string, Status>>;
  /** Parameters in which the sender lists its own words for a status: `sale_status=hold,ftd`; `ignore` drops them. */
  readonly statusLists: Readonly<Record<string, Status | 'ignore'>>;
  /** When no status is sent. */
  readonly defaultStatus: Status;
  /** When a status is sent that nobody mapped: kept raw, counted as this. */
  readonly unmappedStatus: Status;
  /** When no event is named. */
  readonly defaultEvent: string;
  readonly scopeWithoutTxid: ScopeWithoutTxid;
  /** `codes` answers 409 and 4xx; `always-200` says the same in the body, for senders that punish a 4xx. */
  readonly answers: 'codes' | 'always-200';
  /** Parameter by which the sender says what text to answer with; null for none. */
  readonly answerParam: string | null;
  /** What the sender wants to hear word for word; null for our JSON. */
  readonly answerTexts: { readonly accepted: string; readonly duplicate: string } | null;
  /** The sender credits ads by their network ids; else such ids are ignored. */
  readonly attributesBySender: boolean;
  /** `1,234` is a thousand and more. */
  readonly commaThousands: boolean;
  /** Amounts of these names may be in another unit than the currency's: read as they are, with a warning. */
  readonly unsureAmounts: readonly string[];
  readonly pseudoCurrencies: Readonly<Record<string, PseudoCurrency>>;
  /** IANA zone of times that name none. */
  readonly zone: string;
  readonly dateOrder: DateOrder;
  /** Their event's type, from the parameters together; null to judge by the event's name alone. */
  readonly eventOf:
    | ((
        values: ReadonlyMap<string, string>,
      ) => { readonly event: string; readonly eventType: EventType } | null)
    | null;
  /** The query to paste, in the sender's own macros. */
  readonly template: string;
  /** Where in that product it goes, a step each. */
  readonly where: readonly string[];
}

/** Per-source choices that override its profile's; kept in source.settings. */
export interface SourceSettings {
  readonly currency: string;
  readonly defaultEvent?: string;
  readonly defaultStatus?: Status;
  readonly statuses?: Readonly<Record<string, Status>>;
  readonly scopeWithoutTxid?: ScopeWithoutTxid;
  /** A message without transaction id that is repeated byte for byte is a second conversion. */
  readonly repeatsCount?: boolean;
  /** What a further message about one conversion does; `update` where nothing is set. */
  readonly duplicates?: DuplicatePolicy;
  readonly attributesBySender?: boolean;
  /** Parameter → field, for what its profile does not know; before the profile's own names. */
  readonly names?: Readonly<Record<string, Field>>;
  readonly zone?: string;
  readonly dateOrder?: DateOrder;
  readonly commaThousands?: boolean;
  readonly unmappedStatus?: Status;
  readonly answers?: SourceProfile['answers'];
  readonly answerTexts?: { readonly accepted: string; readonly duplicate: string };
  /** Another name under which the sender shows the key: \`secure\`, \`token\`. */
  readonly keyParam?: string;
  readonly signature?: SignatureRule;
  /** Addresses and networks (CIDR) that may send; anybody where it is left out. */
  readonly addresses?: readonly string[];
}

/** How a sender signs: a hash with a secret in its text or as the key of an HMAC. */
export interface SignatureRule {
  /** The parameter or header that holds the signature, lower case. */
  readonly param: string;
  /** Where it stands: in a parameter, unless it says otherwise. */
  readonly in?: 'parameter' | 'header';
  /** What is signed: parameters in a formula unless it says otherwise, the raw body, or the address as it was called. */
  readonly over?: 'parameters' | 'body' | 'url';
  readonly algorithm: 'md5' | 'sha1' | 'sha256' | 'hmac-md5' | 'hmac-sha1' | 'hmac-sha256';
  /** Parameters in braces, the secret as {secret}, all else literal: `{user_id}{transaction_id}{secret}`. */
  readonly formula?: string;
}
