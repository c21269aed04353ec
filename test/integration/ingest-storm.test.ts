import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { micros } from '../../src/core/money.ts';
import type { ObjectId } from '../../src/core/object.ts';
import type { Db } from '../../src/db/connection.ts';
import { drainBatch } from '../../src/db/ingest/drain-batch.ts';
import { resolveLateObjects } from '../../src/db/ingest/resolve-late-objects.ts';
import { hasWork } from '../../src/db/ingest/set-aside.ts';
import { storeSpend } from '../../src/db/spend.ts';
import { testDatabase, type TestDatabase } from '../support/database.ts';
import {
  addClick,
  addObject,
  addPostback,
  type SeededAccount,
  seedAccount,
  T0,
  totalsThatDiffer,
} from '../support/ingest-facts.ts';

const HOUR = 3_600_000;
const ADS = ['a1', 'a2', 'a3', 'late 1', 'late 2'];
const CLICKS = 60;
const MESSAGES = 600;

let database: TestDatabase;
let db: Db;
let shop: SeededAccount;

beforeAll(async () => {
  database = await testDatabase();
  db = database.db;
  shop = await seedAccount(db, { name: 'shop', zone: 'Asia/Kolkata' });
});
afterAll(() => database.drop());

async function drainEverything(shard: string): Promise<void> {
  while (await hasWork(db, shard)) await drainBatch(db, { shard, limit: 23, wallMs: T0 + 100 * HOUR });
}

/** What a sync does in one transaction: spend, and whatever waited for objects that came with it. */
async function syncOnce(round: number): Promise<void> {
  await db.transaction().execute(async (trx) => {
    await storeSpend(trx, {
      accountId: shop.accountId,
      zone: shop.zone,
      knownFromMs: T0 + round,
      rows: ['a1', 'a2', 'a3'].flatMap((ad) =>
        Array.from({ length: 20 }, (_, hour) => ({
          objectId: shop.objects.get(ad) ?? (0 as ObjectId),
          hourMs: T0 + hour * HOUR,
          spendMicros: micros(1_000_000 + round),
          impressions: round,
          clicks: 1,
        })),
      ),
    });
    await resolveLateObjects(trx, shop.accountId);
  });
}

describe('a storm', () => {
  it('drained by several at once, with syncs in between, ends in exact totals', async () => {
    const ids: string[] = [];
    for (let i = 0; i < CLICKS; i += 1) {
      ids.push(
        await addClick(db, shop, {
          atMs: T0 + i * 17 * 60_000,
          campaign: 'c1',
          ad: ADS[i % ADS.length] ?? 'a1',
        }),
      );
    }
    // Each key is sent pending, approved and approved again, in this order of receipt, over two shards.
    for (let i = 0; i < MESSAGES; i += 1) {
      const key = i % (MESSAGES / 3);
      await addPostback(db, shop, {
        atMs: T0 + 20 * HOUR + i,
        clickId: ids[key % CLICKS] ?? null,
        key: `order ${key}`,
        status: i < MESSAGES / 3 ? 'pending' : 'approved',
        amount: i < MESSAGES / 3 ? 1 : 2,
        slot: (key % CLICKS) % 64,
      });
    }
    const syncs = async (): Promise<void> => {
      for (let round = 1; round <= 12; round += 1) {
        if (round === 4)
          await addObject(db, shop, { level: 'ad', networkId: 'late 1', campaign: 'c1', adset: 's1' });
        if (round === 8)
          await addObject(db, shop, { level: 'ad', networkId: 'late 2', campaign: 'c1', adset: 's1' });
        await syncOnce(round);
      }
    };
    await Promise.all([
      drainEverything('0-31'),
      drainEverything('0-31'),
      drainEverything('32-63'),
      drainEverything('32-63'),
      syncs(),
    ]);
    await drainEverything('all');
    await syncOnce(13);

    const sums = await db
      .selectFrom('event_day as d')
      .innerJoin('object as o', 'o.id', 'd.object_id')
      .select(['o.network_id', 'd.day', 'd.conversions', 'd.value_micros'])
      .orderBy('d.day')
      .execute();
    const newest = new Map(sums.map((row) => [row.network_id, row]));
    for (const ad of ADS) {
      expect({ ad, n: newest.get(ad)?.conversions, value: newest.get(ad)?.value_micros }).toEqual({
        ad,
        n: MESSAGES / 3 / ADS.length,
        value: ((MESSAGES / 3) * 2_000_000) / ADS.length,
      });
    }
    expect(newest.get('c1')?.conversions ?? 0).toBe(0);
    const visits = await db
      .selectFrom('visit_hour')
      .select((eb) => eb.fn.sum('visits').as('n'))
      .executeTakeFirstOrThrow();
    expect(Number(visits.n)).toBe(CLICKS);
    const outcomes = await db
      .selectFrom('postback')
      .select(['outcome', (eb) => eb.fn.countAll<number>().as('n')])
      .groupBy('outcome')
      .orderBy('outcome')
      .execute();
    expect(outcomes).toEqual([
      { outcome: 'counted', n: MESSAGES / 3 },
      { outcome: 'duplicate', n: MESSAGES / 3 },
      { outcome: 'updated', n: MESSAGES / 3 },
    ]);
    expect(await totalsThatDiffer(db)).toEqual([]);
  });
});
