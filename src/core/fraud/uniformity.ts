import { gammaQ } from '../statistics/special.ts';

/** How far counts are from being spread evenly. */
export interface Uniformity {
  /** G = 2 Σ O ln(O / E). */
  readonly g: number;
  /** Chance of a G this large where all bins are equally likely; 1 with fewer than two bins or nothing in them. */
  readonly p: number;
  readonly total: number;
}

/**
 * G test of uniformity over bins of equal width (Sokal & Rohlf, Biometry; Wilks 1938): G = 2 Σ O ln(O / E), E = total / bins,
 * against χ² with bins − 1 degrees of freedom, whose upper tail is Q(df / 2, G / 2).
 *
 * A small p says "not flat". A large p says "flat" only where there was enough to see a slope by: ask `total`.
 * Counts that are negative or no number count as 0.
 */
export function uniformity(counts: readonly number[]): Uniformity {
  const clean = counts.map((count) => (count > 0 && count <= Number.MAX_SAFE_INTEGER ? count : 0));
  const total = clean.reduce((sum, count) => sum + count, 0);
  if (clean.length < 2 || total === 0) return { g: 0, p: 1, total };
  const expected = total / clean.length;
  let sum = 0;
  for (const count of clean) if (count > 0) sum += count * Math.log(count / expected);
  const g = Math.max(0, 2 * sum);
  return { g, p: gammaQ((clean.length - 1) / 2, g / 2), total };
}
