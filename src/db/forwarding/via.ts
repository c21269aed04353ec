import { sql } from 'kysely';
import { timestampArray, uuidArray } from '../binary-arrays.ts';
import type { Db } from '../connection.ts';
import { withinDaysOf } from '../days.ts';
import type { MessageOf } from './consent.ts';

/** What messages say about the installations that passed them on, by the message's id; those alone that say something. */
export async function viaOfMessages(
  trx: Db,
  messages: readonly Omit<MessageOf, 'conversionId'>[],
): Promise<ReadonlyMap<string, string>> {
  if (messages.length === 0) return new Map();
  const instants = messages.map((m) => m.receivedAtMs);
  const { rows } = await sql<{ id: string; via: string }>`
    select k.id, p.via
    from unnest(${uuidArray(messages.map((m) => m.postbackId))}::uuid[], ${timestampArray(instants)}::timestamptz[])
      as k (id, at)
    cross join lateral (
      select via from postback where id = k.id and received_at = k.at and ${withinDaysOf(sql`received_at`, instants)}
      limit 1
    ) p
    where p.via is not null`.execute(trx);
  return new Map(rows.map((row) => [row.id, row.via]));
}
