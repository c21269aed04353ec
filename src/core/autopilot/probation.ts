import type { Weight } from '../statistics/e-process.ts';
import { probationSpend } from '../statistics/optimal-stopping.ts';

/**
 * Share of its budget that an object keeps when it is worth less than it costs, but may still be a good one: enough that
 * half a month of it starves nobody.
 */
export const CAUTION_LEVEL = 0.45;
/**
 * Chance of being worse than target (delays assumed long) from which on it keeps the trickle alone. Of objects that are
 * sent there one in fourteen is a good one, and late conversions bring half of those back.
 */
export const TRICKLE_CHANCE = 0.93;
/**
 * Share of the horizon over which finding out at full pace must pay. Nobody is stopped for ever here: at 45 % the same facts
 * are in 2.2 times later, so what the full pace buys is knowing a few days sooner.
 */
const PACE_SHARE = 0.2;
/** At least so many targets, where the budget holds them: in fewer nothing is found out at any pace. */
const LEAST_PACE = 6;
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
 * 1965; Berry & Fristedt 1985) over a fifth of the horizon, 45 % beyond it, the trickle once it is hardly a good one any
 * more. The chance decides that, and not the evidence of a pause: it knows the siblings, so that for as many good objects
 * that starve more bad ones are stopped (docs/decisions/0021).
 *
 * @param count effective conversions, @param due the exposure, both in target units.
 * @param worse the chance that it is worse than target, on the lower line of the delay curve.
 * @param plannedTargets planned spend over the horizon, in target units too.
 * @param capped whether a cap per conversion is set: it comes down first, and the budget only where the whole horizon does
 * not pay.
 * @param onProbation whether it runs on less already: the way back begins at nine tenths of the boundary.
 */
export function budgetLevel(input: {
  readonly prior: Weight;
  readonly count: number;
  readonly due: number;
  readonly worse: number;
  readonly plannedTargets: number;
  readonly trickle: number;
  readonly onProbation: boolean;
  readonly capped: boolean;
}): BudgetLevel {
  const { prior, count, due, worse, plannedTargets, trickle, onProbation, capped } = input;
  if (!(plannedTargets > 0) || !(count >= 0)) return { boundary: null, level: 1 };
  const ahead = capped
    ? plannedTargets
    : Math.max(PACE_SHARE * plannedTargets, Math.min(LEAST_PACE, plannedTargets));
  const boundary = probationSpend(count, prior, Math.min(MOST_HORIZON, due + ahead));
  if (!(due >= boundary * (onProbation ? RELEASE : 1)))
    return { boundary: Number.isFinite(boundary) ? boundary : null, level: 1 };
  return { boundary, level: worse < TRICKLE_CHANCE ? Math.max(CAUTION_LEVEL, trickle) : trickle };
}
