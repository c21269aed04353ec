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

const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;
const DAY_MS = 24 * HOUR_MS;

/** Own conversions at which a curve weighs as much as its parent's: one that was measured, one that nobody measured. */
const CREDIBLE_CONVERSIONS = 100;
const CREDIBLE_OF_DEFAULT = 25;

/**
 * Ages at which a curve over an attribution window stands: 5, 10, 20, 30, 60 minutes, hours to two days, days to the
 * window, the window itself. Nothing for a window that is not positive.
 */
export function delayAges(windowMs: number): number[] {
  if (!(windowMs > 0) || windowMs === Infinity) return [];
  const ages = [5, 10, 20, 30].map((minutes) => minutes * MINUTE_MS);
  for (let hour = 1; hour <= 48; hour += 1) ages.push(hour * HOUR_MS);
  for (let day = 3; day * DAY_MS < windowMs; day += 1) ages.push(day * DAY_MS);
  return [...ages.filter((age) => age < windowMs), windowMs];
}

/**
 * Share of conversions arrived at an age, on one of the curve's lines: linear between its ages, 0 at age 0 or less, 1 from
 * the attribution window on. NaN for an age that is not a number.
 */
export function arrived(curve: DelayCurve, ageMs: number, line: CurveLine): number {
  if (!(ageMs > 0)) return Number.isNaN(ageMs) ? NaN : 0;
  const ages = curve.agesMs;
  const last = ages.length - 1;
  if (last < 0 || ageMs >= (ages[last] ?? 0)) return 1;
  let low = 0;
  let high = last;
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((ages[middle] ?? 0) <= ageMs) low = middle + 1;
    else high = middle;
  }
  return between(ages, curve[line], low, ageMs);
}

/** Value at an age below `ages[index]` and not below the age before it. For callers that walk along a curve. */
export function between(
  ages: ArrayLike<number>,
  values: ArrayLike<number>,
  index: number,
  ageMs: number,
): number {
  const fromAge = index === 0 ? 0 : (ages[index - 1] ?? 0);
  const from = index === 0 ? 0 : (values[index - 1] ?? 0);
  return from + (((values[index] ?? 0) - from) * (ageMs - fromAge)) / ((ages[index] ?? 0) - fromAge);
}

/**
 * F = (n F_own + K F_parent) / (n + K), n the own curve's conversions: the credibility rule, on each of the three lines. K is
 * 100 for a measured parent. A default is a guess about all accounts: K is 25, and the own bounds are kept where they are
 * the more careful ones, else an account slower than the default would be taken for a quicker one for months.
 * The ages of both are kept. Without own conversions the parent.
 */
export function blendCurves(own: DelayCurve, parent: DelayCurve): DelayCurve {
  const n = Math.max(0, own.conversions);
  if (!(n > 0)) return parent;
  const guessed = parent.from === 'default';
  const k = guessed ? CREDIBLE_OF_DEFAULT : CREDIBLE_CONVERSIONS;
  const agesMs = [...new Set([...own.agesMs, ...parent.agesMs])].toSorted((a, b) => a - b);
  const blend = (line: CurveLine, careful?: (a: number, b: number) => number): number[] =>
    agesMs.map((age) => {
      const share = arrived(own, age, line);
      const blended = (n * share + k * arrived(parent, age, line)) / (n + k);
      return guessed && careful !== undefined ? careful(share, blended) : blended;
    });
  return {
    agesMs,
    share: blend('share'),
    lower: blend('lower', Math.min),
    upper: blend('upper', Math.max),
    conversions: n,
    from: own.from,
  };
}
