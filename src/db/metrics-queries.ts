import { type RawBuilder, sql } from 'kysely';
import type { WindowBounds } from '../core/windows.ts';
import type { Db } from './connection.ts';
import { copyIntegers } from './copy-out.ts';
import { type EventPair, fewAds, type Scope, targets } from './metrics-scope.ts';

/** What is counted of every object, in the order of a row's columns. */
export const TRAFFIC = ['spend_micros', 'impressions', 'clicks', 'visits'] as const;
/** What is counted of every event. */
export const EVENTS = ['conversions', 'value_micros', 'unconverted'] as const;

/** Root object, number of the day or span (and of the pair), then the sums. */
export type UseRow = (row: Float64Array) => void;

/**
 * Running totals up to the end of each day, where they are dense (see running-totals.ts): rows `[root, day, sums…]`, days
 * counted from the first one asked for. An object that has no row on the newest day has not changed since the others; its
 * rows, if there are any, say nothing. Above ads they are left out here; of ads, `use` must leave them out.
 *
 * @param days account-local dates, all in the dense stretch, oldest first.
 */
export async function denseTraffic(
  db: Db,
  scope: Scope,
  days: readonly string[],
  use: UseRow,
): Promise<void> {
  await copyIntegers(
    db,
    scope.level === 'ad'
      ? sql`select d.object_id, ${dayNumber(days)}, ${each('d', TRAFFIC)} from object_day d
            where d.account_id = ${sql.lit(scope.accountId)} and ${onDays('d', days)} ${fewAds(scope, 'd.object_id')}`
      : sql`with ${targets(scope)}
            select t.root, ${dayNumber(days)}, ${sums('d', TRAFFIC)}
            from target t
            join object_day n on n.object_id = t.leaf and ${onDays('n', days.slice(-1))}
            join object_day d on d.object_id = t.leaf and ${onDays('d', days)}
            group by t.root, d.day`,
    use,
  );
}

/** The same of conversions: rows `[root, day, pair, sums…]`. */
export async function denseEvents(
  db: Db,
  scope: Scope,
  days: readonly string[],
  pairs: readonly EventPair[],
  use: UseRow,
): Promise<void> {
  const isPair = (row: string) => sql.raw(`${row}.event = p.event and ${row}.event_type = p.event_type`);
  await copyIntegers(
    db,
    scope.level === 'ad'
      ? sql`select d.object_id, ${dayNumber(days)}, p.no, ${each('d', EVENTS)}
            from ${pairRows(pairs)} join event_day d on ${isPair('d')}
            where d.account_id = ${sql.lit(scope.accountId)} and ${onDays('d', days)} ${fewAds(scope, 'd.object_id')}`
      : sql`with ${targets(scope)}
            select t.root, ${dayNumber(days)}, p.no, ${sums('d', EVENTS)}
            from target t cross join ${pairRows(pairs)}
            join event_day n on n.object_id = t.leaf and ${isPair('n')} and ${onDays('n', days.slice(-1))}
            join event_day d on d.object_id = t.leaf and ${isPair('d')} and ${onDays('d', days)}
            group by t.root, d.day, p.no`,
    use,
  );
}

/**
 * Running totals up to the end of days that lie anywhere: rows `[root, sums of the first day…, sums of the second…]`. For
 * each day the newest row at or before it is looked up; where the newest day's row is that old already, it is the one
 * for all days, so that an object without news costs one lookup, whatever the number of days.
 *
 * @param differencesOnly leaves out objects whose totals are the same on all days.
 */
export async function sparseTraffic(
  db: Db,
  scope: Scope,
  days: readonly string[],
  differencesOnly: boolean,
  use: UseRow,
): Promise<void> {
  const looked = lookUp(days, differencesOnly, {
    table: 'object_day',
    key: sql`o.object_id = t.leaf`,
    columns: TRAFFIC,
  });
  await copyIntegers(
    db,
    sql`with ${targets(scope)}
        select t.root, ${looked.sums} from target t ${looked.joins} group by t.root`,
    use,
  );
}

/** The same of conversions: rows `[root, pair, sums of the first day…, …]`. */
export async function sparseEvents(
  db: Db,
  scope: Scope,
  days: readonly string[],
  differencesOnly: boolean,
  pairs: readonly EventPair[],
  use: UseRow,
): Promise<void> {
  const looked = lookUp(days, differencesOnly, {
    table: 'event_day',
    key: sql`o.object_id = t.leaf and o.event = p.event and o.event_type = p.event_type`,
    columns: EVENTS,
  });
  await copyIntegers(
    db,
    sql`with ${targets(scope)}
        select t.root, p.no, ${looked.sums} from target t cross join ${pairRows(pairs)} ${looked.joins}
        group by t.root, p.no`,
    use,
  );
}

/** Sums of the hours within each span: rows `[root, span, sums…]`. */
export async function trafficByHour(
  db: Db,
  scope: Scope,
  spans: readonly WindowBounds[],
  use: UseRow,
): Promise<void> {
  const within = (row: string) => sql`${sql.ref(`${row}.account_id`)} = ${sql.lit(scope.accountId)}
    and ${sql.ref(`${row}.hour`)} >= s.from_at and ${sql.ref(`${row}.hour`)} < s.to_at ${ofAds(scope, row)}`;
  await copyIntegers(
    db,
    sql`with ${targets(scope)}, span as materialized (${spanRows(spans)}), fact as (
          select h.object_id, s.no, h.spend_micros, h.impressions, h.clicks, 0::bigint as visits
          from span s join spend_hour h on ${within('h')}
          union all
          select v.object_id, s.no, 0, 0, 0, v.visits from span s join visit_hour v on ${within('v')}
        )
        select ${root(scope)}, f.no, ${sums('f', TRAFFIC)} from fact f ${underTargets(scope)} group by 1, 2`,
    use,
  );
}

