import fc from 'fast-check';
import { sql } from 'kysely';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { ObjectId } from '../../src/core/object.ts';
import { readWindow, windowBounds } from '../../src/core/windows.ts';
import { addDays, dayBounds } from '../../src/core/zone.ts';
import type { Db } from '../../src/db/connection.ts';
import { loadWindowMetrics } from '../../src/db/metrics.ts';
import { addToEventDays, addToObjectDays, DENSE_DAYS, extendTotals } from '../../src/db/running-totals.ts';
import { testDatabase, type TestDatabase } from '../support/database.ts';
import type { SeededAccount } from '../support/ingest-facts.ts';
import { IngestFixture } from '../support/ingest-fixture.ts';

const FIRST = '2026-01-01';
/** Holds the day on which New York's clocks go forward, 8 March. */
const LAST_DAY = 130;
const ADS = ['a1', 'a2', 'a3'] as const;
const day = (no: number): string => addDays(FIRST, no);

type Step =
  | { readonly kind: 'deltas'; readonly deltas: readonly Delta[] }
  | { readonly kind: 'extend'; readonly to: number };
interface Delta {
  readonly ad: (typeof ADS)[number];
  readonly day: number;
  /** Negative: a restatement, a conversion that was taken back. */
  readonly amount: number;
  readonly event: 'purchase' | 'lead';
}

// Few days and many steps, so that facts meet: late ones, early ones, long pauses, days after the last dense one.
const someDay = fc.oneof(fc.nat(LAST_DAY), fc.integer({ min: 60, max: 75 }));
const step: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 3,
    arbitrary: fc.record({
      kind: fc.constant('deltas' as const),
      deltas: fc.array(
        fc.record({
          ad: fc.constantFrom(...ADS),
          day: someDay,
          amount: fc.integer({ min: -3, max: 9 }),
          event: fc.constantFrom('purchase' as const, 'lead' as const),
        }),
        { minLength: 1, maxLength: 5 },
      ),
    }),
  },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('extend' as const), to: someDay }) },
);

let database: TestDatabase;
let db: Db;
let facts: IngestFixture;
beforeAll(async () => {
  database = await testDatabase();
  db = database.db;
  facts = new IngestFixture(db);
});
afterAll(() => database.drop());

async function take(shop: SeededAccount, one: Step): Promise<void> {
  await db.transaction().execute(async (trx) => {
    if (one.kind === 'extend') return extendTotals(trx, shop.accountId, day(one.to));
    const common = one.deltas.map((delta) => ({
      accountId: shop.accountId,
      objectId: idOf(shop, delta.ad),
      day: day(delta.day),
    }));
    await addToObjectDays(
      trx,
      one.deltas.map(({ amount }, no) => ({
        ...(common[no] ?? { accountId: '', objectId: 0, day: '' }),
        spendMicros: amount * 1_000,
        impressions: amount * 2,
        clicks: amount,
        visits: amount * 3,
      })),
    );
    await addToEventDays(
      trx,
      one.deltas.map(({ amount, event }, no) => ({
        ...(common[no] ?? { accountId: '', objectId: 0, day: '' }),
        event,
        eventType: 'event',
        conversions: amount,
        valueMicros: amount * 10,
        unconverted: 0,
      })),
    );
  });
}

const idOf = (shop: SeededAccount, ad: string): ObjectId => shop.objects.get(ad) ?? (0 as ObjectId);

/** Rows that a table has, by key and day. */
async function rowsOf(shop: SeededAccount, table: 'object_day' | 'event_day') {
  const event = table === 'event_day' ? sql`event` : sql`''`;
  const sum = table === 'event_day' ? sql`conversions` : sql`clicks`;
  const { rows } = await sql<{
    object_id: ObjectId;
    event: string;
    day: string;
    sum: number;
    last_fact: string;
  }>`
    select object_id, ${event} as event, day, ${sum} as sum, last_fact from ${sql.table(table)}
    where account_id = ${shop.accountId}`.execute(db);
  return new Map(rows.map((row) => [`${row.object_id} ${row.event} ${row.day}`, row]));
}

