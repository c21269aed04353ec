import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { micros } from '../../src/core/money.ts';
import type { ObjectId } from '../../src/core/object.ts';
import type { Db } from '../../src/db/connection.ts';
import { storeSpend, type StoredSpend } from '../../src/db/spend.ts';
import { testDatabase, type TestDatabase } from '../support/database.ts';
import { type SeededAccount, seedAccount, T0, totalsThatDiffer } from '../support/ingest-facts.ts';

const HOUR = 3_600_000;
const DAY = 24 * HOUR;

let database: TestDatabase;
let db: Db;
let shop: SeededAccount;

beforeAll(async () => {
  database = await testDatabase();
  db = database.db;
  shop = await seedAccount(db, { name: 'shop', zone: 'America/New_York' });
});
afterAll(() => database.drop());

type Row = readonly [ad: string, hourMs: number, spend: number, clicks?: number];

function store(rows: readonly Row[], knownFromMs: number): Promise<StoredSpend> {
  return db.transaction().execute((trx) =>
    storeSpend(trx, {
      accountId: shop.accountId,
      zone: shop.zone,
      knownFromMs,
      rows: rows.map(([ad, hourMs, spend, clicks = 0]) => ({
        objectId: shop.objects.get(ad) ?? (0 as ObjectId),
        hourMs,
        spendMicros: micros(Math.round(spend * 1e6)),
        impressions: clicks * 100,
        clicks,
      })),
    }),
  );
}

function versions(ad: string) {
  return db
    .selectFrom('spend_version')
    .select(['hour', 'known_from', 'spend_micros'])
    .where('object_id', '=', shop.objects.get(ad) ?? (0 as ObjectId))
    .orderBy('hour')
    .orderBy('known_from')
    .execute();
}

function days(ad: string) {
  return db
    .selectFrom('object_day')
    .select(['day', 'spend_micros', 'clicks'])
    .where('object_id', '=', shop.objects.get(ad) ?? (0 as ObjectId))
    .orderBy('day')
    .execute();
}

describe('spend as reported', () => {
  it('is kept by hour, with a version only where a value changed', async () => {
    const first = await store(
      [
        ['a1', T0, 1.5, 3],
        ['a1', T0 + HOUR, 2],
        ['a1', T0 + 2 * HOUR, 0],
      ],
      T0 + 3 * HOUR,
    );
    expect(first).toEqual({ changed: 2, restated: 0, objectIds: [shop.objects.get('a1')] });
    const again = await store(
      [
        ['a1', T0, 1.5, 3],
        ['a1', T0 + HOUR, 2],
      ],
      T0 + 4 * HOUR,
    );
    expect(again).toEqual({ changed: 0, restated: 0, objectIds: [] });
    const restated = await store(
      [
        ['a1', T0, 1.5, 3],
        ['a1', T0 + HOUR, 1.9],
      ],
      T0 + 5 * HOUR,
    );
    expect(restated).toMatchObject({ changed: 1, restated: 1 });
    expect(await versions('a1')).toEqual([
      { hour: new Date(T0), known_from: new Date(T0 + 3 * HOUR), spend_micros: 1_500_000 },
      { hour: new Date(T0 + HOUR), known_from: new Date(T0 + 3 * HOUR), spend_micros: 2_000_000 },
      { hour: new Date(T0 + HOUR), known_from: new Date(T0 + 5 * HOUR), spend_micros: 1_900_000 },
    ]);
    expect(await days('a1')).toEqual([{ day: '2026-03-10', spend_micros: 3_400_000, clicks: 3 }]);
  });

  it('of an earlier day raises the totals of every later day', async () => {
    await store(
      [
        ['a2', T0, 1],
        ['a2', T0 + 3 * DAY, 4],
      ],
      T0,
    );
    await store(
      [
        ['a2', T0 - 2 * DAY, 10],
        ['a2', T0 + DAY, 2],
      ],
      T0 + 1,
    );
    expect((await days('a2')).map((d) => [d.day, d.spend_micros / 1e6])).toEqual([
      ['2026-03-08', 10],
      ['2026-03-10', 11],
      ['2026-03-11', 13],
      ['2026-03-13', 17],
    ]);
  });

  it('that an hour no longer has goes back to zero', async () => {
    await store([['a3', T0, 5, 2]], T0);
    expect(await store([['a3', T0, 0, 0]], T0 + HOUR)).toMatchObject({ changed: 1, restated: 1 });
    expect(await days('a3')).toEqual([{ day: '2026-03-10', spend_micros: 0, clicks: 0 }]);
  });

  it('named twice for one hour counts its last row, by any instant of the hour', async () => {
    const at = T0 + 10 * DAY;
    expect(
      await store(
        [
          ['a1', at + 60_000, 3],
          ['a1', at + 120_000, 4],
        ],
        at + HOUR,
      ),
    ).toMatchObject({ changed: 1 });
    const hour = await db.selectFrom('spend_hour').selectAll().where('hour', '=', new Date(at)).execute();
    expect(hour).toMatchObject([{ spend_micros: 4_000_000 }]);
  });

  it('written by several at once loses nothing', async () => {
    const at = T0 + 20 * DAY;
    const hours = Array.from({ length: 30 }, (_, i): Row => ['a1', at + i * 5 * HOUR, 1, 1]);
    await Promise.all(
      [hours.slice(0, 15), hours.slice(10, 25), hours.slice(20), hours.slice(5, 12)].map((rows) =>
        store(rows, at),
      ),
    );
    expect(await totalsThatDiffer(db)).toEqual([]);
    const total = (await days('a1')).at(-1);
    expect(total?.spend_micros).toBe(3_400_000 + 4_000_000 + 30_000_000);
  });

  it('of nothing is nothing', async () => {
    expect(await store([], T0)).toEqual({ changed: 0, restated: 0, objectIds: [] });
  });
});
