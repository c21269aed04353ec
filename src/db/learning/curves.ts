import { sql } from 'kysely';
import {
  type CampaignCohort,
  learnCurves,
  type LearnedCurves,
  roundedCurve,
} from '../../core/learning/curves.ts';
import type { ObjectId } from '../../core/object.ts';
import { type DelayKind, defaultCurve } from '../../core/statistics/default-curves.ts';
import type { DelayCurve } from '../../core/statistics/delay-curve.ts';
import { addDays, dayBounds, dayOf } from '../../core/zone.ts';
import type { Db } from '../connection.ts';
import type { LearnedEvent, LearningAccount } from './account.ts';
import { LONGEST_BIN_MS } from './bins.ts';
import { type DelayCount, loadYoungDelays, youngFrom } from './young-delays.ts';

const MINUTE_MS = 60_000;

/** Six half-lives of what delays teach, and the longest delay that is counted. */
const COHORT_DAYS = 300;
/** What follows an install or trial has no window: where more than this share comes later, the curve is as long as that. */
const BEYOND_WINDOW = 0.01;

export type EventCurves = LearnedCurves<ObjectId>;

/** What stands while nothing is learned of an event. */
export function curveWithoutFacts(event: LearnedEvent): DelayCurve {
  return roundedCurve(defaultCurve(kindOf(event), event.windowMs));
}

/**
 * Fits the delay curves of every event from the counted cohorts, hours of clicks since yesterday and days before: the
 * account's, blended with the engine's default by credibility, and each campaign's, blended with the account's. Clicks before
 * tracking began are left out (their quick conversions were never seen), and so are days in which an outage lay.
 */
export async function fitCurves(db: Db, account: LearningAccount): Promise<ReadonlyMap<string, EventCurves>> {
  const counts = await loadCounts(db, account);
  return new Map(
    account.events.map((event) => [event.name, fitEvent(event, counts.get(event.name) ?? [], account)]),
  );
}

async function loadCounts(db: Db, account: LearningAccount): Promise<ReadonlyMap<string, DelayCount[]>> {
  const today = dayOf(account.nowMs, account.zone).date;
  const { rows } = await sql<Omit<DelayCount, 'endMs'>>`
    select event, campaign_id as "campaignId", day, below_minutes as "belowMinutes", conversions
    from delay_count
    where account_id = ${account.id} and day >= ${addDays(today, -COHORT_DAYS)}::date
      and day < ${youngFrom(account)}::date`.execute(db);
  const ends = new Map<string, number | null>();
  /** Null of a day that teaches nothing. */
  const endOf = (day: string): number | null => {
    let endMs = ends.get(day);
    if (endMs === undefined)
      ends.set(day, (endMs = wasTracked(day, account) ? dayBounds(day, account.zone).endMs : null));
    return endMs;
  };
  const counts = [
    ...rows.flatMap((row) => {
      const endMs = endOf(row.day);
      return endMs === null ? [] : [{ ...row, endMs }];
    }),
    ...(await loadYoungDelays(db, account)).filter((count) => endOf(count.day) !== null),
  ];
  return Map.groupBy(counts, (count) => count.event);
}

function wasTracked(day: string, account: LearningAccount): boolean {
  const { startMs, endMs } = dayBounds(day, account.zone);
  return (
    // Of the day in which tracking began, the clicks since are counted.
    endMs > account.trackingSinceMs &&
    !account.outages.some(({ fromMs, toMs }) => fromMs < endMs && toMs > startMs)
  );
}

function fitEvent(event: LearnedEvent, counts: readonly DelayCount[], account: LearningAccount): EventCurves {
  const base = defaultCurve(kindOf(event), windowOf(event, counts));
  const { agesMs } = base;
  const cohorts: CampaignCohort<ObjectId>[] = [];
  for (const [campaign, ofCampaign] of Map.groupBy(counts, (count) => count.campaignId))
    for (const [endMs, ofClicks] of Map.groupBy(ofCampaign, (count) => count.endMs)) {
      const bins = agesMs.map(() => 0);
      for (const { belowMinutes, conversions } of ofClicks) {
        const bin = binOf(agesMs, belowMinutes * MINUTE_MS);
        bins[bin] = (bins[bin] ?? 0) + conversions;
      }
      cohorts.push({ campaign, ageMs: account.nowMs - endMs, counts: bins });
    }
  return learnCurves(base, cohorts);
}

/** The first age not below a stored bin's upper edge; what is longer than the window is in its last bin. */
function binOf(agesMs: readonly number[], belowMs: number): number {
  let [low, high] = [0, agesMs.length - 1];
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((agesMs[middle] ?? 0) >= belowMs) high = middle;
    else low = middle + 1;
  }
  return low;
}

/** The attribution window, or the age by which 99 % have come where many come later. */
function windowOf(event: LearnedEvent, counts: readonly DelayCount[]): number {
  const total = counts.reduce((sum, count) => sum + count.conversions, 0);
  const later = counts
    .filter((count) => count.belowMinutes * MINUTE_MS > event.windowMs)
    .toSorted((a, b) => b.belowMinutes - a.belowMinutes);
  let beyond = 0;
  for (const { belowMinutes, conversions } of later) {
    beyond += conversions;
    if (beyond > total * BEYOND_WINDOW) return Math.min(belowMinutes * MINUTE_MS, LONGEST_BIN_MS);
  }
  return Math.min(event.windowMs, LONGEST_BIN_MS);
}

function kindOf({ name, types }: LearnedEvent): DelayKind {
  if (types.includes('install') || /install/i.test(name)) return 'install';
  if (/purchase|order|sale|payment|paid|deposit|subscri/i.test(name)) return 'purchase';
  return /lead|sign.?up|regist|form/i.test(name) ? 'lead' : 'other';
}
