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

/** The same totals on each line of the delay curve. */
export type MaturedLines = Readonly<Record<CurveLine, MaturedTotals[]>>;

/** What totals are asked for. */
interface Since {
  readonly delivery: Delivery;
  readonly event: string;
  readonly curve: DelayCurve;
  readonly nowMs: number;
  readonly startsMs: readonly number[];
}

/** {@link maturedLines} on one line. */
export function maturedSince(input: Since & { readonly line: CurveLine }): MaturedTotals[] {
  return maturedLines(input)[input.line];
}

/**
 * Totals since each of `startsMs` (ascending) in one pass over the buckets, newest first. A bucket belongs to a start when
 * it begins at or after it, spend and conversions alike. Same order as `startsMs`. An event without conversions counts 0.
 */
export function maturedLines({ delivery, event, curve, nowMs, startsMs }: Since): MaturedLines {
  const facts = delivery.events[event] ?? NO_EVENT;
  const buckets = delivery.fromMs.length;
  const froms = column(0, delivery.fromMs, buckets);
  const spends = column(1, delivery.spend, buckets);
  const visits = column(2, delivery.clicks, buckets);
  const counts = column(3, facts.conversions, buckets);
  const values = column(4, facts.value, buckets);
  const capped = facts.cappedValue === undefined ? values : column(5, facts.cappedValue, buckets);
  const last = curve.agesMs.length;
  const ages = column(6, curve.agesMs, last);
  const [shares, lowers, uppers] = [
    column(7, curve.share, last),
    column(8, curve.lower, last),
    column(9, curve.upper, last),
  ];
  const windowMs = last === 0 ? 0 : (ages[last - 1] ?? 0);

  let [spend, clicks, conversions, value, cappedValue] = [0, 0, 0, 0, 0];
  let [spendShare, spendLower, spendUpper] = [0, 0, 0];
  let [clickShare, clickLower, clickUpper] = [0, 0, 0];
  const found: MaturedLines = { share: [], lower: [], upper: [] };
  const note = (start: number): void => {
    const given = { spend, clicks, conversions, value, cappedValue };
    found.share[start] = { ...given, matured: spendShare, maturedClicks: clickShare };
    found.lower[start] = { ...given, matured: spendLower, maturedClicks: clickLower };
    found.upper[start] = { ...given, matured: spendUpper, maturedClicks: clickUpper };
  };
  let start = startsMs.length - 1;
  let to = delivery.toMs;
  // Ages rise as the pass goes back in time, so the place on the curve only moves forward.
  let place = 0;
  for (let i = buckets - 1; i >= -1; i -= 1) {
    const from = i < 0 ? -Infinity : (froms[i] ?? 0);
    while (start >= 0 && (startsMs[start] ?? 0) > from) {
      note(start);
      start -= 1;
    }
    if (i < 0 || start < 0) break;
    const cost = spends[i] ?? 0;
    const clicked = visits[i] ?? 0;
    const age = nowMs - (from + to) / 2;
    let [share, lower, upper] = [1, 1, 1];
    if (age <= 0) share = lower = upper = 0;
    else if (age < windowMs) {
      while ((ages[place] ?? 0) <= age) place += 1;
      share = between(ages, shares, place, age);
      lower = between(ages, lowers, place, age);
      upper = between(ages, uppers, place, age);
    }
    spend += cost;
    spendShare += cost * share;
    spendLower += cost * lower;
    spendUpper += cost * upper;
    clicks += clicked;
    clickShare += clicked * share;
    clickLower += clicked * lower;
    clickUpper += clicked * upper;
    conversions += counts[i] ?? 0;
    value += values[i] ?? 0;
    cappedValue += capped[i] ?? 0;
    to = from;
  }
  return found;
}

/** Ten columns that a pass reads from, grown as needed. A pass never outlives its call, so one set serves all. */
const scratch: Float64Array[] = [];

/**
 * A column as doubles. Columns come from databases, JSON and simulations, as whole numbers or not, with holes or not:
 * engines read each kind by other code, and a loop that meets them all is ten times slower than one over doubles.
 * What is missing counts 0.
 */
function column(no: number, from: readonly number[], length: number): Float64Array {
  let into = scratch[no];
  if (into === undefined || into.length < length)
    scratch[no] = into = new Float64Array(Math.max(256, 2 * length));
  if (from.length === length) into.set(from);
  else {
    into.fill(0, 0, length);
    into.set(from.slice(0, length));
  }
  return into;
}
