/** Two samples compared: the largest gap between their distribution functions, and how likely chance makes one as large. */
export interface KsTest {
  readonly d: number;
  readonly lambda: number;
  readonly p: number;
}

/**
 * Chance of a gap of `d` or more between samples of `n` and `m` from one distribution:
 * p ≈ 2 Σ (−1)^{j−1} e^{−2 j² λ²}, λ = (√n_e + .12 + .11 / √n_e) d, n_e = n m / (n + m) (Stephens 1970).
 * On binned samples d can only be smaller than on the values themselves, so that p errs towards "the same".
 *
 * p is 1 for an empty sample and for a gap that is none; NaN for a `d` that is no number.
 */
export function ksTest(d: number, n: number, m: number): KsTest {
  if (Number.isNaN(d)) return { d, lambda: NaN, p: NaN };
  if (!(n > 0 && m > 0) || d <= 0) return { d, lambda: 0, p: 1 };
  const root = Math.sqrt(1 / (1 / n + 1 / m));
  const lambda = (root + 0.12 + 0.11 / root) * d;
  return { d, lambda, p: kolmogorovTail(lambda) };
}

/** 2 Σ (−1)^{j−1} e^{−2 j² λ²}; below λ = .2 it is 1 to twelve digits, where the series converges slowly. */
function kolmogorovTail(lambda: number): number {
  if (lambda < 0.2) return 1;
  let sum = 0;
  let sign = 1;
  for (let j = 1; j <= 100; j += 1) {
    const term = Math.exp(-2 * j * j * lambda * lambda);
    sum += sign * term;
    if (term < 1e-16 * sum) break;
    sign = -sign;
  }
  return Math.min(1, Math.max(0, 2 * sum));
}

/** Largest gap between the distribution functions of two histograms over the same bins; 0 when one of them is empty. */
export function largestGap(left: readonly number[], right: readonly number[]): number {
  const [n, m] = [total(left), total(right)];
  if (n === 0 || m === 0) return 0;
  let [inLeft, inRight, gap] = [0, 0, 0];
  for (let bin = 0; bin < Math.max(left.length, right.length); bin += 1) {
    inLeft += left[bin] ?? 0;
    inRight += right[bin] ?? 0;
    gap = Math.max(gap, Math.abs(inLeft / n - inRight / m));
  }
  return gap;
}

const total = (counts: readonly number[]): number => counts.reduce((sum, count) => sum + count, 0);
