import { median, medianAbsoluteDeviation } from 'simple-statistics';

/** Scales a median absolute deviation to a standard deviation (normal distribution). */
const MAD_TO_SD = 1.4826;
/** History that hardly varies still allows for this share of its median. */
const LEAST_SPREAD = 0.05;
export const SPEND_ALARM = 5;
/** Spend above so many times the planned share of the day runs away. */
export const RUNAWAY = 1.5;

/**
 * How far a figure is from usual, in robust standard deviations: (x − median) / (1.4826 MAD), the spread at least 5 % of
 * the median (Hampel 1974). 0 without a usual figure, or when x is no number.
 */
export function robustZ(x: number, usual: { readonly median: number; readonly mad: number }): number {
  const spread = Math.max(MAD_TO_SD * usual.mad, LEAST_SPREAD * Math.abs(usual.median));
  const z = (x - usual.median) / spread;
  return Number.isNaN(z) ? 0 : z;
}

/**
 * Whether spend of an hour is far above the same hour of earlier weeks (alarm at 5), or above 1.5 times what was planned to
 * be spent by now. `sameHour`: spend of the same hour of the week, at least 4 values, else it is not asked. `planned`:
 * planned share of the day so far; left out or not positive: not asked. Major units, all of them. `usual` is the median of
 * `sameHour`, null with fewer than 4.
 */
export function spendAnomaly(input: {
  readonly spend: number;
  readonly sameHour: readonly number[];
  readonly spentToday?: number;
  readonly planned?: number;
}): {
  readonly usual: number | null;
  readonly z: number | null;
  readonly unusual: boolean;
  readonly runaway: boolean;
} {
  const known = input.sameHour.filter((value) => Number.isFinite(value));
  const usual = known.length < 4 ? null : median(known);
  const z =
    usual === null ? null : robustZ(input.spend, { median: usual, mad: medianAbsoluteDeviation(known) });
  const { planned = 0, spentToday = 0 } = input;
  return {
    usual,
    z,
    unusual: z !== null && z >= SPEND_ALARM,
    runaway: planned > 0 && spentToday > RUNAWAY * planned,
  };
}
