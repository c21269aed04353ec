import { sql } from 'kysely';
import type { Db } from './connection.ts';

/**
 * Running totals by account-local day (object_day, event_day). A row holds the sums of its day and of every day
 * before it; a day without a row has the totals of the newest row before it. So a day window is the difference of
 * two rows, and a late fact adds its delta to every row from its day on.
 *
 * Writers of one account take {@link lockTotals} first: a row inserted by one transaction starts from the previous
 * row, and must not miss a delta that another transaction has not committed yet. Lock order everywhere: ingest shard
 * row, totals, conversion rows.
 */
export interface ObjectDayDelta {
  readonly accountId: string;
  readonly objectId: number;
  /** Account-local date. */
  readonly day: string;
  readonly spendMicros: number;
  readonly impressions: number;
  readonly clicks: number;
  readonly visits: number;
}

export interface EventDayDelta {
  readonly accountId: string;
  readonly objectId: number;
  readonly event: string;
  readonly eventType: string;
  readonly day: string;
  readonly conversions: number;
  readonly valueMicros: number;
  readonly unconverted: number;
}

/** Makes this transaction the only writer of these accounts' running totals until it ends. */
export async function lockTotals(trx: Db, accountIds: Iterable<string>): Promise<void> {
  const sorted = [...new Set(accountIds)].sort();
  if (sorted.length === 0) return;
  await sql`
    select pg_advisory_xact_lock(hashtextextended('totals ' || id, 0))
    from unnest(${sorted}::text[]) with ordinality as u (id, no) order by no`.execute(trx);
}

/** Adds deltas to the objects' running totals; several deltas for one object and day are summed. */
export async function addToObjectDays(trx: Db, deltas: readonly ObjectDayDelta[]): Promise<void> {
  if (deltas.length === 0) return;
  const input = sql`(
    select object_id, day, min(account_id) as account_id, sum(spend) as spend, sum(impressions) as impressions,
           sum(clicks) as clicks, sum(visits) as visits
    from unnest(${deltas.map((d) => d.accountId)}::text[], ${deltas.map((d) => d.objectId)}::bigint[],
                ${deltas.map((d) => d.day)}::date[], ${deltas.map((d) => d.spendMicros)}::bigint[],
                ${deltas.map((d) => d.impressions)}::bigint[], ${deltas.map((d) => d.clicks)}::bigint[],
                ${deltas.map((d) => d.visits)}::bigint[])
         as u (account_id, object_id, day, spend, impressions, clicks, visits)
    group by object_id, day)`;
  await sql`
    insert into object_day (account_id, object_id, day, spend_micros, impressions, clicks, visits)
    select d.account_id, d.object_id, d.day, coalesce(p.spend_micros, 0), coalesce(p.impressions, 0),
           coalesce(p.clicks, 0), coalesce(p.visits, 0)
    from ${input} d
    left join lateral (
      select * from object_day o where o.object_id = d.object_id and o.day < d.day order by o.day desc limit 1
    ) p on true
    on conflict (object_id, day) do nothing`.execute(trx);
  await sql`
    update object_day t
    set spend_micros = t.spend_micros + s.spend, impressions = t.impressions + s.impressions,
        clicks = t.clicks + s.clicks, visits = t.visits + s.visits
    from (
      select o.object_id, o.day, sum(d.spend) as spend, sum(d.impressions) as impressions,
             sum(d.clicks) as clicks, sum(d.visits) as visits
      from ${input} d join object_day o on o.object_id = d.object_id and o.day >= d.day
      group by o.object_id, o.day
    ) s
    where t.object_id = s.object_id and t.day = s.day`.execute(trx);
}

/** Adds deltas of counted conversions (pending + approved) to the running totals by event. */
export async function addToEventDays(trx: Db, deltas: readonly EventDayDelta[]): Promise<void> {
  if (deltas.length === 0) return;
  const input = sql`(
    select object_id, event, event_type, day, min(account_id) as account_id, sum(conversions) as conversions,
           sum(value) as value, sum(unconverted) as unconverted
    from unnest(${deltas.map((d) => d.accountId)}::text[], ${deltas.map((d) => d.objectId)}::bigint[],
                ${deltas.map((d) => d.event)}::text[], ${deltas.map((d) => d.eventType)}::text[],
                ${deltas.map((d) => d.day)}::date[], ${deltas.map((d) => d.conversions)}::bigint[],
                ${deltas.map((d) => d.valueMicros)}::bigint[], ${deltas.map((d) => d.unconverted)}::bigint[])
         as u (account_id, object_id, event, event_type, day, conversions, value, unconverted)
    group by object_id, event, event_type, day)`;
  await sql`
    insert into event_day (account_id, object_id, event, event_type, day, conversions, value_micros, unconverted)
    select d.account_id, d.object_id, d.event, d.event_type, d.day, coalesce(p.conversions, 0),
           coalesce(p.value_micros, 0), coalesce(p.unconverted, 0)
    from ${input} d
    left join lateral (
      select * from event_day e
      where e.object_id = d.object_id and e.event = d.event and e.event_type = d.event_type and e.day < d.day
      order by e.day desc limit 1
    ) p on true
    on conflict (object_id, event, event_type, day) do nothing`.execute(trx);
  await sql`
    update event_day t
    set conversions = t.conversions + s.conversions, value_micros = t.value_micros + s.value,
        unconverted = t.unconverted + s.unconverted
    from (
      select e.object_id, e.event, e.event_type, e.day, sum(d.conversions) as conversions, sum(d.value) as value,
             sum(d.unconverted) as unconverted
      from ${input} d
      join event_day e on e.object_id = d.object_id and e.event = d.event and e.event_type = d.event_type
                      and e.day >= d.day
      group by e.object_id, e.event, e.event_type, e.day
    ) s
    where t.object_id = s.object_id and t.event = s.event and t.event_type = s.event_type and t.day = s.day`.execute(
    trx,
  );
}
