import { sql } from 'kysely';
import type { LearnedFrom } from '../../core/learned.ts';
import type { ObjectId } from '../../core/object.ts';
import { type DelayKind, defaultCurve } from '../../core/statistics/default-curves.ts';
import { blendCurves, type CurveLine, type DelayCurve } from '../../core/statistics/delay-curve.ts';
import { type DelayCohort, fitDelayCurve, recencyWeight } from '../../core/statistics/fit-delay-curve.ts';
import { addDays, dayBounds, dayOf } from '../../core/zone.ts';
import type { Db } from '../connection.ts';
import type { LearnedEvent, LearningAccount } from './account.ts';
import { LONGEST_BIN_MS } from './bins.ts';

const MINUTE_MS = 60_000;
const DAY_MS = 86_400_000;

/** Delays drift: a cohort of this age counts half. */
const HALF_LIFE_MS = 45 * DAY_MS;
/** Four half-lives, and the longest delay that is counted. */
const COHORT_DAYS = 300;
/** Fewer of its own and a campaign is the account, as far as delays go. */
const LEAST_OF_CAMPAIGN = 20;
/** What follows an install or trial has no window: where more than this share comes later, the curve is as long as that. */
const BEYOND_WINDOW = 0.01;

/** Curves of one event: the account's, and those of campaigns with enough of their own. */
export interface EventCurves {
  readonly account: DelayCurve;
  readonly campaigns: ReadonlyMap<ObjectId, DelayCurve>;
}

/** What stands while nothing is learned of an event. */
export function curveWithoutFacts(event: LearnedEvent): DelayCurve {
  return rounded(defaultCurve(kindOf(event), event.windowMs));
}

/**
 * Fits the delay curves of every event from the counted cohorts: the account's, blended with the engine's default by
 * credibility, and each campaign's, blended with the account's. Days of clicks before tracking began are left out (their
 * quick conversions were never seen), and so are days in which an outage lay.
 */
export async function fitCurves(db: Db, account: LearningAccount): Promise<ReadonlyMap<string, EventCurves>> {
  const counts = await loadCounts(db, account);
  return new Map(
    account.events.map((event) => [event.name, fitEvent(event, counts.get(event.name) ?? [], account)]),
  );
}

interface Count {
  readonly campaignId: ObjectId;
  readonly day: string;
  readonly belowMinutes: number;
  readonly conversions: number;
}

async function loadCounts(db: Db, account: LearningAccount): Promise<Map<string, Count[]>> {
  const today = dayOf(account.nowMs, account.zone).date;
  const { rows } = await sql<Count & { event: string }>`
    select event, campaign_id as "campaignId", day, below_minutes as "belowMinutes", conversions
    from delay_count
    where account_id = ${account.id} and day >= ${addDays(today, -COHORT_DAYS)}::date and day < ${today}::date`.execute(
    db,
  );
  const byEvent = new Map<string, Count[]>();
  const isSound = new Map<string, boolean>();
  for (const row of rows) {
    let sound = isSound.get(row.day);
    if (sound === undefined) isSound.set(row.day, (sound = wasTracked(row.day, account)));
    if (!sound) continue;
    const list = byEvent.get(row.event);
    if (list) list.push(row);
    else byEvent.set(row.event, [row]);
  }
  return byEvent;
}

function wasTracked(day: string, account: LearningAccount): boolean {
  const { startMs, endMs } = dayBounds(day, account.zone);
  return (
    // Of the day in which tracking began, the clicks since are counted.
    endMs > account.trackingSinceMs &&
    !account.outages.some(({ fromMs, toMs }) => fromMs < endMs && toMs > startMs)
  );
}

function fitEvent(event: LearnedEvent, counts: readonly Count[], account: LearningAccount): EventCurves {
  const parent = defaultCurve(kindOf(event), windowOf(event, counts));
  const own = fit(counts, parent, 'account', account);
  const whole = own.conversions > 0 ? blendCurves(own, parent) : parent;
  const byCampaign = Map.groupBy(counts, (count) => count.campaignId);
  const campaigns = new Map<ObjectId, DelayCurve>();
  for (const [id, ofCampaign] of byCampaign) {
    if (ofCampaign.reduce((sum, count) => sum + count.conversions, 0) < LEAST_OF_CAMPAIGN) continue;
    const curve = fit(ofCampaign, whole, 'campaign', account);
    if (curve.conversions >= LEAST_OF_CAMPAIGN) campaigns.set(id, rounded(blendCurves(curve, whole)));
  }
  return { account: rounded(whole), campaigns };
}

function fit(
  counts: readonly Count[],
  parent: DelayCurve,
  from: LearnedFrom,
  account: LearningAccount,
): DelayCurve {
  const { agesMs } = parent;
  const cohorts = new Map<string, number[]>();
  for (const { day, belowMinutes, conversions } of counts) {
    let cohort = cohorts.get(day);
    if (!cohort) cohorts.set(day, (cohort = agesMs.map(() => 0)));
    const bin = binOf(agesMs, belowMinutes * MINUTE_MS);
    cohort[bin] = (cohort[bin] ?? 0) + conversions;
  }
  return fitDelayCurve({
    agesMs,
    parent,
    from,
    cohorts: [...cohorts].map(([day, ofDay]): DelayCohort => {
      // Of its youngest click: what could have been seen of every click of the day.
      const ageMs = account.nowMs - dayBounds(day, account.zone).endMs;
      return { ageMs, weight: recencyWeight(ageMs, HALF_LIFE_MS), counts: ofDay };
    }),
  });
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
function windowOf(event: LearnedEvent, counts: readonly Count[]): number {
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

/** Six digits are more than any account can teach, and curves stand in every stored decision. Order is kept. */
function rounded(curve: DelayCurve): DelayCurve {
  const line = (name: CurveLine) => curve[name].map((share) => Math.round(share * 1e6) / 1e6);
  return {
    ...curve,
    agesMs: curve.agesMs,
    share: line('share'),
    lower: line('lower'),
    upper: line('upper'),
    conversions: Math.round(curve.conversions * 10) / 10,
  };
}
