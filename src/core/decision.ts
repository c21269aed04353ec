import type { Judgement } from './autopilot/judgement.ts';
import type { Delivery } from './delivery.ts';
import type { SpendEstimate } from './estimated-spend.ts';
import type { Learned } from './learned.ts';
import type { Micros } from './money.ts';
import type { LeverState, ObjectFacts, ObjectId } from './object.ts';
import type { WindowBounds } from './windows.ts';

/**
 * One change asked of one object. Values are absolute: setting 1.20 twice is harmless (invariant 8).
 * `untilMs` asks for a resume at that workspace instant, if the pause is still ours.
 */
export type Change =
  | { readonly kind: 'pause'; readonly untilMs?: number }
  | { readonly kind: 'resume' }
  | { readonly kind: 'set_bid'; readonly toMicros: Micros }
  | { readonly kind: 'set_budget'; readonly toMicros: Micros; readonly budget: 'daily' | 'lifetime' };

export type Verdict =
  | Change
  | { readonly kind: 'notify'; readonly message: string }
  | { readonly kind: 'keep' };
export type VerdictKind = Verdict['kind'];

/** Metrics of one object in one window, money as doubles in major units of the account's currency. */
export interface WindowMetrics {
  readonly bounds: WindowBounds;
  readonly spend: number;
  readonly impressions: number;
  /** The network's clicks. */
  readonly clicks: number;
  /** Ours. */
  readonly visits: number;
  /** Counted conversions (pending + approved) by `event` and by `event/type`; absent means none. */
  readonly conversions: Readonly<Record<string, EventMetrics>>;
  /**
   * The same, counted by the time of the conversion instead of the click's. Loaded for the windows in
   * `strategy.needs.arrived`.
   */
  readonly arrived?: Readonly<Record<string, EventMetrics>>;
}

export interface EventMetrics {
  readonly conversions: number;
  readonly value: number;
  /** Conversions whose foreign revenue has no rate yet; revenue metrics are undefined while there are any. */
  readonly unconverted: number;
}

/** Why conversion metrics must not be believed right now (invariant 11). */
export interface DataHealth {
  /** Set when conversion metrics are undefined for every window. */
  readonly conversionsUndefined?: string;
  /** Our clicks are complete from here on; windows that begin earlier have no conversion metrics. */
  readonly trackingSinceMs: number | null;
}

/** The ad account as rules see it. */
export interface AccountFacts {
  readonly id: string;
  readonly name: string;
  readonly network: string;
  readonly currency: string;
  readonly timeZone: string;
  /** Smallest step of a bid or budget on this network in this currency; bids round down to it. */
  readonly moneyStepMicros: Micros;
}

/** What one decision looks at for one object. Recomputing from it gives the same decision bit for bit (invariant 7). */
export interface Evidence {
  readonly object: ObjectFacts;
  readonly campaign: ObjectFacts | null;
  readonly adset: ObjectFacts | null;
  readonly account: AccountFacts;
  /** The strategy's row id: "only what we paused" compares it with the history's. */
  readonly strategyId: string;
  readonly asOfMs: number;
  readonly nowMs: number;
  /** By window spelling as it stands in the rule ("7d", "today", "3h", "lifetime", ...). */
  readonly windows: Readonly<Record<string, WindowMetrics>>;
  readonly health: DataHealth;
  /**
   * What the engine did to this object: the newest applied change of each kind (and the newest notice), for cooldowns
   * and "only what we paused". A pause of ours that somebody has lifted or repeated since is left out: it is theirs now.
   */
  readonly history: readonly PastChange[];
  /** Left out when nobody has changed the object since `asOfMs`. */
  readonly changedSince?: ChangedSince;
  /** Only of a creative: the ads that show it. A creative has no status of its own: it is active while one of them is. */
  readonly ads?: readonly AdOfCreative[];
  /** What the limits of the account leave. Loaded only where a rule would change something. */
  readonly room?: Room;
  /** Loaded where a strategy asks statistics (`needs.statistics`): the object's buckets since its test began. */
  readonly delivery?: Delivery;
  /** By event: what the account's past says about it. With `delivery`. */
  readonly learned?: Readonly<Record<string, Learned>>;
  /** Loaded where a strategy asks `est.*` (`needs.estimatedSpend`). */
  readonly estimate?: SpendEstimate;
  /** What only the autopilot looks at. */
  readonly pilot?: PilotFacts;
}

/** The autopilot's facts beside delivery and what was learned. */
export interface PilotFacts {
  /** Uniform in [0, 1), drawn before the decision: below the holdout's share, a due pause is held back. */
  readonly draw: number;
  /** Set while a due pause of this object is held back and observed. */
  readonly held?: { readonly sinceMs: number; readonly untilMs: number; readonly propensity: number };
  /** The whole account in the last hours: what should have converted and what did. Null while there is too little to compare. */
  readonly pulse: AccountPulse | null;
}

/** Conversions of an account in its last hours beside what its own past lets one expect, for the tracking-outage breaker. */
export interface AccountPulse {
  readonly expected: number;
  readonly seen: number;
  readonly hours: number;
  readonly dispersion: number;
  /** How many were due since the newest one came; left out in evidence that was stored without it. */
  readonly silent?: number;
}

