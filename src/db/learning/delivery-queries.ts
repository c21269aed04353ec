import { type RawBuilder, sql } from 'kysely';
import type { Level, ObjectId } from '../../core/object.ts';
import { bigintArray, timestampArray } from '../binary-arrays.ts';
import type { Db } from '../connection.ts';
import type { Grid } from './buckets.ts';
import {
  type EventRow,
  numbers,
  type Packed,
  type PackedEvent,
  steps,
  type TrafficRow,
  unpackEvent,
  unpackTraffic,
} from './packed-rows.ts';

/** Objects of one level, each with the instant its facts are asked from. */
export interface Roots {
  readonly level: Level;
  readonly ids: readonly ObjectId[];
  /** Starts of hours, one per id. */
  readonly startsMs: readonly number[];
  /** First account-local date that is wanted whole, one per id. */
  readonly wholeFrom: readonly string[];
  /** By name; null for every event. */
  readonly events: readonly string[] | null;
}

/**
 * Spend and clicks of each day, from the running totals: one row per object below a root, its days in one value each,
 * because thousands of short rows cost more to read than the sums in them.
 */
export async function trafficOfDays(db: Db, roots: Roots, grid: Grid): Promise<readonly TrafficRow[]> {
  const { rows } = await sql<Packed>`
    with ${targets(roots)}
    select t.root, d.at, d.spend, d.clicks, before.spend_micros as "spendBefore", before.clicks as "clicksBefore"
    from target t
    left join lateral (
      select o.spend_micros, o.clicks from object_day o
      where o.object_id = t.leaf and o.day < t.whole_from order by o.day desc limit 1
    ) before on true
    cross join lateral (
      select array_agg(x.day - ${grid.dates[0]}::date)::text as at, array_agg(x.spend_micros)::text as spend,
             array_agg(x.clicks)::text as clicks
      from (
        select o.day, o.spend_micros, o.clicks from object_day o
        where o.object_id = t.leaf and o.day >= t.whole_from and o.day < ${grid.dates[grid.days]}::date
          -- Rows that only close a gap add nothing.
          and o.last_fact = o.day
        order by o.day
      ) x
    ) d
    where d.at is not null`.execute(db);
  return rows.map((row) => ({
    root: row.root,
    at: numbers(row.at),
    spendMicros: steps(numbers(row.spend), row.spendBefore ?? 0),
    clicks: steps(numbers(row.clicks), row.clicksBefore ?? 0),
  }));
}

/** Spend and clicks of each hour of the grid's last days. */
export async function trafficOfHours(db: Db, roots: Roots, grid: Grid): Promise<readonly TrafficRow[]> {
  const { rows } = await sql<Packed>`
    with ${targets(roots)}
    select t.root, h.at, h.spend, h.clicks
    from target t
    cross join lateral (
      select array_agg(${minutesOf(grid)})::text as at, array_agg(h.spend_micros)::text as spend,
             array_agg(h.clicks)::text as clicks
      from spend_hour h
      where h.object_id = t.leaf and h.hour >= greatest(t.start_at, ${instant(grid.hoursFromMs)})
        and h.hour < ${instant(grid.toMs)}
    ) h
    where h.at is not null`.execute(db);
  return rows.map(unpackTraffic);
}

