const WEEK_MS = 7 * 24 * 3_600_000;

/**
 * Tests that start afresh, so that a long good past does not hide a bad present: E = Σ_j γ_j E_j with γ_j = 6 / (π² j²),
 * the oldest first, those not started yet counting 1. A weighted mean of e-processes is one again (for "good in every
 * period"); Σγ_j = 1.
 *
 * In: natural logs of the evidence of each process since its start, oldest first; `before`: how many started earlier and are
 * no longer followed. Those count 0, and the others keep their numbers: were the oldest one left always the first, a test of
 * years would begin anew each week and err again with it. Out: ln E. None started: 0. NaN counts as no evidence.
 */
export function mixRestarts(ln: readonly number[], before = 0): number {
  let top = 0;
  for (const value of ln) if (value > top) top = value;
  let sum = 0;
  let given = 0;
  for (let j = 1; j <= before; j += 1) given += restartShare(j);
  for (let j = 0; j < ln.length; j += 1) {
    const share = restartShare(before + j + 1);
    given += share;
    const value = ln[j] ?? NaN;
    if (value > -Infinity) sum += share * Math.exp(value - top);
  }
  sum += Math.max(0, 1 - given) * Math.exp(-top);
  return top === Infinity ? Infinity : top + Math.log(sum);
}

/** γ_j = 6 / (π² j²), j from 1: what the j-th restart weighs. */
export const restartShare = (j: number): number => 6 / (Math.PI * Math.PI * j * j);

/**
 * Starts of the weekly tests of an object under test since `sinceMs`: that instant and every 7 × 24 h after it up to now,
 * oldest first. None when the test has not begun. At most the 520 oldest (ten years): the rest would weigh nothing.
 */
export function restartStarts(sinceMs: number, nowMs: number): number[] {
  if (!(nowMs >= sinceMs)) return [];
  const count = Math.min(520, Math.floor((nowMs - sinceMs) / WEEK_MS) + 1);
  return Array.from({ length: count }, (_, j) => sinceMs + j * WEEK_MS);
}
