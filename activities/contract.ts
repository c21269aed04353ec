/**
 * The only page workflows may see: what activities take and give. Inputs and results are one flat object each, with
 * units in the names; rows never travel, only counts, ids and sentences. Instants are ms since the epoch.
 */
import type { Change } from '../src/core/decision.ts';
import type { Level, LeverState } from '../src/core/object.ts';

// --- ingest -----------------------------------------------------------------------------------------------------

export interface DrainInput {
  readonly shard: string;
  /** Wall milliseconds after which the activity returns its summary. */
  readonly forMs: number;
}

export interface DrainResult {
  readonly rows: number;
  readonly batches: number;
  readonly conversions: number;
  /** Wall milliseconds between receipt and commit of the oldest row drained. */
  readonly worstLagMs: number;
}

export interface IngestActivities {
  /** Empties the inbox in set-based transactions until `forMs` has passed; waits on NOTIFY while it is dry. */
  drain(input: DrainInput): Promise<DrainResult>;
}

// --- sync -------------------------------------------------------------------------------------------------------

export interface SyncInput {
  readonly accountId: string;
  /** `trailing` reads today and yesterday; `deep` the last 28 days, once a day. */
  readonly depth: 'trailing' | 'deep';
}

export interface SyncResult {
  readonly objects: number;
  readonly changedObjects: number;
  readonly spendRows: number;
  readonly restatedRows: number;
  readonly asOfMs: number | null;
}

/** Runs on the account's own queue: every call here is a call to the network. */
export interface SyncActivities {
  syncAccount(input: SyncInput): Promise<SyncResult>;
}

// --- optimize ---------------------------------------------------------------------------------------------------

export interface OptimizeInput {
  readonly accountId: string;
  /** Campaign object ids with news, or all of the account's. */
  readonly campaignIds: 'all' | readonly number[];
}

export interface OptimizeResult {
  readonly asOfMs: number | null;
  readonly evaluated: number;
  readonly kept: number;
  readonly acted: number;
  /** Reason code → count. */
  readonly reasons: Readonly<Record<string, number>>;
  readonly startedWorkflows: number;
  /** One sentence for the workflow's page. */
  readonly sentence: string;
}

export interface OptimizeActivities {
  /** Starts every due decision without a workflow, loads evidence, decides, stores, starts the new ones. */
  optimize(input: OptimizeInput): Promise<OptimizeResult>;
}

// --- act --------------------------------------------------------------------------------------------------------

export interface ActInput {
  readonly decisionId: string;
  readonly accountId: string;
  readonly network: string;
  readonly level: Level;
  readonly objectNetworkId: string;
  readonly change: Change;
  /** What the decision saw; a live value that differs means someone else moved it. */
  readonly expected: LeverState;
  /** Set when a person must agree first; wall milliseconds, and what happens at the deadline. */
  readonly approval: { readonly withinMs: number; readonly atDeadline: 'act' | 'drop' } | null;
  /** Wall milliseconds until the effect is checked; null for no check. */
  readonly checkAfterMs: number | null;
}

export type ActOutcome =
  | 'applied'
  | 'already_so'
  | 'rejected'
  | 'expired'
  | 'superseded'
  | 'target_busy'
  | 'guardrail'
  | 'halted'
  | 'writes_not_allowed'
  | 'network_refused'
  | 'not_applied'
  | 'gone';

export interface ActResult {
  readonly outcome: ActOutcome;
  readonly sentence: string;
}

export interface MaintainActivities {
  /** Partitions ahead and behind, expired keys, leases of closed workflows, the network's rates: one pass. */
  maintain(): Promise<{ readonly sentence: string }>;
}
