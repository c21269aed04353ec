import { sql } from 'kysely';
import type { Db } from './connection.ts';

const DAY_MS = 86_400_000;

/**
 * Tables partitioned by UTC day, with what is set for each partition. Each postback is rewritten once, when ingest tells
 * what became of it: half a page is left for that, so that the new version stands beside the old one and no index changes.
 */
const PARTITIONED = { click: '', postback: 'with (fillfactor = 50)', spend_version: '' } as const;

/** UTC day of an instant as it stands in a partition's name: 20261105. */
function dayName(ms: number): string {
  return new Date(ms).toISOString().slice(0, 10).replaceAll('-', '');
}

/**
 * Creates the daily partitions from the day before `nowMs` to `daysAhead` days after it. Idempotent; a day whose
 * rows already lie in the default partition stays there (PostgreSQL refuses the new partition and nothing is lost).
 */
export async function ensurePartitions(db: Db, nowMs: number, daysAhead = 3): Promise<void> {
  const first = Math.floor(nowMs / DAY_MS) - 1;
  for (const [table, settings] of Object.entries(PARTITIONED)) {
    for (let day = first; day <= first + 1 + daysAhead; day += 1) {
      const from = new Date(day * DAY_MS).toISOString();
      const to = new Date((day + 1) * DAY_MS).toISOString();
      const name = `${table}_${dayName(day * DAY_MS)}`;
      const exists = await sql`select 1 from pg_class where relname = ${name} and relispartition`.execute(db);
      if (exists.rows.length > 0) continue;
      try {
        await sql
          .raw(
            `create table if not exists "${name}" partition of "${table}" for values from ('${from}') to ('${to}') ${settings}`,
          )
          .execute(db);
      } catch (error) {
        // 23514: the default partition already holds rows of that day. 42P07, 42P17: another process was faster.
        const code = (error as { code?: string }).code;
        if (code !== '23514' && code !== '42P07' && code !== '42P17') throw error;
      }
    }
  }
}
