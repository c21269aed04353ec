import type { LearnedFrom } from '../learned.ts';
import { lnGamma } from './special.ts';

/** Gamma(a, b) for a rate per unit of exposure: worth `a` conversions on `b` of exposure. Mean a / b. */
export interface GammaPrior {
  readonly a: number;
  readonly b: number;
  /** Siblings it was fitted over. */
  readonly siblings: number;
  readonly from: LearnedFrom;
}

/** One ad beside the one judged: conversions (may be fractional) on matured exposure, dollars or clicks. */
export interface Sibling {
  readonly conversions: number;
  readonly exposure: number;
}

export interface FittedGamma {
  readonly a: number;
  readonly b: number;
  /** Marginal log-likelihood at (a, b), without the penalty. */
  readonly lnLikelihood: number;
  /** Siblings with exposure. */
  readonly siblings: number;
}

/** Bounds of the shape: below it siblings would tell nothing, above it they would tell everything. */
const MIN_SHAPE = 0.3;
const MAX_SHAPE = 50;

/** Shape 2 around the target CPA: what stands before siblings have taught anything. Dollars per conversion in, rate per dollar out. */
export const coldPrior = (targetCpa: number): { readonly a: number; readonly b: number } => ({
  a: 2,
  b: 2 * targetCpa,
});

/**
 * Empirical-Bayes fit: each sibling's rate ~ Gamma(a, b), its conversions Poisson (Robbins 1956; DuMouchel 1999).
 * Maximises the marginal likelihood
 *
 *     ℓ(a, b) = Σ [ln Γ(a+N) − ln Γ(a) − ln N! + a ln(b/(b+m)) + N ln(m/(b+m))]
 *
 * less the weak penalty (ln a − ln 2)² / 2 (unless `penalty` is false), a within [0.3, 50]. For each a the best b is the
 * only root of Σ (a+N) b/(b+m) = J a; over ln a a golden-section search.
 *
 * Null when it cannot be told: fewer than `minSiblings` (5) with exposure, or no conversion at all: take the level above.
 * Siblings without positive exposure, or with counts that are negative or no number, are left out.
 */
export function fitGammaPrior(
  siblings: readonly Sibling[],
  options: { readonly penalty?: boolean; readonly minSiblings?: number } = {},
): FittedGamma | null {
  const usable = siblings.filter(isUsable);
  const moments = momentPrior(usable);
  if (usable.length < (options.minSiblings ?? 5) || moments === null) return null;
  const penalty = (a: number): number =>
    ((Math.log(a) - Math.LN2) ** 2 / 2) * (options.penalty === false ? 0 : 1);
  let lnB = Math.log(moments.b);
  const profile = (lnA: number): number => {
    const a = Math.exp(lnA);
    lnB = bestLnRate(usable, a, lnB);
    return lnMarginal(usable, a, Math.exp(lnB)) - penalty(a);
  };
  const a = Math.exp(goldenMaximum(profile, Math.log(MIN_SHAPE), Math.log(MAX_SHAPE)));
  const b = Math.exp(bestLnRate(usable, a, lnB));
  return { a, b, lnLikelihood: lnMarginal(usable, a, b), siblings: usable.length };
}

/** One ad and the rate that is expected of it before its own facts. */
export interface SiblingAround extends Sibling {
  readonly mean: number;
}

/**
 * The shape alone, around rates that are known: how much ads differ beyond what their campaigns do. Each sibling's
 * rate ~ Gamma(a, a/μ), with the penalty and the bounds of {@link fitGammaPrior}.
 */
export function fitShape(siblings: readonly SiblingAround[]): number {
  const profile = (lnA: number): number => {
    const a = Math.exp(lnA);
    const lnGammaA = lnGamma(a);
    let sum = -((lnA - Math.LN2) ** 2) / 2;
    for (const { conversions: n, exposure: m, mean } of siblings) {
      const b = a / mean;
      sum -= a * Math.log1p(m / b);
      if (n > 0) sum += lnGamma(a + n) - lnGammaA - n * Math.log(b + m);
    }
    return sum;
  };
  return Math.exp(goldenMaximum(profile, Math.log(MIN_SHAPE), Math.log(MAX_SHAPE)));
}

