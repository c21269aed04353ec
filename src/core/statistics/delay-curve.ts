import type { LearnedFrom } from '../learned.ts';

/**
 * Share of an event's conversions that have arrived when a click has some age, with the bounds that careful decisions
 * use: a pause believes the lower one (delays assumed long), a raise the upper one.
 */
export interface DelayCurve {
  /** Ages in ms at which the shares stand, ascending, the last one the attribution window. Between them: linear. At age 0: 0. */
  readonly agesMs: readonly number[];
  /** At or below 1, never falling; the last is 1. */
  readonly share: readonly number[];
  readonly lower: readonly number[];
  readonly upper: readonly number[];
  /** Conversions it was learned from. */
  readonly conversions: number;
  readonly from: LearnedFrom;
}

/** Which of a curve's three lines. */
export type CurveLine = 'share' | 'lower' | 'upper';
