import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { micros } from '../../src/core/money.ts';
import type { Level, ObjectId } from '../../src/core/object.ts';
import { readWindow, windowBounds } from '../../src/core/windows.ts';
import { dayOf, hourStart } from '../../src/core/zone.ts';
import type { Db } from '../../src/db/connection.ts';
import { loadWindowMetrics, type WindowRequest } from '../../src/db/metrics.ts';
import { extendTotals } from '../../src/db/running-totals.ts';
import { storeSpend } from '../../src/db/spend.ts';
import { testDatabase, type TestDatabase } from '../support/database.ts';
import { addClick, addPostback, type SeededAccount } from '../support/ingest-facts.ts';
import { IngestFixture } from '../support/ingest-fixture.ts';

const HOUR = 3_600_000;
const DAY = 24 * HOUR;
const SPELLINGS = [
  '1h',
  '3h',
  '30h',
  '72h',
  'today',
  'yesterday',
  '1d',
  '3d',
  '7d',
  '7d before today',
  '30d',
  'lifetime',
];
const BELOW: Readonly<Record<string, readonly string[]>> = {
  c1: ['c1', 's1', 'a1', 'a2'],
  c2: ['c2', 's2', 'a3'],
  s1: ['s1', 'a1', 'a2'],
  s2: ['s2', 'a3'],
  a1: ['a1'],
  a2: ['a2'],
  a3: ['a3'],
  v1: ['a1', 'a3'],
  v2: ['a2'],
};
const AT_LEVEL: Readonly<Record<Level, readonly string[]>> = {
  campaign: ['c1', 'c2'],
  adset: ['s1', 's2'],
  ad: ['a1', 'a2', 'a3'],
  creative: ['v1', 'v2'],
};

let database: TestDatabase;
let db: Db;
let facts: IngestFixture;

beforeAll(async () => {
  database = await testDatabase();
  db = database.db;
  facts = new IngestFixture(db);
});
afterAll(() => database.drop());

function windowsAt(asOfMs: number, zone: string): WindowRequest[] {
  return SPELLINGS.map((spelling) => {
    const spec = readWindow(spelling);
    if ('problem' in spec) throw new Error(spec.problem);
    return { spelling, bounds: windowBounds(spec, asOfMs, zone) };
  });
}

interface Fact {
  readonly kind: 'spend' | 'visit' | 'conversion' | 'rejected';
  readonly ad: string;
  /** Hours before the last hour, and minutes into the hour. */
  readonly hoursBefore: number;
  readonly minutes: number;
  readonly amount: number;
}

const fact: fc.Arbitrary<Fact> = fc.record({
  kind: fc.constantFrom(
    'spend' as const,
    'spend' as const,
    'visit' as const,
    'conversion' as const,
    'rejected' as const,
  ),
  ad: fc.constantFrom('a1', 'a2', 'a3'),
  hoursBefore: fc.oneof(fc.nat(80), fc.nat(40 * 24)),
  minutes: fc.nat(59),
  amount: fc.integer({ min: 1, max: 500 }),
});

type Spent = Map<string, { ad: string; hourMs: number; amount: number }>;

/** Stores facts through the real doors, and notes the spend in `spend`, for a plain sum to go over. */
async function store(shop: SeededAccount, lastMs: number, given: readonly Fact[], spend: Spent) {
  for (const { kind, ad, hoursBefore, minutes, amount } of given) {
    const atMs = lastMs - hoursBefore * HOUR + minutes * 60_000;
    if (kind === 'spend') {
      const hourMs = hourStart(atMs, shop.zone);
      spend.set(`${ad} ${hourMs}`, { ad, hourMs, amount });
      continue;
    }
    const clickId = await addClick(db, shop, { atMs, ad });
    if (kind === 'visit') continue;
    await addPostback(db, shop, {
      atMs: atMs + DAY,
      clickId,
      amount,
      status: kind === 'rejected' ? 'rejected' : 'approved',
    });
  }
  await db.transaction().execute((trx) =>
    storeSpend(trx, {
      accountId: shop.accountId,
      zone: shop.zone,
      knownFromMs: lastMs,
      rows: [...spend.values()].map(({ ad, hourMs, amount }) => ({
        objectId: shop.objects.get(ad) ?? (0 as ObjectId),
        hourMs,
        spendMicros: micros(amount * 10_000),
        impressions: amount * 3,
        clicks: amount,
      })),
    }),
  );
  await facts.drain();
}

/** As a sync does that finds the network's report complete to an hour of this day. */
async function extend(shop: SeededAccount, atMs: number) {
  await db.transaction().execute((trx) => extendTotals(trx, shop.accountId, dayOf(atMs, shop.zone).date));
}

