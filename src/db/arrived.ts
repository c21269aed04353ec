import { sql } from 'kysely';
import { VIEW_THROUGH } from '../core/conversion.ts';
import type { EventMetrics, WindowMetrics } from '../core/decision.ts';
import { MICROS_PER_UNIT } from '../core/money.ts';
import type { Level, ObjectId } from '../core/object.ts';
import type { CompiledStrategy } from '../core/rules/compile.ts';
import { readWindow, windowBounds } from '../core/windows.ts';
import type { Db } from './connection.ts';
import type { WindowRequest } from './metrics.ts';

export interface ArrivedInput {
  readonly accountId: string;
  readonly level: Level;
  readonly objectIds: readonly ObjectId[];
  readonly windows: readonly WindowRequest[];
  /** Nothing at or after it is counted. */
  readonly asOfMs: number;
  /** Only these events, by name; every event when absent. */
  readonly events?: readonly string[];
}

/** By `event` and by `event/type`. */
export type ArrivedEvents = Readonly<Record<string, EventMetrics>>;

/** Arrivals by object and window. */
export type Arrivals = ReadonlyMap<ObjectId, Readonly<Record<string, ArrivedEvents>>>;

export interface ArrivalsInput {
  readonly accountId: string;
  readonly zone: string;
  readonly asOfMs: number;
  readonly scoped: readonly {
    readonly compiled: CompiledStrategy;
    readonly objectIds: readonly ObjectId[];
  }[];
}

/** The arrivals that strategies ask for; nothing, and no query, where none does. */
export async function loadArrivals(db: Db, input: ArrivalsInput): Promise<Arrivals> {
  const asking = input.scoped.filter(({ compiled }) => compiled.needs.arrived.length > 0);
  const merged = new Map<ObjectId, Readonly<Record<string, ArrivedEvents>>>();
  for (const [level, ofLevel] of Map.groupBy(asking, ({ compiled }) => compiled.level)) {
    const spellings = new Set(ofLevel.flatMap(({ compiled }) => compiled.needs.arrived));
    const events = new Set(ofLevel.flatMap(({ compiled }) => compiled.needs.events));
    const found = await loadArrived(db, {
      accountId: input.accountId,
      level,
      objectIds: [...new Set(ofLevel.flatMap(({ objectIds }) => objectIds))],
      asOfMs: input.asOfMs,
      windows: [...spellings].map((spelling) => {
        const window = readWindow(spelling);
        if ('problem' in window) throw new Error(window.problem);
        return { spelling, bounds: windowBounds(window, input.asOfMs, input.zone) };
      }),
      ...(events.has('*') ? {} : { events: [...events] }),
    });
    for (const [id, windows] of found) merged.set(id, windows);
  }
  return merged;
}

/** An object's windows, those of `asked` with what arrived in them. */
export function withArrivals(
  windows: Readonly<Record<string, WindowMetrics>>,
  asked: readonly string[],
  arrivals: Readonly<Record<string, ArrivedEvents>> | undefined,
): Readonly<Record<string, WindowMetrics>> {
  if (asked.length === 0) return windows;
  return Object.fromEntries(
    Object.entries(windows).map(([spelling, metrics]) => [
      spelling,
      asked.includes(spelling) ? { ...metrics, arrived: arrivals?.[spelling] ?? {} } : metrics,
    ]),
  );
}

/**
 * Counted conversions of objects and of all below them, by the time of the conversion instead of the click's: what networks
 * and most rules count. Read from the conversions themselves, found by a few bytes per range of pages (BRIN on the event's
 * time), so that ingest keeps no second set of sums for it.
 *
 * @returns by object id, then by window spelling; objects and windows without a conversion are left out.
 */
export async function loadArrived(db: Db, input: ArrivedInput): Promise<Arrivals> {
  const result = new Map<ObjectId, Record<string, Record<string, EventMetrics>>>();
  if (input.objectIds.length === 0 || input.windows.length === 0) return result;
  const spans = input.windows.map(({ bounds }) => ({
    from: new Date(bounds.fromMs).toISOString(),
    to: new Date(Math.min(bounds.toMs, input.asOfMs)).toISOString(),
  }));
  const names = input.events?.map((event) => event.split('/', 1)[0] ?? event);
  const { rows } = await sql<{
    root: ObjectId;
    no: number;
    event: string;
    event_type: string;
    conversions: number;
    value_micros: number;
    unconverted: number;
  }>`
    with asked as materialized (select root from unnest(${input.objectIds}::bigint[]) as u (root)),
    target as materialized (
      select root, root as leaf from asked
      union all select a.root, o.id from asked a join object o on ${below(input.level)}
    ), span as (
      select * from unnest(${spans.map((s) => s.from)}::timestamptz[], ${spans.map((s) => s.to)}::timestamptz[])
        with ordinality as u (from_at, to_at, no)
    )
    select t.root, (s.no - 1)::int as no, c.event, x.event_type, count(*) as conversions,
           coalesce(sum(c.value_micros), 0) as value_micros,
           count(*) filter (where c.value_micros is null and c.original_micros is not null) as unconverted
    from conversion c
    join target t on t.leaf = c.object_id
    cross join lateral (select case when c.view_through then ${VIEW_THROUGH} else c.event_type end as event_type) x
    join span s on c.event_at >= s.from_at and c.event_at < s.to_at
    where c.account_id = ${input.accountId} and c.counted
      and c.event_at >= ${spans.map((s) => s.from).toSorted()[0]}::timestamptz
      and c.event_at < ${spans
        .map((s) => s.to)
        .toSorted()
        .at(-1)}::timestamptz
      ${names === undefined ? sql`` : sql`and c.event = any(${names}::text[])`}
    group by t.root, s.no, c.event, x.event_type`.execute(db);
  for (const row of rows) {
    const spelling = input.windows[row.no]?.spelling;
    if (spelling === undefined) continue;
    let windows = result.get(row.root);
    if (!windows) result.set(row.root, (windows = {}));
    const events = (windows[spelling] ??= {});
    for (const key of [row.event, `${row.event}/${row.event_type}`]) {
      const sum = events[key] ?? { conversions: 0, value: 0, unconverted: 0 };
      events[key] = {
        conversions: sum.conversions + row.conversions,
        value: sum.value + row.value_micros / MICROS_PER_UNIT,
        unconverted: sum.unconverted + row.unconverted,
      };
    }
  }
  return result;
}

function below(level: Level) {
  switch (level) {
    case 'campaign':
      return sql`o.campaign_id = a.root and o.level in ('adset', 'ad')`;
    case 'adset':
      return sql`o.adset_id = a.root and o.level = 'ad'`;
    case 'creative':
      return sql`o.creative_id = a.root and o.level = 'ad'`;
    case 'ad':
      return sql`false`;
  }
}
