import type { Delivery, EventDelivery } from '../delivery.ts';
import { arrived, between, type CurveLine, type DelayCurve } from './delay-curve.ts';

/** What was given since some instant and what came of it. Money in major units. */
export interface MaturedTotals {
  readonly spend: number;
  /** Spend whose conversions should have arrived by now: m = Σ spend_i · F(age_i). */
  readonly matured: number;
  readonly clicks: number;
  /** Σ clicks_i · F(age_i). */
  readonly maturedClicks: number;
  readonly conversions: number;
  /** Revenue, and revenue with each order cut off at the cap (the same while no cap is known). */
  readonly value: number;
  readonly cappedValue: number;
}

/**
 * Matured spend of the buckets that begin at or after `fromMs` and end at or before `toMs` (left out: all):
 * m = Σ spend_i · F(age_i), age = now − middle of the bucket. Comparing conversions with m instead of spend is what makes
 * yesterday's spend comparable with last month's: reporting-delay adjustment of exposure (Lawless 1994).
 * Negative spend (a restatement) is subtracted as it stands. Buckets of the future have matured by 0.
 */
export function maturedSpend(input: {
  readonly delivery: Delivery;
  readonly curve: DelayCurve;
  readonly line: CurveLine;
  readonly nowMs: number;
  readonly fromMs?: number;
  readonly toMs?: number;
}): number {
  const { delivery, curve, line, nowMs, fromMs = -Infinity, toMs = Infinity } = input;
  let matured = 0;
  for (let i = 0; i < delivery.fromMs.length; i += 1) {
    const from = delivery.fromMs[i] ?? 0;
    const to = delivery.fromMs[i + 1] ?? delivery.toMs;
    if (from < fromMs || to > toMs) continue;
    matured += (delivery.spend[i] ?? 0) * arrived(curve, nowMs - (from + to) / 2, line);
  }
  return matured;
}

/**
 * Matured exposure of single clicks, exactly: a click that has converted cannot convert again, so its exposure stops at its
 * conversion, m = Σ c_i F(min(now, converted) − t_i). Spend buckets leave that out, which makes evidence larger by at most
 * exp(N q), q the conversion rate at target.
 */
export function clickExposure(
  clicks: readonly { readonly cost: number; readonly atMs: number; readonly convertedAtMs?: number }[],
  at: { readonly curve: DelayCurve; readonly line: CurveLine; readonly nowMs: number },
): number {
  let matured = 0;
  for (const { cost, atMs, convertedAtMs = Infinity } of clicks) {
    matured += cost * arrived(at.curve, Math.min(at.nowMs, convertedAtMs) - atMs, at.line);
  }
  return matured;
}

/** An event that the object has not had yet. */
const NO_EVENT: EventDelivery = { conversions: [], value: [] };

/**
 * Totals since each of `startsMs` (ascending) in one pass over the buckets, newest first. A bucket belongs to a start when
 * it begins at or after it, spend and conversions alike. Same order as `startsMs`. An event without conversions counts 0.
 */
export function maturedSince(input: {
  readonly delivery: Delivery;
  readonly event: string;
  readonly curve: DelayCurve;
  readonly line: CurveLine;
  readonly nowMs: number;
  readonly startsMs: readonly number[];
}): MaturedTotals[] {
  const { delivery, curve, nowMs, startsMs } = input;
  const { fromMs, spend: spends, clicks: clickCounts } = delivery;
  const facts = delivery.events[input.event] ?? NO_EVENT;
  const { conversions: counts, value: values } = facts;
  const capped = facts.cappedValue ?? values;
  const ages = curve.agesMs;
  const shares = curve[input.line];
  const windowMs = ages[ages.length - 1] ?? 0;

  let [spend, matured, clicks, maturedClicks] = [0, 0, 0, 0];
  let [conversions, value, cappedValue] = [0, 0, 0];
  const totals = Array.from<MaturedTotals>({ length: startsMs.length });
  let start = startsMs.length - 1;
  let to = delivery.toMs;
  // Ages rise as the pass goes back in time, so the place on the curve only moves forward.
  let place = 0;
  for (let i = fromMs.length - 1; i >= -1; i -= 1) {
    const from = i < 0 ? -Infinity : (fromMs[i] ?? 0);
    while (start >= 0 && (startsMs[start] ?? 0) > from) {
      totals[start] = { spend, matured, clicks, maturedClicks, conversions, value, cappedValue };
      start -= 1;
    }
    if (i < 0 || start < 0) break;
    const age = nowMs - (from + to) / 2;
    let share = 1;
    if (age <= 0) share = 0;
    else if (age < windowMs) {
      while ((ages[place] ?? 0) <= age) place += 1;
      share = between(ages, shares, place, age);
    }
    const cost = spends[i] ?? 0;
    const visits = clickCounts[i] ?? 0;
    spend += cost;
    matured += cost * share;
    clicks += visits;
    maturedClicks += visits * share;
    conversions += counts[i] ?? 0;
    value += values[i] ?? 0;
    cappedValue += capped[i] ?? 0;
    to = from;
  }
  return totals;
}
