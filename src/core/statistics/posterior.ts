import { gammaP, gammaPInverse } from './special.ts';

/** From low to high, both ends finite unless said otherwise. */
export interface Interval {
  readonly low: number;
  readonly high: number;
}

/** Shape and rate of a gamma distribution; any GammaPrior will do. */
interface Gamma {
  readonly a: number;
  readonly b: number;
}

/**
 * Conversions per unit of matured exposure after `n` conversions on `m`: Gamma(a + n, b + m), the conjugate posterior of a
 * Poisson rate (Gelman et al., Bayesian Data Analysis, ch. 2; as a shrinker of rates DuMouchel 1999). Exposure in the
 * prior's units, here dollars. Negative or missing facts count as none.
 */
function posterior(prior: Gamma, n: number, m: number): Gamma {
  return { a: prior.a + (n > 0 ? n : 0), b: prior.b + (m > 0 ? m : 0) };
}

/** P(CPA > target) = P(a + n, (b + m) / target). 1 for a target of 0 or less; NaN for one that is not a number. */
export function probabilityAbove(prior: Gamma, n: number, m: number, target: number): number {
  if (!(target > 0)) return Number.isNaN(target) ? NaN : 1;
  const { a, b } = posterior(prior, n, m);
  return gammaP(a, b / target);
}

/** Shrunk rate (a + n) / (b + m): conversions per dollar, or per click where clicks are the exposure. */
export function shrunkRate(prior: Gamma, n: number, m: number): number {
  const { a, b } = posterior(prior, n, m);
  return a / b;
}

/** Shrunk CPA (b + m) / (a + n): the reciprocal of the shrunk rate, finite without a single conversion. */
export const shrunkCpa = (prior: Gamma, n: number, m: number): number => 1 / shrunkRate(prior, n, m);

/** Interval of the rate at a level, as 0.9, with equal tails. */
export function shrunkRateInterval(prior: Gamma, n: number, m: number, level: number): Interval {
  const { a, b } = posterior(prior, n, m);
  const tail = (1 - level) / 2;
  return { low: gammaPInverse(tail, a) / b, high: gammaPInverse(1 - tail, a) / b };
}

/** Interval of CPA at a level, with equal tails: (b + m) over the quantiles of Gamma(a + n, 1). */
export function shrunkCpaInterval(prior: Gamma, n: number, m: number, level: number): Interval {
  const { low, high } = shrunkRateInterval(prior, n, m, level);
  return { low: 1 / high, high: 1 / low };
}
