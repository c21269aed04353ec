import { readFileSync } from 'node:fs';
import path from 'node:path';
import { sql } from 'kysely';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { testDatabase } from '../support/database.ts';

type TestDatabase = Awaited<ReturnType<typeof testDatabase>>;
let database: TestDatabase;
beforeAll(async () => {
  database = await testDatabase();
});
afterAll(() => database.drop());

const text = readFileSync(path.resolve(import.meta.dirname, '../../src/db/tables.ts'), 'utf8');

/** Table → column → whether the hand-written type admits null. */
function writtenTables(): Map<string, Map<string, boolean>> {
  const listed = /export interface Database \{([^}]*)\}/.exec(text)?.[1] ?? '';
  const tables = new Map<string, Map<string, boolean>>();
  for (const [, table = '', type = ''] of listed.matchAll(/^\s*(\w+): (\w+);$/gm)) {
    const body = new RegExp(`export interface ${type} \\{([\\s\\S]*?)\\n\\}`).exec(text)?.[1] ?? '';
    const columns = new Map<string, boolean>();
    for (const [, column = '', written = ''] of body.matchAll(/^ {2}(\w+): ([^;]*);/gm)) {
      columns.set(column, written.includes('null'));
    }
    tables.set(table, columns);
  }
  return tables;
}

describe('the hand-written table types', () => {
  it('name every table and column of the migrated database, with the same nulls, and no more', async () => {
    const { rows } = await sql<{ table_name: string; column_name: string; is_nullable: 'YES' | 'NO' }>`
      select c.table_name, c.column_name, c.is_nullable
      from information_schema.columns c
      join pg_class t on t.relname = c.table_name and t.relkind in ('r', 'p') and not t.relispartition
      where c.table_schema = 'public' and c.table_name not like 'kysely_%'`.execute(database.db);
    const actual = new Map<string, Map<string, boolean>>();
    for (const row of rows) {
      const columns = actual.get(row.table_name) ?? new Map<string, boolean>();
      columns.set(row.column_name, row.is_nullable === 'YES');
      actual.set(row.table_name, columns);
    }
    const plain = (tables: Map<string, Map<string, boolean>>) =>
      Object.fromEntries([...tables].map(([table, columns]) => [table, Object.fromEntries(columns)]));
    expect(actual.size).toBeGreaterThan(20);
    expect(plain(writtenTables())).toEqual(plain(actual));
  });
});
