import type { AccountPulse } from '../../src/core/decision.ts';
import type { Learned } from '../../src/core/learned.ts';
import type { Account } from './account.ts';
import type { AdView } from './ad-view.ts';
import type { AdsetLevers } from './ad-runner.ts';
import type { Handicap } from './learner.ts';
import type { Look } from './look.ts';
import type { Scenario } from './scenarios.ts';

/** Levers a policy moves; what is left out stays. */
export type Move = Partial<Pick<AdsetLevers, 'on' | 'bidMicros' | 'dailyBudgetMicros'>>;

/** What a policy may ask besides the ad in front of it. All of it is what a live system would know. */
export interface Known {
  readonly account: Account;
  learned(campaign: number): Learned;
  /** The account's last hours: what should have converted beside what did. */
  pulse(): AccountPulse | null;
  /** Views of one campaign, for policies that compare siblings. */
  campaign(campaign: number): readonly AdView[];
  /** For the calibration table: a stated probability that an ad is worse than target. */
  state(view: AdView, probabilityWorse: number): void;
  /** Whether the interval shown around an ad's CPA holds the truth now. */
  cover(view: AdView, holds: boolean): void;
  forecast(ageDays: number, of: ForecastCount): void;
  nextWeek(of: NextWeek): void;
}

/** Poisson deviances of forecasts of the week to come, ad by ad, by three rates. */
export interface NextWeek {
  readonly ads: number;
  /** The ad's own conversions so far for each dollar so far. */
  readonly raw: number;
  /** The campaign's rate for every ad. */
  readonly pooled: number;
  /** The ad's rate, its spend matured, shrunk to the campaign's. */
  readonly shrunk: number;
}

/** Conversions of one day's clicks: seen at some age, forecast then, and in the end. */
export interface ForecastCount {
  readonly seen: number;
  readonly forecast: number;
  readonly final: number;
}

export interface Judge {
  (view: AdView, look: Look): Move | null;
  /**
   * Whether every look between one that asked for nothing and `ahead` would ask for nothing too, unless a conversion is
   * seen. Left out: every look is taken.
   */
  readonly quietUntil?: (view: AdView, ahead: Look) => boolean;
  /**
   * Set where `quietUntil` also holds over reports to come: an ad nobody has touched comes only nearer to a change as its
   * spend grows and matures, until a conversion is seen or the next day's learning.
   */
  readonly steady?: true;
}

/** One way to run an account. */
export interface Policy {
  readonly id: string;
  readonly title: string;
  /** Ten-minute steps between looks in a scenario; null where the policy has no part in it. */
  readonly every: (scenario: Scenario) => number | null;
  /** Which of the steps it looks at within `every`, say only weekdays at nine. */
  readonly when?: (k: number) => boolean;
  /** Whether a paused ad is looked at again. */
  readonly revives: boolean;
  /** Set where the policy learns delay curves and priors, possibly worse than it could. */
  readonly learns: Handicap | null;
  readonly pulse?: boolean;
  /** The oracle alone begins before the first report. */
  readonly knowsAll?: boolean;
  start(known: Known): Judge;
}

export const addWeeks = (one: NextWeek, other: NextWeek): NextWeek => ({
  ads: one.ads + other.ads,
  raw: one.raw + other.raw,
  pooled: one.pooled + other.pooled,
  shrunk: one.shrunk + other.shrunk,
});

export const HOURLY = 6;
export const DAILY = 144;
