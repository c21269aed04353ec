import { execFile } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { drainBatch } from '../../src/db/ingest/drain-batch.ts';
import { testDatabase, type TestDatabase } from '../support/database.ts';
import { addClick, addObject, type SeededAccount } from '../support/ingest-facts.ts';
import {
  KEY,
  MARKET_MS,
  seedTrackedAccount,
  seedTracking,
  startTestServer,
  type TestServer,
} from '../support/tracking.ts';

const MAIN = fileURLToPath(new URL('../../src/main.ts', import.meta.url));
let database: TestDatabase;
let server: TestServer;
const account: SeededAccount = {
  workspaceId: 'w1',
  accountId: 'acc',
  sourceId: 'shop',
  zone: 'UTC',
  objects: new Map(),
};

beforeAll(async () => {
  database = await testDatabase();
  const { db } = database;
  await seedTracking(db);
  await db
    .updateTable('source')
    .set({ created_at: new Date(MARKET_MS - 86_400_000) })
    .execute();
  await seedTrackedAccount(db);
  await addObject(db, account, { level: 'campaign', networkId: 'c1' });
  await addObject(db, account, { level: 'ad', networkId: 'a1', campaign: 'c1' });
  server = await startTestServer(database.url);
});
afterAll(async () => {
  await server.close();
  await database.drop();
});

function bidloop(...args: string[]): Promise<{ readonly code: number; readonly text: string }> {
  const env = { ...process.env, DATABASE_URL: database.url };
  return new Promise((resolve) => {
    execFile(process.execPath, [MAIN, ...args], { env }, (error, out, err) =>
      resolve({ code: error === null ? 0 : Number(error.code), text: out + err }),
    );
  });
}

const time = (minutes: number): string =>
  new Date(MARKET_MS + minutes * 60_000).toISOString().slice(0, 19).replace('T', ' ');

async function send(facts: Record<string, string>): Promise<number> {
  const response = await fetch(`${server.base}/p/shop/${KEY}?${new URLSearchParams(facts).toString()}`);
  await response.text();
  return response.status;
}

it("assigns every difference to the sender's own report to a reason", async () => {
  const clickId = await addClick(database.db, account, { atMs: MARKET_MS - 3_600_000, ad: 'a1' });
  const postback = { click_id: clickId, event: 'purchase', currency: 'USD' };
  const agreed = { ...postback, txid: 'order-1', amount: '10.00', time: time(-30) };
  expect(await send(agreed)).toBe(200);
  expect(await send({ ...postback, txid: 'order-2', amount: '20.00', time: time(-29) })).toBe(200);
  expect(await send({ ...postback, txid: 'order-3', amount: 'twelve', time: time(-28) })).toBe(400);
  expect(await send({ ...postback, click_id: 'nobody-knows-it', txid: 'order-4', amount: '40' })).toBe(200);
  expect(await send({ ...postback, txid: 'order-6', amount: '60.00', time: time(-20) })).toBe(200);
  await drainBatch(database.db, { shard: 'all', limit: 100, wallMs: Date.now() });

  const file = path.join(server.dataDir, 'report.csv');
  const line = (cells: readonly string[]): string => cells.join(',');
  writeFileSync(
    file,
    [
      line(['Click ID', 'Order ID', 'Event', 'Date', 'Payout', 'Currency']),
      line([clickId, 'order-1', 'purchase', time(-30), '10', 'USD']),
      line([clickId, 'order-2', 'purchase', time(-29), '22', 'USD']),
      line([clickId, 'order-3', 'purchase', time(-28), '12', 'USD']),
      line(['nobody-knows-it', 'order-4', 'purchase', time(-27), '40', 'USD']),
      line([clickId, 'order-5', 'purchase', time(-26), '50', 'USD']),
      line([clickId, 'order-1', 'purchase', time(-30), '10', 'USD']),
      line(['', 'order-7', 'purchase', time(-10), '70', 'USD']),
      '',
    ].join('\n'),
  );
  const { code, text } = await bidloop('reconcile', '--source', 'shop', '--file', file, '--all');
  expect(code, text).toBe(0);
  expect(text).toContain('7 conversions of the report, 1 agree with what is on record.');
  expect(text.split('\n').filter((one) => /^ {2}(?:line|on record)/.test(one))).toEqual([
    '  line 3: order-2 – amount: 22 USD, here 20 USD',
    '  line 4: order-3 – refused: amount_unparsed',
    '  line 5: order-4 – not counted: unknown_click',
    '  line 6: order-5 – never arrived: nothing with its ids is on record',
    '  line 7: order-1 – repeated in report: line 2',
    '  line 8: order-7 – never arrived: nothing with its ids is on record',
    '  on record: order-6 – edge of report: approved',
  ]);
  const json = await bidloop('--json', 'reconcile', '--source', 'shop', '--file', file);
  expect(JSON.parse(json.text)).toMatchObject({
    rows: 7,
    agreed: 1,
    reasons: expect.arrayContaining([{ reason: 'never_arrived', count: 2, amounts: { USD: '120' } }]),
  });
});

it('says what is wrong with a call or a file, and what to do', async () => {
  const file = path.join(server.dataDir, 'other.csv');
  writeFileSync(file, 'click_id,amount\nc1,12\n');
  const tried = async (...args: string[]) => (await bidloop('reconcile', ...args)).text;
  expect(await tried('--source', 'shop', '--file', file)).toContain(
    'no column of the report was read as a time',
  );
  expect(
    await tried('--source', 'shop', '--file', file, '--from', '2026-11-01', '--to', '2026-11-31'),
  ).toContain('"2026-11-31" is no date');
  expect(await tried('--source', 'nobody', '--file', file)).toContain('there is no source "nobody"');
  expect(await tried('--source', 'shop', '--file', '/nowhere.csv')).toContain('/nowhere.csv');
  expect(await tried('--source', 'shop', '--file', file, '--column', 'Sum=amont')).toContain(
    '(did you mean amount?)',
  );
  expect(await tried('--source', 'shop', '--file', file, '--zone', 'Mars')).toContain(
    '"Mars" is no time zone',
  );
});
