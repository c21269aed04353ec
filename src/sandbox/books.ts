import { dayOf, hourStart } from '../core/zone.ts';
import type { Delivery } from './market/market.ts';
import { PURPOSE, stream } from './market/random.ts';

const HOUR_MS = 3_600_000;
/** A closed hour is reported this much later. */
export const REPORT_LAG_MS = 15 * 60_000;
/** First reports are off by up to this share until the next morning's correction. */
const RESTATEMENT = 0.02;
const SETTLED_AFTER_DAY_MS = 6 * HOUR_MS;

export interface HourTotals {
  readonly spendMicros: number;
  readonly impressions: number;
  readonly clicks: number;
}

/** Hourly truth by ad, plus scripted corrections. Plain data. */
export interface Books {
  readonly seed: number;
  readonly timeZone: string;
  /** By place of the ad, then by start of the hour. */
  readonly hours: Record<string, Record<string, HourTotals>>;
  readonly corrections: {
    readonly ad: number | null;
    readonly fromMs: number;
    readonly toMs: number;
    readonly factor: number;
  }[];
}

export function emptyBooks(seed: number, timeZone: string): Books {
  return { seed, timeZone, hours: {}, corrections: [] };
}

export function record(books: Books, deliveries: readonly Delivery[]): void {
  for (const delivery of deliveries) {
    const hour = hourStart(delivery.fromMs, books.timeZone);
    const ofAd = (books.hours[delivery.ad] ??= {});
    const old = ofAd[hour];
    ofAd[hour] = {
      spendMicros: (old?.spendMicros ?? 0) + delivery.spendMicros,
      impressions: (old?.impressions ?? 0) + delivery.impressions,
      clicks: (old?.clicks ?? 0) + delivery.clicks,
    };
  }
}

/**
 * What the network tells about one ad's hours in [fromMs, toMs) at `nowMs`: hours that ended at least the lag ago,
 * slightly off until the next morning, with scripted corrections applied.
 */
export function reportedHours(
  books: Books,
  ad: number,
  range: { readonly fromMs: number; readonly toMs: number; readonly nowMs: number },
): readonly (HourTotals & { readonly hourMs: number })[] {
  const rows: (HourTotals & { hourMs: number })[] = [];
  for (const [key, totals] of Object.entries(books.hours[ad] ?? {})) {
    const hourMs = Number(key);
    if (hourMs < range.fromMs || hourMs >= range.toMs) continue;
    if (hourMs + HOUR_MS + REPORT_LAG_MS > range.nowMs) continue;
    const settled = range.nowMs >= dayOf(hourMs, books.timeZone).endMs + SETTLED_AFTER_DAY_MS;
    const noise = 1 + RESTATEMENT * (2 * stream(books.seed, ad, PURPOSE.restate, hourMs / HOUR_MS)() - 1);
    let factor = settled ? 1 : noise;
    for (const correction of books.corrections) {
      const applies =
        (correction.ad === null || correction.ad === ad) &&
        hourMs >= correction.fromMs &&
        hourMs < correction.toMs;
      if (applies) factor *= correction.factor;
    }
    rows.push({
      ...totals,
      hourMs,
      spendMicros: Math.round((totals.spendMicros * factor) / 10_000) * 10_000,
    });
  }
  return rows.sort((a, b) => a.hourMs - b.hourMs);
}
