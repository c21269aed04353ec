import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { micros } from '../../src/core/money.ts';
import type { Db } from '../../src/db/connection.ts';
import { listUnusualSpend } from '../../src/db/spend-watch.ts';
import { storeSpend } from '../../src/db/spend.ts';
import { testDatabase, type TestDatabase } from '../support/database.ts';
import { HOUR_MS, seedAccount, type SeededAccount, seedObject } from '../support/seed-account.ts';

const ZONE = 'America/New_York';
/** 10:00 in New York, nine days after its clocks went back. */
const NOW = Date.UTC(2026, 10, 10, 15);

let database: TestDatabase;
let db: Db;
beforeAll(async () => {
  database = await testDatabase();
  db = database.db;
});
afterAll(() => database.drop());

/** Dollars of each of the six hours up to ten in the morning, now and in earlier weeks; an hour before and after them, a hundred. */
async function account(weeks: readonly number[]): Promise<SeededAccount> {
  const seeded = await seedAccount(db);
  await db
    .updateTable('ad_account')
    .set({ time_zone: ZONE, spend_as_of: new Date(NOW) })
    .where('id', '=', seeded.accountId)
    .execute();
  const objectId = await seedObject(db, seeded, {
    level: 'ad',
    networkId: `ad-${seeded.suffix}`,
    name: 'Ad',
  });
  const rows = weeks.flatMap((dollars, week) => {
    const clocksBack = week >= 2 ? HOUR_MS : 0;
    const toMs = NOW - week * 7 * 24 * HOUR_MS - clocksBack;
    return Array.from({ length: 8 }, (_, no) => ({
      objectId,
      hourMs: toMs + (no - 7) * HOUR_MS,
      spendMicros: micros((no === 0 || no === 7 ? 100 : dollars) * 1_000_000),
      impressions: 1,
      clicks: 1,
    })).filter(({ hourMs }) => hourMs < NOW);
  });
  await db
    .transaction()
    .execute((trx) =>
      storeSpend(trx, { accountId: seeded.accountId, zone: ZONE, knownFromMs: seeded.nowMs, rows }),
    );
  return seeded;
}

const found = async ({ accountId }: SeededAccount) =>
  (await listUnusualSpend(db)).filter((one) => one.account === accountId);

describe('unusual spend', () => {
  it('is told beside what is usual at the same hours of the week, by the clock of the account', async () => {
    const busy = await account([40, 10, 11, 9, 10, 12, 10]);
    expect(await found(busy)).toEqual([
      {
        account: busy.accountId,
        name: `Account ${busy.suffix}`,
        words: '240.00 USD in the newest 6 hours, where 60.00 USD is usual at this time of the week',
      },
    ]);
  });

  it('is none where weeks differ as much, where little is spent, or where four weeks are not known', async () => {
    expect(await found(await account([14, 6, 15, 9, 2, 12, 10]))).toEqual([]);
    expect(await found(await account([0, 10, 11, 9, 10, 12, 10]))).toEqual([]);
    expect(await found(await account([40, 10, 11, 9]))).toEqual([]);
  });

  it('is not asked of an account without a report', async () => {
    const silent = await seedAccount(db);
    await db
      .updateTable('ad_account')
      .set({ spend_as_of: null })
      .where('id', '=', silent.accountId)
      .execute();
    expect(await found(silent)).toEqual([]);
  });
});
