import { shrunkRate } from './posterior.ts';

/**
 * The bid per click that is worth its price: in a second-price auction the profit-maximal bid is the click's value
 * (Vickrey 1961), target CPA × shrunk conversions per matured click, (a + N) / (b + clicks). Major units.
 */
export function clickValueBid(input: {
  readonly targetCpa: number;
  readonly clickPrior: { readonly a: number; readonly b: number };
  readonly conversions: number;
  readonly maturedClicks: number;
}): number {
  return input.targetCpa * shrunkRate(input.clickPrior, input.conversions, input.maturedClicks);
}

/** Orders of one ad that weigh as much as the account's mean. */
const CREDIBLE_ORDERS = 30;

/**
 * Mean order value of one ad, its log shrunk to the account's: weight n / (n + k), k = variance within ads over variance
 * between them (Bühlmann 1967), 30 orders where it was not measured. Own values winsorised beforehand. Revenue below half an
 * account's order counts as that much: orders that brought nothing say that the next will bring little, not nothing. The
 * account's mean when the ad has no orders, or a mean that is no number.
 */
export function shrunkMeanValue(
  own: { readonly orders: number; readonly mean: number },
  accountMean: number,
  k = CREDIBLE_ORDERS,
): number {
  if (!(own.orders > 0) || Number.isNaN(own.mean)) return accountMean;
  const weight = own.orders / (own.orders + k);
  const mean = Math.max(own.mean, (0.5 * accountMean) / (own.orders + 0.5));
  return Math.exp(weight * Math.log(mean) + (1 - weight) * Math.log(accountMean));
}

/**
 * New cost cap (target CPA) where the network turns the cap into prices: cap × (T / CPA)^(γ/ε), ε the elasticity of price to
 * the cap (.54 to .79 measured in second-price auctions), γ ≤ ½ the damping. Feed it the shrunk, matured CPA.
 */
export function costCapBid(input: {
  readonly cap: number;
  readonly targetCpa: number;
  readonly shrunkCpa: number;
  readonly elasticity?: number;
  readonly damping?: number;
}): number {
  const { elasticity = 0.7, damping = 0.5 } = input;
  return input.cap * (input.targetCpa / input.shrunkCpa) ** (damping / elasticity);
}

/**
 * The step that is taken toward a wanted bid: none (null) within the dead band, |wanted / from − 1| < deadBand, nor toward
 * what is no positive number; else at most the step up or down, `from` × [1 − step, 1 + step].
 */
export function limitedStep(
  from: number,
  wanted: number,
  limits: { readonly step: number; readonly deadBand: number },
): number | null {
  const ratio = wanted / from;
  if (!(ratio > 0) || ratio === Infinity || !(from > 0)) return null;
  if (Math.abs(ratio - 1) < limits.deadBand) return null;
  return from * Math.min(1 + limits.step, Math.max(1 - limits.step, ratio));
}
