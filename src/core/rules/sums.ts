import type { Evidence } from '../decision.ts';
import type { Delivery } from '../delivery.ts';
import type { Learned } from '../learned.ts';
import type { CurveLine } from '../statistics/delay-curve.ts';
import { maturedSpend } from '../statistics/exposure.ts';
import { readWindow, type WindowBounds, windowBounds } from '../windows.ts';
import { perEvidence } from './memo.ts';
import { distrust } from './metrics.ts';
import { type Missing, RuleFault } from './value.ts';

/** What clicks of one window brought by now, and how much of their cost has had time to bring it. Major units. */
export interface Sums {
  readonly conversions: number;
  readonly spend: number;
  /** Spend × share of conversions arrived by now. */
  readonly matured: number;
  readonly value: number;
  /** Value with each order cut off at the account's cap; the value itself while no cap is learned. */
  readonly capped: number;
}

const remembered = perEvidence<Sums | Missing>();

/** @throws RuleFault when the evidence was loaded without it: never a quiet 0. */
export function deliveryOf(evidence: Evidence): Delivery {
  if (evidence.delivery === undefined) throw new RuleFault('the evidence has no delivery');
  return evidence.delivery;
}

/** What is known about the event. @throws RuleFault when the evidence was loaded without it. */
export function learnedOf(evidence: Evidence, event: string): Learned {
  const learned = evidence.learned?.[event];
  if (learned === undefined) throw new RuleFault(`the evidence has nothing learned about "${event}"`);
  return learned;
}

/** Why revenue of the event must not be added up; null when it may. */
export function unconvertedRevenue(evidence: Evidence, event: string): Missing | null {
  const waiting = deliveryOf(evidence).events[event]?.unconverted ?? 0;
  return waiting > 0 ? { missing: 'data', why: `${waiting} conversions wait for an exchange rate` } : null;
}

/**
 * Sums over the clicks of a window, as far as the object's test reaches back (its creation, the begin of tracking or its
 * last resume): what came before was earned by it as it was then.
 *
 * @param line of the delay curve that says how much has arrived.
 * @returns Missing under the rules of every metric: tracking gaps, silent sources.
 */
export function windowSums(
  evidence: Evidence,
  event: string,
  window: string,
  line: CurveLine,
): Sums | Missing {
  return remembered(evidence, `${window}|${line}|${event}`, () => {
    const bounds = evidence.windows[window]?.bounds ?? boundsOf(window, evidence);
    return distrust(bounds, evidence) ?? sumsBetween(evidence, event, bounds, line);
  });
}

function sumsBetween(evidence: Evidence, event: string, bounds: WindowBounds, line: CurveLine): Sums {
  const delivery = deliveryOf(evidence);
  const { curve } = learnedOf(evidence, event);
  const of = delivery.events[event];
  const capped = of?.cappedValue ?? of?.value;
  const all = { conversions: 0, spend: 0, value: 0, capped: 0 };
  for (let bucket = 0; bucket < delivery.fromMs.length; bucket++) {
    const at = delivery.fromMs[bucket] ?? 0;
    if (at < bounds.fromMs || at >= bounds.toMs) continue;
    all.spend += delivery.spend[bucket] ?? 0;
    all.conversions += of?.conversions[bucket] ?? 0;
    all.value += of?.value[bucket] ?? 0;
    all.capped += capped?.[bucket] ?? 0;
  }
  const matured = maturedSpend({ delivery, curve, line, nowMs: evidence.nowMs, ...bounds });
  mustBeFinite(all.spend + all.conversions + all.value + all.capped + matured);
  return { ...all, matured };
}

/** What is no number is a fault of the facts, never a quiet "no evidence". @param sum of all the figures in question. */
export function mustBeFinite(sum: number): void {
  if (!Number.isFinite(sum))
    throw new RuleFault(`what this object was given or brought is not a number: ${sum}`);
}

/** All objects of a pass share zone and `asOf`: their windows' edges are worked out once. */
const edges = { asOfMs: Number.NaN, zone: '', windows: new Map<string, WindowBounds>() };

function boundsOf(window: string, evidence: Evidence): WindowBounds {
  const zone = evidence.account.timeZone;
  if (edges.asOfMs !== evidence.asOfMs || edges.zone !== zone) {
    edges.windows.clear();
    edges.asOfMs = evidence.asOfMs;
    edges.zone = zone;
  }
  let bounds = edges.windows.get(window);
  if (bounds === undefined) {
    const spec = readWindow(window);
    if ('problem' in spec) throw new RuleFault(spec.problem);
    bounds = windowBounds(spec, evidence.asOfMs, zone);
    edges.windows.set(window, bounds);
  }
  return bounds;
}
