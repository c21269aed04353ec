import type { Learned } from '../learned.ts';
import { trialWorth } from '../rules/worth.ts';
import { DEFAULT_WEIGHT, type Weight } from '../statistics/e-process.ts';
import type { MaturedTotals } from '../statistics/exposure.ts';
import type { PilotTarget } from './compiled.ts';

/**
 * How facts of one event become what the tests count. A CPA target counts conversions. A ROAS target counts revenue in
 * units of κ, the size-biased mean order, with orders capped and the target lowered by what the cap takes away: then
 * the same test holds for order values of any shape. Both are divided by the over-dispersion φ.
 */
export interface Units {
  readonly counts: 'conversions' | 'cappedValue';
  /** Effective conversions per counted unit. */
  readonly perCount: number;
  /** Effective conversions due per major unit of matured spend. */
  readonly perSpend: number;
  /** Share of what is due that the test against an object asks for: less than 1 where order values leave doubt. */
  readonly testShare: number;
  /** What one conversion may cost, major units. */
  readonly perConversion: number;
  /** The prior in target units; the cold-start weight while none is learned. */
  readonly prior: Weight;
}

/**
 * The units of an event under a target.
 *
 * @returns null where a ROAS target meets an event whose order values are not learned yet: nothing can be judged.
 */
export function unitsOf(target: PilotTarget, learned: Learned): Units | null {
  const phi = Number.isFinite(learned.dispersion) ? Math.max(1, learned.dispersion) : 1;
  if (target.kind === 'cpa') return countUnits(target.cpa, phi, learned);
  const { orders } = learned;
  const trial = trialWorth(learned);
  // A trial is worth what its payment will be: the ROAS target becomes a CPA target on trials, which react in days.
  if (trial !== null) return countUnits(trial / target.roas, phi, learned);
  if (orders === null || !(orders.kappa > 0) || !(orders.mean > 0)) return null;
  const perConversion = orders.mean / target.roas;
  return {
    counts: 'cappedValue',
    perCount: 1 / (orders.kappa * phi),
    perSpend: (target.roas * orders.cappedShare) / (orders.kappa * phi),
    testShare: Math.min(1, (orders.cappedShareLow ?? orders.cappedShare) / orders.cappedShare),
    perConversion,
    prior: weightOf(learned, perConversion),
  };
}

function countUnits(perConversion: number, phi: number, learned: Learned): Units {
  return {
    counts: 'conversions',
    perCount: 1 / phi,
    perSpend: 1 / (perConversion * phi),
    testShare: 1,
    perConversion,
    prior: weightOf(learned, perConversion),
  };
}

/** A prior in conversions per major unit becomes one in θ = what a conversion may cost ÷ what it costs. */
function weightOf({ prior }: Learned, perConversion: number): Weight {
  if (prior === null) return DEFAULT_WEIGHT;
  const weight = { a: prior.a, b: prior.b / perConversion };
  return weight.a > 0 && weight.b > 0 && Number.isFinite(weight.a) && Number.isFinite(weight.b)
    ? weight
    : DEFAULT_WEIGHT;
}

/** Effective conversions of some totals. Revenue that refunds have made negative counts as none. */
export function countOf(units: Units, totals: MaturedTotals): number {
  return Math.max(0, totals[units.counts]) * units.perCount;
}

/** Exposure of some totals in target units. */
export function dueOf(units: Units, totals: MaturedTotals): number {
  return Math.max(0, totals.matured) * units.perSpend;
}
