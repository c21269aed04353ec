import type { Weight } from './e-process.ts';

/**
 * When to stop feeding an ad for profit's sake: the one-armed bandit with unknown rate. Continuing earns E[θ] − 1 per
 * target spent, and information; stopping earns 0. After n conversions on s targets the belief is Gamma(a + n, b + s);
 * with S targets to be spent in all,
 *
 *     V(n, S) = 0,   p = min(1, ds (a+n)/(b+s)),
 *     V(n, s) = max(0, ((a+n)/(b+s) − 1) ds + p V(n+1, s+ds) + (1−p) V(n, s+ds)),   s*(n) = smallest s with V = 0.
 *
 * Chernoff & Ray 1965; Gittins 1979; Berry & Fristedt 1985.
 */

/** Finest step of the stored tables, in targets, and how many steps a long horizon gets. */
const FINEST_STEP = 0.02;
const MOST_STEPS = 4000;
/** The tables' shapes stand a quarter apart. */
const PER_SHAPE = 4;
/** Ends of the tables: powers of 1.15 between a tenth of a target and two thousand. */
const LN_RATIO = Math.log(1.15);
const SHORTEST_END = 0.1;
const LONGEST_END = 2000;

/**
 * s*(n) for n = 0, 1, … as long as it lies within the horizon: matured spend in targets at which to stop. Computed afresh.
 * Nothing for a horizon or step that is not positive.
 */
export function stoppingBoundary(
  weight: Weight,
  horizonTargets: number,
  step = Math.max(FINEST_STEP, horizonTargets / MOST_STEPS),
): readonly number[] {
  if (!(horizonTargets > 0) || horizonTargets === Infinity || !(step > 0)) return [];
  const end = weight.b + horizonTargets;
  const rates = stoppingRates({ firstShape: weight.a, firstRate: weight.b, end, step });
  const beyond = rates.findIndex((rate) => rate >= end);
  return rates.slice(0, beyond === -1 ? rates.length : beyond).map((rate) => rate - weight.b);
}

/**
 * s*(n) from stored tables, for any n (fractional too): within 0.03 target of the boundary for ends up to
 * 70 targets, within 0.15 up to 200. 0 when the weight alone says stop; at most the horizon. The horizon counts from the test's start: who
 * always looks thirty days ahead passes what was spent plus thirty days. NaN for facts that are none.
 *
 * The problem depends on shape a + n, rate b + s and end b + S alone, so one table per end serves every weight and every
 * n; some fifty tables serve any question. A table is made when first asked for (1 to 100 ms) and kept.
 */
export function probationSpend(n: number, weight: Weight, horizonTargets: number): number {
  const end = weight.b + horizonTargets;
  const shape = weight.a + n;
  if (!(end > 0) || !(shape > 0) || !(weight.b >= 0)) return NaN;
  const place = Math.log(Math.min(LONGEST_END, Math.max(SHORTEST_END, end))) / LN_RATIO;
  const index = Math.floor(place);
  const shorter = stoppingRate(table(index), shape, end);
  const longer = stoppingRate(table(index + 1), shape, end);
  const rate = shorter + (place - index) * (longer - shorter);
  return Math.max(0, Math.min(rate, end) - weight.b);
}

interface Table {
  readonly end: number;
  /** Rate at which to stop at shape (i + 1) / 4. */
  readonly rates: readonly number[];
}

const tables = new Map<number, Table>();

function table(index: number): Table {
  const known = tables.get(index);
  if (known !== undefined) return known;
  const end = Math.exp(index * LN_RATIO);
  const step = Math.max(Math.min(FINEST_STEP, end / 100), end / MOST_STEPS);
  const quarters = Array.from({ length: PER_SHAPE }, (_, i) =>
    stoppingRates({ firstShape: (i + 1) / PER_SHAPE, firstRate: step, end, step }),
  );
  const rates = (quarters[0] ?? []).flatMap((_, n) => quarters.map((quarter) => quarter[n] ?? end));
  const made = { end, rates };
  tables.set(index, made);
  return made;
}

/**
 * The table's rate at a shape, both stretched by the ratio of the ends: near the end the boundary runs into it, and only
 * in proportion do two ends look alike there. Between two shapes linear; below the first in proportion; beyond the last
 * the end.
 */
function stoppingRate(from: Table, shape: number, end: number): number {
  const stretch = end / from.end;
  const place = (shape / stretch) * PER_SHAPE - 1;
  const first = from.rates[0] ?? from.end;
  if (place < 0) return first * (place + 1) * stretch;
  const index = Math.floor(place);
  const low = from.rates[index] ?? from.end;
  return (low + (place - index) * ((from.rates[index + 1] ?? from.end) - low)) * stretch;
}

/**
 * Rate (b + s) at which to stop at shape `firstShape` + n, by the recursion above. Shapes reach so far that the horizon
 * cannot pay for more conversions; there nobody stops, and going on is worth its mean.
 */
function stoppingRates(input: {
  readonly firstShape: number;
  readonly firstRate: number;
  readonly end: number;
  readonly step: number;
}): number[] {
  const { firstShape, firstRate, end, step } = input;
  const shapes = Math.ceil(end + 8 * Math.sqrt(end)) + 8;
  const boundary = Array.from({ length: shapes }, () => end);
  const value = new Float64Array(shapes + 1);
  for (let i = Math.round((end - firstRate) / step) - 1; i >= 0; i -= 1) {
    const rate = firstRate + i * step;
    value[shapes] = Math.max(0, ((firstShape + shapes) / (rate + step) - 1) * (end - rate - step));
    for (let n = 0; n < shapes; n += 1) {
      const mean = (firstShape + n) / rate;
      const chance = Math.min(1, step * mean);
      const worth = (mean - 1) * step + chance * (value[n + 1] ?? 0) + (1 - chance) * (value[n] ?? 0);
      if (worth <= 0) boundary[n] = rate;
      value[n] = Math.max(0, worth);
    }
  }
  return boundary;
}
