import { sql } from 'kysely';
import type { Db } from './connection.ts';

/** What is on record of one postback, from its answer to what was sent on. */
export interface Journey {
  readonly id: string;
  readonly outcome: string;
  readonly reason: string | null;
  readonly detail: string | null;
  readonly conversionId: string | null;
  readonly forwards: readonly JourneyForward[];
}

export interface JourneyForward {
  readonly destination: string;
  readonly state: string;
  readonly reason: string | null;
  readonly message: string | null;
}

/** A postback by its id; undefined while (or where) it is not stored. */
export async function journeyOf(db: Db, postbackId: string): Promise<Journey | undefined> {
  const row = await db
    .selectFrom('postback')
    .select(['id', 'outcome', 'reason', 'detail', 'conversion_id'])
    .where('id', '=', postbackId)
    .executeTakeFirst();
  if (row === undefined) return undefined;
  const forwards =
    row.conversion_id === null
      ? []
      : await db
          .selectFrom('forward as f')
          .innerJoin('destination as d', 'd.id', 'f.destination_id')
          .select(['d.name as destination', 'f.state', 'f.reason', 'f.message'])
          .where('f.conversion_id', '=', row.conversion_id)
          .orderBy('f.seq')
          .execute();
  return {
    id: row.id,
    outcome: row.outcome,
    reason: row.reason,
    detail: row.detail,
    conversionId: row.conversion_id,
    forwards,
  };
}

/** The newest request of a source since a wall instant with this transaction id, for senders that are answered in their own words. */
export async function postbackOfTxid(
  db: Db,
  sourceId: string,
  txid: string,
  sinceWallMs: number,
): Promise<string | undefined> {
  const row = await db
    .selectFrom('postback')
    .select('id')
    .where('source_id', '=', sourceId)
    .where('txid', '=', txid)
    .where('wall_at', '>=', new Date(sinceWallMs))
    .orderBy('received_at', 'desc')
    .limit(1)
    .executeTakeFirst();
  return row?.id;
}

/** The newest click of a workspace that is tied to an ad; undefined without any. Click ids begin with their time. */
export async function newestClick(db: Db, workspaceId: string): Promise<string | undefined> {
  const { rows } = await sql<{ id: string }>`
    select id from click
    where workspace_id = ${workspaceId} and kind = 'click'
      and coalesce(ad_network_id, adset_network_id, campaign_network_id) is not null
    order by id desc limit 1`.execute(db);
  return rows[0]?.id;
}

/** Whether anything of this workspace is sent on. */
export async function hasDestinations(db: Db, workspaceId: string): Promise<boolean> {
  const row = await db
    .selectFrom('destination')
    .select('id')
    .where('workspace_id', '=', workspaceId)
    .where('enabled', '=', true)
    .where('removed_at', 'is', null)
    .limit(1)
    .executeTakeFirst();
  return row !== undefined;
}