/** Counted conversions of each day, by event, from the running totals. */
export async function eventsOfDays(db: Db, roots: Roots, grid: Grid): Promise<readonly EventRow[]> {
  const columns = sql`e.event, e.event_type, e.day, e.conversions, e.value_micros, e.unconverted`;
  const { rows } = await sql<PackedEvent & { readonly from: number }>`
    with ${targets(roots)}
    select t.root, x.event, t.whole_from - ${grid.dates[0]}::date as from,
           array_agg(x.day - ${grid.dates[0]}::date order by x.day)::text as at,
           array_agg(x.conversions order by x.day)::text as conversions,
           array_agg(x.value_micros order by x.day)::text as value,
           array_agg(x.unconverted order by x.day)::text as unconverted
    from target t
    cross join lateral (
      select ${columns} from event_day e
      where e.object_id = t.leaf and e.day >= t.whole_from and e.day < ${grid.dates[grid.days]}::date
        and e.last_fact = e.day
        ${only(roots, sql`e.event`)}
      union all
      select * from (
        select distinct on (e.event, e.event_type) ${columns} from event_day e
        where e.object_id = t.leaf and e.day < t.whole_from ${only(roots, sql`e.event`)}
        order by e.event, e.event_type, e.day desc
      ) before
    ) x
    group by t.root, t.leaf, t.whole_from, x.event, x.event_type`.execute(db);
  return rows.map((row) => {
    const days = unpackEvent(row);
    // The newest totals before the first day are only what the first day's are more than.
    const skip = (days.at[0] ?? 0) < row.from ? 1 : 0;
    const own = (totals: readonly number[]) => steps(totals, 0).slice(skip);
    return {
      ...days,
      at: days.at.slice(skip),
      conversions: own(days.conversions),
      valueMicros: own(days.valueMicros),
      unconverted: own(days.unconverted),
    };
  });
}

/** Counted conversions of each hour of the grid's last days, by event. */
export async function eventsOfHours(db: Db, roots: Roots, grid: Grid): Promise<readonly EventRow[]> {
  const { rows } = await sql<PackedEvent>`
    with ${targets(roots)}
    select t.root, h.event, array_agg(${minutesOf(grid)})::text as at, array_agg(h.conversions)::text as conversions,
           array_agg(h.value_micros)::text as value, array_agg(h.unconverted)::text as unconverted
    from target t
    join conversion_hour h on h.object_id = t.leaf and h.status in ('pending', 'approved')
      and h.hour >= ${instant(grid.hoursFromMs)} and h.hour < ${instant(grid.toMs)} and h.hour >= t.start_at
      ${only(roots, sql`h.event`)}
    group by t.root, t.leaf, h.event`.execute(db);
  return rows.map(unpackEvent);
}

/** Hours of one object that are asked for themselves, and the bucket they are added to or taken from. */
export interface Stretch {
  readonly root: ObjectId;
  readonly bucket: number;
  readonly sign: 1 | -1;
  readonly fromMs: number;
  readonly toMs: number;
}

export interface StretchTraffic {
  readonly root: ObjectId;
  readonly bucket: number;
  readonly spendMicros: number;
  readonly clicks: number;
}

export interface StretchEvents {
  readonly root: ObjectId;
  readonly bucket: number;
  readonly event: string;
  readonly conversions: number;
  readonly valueMicros: number;
  readonly unconverted: number;
}

/** What lies in hours that are no whole days: where a test begins in the middle of a day, or an outage lay. */
export async function ofStretches(
  db: Db,
  roots: Roots,
  stretches: readonly Stretch[],
): Promise<{ readonly traffic: readonly StretchTraffic[]; readonly events: readonly StretchEvents[] }> {
  if (stretches.length === 0) return { traffic: [], events: [] };
  const asked = sql`stretch as (
    select * from unnest(${bigintArray(stretches.map((s) => s.root))}::bigint[],
      ${bigintArray(stretches.map((s) => s.bucket))}::bigint[], ${bigintArray(stretches.map((s) => s.sign))}::bigint[],
      ${timestampArray(stretches.map((s) => s.fromMs))}::timestamptz[],
      ${timestampArray(stretches.map((s) => s.toMs))}::timestamptz[]) as u (root, bucket, sign, from_at, to_at)
  )`;
  const [traffic, events] = await Promise.all([
    sql<StretchTraffic>`
      with ${targets(roots)}, ${asked}
      select s.root, s.bucket, sum(s.sign * h.spend_micros) as "spendMicros", sum(s.sign * h.clicks) as clicks
      from stretch s join target t on t.root = s.root
      join spend_hour h on h.object_id = t.leaf and h.hour >= s.from_at and h.hour < s.to_at
      group by s.root, s.bucket`.execute(db),
    sql<StretchEvents>`
      with ${targets(roots)}, ${asked}
      select s.root, s.bucket, h.event, sum(s.sign * h.conversions) as conversions,
             sum(s.sign * h.value_micros) as "valueMicros", sum(s.sign * h.unconverted) as unconverted
      from stretch s join target t on t.root = s.root
      join conversion_hour h on h.object_id = t.leaf and h.hour >= s.from_at and h.hour < s.to_at
        and h.status in ('pending', 'approved') ${only(roots, sql`h.event`)}
      group by s.root, s.bucket, h.event`.execute(db),
  ]);
  return { traffic: traffic.rows, events: events.rows };
}

