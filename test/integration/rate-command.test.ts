import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { testDatabase, type TestDatabase } from '../support/database.ts';
import { addClick, addPostback, T0 } from '../support/ingest-facts.ts';
import { IngestFixture } from '../support/ingest-fixture.ts';

const MAIN = fileURLToPath(new URL('../../src/main.ts', import.meta.url));
const DAY = 86_400_000;
let database: TestDatabase;
let facts: IngestFixture;

beforeAll(async () => {
  database = await testDatabase();
  facts = new IngestFixture(database.db);
  await facts.fresh();
  const clickId = await addClick(database.db, facts.shop, { atMs: T0, ad: 'a1' });
  for (const [index, currency] of (['EUR', 'EUR', 'GBP'] as const).entries()) {
    const atMs = T0 + (index + 1) * DAY;
    await addPostback(database.db, facts.shop, { atMs, clickId, amount: 50, currency, key: `k${index}` });
  }
  await facts.drain();
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

const values = async () => (await facts.conversions()).map((row) => row.value_micros);

it('says what waits for a rate, and with which command it is converted', async () => {
  expect((await bidloop('rate', 'list')).text).toBe(
    [
      'There is no exchange rate yet.',
      '2 amounts wait for a rate of EUR in USD, the oldest of 2026-03-11: ./bidloop rate add EUR USD <rate> --day 2026-03-11',
      '1 amount waits for a rate of GBP in USD, the oldest of 2026-03-13: ./bidloop rate add GBP USD <rate> --day 2026-03-13',
      '',
    ].join('\n'),
  );
});

it('a rate converts what waits from its day on, and says what still waits', async () => {
  const { text } = await bidloop('rate', 'add', 'eur', 'usd', '1.08', '--day', '2026-03-12');
  expect(text).toBe(
    [
      '1 EUR is 1.08 USD from 2026-03-12 on.',
      '1 amount that waited is converted.',
      '1 amount waits for a rate of EUR in USD, the oldest of 2026-03-11: ./bidloop rate add EUR USD 1.08 --day 2026-03-11',
      '',
    ].join('\n'),
  );
  expect(await values()).toEqual([null, 54_000_000, null]);
  expect((await bidloop('rate', 'add', 'EUR', 'USD', '1.1', '--day', '2026-03-12')).text).toContain(
    'It replaces 1.08; amounts converted before keep that.',
  );
  expect(await values()).toEqual([null, 54_000_000, null]);
});

it('the first rate of two currencies serves all that waits, without a day; the next one holds from today', async () => {
  expect((await bidloop('rate', 'add', 'GBP', 'USD', '1.25')).text).toContain(
    '1 GBP is 1.25 USD from 2026-03-13 on.\n1 amount that waited is converted.',
  );
  expect(await values()).toEqual([null, 54_000_000, 62_500_000]);
  await bidloop('rate', 'add', 'GBP', 'USD', '1.3');
  const { rates } = JSON.parse((await bidloop('--json', 'rate', 'list')).text) as {
    rates: { day: string }[];
  };
  expect(rates.map((rate) => rate.day)).toHaveLength(3);
});

it.each([
  [['EUR', 'EUR', '1'], 'name two currencies'],
  [['EURO', 'USD', '1'], '"EURO" is no ISO 4217 currency'],
  [['EUR', 'USD', '1,08'], '"1,08" is no rate'],
  [['EUR', 'USD', '0'], '"0" is no rate'],
  [['EUR', 'USD', '1', '--day', '2026-02-31'], '"2026-02-31" is no date'],
])('rate add %j says what is wrong', async (args, message) => {
  const run = await bidloop('rate', 'add', ...args);
  expect(run.code).toBe(2);
  expect(run.text).toContain(message);
});
