import { quantileSorted } from 'simple-statistics';
import type { OrderValues } from '../learned.ts';
import { DEFAULT_WEIGHT, lnEvidenceAbove, lnEvidenceBelow, type Weight } from './e-process.ts';

/** Fewer orders than this say too little about the size of orders. */
export const FEWEST_ORDERS = 30;
/** So many orders must lie above the cap for the revenue above it to be estimable. */
const ORDERS_ABOVE_CAP = 20;
const HIGHEST_CAP = 0.99;
/** One-sided 90 % point of the normal distribution. */
const Z90 = 1.2816;

/**
 * κ = E V² / E V: the mean value of the order that a random dollar of revenue belongs to. 0 without revenue; negative
 * orders and what is no number are left out.
 */
export function sizeBiasedMean(values: readonly number[]): number {
  const usable = values.filter((value) => value > 0 && value < Infinity);
  const total = sum(usable);
  return total > 0 ? sum(usable.map((value) => value * value)) / total : 0;
}

/**
 * What the ROAS tests need to know about the sizes of an account's orders (net of refunds, major units, each one value): a
 * cap L, κ of the capped values (upper 90 % limit, by the delta method for a ratio of means on the log scale; Cochran 1977,
 * ch. 6), and the share of revenue left under the cap with its lower 90 % limit. L is the 99th percentile, lower where
 * fewer than 20 orders would lie above it.
 *
 * The lower limit takes revenue above the cap to have a Pareto tail, whose mean log excess over L the orders above it tell
 * (Hill 1975): one unseen whale weighs more than a sample's own scatter shows. On log-normal tails it errs to the safe side.
 *
 * Null with fewer than 30 orders of positive value. Orders of zero count as orders; negative ones as zero.
 */
export function orderValues(values: readonly number[]): OrderValues | null {
  const sorted = values.filter((value) => Number.isFinite(value)).map((value) => Math.max(0, value));
  sorted.sort((a, b) => a - b);
  const positive = sorted.slice(sorted.findLastIndex((value) => value === 0) + 1);
  if (positive.length < FEWEST_ORDERS) return null;
  const cap = quantileSorted(
    positive,
    Math.min(HIGHEST_CAP, Math.max(0.5, 1 - ORDERS_ABOVE_CAP / positive.length)),
  );
  const capped = sorted.map((value) => Math.min(value, cap));
  const squares = capped.map((value) => value * value);
  const kappa = ratioOfMeans(squares, capped);
  const revenue = sum(sorted);
  const underCap = sum(capped);
  return {
    orders: sorted.length,
    mean: revenue / sorted.length,
    kappa: kappa.ratio * Math.exp((Z90 * kappa.error) / kappa.ratio),
    cap,
    cappedShare: underCap / revenue,
    cappedShareLow: Math.min(underCap / revenue, underCap / (underCap + revenueAbove(positive, cap))),
  };
}

/** Upper 90 % limit of Σ(V − L)⁺ if orders above L are Pareto: k L h / (1 − h), h the mean of ln(V / L). */
function revenueAbove(values: readonly number[], cap: number): number {
  const excess = values.filter((value) => value > cap).map((value) => Math.log(value / cap));
  const k = excess.length;
  if (k === 0) return 0;
  const h = (sum(excess) / k) * (1 + Z90 / Math.sqrt(k));
  return h < 1 ? (k * cap * h) / (1 - h) : Infinity;
}

const sum = (values: readonly number[]): number => values.reduce((a, b) => a + b, 0);

/** Σy / Σx and its standard error, √(Σ(y − ratio·x)²) / Σx. */
function ratioOfMeans(y: readonly number[], x: readonly number[]): { ratio: number; error: number } {
  const sumX = sum(x);
  const ratio = sum(y) / sumX;
  let squares = 0;
  for (let i = 0; i < x.length; i += 1) squares += ((y[i] ?? 0) - ratio * (x[i] ?? 0)) ** 2;
  return { ratio, error: Math.sqrt(squares) / sumX };
}

type OrderSizes = Pick<OrderValues, 'kappa' | 'cap' | 'cappedShare' | 'cappedShareLow'>;

/**
 * ln of the evidence that ROAS is below target. Orders of value V at rate λ per matured dollar, null λ E V ≥ r: for η > 0
 * exp(−ηR + mλ(1 − E e^−ηV)) is a martingale, and since (1 − e^−ηv)/v is convex, Jensen's inequality under the size-biased
 * law gives 1 − E e^−ηV ≥ (E V/κ)(1 − e^−ηκ). So n = R/κ effective conversions where r m/κ were due make the e-process of
 * `lnEvidenceAbove`, for any order values with that κ: heavy tails make it slow, not wrong. The target is lowered to what
 * the cap leaves of revenue.
 *
 * `revenueCapped` and `matured` in major units, each order at most `orders.cap`. −Infinity where the facts are no numbers.
 */
export function lnRoasBelow(
  facts: { readonly revenueCapped: number; readonly matured: number; readonly target: number },
  orders: OrderSizes,
  weight: Weight = DEFAULT_WEIGHT,
): number {
  const { n, s } = roasBelowUnits(facts, orders);
  return lnEvidenceAbove(n, s, weight);
}

/** Effective conversions n = R/κ and those due on target s = r · share under the cap · m / κ, of the test "ROAS is below target". */
export function roasBelowUnits(
  facts: { readonly revenueCapped: number; readonly matured: number; readonly target: number },
  orders: OrderSizes,
): { readonly n: number; readonly s: number } {
  return {
    n: facts.revenueCapped / orders.kappa,
    s: (facts.target * (orders.cappedShareLow ?? orders.cappedShare) * facts.matured) / orders.kappa,
  };
}

/**
 * ln of the evidence that ROAS is above target. One whale can fake success, so orders are cut off at L and counted in
 * units of L, where the exponential bound needs no more: ln M⁺(R_L / L, r m / L) is an e-process for "ROAS ≤ r", since
 * cutting off only lowers the mean. Units as `lnRoasBelow`.
 */
export function lnRoasAbove(
  facts: { readonly revenueCapped: number; readonly matured: number; readonly target: number },
  orders: Pick<OrderSizes, 'cap'>,
  weight: Weight = DEFAULT_WEIGHT,
): number {
  return lnEvidenceBelow(
    facts.revenueCapped / orders.cap,
    (facts.target * facts.matured) / orders.cap,
    weight,
  );
}
