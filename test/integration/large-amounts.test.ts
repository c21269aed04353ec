import { afterAll, beforeAll, expect, it } from 'vitest';
import { windowBounds } from '../../src/core/windows.ts';
import { loadWindowMetrics } from '../../src/db/metrics.ts';
import { testDatabase, type TestDatabase } from '../support/database.ts';
import { addClick, addPostback, T0 } from '../support/ingest-facts.ts';
import { IngestFixture } from '../support/ingest-fixture.ts';

const HOUR = 3_600_000;
let database: TestDatabase;
let facts: IngestFixture;

beforeAll(async () => {
  database = await testDatabase();
  facts = new IngestFixture(database.db);
});
afterAll(() => database.drop());

it.each(['ad', 'adset', 'campaign', 'creative'] as const)(
  'sums beyond what a number holds exactly stop no pass (%s)',
  async (level) => {
    const { accountId, objects } = await facts.fresh();
    const clickId = await addClick(database.db, facts.shop, { atMs: T0, ad: 'a1' });
    for (let i = 0; i < 3; i += 1)
      await addPostback(database.db, facts.shop, { atMs: T0 + i, clickId, amount: 9e9, key: `k${i}` });
    await facts.drain();
    const asOfMs = T0 + HOUR;
    const root = objects.get({ ad: 'a1', adset: 's1', campaign: 'c1', creative: 'v1' }[level]);
    if (root === undefined) throw new Error('not seeded');
    const metrics = await loadWindowMetrics(database.db, {
      accountId,
      level,
      zone: 'UTC',
      asOfMs,
      windows: [{ spelling: 'lifetime', bounds: windowBounds({ kind: 'lifetime' }, asOfMs, 'UTC') }],
      objectIds: [root],
    });
    expect(metrics.get(root)?.['lifetime']?.conversions['purchase']).toMatchObject({
      conversions: 3,
      value: 27e9,
    });
  },
);
