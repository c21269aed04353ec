import { lnBeta } from './statistics/special.ts';

/** Jeffreys' weight: half a success and half a failure. */
const C = 0.5;
const STEPS = 200;

/**
 * Interval for a rate that holds at all times at once: {r : e(r) < 1/α}, where
 *
 *     e(r) = B(c + k, c + n − k) / B(c, c) ÷ (r^k (1 − r)^(n−k)),   c = ½
 *
 * is a martingale with mean 1 under the rate r (beta-binomial mixture, Robbins 1970), so that by Ville's inequality the
 * chance of ever leaving the interval is at most α. Fractional counts, from weights in [0, 1], keep it an e-process:
 * x^w is concave.
 *
 * @param k successes, 0 ≤ k ≤ n; @param n trials. Without trials: [0, 1].
 */
export function rateInterval(k: number, n: number, alpha: number): { low: number; high: number } {
  if (!(n > 0)) return { low: 0, high: 1 };
  const constant = lnBeta(C + k, C + n - k) - lnBeta(C, C);
  const most = Math.log(1 / alpha);
  const lnEvidence = (r: number): number => constant - part(k, r) - part(n - k, 1 - r);
  // ln e is convex in r with its minimum at k/n: one bisection on each side.
  const edge = (outside: number): number => {
    if (lnEvidence(outside) < most) return outside;
    let [out, within] = [outside, k / n];
    for (let step = 0; step < STEPS; step += 1) {
      const middle = (out + within) / 2;
      if (lnEvidence(middle) < most) within = middle;
      else out = middle;
    }
    return within;
  };
  return { low: edge(0), high: edge(1) };
}

/** count · ln rate, 0 where the count is 0. */
function part(count: number, rate: number): number {
  return count === 0 ? 0 : count * Math.log(rate);
}