/** Counted conversions of the hours within each span: rows `[root, span, pair, sums…]`. */
export async function eventsByHour(
  db: Db,
  scope: Scope,
  spans: readonly WindowBounds[],
  pairs: readonly EventPair[],
  use: UseRow,
): Promise<void> {
  await copyIntegers(
    db,
    sql`with ${targets(scope)}, span as materialized (${spanRows(spans)})
        select ${root(scope)}, s.no, p.no, ${sums('f', EVENTS)}
        from span s
        join conversion_hour f on f.account_id = ${sql.lit(scope.accountId)} and f.hour >= s.from_at
          and f.hour < s.to_at and f.status in ('pending', 'approved') ${ofAds(scope, 'f')}
        join ${pairRows(pairs)} on f.event = p.event and f.event_type = p.event_type
        ${underTargets(scope)}
        group by 1, 2, 3`,
    use,
  );
}

/** Ads need no table of what lies below them: their facts' own id is the root. */
function root(scope: Scope): RawBuilder<unknown> {
  return scope.level === 'ad' ? sql`f.object_id` : sql`t.root`;
}

function underTargets(scope: Scope): RawBuilder<unknown> {
  return scope.level === 'ad' ? sql`` : sql`join target t on t.leaf = f.object_id`;
}

function ofAds(scope: Scope, row: string): RawBuilder<unknown> {
  return scope.level === 'ad' ? fewAds(scope, `${row}.object_id`) : sql``;
}

function dayNumber(days: readonly string[]): RawBuilder<unknown> {
  return sql`(d.day - ${sql.lit(days[0] ?? '')}::date)::bigint`;
}

function onDays(row: string, days: readonly string[]): RawBuilder<unknown> {
  return sql`${sql.ref(`${row}.day`)} = any(${sql.lit(`{${days.join(',')}}`)}::date[])`;
}

function each(row: string, columns: readonly string[]): RawBuilder<unknown> {
  return sql.raw(columns.map((column) => `${row}.${column}`).join(', '));
}

function sums(row: string, columns: readonly string[]): RawBuilder<unknown> {
  return sql.raw(columns.map((column) => `sum(${row}.${column})::bigint`).join(', '));
}

function pairRows(pairs: readonly EventPair[]): RawBuilder<unknown> {
  const rows = pairs.map(
    ({ event, eventType }, no) =>
      sql`(${sql.lit(no)}::bigint, ${sql.lit(event)}::text, ${sql.lit(eventType)}::text)`,
  );
  return sql`(values ${sql.join(rows)}) p (no, event, event_type)`;
}

function spanRows(spans: readonly WindowBounds[]): RawBuilder<unknown> {
  const instant = (ms: number) => sql`${sql.lit(new Date(ms).toISOString())}::timestamptz`;
  const rows = spans.map(
    ({ fromMs, toMs }, no) => sql`(${sql.lit(no)}::bigint, ${instant(fromMs)}, ${instant(toMs)})`,
  );
  return sql`select * from (values ${sql.join(rows)}) u (no, from_at, to_at)`;
}

/** Joins `e0`, `e1`, …, one per day, and their sums over what lies below the root. */
function lookUp(
  days: readonly string[],
  differencesOnly: boolean,
  from: { readonly table: string; readonly key: RawBuilder<unknown>; readonly columns: readonly string[] },
): { readonly joins: RawBuilder<unknown>; readonly sums: RawBuilder<unknown> } {
  const [oldest, newest] = [days[0], days.at(-1)];
  if (oldest === undefined || newest === undefined) throw new RangeError('no day is asked for');
  const last = days.length - 1;
  const date = (day: string) => sql`${sql.lit(day)}::date`;
  const newestDay = sql.ref(`e${last}.day`);
  const rowAt = (day: string, condition: RawBuilder<unknown>) => sql`(
    select ${each('o', ['day', ...from.columns])} from ${sql.table(from.table)} o
    where ${from.key} and o.day <= ${date(day)} ${condition} order by o.day desc limit 1)`;
  const others = days
    .slice(0, -1)
    .map(
      (day, no) =>
        sql`left join lateral ${rowAt(day, sql`and ${newestDay} > ${date(day)}`)} ${sql.ref(`e${no}`)} on true`,
    );
  const cells = days.flatMap((day, no) =>
    from.columns.map(
      (column) => sql`sum(case when ${newestDay} <= ${date(day)} then ${sql.ref(`e${last}.${column}`)}
                               else ${sql.ref(`e${no}.${column}`)} end)::bigint`,
    ),
  );
  return {
    joins: sql`cross join lateral ${rowAt(newest, sql``)} ${sql.ref(`e${last}`)} ${sql.join(others, sql` `)}
      ${differencesOnly ? sql`where ${newestDay} > ${date(oldest)}` : sql``}`,
    sums: sql.join(cells),
  };
}
