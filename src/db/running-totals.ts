import { type RawBuilder, sql } from 'kysely';
import { addDays } from '../core/zone.ts';
import { bigintArray, textArray } from './binary-arrays.ts';
import type { Db } from './connection.ts';

/**
 * Running totals by account-local day (object_day, event_day). A row holds the sums of its day and of every day
 * before it; a day without a row has the totals of the newest row before it. So a day window is the difference of
 * two rows, and a late fact adds its delta to every row from its day on.
 *
 * Near now there are no gaps. Let W be the account's `totals_dense_to` ({@link extendTotals} moves it on): an object with
 * a fact in the last {@link DENSE_DAYS} days before W has a row for each day of [W − DENSE_DAYS, W] from its first one on.
 * An object without a row on one of these days has not changed since before them, or had no fact yet.
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

/** The widest common window, 30 days, with room for an account whose network reports days late. */
export const DENSE_DAYS = 40;

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
  await add(trx, OBJECT_DAY, deltas, {
    object_id: sql`${bigintArray(deltas.map((d) => d.objectId))}::bigint[]`,
    spend_micros: sql`${bigintArray(deltas.map((d) => d.spendMicros))}::bigint[]`,
    impressions: sql`${bigintArray(deltas.map((d) => d.impressions))}::bigint[]`,
    clicks: sql`${bigintArray(deltas.map((d) => d.clicks))}::bigint[]`,
    visits: sql`${bigintArray(deltas.map((d) => d.visits))}::bigint[]`,
  });
}

/** Adds deltas of counted conversions (pending + approved) to the running totals by event. */
export async function addToEventDays(trx: Db, deltas: readonly EventDayDelta[]): Promise<void> {
  await add(trx, EVENT_DAY, deltas, {
    object_id: sql`${bigintArray(deltas.map((d) => d.objectId))}::bigint[]`,
    event: sql`${textArray(deltas.map((d) => d.event))}::text[]`,
    event_type: sql`${textArray(deltas.map((d) => d.eventType))}::text[]`,
    conversions: sql`${bigintArray(deltas.map((d) => d.conversions))}::bigint[]`,
    value_micros: sql`${bigintArray(deltas.map((d) => d.valueMicros))}::bigint[]`,
    unconverted: sql`${bigintArray(deltas.map((d) => d.unconverted))}::bigint[]`,
  });
}

/** One of the two tables: whose totals, and of what. */
interface TotalsTable {
  readonly name: 'object_day' | 'event_day';
  readonly key: readonly string[];
  readonly sums: readonly string[];
}

const OBJECT_DAY: TotalsTable = {
  name: 'object_day',
  key: ['object_id'],
  sums: ['spend_micros', 'impressions', 'clicks', 'visits'],
};
const EVENT_DAY: TotalsTable = {
  name: 'event_day',
  key: ['object_id', 'event', 'event_type'],
  sums: ['conversions', 'value_micros', 'unconverted'],
};
const TABLES = [OBJECT_DAY, EVENT_DAY];

/**
 * The deltas of one key, in order of days, are summed up: `input` holds for each day the sum up to it and the next day
 * that has a delta. A row of the table between those two days gets that sum. A day without a row gets one where it has a
 * delta, or where totals are dense and the key has none there yet: from the newest row before it as it stood before this
 * statement, plus the sum. Nearly always every row is there, and one or two lookups per delta say so. (`offset 0` keeps
 * the planner from putting the lookup of `r` wherever its columns are named.)
 */
