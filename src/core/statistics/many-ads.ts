/** γ_t = 6 / (π² t²), t from 1: a budget over an endless stream, Σγ_t = 1. */
const gammaOf = (t: number): number => 6 / (Math.PI * Math.PI * t * t);

/**
 * e-BH over a batch of e-values: with K values sorted downwards, the top k with the largest k for which e_(k) ≥ K / (α k).
 * At most a share α of them is wrong on average, under any dependence (Wang & Ramdas 2022). Current values, not running
 * maxima: on those the promise does not hold.
 *
 * Out: for each value whether it is among them. What is no number never is. None for an α that is not positive.
 */
export function eBH(e: readonly number[], alpha: number): boolean[] {
  const order = e
    .map((_, i) => i)
    .filter((i) => !Number.isNaN(e[i]))
    .toSorted((i, j) => (e[j] ?? 0) - (e[i] ?? 0));
  let largest = 0;
  if (alpha > 0) {
    for (let k = 1; k <= order.length; k += 1) {
      if ((e[order[k - 1] ?? 0] ?? 0) >= e.length / (alpha * k)) largest = k;
    }
  }
  const chosen = new Set(order.slice(0, largest));
  return e.map((_, i) => chosen.has(i));
}

/**
 * e-LOND over a stream: the t-th value is rejected when it reaches 1 / α_t, α_t = α γ_t (rejections before + 1). False
 * discovery rate at most α under any dependence (Xu & Ramdas 2024).
 */
export function eLond(
  e: readonly number[],
  alpha: number,
): { readonly threshold: number; readonly rejected: boolean }[] {
  let rejections = 0;
  return e.map((value, i) => {
    const threshold = 1 / (alpha * gammaOf(i + 1) * (rejections + 1));
    const rejected = value >= threshold;
    if (rejected) rejections += 1;
    return { threshold, rejected };
  });
}

/**
 * Share of pauses that hit a good ad, π₀α / (π₀α + (1 − π₀) power): what the per-ad promise α comes to over many ads, a
 * share π₀ of them good. 0 when nothing is ever paused.
 */
export function wrongPauseShare(goodShare: number, alpha: number, power: number): number {
  const wrong = goodShare * alpha;
  const all = wrong + (1 - goodShare) * power;
  return all > 0 ? wrong / all : 0;
}
