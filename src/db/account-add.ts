import type { Db } from './connection.ts';

export interface NewAccount {
  readonly id: string;
  readonly workspaceId: string;
  readonly network: string;
  readonly networkAccountId: string;
  readonly name: string;
  readonly currency: string;
  readonly timeZone: string;
  readonly baseUrl: string | null;
  /** Seals the token for the id under which the account is stored. */
  readonly credentialsSealed: (accountId: string) => Buffer;
  readonly nowMs: number;
}

/**
 * Stores an ad account, read-only. One that is there already (same workspace, network and id at the network) keeps its
 * short name and its permission to write, and gets the new token.
 */
export async function addAccount(
  db: Db,
  account: NewAccount,
): Promise<{ readonly id: string; readonly added: boolean; readonly writesAllowed: boolean }> {
  return db.transaction().execute(async (trx) => {
    const known = await trx
      .selectFrom('ad_account')
      .select(['id', 'writes_allowed', 'credentials_sealed'])
      .where('workspace_id', '=', account.workspaceId)
      .where('network', '=', account.network)
      .where('network_account_id', '=', account.networkAccountId)
      .forUpdate()
      .executeTakeFirst();
    const facts = {
      name: account.name,
      currency: account.currency,
      time_zone: account.timeZone,
      base_url: account.baseUrl,
      credentials_sealed: account.credentialsSealed(known?.id ?? account.id),
      sync_error: null,
    };
    if (known) {
      // A removed account comes back; a halt that somebody set on a connected one stays.
      const back = known.credentials_sealed === null ? { halted_at: null, halt_reason: null } : {};
      await trx
        .updateTable('ad_account')
        .set({ ...facts, ...back })
        .where('id', '=', known.id)
        .execute();
      return { id: known.id, added: false, writesAllowed: known.writes_allowed };
    }
    await trx
      .insertInto('ad_account')
      .values({
        id: account.id,
        workspace_id: account.workspaceId,
        network: account.network,
        network_account_id: account.networkAccountId,
        created_at: new Date(account.nowMs),
        ...facts,
      })
      .execute();
    return { id: account.id, added: true, writesAllowed: false };
  });
}

/** Forgets the token and halts the account: what points to it (facts, decisions) stays. */
export async function removeAccount(db: Db, accountId: string, nowMs: number): Promise<void> {
  await db
    .updateTable('ad_account')
    .set({
      credentials_sealed: null,
      writes_allowed: false,
      halted_at: new Date(nowMs),
      halt_reason: 'disconnected',
    })
    .where('id', '=', accountId)
    .execute();
}
