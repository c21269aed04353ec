import { type RawBuilder, sql } from 'kysely';
import type { Level, ObjectId } from '../core/object.ts';
import type { WindowBounds } from '../core/windows.ts';
import type { Db } from './connection.ts';

/** Whose sums: see WindowMetricsInput. */
export interface Scope {
  readonly accountId: string;
  readonly level: Level;
  readonly objectIds?: readonly ObjectId[];
  readonly campaignIds?: readonly ObjectId[];
  readonly events?: readonly string[];
}

/** Sums of one object for one part of the plan. */
export interface TrafficSum {
  readonly root: ObjectId;
  /** Number of the edge or span. */
  readonly no: number;
  readonly spend_micros: number;
  readonly impressions: number;
  readonly clicks: number;
  readonly visits: number;
}

export interface EventSum {
  readonly root: ObjectId;
  readonly no: number;
  readonly event: string;
  readonly event_type: string;
  readonly conversions: number;
  readonly value_micros: number;
  readonly unconverted: number;
}

/** The objects that are asked for. */
export async function listTargets(db: Db, scope: Scope): Promise<readonly ObjectId[]> {
  const { rows } = await sql<{ root: ObjectId }>`${roots(scope)}`.execute(db);
  return rows.map((row) => row.root);
}

/** Columns of running totals, in the order they are added up. */
const TRAFFIC = ['spend_micros', 'impressions', 'clicks', 'visits'] as const;
const EVENTS = ['conversions', 'value_micros', 'unconverted'] as const;

/** Days whose running totals are asked for. */
export interface Edges {
  /** Account-local dates. */
  readonly days: readonly string[];
  /** True when only differences between the days matter: an object whose totals are the same on all is left out. */
  readonly differencesOnly: boolean;
}

/**
 * Running totals of objects up to the end of each day; one row of the database per object.
 *
 * @param use called for each object and day.
 */
export async function trafficByDay(
  db: Db,
  scope: Scope,
  edges: Edges,
  use: (sum: TrafficSum) => void,
): Promise<void> {
  const probes = probe(edges, { table: 'object_day', key: sql`o.object_id = t.leaf`, columns: TRAFFIC });
  const grouped = scope.level === 'ad' ? sql`` : sql`group by t.root`;
  const { rows } = await sql<{ root: ObjectId } & Record<string, number | null>>`
    with ${targets(scope)}
    select t.root, ${totals(scope, edges, TRAFFIC)}
    from target t ${probes} ${grouped}`.execute(db);
  const names = edges.days.map((_, no) => namesOf(TRAFFIC, no));
  for (const row of rows) {
    names.forEach(([spend, impressions, clicks, visits], no) =>
      use({
        root: row.root,
        no,
        spend_micros: row[spend] ?? 0,
        impressions: row[impressions] ?? 0,
        clicks: row[clicks] ?? 0,
        visits: row[visits] ?? 0,
      }),
    );
  }
}

/**
 * Running totals of counted conversions up to the end of each day. The account's few (event, type) pairs are found by
 * stepping through the index, so that each object and pair is an index probe instead of a scan of its days.
 *
 * @param use called for each object, pair and day.
 */
export async function eventsByDay(
  db: Db,
  scope: Scope,
  edges: Edges,
  use: (sum: EventSum) => void,
): Promise<void> {
  const probes = probe(edges, {
    table: 'event_day',
    key: sql`o.object_id = t.leaf and o.event = p.event and o.event_type = p.event_type`,
    columns: EVENTS,
  });
  const grouped = scope.level === 'ad' ? sql`` : sql`group by t.root, p.event, p.event_type`;
  const { rows } = await sql<
    { root: ObjectId; event: string; event_type: string } & Record<string, number | string | null>
  >`
    with recursive pair as (
      (select event, event_type from event_day where account_id = ${scope.accountId}
       order by event, event_type limit 1)
      union all
      select n.event, n.event_type from pair p cross join lateral (
        select e.event, e.event_type from event_day e
        where e.account_id = ${scope.accountId} and (e.event, e.event_type) > (p.event, p.event_type)
        order by e.event, e.event_type limit 1
      ) n
    ), ${targets(scope)}
    select t.root, p.event, p.event_type, ${totals(scope, edges, EVENTS)}
    from target t cross join (select * from pair ${onlyEvents(scope)}) p ${probes} ${grouped}`.execute(db);
  const names = edges.days.map((_, no) => namesOf(EVENTS, no));
  for (const row of rows) {
    names.forEach(([conversions, value, unconverted], no) =>
      use({
        root: row.root,
        no,
        event: row.event,
        event_type: row.event_type,
        conversions: Number(row[conversions] ?? 0),
        value_micros: Number(row[value] ?? 0),
        unconverted: Number(row[unconverted] ?? 0),
      }),
    );
  }
}

