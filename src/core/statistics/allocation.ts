import { gammaP, gammaPInverse } from './special.ts';

/** Posterior Gamma(a, b) of one arm's rate, on matured exposure. */
export interface Arm {
  readonly a: number;
  readonly b: number;
}

const CELLS = 400;
const OUTSIDE = 1e-7;

/**
 * Thompson sampling without dice: the probability that each arm has the highest rate, which is how often drawing from the
 * posteriors would choose it (Thompson 1933; Chapelle & Li 2011). On a common grid over ln rate,
 * Σ_cells ΔF_j Π_{i ≠ j} F_i(middle). Sums to 1. Delayed conversions are handled by matured exposure in the posteriors
 * (Joulani, György & Szepesvári 2013).
 *
 * Arms that are no gamma distributions get 0; if none is, all get the same.
 */
export function thompsonShares(arms: readonly Arm[]): number[] {
  const proper = arms.map(({ a, b }) => a > 0 && b > 0 && a < Infinity && b < Infinity);
  const usable = arms.filter((_, i) => proper[i]);
  if (usable.length === 0) return arms.map(() => 1 / arms.length);
  const low = Math.log(Math.max(...usable.map(({ a, b }) => gammaPInverse(OUTSIDE, a) / b)));
  const high = Math.log(Math.max(...usable.map(({ a, b }) => gammaPInverse(1 - OUTSIDE, a) / b)));
  const width = (high - low) / CELLS;
  const wins = usable.map(() => 0);
  // Below the grid nobody wins: the arm with the highest lower end is above it.
  let before = usable.map(({ a, b }) => gammaP(a, b * Math.exp(low)));
  for (let cell = 0; cell < CELLS; cell += 1) {
    const middle = usable.map(({ a, b }) => gammaP(a, b * Math.exp(low + (cell + 0.5) * width)));
    const after = usable.map(({ a, b }) => gammaP(a, b * Math.exp(low + (cell + 1) * width)));
    for (const j of usable.keys()) {
      let others = (after[j] ?? 0) - (before[j] ?? 0);
      for (let i = 0; i < usable.length && others > 0; i += 1) if (i !== j) others *= middle[i] ?? 0;
      wins[j] = (wins[j] ?? 0) + others;
    }
    before = after;
  }
  const total = wins.reduce((a, b) => a + b, 0);
  let next = 0;
  return proper.map((is) => (is ? (wins[next++] ?? 0) / total : 0));
}

/**
 * The day's shares of budget: from the present ones toward the wanted ones, each by at most ±20 % of itself, none below
 * 5 % (or an equal share if there are more than 20 arms), scaled to sum to 1.
 */
export function nextShares(
  present: readonly number[],
  wanted: readonly number[],
  limits: { readonly floor?: number; readonly step?: number } = {},
): number[] {
  const floor = Math.min(limits.floor ?? 0.05, 1 / Math.max(1, present.length));
  const step = limits.step ?? 0.2;
  const moved = present.map((share, i) => {
    const target = Math.max(floor, wanted[i] ?? 0);
    return Math.max(floor, Math.min(share * (1 + step), Math.max(share * (1 - step), target)));
  });
  return toSumOne(moved, floor);
}

/** Scales what is above the floor so that all sum to 1. */
function toSumOne(shares: readonly number[], floor: number): number[] {
  const above = shares.reduce((sum, share) => sum + share - floor, 0);
  const free = 1 - floor * shares.length;
  if (!(above > 0)) return shares.map(() => 1 / shares.length);
  return shares.map((share) => floor + ((share - floor) * free) / above);
}
