import { Context } from '@temporalio/activity';
import { loadNow } from '../src/db/clock.ts';
import type { Db } from '../src/db/connection.ts';
import { dropAttemptsBefore } from '../src/db/forwarding/log.ts';
import { clearAppleBefore } from '../src/db/apple-privacy.ts';
import { judgeFraud } from '../src/db/fraud-judge.ts';
import { cleanUp } from '../src/db/housekeeping.ts';
import { convertWaiting } from '../src/db/ingest/convert-waiting.ts';
import { countRawDays, dropRawBefore, ensurePartitions } from '../src/db/partitions.ts';
import type { MaintainActivities } from './contract.ts';

const DAY_MS = 86_400_000;
const RAW_DAYS = 90;

export interface MaintainDeps {
  readonly db: Db;
  readonly wallNowMs: () => number;
  /** Days that clicks and postbacks are kept as received; 90 when left out, 0 for ever. */
  readonly rawDays?: number | undefined;
}

/** Housekeeping: partitions ahead, private data and expired keys away, revenue that got its exchange rate. */
export function createMaintainActivities({
  db,
  wallNowMs,
  rawDays = RAW_DAYS,
}: MaintainDeps): MaintainActivities {
  return {
    async maintain() {
      const wallMs = wallNowMs();
      const rows = await db.selectFrom('workspace').select('id').orderBy('id').execute();
      const workspaces: { id: string; nowMs: number }[] = [];
      for (const { id } of rows) workspaces.push({ id, nowMs: await loadNow(db, id, wallMs) });
      for (const { nowMs } of workspaces) await ensurePartitions(db, nowMs);
      // Days are shared by all workspaces: the one whose clock is farthest behind says what is old.
      const earliestMs = Math.min(...workspaces.map((w) => w.nowMs));
      const keepsAll = rawDays === 0 || workspaces.length === 0;
      const dropped = keepsAll ? 0 : await dropRawBefore(db, earliestMs - rawDays * DAY_MS);
      const apple = keepsAll ? 0 : await clearAppleBefore(db, earliestMs - rawDays * DAY_MS);
      let attempts = 0;
      for (const { id, nowMs } of keepsAll ? [] : workspaces)
        attempts += await dropAttemptsBefore(db, id, nowMs - rawDays * DAY_MS);
      const raw = await countRawDays(db);
      Context.current().heartbeat('partitions are there');
      const cleaned = await cleanUp(db, { workspaces, wallMs });
      Context.current().heartbeat('cleaned');
      let converted = 0;
      for (const { id } of workspaces) converted += await convertWaiting(db, id, wallMs);
      let [suspects, keptOut] = [0, 0];
      for (const { id, nowMs } of workspaces) {
        const judged = await judgeFraud(db, { workspaceId: id, nowMs, wallMs });
        suspects += judged.found;
        keptOut += judged.keptOut;
        Context.current().heartbeat('fraud judged');
      }
      const parts = [
        [dropped, 'partitions of old clicks and postbacks dropped'],
        [apple, 'bodies and addresses of old Apple postbacks cleared'],
        [attempts, 'old attempts at postbacks out deleted'],
        [cleaned.messageKeys, 'expired message keys deleted'],
        [cleaned.rawAddresses, 'raw addresses cleared'],
        [cleaned.strangers, 'refused requests of strangers deleted'],
        [cleaned.visits, 'visits without a click deleted'],
        [cleaned.waiting, 'waits for unknown objects ended'],
        [converted, 'foreign amounts converted'],
        [suspects, 'conversions of the last day with a sign of fraud'],
        [keptOut, 'newly kept out of the counts by a policy'],
      ] as const;
      const done = parts.filter(([count]) => count > 0).map(([count, what]) => `${count} ${what}`);
      const since =
        raw.oldest === null ? '' : ` (${raw.partitions} of clicks and postbacks, since ${raw.oldest})`;
      return { sentence: [`partitions are ahead${since}`, ...done].join('; ') };
    },
  };
}
