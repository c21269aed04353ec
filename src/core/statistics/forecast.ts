import {
  type NegativeBinomial,
  negativeBinomialCdf,
  negativeBinomialPmf,
  negativeBinomialQuantile,
} from './negative-binomial.ts';

/** Conversions still to come of clicks already paid. */
export interface Forecast {
  readonly mean: number;
  /** Ends of an interval that holds them with 90 %, both counts. */
  readonly low: number;
  readonly high: number;
  /** Pr(exactly k), Pr(at most k) still to come. */
  readonly pmf: (k: number) => number;
  readonly cdf: (k: number) => number;
}

/**
 * Conversions to come of the exposure that has not matured yet, u = Σ c_i (1 − F(age_i)): with the rate's posterior
 * Gamma(a + n, b + m) they are negative binomial with size a + n and probability (b + m) / (b + m + u), mean
 * (a + n) u / (b + m). In claims reserving: Bornhuetter & Ferguson 1972 with credibility (Cape Cod).
 *
 * Exposure in the prior's units. Negative or missing facts count as none. The final CPA to expect is
 * spend / (n + mean), its ends spend / (n + high) and spend / (n + low).
 */
export function forecastConversions(input: {
  readonly prior: { readonly a: number; readonly b: number };
  readonly n: number;
  readonly matured: number;
  readonly immature: number;
}): Forecast {
  const size = input.prior.a + orNothing(input.n);
  const rate = input.prior.b + orNothing(input.matured);
  const immature = orNothing(input.immature);
  const toCome: NegativeBinomial = { size, prob: rate / (rate + immature) };
  return {
    mean: (size * immature) / rate,
    low: negativeBinomialQuantile(toCome, 0.05),
    high: negativeBinomialQuantile(toCome, 0.95),
    pmf: (k) => negativeBinomialPmf(toCome, k),
    cdf: (k) => negativeBinomialCdf(toCome, k),
  };
}

const orNothing = (value: number): number => (value > 0 && value < Infinity ? value : 0);
