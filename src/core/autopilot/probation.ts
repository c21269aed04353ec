import type { Weight } from '../statistics/e-process.ts';
import { probationSpend } from '../statistics/optimal-stopping.ts';

/** Share of its budget that an object keeps when it is worth less than it costs, but little speaks against it. */
export const CAUTION_LEVEL = 1 / 3;
/**
 * ln of the evidence from which on it keeps the trickle alone: 1.5 : 1. Under it, on the way to 5 : 1 or 20 : 1,
 * two good ads in three that crossed the boundary by bad luck recover in time; above it hardly one does.
 */
export const TRICKLE_EVIDENCE = 0.4;
/**
 * Probation ends once the exposure lies under this share of the boundary: what was crossed by a cent must not give a whole
 * budget back an hour later, only because the delay curve has been learned anew.
 */
const RELEASE = 0.9;
/** The longest horizon that a table is made for, in targets: beyond it the boundary hardly moves. */
const MOST_HORIZON = 600;

/** How much of its budget the numbers give an object. */
export interface BudgetLevel {
  /** Exposure at which probation begins with this count of conversions; null when the horizon holds none. */
  readonly boundary: number | null;
  /** 1, or the share it keeps on probation. */
  readonly level: number;
}

/**
 * The share of its budget that an object is worth: all of it before the optimal-stopping boundary s*(n) (Chernoff & Ray
 * 1965; Berry & Fristedt 1985), a third beyond it, the trickle once evidence speaks against it too. Stopping at once
 * would be best for profit if it were for ever; a third keeps late conversions and luck coming, at a price that the
 * trickle of the proven losers pays back (docs/decisions/0021).
 *
 * @param count effective conversions, @param due the exposure, both in target units.
 * @param horizonTargets planned spend over the horizon, in the same units.
 * @param onProbation whether it runs on less already: the way back begins at nine tenths of the boundary.
 */
export function budgetLevel(input: {
  readonly prior: Weight;
  readonly count: number;
  readonly due: number;
  readonly lnEvidence: number;
  readonly horizonTargets: number;
  readonly trickle: number;
  readonly onProbation: boolean;
}): BudgetLevel {
  const { prior, count, due, lnEvidence, horizonTargets, trickle, onProbation } = input;
  if (!(horizonTargets > 0) || !(count >= 0)) return { boundary: null, level: 1 };
  const boundary = probationSpend(count, prior, Math.min(MOST_HORIZON, horizonTargets));
  if (!(due >= boundary * (onProbation ? RELEASE : 1)))
    return { boundary: Number.isFinite(boundary) ? boundary : null, level: 1 };
  return { boundary, level: lnEvidence < TRICKLE_EVIDENCE ? Math.max(CAUTION_LEVEL, trickle) : trickle };
}
