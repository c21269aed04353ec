import { sql } from 'kysely';
import type { ObjectId } from '../../core/object.ts';
import { addDays, dayBounds, dayOf, hourStart } from '../../core/zone.ts';
import type { Db } from '../connection.ts';
import type { LearningAccount } from './account.ts';
import { hourStarts } from './buckets.ts';
import { binnedDelays } from './count-delays.ts';

/** Conversions of one event whose clicks came before `endMs`, in one hour or day of one campaign, by delay. */
export interface DelayCount {
  readonly event: string;
  readonly campaignId: ObjectId;
  /** Account-local date of the clicks. */
  readonly day: string;
  /** The youngest of these clicks is at most this young. */
  readonly endMs: number;
  readonly belowMinutes: number;
  readonly conversions: number;
}

/** The first account-local date whose clicks are counted by the hour: yesterday. */
export function youngFrom(account: LearningAccount): string {
  return addDays(dayOf(account.nowMs, account.zone).date, -1);
}

/**
 * Delays of the clicks of yesterday and today, by the hour of the click and counted as they are asked for. A cohort shows a
 * delay once its youngest click is that old: a day shows nothing before it is over, and half an hour of delays half an hour
 * after midnight; its hours show each what they are old enough for. So an account's first hours already teach the steep part of its curve.
 */
export async function loadYoungDelays(db: Db, account: LearningAccount): Promise<readonly DelayCount[]> {
  const { id, zone, nowMs } = account;
  // The hour that runs shows nothing yet.
  const toMs = hourStart(nowMs, zone);
  const hours = hourStarts(dayBounds(youngFrom(account), zone).startMs, toMs, zone);
  const fromMs = Math.max(hours[0] ?? toMs, account.trackingSinceMs);
  if (!(fromMs < toMs)) return [];
  const { rows } = await sql<Omit<DelayCount, 'day' | 'endMs'> & { hour: number }>`
    select c.event, u.campaign_id as "campaignId", bin.below_minutes as "belowMinutes", count(*) as conversions,
           width_bucket(c.at, ${hours.map(iso)}::timestamptz[]) - 1 as hour
    from (
      select o.id as campaign_id, ${iso(fromMs)}::timestamptz as from_at, ${iso(toMs)}::timestamptz as to_at
      from object o where o.account_id = ${id} and o.level = 'campaign'
    ) u
    ${binnedDelays(id)}
    where known.at <= ${iso(nowMs)}::timestamptz
    group by c.event, u.campaign_id, hour, bin.below_minutes`.execute(db);
  return rows.map(({ hour, ...count }) => ({
    ...count,
    day: dayOf(hours[hour] ?? toMs, zone).date,
    endMs: hours[hour + 1] ?? toMs,
  }));
}

function iso(ms: number): string {
  return new Date(ms).toISOString();
}