/** What counted orders are worth beyond the cap of their event: each at the instant it counts for. */
export async function beyondCap(
  db: Db,
  roots: Roots,
  grid: Grid,
  caps: ReadonlyMap<string, number>,
): Promise<
  readonly { readonly root: ObjectId; readonly event: string; readonly at: Date; readonly micros: number }[]
> {
  if (caps.size === 0) return [];
  const { rows } = await sql<{ root: ObjectId; event: string; at: Date; micros: number }>`
    with ${targets(roots)}, cap as (
      select * from unnest(${[...caps.keys()]}::text[], ${[...caps.values()]}::bigint[]) as u (event, micros)
    ), campaign as (
      select distinct coalesce(o.campaign_id, o.id) as id from target t join object o on o.id = t.leaf
    )
    select t.root, c.event, c.at, c.value_micros - cap.micros as micros
    from campaign p cross join cap
    -- Offset: campaign by campaign, whatever the planner hopes of their sizes.
    cross join lateral (
      select c.object_id, c.event, c.value_micros, coalesce(c.clicked_at, c.event_at) as at from conversion c
      where c.campaign_id = p.id and c.event = cap.event and c.value_micros > cap.micros and c.counted
        and coalesce(c.clicked_at, c.event_at) >= ${instant(Math.min(...roots.startsMs))}
        and coalesce(c.clicked_at, c.event_at) < ${instant(grid.toMs)}
      offset 0
    ) c
    join target t on t.leaf = c.object_id and c.at >= t.start_at`.execute(db);
  return rows;
}

function instant(ms: number): RawBuilder<unknown> {
  return sql`${new Date(ms).toISOString()}::timestamptz`;
}

function minutesOf(grid: Grid): RawBuilder<unknown> {
  return sql`((date_part('epoch', h.hour) - ${grid.hoursFromMs / 1_000}::float8) / 60)::int`;
}

function only(roots: Roots, column: RawBuilder<unknown>): RawBuilder<unknown> {
  return roots.events === null ? sql`` : sql`and ${column} = any(${roots.events}::text[])`;
}

/** CTE `target (root, leaf, start_at, whole_from)`: each object with itself and everything below it. */
function targets(roots: Roots): RawBuilder<unknown> {
  const asked = sql`asked as materialized (
    select * from unnest(${bigintArray(roots.ids)}::bigint[], ${timestampArray(roots.startsMs)}::timestamptz[],
                         ${roots.wholeFrom}::date[]) as u (root, start_at, whole_from)
  )`;
  const own = sql`select root, root as leaf, start_at, whole_from from asked`;
  const below = (join: RawBuilder<unknown>) => sql`${asked}, target as materialized (
    ${own} union all select a.root, o.id, a.start_at, a.whole_from from asked a join object o on ${join}
  )`;
  switch (roots.level) {
    case 'ad':
      return sql`${asked}, target as (${own})`;
    case 'adset':
      return below(sql`o.adset_id = a.root and o.level = 'ad'`);
    case 'campaign':
      return below(sql`o.campaign_id = a.root and o.level in ('adset', 'ad')`);
    case 'creative':
      return below(sql`o.creative_id = a.root and o.level = 'ad'`);
  }
}
