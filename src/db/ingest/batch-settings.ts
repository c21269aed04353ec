import { sql } from 'kysely';
import type { Db } from '../connection.ts';

/**
 * Settings of a transaction that works through a batch.
 *
 * Every statement looks up a few thousand rows by their keys. By the usual price of a random read the planner would
 * rather read a whole day of postbacks than probe so often, at each batch anew; here it may not.
 *
 * The commit does not wait for the disk. What a crash takes back it takes back whole, with the rows in their inbox again,
 * and whatever is decided on a batch is written after it: its commit takes the batch to the disk first.
 */
export async function setForBatch(trx: Db): Promise<void> {
  await sql`
    select set_config(name, 'off', true)
    from unnest(array['enable_seqscan', 'enable_hashjoin', 'enable_mergejoin', 'synchronous_commit']) as u (name)`.execute(
    trx,
  );
}
