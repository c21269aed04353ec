import { Context } from '@temporalio/activity';
import { loadNow } from '../src/db/clock.ts';
import type { Db } from '../src/db/connection.ts';
import { cleanUp } from '../src/db/housekeeping.ts';
import { convertWaiting } from '../src/db/ingest/convert-waiting.ts';
import { ensurePartitions } from '../src/db/partitions.ts';
import type { MaintainActivities } from './contract.ts';

export interface MaintainDeps {
  readonly db: Db;
  readonly wallNowMs: () => number;
}

/** Housekeeping: partitions ahead, private data and expired keys away, revenue that got its exchange rate. */
export function createMaintainActivities({ db, wallNowMs }: MaintainDeps): MaintainActivities {
  return {
    async maintain() {
      const wallMs = wallNowMs();
      const rows = await db.selectFrom('workspace').select('id').orderBy('id').execute();
      const workspaces: { id: string; nowMs: number }[] = [];
      for (const { id } of rows) workspaces.push({ id, nowMs: await loadNow(db, id, wallMs) });
      for (const { nowMs } of workspaces) await ensurePartitions(db, nowMs);
      Context.current().heartbeat('partitions are there');
      const cleaned = await cleanUp(db, { workspaces, wallMs });
      Context.current().heartbeat('cleaned');
      let converted = 0;
      for (const { id } of workspaces) converted += await convertWaiting(db, id, wallMs);
      const parts = [
        [cleaned.messageKeys, 'expired message keys deleted'],
        [cleaned.rawAddresses, 'raw addresses cleared'],
        [cleaned.strangers, 'refused requests of strangers deleted'],
        [cleaned.visits, 'visits without a click deleted'],
        [cleaned.waiting, 'waits for unknown objects ended'],
        [converted, 'foreign amounts converted'],
      ] as const;
      const done = parts.filter(([count]) => count > 0).map(([count, what]) => `${count} ${what}`);
      return { sentence: ['partitions are ahead', ...done].join('; ') };
    },
  };
}
