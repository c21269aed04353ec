import type { LearnedFrom } from '../learned.ts';
import { arrived, type DelayCurve } from './delay-curve.ts';

/** Clicks of one stretch of time and the conversions seen of them. */
export interface DelayCohort {
  /** Age of its youngest click: what could have been seen of all of them. */
  readonly ageMs: number;
  /** How much it counts, 0 to 1: recent ones more, since delays drift (`recencyWeight`). Left out: 1. */
  readonly weight?: number;
  /** Conversions by delay: `counts[k]` came later than `agesMs[k − 1]` and not later than `agesMs[k]`. */
  readonly counts: readonly number[];
}

/**
 * Conversions' worth of the parent's hazard in each bin: it carries bins that own cohorts are too young to show. Of a curve
 * that nobody measured hardly any: an account's delays may be anything.
 */
const PARENT_CONVERSIONS = 20;
const DEFAULT_CONVERSIONS = 2;
/** One-sided 90 % point of the normal distribution. */
const Z90 = 1.2816;
const TAIL = 0.1;

/**
 * Delay distribution by reverse hazard. Only clicks that converted are seen, and each only with a delay below its age, so
 * later delays are seen of fewer cohorts (right truncation). With n_k = conversions in bin k and N_k = those up to bin k,
 * both from cohorts old enough to show bin k whole,
 *
 *     g_k = n_k / N_k,   F(age_d) = Π_{k > d} (1 − g_k),   Var(ln F) ≈ Σ_{k > d} g_k / ((1 − g_k) N_k)
 *
 * bounds F · exp(±1.2816 se), one-sided 90 %. Lagakos, Barraj & De Gruttola 1988; Kalbfleisch & Lawless 1989; in claims
 * reserving the chain ladder (Mack 1993). Weighted cohorts enter the variance by their effective number (Kish 1965).
 *
 * With `parent`, each bin's hazard is shrunk to the parent's by 20 conversions' worth (2 where the parent is a default): a bin
 * that no own cohort is old enough to show is then the parent's. Without it such a bin counts as empty. `agesMs` ascending, the last one the
 * attribution window; cohorts without an age, with negative counts or a count that is not a number are left out of the bin.
 */
export function fitDelayCurve(input: {
  readonly agesMs: readonly number[];
  readonly cohorts: readonly DelayCohort[];
  readonly from: LearnedFrom;
  readonly parent?: DelayCurve;
}): DelayCurve {
  const { agesMs, parent } = input;
  const extra = parentWorth(parent);
  const bins = agesMs.map(() => ({ seen: 0, upTo: 0, upToSquares: 0 }));
  let conversions = 0;
  for (const cohort of input.cohorts) conversions += addCohort(bins, agesMs, cohort);

  const share = agesMs.map(() => 1);
  const lower = agesMs.map(() => 1);
  const upper = agesMs.map(() => 1);
  let [logVariance, ceiling] = [0, 1];
  for (let k = agesMs.length - 1; k > 0; k -= 1) {
    const bin = bins[k] ?? { seen: 0, upTo: 0, upToSquares: 0 };
    const parentHazard = parent === undefined ? 0 : hazardOf(parent, agesMs[k - 1] ?? 0, agesMs[k] ?? 0);

    const hazard = bin.upTo + extra > 0 ? (bin.seen + extra * parentHazard) / (bin.upTo + extra) : 0;
    const effective = extra + (bin.upToSquares > 0 ? bin.upTo ** 2 / bin.upToSquares : 0);
    const next = (share[k] ?? 1) * (1 - hazard);
    if (next > 0) {
      if (effective > 0) logVariance += hazard / ((1 - hazard) * effective);
      ceiling = Math.min(1, next * Math.exp(Z90 * Math.sqrt(logVariance)));
    } else if ((share[k] ?? 1) > 0) {
      // Everything seen fell into this bin: nothing arrived earlier, which n conversions prove up to 1 − 0.1^(1/n).
      ceiling = (upper[k] ?? 1) * (1 - TAIL ** (1 / effective));
    }
    share[k - 1] = next;
    lower[k - 1] = next > 0 ? next * Math.exp(-Z90 * Math.sqrt(logVariance)) : 0;
    upper[k - 1] = ceiling;
  }
  return { agesMs, share, lower, upper: neverFalling(upper), conversions, from: input.from };
}

/** Weight of a cohort of some age so that recent ones count more: ½ to the number of half-lives. */
export const recencyWeight = (ageMs: number, halfLifeMs: number): number =>
  0.5 ** (Math.max(0, ageMs) / halfLifeMs);

function parentWorth(parent: DelayCurve | undefined): number {
  if (parent === undefined) return 0;
  return parent.from === 'default' ? DEFAULT_CONVERSIONS : PARENT_CONVERSIONS;
}

/** Adds one cohort to the bins it is old enough to show; its conversions (weighted). */
function addCohort(
  bins: { seen: number; upTo: number; upToSquares: number }[],
  agesMs: readonly number[],
  cohort: DelayCohort,
): number {
  const weight = cohort.weight ?? 1;
  if (!(weight > 0)) return 0;
  let upTo = 0;
  for (let k = 0; k < bins.length; k += 1) {
    if (!(cohort.ageMs >= (agesMs[k] ?? Infinity))) break;
    const bin = bins[k];
    const count = cohort.counts[k] ?? 0;
    if (bin === undefined || !(count >= 0)) continue;
    upTo += count;
    bin.seen += weight * count;
    bin.upTo += weight * upTo;
    bin.upToSquares += weight ** 2 * upTo;
  }
  return weight * upTo;
}

/** Share of what has arrived by `toMs` that came after `fromMs`. */
function hazardOf(curve: DelayCurve, fromMs: number, toMs: number): number {
  const by = arrived(curve, toMs, 'share');
  return by > 0 ? 1 - arrived(curve, fromMs, 'share') / by : 0;
}

/** The smallest line above `values` that never falls. */
function neverFalling(values: readonly number[]): number[] {
  let top = 0;
  return values.map((value) => (top = Math.max(top, value)));
}
