import type { Verdict } from '../decision.ts';
import type { BidStrategy, Level } from '../object.ts';

/**
 * One object as a simulator or another system sees it, for `./bidloop decide`. Instants are ISO texts with an offset, or
 * ms since the epoch. Money is in major units of the account's currency. The shape is checked by
 * src/contract/observation.ts.
 */
export interface Observation {
  /** Comes back in the answer. */
  readonly id?: string | undefined;
  readonly now: Instant;
  /** Up to when cost is known; left out, to this hour's start, or to now where the running hour is given too. */
  readonly asOf?: Instant | undefined;
  readonly object?: ObservedObject | undefined;
  readonly account?: ObservedAccount | undefined;
  readonly levers: ObservedLevers;
  readonly hours: readonly ObservedHour[];
  readonly conversions: readonly ObservedConversion[];
  /** Other objects of the same campaign or account: they teach prior, delay curve, order values and pulse. */
  readonly siblings?: readonly ObservedSibling[] | undefined;
  /** Conversions a rate is worth on so much matured spend; "default" is learned from the siblings. */
  readonly prior?: 'default' | { readonly conversions: number; readonly spend: number } | undefined;
  /** "default" is learned from all conversions given, held to the engine's own curve while they are few. */
  readonly curve?: 'default' | ObservedCurve | undefined;
  /** What matured trials came to, where the strategy's event is a trial that brings nothing itself; left out, unknown. */
  readonly trial?: ObservedTrial | undefined;
  /** How long after its click a conversion counts: the last age of `curve`, where one is given; else 28d if left out. */
  readonly attributionWindow?: string | undefined;
  /**
   * Uniform in [0, 1), the same at every look until a pause is carried out: below the holdout's share a due pause is held
   * back. Left out, never.
   */
  readonly draw?: number | undefined;
  /** Evidence counts from here, or from the newest resume in `state`; left out, from the object's creation or the first hour. */
  readonly testSince?: Instant | undefined;
  /** What the last answer gave back as `nextState`. */
  readonly state?: ObservedState | undefined;
}

export type Instant = string | number;

export interface ObservedObject {
  readonly name?: string | undefined;
  readonly level?: Level | undefined;
  readonly createdAt?: Instant | undefined;
  readonly labels?: readonly string[] | undefined;
  readonly learning?: string | undefined;
}

export interface ObservedAccount {
  readonly name?: string | undefined;
  readonly network?: string | undefined;
  readonly currency?: string | undefined;
  readonly timeZone?: string | undefined;
  /** Smallest step of a bid or budget. */
  readonly moneyStep?: number | undefined;
}

export interface ObservedLevers {
  readonly status: 'active' | 'paused';
  readonly bidStrategy?: BidStrategy | null | undefined;
  readonly bid?: number | null | undefined;
  readonly dailyBudget?: number | null | undefined;
  readonly lifetimeBudget?: number | null | undefined;
}

/** One hour of cost, by the hour's start. */
export interface ObservedHour {
  readonly at: Instant;
  readonly spend: number;
  readonly clicks: number;
  readonly impressions?: number | undefined;
  /** Our own count of clicks; the network's if left out. */
  readonly visits?: number | undefined;
}

export interface ObservedConversion {
  readonly event: string;
  readonly clickAt: Instant;
  readonly at: Instant;
  readonly value?: number | undefined;
}

export interface ObservedSibling {
  readonly id?: string | undefined;
  readonly hours: readonly ObservedHour[];
  readonly conversions: readonly ObservedConversion[];
}

/** A delay curve: ages, and the share of conversions arrived by then with its bounds. */
export interface ObservedCurve {
  /** Hours, ascending; the last one is the attribution window. */
  readonly hours: readonly number[];
  readonly share: readonly number[];
  readonly lower?: readonly number[] | undefined;
  readonly upper?: readonly number[] | undefined;
}

/** Trials old enough that whoever would pay has paid. */
export interface ObservedTrial {
  readonly trials: number;
  readonly paid: number;
  /** Mean first payment, major units. */
  readonly price: number;
  /** Event that pays; "purchase" if left out. */
  readonly paidEvent?: string | undefined;
}

/** What the engine must know of its own past: changes that were carried out, and a pause that is held back. */
export interface ObservedState {
  readonly history: readonly ObservedChange[];
  readonly held?:
    | { readonly sinceMs: number; readonly untilMs: number; readonly propensity: number }
    | undefined;
}

export interface ObservedChange {
  readonly kind: Exclude<Verdict['kind'], 'keep'>;
  readonly rule: string | null;
  readonly atMs: number;
  readonly from: ObservedLevers;
  readonly to?: number | undefined;
  /** Of a probation: the budget or bid before it. */
  readonly full?: number | undefined;
}
