import { type RawBuilder, sql } from 'kysely';
import type { ObjectId } from '../../core/object.ts';
import { dayBounds } from '../../core/zone.ts';
import type { Db } from '../connection.ts';
import { STORED_BINS_MINUTES } from './bins.ts';

/** Days of clicks counted anew in one transaction. */
const COHORTS_AT_ONCE = 500;

/**
 * A message received longer after its event than this was brought in afterwards (a file of old sales, a source connected
 * late): when it came says nothing about how long its buyer took.
 */
const BROUGHT_IN_AFTER_HOURS = 72;

export interface CountedAccount {
  readonly id: string;
  /** IANA zone. */
  readonly zone: string;
  /** Of clicks before this only the late conversions were ever seen: they are not counted. */
  readonly trackingSinceMs?: number;
}

interface Cohort {
  readonly campaignId: ObjectId;
  readonly day: string;
  /** The row's version: a day that is touched again meanwhile stays to be counted. */
  readonly version: string;
}

/**
 * Counts the delays of every day of clicks whose conversions have changed since it was last counted. A day is counted
 * whole, from the conversions as they stand: counting it twice changes nothing, and what ingest writes meanwhile leaves
 * its day to be counted again.
 *
 * A delay runs from the instant by which a conversion is put into its hour (its click's, or its event's where only the
 * sender attributes) to the instant at which it first counted: what a decision could have known then.
 *
 * @returns how many days of campaigns were counted.
 */
export async function countDelays(db: Db, account: CountedAccount): Promise<number> {
  let total = 0;
  for (let last = COHORTS_AT_ONCE; last === COHORTS_AT_ONCE; total += last) {
    last = await db.transaction().execute(async (trx) => {
      // One learner at a time.
      await sql`select pg_advisory_xact_lock(hashtextextended('learn ' || ${account.id}, 0))`.execute(trx);
      const cohorts = await readCohorts(trx, account.id);
      if (cohorts.length === 0) return 0;
      await recount(trx, account, cohorts);
      return forgetCohorts(trx, account.id, cohorts);
    });
  }
  return total;
}

/** Marks every day of clicks the account has as one to be counted: the next {@link countDelays} counts it all anew. */
export async function forgetCounts(trx: Db, account: CountedAccount): Promise<void> {
  await sql`
    insert into cohort_news (account_id, campaign_id, day, news_at)
    select c.account_id, c.campaign_id,
           (coalesce(c.clicked_at, c.event_at) at time zone ${account.zone})::date, max(c.received_at)
    from object o join conversion c on c.campaign_id = o.id and c.account_id = o.account_id
    where o.account_id = ${account.id} and o.level = 'campaign' and c.counted
    group by 1, 2, 3
    union
    select account_id, campaign_id, day, 'epoch'::timestamptz from delay_count where account_id = ${account.id}
    on conflict (account_id, campaign_id, day) do nothing`.execute(trx);
}

async function readCohorts(trx: Db, accountId: string): Promise<readonly Cohort[]> {
  const { rows } = await sql<Cohort>`
    select campaign_id as "campaignId", day, xmin::text as version from cohort_news
    where account_id = ${accountId} order by campaign_id, day limit ${COHORTS_AT_ONCE}`.execute(trx);
  return rows;
}

async function recount(trx: Db, account: CountedAccount, cohorts: readonly Cohort[]): Promise<void> {
  const sinceMs = account.trackingSinceMs ?? -Infinity;
  const bounds = cohorts.map(({ day }) => {
    const { startMs, endMs } = dayBounds(day, account.zone);
    return { startMs: Math.min(endMs, Math.max(startMs, sinceMs)), endMs };
  });
  const campaigns = cohorts.map((c) => c.campaignId);
  const days = cohorts.map((c) => c.day);
  await sql`
    delete from delay_count d using unnest(${campaigns}::bigint[], ${days}::date[]) as u (campaign_id, day)
    where d.account_id = ${account.id} and d.campaign_id = u.campaign_id and d.day = u.day`.execute(trx);
  await sql`
    insert into delay_count (account_id, campaign_id, day, event, below_minutes, conversions)
    select ${account.id}, u.campaign_id, u.day, c.event, bin.below_minutes, count(*)
    from unnest(${campaigns}::bigint[], ${days}::date[],
                ${bounds.map((b) => new Date(b.startMs).toISOString())}::timestamptz[],
                ${bounds.map((b) => new Date(b.endMs).toISOString())}::timestamptz[])
         as u (campaign_id, day, from_at, to_at)
    ${binnedDelays(account.id)}
    group by u.campaign_id, u.day, c.event, bin.below_minutes`.execute(trx);
}

/**
 * SQL behind a row source `u (campaign_id, from_at, to_at)`: the counted conversions of its clicks as `c` (`c.at` is the
 * instant that puts each into its hour), and the bin of each one's delay as `bin.below_minutes`.
 */
export function binnedDelays(accountId: string): RawBuilder<unknown> {
  return sql`
    -- Offset: span by span, whatever the planner hopes of their sizes.
    cross join lateral (
      select c.*, coalesce(c.clicked_at, c.event_at) as at from conversion c
      where c.campaign_id = u.campaign_id and c.counted and c.account_id = ${accountId}
        and coalesce(c.clicked_at, c.event_at) >= u.from_at and coalesce(c.clicked_at, c.event_at) < u.to_at
      offset 0
    ) c
    cross join lateral (
      select min(h.known_from) as at from conversion_change h where h.conversion_id = c.id and h.counted_delta > 0
    ) known
    cross join lateral (
      select extract(epoch from known.at - c.at
                     - case when c.received_at - c.event_at > make_interval(hours => ${BROUGHT_IN_AFTER_HOURS})
                            then c.received_at - c.event_at else interval '0' end)::float8 / 60 as minutes
    ) delay
    cross join lateral (
      select (${STORED_BINS_MINUTES}::int[])[least(
        width_bucket(delay.minutes, ${STORED_BINS_MINUTES}::float8[]) + 1, ${STORED_BINS_MINUTES.length}::int)]
        as below_minutes
    ) bin`;
}

/** Deletes what was counted; a row that was written again since it was read stays. @returns how many were deleted. */
async function forgetCohorts(trx: Db, accountId: string, counted: readonly Cohort[]): Promise<number> {
  const { numAffectedRows } = await sql`
    with counted as (
      select n.campaign_id, n.day from cohort_news n
      join unnest(${counted.map((c) => c.campaignId)}::bigint[], ${counted.map((c) => c.day)}::date[],
                  ${counted.map((c) => c.version)}::text[]) as u (campaign_id, day, version)
        on n.campaign_id = u.campaign_id and n.day = u.day and n.xmin::text = u.version
      where n.account_id = ${accountId}
      for update of n skip locked
    )
    delete from cohort_news n using counted c
    where n.account_id = ${accountId} and n.campaign_id = c.campaign_id and n.day = c.day`.execute(trx);
  return Number(numAffectedRows ?? 0);
}
