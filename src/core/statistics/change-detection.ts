/** Conversions of one period, and those its former rate and its matured exposure let one expect. */
export interface Period {
  readonly conversions: number;
  readonly expected: number;
}

/** Drops looked for together: to these shares of the former rate. */
export const DROPS: readonly number[] = [0.4, 0.6, 0.8];

/**
 * ln likelihood ratio of one period for a drop to `ratio` of the former rate: N ln ρ + (1 − ρ) ê (Poisson). Negative or
 * missing facts count as none.
 */
export function lnDrop({ conversions, expected }: Period, ratio: number): number {
  return (conversions > 0 ? conversions : 0) * Math.log(ratio) + (1 - ratio) * (expected > 0 ? expected : 0);
}

/** CUSUM after each period: S ← max(0, S + l), from 0 (Page 1954). Alarm at a height of one's choice, as ln 200. */
export function cusum(periods: readonly Period[], ratio: number): number[] {
  let sum = 0;
  return periods.map((period) => (sum = Math.max(0, sum + lnDrop(period, ratio))));
}

/**
 * ln R of the Shiryaev–Roberts e-detector after each period, R ← (1 + R) e^l from 0, averaged over several drops. An alarm
 * at R ≥ A comes on average no sooner than every A periods while nothing has changed, whatever the dependence between
 * periods (Shin, Ramdas & Rinaldo 2023). In logs: R itself overflows in a long decline.
 */
export function lnEDetector(periods: readonly Period[], ratios: readonly number[] = DROPS): number[] {
  const each = ratios.map(() => -Infinity);
  return periods.map((period) => {
    for (const [i, ratio] of ratios.entries()) {
      each[i] = lnOnePlus(each[i] ?? -Infinity) + lnDrop(period, ratio);
    }
    return lnMean(each);
  });
}

/** Index of the first period at which R reaches A = `averageRun`; null when it never does. */
export function firstAlarm(
  periods: readonly Period[],
  averageRun: number,
  ratios: readonly number[] = DROPS,
): number | null {
  const threshold = Math.log(averageRun);
  const at = lnEDetector(periods, ratios).findIndex((ln) => ln >= threshold);
  return at === -1 ? null : at;
}

/** ln(1 + e^ln). */
const lnOnePlus = (ln: number): number =>
  ln > 0 ? ln + Math.log1p(Math.exp(-ln)) : Math.log1p(Math.exp(ln));

function lnMean(values: readonly number[]): number {
  const top = Math.max(...values);
  if (!(top > -Infinity)) return -Infinity;
  let sum = 0;
  for (const value of values) sum += Math.exp(value - top);
  return top + Math.log(sum / values.length);
}
