import type { ColumnType, Generated, JSONColumnType } from 'kysely';
import type { CoarseValue } from '../core/apple/conversion-values.ts';
import type { AppleEventType, AppleOutcomeKind } from '../core/apple/outcome-kinds.ts';
import type { LosingReason, Match } from '../core/attribution-candidates.ts';
import type { Relation } from '../core/conversion-relation.ts';
import type { Signal, Treatment } from '../core/fraud/signals.ts';
import type { Micros } from '../core/money.ts';
import type { BidStrategy, Level, ObjectId, ObjectStatus } from '../core/object.ts';
import type { StoredLearned } from './learning/stored.ts';

/**
 * Table types, written by hand for their branded columns; test/integration/tables.test.ts holds them against the
 * migrated database. bigint arrives as number (range-checked in connection.ts), timestamptz as Date, bytea as Buffer.
 */
export interface Database {
  workspace: WorkspaceTable;
  ad_account: AdAccountTable;
  source: SourceTable;
  link: LinkTable;
  object: ObjectTable;
  object_version: ObjectVersionTable;
  click: ClickTable;
  click_inbox: ClickInboxTable;
  refused_click: RefusedClickTable;
  waiting_for_object: WaitingForObjectTable;
  postback: PostbackTable;
  message_key: MessageKeyTable;
  inbox: InboxTable;
  unauthenticated_count: UnauthenticatedCountTable;
  ip_salt: IpSaltTable;
  ingest_shard: IngestShardTable;
  conversion: ConversionTable;
  conversion_key: ConversionKeyTable;
  conversion_change: ConversionChangeTable;
  conversion_message: ConversionMessageTable;
  spend_hour: SpendHourTable;
  spend_version: SpendVersionTable;
  visit_hour: VisitHourTable;
  conversion_hour: ConversionHourTable;
  object_day: ObjectDayTable;
  event_day: EventDayTable;
  campaign_news: CampaignNewsTable;
  exchange_rate: ExchangeRateTable;
  payout: PayoutTable;
  strategy: StrategyTable;
  strategy_version: StrategyVersionTable;
  decision: DecisionTable;
  last_evaluation: LastEvaluationTable;
  action: ActionTable;
  lease: LeaseTable;
  guardrail_reservation: GuardrailReservationTable;
  holdout: HoldoutTable;
  cohort_news: CohortNewsTable;
  delay_count: DelayCountTable;
  learned: LearnedTable;
  account_pulse: AccountPulseTable;
  outage: OutageTable;
  alert: AlertTable;
  destination: DestinationTable;
  forward_inbox: ForwardInboxTable;
  conversion_consent: ConversionConsentTable;
  forward: ForwardTable;
  forward_attempt: ForwardAttemptTable;
  apple_app: AppleAppTable;
  apple_postback: ApplePostbackTable;
  conversion_signal: ConversionSignalTable;
}

type Json<T> = JSONColumnType<T & object>;
/** A column the database fills when it is left out. */
type Defaulted<T> = ColumnType<T, T | undefined, T>;

export interface WorkspaceTable {
  id: string;
  name: string;
  currency: string;
  time_zone: string;
  simulated: Defaulted<boolean>;
  clock_origin: Date;
  clock_wall_origin: Date;
  clock_rate: Defaulted<number>;
  clock_stopped_at: Date | null;
  clock_wall_seen_at: Date | null;
  halted_at: Date | null;
  halt_reason: string | null;
  created_at: Date;
  draw_key: Defaulted<string>;
  alert_url_sealed: Buffer | null;
}

export interface AlertTable {
  workspace_id: string;
  key: string;
  text: string;
  next: string;
  since: Date;
  sent_at: Date | null;
}

export interface AdAccountTable {
  id: string;
  workspace_id: string;
  network: string;
  network_account_id: string;
  name: string;
  currency: string;
  time_zone: string;
  base_url: string | null;
  credentials_sealed: Buffer | null;
  writes_allowed: Defaulted<boolean>;
  halted_at: Date | null;
  halt_reason: string | null;
  spend_as_of: Date | null;
  tracking_since: Date | null;
  tracking_by: 'click' | 'sender' | null;
  totals_dense_to: string | null;
  synced_at: Date | null;
  sync_error: string | null;
  created_at: Date;
}

