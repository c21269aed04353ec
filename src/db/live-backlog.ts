import { sql } from 'kysely';
import type { Db } from './connection.ts';

/** Enough to say "many"; counting a long inbox would slow its emptying. */
const MOST = 100_000;

/**
 * Postbacks stored and not yet judged, in the whole installation.
 *
 * @param nowMs the workspace's time. Rows of a workspace with another clock are only counted, not aged.
 * @param rate workspace ms per wall ms.
 */
export async function loadBacklog(
  db: Db,
  nowMs: number,
  rate: number,
): Promise<{ readonly rows: number; readonly oldestSeconds: number }> {
  const { rows } = await sql<{ rows: number; oldest: Date | null }>`
    select count(*) as rows, min(received_at) as oldest
    from (select received_at from inbox limit ${MOST}) some_inbox`.execute(db);
  const found = rows[0];
  if (!found?.oldest) return { rows: 0, oldestSeconds: 0 };
  return { rows: found.rows, oldestSeconds: Math.max(0, (nowMs - found.oldest.getTime()) / rate / 1_000) };
}
