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

/** What is received as it came; facts derived from it stand in tables of their own. */
const RAW = ['click', 'postback'];

/** The daily partitions of clicks and postbacks there are, and the day of the oldest (2026-11-05); null without any. */
export async function countRawDays(
  db: Db,
): Promise<{ readonly partitions: number; readonly oldest: string | null }> {
  const found = await rawPartitions(db);
  return { partitions: found.length, oldest: found[0]?.day ?? null };
}

/**
 * Drops the partitions of clicks and postbacks whose last instant is before `beforeMs`, and what lies in none; a few seconds at most for each: who
 * receives must not wait behind it, and the next run tries again.
 *
 * @returns how many were dropped.
 */
export async function dropRawBefore(db: Db, beforeMs: number): Promise<number> {
  let dropped = 0;
  for (const { name, day } of await rawPartitions(db)) {
    if (Date.parse(`${day}T00:00:00Z`) + DAY_MS > beforeMs) break;
    await db.transaction().execute(async (trx) => {
      await sql`set local lock_timeout = '2s'`.execute(trx);
      await sql`drop table if exists ${sql.id(name)}`.execute(trx);
    });
    dropped += 1;
  }
  // What came while its day had no partition.
  const before = new Date(beforeMs);
  await db
    .deleteFrom('click')
    .where(sql<boolean>`tableoid = 'click_default'::regclass`)
    .where('clicked_at', '<', before)
    .execute();
  await db
    .deleteFrom('postback')
    .where(sql<boolean>`tableoid = 'postback_default'::regclass`)
    .where('received_at', '<', before)
    .execute();
  return dropped;
}

async function rawPartitions(db: Db): Promise<readonly { readonly name: string; readonly day: string }[]> {
  const { rows } = await sql<{ name: string; day: string }>`
    select c.relname as name, regexp_replace(c.relname, '^.*_(\\d{4})(\\d\\d)(\\d\\d)$', '\\1-\\2-\\3') as day
    from pg_inherits i join pg_class c on c.oid = i.inhrelid
    where i.inhparent in (select to_regclass(t) from unnest(${RAW}::text[]) as t) and c.relname ~ '_\\d{8}$'
    order by day, name`.execute(db);
  return rows;
}