export interface SourceTable {
  id: string;
  workspace_id: string;
  profile: string;
  name: string;
  key_hash: Buffer | null;
  key_sealed: Buffer | null;
  settings: Json<Record<string, unknown>>;
  created_at: Date;
  removed_at: Date | null;
  signature_sealed: Buffer | null;
}

export interface LinkTable {
  id: string;
  workspace_id: string;
  account_id: string | null;
  network: string;
  name: string;
  target_url: string;
  fallback_url: string | null;
  created_at: Date;
  removed_at: Date | null;
}

export interface ObjectTable {
  id: Generated<ObjectId>;
  workspace_id: string;
  account_id: string;
  level: Level;
  network_id: string;
  name: string;
  campaign_id: ObjectId | null;
  adset_id: ObjectId | null;
  creative_id: ObjectId | null;
  status: ObjectStatus;
  delivery: string;
  bid_strategy: BidStrategy | null;
  bid_micros: Micros | null;
  daily_budget_micros: Micros | null;
  lifetime_budget_micros: Micros | null;
  roas_floor: number | null;
  learning: string | null;
  labels: Defaulted<string[]>;
  network_created_at: Date | null;
  first_seen_at: Date;
  seen_at: Date;
  changed_at: Date;
}

export interface ObjectVersionTable {
  object_id: ObjectId;
  known_from: Date;
  name: string;
  status: ObjectStatus;
  delivery: string;
  bid_strategy: BidStrategy | null;
  bid_micros: Micros | null;
  daily_budget_micros: Micros | null;
  lifetime_budget_micros: Micros | null;
  roas_floor: number | null;
  learning: string | null;
  labels: string[];
}

export interface ClickTable {
  id: string;
  workspace_id: string;
  link_id: string | null;
  account_id: string | null;
  network: string;
  campaign_network_id: string | null;
  adset_network_id: string | null;
  ad_network_id: string | null;
  creative: string | null;
  placement: string | null;
  network_click_id: string | null;
  network_click_param: string | null;
  device_id: string | null;
  ip_hash: Buffer | null;
  ip: string | null;
  user_agent: string | null;
  params: Json<Record<string, string>>;
  flags: Defaulted<string[]>;
  clicked_at: Date;
  wall_at: Date;
  kind: Defaulted<'click' | 'view'>;
  retargeting: Defaulted<boolean>;
  user_hash: Buffer | null;
  landed_at: Date | null;
}

export interface ClickInboxTable {
  id: Generated<number>;
  click_id: string;
  clicked_at: Date;
}

export interface RefusedClickTable {
  id: Generated<number>;
  workspace_id: string | null;
  link_id: string;
  reason: string;
  method: string;
  url: string;
  user_agent: string | null;
  wall_at: Date;
}

export interface WaitingForObjectTable {
  workspace_id: string;
  network_id: string;
  kind: 'visit' | 'conversion';
  id: string;
  at: Date;
  object_id: ObjectId | null;
}

export interface PostbackTable {
  id: string;
  workspace_id: string | null;
  source_id: string;
  received_at: Date;
  wall_at: Date;
  method: string;
  path: string;
  raw: Buffer;
  content_type: string | null;
  sender_ip: string | null;
  user_agent: string | null;
  outcome: string;
  reason: string | null;
  detail: string | null;
  click_id: string | null;
  event: string | null;
  event_type: string | null;
  status: string | null;
  txid: string | null;
  amount_micros: Micros | null;
  currency: string | null;
  event_at: Date | null;
  device_id: string | null;
  sender_ids: JSONColumnType<Record<string, string>> | null;
  conversion_key: Buffer | null;
  warnings: Defaulted<string[]>;
  test: Defaulted<boolean>;
  conversion_id: string | null;
  clicked_at: Date | null;
  installed_at: Date | null;
  install_begin_at: Date | null;
  site: string | null;
  view_through: Defaulted<boolean>;
  re_engagement: Defaulted<boolean>;
  reject_reason: string | null;
  user_hash: Buffer | null;
  country: string | null;
  visitor_ip: string | null;
  consent_user_data: boolean | null;
  consent_personalization: boolean | null;
  via: string | null;
}

