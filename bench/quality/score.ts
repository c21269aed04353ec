import { xoroshiro128plus } from 'pure-rand/generator/xoroshiro128plus';
import { uniformInt } from 'pure-rand/distribution/uniformInt';
import { type AdRow, STARVED } from './row.ts';
import { MARGIN } from './account.ts';

/** The figures of one policy in one scenario. Shares as fractions; money in targets. */
export interface Score {
  readonly ads: number;
  /** Of ads that ran at their target or better until then: ever paused. */
  readonly falsePause: number;
  readonly falsePauseSe: number;
  /** Of ads at 1.25 times their target or better. */
  readonly falsePauseClear: number;
  /** Of ads exactly on target, and exactly at 1.25 (calibration world), by delay. */
  readonly atOneFast?: number;
  readonly atOneSlow?: number;
  readonly atOneFastSe?: number;
  readonly atOneSlowSe?: number;
  readonly at125Fast?: number;
  readonly at125Slow?: number;
  /** Of ads on target or better: got less than 40 % of their planned spend. */
  readonly starved: number;
  readonly starvedSe: number;
  readonly starvedClear: number;
  /** Ads at half their target or worse: spend, share ever stopped, spend and median days until then. */
  readonly loserSpend: number;
  readonly losersStopped: number;
  readonly loserSpendToStop: number;
  readonly loserDays: number | null;
  /** The same for ads between .5 and .8. */
  readonly middleSpend: number;
  readonly middleStopped: number;
  readonly middleDays: number | null;
  /** Lost on ads below target, and not earned on ads above it, as shares of the best profit. */
  readonly wasted: number;
  readonly lost: number;
  readonly capture: number;
  readonly captureSe: number;
  /** With a conversion worth 1.3 targets. */
  readonly captureWithMargin: number;
  readonly changesPerAdDay: number;
  readonly bigChangesPerAdDay: number;
  readonly flipsPerAdDay: number;
  readonly pausedInOutage: number;
}

const sum = (rows: readonly AdRow[], of: (row: AdRow) => number): number => {
  let total = 0;
  for (const row of rows) total += of(row);
  return total;
};
const share = (rows: readonly AdRow[], holds: (row: AdRow) => boolean): number =>
  rows.length === 0 ? 0 : rows.filter(holds).length / rows.length;
export const standardError = (p: number, n: number): number => (n === 0 ? 0 : Math.sqrt((p * (1 - p)) / n));

export const profit = (row: AdRow, value = 1): number => value * row.expected - row.spend;
const isStarved = (row: AdRow): boolean => row.spend < STARVED * row.planned;

/** Scores one policy's ads, all accounts and replicates of a scenario together. */
export function scoreOf(rows: readonly AdRow[]): Score {
  const good = rows.filter((row) => row.running >= 1);
  const wholeGood = rows.filter((row) => row.whole >= 1);
  const clear = rows.filter((row) => row.running >= 1.25);
  const losers = rows.filter((row) => row.theta <= 0.5);
  const middle = rows.filter((row) => row.theta > 0.5 && row.theta <= 0.8);
  const best = sum(rows, (row) => row.oracle);
  const falsePause = share(good, (row) => row.paused);
  const starved = share(wholeGood, isStarved);
  const adDays = sum(rows, (row) => row.days);
  return {
    ads: rows.length,
    falsePause,
    falsePauseSe: standardError(falsePause, good.length),
    falsePauseClear: share(clear, (row) => row.paused),
    ...calibrationOf(rows),
    starved,
    starvedSe: standardError(starved, wholeGood.length),
    starvedClear: share(
      rows.filter((row) => row.whole >= 1.25),
      isStarved,
    ),
    loserSpend: mean(losers, (row) => row.spend),
    losersStopped: share(losers, (row) => row.stopDay >= 0),
    loserSpendToStop: mean(
      losers.filter((row) => row.stopDay >= 0),
      (row) => row.stopSpend,
    ),
    loserDays: medianDays(losers),
    middleSpend: mean(middle, (row) => row.spend),
    middleStopped: share(middle, (row) => row.stopDay >= 0),
    middleDays: medianDays(middle),
    wasted:
      sum(
        rows.filter((row) => row.whole < 1),
        (row) => row.spend - row.expected,
      ) / best,
    lost: sum(wholeGood, (row) => row.plannedExpected - row.planned - (row.expected - row.spend)) / best,
    capture: sum(rows, (row) => profit(row)) / best,
    captureSe: bootstrap(
      rows,
      (row) => profit(row),
      (row) => row.oracle,
    ),
    captureWithMargin: sum(rows, (row) => profit(row, MARGIN)) / sum(rows, (row) => row.oracleWithMargin),
    changesPerAdDay: sum(rows, (row) => row.changes) / adDays,
    bigChangesPerAdDay: sum(rows, (row) => row.bigChanges) / adDays,
    flipsPerAdDay: sum(rows, (row) => row.flips) / adDays,
    pausedInOutage: sum(rows, (row) => (row.inOutage ? 1 : 0)),
  };
}

