import { betaI, lnBeta } from '../statistics/special.ts';

/** Beta(1, 9): a suspicious source has a tenth of its installs there, give or take as much. */
const PRIOR_A = 1;
const PRIOR_B = 9;

/**
 * Evidence that more than a share p₀ of installs lie in some stretch of click-to-install time, from `k` of `n` there. The
 * alternative is p ~ Beta(1, 9) cut to p > p₀:
 *
 *     ln e = ln B(1+k, 9+n−k) + ln(1 − I_p₀(1+k, 9+n−k)) − ln B(1, 9) − ln(1 − I_p₀(1, 9)) − k ln p₀ − (n−k) ln(1−p₀)
 *
 * An e-value: where the share is p₀ or less its mean is at most 1, so it reaches 1/α with a chance of at most α (Markov;
 * Vovk & Wang, E-values, Annals of Statistics 2021).
 *
 * Out: a natural log. −Infinity, no evidence, for counts that cannot be (not whole, negative, k > n) and for a p₀ outside (0, 1).
 */
export function lnShareEvidence(k: number, n: number, p0: number): number {
  if (!isCount(k) || !isCount(n) || k > n || !(p0 > 0 && p0 < 1)) return -Infinity;
  const a = PRIOR_A + k;
  const b = PRIOR_B + n - k;
  const ln =
    lnBeta(a, b) +
    Math.log(upperTail(p0, a, b)) -
    lnBeta(PRIOR_A, PRIOR_B) -
    Math.log(upperTail(p0, PRIOR_A, PRIOR_B)) -
    k * Math.log(p0) -
    (n - k) * Math.log1p(-p0);
  return Number.isNaN(ln) ? -Infinity : ln;
}

/** Exact chance of `k` or more of `n` at a share of `p`: I_p(k, n − k + 1). NaN for counts or shares that cannot be. */
export function binomialTail(k: number, n: number, p: number): number {
  if (!isCount(k) || !isCount(n) || !(p >= 0 && p <= 1)) return NaN;
  if (k === 0) return 1;
  return k > n ? 0 : betaI(p, k, n - k + 1);
}

/** 1 − I_x(a, b) as I_{1−x}(b, a), which keeps its digits near 0. */
const upperTail = (x: number, a: number, b: number): number => betaI(1 - x, b, a);

const isCount = (value: number): boolean => Number.isSafeInteger(value) && value >= 0;