/**
 * Joins `e0`, `e1`, …: for each day the newest row at or before it. Where the row of the newest day is that old already,
 * it is the one for all days (see totals): an object without news costs one probe, whatever the number of days.
 */
function probe(
  edges: Edges,
  from: { readonly table: string; readonly key: RawBuilder<unknown>; readonly columns: readonly string[] },
): RawBuilder<unknown> {
  const columns = sql.join(['day', ...from.columns].map((column) => sql.ref(`o.${column}`)));
  const rowAt = (day: string, condition: RawBuilder<unknown>) => sql`(
    select ${columns} from ${sql.table(from.table)} o
    where ${from.key} and o.day <= ${day}::date ${condition} order by o.day desc limit 1)`;
  const { newest, oldest } = outermost(edges);
  const newestDay = sql.ref(`e${newest.no}.day`);
  const others = edges.days.flatMap((day, no) =>
    no === newest.no
      ? []
      : [
          sql`left join lateral ${rowAt(day, sql`and ${newestDay} > ${day}::date`)} ${sql.ref(`e${no}`)} on true`,
        ],
  );
  return sql`cross join lateral ${rowAt(newest.day, sql``)} ${sql.ref(`e${newest.no}`)}
    ${sql.join(others, sql` `)}
    ${edges.differencesOnly ? sql`where ${newestDay} > ${oldest.day}::date` : sql``}`;
}

function outermost(edges: Edges) {
  const sorted = edges.days.map((day, no) => ({ day, no })).sort((a, b) => (a.day < b.day ? -1 : 1));
  const [oldest, newest] = [sorted[0], sorted.at(-1)];
  if (oldest === undefined || newest === undefined) throw new RangeError('no day is asked for');
  return { oldest, newest };
}

function namesOf<const Columns extends readonly string[]>(
  columns: Columns,
  no: number,
): { readonly [Column in keyof Columns]: string } {
  return columns.map((column) => `${column}_${no}`) as { [Column in keyof Columns]: string };
}

/** `clicks_0`, …: of the object, or summed over what lies below it. */
function totals(scope: Scope, edges: Edges, columns: readonly string[]): RawBuilder<unknown> {
  const newest = `e${outermost(edges).newest.no}`;
  return sql.join(
    edges.days.flatMap((day, no) =>
      columns.map((column) => {
        const value = sql`case when ${sql.ref(`${newest}.day`)} <= ${day}::date then ${sql.ref(`${newest}.${column}`)}
                          else ${sql.ref(`e${no}.${column}`)} end`;
        // numeric, as sum() gives: a running total of many years, or of a weak currency, may pass what int8 is read as.
        return sql`${scope.level === 'ad' ? sql`${value}::numeric` : sql`sum(${value})`} as ${sql.ref(`${column}_${no}`)}`;
      }),
    ),
  );
}