function calibrationOf(rows: readonly AdRow[]): Partial<Score> {
  const of = (kind: AdRow['kind'], fast: boolean): readonly AdRow[] =>
    rows.filter((row) => row.kind === kind && row.fast === fast);
  const [oneFast, oneSlow] = [of('at1', true), of('at1', false)];
  if (oneFast.length + oneSlow.length === 0) return {};
  const paused = (ads: readonly AdRow[]): number => share(ads, (row) => row.paused);
  const figures: [keyof Score, readonly AdRow[], (ads: readonly AdRow[]) => number][] = [
    ['atOneFast', oneFast, paused],
    ['atOneSlow', oneSlow, paused],
    ['atOneFastSe', oneFast, (ads) => standardError(paused(ads), ads.length)],
    ['atOneSlowSe', oneSlow, (ads) => standardError(paused(ads), ads.length)],
    ['at125Fast', of('at125', true), paused],
    ['at125Slow', of('at125', false), paused],
  ];
  // A delay that no account of the run has is no figure, not 0.
  return Object.fromEntries(
    figures.flatMap(([name, ads, figure]) => (ads.length === 0 ? [] : [[name, figure(ads)]])),
  );
}

const mean = (rows: readonly AdRow[], of: (row: AdRow) => number): number =>
  rows.length === 0 ? 0 : sum(rows, of) / rows.length;

/** Median day on which they were stopped, those never stopped counted as later than all; null when that is the middle one. */
function medianDays(rows: readonly AdRow[]): number | null {
  const days = rows.map((row) => (row.stopDay < 0 ? Infinity : row.stopDay)).toSorted((a, b) => a - b);
  const middle = days[Math.floor(days.length / 2)] ?? Infinity;
  return Number.isFinite(middle) ? middle : null;
}

/** Standard error of Σ of ÷ Σ by over ads drawn again with replacement, 200 times from a fixed seed. */
export function bootstrap(
  rows: readonly AdRow[],
  of: (row: AdRow) => number,
  by: (row: AdRow) => number,
): number {
  const ratios = resampled(rows, of, by, 200);
  if (ratios.length === 0) return 0;
  const centre = ratios.reduce((total, value) => total + value, 0) / ratios.length;
  return Math.sqrt(ratios.reduce((total, value) => total + (value - centre) ** 2, 0) / (ratios.length - 1));
}

function resampled(
  rows: readonly AdRow[],
  of: (row: AdRow) => number,
  by: (row: AdRow) => number,
  times: number,
): number[] {
  const n = rows.length;
  if (n < 2) return [];
  const above = Float64Array.from(rows, of);
  const below = Float64Array.from(rows, by);
  const random = xoroshiro128plus(20_260_907);
  return Array.from({ length: times }, () => {
    let [a, b] = [0, 0];
    for (let i = 0; i < n; i += 1) {
      const at = uniformInt(random, 0, n - 1);
      a += above[at] ?? 0;
      b += below[at] ?? 0;
    }
    return a / b;
  });
}

/** A difference of two policies with its 95 % interval. */
export interface Difference {
  readonly difference: number;
  readonly low: number;
  readonly high: number;
}

/**
 * What one policy captures more than another on the same ads, as a share of the other's best profit: paired by ad, with the
 * middle 95 % of 400 draws of ads with replacement.
 */
export function pairedCapture(own: readonly AdRow[], other: readonly AdRow[]): Difference {
  if (own.length !== other.length) throw new Error('only the same ads can be paired');
  const pairs = other.map((row, i) => ({ ...row, expected: profit(own[i] ?? row) - profit(row) }));
  const ratios = resampled(
    pairs,
    (row) => row.expected,
    (row) => row.oracle,
    400,
  ).toSorted((a, b) => a - b);
  const difference = sum(pairs, (row) => row.expected) / sum(pairs, (row) => row.oracle);
  return { difference, low: ratios[9] ?? difference, high: ratios[390] ?? difference };
}