export interface MessageKeyTable {
  key: Buffer;
  postback_id: string;
  received_at: Date;
  expires_at: Date | null;
}

export interface InboxTable {
  postback_id: string;
  received_at: Date;
  slot: number;
}

export interface UnauthenticatedCountTable {
  address: string;
  minute: Date;
  kept: Defaulted<number>;
  dropped: Defaulted<number>;
}

export interface IpSaltTable {
  valid_from: Date;
  salt: Buffer;
}

export interface IngestShardTable {
  id: string;
  drained_at: Date | null;
  rows_total: Defaulted<number>;
}

export interface ConversionTable {
  id: string;
  workspace_id: string;
  source_id: string;
  account_id: string | null;
  object_id: ObjectId | null;
  campaign_id: ObjectId | null;
  click_id: string | null;
  clicked_at: Date | null;
  placement: string | null;
  event: string;
  event_type: string;
  status: 'pending' | 'hold' | 'approved' | 'rejected' | 'reversed';
  status_at: Date | null;
  value_micros: Micros | null;
  original_micros: Micros | null;
  original_currency: string | null;
  rate: number | null;
  txid: string | null;
  device_id: string | null;
  event_at: Date;
  received_at: Date;
  attributed_by: 'click' | 'sender' | null;
  attribution: string;
  follows_id: string | null;
  counted: boolean;
  excluded: string | null;
  first_postback_id: string;
  last_postback_id: string;
  correction: Defaulted<boolean>;
  match: Match | 'follows' | 'sender' | null;
  sent_click_id: string | null;
  view_through: Defaulted<boolean>;
  retargeting: Defaulted<boolean>;
  user_hash: Buffer | null;
  losers: JSONColumnType<StoredLoser[]> | null;
  payout_micros: Micros | null;
  payout_currency: string | null;
  /** The report that counts of an install that several senders tell of. */
  same_as_id: string | null;
  relation: Exclude<Relation, 'first'> | null;
  relation_of_id: string | null;
}

/** What was passed over, and why. */
export interface StoredLoser {
  readonly objectId: ObjectId | null;
  readonly reason: LosingReason;
  readonly text: string;
}

export interface ConversionKeyTable {
  source_id: string;
  key: Buffer;
  conversion_id: string;
}

export interface ConversionChangeTable {
  conversion_id: string;
  known_from: Date;
  postback_id: string;
  status: string;
  counted_delta: number;
  value_delta_micros: Micros;
}

export interface ConversionMessageTable {
  conversion_id: string;
  key: string;
  /** Null where the message says nothing of it: a refund alone. */
  status: 'pending' | 'hold' | 'approved' | 'rejected' | 'reversed' | null;
  said_at: Date | null;
  received_at: Date;
  amount_kind: 'none' | 'total' | 'delta';
  amount_micros: Micros | null;
  currency: string | null;
}

export interface SpendHourTable {
  account_id: string;
  object_id: ObjectId;
  hour: Date;
  spend_micros: Micros;
  impressions: number;
  clicks: number;
  reported_at: Date;
}

export interface SpendVersionTable {
  account_id: string;
  object_id: ObjectId;
  hour: Date;
  known_from: Date;
  spend_micros: Micros;
  impressions: number;
  clicks: number;
}

export interface VisitHourTable {
  account_id: string;
  object_id: ObjectId;
  hour: Date;
  visits: number;
}

export interface ConversionHourTable {
  account_id: string;
  object_id: ObjectId;
  event: string;
  event_type: string;
  status: string;
  hour: Date;
  conversions: number;
  value_micros: Micros;
  unconverted: Defaulted<number>;
}

export interface ObjectDayTable {
  account_id: string;
  object_id: ObjectId;
  /** Account-local date, "2026-11-05". */
  day: string;
  last_fact: string;
  spend_micros: Defaulted<Micros>;
  impressions: Defaulted<number>;
  clicks: Defaulted<number>;
  visits: Defaulted<number>;
}

