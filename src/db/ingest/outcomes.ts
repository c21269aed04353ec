import { type RawBuilder, sql } from 'kysely';
import { columnNames, columnsOf, selectColumns } from '../rows-as-columns.ts';
import type { MessageOutcome } from './judge.ts';

/**
 * What tells each postback what became of it: one statement for each day that the batch is of, nearly always one. Naming the
 * day's table keeps the planner from planning for all days, and leaves it no way but the primary key.
 */
export function outcomeStatements(outcomes: readonly MessageOutcome[]): readonly RawBuilder<unknown>[] {
  return [...Map.groupBy(outcomes, (o) => o.message.day_table)].map(([table, rows]) => {
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
    return sql`
      update ${sql.raw(table)} p
      set outcome = v.outcome, reason = v.reason, detail = coalesce(v.detail, p.detail),
          conversion_id = v.conversion_id,
          warnings = case when v.warnings = '' then p.warnings
                          else p.warnings || string_to_array(v.warnings, ' ') end
      from (${selectColumns(columns)}) as v (${columnNames(columns)})
      where p.id = v.id and p.received_at = v.received_at`;
  });
}
