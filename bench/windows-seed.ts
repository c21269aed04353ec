import { sql } from 'kysely';
import { addDays } from '../src/core/zone.ts';
import type { Db } from '../src/db/connection.ts';

export const ADS = 100_000;
const ADS_PER_CAMPAIGN = 200;
const DAYS = 30;

/**
 * An account of 100,000 ads with a month of hours: each ad spends in one hour of two days in three and sells on one day
 * in twelve. The running totals are those of the hours.
 *
 * @param today account-local date, in UTC.
 */
export async function seedWindows(db: Db, today: string): Promise<void> {
  const at = `${today}T00:00:00Z`;
  await sql`
    insert into workspace (id, name, currency, time_zone, clock_origin, clock_wall_origin, created_at)
    values ('bench', 'Bench', 'USD', 'UTC', ${at}, ${at}, ${at})`.execute(db);
  await sql`
    insert into ad_account (id, workspace_id, network, network_account_id, name, currency, time_zone, created_at)
    values ('bench-a', 'bench', 'meta', 'act_1', 'Bench', 'USD', 'UTC', ${at})`.execute(db);
  const columns = sql`workspace_id, account_id, level, network_id, name, campaign_id, adset_id, status, delivery,
    first_seen_at, seen_at, changed_at`;
  const common = sql`'active', 'active', ${at}::timestamptz, ${at}::timestamptz, ${at}::timestamptz`;
  await sql`
    insert into object (${columns})
    select 'bench', 'bench-a', 'campaign', 'c' || n, 'Campaign ' || n, null, null, ${common}
    from generate_series(0, ${ADS / ADS_PER_CAMPAIGN - 1}::int) n`.execute(db);
  await sql`
    insert into object (${columns})
    select 'bench', 'bench-a', 'ad', 'ad' || c.id || '-' || n, 'Ad ' || n, c.id, null, ${common}
    from object c cross join generate_series(0, ${ADS_PER_CAMPAIGN - 1}::int) n where c.level = 'campaign'
    order by c.id, n`.execute(db);
  const first = addDays(today, 1 - DAYS);
  await sql`
    insert into spend_hour (account_id, object_id, hour, spend_micros, impressions, clicks, reported_at)
    select 'bench-a', o.id, ${first}::date + d + make_interval(hours => (o.id + d)::int % 24),
           (o.id % 97 + d) * 10000, o.id % 1000 + d, o.id % 50 + 1, ${at}::timestamptz
    from object o cross join generate_series(0, ${DAYS - 1}::int) d
    where o.level = 'ad' and (o.id + d) % 3 <> 0 order by o.id, d`.execute(db);
  await sql`
    insert into conversion_hour (account_id, object_id, event, event_type, status, hour, conversions, value_micros)
    select 'bench-a', o.id, 'purchase', 'event', 'approved',
           ${first}::date + d + make_interval(hours => (o.id + d)::int % 24), o.id % 4 + 1, (o.id % 89 + d) * 100000
    from object o cross join generate_series(0, ${DAYS - 1}::int) d
    where o.level = 'ad' and (o.id + d) % 12 = 1 order by o.id, d`.execute(db);
  await sql`
    insert into object_day (account_id, object_id, day, spend_micros, impressions, clicks)
    select account_id, object_id, hour::date, sum(spend_micros) over w, sum(impressions) over w, sum(clicks) over w
    from spend_hour window w as (partition by object_id order by hour)`.execute(db);
  await sql`
    insert into event_day (account_id, object_id, event, event_type, day, conversions, value_micros)
    select account_id, object_id, event, event_type, hour::date, sum(conversions) over w, sum(value_micros) over w
    from conversion_hour window w as (partition by object_id order by hour)`.execute(db);
  await sql`vacuum analyze`.execute(db);
}
