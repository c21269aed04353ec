import type { ChangedSince, PastChange, PilotFacts } from '../decision.ts';
import type { Delivery } from '../delivery.ts';
import type { Learned, LearnedFrom } from '../learned.ts';
import type { LeverState } from '../object.ts';

/**
 * Where an object stands with the autopilot: running with what a person gave it, running with less until it has shown
 * more, or paused by it. Read from the history of changes; there is no state beside it.
 */
export type Stage = 'normal' | 'probation' | 'paused';

/** What a bid is paid for: a click (manual CPC), or a conversion (cost caps, target CPAs and most networks' bid caps). */
export type BidUnit = 'click' | 'conversion';

/** What one judgement looks at. Money in major units unless the name says micros. */
export interface PilotInput {
  readonly nowMs: number;
  readonly asOfMs: number;
  readonly delivery: Delivery;
  readonly learned: Learned;
  readonly levers: LeverState;
  readonly bidUnit: BidUnit;
  /** Whose changes are ours. */
  readonly strategyId: string;
  /** Applied changes of the object; the newest of each kind is enough. */
  readonly history: readonly PastChange[];
  /** The account converts implausibly little (`trackingOutage` of its pulse). */
  readonly outage: boolean;
  /** It may be about to: pauses wait. */
  readonly suspected: boolean;
  readonly draw: number;
  readonly held?: PilotFacts['held'];
  /** Evidence counts from here: creation, begin of tracking, or the last resume by a person. */
  readonly testSinceMs: number;
  /** What a day costs when nothing holds the object back; 0 when unknown. */
  readonly plannedDailySpend: number;
  /** Daily budgets are not lowered under this: networks refuse a budget of a few cents. Micros; 0 where that is not known. */
  readonly leastBudgetMicros?: number;
  /** Changes of bid or budget after `asOfMs`, by anybody: no second step on the same facts. */
  readonly changedSince?: ChangedSince;
}

export type PilotAction =
  | 'keep'
  | 'pause'
  | 'resume'
  | 'probation'
  | 'end_probation'
  | 'bid'
  | 'raise_budget';

/** Why the autopilot does what it does or keeps. Stable; each is a sentence (sentence.ts). */
export type PilotReason =
  | 'proven_above'
  | 'costs_more_than_it_earns'
  | 'worth_full_budget'
  | 'evidence_gone'
  | 'value_of_bid'
  | 'proven_below'
  | 'on_course'
  | 'on_probation'
  | 'stays_paused'
  | 'too_little_volume'
  | 'tracking_outage'
  | 'tracking_suspected'
  | 'holdout'
  | 'cooldown'
  | 'no_facts_since_change'
  | 'no_lever'
  | 'not_ours';

/**
 * The numbers of one judgement. `count` and `due` are in effective conversions: conversions themselves for a CPA target,
 * revenue ÷ κ for ROAS, both divided by the over-dispersion. One unit of `due` is what one target's worth of matured
 * spend should bring.
 */
export interface Judgement {
  readonly action: PilotAction;
  readonly reason: PilotReason;
  readonly stageBefore: Stage;
  readonly stageAfter: Stage;
  /** The bid or budget asked for, before guardrails and the network's step; null for other actions. */
  readonly toMicros: number | null;
  readonly lever: 'bid' | 'daily' | null;
  /** The budget (or bid) that probation came down from; null outside of it. */
  readonly fullMicros: number | null;

  /**
   * What it was given and what came of it since `sinceMs`, the weeks that profit is judged by, on the curve's middle line:
   * for probability, probation and what is shown.
   */
  readonly sinceMs: number;
  readonly conversions: number;
  readonly revenue: number;
  readonly clicks: number;
  readonly spend: number;
  readonly matured: number;
  readonly count: number;
  readonly due: number;
  /** The whole test on the curve's lower line: for pausing. */
  readonly test: {
    readonly sinceMs: number;
    readonly conversions: number;
    readonly revenue: number;
    readonly spend: number;
    readonly matured: number;
    readonly count: number;
    readonly due: number;
  };
  /** What is counted: conversions, or revenue with capped orders. */
  readonly counts: 'conversions' | 'cappedValue';
  /** Matured spend of one unit of `due`, major units. */
  readonly unitSpend: number;
  /** What one conversion may cost: the target CPA, or what an order is worth ÷ target ROAS. Major units. */
  readonly perConversion: number;
  /** ln of the evidence that it is worse than target, all restarts mixed, and what pausing needs. */
  readonly lnEvidence: number;
  readonly lnThreshold: number;
  /** ln of the evidence that it is better than target, on the upper line; null where no raise was in question. */
  readonly lnEvidenceGood: number | null;
  /** Prior of the posterior, in target units. The tests have a weight of their own, the same for every object. */
  readonly prior: {
    readonly a: number;
    readonly b: number;
    readonly from: LearnedFrom;
    readonly siblings: number;
  };
  readonly curve: { readonly from: LearnedFrom; readonly learnedAtMs: number };
  /** Chance that it is worse than target. */
  readonly probabilityWorse: number;
  /** Shrunk efficiency: 1 on target, above 1 better. */
  readonly efficiency: number;
  /** Exposure (in `due`) at which probation begins at this count; null where no horizon is known. */
  readonly boundary: number | null;
  /** What probation lowers; null where there is nothing to lower. */
  readonly probationLever: 'budget' | 'bid' | null;
  /** 90 % interval of what a conversion costs, major units; null in simulations, where nobody reads it. */
  readonly interval: { readonly low: number; readonly high: number } | null;
  /** Share of the full budget that the numbers give it: 1, or less on probation. */
  readonly level: number;
  /** Days until a verdict about an object at half its target's efficiency, at the planned spend; null when unknown. */
  readonly verdictDays: number | null;
  readonly outage: boolean;
  /** Set when a due pause is held back. */
  readonly holdout: { readonly propensity: number; readonly untilMs: number } | null;
}
