import type { Db } from '../connection.ts';
import { lockTotals } from '../running-totals.ts';
import { loadGround } from './accounts.ts';
import { withValue } from './conversion-rows.ts';
import { loadConvert } from './exchange.ts';
import type { ConversionRow } from './messages.ts';
import type { ConversionChange } from './rollups.ts';
import { writeChanges } from './write-changes.ts';

const AT_ONCE = 5_000;
const BEFORE_ALL = '00000000-0000-0000-0000-000000000000';

/**
 * Converts foreign revenue that waited for an exchange rate, page by page, a transaction each: the account's totals are
 * held for one page only, and a page whose rates are all of a later day does not stand before the next.
 *
 * @returns how many conversions have a value now that had none.
 */
export async function convertWaiting(
  db: Db,
  workspaceId: string,
  wallMs: number,
  atOnce = AT_ONCE,
): Promise<number> {
  let converted = 0;
  let after = BEFORE_ALL;
  for (;;) {
    const page = await convertPage(db, { workspaceId, wallMs, after, atOnce });
    converted += page.converted;
    if (page.last === null) return converted;
    after = page.last;
  }
}

async function convertPage(
  db: Db,
  input: {
    readonly workspaceId: string;
    readonly wallMs: number;
    readonly after: string;
    readonly atOnce: number;
  },
): Promise<{ readonly converted: number; readonly last: string | null }> {
  const { workspaceId, wallMs } = input;
  return db.transaction().execute(async (trx) => {
    const ground = await loadGround(trx, [workspaceId], [], wallMs);
    await lockTotals(trx, ground.accounts.keys());
    const rows: readonly ConversionRow[] = await trx
      .selectFrom('conversion as c')
      .innerJoin('ad_account as a', 'a.id', 'c.account_id')
      .selectAll('c')
      .where('c.workspace_id', '=', workspaceId)
      .where('c.value_micros', 'is', null)
      .where('c.original_micros', 'is not', null)
      .where('c.attributed_by', 'is not', null)
      .where('c.id', '>', input.after)
      .where((eb) =>
        eb.exists(
          eb
            .selectFrom('exchange_rate as r')
            .select('r.day')
            .whereRef('r.base', '=', 'c.original_currency')
            .whereRef('r.quote', '=', 'a.currency'),
        ),
      )
      .orderBy('c.id')
      .limit(input.atOnce)
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
    return { converted: changes.length, last: rows.at(-1)?.id ?? null };
  });
}
