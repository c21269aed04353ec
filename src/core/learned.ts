import type { DelayCurve } from './statistics/delay-curve.ts';
import type { GammaPrior } from './statistics/prior.ts';

/** Whose facts something was learned from: the campaign's, the account's, or none (what stands in the engine). */
export type LearnedFrom = 'campaign' | 'account' | 'default';

/**
 * What an account's own past says about one event of one campaign. Part of the evidence: a stored decision carries the
 * curve and the prior it was made with, so that later conversions never change it.
 */
export interface Learned {
  readonly event: string;
  /** Workspace instant at which it was learned; 0 for the default. */
  readonly learnedAtMs: number;
  readonly curve: DelayCurve;
  /** Conversions per major unit of matured spend. Null until siblings have taught one: then shape 2 around the target. */
  readonly prior: GammaPrior | null;
  /** Conversions per matured click, for bids per click. */
  readonly clickPrior: GammaPrior | null;
  /** Null until the account has orders with a value. */
  readonly orders: OrderValues | null;
  /** How clustered conversions are (decision science: over-dispersion), 1 to 3; 1 is Poisson. */
  readonly dispersion: number;
  /** Set for a trial whose value is what its later payment will be worth. */
  readonly trial: TrialValue | null;
}

/** Sizes of orders of one event in one account, major units. */
export interface OrderValues {
  readonly orders: number;
  readonly mean: number;
  /** Size-biased mean E V² / E V of the capped values, its upper 90 % limit: the unit in which revenue is evidence. */
  readonly kappa: number;
  /** Orders count at most this much in the below-target test. */
  readonly cap: number;
  /** Share of revenue that is left after capping. */
  readonly cappedShare: number;
  /**
   * Its lower 90 % limit, with rare large orders allowed for: the below-target test lowers the target by it. 0 where orders
   * are so uneven, or so few, that nothing can be said. Left out: `cappedShare`.
   */
  readonly cappedShareLow?: number;
}

/** A trial's expected worth: trial-to-paid rate × price. */
export interface TrialValue {
  /** Event that pays, as "purchase". */
  readonly paidEvent: string;
  /** Matured trials and how many of them paid. */
  readonly trials: number;
  readonly paid: number;
  /** Shrunk trial-to-paid rate. */
  readonly rate: number;
  /** Mean first payment, major units. */
  readonly price: number;
}