export interface EventDayTable {
  account_id: string;
  object_id: ObjectId;
  event: string;
  event_type: string;
  day: string;
  last_fact: string;
  conversions: Defaulted<number>;
  value_micros: Defaulted<Micros>;
  unconverted: Defaulted<number>;
}

export interface CampaignNewsTable {
  account_id: string;
  campaign_id: ObjectId;
  news_at: Date;
}

export interface PayoutTable {
  id: Generated<number>;
  workspace_id: string;
  event: string | null;
  link_id: string | null;
  campaign_id: ObjectId | null;
  country: string | null;
  valid_from: Date;
  micros: Micros;
  currency: string;
  added_at: Date;
}

export interface ExchangeRateTable {
  base: string;
  quote: string;
  day: string;
  rate: number;
}

export interface StrategyTable {
  id: string;
  workspace_id: string;
  name: string;
  origin: string | null;
  current_version: number;
  created_at: Date;
  removed_at: Date | null;
}

export interface StrategyVersionTable {
  strategy_id: string;
  version: number;
  source: string;
  document: Json<Record<string, unknown>>;
  content_hash: Buffer;
  created_at: Date;
}

export interface DecisionTable {
  id: string;
  workspace_id: string;
  account_id: string;
  campaign_id: ObjectId | null;
  object_id: ObjectId;
  level: Level;
  strategy_id: string;
  strategy_version: number;
  rule: string | null;
  verdict: 'pause' | 'resume' | 'set_bid' | 'set_budget' | 'notify' | 'keep';
  reason: string;
  sentence: string;
  mode: 'dry-run' | 'approve' | 'live';
  from_value: string | null;
  to_value: string | null;
  until: Date | null;
  evidence: Json<Record<string, unknown>>;
  plan: JSONColumnType<object> | null;
  engine_version: string;
  as_of: Date;
  decided_at: Date;
  decided_wall_at: Date;
  undoes: string | null;
  needs_workflow: boolean;
  workflow_started_at: Date | null;
  outcome: string | null;
  outcome_detail: string | null;
  closed_at: Date | null;
}

export interface LastEvaluationTable {
  account_id: string;
  campaign_id: ObjectId;
  strategy_id: string;
  strategy_version: number;
  as_of: Date;
  evaluated_at: Date;
  objects: Json<readonly unknown[]>;
}

export interface ActionTable {
  id: string;
  decision_id: string;
  account_id: string;
  object_id: ObjectId;
  attempt: number;
  change: Json<Record<string, unknown>>;
  expected: Json<Record<string, unknown>>;
  state: 'intended' | 'accepted' | 'refused' | 'unknown' | 'verified' | 'not_applied';
  request_id: string | null;
  error_class: string | null;
  error: string | null;
  seen: JSONColumnType<Record<string, unknown>> | null;
  intended_at: Date;
  answered_at: Date | null;
  verified_at: Date | null;
}

export interface LeaseTable {
  account_id: string;
  level: Level;
  network_id: string;
  decision_id: string;
  workflow_id: string;
  taken_at: Date;
}

export interface GuardrailReservationTable {
  decision_id: string;
  account_id: string;
  strategy_id: string;
  object_id: ObjectId;
  campaign_id: ObjectId | null;
  verdict: string;
  spend_share: Defaulted<number>;
  reserved_at: Date;
  freed_at: Date | null;
}

export interface HoldoutTable {
  strategy_id: string;
  object_id: ObjectId;
  episode: number;
  workspace_id: string;
  account_id: string;
  strategy_version: number;
  arm: 'held' | 'acted';
  draw: number;
  propensity: number;
  drawn_at: Date;
  until: Date | null;
  keep_id: string | null;
  pause_id: string | null;
}

export interface CohortNewsTable {
  account_id: string;
  campaign_id: ObjectId;
  day: string;
  news_at: Date;
}

export interface DelayCountTable {
  account_id: string;
  campaign_id: ObjectId;
  day: string;
  event: string;
  below_minutes: number;
  conversions: number;
}

