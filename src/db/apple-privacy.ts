import type { Db } from './connection.ts';

/**
 * Clears what came with Apple's postbacks beside what is summed: bodies, addresses and user agents. The rows stay, since their
 * ids are what tells a repeat.
 *
 * @returns how many rows lost it now.
 */
export async function clearAppleBefore(db: Db, beforeMs: number): Promise<number> {
  const result = await db
    .updateTable('apple_postback')
    .set({ raw: Buffer.alloc(0), sender_ip: null, user_agent: null })
    .where('received_at', '<', new Date(beforeMs))
    .where('raw', '<>', Buffer.alloc(0))
    .executeTakeFirst();
  return Number(result.numUpdatedRows);
}
