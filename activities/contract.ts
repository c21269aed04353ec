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

/** The long-lived workflow of one inbox shard. */
export interface IngestInput extends DrainInput {
  /** Activities after which it continues as new, so that an auditor reads a short history; 120 when absent. */
  readonly loopsPerRun?: number;
  /** Postbacks drained by the runs before. */
  readonly rowsBefore?: number;
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

/** The long-lived workflow that wakes for one account's news. */
export interface OptimizeAccountInput {
  readonly accountId: string;
  /** News carried over from the run before. */
  readonly campaignIds: readonly number[];
  /** A wake was carried over, possibly without campaigns. */
  readonly woken: boolean;
  /** Least wall milliseconds between the starts of two passes. */
  readonly gapMs: number;
  /** Passes after which the workflow continues as new, so that an auditor reads a short history. */
  readonly passesPerRun: number;
}

export interface OptimizeActivities {
  /** Starts every due decision without a workflow, loads evidence, decides, stores, starts the new ones. */
  optimize(input: OptimizeInput): Promise<OptimizeResult>;
}

// --- act --------------------------------------------------------------------------------------------------------

/** How long each step of carrying out may take, in wall milliseconds. Inputs, so that tests use milliseconds. */
export interface ActTiming {
  /** One read of the live value. */
  readonly readMs: number;
  /** One write; longer than the adapter's own socket time-out, so that only a dead worker reaches it. */
  readonly writeMs: number;
  /** How long a write may wait in the account's queue: what was compared before is not true for ever. */
  readonly queueMs: number;
  /** How long to look for an accepted write before someone must look. */
  readonly readBackForMs: number;
  /** How long to wait for another decision's lease on the same object. */
  readonly busyForMs: number;
  /** First pause between two looks or two attempts; it doubles. */
  readonly pauseMs: number;
}

/** Everything one act workflow needs. Sentences come ready made: workflows format nothing. */
export interface ActInput {
  readonly decisionId: string;
  readonly accountId: string;
  readonly network: string;
  readonly level: Level;
  readonly objectId: number;
  readonly objectNetworkId: string;
  readonly change: Change;
  /** What the decision saw; a live value that differs means someone else moved it. */
  readonly expected: LeverState;
  /** "pause", "bid $1.20 → $1.32, +10 %": shown on activities. */
  readonly changeWords: string;
  /** Set when a person must agree first; wall milliseconds, and what happens at the deadline. */
  readonly approval: {
    readonly withinMs: number;
    readonly atDeadline: 'act' | 'drop';
    readonly words: string;
  } | null;
  /** Wall milliseconds until the effect is checked; null for no check. */
  readonly checkAfterMs: number | null;
  /** Wall milliseconds until a pause ends by itself; null when it stays. */
  readonly resumeAfterMs: number | null;
  readonly timing: ActTiming;
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
  /** Its evidence grew older than the rule allows while it waited; the next pass decides anew. */
  | 'out_of_date'
  | 'network_refused'
  | 'not_applied'
  /** Accepted by the network but not seen there afterwards: someone must look. */
  | 'unverified'
  /** An operator cancelled the workflow. */
  | 'cancelled'
  | 'gone';

export interface ActResult {
  readonly outcome: ActOutcome;
  readonly sentence: string;
  /** Who agreed or refused, when someone was asked. */
  readonly by: string | null;
}

/** A person's answer, sent as the update `decide`. */
export interface ApprovalAnswer {
  readonly verdict: 'approve' | 'reject';
  readonly by: string;
  readonly comment?: string;
}

export interface TargetInput {
  readonly decisionId: string;
  readonly accountId: string;
  readonly network: string;
  readonly level: Level;
  readonly objectNetworkId: string;
  readonly change: Change;
  readonly expected: LeverState;
}

/** The live value beside what was expected and what is wanted. */
export type Reading =
  | {
      readonly standing: 'as_expected' | 'already_so' | 'moved';
      readonly live: LeverState;
      readonly words: string;
    }
  | { readonly standing: 'gone'; readonly words: string }
  /** The network refuses to answer and will go on refusing: a dead token, a missing permission. */
  | { readonly standing: 'unreadable'; readonly errorClass: string; readonly words: string };

/** What one write came to. `refused`, `wait` and `closed` are known not to have happened. */
export type WriteAnswer =
  | { readonly kind: 'accepted'; readonly requestId: string | null }
  | {
      readonly kind: 'refused';
      readonly errorClass: string;
      readonly words: string;
      readonly requestId: string | null;
    }
  | { readonly kind: 'wait'; readonly afterMs: number; readonly words: string }
  /** The account was halted or made read-only while the write waited. */
  | {
      readonly kind: 'closed';
      readonly outcome: 'halted' | 'writes_not_allowed';
      readonly words: string;
    }
  | { readonly kind: 'unknown'; readonly words: string; readonly requestId: string | null };

export interface WriteInput extends TargetInput {
  readonly actionId: string;
}

/** Runs on the account's own queue: every call here is a call to the network. */
export interface ActNetworkActivities {
  readLive(input: TargetInput): Promise<Reading>;
  /** Reads the halt rows, then writes once. Never retried: an unknown result is looked up. */
  applyChange(input: WriteInput): Promise<WriteAnswer>;
  /** @throws ApplicationFailure `not_seen_yet` until the wanted value stands, so that Temporal looks again. */
  readBack(input: TargetInput): Promise<Reading>;
}

export type Reservation =
  | { readonly reserved: true; readonly actionId: string }
  | {
      readonly reserved: false;
      readonly outcome: 'guardrail' | 'halted' | 'writes_not_allowed' | 'out_of_date';
      readonly words: string;
    };

export interface CloseInput {
  readonly decisionId: string;
  readonly outcome: ActOutcome;
  readonly words: string;
  readonly by: string | null;
  /** The live value last read, kept on the object row; null when none was read. */
  readonly live: LeverState | null;
}

/** The records around a write, in PostgreSQL. */
export interface ActRecordActivities {
  takeLease(input: {
    readonly decisionId: string;
    readonly workflowId: string;
  }): Promise<{ readonly taken: boolean; readonly heldBy: string | null }>;
  releaseLease(input: { readonly decisionId: string }): Promise<void>;
  /** One transaction under the account row's lock: halt, permission, guardrails, reservation, intent row. */
  reserve(input: { readonly decisionId: string; readonly attempt: number }): Promise<Reservation>;
  recordAnswer(input: { readonly actionId: string; readonly answer: WriteAnswer }): Promise<void>;
  /** The write was found not to have happened: its reservation is freed. */
  recordNotApplied(input: { readonly actionId: string; readonly words: string }): Promise<void>;
  /** The wanted value was read back: action, object row and object version. */
  recordVerified(input: {
    readonly decisionId: string;
    readonly actionId: string;
    readonly live: LeverState;
  }): Promise<void>;
  /** @returns what came of it in a sentence, and `page`, the same as Markdown for the workflow's page. */
  closeDecision(input: CloseInput): Promise<{ readonly sentence: string; readonly page: string }>;
  /** Metrics of the object since the change, as Markdown for the workflow's page. */
  measureEffect(input: { readonly decisionId: string }): Promise<{ readonly page: string }>;
  /** Ends a pause that is still ours by a new decision; says how long to wait when workspace time is not there yet. */
  endPause(input: {
    readonly decisionId: string;
  }): Promise<{ readonly waitMs: number | null; readonly page: string }>;
}

// --- learn ------------------------------------------------------------------------------------------------------

export interface LearnInput {
  readonly accountId: string;
}

export interface LearnResult {
  /** Facts that are new or other than before. */
  readonly changed: number;
  /** One sentence for the workflow's page. */
  readonly sentence: string;
}

export interface LearnActivities {
  /** Delay curves, priors and sizes of orders, from what has matured by now. */
  learn(input: LearnInput): Promise<LearnResult>;
}

// --- forward ----------------------------------------------------------------------------------------------------

export interface ForwardInput {
  readonly workspaceId: string;
  /** Wall milliseconds after which the activity returns its summary, although more may be due. */
  readonly forMs: number;
}

export interface ForwardResult {
  /** False when no destination is in use: nothing is left to do here. */
  readonly inUse: boolean;
  /** Changes of conversions that were looked at. */
  readonly changes: number;
  readonly sent: number;
  /** Sent before, and said to count by a receiver that judges later. */
  readonly confirmed: number;
  readonly retried: number;
  readonly failed: number;
  readonly notSent: number;
  /** Forwards that wait for their next try. */
  readonly waiting: number;
  /** Forwards that were taken and whose receiver has not judged them yet. */
  readonly awaited: number;
  /** Wall milliseconds until the next of either is due; null when there is none. */
  readonly nextInMs: number | null;
  /** One sentence for the workflow's page. */
  readonly sentence: string;
}

/** The long-lived workflow that forwards one workspace's conversions. */
export interface ForwardWorkspaceInput extends ForwardInput {
  /** A wake was carried over from the run before. */
  readonly woken: boolean;
  /** Looks by itself this often, wall milliseconds: a wake can be lost. */
  readonly lookEveryMs: number;
  /** Passes after which the workflow continues as new, so that an auditor reads a short history. */
  readonly passesPerRun: number;
}

export interface ForwardActivities {
  /** Plans what changed, sends what is due, keeps what came back. A refused postback is a result, not a failure. */
  forward(input: ForwardInput): Promise<ForwardResult>;
}

// --- alerts -----------------------------------------------------------------------------------------------------

export interface WatchAlertsInput {
  /** Wall time between two looks. */
  readonly everyMs: number;
  readonly looksPerRun: number;
}

export interface AlertActivities {
  /** What is wrong in each workspace that wants to be told; what is new is told. Safe to repeat. */
  lookForAlerts(): Promise<{ readonly sentence: string }>;
}

// --- maintain ---------------------------------------------------------------------------------------------------

export interface MaintainActivities {
  /** Partitions ahead and behind, expired keys, leases of closed workflows, the network's rates: one pass. */
  maintain(): Promise<{ readonly sentence: string }>;
}
