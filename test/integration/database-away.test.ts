import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { connect, type Db } from '../../src/db/connection.ts';
import { migrate } from '../../src/db/migrate.ts';
import { removePostgresHome } from '../../src/runtime/postgres-home.ts';
import { type RunningPostgres, startPostgres } from '../../src/runtime/postgres.ts';
import { seedTracking, startTestServer, type TestServer, until } from '../support/tracking.ts';

/** A PostgreSQL of this file's own, to be taken away and brought back. */
const folder = mkdtempSync(path.join(tmpdir(), 'bidloop-away-'));
const dataDir = path.join(folder, 'data');
let postgres: RunningPostgres;
let server: TestServer;
let db: Db;

beforeAll(async () => {
  postgres = await startPostgres({ dataDir: folder, durable: false });
  db = connect({ url: postgres.url, name: 'away' });
  await migrate(db);
  await seedTracking(db);
  server = await startTestServer(postgres.url, { dataDir });
});

afterAll(async () => {
  await server.close();
  await db.destroy();
  await postgres.stop();
  removePostgresHome(folder);
  rmSync(folder, { recursive: true, force: true });
});

async function visit(): Promise<string> {
  const response = await fetch(`${server.base}/c/shoes?ad_id=5`, { redirect: 'manual' });
  expect(response.status).toBe(302);
  return new URL(response.headers.get('location') ?? '').searchParams.get('cid') ?? '';
}

async function storedClicks(): Promise<string[]> {
  return (await db.selectFrom('click').select('id').execute()).map((row) => row.id);
}

it('visitors are redirected and senders told to come again while the database is away; nothing is lost after', async () => {
  const before = await visit();
  await until(async () => ((await storedClicks()).includes(before) ? true : undefined), 'first click stored');
  await postgres.stop();

  const during = [await visit(), await visit(), await visit()];
  const refused = await fetch(`${server.base}/p/open?click_id=A1&txid=1`);
  expect([refused.status, refused.headers.get('retry-after')]).toEqual([503, '5']);
  expect(await refused.json()).toMatchObject({ status: 'unavailable', reason: 'not_stored' });

  // A server that starts while the database is away knows its links from the last run.
  await server.close();
  server = await startTestServer(postgres.url, { dataDir });
  const restarted = await visit();
  expect(restarted).toMatch(/^[0-9A-Z]{26}$/);
  // It has never read the sources: that is no reason to call one unknown.
  const unread = await fetch(`${server.base}/p/open?click_id=A1&txid=1`);
  expect([unread.status, unread.headers.get('retry-after')]).toEqual([503, '5']);

  postgres = await startPostgres({ dataDir: folder, durable: false });
  const back = await until(
    async () => {
      const response = await fetch(`${server.base}/p/open?click_id=A1&txid=1`);
      await response.text();
      return response.status === 503 ? undefined : response.status;
    },
    'postbacks taken again',
    10_000,
  );
  expect(back).toBe(200);
  const all = [before, ...during, restarted];
  await until(
    async () => ((await storedClicks()).length >= all.length ? true : undefined),
    'clicks stored',
    15_000,
  );
  expect((await storedClicks()).toSorted()).toEqual(all.toSorted());
  const inbox = await db.selectFrom('click_inbox').select('click_id').execute();
  expect(inbox.map((row) => row.click_id).toSorted()).toEqual(all.toSorted());
  // The refused postback was not stored behind the sender's back: its repeat was new.
  const rows = await db.selectFrom('postback').select('outcome').where('click_id', '=', 'A1').execute();
  expect(rows).toEqual([{ outcome: 'accepted' }]);
});
