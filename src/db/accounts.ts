import { sql } from 'kysely';
import type { Db } from './connection.ts';
import type { AdAccountTable } from './tables.ts';
import type { Selectable } from 'kysely';

export type AccountRow = Selectable<AdAccountTable>;

/** One ad account, or undefined. */
export async function findAccount(db: Db, accountId: string): Promise<AccountRow | undefined> {
  return db.selectFrom('ad_account').selectAll().where('id', '=', accountId).executeTakeFirst();
}

/** All ad accounts, by id. */
export async function listAccounts(db: Db): Promise<readonly AccountRow[]> {
  return db.selectFrom('ad_account').selectAll().orderBy('id').execute();
}

/** The kill switch of one account; `reason` null lets it act again. Workspace time. */
export async function setHalt(
  db: Db,
  accountId: string,
  halt: { readonly reason: string; readonly atMs: number } | null,
): Promise<void> {
  await db
    .updateTable('ad_account')
    .set({ halted_at: halt === null ? null : new Date(halt.atMs), halt_reason: halt?.reason ?? null })
    .where('id', '=', accountId)
    .execute();
}

export async function allowWrites(db: Db, accountId: string, allowed: boolean): Promise<void> {
  await db.updateTable('ad_account').set({ writes_allowed: allowed }).where('id', '=', accountId).execute();
}

/** What a sync found out about the account itself. Facts never go backwards: an older `asOfMs` changes nothing. */
export async function recordSynced(
  trx: Db,
  accountId: string,
  facts: { readonly asOfMs: number | null; readonly nowMs: number },
): Promise<void> {
  const asOf = facts.asOfMs === null ? null : new Date(facts.asOfMs).toISOString();
  await sql`
    update ad_account set spend_as_of = greatest(spend_as_of, ${asOf}::timestamptz),
      synced_at = ${new Date(facts.nowMs).toISOString()}::timestamptz, sync_error = null
    where id = ${accountId}`.execute(trx);
}

/** Why the last sync failed, shown to whoever looks; cleared by the next good one. */
export async function recordSyncError(db: Db, accountId: string, error: string): Promise<void> {
  await db.updateTable('ad_account').set({ sync_error: error }).where('id', '=', accountId).execute();
}
