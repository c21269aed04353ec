import type { Db } from '../../src/db/connection.ts';
import { addClick, addPostback } from './ingest-facts.ts';
import type { SeededAccount } from './seed-account.ts';

/** Clicks, each with these parameters, with a purchase each, in the inboxes as the tracking endpoints leave them. */
export async function seedPurchases(
  db: Db,
  account: SeededAccount,
  count: number,
  params: Readonly<Record<string, string>> = {},
): Promise<void> {
  const sourceId = `src-${account.suffix}`;
  await db
    .insertInto('source')
    .values({
      id: sourceId,
      workspace_id: account.workspaceId,
      profile: 'generic',
      name: 'Shop',
      key_hash: null,
      key_sealed: null,
      settings: '{}',
      created_at: new Date(account.nowMs),
      removed_at: null,
    })
    .onConflict((conflict) => conflict.column('id').doNothing())
    .execute();
  const shop = { ...account, sourceId, zone: 'UTC', objects: new Map() };
  for (let i = 0; i < count; i += 1) {
    const clickId = await addClick(db, shop, {
      atMs: account.nowMs - 3_600_000 + i,
      campaign: account.campaignNetworkId,
      params,
    });
    await addPostback(db, shop, { atMs: account.nowMs + i, clickId, amount: 10, key: `order ${clickId}` });
  }
}
