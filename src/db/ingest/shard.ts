import { sql } from 'kysely';
import type { Db } from '../connection.ts';

/** The inclusive range of inbox slots one shard drains. */
export interface Slots {
  readonly first: number;
  readonly last: number;
}

/** A shard's name is not one. */
export class ShardNameError extends Error {
  override readonly name = 'ShardNameError';
  readonly code = 'shard_name';
}

/**
 * A shard's slots by its name: `all`, or a range such as `0-15`.
 *
 * @throws ShardNameError saying how to spell one.
 */
export function slotsOf(shard: string): Slots {
  if (shard === 'all') return { first: 0, last: 63 };
  const match = /^(\d{1,2})-(\d{1,2})$/.exec(shard);
  const first = Number(match?.[1]);
  const last = Number(match?.[2]);
  if (!match || first > last || last > 63) {
    throw new ShardNameError(
      `"${shard}" names no inbox shard; write "all", or a range of slots such as "0-15"`,
    );
  }
  return { first, last };
}

/**
 * Takes the shard for this transaction. An attempt that still runs after its heartbeat was missed holds it until it
 * ends; the next attempt waits here and then sees what was done.
 */
export async function lockShard(trx: Db, shard: string): Promise<void> {
  await sql`insert into ingest_shard (id) values (${shard}) on conflict do nothing`.execute(trx);
  await sql`select id from ingest_shard where id = ${shard} for update`.execute(trx);
}
