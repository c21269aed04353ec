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
  | 'rejected'
  | 'test'
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

/** One sender's dialect: data, and one function where what happened is said by several names together. */
export interface SourceProfile {
  readonly id: string;
  readonly title: string;
  /** Parameter names per field, lower case, the preferred first. */
  readonly names: Readonly<Record<Field, readonly string[]>>;
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
  /** The sender credits ads by their network ids; else such ids are ignored. */
  readonly attributesBySender: boolean;
  /** `1,234` is a thousand and more. */
  readonly commaThousands: boolean;
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
  readonly attributesBySender?: boolean;
}
