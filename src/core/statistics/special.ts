import betainc from '@stdlib/math-base-special-betainc';
import betaln from '@stdlib/math-base-special-betaln';
import gammaln from '@stdlib/math-base-special-gammaln';
import { probit } from 'simple-statistics';

/**
 * Gamma and beta functions, in logs where products would underflow. The incomplete gamma functions are our own: the
 * library's are off by up to 1.8 % at shapes above 170 (docs/decisions/0020).
 */

const EPSILON = 2 ** -53;
/** Stands for 0 in a denominator of the continued fraction (modified Lentz). */
const TINY = 1e-300;

/** ln Γ(x), x > 0. */
export const lnGamma = (x: number): number => gammaln(x);

/** ln B(a, b) = ln Γ(a) + ln Γ(b) − ln Γ(a + b); a, b > 0. */
export const lnBeta = (a: number, b: number): number => betaln(a, b);

/** Regularised incomplete beta I_x(a, b) = Pr(Beta(a, b) ≤ x). */
export const betaI = (x: number, a: number, b: number): number => betainc(x, a, b);

/**
 * ln P(k, x), P = Pr(Gamma(k, 1) ≤ x). Exact in the deep tails, where P itself is 0 in a double: −Infinity only at x ≤ 0.
 * NaN for a shape that is not positive and finite, or NaN.
 * P by its power series below k + 1, 1 − Q above (Abramowitz & Stegun 6.5.29, 6.5.31).
 */
export function lnGammaP(shape: number, x: number): number {
  if (!(shape > 0) || shape === Infinity || Number.isNaN(x)) return NaN;
  if (x <= 0) return -Infinity;
  if (x === Infinity) return 0;
  return x < shape + 1 ? lnLowerSeries(shape, x) : lnOneMinus(lnUpperFraction(shape, x));
}

/** ln Q(k, x), Q = 1 − P = Pr(Gamma(k, 1) > x). As `lnGammaP`: −Infinity only at x = Infinity. */
export function lnGammaQ(shape: number, x: number): number {
  if (!(shape > 0) || shape === Infinity || Number.isNaN(x)) return NaN;
  if (x <= 0) return 0;
  if (x === Infinity) return -Infinity;
  return x < shape + 1 ? lnOneMinus(lnLowerSeries(shape, x)) : lnUpperFraction(shape, x);
}

/** P(k, x) = Pr(Gamma(k, 1) ≤ x). */
export const gammaP = (shape: number, x: number): number => Math.exp(lnGammaP(shape, x));

/** Q(k, x) = Pr(Gamma(k, 1) > x). */
export const gammaQ = (shape: number, x: number): number => Math.exp(lnGammaQ(shape, x));

/**
 * x with P(k, x) = p. 0 at p ≤ 0, Infinity at p ≥ 1, NaN for NaN.
 * Newton's steps on ln P (ln Q above the median) over ln x: both are concave, so that a step too far comes back.
 */
export function gammaPInverse(p: number, shape: number): number {
  if (!(shape > 0) || shape === Infinity || Number.isNaN(p)) return NaN;
  if (p <= 0) return 0;
  if (p >= 1) return Infinity;
  const upper = p > 0.5;
  const wanted = upper ? Math.log1p(-p) : Math.log(p);
  let lnX = Math.log(firstGuess(p, shape));
  for (let step = 0; step < 60; step += 1) {
    const x = Math.exp(lnX);
    const lnTail = upper ? lnGammaQ(shape, x) : lnGammaP(shape, x);
    const lnDensity = shape * lnX - x - gammaln(shape);
    const slope = Math.exp(lnDensity - lnTail);
    const move = (upper ? lnTail - wanted : wanted - lnTail) / slope;
    if (!Number.isFinite(move)) break;
    lnX += Math.max(-2, Math.min(2, move));
    if (Math.abs(move) < 1e-13) break;
  }
  return Math.exp(lnX);
}

/** Wilson & Hilferty 1931; below it the first term of the series, P ≈ x^k / Γ(k + 1). */
function firstGuess(p: number, shape: number): number {
  const cube = 1 - 1 / (9 * shape) + probit(p) / (3 * Math.sqrt(shape));
  const guess = shape * cube ** 3;
  if (shape >= 0.5 && guess > 0.1 * shape) return guess;
  return Math.exp((Math.log(p) + gammaln(shape + 1)) / shape);
}

/** P = x^k e^−x / Γ(k + 1) · (1 + x/(k+1) + x²/((k+1)(k+2)) + …). */
function lnLowerSeries(shape: number, x: number): number {
  let term = 1;
  let sum = 1;
  for (let denominator = shape + 1; term > sum * EPSILON; denominator += 1) {
    term *= x / denominator;
    sum += term;
  }
  return shape * Math.log(x) - x - gammaln(shape + 1) + Math.log(sum);
}

/** Q = x^k e^−x / Γ(k) · 1/(x + 1 − k − 1·(1 − k)/(x + 3 − k − …)), by Lentz's method (Thompson & Barnett 1986). */
function lnUpperFraction(shape: number, x: number): number {
  let b = x + 1 - shape;
  let c = 1 / TINY;
  let d = 1 / b;
  let fraction = d;
  for (let i = 1; i < 1_000_000; i += 1) {
    const numerator = i * (shape - i);
    b += 2;
    d = 1 / nonZero(numerator * d + b);
    c = nonZero(b + numerator / c);
    const factor = c * d;
    fraction *= factor;
    if (Math.abs(factor - 1) < 2 * EPSILON) break;
  }
  return shape * Math.log(x) - x - gammaln(shape) + Math.log(fraction);
}

const nonZero = (value: number): number => (Math.abs(value) < TINY ? TINY : value);

/** ln(1 − e^ln) for ln ≤ 0; rounding above 0 counts as 0. */
const lnOneMinus = (ln: number): number => (ln >= 0 ? -Infinity : Math.log(-Math.expm1(ln)));
