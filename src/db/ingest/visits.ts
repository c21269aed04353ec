import { sql } from 'kysely';
import type { ObjectId } from '../../core/object.ts';
import { dayOf, hourStart } from '../../core/zone.ts';
import { bigintArray, textArray, timestampArray } from '../binary-arrays.ts';
import type { Db } from '../connection.ts';
import { addToObjectDays } from '../running-totals.ts';
import type { Ground } from './accounts.ts';
import { CLICK_COLUMNS, type ClickRow, namedByClick } from './clicks.ts';
import { objectFinder } from './object-finder.ts';
import { addWaiting, type WaitingRow } from './waiting.ts';

/** Visits added to, or taken from, one object at one instant. */
export interface VisitDelta {
  readonly accountId: string;
  readonly objectId: ObjectId;
  readonly atMs: number;
  readonly visits: number;
}

/** Visits just counted of one object. */
export interface ObjectVisits {
  readonly workspaceId: string;
  readonly accountId: string;
  readonly objectId: ObjectId;
  readonly campaignId: ObjectId | null;
  readonly visits: number;
  /** Workspace instant of the newest of them. */
  readonly newestMs: number;
}

/** Takes the oldest rows out of the click inbox, as takeMessages does: clicks still to be counted. */
export async function takeClicks(trx: Db, limit: number): Promise<readonly ClickRow[]> {
  const head = await sql<{ first: string | null; last: string | null }>`
    select min(clicked_at)::text as first, max(clicked_at)::text as last from (
      select clicked_at from click_inbox order by id limit ${limit}
    ) i`.execute(trx);
  const { first, last } = head.rows[0] ?? { first: null, last: null };
  if (first === null) return [];
  const ofDays = sql`clicked_at between ${first}::timestamptz and ${last}::timestamptz`;
  const { rows } = await sql<ClickRow>`
    with k as materialized (
      delete from click_inbox where ctid = any(array(
        select ctid from click_inbox where ${ofDays} order by id limit ${limit}
      )) returning click_id, clicked_at
    )
    select ${CLICK_COLUMNS}
    from k cross join lateral (
      select * from click where id = k.click_id and clicked_at = k.clicked_at and ${ofDays} limit 1
    ) c`.execute(trx);
  return rows;
}

/**
 * Counts clicks as visits of the objects they name, remembers those whose object is not synced yet, and marks the
 * beginning of an account's tracking with its first click.
 *
 * @returns what was counted, by object.
 */
export async function countVisits(
  trx: Db,
  ground: Ground,
  clicks: readonly ClickRow[],
): Promise<readonly ObjectVisits[]> {
  // An ad that was seen is no visit.
  const visits = clicks.filter((click) => click.kind === 'click');
  const find = await objectFinder(trx, ground, visits.map(namedByClick));
  const deltas: VisitDelta[] = [];
  const waiting: WaitingRow[] = [];
  const firstClick = new Map<string, number>();
  const counted = new Map<ObjectId, ObjectVisits>();
  for (const click of visits) {
    const { accountId, object, missing } = find(namedByClick(click));
    const atMs = click.clicked_at.getTime();
    if (accountId !== null) {
      firstClick.set(accountId, Math.min(atMs, firstClick.get(accountId) ?? atMs));
      if (object) {
        deltas.push({ accountId, objectId: object.id, atMs, visits: 1 });
        const sum = counted.get(object.id);
        counted.set(object.id, {
          workspaceId: click.workspace_id,
          accountId,
          objectId: object.id,
          campaignId: object.campaignId,
          visits: (sum?.visits ?? 0) + 1,
          newestMs: Math.max(atMs, sum?.newestMs ?? atMs),
        });
      }
    }
    if (missing !== null) {
      waiting.push({
        workspaceId: click.workspace_id,
        networkId: missing,
        kind: 'visit',
        id: click.id,
        at: click.clicked_at,
        objectId: object?.id ?? null,
      });
    }
  }
  await addVisits(trx, ground, deltas);
  await addWaiting(trx, waiting);
  await beginTracking(trx, firstClick, 'click');
  return [...counted.values()];
}

/** Adds to the hours and running totals of visits. The caller holds the accounts' totals. */
export async function addVisits(trx: Db, ground: Ground, deltas: readonly VisitDelta[]): Promise<void> {
  const hours = new Map<
    string,
    { accountId: string; objectId: ObjectId; hourMs: number; day: string; visits: number }
  >();
  for (const { accountId, objectId, atMs, visits } of deltas) {
    const account = ground.accounts.get(accountId);
    if (!account) continue;
    const hourMs = hourStart(atMs, account.zone);
    const key = `${objectId} ${hourMs}`;
    const sum = hours.get(key);
    if (sum) sum.visits += visits;
    else hours.set(key, { accountId, objectId, hourMs, day: dayOf(atMs, account.zone).date, visits });
  }
  const rows = [...hours.values()].filter((row) => row.visits !== 0);
  if (rows.length === 0) return;
  await sql`
    insert into visit_hour (account_id, object_id, hour, visits)
    select * from unnest(${textArray(rows.map((r) => r.accountId))}::text[],
                         ${bigintArray(rows.map((r) => r.objectId))}::bigint[],
                         ${timestampArray(rows.map((r) => r.hourMs))}::timestamptz[],
                         ${bigintArray(rows.map((r) => r.visits))}::bigint[])
    on conflict (object_id, hour) do update set visits = visit_hour.visits + excluded.visits`.execute(trx);
  await addToObjectDays(
    trx,
    rows.map((r) => ({ ...r, spendMicros: 0, impressions: 0, clicks: 0 })),
  );
}

/**
 * Notes since when an account's own counts are complete, at its first click or at its first conversion that the sender
 * attributed, whichever comes first.
 *
 * @param first account → workspace time, ms.
 */
export async function beginTracking(
  trx: Db,
  first: ReadonlyMap<string, number>,
  by: 'click' | 'sender',
): Promise<void> {
  if (first.size === 0) return;
  const sorted = [...first].sort(([a], [b]) => (a < b ? -1 : 1));
  await sql`
    update ad_account a set tracking_since = v.at, tracking_by = ${by}
    from unnest(${sorted.map(([id]) => id)}::text[],
                ${sorted.map(([, atMs]) => new Date(atMs).toISOString())}::timestamptz[]) as v (id, at)
    where a.id = v.id and a.tracking_since is null`.execute(trx);
}
