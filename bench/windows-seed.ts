import { sql } from 'kysely';
import { addDays } from '../src/core/zone.ts';
import type { Db } from '../src/db/connection.ts';

export const ADS = Number(process.env['BENCH_ADS'] ?? 100_000);
export const ADS_PER_CAMPAIGN = 200;
/** Spend rows of each ad, and conversions of each ad. */
export const FACTS_PER_AD = 100;
/** Days with facts: two more than the widest window, so that it too begins in the middle of a history. */
export const DAYS = 32;
/** The network has reported to this hour of the last day; clicks and conversions are an hour ahead of it. */
const REPORTED_HOUR = 13;
/** Older hours are read by no window: they stand in the running totals alone. */
const HOURS_BACK = 80;

/** The account's days, in UTC. */
export interface SeededDays {
  readonly firstMs: number;
  readonly asOfMs: number;
}

export function seededDays(today: string): SeededDays {
  return {
    firstMs: Date.parse(`${addDays(today, 1 - DAYS)}T00:00:00Z`),
    asOfMs: Date.parse(`${today}T00:00:00Z`) + REPORTED_HOUR * 3_600_000,
  };
}

/**
 * Raw facts as arithmetic of the ad's number `o` and the fact's number `k`, in words that PostgreSQL and DuckDB read
 * alike: each makes the same events of it, about in the order of time. Hours and seconds count from the first day.
 */
const HOURS = (DAYS - 1) * 24 + REPORTED_HOUR;
/** Every ad has a conversion in each of these. */
const STEP_SECONDS = Math.floor(((HOURS + 1) * 3_600) / FACTS_PER_AD);
export const RAW = {
  spend: {
    hour: `k * ${HOURS} // ${FACTS_PER_AD} + o % 7`,
    spend_micros: `(o % 97 + k) * 10000 + (o * 31 + k * 17) % 9973`,
    impressions: `o % 1000 + k * 3`,
    clicks: `(o * 7 + k) % 50 + 1`,
    visits: `(o * 7 + k) % 50`,
  },
  conversion: {
    second: `k * ${STEP_SECONDS} + (o * 48271 + k * 69621) % ${STEP_SECONDS}`,
    status: `case when (o + k * 7) % 100 < 90 then 'approved' when (o + k * 7) % 100 < 96 then 'pending' else 'rejected' end`,
    value_micros: `((o * 13 + k * 29) % 4000) * 10000 + 990000`,
  },
} as const;

const inPostgres = (expression: string): string => expression.replaceAll('//', '/');

/** The workspace, the account, its campaigns and ads. Ads are numbered from 0 in order of their ids. */
export async function seedObjects(db: Db, asOfMs: number): Promise<void> {
  const at = new Date(asOfMs);
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
}

/**
 * The raw events, as a tracker without rollups would keep them: narrow rows, indexed by time and by ad.
 *
 * @param every 3 makes every third fact only.
 */
export async function seedRaw(
  db: Db,
  firstMs: number,
  told: (text: string) => void,
  every = 1,
): Promise<void> {
  const first = new Date(firstMs);
  const { spend, conversion } = RAW;
  await sql`create unlogged table raw_spend (ad_id bigint not null, hour timestamptz not null,
    spend_micros bigint not null, impressions bigint not null, clicks bigint not null, visits bigint not null)`.execute(
    db,
  );
  await sql`create unlogged table raw_conversion (ad_id bigint not null, clicked_at timestamptz not null,
    status text not null, value_micros bigint not null)`.execute(db);
  await sql`create unlogged table ad_number as
    select id, row_number() over (order by id) - 1 as o from object where level = 'ad'`.execute(db);
  await sql`analyze ad_number`.execute(db);
  for (let fact = 0; fact < FACTS_PER_AD; fact += every) {
    const of = sql`ad_number cross join (values (${sql.lit(fact)}::bigint)) n (k)`;
    await sql`
      insert into raw_spend
      select id, ${first}::timestamptz + (${sql.raw(inPostgres(spend.hour))}) * interval '1 hour',
             ${sql.raw(spend.spend_micros)}, ${sql.raw(spend.impressions)}, ${sql.raw(spend.clicks)},
             ${sql.raw(spend.visits)}
      from ${of}`.execute(db);
    await sql`
      insert into raw_conversion
      select id, ${first}::timestamptz + (${sql.raw(conversion.second)}) * interval '1 second',
             ${sql.raw(conversion.status)}, ${sql.raw(conversion.value_micros)}
      from ${of}`.execute(db);
    if (fact % 24 === 0)
      told(`${((Math.floor(fact / every) + 1) * ADS) / 1e6} million raw spend rows and conversions`);
  }
  for (const [table, column] of [
    ['raw_spend', 'hour'],
    ['raw_conversion', 'clicked_at'],
  ] as const) {
    await sql`create index on ${sql.table(table)} using brin (${sql.ref(column)})`.execute(db);
    await sql`create index on ${sql.table(table)} (ad_id, ${sql.ref(column)})`.execute(db);
    await sql`vacuum analyze ${sql.table(table)}`.execute(db);
  }
  told('raw events indexed');
}