/**
 * Newest changes of an object after `asOfMs`, in ms since the epoch, whoever made them: we, a person, another tool. What
 * the windows hold was earned before them, so it is no evidence about the object as it stands now.
 */
export interface ChangedSince {
  readonly resumedMs?: number;
  readonly bidMs?: number;
  readonly budgetMs?: number;
}

export interface AdOfCreative {
  readonly object: ObjectFacts;
  readonly history: readonly PastChange[];
}

/** The rolling 24 h of an account as a decision finds them, all strategies together; what is under way counts as done. */
export interface Room {
  /** Why nothing may be written to the account now. */
  readonly closed?: { readonly code: 'halted' | 'writes_not_allowed'; readonly words: string };
  readonly actions: number;
  /** How many of them were pauses. */
  readonly pauses: number;
  readonly shareOfSpendPaused: number;
  /** Changes this verdict comes to: more than one for a creative. */
  readonly addsActions: number;
  /** Share of the account's daily spend that a pause of the object would stop. */
  readonly addsShare: number;
}

export interface PastChange {
  readonly kind: Exclude<VerdictKind, 'keep'>;
  readonly rule: string | null;
  readonly strategyId: string;
  readonly atMs: number;
  readonly from: LeverState;
  /** What a bid or budget was set to. */
  readonly toMicros?: number;
  /** Of a probation: the bid or budget it came down from. */
  readonly fullMicros?: number;
}

/** How a condition can come out: an undefined operand is neither true nor false, an error makes the verdict keep. */
export type Truth = boolean | 'undefined' | 'error';

/** How one condition came out, for explanations. */
export interface ConditionTrace {
  readonly text: string;
  readonly holds: Truth;
  /** Each metric call with its value, in order of appearance. */
  readonly values: readonly {
    readonly expression: string;
    readonly value: number | string | boolean | null;
    readonly why?: string;
    /** A statistic in words: "2 purchases where 9.3 were due at target; evidence 27 : 1 …". */
    readonly said?: string;
  }[];
}

/** What one rule said. */
export interface RuleTrace {
  readonly rule: string;
  readonly holds: Truth;
  readonly conditions: readonly ConditionTrace[];
}

/** The number that would have changed a keep: "$4 short". */
export interface Nearest {
  readonly rule: string;
  readonly expression: string;
  readonly value: number;
  readonly threshold: number;
  /** In words: "spend $26.00, $4.00 short of $30.00". */
  readonly text: string;
  /** How far, as a share of the larger of value and threshold: 0.13 is 13 %. */
  readonly distance: number;
}

/**
 * Stable codes without numbers. `rule_held` acts; everything else keeps.
 * A code is part of the public contract: add, never rename.
 */
export type ReasonCode =
  | 'rule_held'
  | 'no_rule_held'
  | 'rule_error'
  | 'already_so'
  | 'no_such_lever'
  | 'cooldown'
  | 'step_refused'
  | 'floor'
  | 'ceiling'
  | 'rounding_refused'
  | 'learning_phase'
  | 'not_ours_to_resume'
  /** Resumed, or its lever moved, after the newest cost: the evidence is about the object as it was before. */
  | 'no_facts_since_change'
  | 'max_actions_per_day'
  | 'max_share_of_spend_paused'
  | 'halted'
  | 'writes_not_allowed'
  | 'parent_paused'
  | 'stale_spend'
  | 'conversions_undefined'
  | 'not_active'
  /** The autopilot's: nothing is due, and nothing speaks for a change. */
  | 'on_course'
  /** It runs on part of its budget until it has shown more. */
  | 'on_probation'
  /** What was paused stays so: no late conversions have taken the evidence away. */
  | 'stays_paused'
  /** At the planned spend a verdict would take longer than the horizon. */
  | 'too_little_volume'
  /** A ROAS target meets an event whose order values are not known yet. */
  | 'not_learned'
  /** The whole account converts implausibly little: its tracking is suspected, not its ads. */
  | 'tracking_outage'
  /** A pause is due while so few conversions of the whole account come in that an outage may have begun: it waits. */
  | 'tracking_suspected'
  /** A due pause is held back and observed. */
  | 'holdout';

/** What the engine concluded for one object, with its reason inside. */
export interface Decision {
  readonly objectId: ObjectId;
  readonly verdict: Verdict;
  readonly reason: { readonly rule: string | null; readonly code: ReasonCode; readonly detail?: string };
  /** One sentence a marketer can read: "bid $1.20 → $1.32: 12 purchases, ROAS 1.8 over target 1.5". */
  readonly sentence: string;
  /** Rules as far as they were looked at: up to and with the one that decided. */
  readonly rules: readonly RuleTrace[];
  readonly nearest?: Nearest;
  /** The autopilot's numbers, where it was asked. */
  readonly judgement?: Judgement;
  /** Set when a due pause is held back: how likely that was, and until when it is observed. */
  readonly holdout?: { readonly propensity: number; readonly untilMs: number };
}
