import { sql } from 'kysely';
import type { Db } from './connection.ts';

const DAY_MS = 86_400_000;

/** Raw addresses serve the fraud window alone. */
const RAW_IP_MS = 3 * DAY_MS;
/** Requests nobody vouched for. */
const STRANGER_MS = 7 * DAY_MS;
/** A salt is deleted once no click of its day can still be hashed with it: then its hashes lead back to nobody. */
const SALT_MS = 3 * DAY_MS;
/** What names an object that no sync has brought in this time is of an account that is not connected. */
const WAITING_MS = 30 * DAY_MS;

/** Rows deleted or cleared, by what they were. */
export interface Cleaned {
  readonly messageKeys: number;
  readonly rawAddresses: number;
  readonly strangers: number;
  /** Visits that made no click. */
  readonly visits: number;
  readonly waiting: number;
}

export interface CleanInput {
  readonly workspaces: readonly { readonly id: string; readonly nowMs: number }[];
  readonly wallMs: number;
}

/**
 * Deletes what is kept for a time only. Each workspace by its own clock; what belongs to none by the earliest of them
 * and the wall, so that nothing goes too soon. Safe to repeat.
 */
export async function cleanUp(db: Db, input: CleanInput): Promise<Cleaned> {
  const { workspaces, wallMs } = input;
  const earliestMs = Math.min(wallMs, ...workspaces.map((w) => w.nowMs));
  const keys = await db
    .deleteFrom('message_key')
    .where('expires_at', '<=', new Date(earliestMs))
    .executeTakeFirst();
  let rawAddresses = 0;
  let waiting = 0;
  let strangers = await deleteStrangers(db, null, wallMs);
  for (const { id, nowMs } of workspaces) {
    const cleared = await db
      .updateTable('click')
      .set({ ip: null })
      .where('workspace_id', '=', id)
      .where('ip', 'is not', null)
      .where('clicked_at', '<', new Date(nowMs - RAW_IP_MS))
      .executeTakeFirst();
    rawAddresses += Number(cleared.numUpdatedRows);
    strangers += await deleteStrangers(db, id, nowMs);
    const expired = await db
      .deleteFrom('waiting_for_object')
      .where('workspace_id', '=', id)
      .where('at', '<', new Date(nowMs - WAITING_MS))
      .executeTakeFirst();
    waiting += Number(expired.numDeletedRows);
  }
  const visits = await db
    .deleteFrom('refused_click')
    .where('wall_at', '<', new Date(wallMs - STRANGER_MS))
    .executeTakeFirst();
  await db
    .deleteFrom('unauthenticated_count')
    .where('minute', '<', new Date(wallMs - STRANGER_MS))
    .execute();
  await db
    .deleteFrom('ip_salt')
    .where('valid_from', '<', new Date(wallMs - SALT_MS))
    .execute();
  return {
    messageKeys: Number(keys.numDeletedRows),
    rawAddresses,
    strangers,
    visits: Number(visits.numDeletedRows),
    waiting,
  };
}

async function deleteStrangers(db: Db, workspaceId: string | null, nowMs: number): Promise<number> {
  const { numAffectedRows } = await sql`
    delete from postback
    where received_at < ${new Date(nowMs - STRANGER_MS)} and outcome = 'refused'
      and reason in ('wrong_key', 'unknown_source', 'address_not_allowed', 'signature_missing', 'bad_signature')
      and workspace_id is not distinct from ${workspaceId}`.execute(db);
  return Number(numAffectedRows ?? 0);
}
