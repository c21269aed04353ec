import { sql } from 'kysely';
import type { Delivery } from '../core/delivery.ts';
import { type Micros, MICROS_PER_UNIT } from '../core/money.ts';
import type { Level, ObjectId } from '../core/object.ts';
import { timestampArray } from './binary-arrays.ts';
import type { Db } from './connection.ts';
import type { Excluded } from './learning/outages.ts';

const HOUR_MS = 3_600_000;

/** One due pause as it is on record. Instants are workspace time. */
export interface DuePauseRecord {
  readonly strategyId: string;
  readonly strategyVersion: number;
  readonly strategy: string;
  readonly objectId: ObjectId;
  readonly objectName: string;
  readonly campaignId: ObjectId | null;
  readonly level: Level;
  readonly accountId: string;
  readonly accountName: string;
  readonly currency: string;
  readonly timeZone: string;
  readonly arm: 'held' | 'acted';
  readonly propensity: number;
  readonly drawnAtMs: number;
  readonly untilMs: number | null;
  /** End of the newest hour whose spend the account's network has reported. */
  readonly asOfMs: number;
  /** The decision that paused it after all, and what became of it. */
  readonly pauseId: string | null;
  readonly pauseOutcome: string | null;
}

/** Every due pause of an autopilot with a holdout, oldest first. */
export async function loadDuePauses(
  db: Db,
  of: { readonly workspaceId: string; readonly accountId?: string },
): Promise<readonly DuePauseRecord[]> {
  let query = db
    .selectFrom('holdout as h')
    .innerJoin('object as o', 'o.id', 'h.object_id')
    .innerJoin('ad_account as a', 'a.id', 'h.account_id')
    .innerJoin('strategy as s', 's.id', 'h.strategy_id')
    .leftJoin('decision as d', 'd.id', 'h.pause_id')
    .select([
      'h.strategy_id',
      'h.strategy_version',
      's.name as strategy',
      'h.object_id',
      'o.name as object_name',
      'o.campaign_id',
      'o.level',
      'h.account_id',
      'a.name as account_name',
      'a.currency',
      'a.time_zone',
      'a.spend_as_of',
      'h.arm',
      'h.propensity',
      'h.drawn_at',
      'h.until',
      'h.pause_id',
      'd.outcome as pause_outcome',
    ])
    .where('h.workspace_id', '=', of.workspaceId)
    .orderBy('h.drawn_at')
    .orderBy('h.object_id');
  if (of.accountId !== undefined) query = query.where('h.account_id', '=', of.accountId);
  return (await query.execute()).map((row) => ({
    strategyId: row.strategy_id,
    strategyVersion: row.strategy_version,
    strategy: row.strategy,
    objectId: row.object_id,
    objectName: row.object_name,
    level: row.level,
    campaignId: row.campaign_id ?? (row.level === 'campaign' ? row.object_id : null),
    accountId: row.account_id,
    accountName: row.account_name,
    currency: row.currency,
    timeZone: row.time_zone,
    arm: row.arm,
    propensity: row.propensity,
    drawnAtMs: row.drawn_at.getTime(),
    untilMs: row.until?.getTime() ?? null,
    asOfMs: row.spend_as_of?.getTime() ?? 0,
    pauseId: row.pause_id,
    pauseOutcome: row.pause_outcome,
  }));
}

/**
 * What an object did in a stretch of time, by the time of the click: whole hours of spend, and the counted conversions of
 * one event in them as they stand now. Of the object and everything below it.
 *
 * @param of.excluded hours in which conversions were not delivered, whole ones: neither their spend nor their conversions count.
 * @param of.capMicros an order counts at most this much in `cappedValue`; null for no cap.
 */
export async function loadStretch(
  db: Db,
  of: {
    readonly objectId: ObjectId;
    readonly event: string;
    readonly fromMs: number;
    readonly toMs: number;
    readonly capMicros: number | null;
    readonly excluded: readonly Excluded[];
  },
): Promise<Delivery> {
  const from = new Date(of.fromMs);
  const to = new Date(Math.max(of.fromMs, of.toMs));
  const tree = sql`(select id from object
    where id = ${of.objectId} or adset_id = ${of.objectId} or campaign_id = ${of.objectId} or creative_id = ${of.objectId})`;
  const hidden = sql`unnest(${timestampArray(of.excluded.map((gap) => gap.fromMs))}::timestamptz[],
    ${timestampArray(of.excluded.map((gap) => gap.toMs))}::timestamptz[]) as gap (from_at, to_at)`;
  const { rows: hours } = await sql<{ hour: Date; spend: Micros; clicks: number }>`
    select hour, sum(spend_micros)::bigint as spend, sum(clicks)::bigint as clicks from spend_hour
    where object_id in ${tree} and hour >= ${from} and hour < ${to}
      and not exists (select from ${hidden} where hour >= gap.from_at and hour < gap.to_at)
    group by hour order by hour`.execute(db);
  const { rows: made } = await sql<{ hour: Date; conversions: number; value: Micros; capped: Micros }>`
    select to_timestamp(floor(extract(epoch from coalesce(clicked_at, event_at)) / 900) * 900) as hour,
           count(*)::bigint as conversions, coalesce(sum(value_micros), 0)::bigint as value,
           coalesce(sum(least(value_micros, ${of.capMicros}::bigint)), 0)::bigint as capped
    from conversion
    -- Its campaigns, because conversions are found by campaign and time.
    where campaign_id in (select coalesce(campaign_id, id) from object where id in ${tree})
      and object_id in ${tree} and counted and event = ${of.event}
      and coalesce(clicked_at, event_at) >= ${hours[0]?.hour ?? to} and coalesce(clicked_at, event_at) < ${to}
      and not exists (
        select from ${hidden}
        where coalesce(clicked_at, event_at) >= gap.from_at and coalesce(clicked_at, event_at) < gap.to_at)
    group by 1 order by 1`.execute(db);
  const starts = hours.map((row) => row.hour.getTime());
  const zeros = (): number[] => starts.map(() => 0);
  const [conversions, value, cappedValue] = [zeros(), zeros(), zeros()];
  for (const row of made) {
    const at = starts.findLastIndex((start) => start <= row.hour.getTime());
    if (at < 0) continue;
    conversions[at] = (conversions[at] ?? 0) + row.conversions;
    value[at] = (value[at] ?? 0) + row.value / MICROS_PER_UNIT;
    cappedValue[at] = (cappedValue[at] ?? 0) + row.capped / MICROS_PER_UNIT;
  }
  const last = starts.at(-1);
  return {
    fromMs: starts,
    toMs: last === undefined ? of.toMs : Math.min(of.toMs, last + HOUR_MS),
    spend: hours.map((row) => row.spend / MICROS_PER_UNIT),
    clicks: hours.map((row) => row.clicks),
    events: { [of.event]: { conversions, value, ...(of.capMicros === null ? {} : { cappedValue }) } },
  };
}
