import { median } from 'simple-statistics';

/** More clustering than this is drift of the rate, not noise, and belongs to the restarts. */
const LARGEST = 3;

/**
 * How clustered conversions are: the median over ads of Σ_d (N_d − ê_d)² / ê_d / (D − 1) at the ad's days, ê_d what its own
 * rate lets one expect, within [1, 3]. Clusters of up to φ conversions (one buyer, several orders) leave the Poisson tests
 * valid when counts and exposure are both divided by φ. McCullagh & Nelder 1989, 4.5 (Pearson's statistic over its degrees
 * of freedom).
 *
 * Days without a positive expectation, and ads with fewer than two days, are left out; 1 when none are left.
 */
export function dispersion(
  perAd: readonly { readonly counts: readonly number[]; readonly expected: readonly number[] }[],
): number {
  const each: number[] = [];
  for (const { counts, expected } of perAd) {
    let [days, sum] = [0, 0];
    for (let day = 0; day < expected.length; day += 1) {
      const due = expected[day] ?? 0;
      const count = counts[day] ?? NaN;
      if (!(due > 0) || due === Infinity || !(count >= 0)) continue;
      days += 1;
      sum += (count - due) ** 2 / due;
    }
    if (days >= 2) each.push(sum / (days - 1));
  }
  return each.length === 0 ? 1 : Math.max(1, Math.min(LARGEST, median(each)));
}