/** What ingest and sync make of the raw events in the course of these days: hours, and running totals day by day. */
export async function seedRollups(
  db: Db,
  { firstMs, asOfMs }: SeededDays,
  told: (text: string) => void,
): Promise<void> {
  const since = new Date(asOfMs - HOURS_BACK * 3_600_000);
  const at = new Date(asOfMs);
  const first = new Date(firstMs);
  const lastDay = at.toISOString().slice(0, 10);
  // Keys and indexes once all rows are there: the same as they would have grown, in a fifth of the time.
  const tables = ['spend_hour', 'visit_hour', 'conversion_hour', 'object_day', 'event_day'];
  const { rows: indexes } = await sql<{
    name: string;
    is_key: boolean;
    table_name: string;
    definition: string;
  }>`
    select c.relname as name, i.indisprimary as is_key, t.relname as table_name, pg_get_indexdef(i.indexrelid) as definition
    from pg_index i join pg_class c on c.oid = i.indexrelid join pg_class t on t.oid = i.indrelid
    where t.relname = any(${tables})`.execute(db);
  for (const { name, is_key, table_name } of indexes)
    await (
      is_key
        ? sql`alter table ${sql.table(table_name)} drop constraint ${sql.ref(name)}`
        : sql`drop index ${sql.ref(name)}`
    ).execute(db);
  await sql`
    insert into spend_hour (account_id, object_id, hour, spend_micros, impressions, clicks, reported_at)
    select 'bench-a', ad_id, hour, spend_micros, impressions, clicks, ${at}::timestamptz
    from raw_spend where hour >= ${since} order by hour`.execute(db);
  await sql`
    insert into visit_hour (account_id, object_id, hour, visits)
    select 'bench-a', ad_id, hour, visits from raw_spend where hour >= ${since} order by hour`.execute(db);
  await sql`
    insert into conversion_hour (account_id, object_id, event, event_type, status, hour, conversions, value_micros)
    select 'bench-a', ad_id, 'purchase', 'event', status, hour, count(*), sum(value_micros)
    from (select *, date_trunc('hour', clicked_at, 'UTC') as hour from raw_conversion where clicked_at >= ${since}) c
    group by ad_id, status, hour order by hour`.execute(db);
  told('hours of the last days');
  const grid = sql`(select id, ${first}::date + n as day from ad_number
    cross join generate_series(0, ${sql.lit(DAYS - 1)}) n where ${first}::date + n <= ${lastDay}::date)`;
  await sql`
    insert into object_day (account_id, object_id, day, last_fact, spend_micros, impressions, clicks, visits)
    select 'bench-a', id, day, max(f.d) over w, sum(spend) over w, sum(f.impressions) over w, sum(f.clicks) over w,
           sum(f.visits) over w
    from ${grid} g
    left join (
      select ad_id, (hour at time zone 'UTC')::date as d, sum(spend_micros)::bigint as spend,
             sum(impressions)::bigint as impressions, sum(clicks)::bigint as clicks, sum(visits)::bigint as visits
      from raw_spend group by 1, 2
    ) f on f.ad_id = g.id and f.d = g.day
    window w as (partition by id order by day) order by day, id`.execute(db);
  told('running totals of traffic');
  await sql`
    insert into event_day (account_id, object_id, event, event_type, day, last_fact, conversions, value_micros)
    select 'bench-a', id, 'purchase', 'event', day, last_fact, conversions, value
    from (
      select id, day, max(f.d) over w as last_fact, sum(f.conversions) over w as conversions, sum(f.value) over w as value
      from ${grid} g
      left join (
        select ad_id, (clicked_at at time zone 'UTC')::date as d, count(*) as conversions,
               sum(value_micros)::bigint as value
        from raw_conversion where status in ('pending', 'approved') group by 1, 2
      ) f on f.ad_id = g.id and f.d = g.day
      window w as (partition by id order by day)
    ) totals
    where last_fact is not null order by day, id`.execute(db);
  told('running totals of conversions');
  for (const { is_key, table_name, definition } of indexes)
    await (
      is_key
        ? sql`alter table ${sql.table(table_name)} add primary key ${sql.raw(definition.slice(definition.indexOf('(')))}`
        : sql.raw(definition)
    ).execute(db);
  await sql`
    update ad_account set spend_as_of = ${at}, tracking_since = ${first}, totals_dense_to = ${lastDay}::date`.execute(
    db,
  );
  await sql`vacuum analyze`.execute(db);
  told('indexed');
}
