import { sql } from 'kysely';
import type { Micros } from '../core/money.ts';
import type { ObjectId } from '../core/object.ts';
import { dayOf, hourStart } from '../core/zone.ts';
import type { Db } from './connection.ts';
import { addToObjectDays, lockTotals } from './running-totals.ts';

/** Spend of one object in one hour, as the network reports it now. */
export interface SpendFact {
  readonly objectId: ObjectId;
  /** Any instant of the hour, ms since the epoch; stored as the start of the hour in the account's zone. */
  readonly hourMs: number;
  readonly spendMicros: Micros;
  readonly impressions: number;
  readonly clicks: number;
}

export interface StoreSpendInput {
  readonly accountId: string;
  /** The account's IANA zone. */
  readonly zone: string;
  readonly rows: readonly SpendFact[];
  /** Workspace time at which the network told us; the version's `known_from`. */
  readonly knownFromMs: number;
}

export interface StoredSpend {
  /** Hours that are new or have other values than before. */
  readonly changed: number;
  /** Those of them that had other values before. */
  readonly restated: number;
  /** Objects with a changed hour. */
  readonly objectIds: readonly ObjectId[];
}

/**
 * Stores what the network reports: the current value of each hour, a version for every value that changed, and the
 * difference into the running totals. The same report stored twice changes nothing. When a report names an hour twice,
 * its last row counts. A report of zeros for an hour never seen is nothing new and is not stored.
 *
 * @param trx a transaction; the account's running totals stay locked until it ends.
 */
export async function storeSpend(trx: Db, input: StoreSpendInput): Promise<StoredSpend> {
  const { accountId, zone } = input;
  const latest = new Map<string, SpendFact>();
  for (const row of input.rows) {
    const hourMs = hourStart(row.hourMs, zone);
    latest.set(`${row.objectId} ${hourMs}`, { ...row, hourMs });
  }
  if (latest.size === 0) return { changed: 0, restated: 0, objectIds: [] };
  const facts = [...latest.values()];
  const knownFrom = new Date(input.knownFromMs).toISOString();
  await lockTotals(trx, [accountId]);

  const { rows: changed } = await sql<ChangedHour>`
    with report as (
      select * from unnest(
        ${facts.map((f) => f.objectId)}::bigint[], ${facts.map((f) => new Date(f.hourMs).toISOString())}::timestamptz[],
        ${facts.map((f) => f.spendMicros)}::bigint[], ${facts.map((f) => f.impressions)}::bigint[],
        ${facts.map((f) => f.clicks)}::bigint[]) as u (object_id, hour, spend_micros, impressions, clicks)
    ), changed as (
      select r.*, o.object_id is not null as restated,
             r.spend_micros - coalesce(o.spend_micros, 0) as spend_delta,
             r.impressions - coalesce(o.impressions, 0) as impressions_delta,
             r.clicks - coalesce(o.clicks, 0) as clicks_delta
      from report r left join spend_hour o on o.object_id = r.object_id and o.hour = r.hour
      where (coalesce(o.spend_micros, 0), coalesce(o.impressions, 0), coalesce(o.clicks, 0))
            <> (r.spend_micros, r.impressions, r.clicks)
    ), current as (
      insert into spend_hour (account_id, object_id, hour, spend_micros, impressions, clicks, reported_at)
      select ${accountId}, object_id, hour, spend_micros, impressions, clicks, ${knownFrom}::timestamptz from changed
      on conflict (object_id, hour) do update
      set spend_micros = excluded.spend_micros, impressions = excluded.impressions, clicks = excluded.clicks,
          reported_at = excluded.reported_at
    ), version as (
      insert into spend_version (account_id, object_id, hour, known_from, spend_micros, impressions, clicks)
      select ${accountId}, object_id, hour, ${knownFrom}::timestamptz, spend_micros, impressions, clicks from changed
      on conflict (object_id, hour, known_from) do update
      set spend_micros = excluded.spend_micros, impressions = excluded.impressions, clicks = excluded.clicks
    )
    select object_id, hour, restated, spend_delta, impressions_delta, clicks_delta from changed`.execute(trx);

  await addToObjectDays(
    trx,
    changed.map((row) => ({
      accountId,
      objectId: row.object_id,
      day: dayOf(row.hour.getTime(), zone).date,
      spendMicros: row.spend_delta,
      impressions: row.impressions_delta,
      clicks: row.clicks_delta,
      visits: 0,
    })),
  );
  return {
    changed: changed.length,
    restated: changed.filter((row) => row.restated).length,
    objectIds: [...new Set(changed.map((row) => row.object_id))],
  };
}

interface ChangedHour {
  readonly object_id: ObjectId;
  readonly hour: Date;
  readonly restated: boolean;
  readonly spend_delta: number;
  readonly impressions_delta: number;
  readonly clicks_delta: number;
}
