import { sql } from 'kysely';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { testDatabase, type TestDatabase } from '../../support/database.ts';

let database: TestDatabase;
beforeAll(async () => {
  database = await testDatabase();
});
afterAll(() => database.drop());

test('a test database is migrated and empty', async () => {
  expect(await database.db.selectFrom('workspace').selectAll().execute()).toEqual([]);
  const { rows } = await sql<{ v: number }>`select current_setting('server_version_num')::int as v`.execute(
    database.db,
  );
  expect(rows[0]?.v).toBeGreaterThanOrEqual(180_000);
});