export interface LearnedTable {
  account_id: string;
  campaign_id: ObjectId | null;
  event: string;
  version: number;
  learned_at: Date;
  facts: Json<StoredLearned>;
}

export interface AccountPulseTable {
  account_id: string;
  measured_at: Date;
  expected: number | null;
  seen: number | null;
  hours: number | null;
  dispersion: number | null;
  silent: number | null;
  probability: number | null;
}

export interface OutageTable {
  account_id: string;
  started_at: Date;
  detected_at: Date;
  ended_at: Date | null;
  ended_by: 'recovered' | 'limit' | null;
  expected: number;
  seen: number;
}

export interface DestinationTable {
  id: string;
  workspace_id: string;
  name: string;
  kind: string;
  settings: Json<Record<string, unknown>>;
  secrets_sealed: Buffer | null;
  secret_names: Defaulted<string[]>;
  enabled: Defaulted<boolean>;
  rest_until: Date | null;
  created_at: Date;
  changed_at: Date;
  removed_at: Date | null;
}

export interface ForwardInboxTable {
  id: Generated<number>;
  workspace_id: string;
  conversion_id: string;
  postback_id: string;
  known_from: Date;
}

export interface ConversionConsentTable {
  conversion_id: string;
  ad_user_data: boolean | null;
  ad_personalization: boolean | null;
}

export interface ForwardTable {
  key: string;
  workspace_id: string;
  destination_id: string;
  conversion_id: string;
  seq: Generated<number>;
  event: string;
  status: string;
  amount_micros: Micros | null;
  currency: string | null;
  state: 'due' | 'sending' | 'sent' | 'failed' | 'given_up' | 'not_sent';
  reason: string | null;
  message: string | null;
  attempts: Defaulted<number>;
  first_at: Date | null;
  next_at: Date | null;
  taken_wall_at: Date | null;
  receipt: string | null;
  verdict: 'awaited' | 'confirmed' | 'refused' | 'unknown' | null;
  ask_at: Date | null;
  asks: Defaulted<number>;
  planned_at: Date;
  settled_at: Date | null;
}

type AttemptVerdict =
  | 'delivered'
  | 'repeat'
  | 'retry'
  | 'failed'
  | 'given_up'
  | 'unknown'
  | 'awaited'
  | 'confirmed'
  | 'refused';

export interface ForwardAttemptTable {
  id: Generated<number>;
  forward_key: string;
  attempt: number;
  at: Date;
  wall_at: Date;
  method: string;
  url: string;
  body: string | null;
  status: number | null;
  answer: string | null;
  latency_ms: number | null;
  kind: Defaulted<'send' | 'ask'>;
  verdict: AttemptVerdict | null;
  why: string | null;
  next_at: Date | null;
}

export interface AppleAppTable {
  app_id: string;
  workspace_id: string;
  name: string;
  settings: Json<Record<string, unknown>>;
  added_at: Date;
}

export interface ApplePostbackTable {
  id: string;
  workspace_id: string | null;
  received_at: Date;
  wall_at: Date;
  method: string;
  path: string;
  raw: Buffer;
  content_type: string | null;
  sender_ip: string | null;
  user_agent: string | null;
  outcome: AppleOutcomeKind;
  reason: string | null;
  detail: string | null;
  signature: 'valid' | 'invalid' | 'unchecked';
  claim: string | null;
  repeats: string | null;
  digest: string | null;
  framework: string | null;
  version: string | null;
  postback_id: string | null;
  ad_network_id: string | null;
  app_id: string | null;
  campaign_id: string | null;
  source_identifier: string | null;
  event_type: AppleEventType | null;
  source_app_id: string | null;
  source_domain: string | null;
  fidelity_type: number | null;
  won: boolean | null;
  sequence_index: number | null;
  fine_value: number | null;
  coarse_value: CoarseValue | null;
  interaction: string | null;
  country_code: string | null;
  others: Json<Record<string, string>>;
  warnings: Defaulted<string[]>;
}

export interface ConversionSignalTable {
  conversion_id: string;
  signal: Signal;
  workspace_id: string;
  source_id: string;
  detail: string;
  treatment: Treatment;
  found_at: Date;
  released_at: Date | null;
}
