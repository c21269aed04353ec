import { betaI, gammaQ, lnGamma } from './special.ts';

/**
 * Counts whose rate is itself uncertain: Poisson with a Gamma(size, ·) rate. Mean size (1 − prob) / prob; prob 1 is 0 for
 * sure. `size` > 0, `prob` in (0, 1].
 */
export interface NegativeBinomial {
  readonly size: number;
  readonly prob: number;
}

/** Pr(count = k) = Γ(k + size) / (Γ(size) k!) · prob^size (1 − prob)^k. */
export function negativeBinomialPmf({ size, prob }: NegativeBinomial, k: number): number {
  if (!(k >= 0) || !Number.isInteger(k)) return 0;
  if (prob >= 1) return k === 0 ? 1 : 0;
  return Math.exp(
    lnGamma(k + size) - lnGamma(size) - lnGamma(k + 1) + size * Math.log(prob) + k * Math.log1p(-prob),
  );
}

/** Pr(count ≤ k) = I_prob(size, ⌊k⌋ + 1). */
export function negativeBinomialCdf({ size, prob }: NegativeBinomial, k: number): number {
  if (!(k >= 0)) return Number.isNaN(k) ? NaN : 0;
  return prob >= 1 || k === Infinity ? 1 : betaI(prob, size, Math.floor(k) + 1);
}

/** Smallest count whose probability of not being exceeded reaches `level`. */
export function negativeBinomialQuantile(distribution: NegativeBinomial, level: number): number {
  let [low, high] = [-1, 1];
  while (negativeBinomialCdf(distribution, high) < level && high < 2 ** 50) [low, high] = [high, high * 2];
  while (high - low > 1) {
    const middle = Math.floor((low + high) / 2);
    if (negativeBinomialCdf(distribution, middle) >= level) high = middle;
    else low = middle;
  }
  return high;
}

/** Pr(count ≤ k) of a count with a mean and a variance of `dispersion` × mean; Poisson at dispersion 1 or less. */
export function dispersedCdf(mean: number, dispersion: number, k: number): number {
  if (!(mean > 0)) return Number.isNaN(mean) ? NaN : 1;
  if (!(k >= 0)) return Number.isNaN(k) ? NaN : 0;
  if (!(dispersion > 1 + 1e-9)) return gammaQ(Math.floor(k) + 1, mean);
  return negativeBinomialCdf({ size: mean / (dispersion - 1), prob: 1 / dispersion }, k);
}
