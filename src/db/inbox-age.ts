import { sql } from 'kysely';
import type { Db } from './connection.ts';

/** Postbacks of the whole installation that are stored and not judged. */
export interface InboxAge {
  readonly waiting: number;
  /** Wall milliseconds that the oldest has waited; 0 without any. */
  readonly oldestMs: number;
}

/** How long postbacks wait. Workspaces' clocks differ: the wall's tells. */
export async function loadInboxAge(db: Db, wallMs: number): Promise<InboxAge> {
  const { rows } = await sql<{ waiting: number; oldest: Date | null }>`
    select (select count(*) from inbox) as waiting,
      (select p.wall_at from (select postback_id, received_at from inbox order by received_at, postback_id limit 1) i
       join postback p on p.id = i.postback_id and p.received_at = i.received_at) as oldest`.execute(db);
  const [row] = rows;
  return {
    waiting: row?.waiting ?? 0,
    oldestMs: Math.max(0, wallMs - (row?.oldest?.getTime() ?? wallMs)),
  };
}
