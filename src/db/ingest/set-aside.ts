import { sql } from 'kysely';
import type { Db } from '../connection.ts';
import { takeMessages } from './messages.ts';
import { lockShard, slotsOf } from './shard.ts';

/** True when a shard has something to drain: one look at the head of each inbox. */
export async function hasWork(db: Db, shard: string): Promise<boolean> {
  const { first, last } = slotsOf(shard);
  const clicks = first === 0 ? sql`exists (select 1 from click_inbox)` : sql`false`;
  const { rows } = await sql<{ work: boolean }>`
    select exists (select 1 from inbox where slot between ${first} and ${last}) or ${clicks} as work`.execute(
    db,
  );
  return rows[0]?.work ?? false;
}

/**
 * Takes the oldest postback out of the inbox uncounted, because judging it fails every time: one sender's odd row must
 * not hold up everyone else's. It keeps its row, with the reason.
 *
 * @returns the postback's id, or null when the inbox is empty.
 */
export async function setAsideOldest(db: Db, shard: string, why: string): Promise<string | null> {
  return db.transaction().execute(async (trx) => {
    await lockShard(trx, shard);
    const [message] = await takeMessages(trx, slotsOf(shard), 1);
    if (!message) return null;
    await trx
      .updateTable('postback')
      .set({ outcome: 'quarantined', reason: 'ingest_failed', detail: why })
      .where('id', '=', message.id)
      .where('received_at', '=', message.received_at)
      .execute();
    return message.id;
  });
}

/** The same for the oldest click: its visit stays uncounted, the click itself stays. @returns its id. */
export async function setAsideOldestClick(db: Db): Promise<string | null> {
  const { rows } = await sql<{ click_id: string }>`
    delete from click_inbox where id = (select min(id) from click_inbox) returning click_id`.execute(db);
  return rows[0]?.click_id ?? null;
}
