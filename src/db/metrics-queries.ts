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

/** Running totals up to the end of each date. */
export async function trafficByDay(
  db: Db,
  scope: Scope,
  edges: readonly string[],
): Promise<readonly TrafficSum[]> {
  const { rows } = await sql<TrafficSum>`
    with ${targets(scope)}, edge as (select * from unnest(${edges}::date[]) with ordinality as u (day, no))
    select t.root, (e.no - 1)::int as no, sum(d.spend_micros) as spend_micros, sum(d.impressions) as impressions,
           sum(d.clicks) as clicks, sum(d.visits) as visits
    from target t cross join edge e
    cross join lateral (
      select o.spend_micros, o.impressions, o.clicks, o.visits from object_day o
      where o.object_id = t.leaf and o.day <= e.day order by o.day desc limit 1
    ) d
    group by t.root, e.no`.execute(db);
  return rows;
}

/**
 * Running totals of counted conversions up to the end of each date. The account's few (event, type) pairs are found by
 * stepping through the index, so that each object and pair is one index probe instead of a scan of its days.
 */
export async function eventsByDay(
  db: Db,
  scope: Scope,
  edges: readonly string[],
): Promise<readonly EventSum[]> {
  const { rows } = await sql<EventSum>`
    with recursive pair as (
      (select event, event_type from event_day where account_id = ${scope.accountId}
       order by event, event_type limit 1)
      union all
      select n.event, n.event_type from pair p cross join lateral (
        select e.event, e.event_type from event_day e
        where e.account_id = ${scope.accountId} and (e.event, e.event_type) > (p.event, p.event_type)
        order by e.event, e.event_type limit 1
      ) n
    ), ${targets(scope)}, edge as (select * from unnest(${edges}::date[]) with ordinality as u (day, no))
    select t.root, (e.no - 1)::int as no, p.event, p.event_type, sum(d.conversions) as conversions,
           sum(d.value_micros) as value_micros, sum(d.unconverted) as unconverted
    from target t cross join (select * from pair ${onlyEvents(scope)}) p cross join edge e
    cross join lateral (
      select v.conversions, v.value_micros, v.unconverted from event_day v
      where v.object_id = t.leaf and v.event = p.event and v.event_type = p.event_type and v.day <= e.day
      order by v.day desc limit 1
    ) d
    group by t.root, e.no, p.event, p.event_type`.execute(db);
  return rows;
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
