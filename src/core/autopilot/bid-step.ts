import { maturedSince, type MaturedTotals } from '../statistics/exposure.ts';
import type { CompiledAutopilot } from './compiled.ts';
import type { PilotInput } from './judgement.ts';
import type { Units } from './units.ts';

/**
 * Price elasticity of a cap: how far the average cost follows it. Real second-price auctions show .54 to .79 at their
 * most profitable bid; the middle is taken, and the damping makes up for the rest.
 */
const CAP_ELASTICITY = 0.65;
/** Half the way to where the cap should be: what moves twice as far as assumed still does not overshoot. */
const CAP_DAMPING = 0.5;
/** Where a target is a limit, average cost at the most profitable cap lies this far below it (second price, .6 to .7). */
const LIMIT_AVERAGE = 0.65;
/** A cap is moved by at most this much at once: beyond it networks begin their learning phase anew. */
const CAP_STEP = 0.2;
/** Orders of an object that count as much as what its account knows of their size. */
const CREDIBLE_ORDERS = 30;

/** The bid that the numbers ask for. */
export interface BidStep {
  /** Limited to one step; null inside the dead band or where no bid can be computed. */
  readonly toMicros: number | null;
  /** Before the limit. */
  readonly wantedMicros: number;
}

/**
 * The next bid of an object, from what its clicks brought over the weeks that profit is judged by.
 *
 * Paid per click and the target a limit: target × conversions per matured click, shrunk (a second-price bid is best at the
 * value; Vickrey 1961). Otherwise a cap follows cost: cap × (aim ÷ shrunk cost per conversion)^(γ/ε), aim = the target
 * where it is an average. A raise believes the upper line of the delay curve, a cut the lower one: neither moves on what
 * has only not come yet.
 */
export function bidStep(
  pilot: CompiledAutopilot,
  input: PilotInput,
  units: Units,
  sinceMs: number,
  lower: MaturedTotals,
): BidStep | null {
  const bid = input.levers.bidMicros;
  if (bid === null || !(bid > 0)) return null;
  const [upper] = maturedSince({
    delivery: input.delivery,
    event: pilot.event,
    curve: input.learned.curve,
    line: 'upper',
    nowMs: input.nowMs,
    startsMs: [sinceMs],
  });
  if (upper === undefined) return null;
  const careful = wantedBid(pilot, input, units, bid, upper);
  const lenient = wantedBid(pilot, input, units, bid, lower);
  if (careful === null || lenient === null) return null;
  const step = input.bidUnit === 'conversion' ? Math.min(CAP_STEP, pilot.bidStep) : pilot.bidStep;
  if (careful > bid * (1 + pilot.deadBand))
    return { toMicros: Math.min(careful, bid * (1 + step)), wantedMicros: careful };
  if (lenient < bid * (1 - pilot.deadBand))
    return { toMicros: Math.max(lenient, bid * (1 - step)), wantedMicros: lenient };
  return { toMicros: null, wantedMicros: Math.min(Math.max(bid, careful), lenient) };
}

function wantedBid(
  pilot: CompiledAutopilot,
  input: PilotInput,
  units: Units,
  bid: number,
  totals: MaturedTotals,
): number | null {
  const { perConversion } = ownUnits(pilot, input, units, totals);
  if (input.bidUnit === 'click' && pilot.targetIs === 'limit') {
    const prior = clickPrior(input, units, totals);
    if (prior === null) return null;
    const rate = (prior.a + totals.conversions) / (prior.b + totals.maturedClicks);
    return finite(perConversion * rate * 1e6);
  }
  const { prior } = units;
  const count = Math.max(0, totals[units.counts]) * units.perCount;
  const efficiency = (prior.a + count) / (prior.b + Math.max(0, totals.matured) * units.perSpend);
  const aim = pilot.targetIs === 'average' ? 1 : LIMIT_AVERAGE;
  return finite(bid * (aim * efficiency) ** (CAP_DAMPING / CAP_ELASTICITY));
}

/** Conversions per matured click of the siblings; from the prior per unit of spend and the object's CPC while none is learned. */
function clickPrior(
  { learned }: PilotInput,
  { prior, perConversion }: Units,
  totals: MaturedTotals,
): { readonly a: number; readonly b: number } | null {
  if (learned.clickPrior !== null) return learned.clickPrior;
  if (!(totals.clicks > 0) || !(totals.spend > 0)) return null;
  return { a: prior.a, b: (prior.b * perConversion * totals.clicks) / totals.spend };
}

/** What a conversion of this object may cost: with values, its own orders count against the account's. */
function ownUnits(
  pilot: CompiledAutopilot,
  { learned }: PilotInput,
  units: Units,
  totals: MaturedTotals,
): { readonly perConversion: number } {
  const { orders } = learned;
  if (
    pilot.target.kind !== 'roas' ||
    units.counts === 'conversions' ||
    orders === null ||
    !(orders.cappedShare > 0)
  )
    return units;
  const own = totals.cappedValue / orders.cappedShare;
  const worth = (own + CREDIBLE_ORDERS * orders.mean) / (totals.conversions + CREDIBLE_ORDERS);
  return { perConversion: worth / pilot.target.roas };
}

function finite(value: number): number | null {
  return Number.isFinite(value) && value > 0 ? value : null;
}
