import type { Db } from '../connection.ts';
import { type ClickRow, loadClicks, ownIds } from './clicks.ts';
import { type InboxPlace, type Message, readMessages } from './messages.ts';
import { setForBatch } from './batch-settings.ts';
import { slotsOf } from './shard.ts';

/**
 * What a batch needs and no other transaction changes: accepted postbacks, and clicks that are on record. So it can be
 * read while the batch before it is written. A click that is missing here may have come since: the batch asks again.
 */
export interface ReadAhead {
  /** In the order of the inbox; still in it. */
  readonly messages: readonly Message[];
  /** Those of the messages' clicks that were found by our own ids, as sent. */
  readonly clicks: ReadonlyMap<string, ClickRow>;
}

/** Reads the oldest postbacks of a shard's inbox, or the oldest behind a place, and their clicks. Takes nothing. */
export async function readAhead(
  db: Db,
  from: { readonly shard: string; readonly limit: number; readonly after: InboxPlace | null },
): Promise<ReadAhead> {
  return db.transaction().execute(async (trx) => {
    await setForBatch(trx);
    const messages = await readMessages(trx, slotsOf(from.shard), from.limit, from.after);
    const sent = new Set(messages.map((m) => m.click_id).filter((id) => id !== null));
    const clicks = await loadClicks(trx, ownIds([...sent]));
    return { messages, clicks: new Map(clicks.map((click) => [click.id, click])) };
  });
}