/**
 * The same by moments: μ = ΣN/Σm, v = (Σ m (N/m − μ)² − (J−1) μ) / (Σm − Σm²/Σm), a = μ²/v, b = μ/v. Where siblings
 * differ no more than chance would have it (v ≤ 0): a = 50. Null without exposure or conversions.
 */
export function momentPrior(siblings: readonly Sibling[]): { readonly a: number; readonly b: number } | null {
  const usable = siblings.filter(isUsable);
  let [conversions, exposure, squares] = [0, 0, 0];
  for (const sibling of usable) {
    conversions += sibling.conversions;
    exposure += sibling.exposure;
    squares += sibling.exposure ** 2;
  }
  if (!(conversions > 0) || !(exposure > 0)) return null;
  const mean = conversions / exposure;
  let spread = 0;
  for (const s of usable) spread += s.exposure * (s.conversions / s.exposure - mean) ** 2;
  const variance = (spread - (usable.length - 1) * mean) / (exposure - squares / exposure);
  const a = variance > 0 ? Math.min(MAX_SHAPE, mean ** 2 / variance) : MAX_SHAPE;
  return { a, b: a / mean };
}

const isUsable = (s: Sibling): boolean =>
  s.exposure > 0 && s.exposure < Infinity && s.conversions >= 0 && s.conversions < Infinity;

/** ℓ(a, b). */
function lnMarginal(siblings: readonly Sibling[], a: number, b: number): number {
  const lnGammaA = lnGamma(a);
  let sum = 0;
  for (const { conversions: n, exposure: m } of siblings) {
    sum += a * Math.log(b / (b + m));
    if (n > 0) sum += lnGamma(a + n) - lnGammaA - lnGamma(n + 1) + n * Math.log(m / (b + m));
  }
  return sum;
}

/** ln b that maximises ℓ at a: root of J a − Σ (a+N) b/(b+m), falling in ln b, by Newton's steps kept within a bracket. */
function bestLnRate(siblings: readonly Sibling[], a: number, start: number): number {
  let [low, high, lnB] = [-700, 700, start];
  for (let step = 0; step < 200; step += 1) {
    const b = Math.exp(lnB);
    let value = siblings.length * a;
    let slope = 0;
    for (const { conversions, exposure } of siblings) {
      const share = b / (b + exposure);
      value -= (a + conversions) * share;
      slope -= (a + conversions) * share * (1 - share);
    }
    if (value > 0) low = lnB;
    else high = lnB;
    const newton = lnB - value / slope;
    const next = newton > low && newton < high ? newton : (low + high) / 2;
    if (Math.abs(next - lnB) < 1e-13 * Math.max(1, Math.abs(next))) return next;
    lnB = next;
  }
  return lnB;
}

const GOLDEN = (Math.sqrt(5) - 1) / 2;

/** Where a function with one hill is highest between two ends, to 1e-7 of the axis. */
function goldenMaximum(f: (x: number) => number, from: number, to: number): number {
  let [low, high] = [from, to];
  let [left, right] = [high - GOLDEN * (high - low), low + GOLDEN * (high - low)];
  let [atLeft, atRight] = [f(left), f(right)];
  while (high - low > 1e-7) {
    if (atLeft >= atRight) {
      [high, right, atRight] = [right, left, atLeft];
      left = high - GOLDEN * (high - low);
      atLeft = f(left);
    } else {
      [low, left, atLeft] = [left, right, atRight];
      right = low + GOLDEN * (high - low);
      atRight = f(right);
    }
  }
  return (low + high) / 2;
}