async function add(
  trx: Db,
  table: TotalsTable,
  deltas: readonly { readonly accountId: string; readonly day: string }[],
  columns: Readonly<Record<string, RawBuilder<unknown>>>,
): Promise<void> {
  if (deltas.length === 0) return;
  const name = sql.raw(table.name);
  const key = sql.raw(table.key.join(', '));
  const given = Object.keys(columns);
  const each = (spell: (sum: string) => string) => sql.raw(table.sums.map(spell).join(', '));
  const denseFrom = sql.raw(`(l.dense_to - ${DENSE_DAYS})`);
  await sql`
    with input as materialized (
      select ${key}, day, min(account_id) as account_id, lead(day) over w as next_day,
             min(day) over k as first_delta, max(day) over k as last_delta,
             ${each((sum) => `(sum(sum(${sum})) over w)::bigint as ${sum}`)}
      from unnest(${textArray(deltas.map((d) => d.accountId))}::text[], ${deltas.map((d) => d.day)}::date[],
                  ${sql.join(given.map((column) => columns[column]))})
           as u (account_id, day, ${sql.raw(given.join(', '))})
      group by ${key}, day
      window k as (partition by ${key}), w as (k order by day)
    ), looked as materialized (
      select i.*, a.totals_dense_to as dense_to,
             bool_or(not exists (select from ${name} t where ${sameKey(table, 't', 'i')} and t.day = i.day)
                     or i.next_day is null and i.day < a.totals_dense_to and i.day > a.totals_dense_to - ${DENSE_DAYS}::int
                        and not exists (select from ${name} t where ${sameKey(table, 't', 'i')} and t.day = a.totals_dense_to))
               over (partition by ${sql.raw(table.key.map((column) => `i.${column}`).join(', '))}) as misses
      from input i left join ad_account a on a.id = i.account_id
    ), raised as (
      update ${name} t
      set last_fact = greatest(t.last_fact, i.day), ${each((sum) => `${sum} = t.${sum} + i.${sum}`)}
      from input i
      where ${sameKey(table, 't', 'i')} and t.day >= i.day and (i.next_day is null or t.day < i.next_day)
    )
    insert into ${name} (account_id, ${key}, day, last_fact, ${each((sum) => sum)})
    select l.account_id, ${sql.raw(table.key.map((column) => `l.${column}`).join(', '))}, g.day,
           greatest(p.last_fact, case when g.day >= l.day then l.day end),
           ${each((sum) => `coalesce(p.${sum}, 0) + case when g.day >= l.day then l.${sum} else 0 end`)}
    from looked l
    cross join lateral (
      select (select t.day from ${name} t where ${sameKey(table, 't', 'l')} order by t.day limit 1) as first,
             (select t.day from ${name} t where ${sameKey(table, 't', 'l')} order by t.day desc limit 1) as last offset 0
    ) r
    cross join lateral (
      -- Days this delta speaks for; the first one also for the gap since the key's last row.
      select case when l.day = l.first_delta and l.last_delta > ${denseFrom}
                  then least(l.day, greatest(r.last + 1, ${denseFrom})) else l.day end as start offset 0
    ) s
    cross join lateral (
      select s.start + n as day
      from generate_series(0, coalesce(l.next_day - 1, greatest(l.dense_to, l.day)) - s.start) n
    ) g
    left join lateral (
      select * from ${name} t where ${sameKey(table, 't', 'l')} and t.day < g.day order by t.day desc limit 1
    ) p on true
    where l.misses
      and (g.day = l.day
           or g.day >= ${denseFrom}
              and (g.day < r.first
                   or l.last_delta > ${denseFrom} and (r.last is null or g.day > r.last))
              and (g.day > l.day or p.day is not null))
      and not exists (select from ${name} t where ${sameKey(table, 't', 'l')} and t.day = g.day)`.execute(
    trx,
  );
}

/**
 * Makes the totals dense up to a day (see above). Called by whoever moves an account's `spend_as_of` on, in the same
 * transaction: then every window that ends there finds its days. The totals stay locked until the transaction ends.
 *
 * @param day account-local date of the last hour whose spend is known; an older one than before changes nothing.
 */
export async function extendTotals(trx: Db, accountId: string, day: string): Promise<void> {
  await lockTotals(trx, [accountId]);
  const { rows } = await sql<{ totals_dense_to: string | null }>`
    select totals_dense_to from ad_account where id = ${accountId}`.execute(trx);
  const denseTo = rows[0]?.totals_dense_to ?? null;
  if (denseTo !== null && denseTo >= day) return;
  const horizon = addDays(day, -DENSE_DAYS);
  const begin = denseTo !== null && denseTo > horizon ? denseTo : horizon;
  for (const table of TABLES) {
    if (begin === horizon) await beginDense(trx, table, accountId, begin);
    for (let next = addDays(begin, 1); next <= day; next = addDays(next, 1))
      await copyDay(trx, table, { accountId, next, horizon });
  }
  await sql`update ad_account set totals_dense_to = ${day}::date where id = ${accountId}`.execute(trx);
}

/** At first, and after a pause longer than the dense days: gives what has later rows the row they begin with. */
async function beginDense(trx: Db, table: TotalsTable, accountId: string, day: string): Promise<void> {
  const name = sql.raw(table.name);
  await sql`
    insert into ${name} (account_id, day, ${copied(table)})
    select p.account_id, ${day}::date, ${copied(table, 'p')}
    from (select distinct ${sql.raw(table.key.join(', '))} from ${name}
          where account_id = ${accountId} and day > ${day}::date) n
    cross join lateral (
      select * from ${name} p where ${sameKey(table, 'p', 'n')} and p.day <= ${day}::date order by p.day desc limit 1
    ) p
    where p.day < ${day}::date`.execute(trx);
}

/** Gives a day the totals of the day before, of what has changed since the horizon or goes on later. */
async function copyDay(
  trx: Db,
  table: TotalsTable,
  {
    accountId,
    next,
    horizon,
  }: { readonly accountId: string; readonly next: string; readonly horizon: string },
): Promise<void> {
  const name = sql.raw(table.name);
  await sql`
    insert into ${name} (account_id, day, ${copied(table)})
    select p.account_id, ${next}::date, ${copied(table, 'p')}
    from ${name} p
    where p.account_id = ${accountId} and p.day = ${next}::date - 1
      and not exists (select from ${name} n where ${sameKey(table, 'n', 'p')} and n.day = ${next}::date)
      and (p.last_fact > ${horizon}::date
           or exists (select from ${name} n where ${sameKey(table, 'n', 'p')} and n.day > ${next}::date))
    order by p.object_id`.execute(trx);
}

function sameKey(table: TotalsTable, a: string, b: string): RawBuilder<unknown> {
  return sql.raw(table.key.map((column) => `${a}.${column} = ${b}.${column}`).join(' and '));
}

function copied(table: TotalsTable, of?: string): RawBuilder<unknown> {
  const columns = [...table.key, 'last_fact', ...table.sums];
  return sql.raw(columns.map((column) => (of === undefined ? column : `${of}.${column}`)).join(', '));
}
