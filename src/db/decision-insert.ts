import { type Insertable, sql } from 'kysely';
import { textArray } from './binary-arrays.ts';
import type { Db } from './connection.ts';
import type { DecisionTable } from './tables.ts';

/** A row as JSON carries it to PostgreSQL. */
export type DecisionRow = Omit<Insertable<DecisionTable>, 'evidence' | 'plan'> & {
  readonly evidence: object;
  readonly plan: object | null;
};

/** A pass over a whole account may store thousands: one statement for so many rows. */
const ROWS_PER_INSERT = 500;

/** Every column with its type. They go as columns of text: each piece of evidence is parsed once, by itself. */
const COLUMNS = {
  id: 'uuid',
  workspace_id: 'text',
  account_id: 'text',
  campaign_id: 'bigint',
  object_id: 'bigint',
  level: 'text',
  strategy_id: 'text',
  strategy_version: 'integer',
  rule: 'text',
  verdict: 'text',
  reason: 'text',
  sentence: 'text',
  mode: 'text',
  from_value: 'text',
  to_value: 'text',
  until: 'timestamptz',
  evidence: 'jsonb',
  plan: 'jsonb',
  engine_version: 'text',
  as_of: 'timestamptz',
  decided_at: 'timestamptz',
  decided_wall_at: 'timestamptz',
  undoes: 'uuid',
  needs_workflow: 'boolean',
  workflow_started_at: 'timestamptz',
  outcome: 'text',
  outcome_detail: 'text',
  closed_at: 'timestamptz',
} as const satisfies Record<keyof DecisionRow, string>;

/** Writes decisions, many in one statement. */
export async function insertDecisions(db: Db, rows: readonly DecisionRow[]): Promise<void> {
  const names = Object.keys(COLUMNS) as readonly (keyof DecisionRow)[];
  for (let first = 0; first < rows.length; first += ROWS_PER_INSERT) {
    const some = rows.slice(first, first + ROWS_PER_INSERT);
    const columns = names.map((name) => sql`${textArray(some.map((row) => asText(row[name])))}::text[]`);
    await sql`
      insert into decision (${sql.join(names.map((name) => sql.ref(name)))})
      select ${sql.join(names.map((name) => sql`${sql.ref(`u.${name}`)}::${sql.raw(COLUMNS[name])}`))}
      from unnest(${sql.join(columns)}) as u (${sql.join(names.map((name) => sql.ref(name)))})`.execute(db);
  }
}

function asText(value: DecisionRow[keyof DecisionRow]): string | null {
  if (value === null || value === undefined) return null;
  if (value instanceof Date) return value.toISOString();
  return typeof value === 'object' ? JSON.stringify(value) : String(value);
}
