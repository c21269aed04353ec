import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Delivery } from '../../src/core/delivery.ts';
import { micros } from '../../src/core/money.ts';
import type { Level, ObjectId } from '../../src/core/object.ts';
import { dayOf, hourStart } from '../../src/core/zone.ts';
import type { Db } from '../../src/db/connection.ts';
import { type DeliveryInput, loadDelivery } from '../../src/db/learning/delivery.ts';
import type { Excluded } from '../../src/db/learning/outages.ts';
import { storeSpend } from '../../src/db/spend.ts';
import { testDatabase, type TestDatabase } from '../support/database.ts';
import { addClick, addPostback, type SeededAccount } from '../support/ingest-facts.ts';
import { IngestFixture } from '../support/ingest-fixture.ts';

const HOUR = 3_600_000;
const DAY = 24 * HOUR;
const CAP = 250;
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

interface Fact {
  readonly kind: 'spend' | 'purchase' | 'lead' | 'rejected';
  readonly ad: string;
  readonly hoursBefore: number;
  readonly minutes: number;
  readonly amount: number;
}

const fact: fc.Arbitrary<Fact> = fc.record({
  kind: fc.constantFrom('spend', 'spend', 'purchase', 'purchase', 'lead', 'rejected'),
  ad: fc.constantFrom('a1', 'a2', 'a3'),
  hoursBefore: fc.oneof(fc.nat(110), fc.nat(30 * 24), fc.nat(135 * 24)),
  minutes: fc.nat(59),
  amount: fc.integer({ min: 1, max: 500 }),
});

interface SpendFact {
  readonly ad: string;
  readonly hourMs: number;
  readonly amount: number;
}

async function storeHours(shop: SeededAccount, knownFromMs: number, spend: readonly SpendFact[]) {
  await db.transaction().execute((trx) =>
    storeSpend(trx, {
      accountId: shop.accountId,
      zone: shop.zone,
      knownFromMs,
      rows: spend.map(({ ad, hourMs, amount }) => ({
        objectId: idOf(shop, ad),
        hourMs,
        spendMicros: micros(amount * 10_000),
        impressions: amount * 3,
        clicks: amount,
      })),
    }),
  );
}

function idOf(shop: SeededAccount, networkId: string): ObjectId {
  const id = shop.objects.get(networkId);
  if (id === undefined) throw new Error(`no object ${networkId}`);
  return id;
}

async function store(
  shop: SeededAccount,
  lastMs: number,
  given: readonly Fact[],
): Promise<readonly SpendFact[]> {
  const spend = new Map<string, SpendFact>();
  for (const { kind, ad, hoursBefore, minutes, amount } of given) {
    const atMs = lastMs - hoursBefore * HOUR + minutes * 60_000;
    if (kind === 'spend') {
      const hourMs = hourStart(atMs, shop.zone);
      spend.set(`${ad} ${hourMs}`, { ad, hourMs, amount });
      continue;
    }
    await addPostback(db, shop, {
      atMs: atMs + HOUR,
      clickId: await addClick(db, shop, { atMs, ad }),
      event: kind === 'lead' ? 'lead' : 'purchase',
      amount: kind === 'lead' ? null : amount,
      status: kind === 'rejected' ? 'rejected' : 'approved',
    });
  }
  await storeHours(shop, lastMs, [...spend.values()]);
  await facts.drain();
  return [...spend.values()];
}

function ask(
  shop: SeededAccount,
  level: Level,
  asOfMs: number,
  more: Partial<DeliveryInput> = {},
): DeliveryInput {
  return {
    accountId: shop.accountId,
    zone: shop.zone,
    level,
    objects: AT_LEVEL[level].map((id) => ({ id: idOf(shop, id), createdAtMs: 0 })),
    asOfMs,
    trackingSinceMs: 0,
    ...more,
  };
}

/** The same by a plain sum over the facts, bucket by bucket. */
function expected(
  delivery: Delivery,
  ads: readonly string[],
  spend: readonly SpendFact[],
  given: readonly Fact[],
  lastMs: number,
  excluded: readonly Excluded[],
) {
  const known = (atMs: number) => !excluded.some(({ fromMs, toMs }) => atMs >= fromMs && atMs < toMs);
  return delivery.fromMs.map((fromMs, no) => {
    const toMs = delivery.fromMs[no + 1] ?? delivery.toMs;
    const within = (atMs: number) => atMs >= fromMs && atMs < toMs && known(atMs);
    const spent = spend.filter((s) => ads.includes(s.ad) && within(s.hourMs));
    const sold = (kind: Fact['kind']) =>
      given.filter(
        (f) =>
          f.kind === kind && ads.includes(f.ad) && within(lastMs - f.hoursBefore * HOUR + f.minutes * 60_000),
      );
    const total = spent.reduce((sum, s) => sum + s.amount, 0);
    return {
      fromMs,
      spend: (total * 10_000) / 1e6,
      clicks: total,
      purchases: sold('purchase').length,
      value: sold('purchase').reduce((sum, f) => sum + f.amount, 0),
      capped: sold('purchase').reduce((sum, f) => sum + Math.min(f.amount, CAP), 0),
      leads: sold('lead').length,
    };
  });
}

