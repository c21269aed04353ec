import { betaI, gammaQ, lnBeta } from './special.ts';

/** Conversions on the exposure they had. */
export interface Rate {
  readonly conversions: number;
  readonly exposure: number;
}

/** ln of a rate ratio, its standard error, and the two-sided p-value of no effect. */
export interface RateRatio {
  readonly lnRatio: number;
  readonly error: number;
  readonly ratio: number;
  readonly p: number;
}

/** Two-sided p-value of a standard normal deviate: erfc(|z|/√2) = Q(½, z²/2). */
const twoSided = (z: number): number => gammaQ(0.5, (z * z) / 2);

/**
 * Effect of a change by difference in differences on log rates, with untouched siblings as control:
 * ln RR = ln(N₁/s₁) − ln(N₀/s₀) − ln(C₁/e₁) + ln(C₀/e₀), variance φ ΣN⁻¹. Matured exposure on both sides; wait until four
 * fifths of it has matured. Where a count is 0, half a conversion is added to all four (Haldane 1956).
 *
 * Null without positive exposure everywhere.
 */
export function differenceInDifferences(input: {
  readonly after: Rate;
  readonly before: Rate;
  readonly controlAfter: Rate;
  readonly controlBefore: Rate;
  readonly dispersion?: number;
}): RateRatio | null {
  const cells = [input.after, input.before, input.controlAfter, input.controlBefore];
  if (!cells.every(({ exposure, conversions }) => exposure > 0 && conversions >= 0)) return null;
  const extra = cells.some(({ conversions }) => conversions === 0) ? 0.5 : 0;
  let [lnRatio, variance] = [0, 0];
  for (const [i, { conversions, exposure }] of cells.entries()) {
    const sign = i === 0 || i === 3 ? 1 : -1;
    lnRatio += sign * Math.log((conversions + extra) / exposure);
    variance += 1 / (conversions + extra);
  }
  const error = Math.sqrt(variance * Math.max(1, input.dispersion ?? 1));
  return { lnRatio, error, ratio: Math.exp(lnRatio), p: twoSided(lnRatio / error) };
}

/**
 * ln of the evidence that two rates differ, at any instant: given n = N₁ + N₀, N₁ is Bin(n, q) with q = s₁/(s₁ + s₀) if they do
 * not; mixed over Beta(c, d), e = B(c + N₁, d + N₀) / B(c, d) / (q^N₁ (1 − q)^N₀) (Robbins 1970; Turner, Ly & Grünwald 2024).
 * The exposures' ratio must stay what it is; 0 (no evidence) where one of them is not positive.
 */
export function lnTwoRates(one: Rate, other: Rate, weight = { c: 5, d: 5 }): number {
  const q = one.exposure / (one.exposure + other.exposure);
  if (!(q > 0 && q < 1)) return 0;
  const [n1, n0] = [Math.max(0, one.conversions), Math.max(0, other.conversions)];
  const { c, d } = weight;
  return lnBeta(c + n1, d + n0) - lnBeta(c, d) - n1 * Math.log(q) - n0 * Math.log1p(-q);
}

/** The same looked at once only: two-sided p-value of N₁ of n under Bin(n, q), twice the smaller tail. */
export function twoRatesOnce(one: Rate, other: Rate): number {
  const q = one.exposure / (one.exposure + other.exposure);
  if (!(q > 0 && q < 1)) return 1;
  const [n1, n0] = [one.conversions, other.conversions];
  const below = n0 > 0 ? betaI(1 - q, n0, n1 + 1) : 1;
  const above = n1 > 0 ? betaI(q, n1, n0 + 1) : 1;
  return Math.min(1, 2 * Math.min(below, above));
}

/** Outcomes corrected by what was known before: see `cuped`. */
export interface Adjusted {
  readonly beta: number;
  /** ρ²: the share of the variance that is gone. */
  readonly explained: number;
  readonly values: readonly number[];
  readonly varianceBefore: number;
  readonly varianceAfter: number;
}

/**
 * CUPED (Deng, Xu, Kohavi & Walker 2013): y − β(x − x̄) with β = cov(x, y)/var(x), variance × (1 − ρ²). x: the same measure in
 * an equal period before the change was drawn, as matured conversions. Null with fewer than three pairs; where x does not
 * vary nothing is corrected.
 */
export function cuped(x: readonly number[], y: readonly number[]): Adjusted | null {
  const n = Math.min(x.length, y.length);
  if (n < 3) return null;
  const mean = (values: readonly number[]): number => values.slice(0, n).reduce((a, b) => a + b, 0) / n;
  const [meanX, meanY] = [mean(x), mean(y)];
  let [xx, xy, yy] = [0, 0, 0];
  for (let i = 0; i < n; i += 1) {
    const [dx, dy] = [(x[i] ?? 0) - meanX, (y[i] ?? 0) - meanY];
    xx += dx * dx;
    xy += dx * dy;
    yy += dy * dy;
  }
  const beta = xx > 0 ? xy / xx : 0;
  const explained = xx > 0 && yy > 0 ? (xy * xy) / (xx * yy) : 0;
  const varianceBefore = yy / (n - 1);
  return {
    beta,
    explained,
    values: y.slice(0, n).map((value, i) => value - beta * ((x[i] ?? 0) - meanX)),
    varianceBefore,
    varianceAfter: varianceBefore * (1 - explained),
  };
}

/**
 * Half-width of an asymptotic confidence sequence for a running mean of t paired differences with standard deviation σ̂:
 * σ̂ √(2(tρ² + 1)/(t²ρ²) · ln(√(tρ² + 1)/α)), narrowest near t = some ten over ρ² (Waudby-Smith, Arbour, Sinha, Kennedy &
 * Ramdas 2024). Infinity at t = 0.
 */
export function sequenceHalfWidth(input: {
  readonly t: number;
  readonly sd: number;
  readonly rho: number;
  readonly alpha: number;
}): number {
  const { t, sd, rho, alpha } = input;
  if (!(t > 0)) return Infinity;
  const scale = t * rho * rho + 1;
  return sd * Math.sqrt(((2 * scale) / (t * t * rho * rho)) * Math.log(Math.sqrt(scale) / alpha));
}

/**
 * ln of the normal mixture SPRT for a mean: √(V/(V + nτ²)) exp(n²τ²(x̄ − θ₀)² / (2V(V + nτ²))), V the variance of one
 * observation, τ the size of effects worth finding (Johari, Koomen, Pekelis & Walsh 2022).
 */
export function lnMixtureSprt(input: {
  readonly n: number;
  readonly variance: number;
  readonly tau: number;
  readonly mean: number;
  readonly null?: number;
}): number {
  const { n, variance, tau, mean } = input;
  const spread = variance + n * tau * tau;
  const off = mean - (input.null ?? 0);
  return 0.5 * Math.log(variance / spread) + (n * n * tau * tau * off * off) / (2 * variance * spread);
}
