/** How far back one looks for clustering, in whole days. */
export const CLUSTERING_DAYS = 28;
/** Fewer conversions of an ad in those days say nothing about how clustered they come. */
const LEAST_CONVERSIONS = 20;

/** Days of one ad: what came, and what its rate over all of them lets one expect. For `dispersion`. */
export interface ScatterDays {
  readonly counts: readonly number[];
  readonly expected: readonly number[];
}

/**
 * The newest 28 days of one ad beside what its own rate over them lets one expect of each.
 *
 * @param counts conversions by day of the click, oldest first.
 * @param matured matured spend of the same days.
 * @returns null of an ad with fewer than twenty conversions in them: it tells nothing.
 */
export function scatterDays(counts: readonly number[], matured: readonly number[]): ScatterDays | null {
  const from = Math.max(0, matured.length - CLUSTERING_DAYS);
  const came = counts.slice(from, matured.length);
  const given = matured.slice(from);
  const total = came.reduce((a, b) => a + b, 0);
  const spend = given.reduce((a, b) => a + b, 0);
  if (total < LEAST_CONVERSIONS || !(spend > 0)) return null;
  return { counts: came, expected: given.map((amount) => (amount * total) / spend) };
}