function asFound(delivery: Delivery) {
  const { purchase, lead } = delivery.events;
  return delivery.fromMs.map((fromMs, no) => ({
    fromMs,
    spend: delivery.spend[no],
    clicks: delivery.clicks[no],
    purchases: purchase?.conversions[no] ?? 0,
    value: purchase?.value[no] ?? 0,
    capped: purchase?.cappedValue?.[no] ?? 0,
    leads: lead?.conversions[no] ?? 0,
  }));
}

describe('what objects were given and what came of it', () => {
  it.each(['UTC', 'Asia/Kolkata', 'America/New_York', 'Australia/Lord_Howe'])(
    'equals a plain sum over the facts, at every level, in %s',
    async (zone) => {
      // Both weeks hold a change of the clocks in New York and, in April, on Lord Howe Island.
      const ends = ['2026-03-10T15:00:00Z', '2026-04-06T02:00:00Z'].map((text) =>
        hourStart(Date.parse(text), zone),
      );
      await fc.assert(
        fc.asyncProperty(
          fc.array(fact, { minLength: 10, maxLength: 40 }),
          fc.constantFrom(...ends),
          fc.nat(30),
          fc.oneof(fc.constant(null), fc.nat(140 * 24)),
          fc.oneof(
            fc.constant(null),
            fc.record({ from: fc.nat(30 * 24), hours: fc.integer({ min: 1, max: 60 }) }),
          ),
          async (given, lastMs, back, trackedFor, outage) => {
            const shop = await facts.fresh({ zone });
            const spend = await store(shop, lastMs, given);
            const asOfMs = hourStart(lastMs + HOUR - back * HOUR, zone);
            const trackingSinceMs = trackedFor === null ? 0 : asOfMs - trackedFor * HOUR - 17 * 60_000;
            const fromMs = asOfMs - (outage?.from ?? 0) * HOUR;
            const excluded =
              outage === null
                ? []
                : [{ fromMs: hourStart(fromMs, zone), toMs: hourStart(fromMs + outage.hours * HOUR, zone) }];
            for (const level of ['campaign', 'adset', 'ad', 'creative'] as const) {
              const found = await loadDelivery(
                db,
                ask(shop, level, asOfMs, {
                  trackingSinceMs,
                  excluded,
                  capsMicros: new Map([['purchase', CAP * 1_000_000]]),
                }),
              );
              expect(found.size).toBe(AT_LEVEL[level].length);
              for (const id of AT_LEVEL[level]) {
                const delivery = found.get(idOf(shop, id));
                if (!delivery) throw new Error(`nothing of ${id}`);
                const ads = BELOW[id] ?? [];
                const plain = expected(delivery, ads, spend, given, lastMs, excluded);
                expect({ id, rows: asFound(delivery) }).toEqual({ id, rows: plain });
                expect(delivery.toMs).toBe(asOfMs);
                // Nothing that belongs to the test was left out before its first bucket.
                const since = Math.max(trackingSinceMs, asOfMs - 113 * DAY);
                const firstMs = delivery.fromMs[0] ?? asOfMs;
                const missed = spend.filter(
                  (s) =>
                    ads.includes(s.ad) &&
                    s.hourMs >= since &&
                    s.hourMs < firstMs &&
                    !excluded.some((e) => s.hourMs >= e.fromMs && s.hourMs < e.toMs),
                );
                expect({ id, missed }).toEqual({ id, missed: [] });
                expect(firstMs).toBeGreaterThanOrEqual(Math.max(trackingSinceMs, asOfMs - 121 * DAY));
              }
            }
          },
        ),
        { numRuns: 8 },
      );
    },
    60_000,
  );

  it('is by the hour for three days, then by the account’s day', async () => {
    const shop = await facts.fresh({ zone: 'America/New_York' });
    const asOfMs = Date.parse('2026-03-10T15:00:00Z');
    await storeHours(shop, asOfMs, [{ ad: 'a1', hourMs: asOfMs - 20 * DAY, amount: 5 }]);
    const found = await loadDelivery(db, ask(shop, 'ad', asOfMs));
    const { fromMs = [] } = found.get(idOf(shop, 'a1')) ?? {};
    const hours = fromMs.filter((ms) => asOfMs - ms <= 72 * HOUR);
    expect(hours).toHaveLength(72);
    const days = fromMs.filter((ms) => ms < (hours[0] ?? 0) - DAY).slice(1);
    expect(days.length).toBeGreaterThan(14);
    for (const ms of days) expect(dayOf(ms, shop.zone).startMs).toBe(ms);
    // The clocks went forward on 8 March: its day has 23 hours.
    const march8 = Date.parse('2026-03-08T05:00:00Z');
    expect(fromMs.filter((ms) => ms >= march8 && ms < march8 + 23 * HOUR)).toHaveLength(23);
    expect(found.get(idOf(shop, 'a2'))).toEqual({
      fromMs: [],
      toMs: asOfMs,
      spend: [],
      clicks: [],
      events: {},
    });
  });

  it('changes with a restatement and with a conversion that comes late', async () => {
    const shop = await facts.fresh();
    const asOfMs = Date.parse('2026-03-10T15:00:00Z');
    const clickMs = asOfMs - 9 * DAY;
    const clickId = await addClick(db, shop, { atMs: clickMs, ad: 'a1' });
    await storeHours(shop, asOfMs, [{ ad: 'a1', hourMs: hourStart(clickMs, 'UTC'), amount: 100 }]);
    await facts.drain();
    const load = async () => (await loadDelivery(db, ask(shop, 'ad', asOfMs))).get(idOf(shop, 'a1'));
    const before = await load();
    expect(before?.spend.reduce((a, b) => a + b)).toBe(1);
    expect(before?.events).toEqual({});
    await storeHours(shop, asOfMs, [{ ad: 'a1', hourMs: hourStart(clickMs, 'UTC'), amount: 80 }]);
    await addPostback(db, shop, { atMs: asOfMs - HOUR, clickId, amount: 30 });
    await facts.drain();
    const after = await load();
    const bucket = after?.spend.indexOf(0.8) ?? -1;
    expect(after?.events['purchase']?.conversions[bucket]).toBe(1);
    expect(after?.events['purchase']?.value[bucket]).toBe(30);
    expect(after?.fromMs).toEqual(before?.fromMs);
  });

  it('begins with the last resume by anybody, in the middle of a day too', async () => {
    const shop = await facts.fresh();
    const asOfMs = Date.parse('2026-03-10T15:00:00Z');
    const resumedMs = asOfMs - 10 * DAY - 20 * 60_000;
    const version = (ms: number, status: string) =>
      db
        .insertInto('object_version')
        .values({
          object_id: idOf(shop, 'a1'),
          known_from: new Date(ms),
          name: 'a1',
          status,
          delivery: status,
          labels: [],
          bid_strategy: null,
          bid_micros: null,
          daily_budget_micros: null,
          lifetime_budget_micros: null,
          roas_floor: null,
          learning: null,
        } as never)
        .execute();
    await version(asOfMs - 30 * DAY, 'active');
    await version(asOfMs - 20 * DAY, 'paused');
    await version(resumedMs, 'active');
    await storeHours(
      shop,
      asOfMs,
      [11 * 24, 10 * 24 + 1, 10 * 24, 10 * 24 - 1, 5].map((hours) => ({
        ad: 'a1',
        hourMs: asOfMs - hours * HOUR,
        amount: 100,
      })),
    );
    const delivery = (await loadDelivery(db, ask(shop, 'ad', asOfMs))).get(idOf(shop, 'a1'));
    expect(delivery?.fromMs[0]).toBe(asOfMs - 10 * DAY);
    expect(delivery?.weeksBefore).toBeUndefined();
    expect(delivery?.spend[0]).toBe(2);
    expect(delivery?.spend.reduce((a, b) => a + b)).toBe(3);
  });

  it('is empty while nothing is tracked, and for an object that is not a day old before any hour', async () => {
    const shop = await facts.fresh();
    const asOfMs = Date.parse('2026-03-10T15:00:00Z');
    await storeHours(shop, asOfMs, [{ ad: 'a1', hourMs: asOfMs - HOUR, amount: 5 }]);
    const none = await loadDelivery(db, ask(shop, 'ad', asOfMs, { trackingSinceMs: null }));
    expect(none.get(idOf(shop, 'a1'))?.fromMs).toEqual([]);
    const later = await loadDelivery(db, ask(shop, 'ad', asOfMs, { trackingSinceMs: asOfMs + HOUR }));
    expect(later.get(idOf(shop, 'a1'))?.fromMs).toEqual([]);
  });

  it('keeps the weekly restarts of a long test where they are as time passes', async () => {
    const shop = await facts.fresh();
    const createdAtMs = Date.parse('2025-10-01T00:00:00Z');
    const starts = new Set<number>();
    for (let day = 0; day < 15; day += 1) {
      const asOfMs = Date.parse('2026-03-10T15:00:00Z') + day * DAY;
      await storeHours(shop, asOfMs, [{ ad: 'a1', hourMs: asOfMs - 112 * DAY, amount: 5 }]);
      const objects = [{ id: idOf(shop, 'a1'), createdAtMs }];
      const found = await loadDelivery(db, ask(shop, 'ad', asOfMs, { objects }));
      const first = found.get(idOf(shop, 'a1'))?.fromMs[0] ?? NaN;
      expect((first - createdAtMs) % (7 * DAY)).toBe(0);
      expect(asOfMs - first).toBeLessThanOrEqual(121 * DAY);
      // What was cut is told, so that the restarts keep their numbers.
      expect(found.get(idOf(shop, 'a1'))?.weeksBefore).toBe((first - createdAtMs) / (7 * DAY));
      starts.add(first);
    }
    expect(starts.size).toBeLessThanOrEqual(3);
  });
});
