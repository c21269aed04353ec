import type { Learned } from '../learned.ts';
import { DEFAULT_WEIGHT, type Weight } from '../statistics/e-process.ts';
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
  const phi = learned.dispersion >= 1 && learned.dispersion <= 3 ? learned.dispersion : 1;
  if (target.kind === 'cpa') return countUnits(target.cpa, phi, learned);
  const { trial, orders } = learned;
  if (trial !== null) {
    // A trial is worth what its payment will be: the ROAS target becomes a CPA target on trials, which react in days.
    const worth = (trial.rate * trial.price) / target.roas;
    return worth > 0 && Number.isFinite(worth) ? countUnits(worth, phi, learned) : null;
  }
  if (orders === null || !(orders.kappa > 0) || !(orders.mean > 0)) return null;
  const perConversion = orders.mean / target.roas;
  return {
    counts: 'cappedValue',
    perCount: 1 / (orders.kappa * phi),
    perSpend: (target.roas * orders.cappedShare) / (orders.kappa * phi),
    perConversion,
    prior: weightOf(learned, perConversion),
  };
}

function countUnits(perConversion: number, phi: number, learned: Learned): Units {
  return {
    counts: 'conversions',
    perCount: 1 / phi,
    perSpend: 1 / (perConversion * phi),
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