describe('dense running totals', () => {
  it.each(['UTC', 'America/New_York'])(
    'hold the plain sums, without a gap near now, whatever comes in which order (%s)',
    async (zone) => {
      await fc.assert(
        fc.asyncProperty(fc.array(step, { minLength: 2, maxLength: 14 }), async (steps) => {
          const shop = await facts.fresh({ zone });
          for (const one of steps) await take(shop, one);
          const deltas = steps.flatMap((one) => (one.kind === 'deltas' ? one.deltas : []));
          const ends = steps.flatMap((one) => (one.kind === 'extend' ? [one.to] : []));
          const dense = ends.length === 0 ? null : Math.max(...ends);
          for (const table of ['object_day', 'event_day'] as const) {
            const rows = await rowsOf(shop, table);
            for (const ad of ADS) {
              for (const event of table === 'event_day' ? ['purchase', 'lead'] : ['']) {
                const own = deltas.filter((d) => d.ad === ad && (event === '' || d.event === event));
                const days = own.map((d) => d.day);
                for (let no = 0; no <= LAST_DAY; no += 1) {
                  const row = rows.get(`${idOf(shop, ad)} ${event} ${day(no)}`);
                  const upTo = own.filter((d) => d.day <= no);
                  if (row !== undefined) {
                    expect(row).toMatchObject({
                      sum: upTo.reduce((sum, d) => sum + d.amount, 0),
                      last_fact: day(Math.max(...upTo.map((d) => d.day))),
                    });
                  }
                  const asked =
                    dense !== null &&
                    no >= dense - DENSE_DAYS &&
                    no <= dense &&
                    upTo.length > 0 &&
                    days.some((d) => d > dense - DENSE_DAYS && d <= dense);
                  if (asked || days.includes(no)) expect(row, `${table} ${ad} ${event} ${no}`).toBeDefined();
                }
              }
            }
          }
        }),
        { numRuns: 25 },
      );
    },
    60_000,
  );

  it('give windows the same figures as plain sums, at every level, to whatever day they are dense', async () => {
    const below = { a1: ['a1'], s1: ['a1', 'a2'], c1: ['a1', 'a2'], v1: ['a1', 'a3'] };
    const levels = { a1: 'ad', s1: 'adset', c1: 'campaign', v1: 'creative' } as const;
    await fc.assert(
      fc.asyncProperty(
        fc.array(step, { minLength: 2, maxLength: 12 }),
        fc.integer({ min: 20, max: LAST_DAY }),
        async (steps, asOf) => {
          const shop = await facts.fresh({ zone: 'America/New_York' });
          for (const one of steps) await take(shop, one);
          const deltas = steps.flatMap((one) => (one.kind === 'deltas' ? one.deltas : []));
          const asOfMs = dayBounds(day(asOf), shop.zone).endMs;
          for (const name of ['a1', 's1', 'c1', 'v1'] as const) {
            const lengths = { today: 1, yesterday: 1, '3d': 3, '7d': 7, '30d': 30, '90d': 90 };
            const found = await loadWindowMetrics(db, {
              accountId: shop.accountId,
              zone: shop.zone,
              level: levels[name],
              objectIds: [idOf(shop, name)],
              asOfMs,
              windows: Object.keys(lengths).map((spelling) => {
                const window = readWindow(spelling);
                if ('problem' in window) throw new Error(window.problem);
                return { spelling, bounds: windowBounds(window, asOfMs, shop.zone) };
              }),
            });
            for (const [spelling, length] of Object.entries(lengths)) {
              const last = spelling === 'yesterday' ? asOf - 1 : asOf;
              const own = deltas.filter(
                (d) => below[name].includes(d.ad) && d.day <= last && d.day > last - length,
              );
              const sum = own.reduce((total, d) => total + d.amount, 0);
              const sold = own.filter((d) => d.event === 'purchase').reduce((n, d) => n + d.amount, 0);
              const metrics = found.read(idOf(shop, name), spelling);
              expect({
                spelling,
                clicks: metrics?.clicks,
                visits: metrics?.visits,
                sold: metrics?.conversions['purchase']?.conversions ?? 0,
              }).toEqual({ spelling, clicks: sum, visits: sum * 3, sold });
            }
          }
        },
      ),
      { numRuns: 25 },
    );
  }, 60_000);
});
