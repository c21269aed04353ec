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

/*
 * Both statements below work alike. The deltas of one object, in order of days, are summed up: `input` holds for each
 * day the sum up to it and the next day that has a delta. A row of the table between those two days gets that sum; a
 * day without a row gets one, from the newest row before it as it stood before this statement, plus the sum.
 */

/** Adds deltas to the objects' running totals; several deltas for one object and day are summed. */
export async function addToObjectDays(trx: Db, deltas: readonly ObjectDayDelta[]): Promise<void> {
  if (deltas.length === 0) return;
  await sql`
    with input as materialized (
      select object_id, day, min(account_id) as account_id, lead(day) over w as next_day,
             (sum(sum(spend)) over w)::bigint as spend, (sum(sum(impressions)) over w)::bigint as impressions,
             (sum(sum(clicks)) over w)::bigint as clicks, (sum(sum(visits)) over w)::bigint as visits
      from unnest(${deltas.map((d) => d.accountId)}::text[], ${deltas.map((d) => d.objectId)}::bigint[],
                  ${deltas.map((d) => d.day)}::date[], ${deltas.map((d) => d.spendMicros)}::bigint[],
                  ${deltas.map((d) => d.impressions)}::bigint[], ${deltas.map((d) => d.clicks)}::bigint[],
                  ${deltas.map((d) => d.visits)}::bigint[])
           as u (account_id, object_id, day, spend, impressions, clicks, visits)
      group by object_id, day
      window w as (partition by object_id order by day)
    ), raised as (
      update object_day t
      set spend_micros = t.spend_micros + i.spend, impressions = t.impressions + i.impressions,
          clicks = t.clicks + i.clicks, visits = t.visits + i.visits
      from input i
      where t.object_id = i.object_id and t.day >= i.day and (i.next_day is null or t.day < i.next_day)
    )
    insert into object_day (account_id, object_id, day, spend_micros, impressions, clicks, visits)
    select i.account_id, i.object_id, i.day, coalesce(p.spend_micros, 0) + i.spend,
           coalesce(p.impressions, 0) + i.impressions, coalesce(p.clicks, 0) + i.clicks, coalesce(p.visits, 0) + i.visits
    from input i
    left join lateral (
      select * from object_day o where o.object_id = i.object_id and o.day < i.day order by o.day desc limit 1
    ) p on true
    where not exists (select from object_day o where o.object_id = i.object_id and o.day = i.day)`.execute(
    trx,
  );
}

/** Adds deltas of counted conversions (pending + approved) to the running totals by event. */
export async function addToEventDays(trx: Db, deltas: readonly EventDayDelta[]): Promise<void> {
  if (deltas.length === 0) return;
  await sql`
    with input as materialized (
      select object_id, event, event_type, day, min(account_id) as account_id, lead(day) over w as next_day,
             (sum(sum(conversions)) over w)::bigint as conversions, (sum(sum(value)) over w)::bigint as value,
             (sum(sum(unconverted)) over w)::bigint as unconverted
      from unnest(${deltas.map((d) => d.accountId)}::text[], ${deltas.map((d) => d.objectId)}::bigint[],
                  ${deltas.map((d) => d.event)}::text[], ${deltas.map((d) => d.eventType)}::text[],
                  ${deltas.map((d) => d.day)}::date[], ${deltas.map((d) => d.conversions)}::bigint[],
                  ${deltas.map((d) => d.valueMicros)}::bigint[], ${deltas.map((d) => d.unconverted)}::bigint[])
           as u (account_id, object_id, event, event_type, day, conversions, value, unconverted)
      group by object_id, event, event_type, day
      window w as (partition by object_id, event, event_type order by day)
    ), raised as (
      update event_day t
      set conversions = t.conversions + i.conversions, value_micros = t.value_micros + i.value,
          unconverted = t.unconverted + i.unconverted
      from input i
      where t.object_id = i.object_id and t.event = i.event and t.event_type = i.event_type
        and t.day >= i.day and (i.next_day is null or t.day < i.next_day)
    )
    insert into event_day (account_id, object_id, event, event_type, day, conversions, value_micros, unconverted)
    select i.account_id, i.object_id, i.event, i.event_type, i.day, coalesce(p.conversions, 0) + i.conversions,
           coalesce(p.value_micros, 0) + i.value, coalesce(p.unconverted, 0) + i.unconverted
    from input i
    left join lateral (
      select * from event_day e
      where e.object_id = i.object_id and e.event = i.event and e.event_type = i.event_type and e.day < i.day
      order by e.day desc limit 1
    ) p on true
    where not exists (
      select from event_day e
      where e.object_id = i.object_id and e.event = i.event and e.event_type = i.event_type and e.day = i.day
    )`.execute(trx);
}
