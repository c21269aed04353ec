import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { sql } from 'kysely';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { testDatabase, type TestDatabase } from '../support/database.ts';
import { addClick, addPostback, T0 } from '../support/ingest-facts.ts';
import { IngestFixture } from '../support/ingest-fixture.ts';

const MAIN = fileURLToPath(new URL('../../src/main.ts', import.meta.url));
const HOUR = 3_600_000;
const DAY = 24 * HOUR;
let database: TestDatabase;
let facts: IngestFixture;

beforeAll(async () => {
  database = await testDatabase();
  facts = new IngestFixture(database.db);
});
afterAll(() => database.drop());

function bidloop(...args: string[]): Promise<{ readonly code: number; readonly text: string }> {
  const env = { ...process.env, DATABASE_URL: database.url };
  return new Promise((resolve) => {
    execFile(process.execPath, [MAIN, ...args], { env }, (error, out, err) =>
      resolve({ code: error === null ? 0 : Number(error.code), text: out + err }),
    );
  });
}

it('says what each window keeps of an event, by source, also of what was too late for today’s', async () => {
  await facts.fresh({ name: 'advised', sourceSettings: { windowHours: { purchase: 24 } } });
  const clickId = await addClick(database.db, facts.shop, { atMs: T0, ad: 'a1' });
  // 60 in the first day, 20 up to the seventh, none after: 24 h keep three quarters.
  const delays = [
    ...Array.from({ length: 60 }, (_, i) => i * 20 * 60_000),
    ...Array.from({ length: 20 }, (_, i) => DAY + i * 7 * HOUR),
  ];
  for (const [index, delay] of delays.entries())
    await addPostback(database.db, facts.shop, { atMs: T0 + delay + 1, clickId, key: `p${index}` });
  // Too young to have had the time.
  const young = await addClick(database.db, facts.shop, { atMs: T0 + 25 * DAY, ad: 'a1' });
  await addPostback(database.db, facts.shop, { atMs: T0 + 25 * DAY + 1, clickId: young, key: 'young' });
  await facts.drain();
  await sql`
    update workspace set clock_origin = ${new Date(T0 + 40 * DAY)}, clock_stopped_at = ${new Date(T0 + 40 * DAY)}
    where id = 'advised'`.execute(database.db);
  const { text } = await bidloop('windows', 'purchase', '--account', 'advised-account');
  expect(text).toBe(
    [
      'advised: 7 d keeps all of purchase, 14 d all, 30 d all; 7 d is enough (now 1 d)',
      '  To change it: ./bidloop source set advised-source --window purchase=7d',
      '',
    ].join('\n'),
  );
  const [json] = JSON.parse((await bidloop('--json', 'windows', 'purchase')).text) as {
    conversions: number;
    windowDays: number;
    byDay: number[];
  }[];
  expect(json).toMatchObject({ conversions: 80, windowDays: 7, windowHoursNow: 24 });
  expect(json?.byDay.slice(0, 8)).toEqual([60, 4, 3, 4, 3, 4, 2, 0]);
});

it('names the nearest event where none is called so', async () => {
  const answer = await bidloop('windows', 'purchas');
  expect(answer.code).toBe(1);
  expect(answer.text).toContain('did you mean "purchase"?');
  expect((await bidloop('windows', 'purchase', '--account', 'nobody')).text).toContain(
    'no ad account "nobody"',
  );
});