/** Sums of the hours within each span. */
export async function trafficByHour(
  db: Db,
  scope: Scope,
  spans: readonly WindowBounds[],
): Promise<readonly TrafficSum[]> {
  const { rows } = await sql<TrafficSum>`
    with ${targets(scope)}, span as (${spanRows(spans)})
    select f.root, (f.no - 1)::int as no, sum(f.spend_micros) as spend_micros, sum(f.impressions) as impressions,
           sum(f.clicks) as clicks, sum(f.visits) as visits
    from (
      select t.root, s.no, h.spend_micros, h.impressions, h.clicks, 0::bigint as visits
      from span s join spend_hour h on h.account_id = ${scope.accountId} and h.hour >= s.from_at and h.hour < s.to_at
      join target t on t.leaf = h.object_id
      union all
      select t.root, s.no, 0, 0, 0, v.visits
      from span s join visit_hour v on v.account_id = ${scope.accountId} and v.hour >= s.from_at and v.hour < s.to_at
      join target t on t.leaf = v.object_id
    ) f
    group by f.root, f.no`.execute(db);
  return rows;
}

/** Counted conversions of the hours within each span. */
export async function eventsByHour(
  db: Db,
  scope: Scope,
  spans: readonly WindowBounds[],
): Promise<readonly EventSum[]> {
  const { rows } = await sql<EventSum>`
    with ${targets(scope)}, span as (${spanRows(spans)})
    select t.root, (s.no - 1)::int as no, h.event, h.event_type, sum(h.conversions) as conversions,
           sum(h.value_micros) as value_micros, sum(h.unconverted) as unconverted
    from span s
    join (select * from conversion_hour ${onlyEvents(scope)}) h
      on h.account_id = ${scope.accountId} and h.hour >= s.from_at and h.hour < s.to_at
     and h.status in ('pending', 'approved')
    join target t on t.leaf = h.object_id
    group by t.root, s.no, h.event, h.event_type`.execute(db);
  return rows;
}

function spanRows(spans: readonly WindowBounds[]): RawBuilder<unknown> {
  const from = spans.map((span) => new Date(span.fromMs).toISOString());
  const to = spans.map((span) => new Date(span.toMs).toISOString());
  return sql`select * from unnest(${from}::timestamptz[], ${to}::timestamptz[]) with ordinality as u (from_at, to_at, no)`;
}

function onlyEvents(scope: Scope): RawBuilder<unknown> {
  return scope.events === undefined ? sql`` : sql`where event = any(${scope.events}::text[])`;
}

/** `select id as root`: the asked objects of the level. */
function roots(scope: Scope): RawBuilder<unknown> {
  const { accountId, level, objectIds, campaignIds } = scope;
  const chosen = objectIds === undefined ? sql`` : sql`and o.id = any(${objectIds}::bigint[])`;
  return sql`select o.id as root from object o
    where o.account_id = ${accountId} and o.level = ${level} ${chosen} ${inCampaigns(level, campaignIds)}`;
}

function inCampaigns(level: Level, campaignIds: readonly ObjectId[] | undefined): RawBuilder<unknown> {
  if (campaignIds === undefined) return sql``;
  switch (level) {
    case 'campaign':
      return sql`and o.id = any(${campaignIds}::bigint[])`;
    case 'adset':
    case 'ad':
      return sql`and o.campaign_id = any(${campaignIds}::bigint[])`;
    case 'creative':
      return sql`and o.id in (select a.creative_id from object a
        where a.campaign_id = any(${campaignIds}::bigint[]) and a.level = 'ad')`;
  }
}

/** CTE `target (root, leaf)`: each asked object with itself and everything below it. */
function targets(scope: Scope): RawBuilder<unknown> {
  // Not materialized, an ad's id is known to be unique: the planner does not hope to meet one twice.
  if (scope.level === 'ad')
    return sql`target as not materialized (select root, root as leaf from (${roots(scope)}) r)`;
  return sql`chosen as materialized (${roots(scope)}), target as materialized (
    select root, root as leaf from chosen ${below(scope.level)}
  )`;
}

function below(level: Level): RawBuilder<unknown> {
  switch (level) {
    case 'campaign':
      return sql`union all select c.root, o.id from chosen c
        join object o on o.campaign_id = c.root and o.level in ('adset', 'ad')`;
    case 'adset':
      return sql`union all select c.root, o.id from chosen c join object o on o.adset_id = c.root and o.level = 'ad'`;
    case 'creative':
      return sql`union all select c.root, o.id from chosen c
        join object o on o.creative_id = c.root and o.level = 'ad'`;
    case 'ad':
      return sql``;
  }
}
