import { sql } from 'kysely';
import type { Db } from '../connection.ts';

/**
 * Every statement of a batch looks up a few thousand rows by their keys. By the usual price of a random read the planner
 * would rather read a whole day of postbacks than probe so often, at each batch anew; in this transaction it may not.
 */
export async function probeOnly(trx: Db): Promise<void> {
  await sql`
    select set_config(name, 'off', true)
    from unnest(array['enable_seqscan', 'enable_hashjoin', 'enable_mergejoin']) as u (name)`.execute(trx);
}
