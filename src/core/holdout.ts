import { confidenceSequence } from './statistics/confidence-sequence.ts';
import { DEFAULT_WEIGHT } from './statistics/e-process.ts';
import { gammaP } from './statistics/special.ts';
import { rateInterval } from './rate-interval.ts';

/**
 * One pause that was due, was held back by a random draw, and what the clicks made meanwhile have brought by now.
 * Counts are effective ones: conversions, or revenue ÷ κ where the target is a ROAS, divided by the over-dispersion.
 */
export interface HeldPause {
  /** Chance with which it was held back: its weight in every estimate is 1 ÷ this. */
  readonly propensity: number;
  readonly count: number;
  /** What its matured spend should have brought on target. */
  readonly due: number;
  /** Major units that one due conversion stands for: the target CPA, or κ ÷ target ROAS. */
  readonly perConversion: number;
  /** The most that one conversion can add to `count`: 1; cap ÷ κ where revenue is counted. Left out: 1. */
  readonly largest?: number;
  /** The time of being held is over; before that it says nothing about false pauses. */
  readonly ended: boolean;
}

export interface Interval {
  readonly value: number;
  readonly low: number;
  readonly high: number;
}

/** What a holdout tells. Intervals hold at all times at once: looking every day does not wear them out. */
export interface HoldoutEstimates {
  readonly held: number;
  /** Held, over, and with at least one target's worth of matured spend: enough to tell how they came out. */
  readonly judged: number;
  /** Of those: at target or better while they were held. */
  readonly onTarget: number;
  /** How many of the judged would have come out so by luck, had each brought half of what its target asks. */
  readonly byLuck: number;
  /** Share of due pauses that were wrong by that measure; null while nothing is judged. */
  readonly falsePauses: Interval | null;
  /** What all held objects brought, in parts of what target asks: 1 is on target, 0.5 is twice the CPA. Null without matured spend. */
  readonly efficiency: Interval | null;
  /** Money that pausing at once saves over the time of being held, per due pause; negative where pausing loses. Null without matured spend. */
  readonly savedPerPause: Interval | null;
}

/** Under this many targets of matured spend nobody could tell a good object from a bad one. */
const ENOUGH_DUE = 1;

/**
 * Estimates from held-back pauses by inverse propensity (Horvitz & Thompson 1952, self-normalised after Hájek 1971):
 * each held pause stands for 1 ÷ propensity due ones.
 *
 * The false-pause rate's interval is that of {@link rateInterval}. Efficiency and money come from one confidence sequence
 * for the weighted conversions to be expected (gamma-Poisson mixture, Howard, Ramdas, McAuliffe, Sekhon 2021), with
 * weights ω = perConversion ÷ propensity scaled so that no conversion counts more than 1: because e^{ηx} − 1 ≤ x(e^η − 1)
 * for x in [0, 1], the mixture stays an e-process for weighted counts, orders of any size below the cap among them.
 *
 * @param alpha chance that an interval ever misses: 0.05 for 95 %.
 */
export function estimateHoldout(held: readonly HeldPause[], alpha: number): HoldoutEstimates {
  const judged = held.filter(canBeJudged);
  return {
    held: held.length,
    judged: judged.length,
    onTarget: judged.filter(isOnTarget).length,
    byLuck: judged.reduce((sum, one) => sum + luck(one.due), 0),
    falsePauses: falsePauses(judged, alpha),
    ...money(held, alpha),
  };
}

/** Its time is over, and enough was spent to tell how it came out. */
export function canBeJudged({ ended, due }: HeldPause): boolean {
  return ended && due >= ENOUGH_DUE;
}

/** It brought what its target asks, or more. */
export function isOnTarget({ count, due }: HeldPause): boolean {
  return count >= due;
}

/** Pr(Poisson(due / 2) ≥ due): how often an object at half its target's efficiency comes out on target. */
function luck(due: number): number {
  return gammaP(Math.ceil(due), due / 2);
}

function falsePauses(judged: readonly HeldPause[], alpha: number): Interval | null {
  if (judged.length === 0) return null;
  const least = Math.min(...judged.map((one) => one.propensity));
  let trials = 0;
  let wrong = 0;
  for (const one of judged) {
    const weight = least / one.propensity;
    trials += weight;
    if (isOnTarget(one)) wrong += weight;
  }
  return { value: wrong / trials, ...rateInterval(wrong, trials, alpha) };
}

function money(
  held: readonly HeldPause[],
  alpha: number,
): Pick<HoldoutEstimates, 'efficiency' | 'savedPerPause'> {
  const seen = held.filter((one) => one.due > 0);
  const most = Math.max(...seen.map((one) => (one.perConversion / one.propensity) * (one.largest ?? 1)));
  if (seen.length === 0 || !Number.isFinite(most) || most <= 0)
    return { efficiency: null, savedPerPause: null };
  let count = 0;
  let due = 0;
  let duePauses = 0;
  for (const one of seen) {
    const weight = one.perConversion / one.propensity / most;
    count += weight * one.count;
    due += weight * one.due;
    duePauses += 1 / one.propensity;
  }
  const expected = confidenceSequence(count, alpha, DEFAULT_WEIGHT);
  const saved = (conversions: number): number => (most * (due - conversions)) / duePauses;
  return {
    efficiency: { value: count / due, low: expected.low / due, high: expected.high / due },
    // What it brought more, pausing would have saved less.
    savedPerPause: { value: saved(count), low: saved(expected.high), high: saved(expected.low) },
  };
}