describe('window metrics', () => {
  it.each(['UTC', 'Asia/Kolkata', 'America/New_York', 'Australia/Lord_Howe'])(
    'equal a plain sum over the facts, at every level, in %s',
    async (zone) => {
      // Both weeks hold a change of the clocks in New York and, in April, on Lord Howe Island.
      const ends = ['2026-03-09T15:00:00Z', '2026-04-06T02:00:00Z'].map((text) =>
        hourStart(Date.parse(text), zone),
      );
      await fc.assert(
        fc.asyncProperty(
          fc.array(fact, { minLength: 5, maxLength: 30 }),
          fc.constantFrom(...ends),
          fc.nat(30),
          // Days before the last one that the totals were made dense to before the second half of the facts, and after.
          fc.option(fc.nat(60)),
          fc.option(fc.nat(3)),
          async (given, lastMs, back, early, late) => {
            const shop = await facts.fresh({ zone });
            const stored: Spent = new Map();
            const half = Math.ceil(given.length / 2);
            await store(shop, lastMs, given.slice(0, half), stored);
            if (early !== null) await extend(shop, lastMs - early * DAY);
            await store(shop, lastMs, given.slice(half), stored);
            if (late !== null) await extend(shop, lastMs - late * DAY);
            const spend = [...stored.values()];
            const asOfMs = hourStart(lastMs + HOUR - back * HOUR, zone);
            const windows = windowsAt(asOfMs, zone);
            for (const level of ['campaign', 'adset', 'ad', 'creative'] as const) {
              const found = await loadWindowMetrics(db, {
                accountId: shop.accountId,
                zone,
                level,
                windows,
                asOfMs,
              });
              expect(found.size).toBe(AT_LEVEL[level].length);
              for (const id of AT_LEVEL[level]) {
                for (const { spelling, bounds } of windows) {
                  const metrics = found.get(shop.objects.get(id) ?? (0 as ObjectId))?.[spelling];
                  const under = (ad: string, atMs: number) =>
                    BELOW[id]?.includes(ad) === true && atMs >= bounds.fromMs && atMs < bounds.toMs;
                  const spent = spend.filter((s) => under(s.ad, s.hourMs));
                  const clicks = given.filter(
                    (f) =>
                      f.kind !== 'spend' && under(f.ad, lastMs - f.hoursBefore * HOUR + f.minutes * 60_000),
                  );
                  const sold = clicks.filter((f) => f.kind === 'conversion');
                  const total = spent.reduce((sum, s) => sum + s.amount, 0);
                  const where = `${id} ${spelling}`;
                  expect({
                    where,
                    spend: metrics?.spend,
                    clicks: metrics?.clicks,
                    impressions: metrics?.impressions,
                    visits: metrics?.visits,
                  }).toEqual({
                    where,
                    spend: (total * 10_000) / 1e6,
                    clicks: total,
                    impressions: total * 3,
                    visits: clicks.length,
                  });
                  const value = sold.reduce((sum, f) => sum + f.amount, 0);
                  const expected = { conversions: sold.length, value, unconverted: 0 };
                  expect(metrics?.conversions).toEqual(
                    sold.length === 0 ? {} : { purchase: expected, 'purchase/event': expected },
                  );
                }
              }
            }
          },
        ),
        { numRuns: 12 },
      );
    },
    60_000,
  );

  it('are those of the asked objects alone, and of creatives that a campaign shows', async () => {
    const shop = await facts.fresh();
    const at = Date.parse('2026-03-10T12:00:00Z');
    const ask = { accountId: shop.accountId, zone: 'UTC', windows: windowsAt(at, 'UTC'), asOfMs: at };
    const id = (networkId: string) => shop.objects.get(networkId) ?? (0 as ObjectId);
    const keys = async (more: { level: Level; objectIds?: ObjectId[]; campaignIds?: ObjectId[] }) =>
      [...(await loadWindowMetrics(db, { ...ask, ...more })).keys()].sort((a, b) => a - b);
    expect(await keys({ level: 'ad', objectIds: [id('a2')] })).toEqual([id('a2')]);
    expect(await keys({ level: 'ad', campaignIds: [id('c1')] })).toEqual([id('a1'), id('a2')]);
    expect(await keys({ level: 'campaign', campaignIds: [id('c2')] })).toEqual([id('c2')]);
    expect(await keys({ level: 'creative', campaignIds: [id('c2')] })).toEqual([id('v1')]);
    expect(await keys({ level: 'adset', objectIds: [] })).toEqual([]);
  });

  it('are zero for an object without facts, and leave out events that were not asked for', async () => {
    const shop = await facts.fresh();
    const asOfMs = Date.parse('2026-03-10T12:00:00Z');
    const clickId = await addClick(db, shop, { atMs: asOfMs - HOUR, ad: 'a1' });
    await addPostback(db, shop, { atMs: asOfMs, clickId, event: 'lead' });
    await addPostback(db, shop, { atMs: asOfMs, clickId, event: 'purchase' });
    await facts.drain();
    const found = await loadWindowMetrics(db, {
      accountId: shop.accountId,
      zone: 'UTC',
      level: 'ad',
      windows: windowsAt(asOfMs, 'UTC'),
      asOfMs,
      events: ['lead'],
    });
    const ad = (networkId: string) => found.get(shop.objects.get(networkId) ?? (0 as ObjectId));
    expect(Object.keys(ad('a1')?.today?.conversions ?? {})).toEqual(['lead', 'lead/event']);
    expect(Object.keys(ad('a1')?.['3h']?.conversions ?? {})).toEqual(['lead', 'lead/event']);
    expect(ad('a2')?.lifetime).toMatchObject({ spend: 0, clicks: 0, visits: 0, conversions: {} });
  });
});
