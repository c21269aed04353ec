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
import { startTestServer } from '../support/tracking.ts';

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

/** Orders whose postbacks come through the door: each is told of pending and approved. */
const ORDERS = 80;

/** Mixed, and the same for everybody. */
function shuffled<T>(list: readonly T[]): T[] {
  return list
    .map((item, index) => ({ item, place: (index * 7_919) % 10_007 }))
    .toSorted((a, b) => a.place - b.place)
    .map(({ item }) => item);
}

describe('a storm through the door', () => {
  it('of repeats, unknown clicks, malformed and reordered postbacks ends in exactly the right conversions', async () => {
    const own = await testDatabase();
    // Before the server: one that has just looked looks for a new source again half a second later.
    const store = await seedAccount(own.db, { name: 'store' });
    const server = await startTestServer(own.url);
    try {
      const beganMs = Math.floor(Date.now() / 1000) * 1000 - 12 * HOUR;
      const clicks: string[] = [];
      for (let i = 0; i < 30; i += 1)
        clicks.push(
          await addClick(own.db, store, { atMs: beganMs + i, campaign: 'c1', ad: ADS[i % 3] ?? 'a1' }),
        );
      const say = (order: number, status: string, amount: string, hours: number): string => {
        const query = new URLSearchParams({
          // Every tenth order is of a click that nobody knows.
          click_id: order % 10 === 0 ? `nobody-${order}` : (clicks[order % 30] ?? ''),
          event: 'purchase',
          txid: `order ${order}`,
          status,
          amount,
          event_time: `${(beganMs + hours * HOUR) / 1000}`,
        });
        return `/p/store-source?${query.toString()}`;
      };
      const orders = Array.from({ length: ORDERS }, (_, order) => order);
      const good = orders.flatMap((order) => [
        say(order, 'pending', '10', 1),
        say(order, 'approved', '12', 3),
        // One of twenty is taken back in between, dated hours before it comes.
        ...(order % 20 === 7 ? [say(order, 'reversed', '10', 5)] : []),
        ...(order % 20 === 8 ? [say(order, 'hold', '11', 2)] : []),
      ]);
      const repeats = good.filter((_, index) => index % 5 === 0);
      const broken = Array.from(
        { length: Math.round((good.length + repeats.length) / 9) },
        (_, index) =>
          [
            `/p/store-source?click_id={click_id}&event=purchase&amount=1&n=${index}`,
            `/p/store-source?click_id=${clicks[0]}&event=purchase&amount=abc&n=${index}`,
            `/p/store-source?event=purchase&amount=1&n=${index}`,
          ][index % 3] ?? '',
      );
      const answers = new Map<number, number>();
      const queue = shuffled([...good, ...repeats, ...broken]);
      const ask = async (): Promise<void> => {
        for (let url = queue.pop(); url !== undefined; url = queue.pop()) {
          const response = await fetch(`${server.base}${url}`);
          await response.text();
          answers.set(response.status, (answers.get(response.status) ?? 0) + 1);
          if (queue.length % 50 === 0)
            await drainBatch(own.db, { shard: 'all', limit: 40, wallMs: Date.now() });
        }
      };
      await Promise.all([ask(), ask(), ask(), ask()]);
      while (await hasWork(own.db, 'all'))
        await drainBatch(own.db, { shard: 'all', limit: 500, wallMs: Date.now() });

      expect(Object.fromEntries(answers)).toEqual({
        200: good.length,
        400: broken.length,
        409: repeats.length,
      });
      const rows = await own.db.selectFrom('postback').select(['outcome', 'reason']).execute();
      expect(rows).toHaveLength(good.length + repeats.length + broken.length);
      const outcomes = Map.groupBy(rows, (row) => row.outcome);
      expect([...outcomes.keys()].filter((outcome) => outcome === 'accepted')).toEqual([]);
      expect(outcomes.get('refused')?.every((row) => row.reason !== null)).toBe(true);

      const conversions = await own.db
        .selectFrom('conversion as c')
        .leftJoin('object as o', 'o.id', 'c.object_id')
        .select(['c.txid', 'c.status', 'c.counted', 'c.value_micros', 'o.network_id'])
        .execute();
      const wanted = orders.map((order) => {
        const known = order % 10 !== 0;
        const reversed = order % 20 === 7;
        return {
          txid: `order ${order}`,
          status: reversed ? 'reversed' : 'approved',
          counted: known && !reversed,
          value_micros: known ? 12_000_000 : null,
          network_id: known ? (ADS[(order % 30) % 3] ?? null) : null,
        };
      });
      const byTxid = (a: { txid: string | null }, b: { txid: string | null }): number =>
        (a.txid ?? '') < (b.txid ?? '') ? -1 : 1;
      expect(conversions.toSorted(byTxid)).toEqual(wanted.toSorted(byTxid));
      expect(await totalsThatDiffer(own.db)).toEqual([]);
    } finally {
      await server.close();
      await own.drop();
    }
  });
});
