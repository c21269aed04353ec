import { DEFAULT_WEIGHT, lnEvidenceBoth, type Weight } from './e-process.ts';
import { risingRoot } from './find-root.ts';

/**
 * Interval of cumulative expected conversions after `n` that holds at all times at once with probability 1 − α:
 * {Λ : ln M(n, Λ) < ln(1/α)}. ln M is convex in Λ with its minimum at a + n − b, so each end is one bisection.
 * Robbins 1970; Howard, Ramdas, McAuliffe & Sekhon 2021. For display; actions ask the one-sided evidence.
 *
 * Everything ([0, Infinity]) for an α outside (0, 1) or facts that are no numbers.
 */
export function confidenceSequence(
  n: number,
  alpha: number,
  weight: Weight = DEFAULT_WEIGHT,
): { readonly low: number; readonly high: number } {
  const limit = -Math.log(alpha);
  if (!(limit > 0) || limit === Infinity || !Number.isFinite(lnEvidenceBoth(n, 1, weight))) {
    return { low: 0, high: Infinity };
  }
  const excess = (due: number): number => lnEvidenceBoth(n, due, weight) - limit;
  const centre = Math.max(0, weight.a + Math.max(0, n) - weight.b);
  // A weight far from the facts may rule out everything; its least unlikely value is what is left.
  if (excess(centre) >= 0) return { low: centre, high: centre };
  const low = excess(0) < 0 ? 0 : centre - risingRoot((back) => excess(Math.max(0, centre - back)));
  return { low, high: centre + risingRoot((on) => excess(centre + on)) };
}

/**
 * The same for CPA: matured spend over the ends of the interval. `high` is null where nothing bounds it: so few conversions
 * that none may be to be expected. Spend in major units; `conversions` of clicks in the same time. Zero spend: CPA 0 to
 * null.
 */
export function cpaInterval(input: {
  readonly conversions: number;
  readonly matured: number;
  readonly alpha: number;
  readonly weight?: Weight;
}): { readonly low: number; readonly high: number | null } {
  const { low, high } = confidenceSequence(input.conversions, input.alpha, input.weight);
  const matured = Math.max(0, input.matured);
  return { low: matured / high, high: low > 0 && matured > 0 ? matured / low : null };
}
