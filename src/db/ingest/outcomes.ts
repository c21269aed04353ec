import { sql } from 'kysely';
import type { Db } from '../connection.ts';
import { columnNames, columnsOf, selectColumns } from '../rows-as-columns.ts';
import type { KeyClaim, MessageOutcome } from './judge.ts';

/** Another shard claimed a conversion key in the same instant; the batch is rolled back and judged anew. */
export class KeyRaceError extends Error {
  override readonly name = 'KeyRaceError';
  readonly code = 'conversion_key_race';
}

/** @throws KeyRaceError when a key is taken by now; with one shard that cannot happen. */
export async function claimKeys(trx: Db, claims: readonly KeyClaim[]): Promise<void> {
  if (claims.length === 0) return;
  const { text, bytea, uuid } = columnsOf(claims);
  const columns = [
    text('source_id', (c) => c.sourceId),
    bytea('key', (c) => c.key),
    uuid('conversion_id', (c) => c.conversionId),
  ];
  const { numAffectedRows } = await sql`
    insert into conversion_key (${columnNames(columns)}) ${selectColumns(columns)}
    order by 1, 2
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
    const { uuid, text, instant } = columnsOf(rows);
    const columns = [
      uuid('id', (o) => o.message.id),
      instant('received_at', (o) => o.message.received_at),
      text('outcome', (o) => o.outcome),
      text('reason', (o) => o.reason),
      text('detail', (o) => o.detail),
      uuid('conversion_id', (o) => o.conversionId),
      text('warnings', (o) => o.warnings.join(' ')),
    ];
    await sql`
      update ${sql.raw(table)} p
      set outcome = v.outcome, reason = v.reason, detail = coalesce(v.detail, p.detail),
          conversion_id = v.conversion_id,
          warnings = case when v.warnings = '' then p.warnings
                          else p.warnings || string_to_array(v.warnings, ' ') end
      from (${selectColumns(columns)}) as v (${columnNames(columns)})
      where p.id = v.id and p.received_at = v.received_at`.execute(trx);
  }
}
