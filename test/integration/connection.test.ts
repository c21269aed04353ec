import { setTimeout as sleep } from 'node:timers/promises';
import pg from 'pg';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { createPool } from '../../src/db/connection.ts';
import { testDatabase, type TestDatabase } from '../support/database.ts';

let database: TestDatabase;
beforeAll(async () => {
  database = await testDatabase();
});
afterAll(() => database.drop());

it('a connection ended by the server while it is held, idle in a transaction, fails its next query and nothing else', async () => {
  const pool = createPool({ url: database.url, name: 'held' });
  const held = await pool.connect();
  await held.query('begin');
  const { rows } = await held.query<{ pid: number }>('select pg_backend_pid() as pid');

  const admin = new pg.Client({ connectionString: database.url });
  await admin.connect();
  await admin.query('select pg_terminate_backend($1)', [rows[0]?.pid]);
  await admin.end();
  // Without a listener the event that comes now is an uncaught exception, which fails this run.
  await sleep(200);

  await expect(held.query('select 1')).rejects.toThrow();
  held.release(true);
  expect((await pool.query<{ one: number }>('select 1 as one')).rows).toEqual([{ one: 1 }]);
  await pool.end();
});
