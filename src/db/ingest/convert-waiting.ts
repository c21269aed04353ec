import type { Db } from '../connection.ts';
import { lockTotals } from '../running-totals.ts';
import { loadGround } from './accounts.ts';
import { withValue } from './conversion-rows.ts';
import { loadConvert } from './exchange.ts';
import type { ConversionRow } from './messages.ts';
import type { ConversionChange } from './rollups.ts';
import { writeChanges } from './write-changes.ts';

const AT_ONCE = 5_000;

/**
 * Converts foreign revenue that waited for an exchange rate, oldest first.
 *
 * @returns how many conversions have a value now that had none.
 */
export async function convertWaiting(db: Db, workspaceId: string, wallMs: number): Promise<number> {
  return db.transaction().execute(async (trx) => {
    const ground = await loadGround(trx, [workspaceId], [], wallMs);
    await lockTotals(trx, ground.accounts.keys());
    const rows: readonly ConversionRow[] = await trx
      .selectFrom('conversion as c')
      .innerJoin('ad_account as a', 'a.id', 'c.account_id')
      .innerJoin('exchange_rate as r', (join) =>
        join.onRef('r.base', '=', 'c.original_currency').onRef('r.quote', '=', 'a.currency'),
      )
      .selectAll('c')
      .distinctOn('c.id')
      .where('c.workspace_id', '=', workspaceId)
      .where('c.value_micros', 'is', null)
      .where('c.original_micros', 'is not', null)
      .where('c.attributed_by', 'is not', null)
      .orderBy('c.id')
      .limit(AT_ONCE)
      .execute();
    const convert = await loadConvert(
      trx,
      ground,
      rows.map((row) => row.original_currency),
    );
    const changes: ConversionChange[] = [];
    for (const before of rows) {
      const after = withValue(before, { ground, convert });
      // Every rate there is may be of a later day.
      if (after.value_micros === null) continue;
      const knownFrom = new Date(Math.max(ground.nowMs(workspaceId), before.received_at.getTime()));
      changes.push({ before, after, postbackId: before.last_postback_id, knownFrom });
    }
    await writeChanges(trx, ground, changes);
    return changes.length;
  });
}
