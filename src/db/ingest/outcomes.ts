import { sql } from 'kysely';
import { byteaArray, textArray, timestampArray, uuidArray } from '../binary-arrays.ts';
import type { Db } from '../connection.ts';
import type { KeyClaim, MessageOutcome } from './judge.ts';

/** Another shard claimed a conversion key in the same instant; the batch is rolled back and judged anew. */
export class KeyRaceError extends Error {
  override readonly name = 'KeyRaceError';
  readonly code = 'conversion_key_race';
}

/** @throws KeyRaceError when a key is taken by now; with one shard that cannot happen. */
export async function claimKeys(trx: Db, claims: readonly KeyClaim[]): Promise<void> {
  if (claims.length === 0) return;
  const { numAffectedRows } = await sql`
    insert into conversion_key (source_id, key, conversion_id)
    select * from unnest(${textArray(claims.map((c) => c.sourceId))}::text[],
                         ${byteaArray(claims.map((c) => c.key))}::bytea[],
                         ${uuidArray(claims.map((c) => c.conversionId))}::uuid[]) as u (source_id, key, conversion_id)
    order by source_id, key
    on conflict do nothing`.execute(trx);
  if (Number(numAffectedRows) !== claims.length)
    throw new KeyRaceError('another shard claimed one of these conversion keys');
}

/**
 * Tells each postback what became of it: one statement for each day that the batch is of, nearly always one. Naming the
 * day's table keeps the planner from planning for all days, and leaves it no way but the primary key.
 */
export async function writeOutcomes(trx: Db, outcomes: readonly MessageOutcome[]): Promise<void> {
  for (const [table, rows] of Map.groupBy(outcomes, (o) => o.message.day_table)) {
    await sql`
      update ${sql.raw(table)} p
      set outcome = v.outcome, reason = v.reason, detail = coalesce(v.detail, p.detail),
          conversion_id = v.conversion_id,
          warnings = case when v.warnings = '' then p.warnings
                          else p.warnings || string_to_array(v.warnings, ' ') end
      from unnest(
        ${uuidArray(rows.map((o) => o.message.id))}::uuid[],
        ${timestampArray(rows.map((o) => o.message.received_at.getTime()))}::timestamptz[],
        ${textArray(rows.map((o) => o.outcome))}::text[], ${textArray(rows.map((o) => o.reason))}::text[],
        ${textArray(rows.map((o) => o.detail))}::text[],
        ${uuidArray(rows.map((o) => o.conversionId))}::uuid[],
        ${textArray(rows.map((o) => o.warnings.join(' ')))}::text[]
      ) as v (id, received_at, outcome, reason, detail, conversion_id, warnings)
      where p.id = v.id and p.received_at = v.received_at`.execute(trx);
  }
}
