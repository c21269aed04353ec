import { clickValueBid, costCapBid, limitedStep, shrunkMeanValue } from '../statistics/bids.ts';
import type { MaturedTotals } from '../statistics/exposure.ts';
import type { CompiledAutopilot } from './compiled.ts';
import type { PilotInput } from './judgement.ts';
import { countOf, dueOf, type Units } from './units.ts';

/** Where a target is a limit, average cost at the most profitable cap lies this far below it (second price: .6 to .7). */
const LIMIT_AVERAGE = 0.65;
/** A cap follows what the object's own conversions cost: before this many targets have matured there is nothing to follow. */
const OWN_EXPOSURE = 1;
/** A cap is moved by at most this much at once: beyond it networks begin their learning phase anew. */
const CAP_STEP = 0.2;

/** The bid that the numbers ask for, micros. */
export interface BidStep {
  /** Limited to one step; null inside the dead band. */
  readonly toMicros: number | null;
  /** Before the limit. */
  readonly wantedMicros: number;
}

/**
 * The next bid of an object, from what its clicks brought over the weeks that profit is judged by.
 *
 * Paid per click and the target a limit: the click's value. A bid cap per conversion and the target a limit: what a
 * conversion is worth. Otherwise a cap that follows cost, towards the target where that is an average, below it where it
 * is a limit. A raise of a cap believes the upper line of the delay curve, a cut the lower one: neither moves on what has only
 * not come yet. A click's value is taken on the curve itself: it is looked at anew each day, and a bid that is wrong either
 * way costs as much.
 *
 * @param totals those weeks on each line.
 * @returns null where no bid can be computed.
 */
export function bidStep(
  pilot: CompiledAutopilot,
  input: PilotInput,
  units: Units,
  totals: { readonly lower: MaturedTotals; readonly share: MaturedTotals; readonly upper: MaturedTotals },
): BidStep | null {
  const bid = input.levers.bidMicros;
  if (bid === null || !(bid > 0)) return null;
  const wantedMicros = valuesClicks(pilot, input)
    ? clickBid(pilot, input, units, totals.share)
    : betweenLines(bid, (line) => capBid(pilot, input, units, bid, totals[line]));
  if (wantedMicros === null) return null;
  const step = input.bidUnit === 'conversion' ? Math.min(CAP_STEP, pilot.bidStep) : pilot.bidStep;
  return { toMicros: limitedStep(bid, wantedMicros, { step, deadBand: pilot.deadBand }), wantedMicros };
}

/** Whether what is paid for a click is to be what the click is worth. */
export function valuesClicks(pilot: CompiledAutopilot, { bidUnit }: PilotInput): boolean {
  return bidUnit === 'click' && pilot.targetIs === 'limit';
}

/** Between the bids that the two lines ask for the bid may be right: then it stays. */
function betweenLines(bid: number, wanted: (line: 'lower' | 'upper') => number | null): number | null {
  const [careful, lenient] = [wanted('upper'), wanted('lower')];
  if (careful === null || lenient === null) return null;
  return careful > bid ? careful : Math.min(lenient, bid);
}

function clickBid(
  pilot: CompiledAutopilot,
  input: PilotInput,
  units: Units,
  totals: MaturedTotals,
): number | null {
  // What siblings' clicks are worth says something of this object's; what they cost says nothing of its bid.
  if (dueOf(units, totals) < OWN_EXPOSURE && input.learned.clickPrior === null) return null;
  const prior = clickPrior(input, units, totals);
  if (prior === null) return null;
  return finite(
    1e6 *
      clickValueBid({
        targetCpa: ownLimit(pilot, input, units, totals),
        clickPrior: prior,
        conversions: totals.conversions,
        maturedClicks: totals.maturedClicks,
      }),
  );
}

function capBid(
  pilot: CompiledAutopilot,
  input: PilotInput,
  units: Units,
  bid: number,
  totals: MaturedTotals,
): number | null {
  const due = dueOf(units, totals);
  if (due < OWN_EXPOSURE) return null;
  const { prior, perConversion } = units;
  const shrunkCpa = (perConversion * (prior.b + due)) / (prior.a + countOf(units, totals));
  const isLimit = pilot.targetIs === 'limit';
  if (isLimit && input.levers.bidStrategy === 'bid_cap')
    // The most one conversion may cost in an auction of second prices: what it is worth, unless the network's own estimate
    // of conversions makes them dearer than that.
    return finite(
      shrunkCpa > perConversion
        ? costCapBid({ cap: bid, targetCpa: perConversion, shrunkCpa })
        : 1e6 * perConversion,
    );
  return finite(
    costCapBid({ cap: bid, targetCpa: perConversion * (isLimit ? LIMIT_AVERAGE : 1), shrunkCpa }),
  );
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
function ownLimit(
  pilot: CompiledAutopilot,
  { learned }: PilotInput,
  units: Units,
  totals: MaturedTotals,
): number {
  const { orders } = learned;
  if (pilot.target.kind !== 'roas' || units.counts === 'conversions' || orders === null)
    return units.perConversion;
  const share = orders.cappedShare > 0 ? orders.cappedShare : 1;
  const own = { orders: totals.conversions, mean: totals.cappedValue / share / totals.conversions };
  return shrunkMeanValue(own, orders.mean) / pilot.target.roas;
}

function finite(value: number): number | null {
  return Number.isFinite(value) && value > 0 ? value : null;
}
