import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Db } from '../../src/db/connection.ts';
import { testDatabase, type TestDatabase } from '../support/database.ts';
import { addClick, addPostback, clickIdAt, T0, totalsThatDiffer } from '../support/ingest-facts.ts';
import { IngestFixture } from '../support/ingest-fixture.ts';
import { PROPERTY_TIMES, runs } from '../support/property-runs.ts';

const HOUR = 3_600_000;
const DAY = 24 * HOUR;

let database: TestDatabase;
let db: Db;
let facts: IngestFixture;

beforeAll(async () => {
  database = await testDatabase();
  db = database.db;
  facts = new IngestFixture(db);
});
afterAll(() => database.drop());

describe('hours and days', () => {
  it("are the account's: a half-hour zone", async () => {
    await facts.fresh({ zone: 'Asia/Kolkata' });
    const clickedAt = Date.parse('2026-03-10T18:40:00Z');
    const clickId = await addClick(db, facts.shop, { atMs: clickedAt, ad: 'a1' });
    await addPostback(db, facts.shop, { atMs: clickedAt + 1, clickId });
    await facts.drain();
    const hour = await db
      .selectFrom('conversion_hour')
      .selectAll()
      .where('account_id', '=', facts.shop.accountId)
      .executeTakeFirstOrThrow();
    expect(hour.hour.toISOString()).toBe('2026-03-10T18:30:00.000Z');
    const day = await db
      .selectFrom('event_day')
      .selectAll()
      .where('account_id', '=', facts.shop.accountId)
      .executeTakeFirstOrThrow();
    expect(day.day).toBe('2026-03-11');
  });

  it("are the account's: the day with an hour twice", async () => {
    await facts.fresh({ zone: 'America/New_York' });
    for (const at of [
      '2026-11-01T05:30:00Z',
      '2026-11-01T06:30:00Z',
      '2026-11-02T04:30:00Z',
      '2026-11-02T05:30:00Z',
    ]) {
      const clickId = await addClick(db, facts.shop, { atMs: Date.parse(at), ad: 'a1' });
      await addPostback(db, facts.shop, { atMs: Date.parse(at) + 1, clickId });
    }
    await facts.drain();
    const hours = await db
      .selectFrom('conversion_hour')
      .selectAll()
      .where('account_id', '=', facts.shop.accountId)
      .execute();
    expect(hours).toHaveLength(4);
    const days = await db
      .selectFrom('event_day')
      .selectAll()
      .where('account_id', '=', facts.shop.accountId)
      .orderBy('day')
      .execute();
    expect(days.map((d) => [d.day, d.conversions])).toEqual([
      ['2026-11-01', 3],
      ['2026-11-02', 4],
    ]);
  });
});

/** One thing that happens: a click, a postback for one of the keys, or a drain. Times in hours after T0. */
type Step =
  | { readonly kind: 'click'; readonly click: number }
  | {
      readonly kind: 'postback';
      readonly key: number;
      readonly click: number;
      readonly afterHours: number;
      readonly status: string;
      readonly amount: number | null;
      readonly statusAtHours: number | null;
      readonly test: boolean;
    }
  | { readonly kind: 'drain'; readonly limit: number };

const CLICKS = 6;
const ADS = ['a1', 'a2', 'a3'] as const;
const clickedAt = (click: number): number => T0 + click * 7 * HOUR + 1234;

const step: fc.Arbitrary<Step> = fc.oneof(
  { weight: 6, arbitrary: fc.record({ kind: fc.constant('click' as const), click: fc.nat(CLICKS - 1) }) },
  {
    weight: 8,
    arbitrary: fc.record({
      kind: fc.constant('postback' as const),
      key: fc.nat(5),
      click: fc.nat(CLICKS),
      afterHours: fc.constantFrom(1, 50, 719, 721, 900),
      status: fc.constantFrom('pending', 'approved', 'approved', 'hold', 'rejected', 'reversed'),
      amount: fc.option(fc.integer({ min: 0, max: 100 })),
      statusAtHours: fc.option(fc.nat(5)),
      test: fc.nat(9).map((n) => n === 0),
    }),
  },
  {
    weight: 3,
    arbitrary: fc.record({ kind: fc.constant('drain' as const), limit: fc.integer({ min: 1, max: 5 }) }),
  },
);

interface ModelMessage {
  readonly status: string;
  /** As dated, else of its receipt. */
  readonly atMs: number;
  readonly received: number;
  readonly amount: number | null;
}

interface ModelConversion {
  readonly click: number;
  /** The earliest date of any message. */
  atMs: number;
  readonly messages: ModelMessage[];
}

/** What must be in the hours at the end, computed without any database. */
function model(steps: readonly Step[]): Map<string, { n: number; value: number }> {
  const known = new Map<number, ModelConversion>();
  const clicks = new Set(steps.flatMap((s) => (s.kind === 'click' ? [s.click] : [])));
  let received = 0;
  for (const s of steps) {
    if (s.kind !== 'postback') continue;
    received += 1;
    if (s.test) continue;
    const atMs = s.statusAtHours === null ? receivedAt(received) : eventAt(s);
    const conversion = known.get(s.key) ?? { click: s.click, atMs, messages: [] };
    known.set(s.key, conversion);
    conversion.atMs = Math.min(conversion.atMs, atMs);
    conversion.messages.push({ status: s.status, atMs, received, amount: s.amount });
  }
  const hours = new Map<string, { n: number; value: number }>();
  for (const conversion of known.values()) {
    const at = clickedAt(conversion.click);
    if (!clicks.has(conversion.click) || conversion.atMs - at > 720 * HOUR) continue;
    const { status, amount } = read(conversion.messages);
    const key = `${ADS[conversion.click % 3]} ${status} ${Math.floor(at / HOUR) * HOUR}`;
    const sum = hours.get(key) ?? { n: 0, value: 0 };
    hours.set(key, { n: sum.n + 1, value: sum.value + (amount ?? 0) * 1e6 });
  }
  return hours;
}

const STAGES = ['pending', 'hold', 'approved', 'rejected', 'reversed'];

/** Messages by their date, then by how far they go, then as they came: whatever order they came in. */
function read(messages: readonly ModelMessage[]): {
  readonly status: string;
  readonly amount: number | null;
} {
  const inOrder = [...messages].sort(
    (a, b) =>
      a.atMs - b.atMs || STAGES.indexOf(a.status) - STAGES.indexOf(b.status) || a.received - b.received,
  );
  let status = 'pending';
  let amount: number | null = null;
  let decided = false;
  for (const message of inOrder) {
    if (message.status === 'pending' && decided) continue;
    status = message.status;
    const takenBack = status === 'rejected' || status === 'reversed';
    if (takenBack || status === 'approved') decided = true;
    // What takes back says which amount, and does not change it.
    if (takenBack && (amount !== null || message.amount === 0)) continue;
    amount = message.amount ?? amount;
  }
  return { status, amount };
}

/** Receipt keeps the order of the steps; the event's own time may not. */
function receivedAt(number: number): number {
  return T0 + 20 * DAY + number;
}

function eventAt(s: Extract<Step, { kind: 'postback' }>): number {
  return clickedAt(s.click) + s.afterHours * HOUR + (s.statusAtHours ?? 0);
}

describe('any sequence of clicks, postbacks and drains', () => {
  it(
    'ends in the hours that a plain reading of it gives',
    async () => {
      let counted = 0;
      await fc.assert(
        fc.asyncProperty(fc.array(step, { minLength: 15, maxLength: 50 }), async (steps) => {
          const shop = await facts.fresh();
          const ids = Array.from({ length: CLICKS + 1 }, (_, click) => clickIdAt(clickedAt(click)));
          const clicked = new Set<number>();
          let received = 0;
          for (const s of steps) {
            if (s.kind === 'drain') await facts.drain(s.limit);
            else if (s.kind === 'click') {
              if (clicked.has(s.click)) continue;
              clicked.add(s.click);
              await addClick(db, shop, {
                atMs: clickedAt(s.click),
                id: ids[s.click] ?? '',
                ad: ADS[s.click % 3] ?? null,
              });
            } else {
              received += 1;
              await addPostback(db, shop, {
                atMs: receivedAt(received),
                clickId: ids[s.click] ?? '',
                status: s.status,
                amount: s.amount,
                eventAtMs: s.statusAtHours === null ? null : eventAt(s),
                key: `key ${s.key}`,
                test: s.test,
              });
            }
          }
          while ((await facts.drain(7)).rows > 0);
          const rows = await db
            .selectFrom('conversion_hour as h')
            .innerJoin('object as o', 'o.id', 'h.object_id')
            .select(['o.network_id', 'h.status', 'h.hour', 'h.conversions', 'h.value_micros'])
            .where('h.account_id', '=', shop.accountId)
            .execute();
          const found = new Map(
            rows
              .filter((r) => r.conversions !== 0 || r.value_micros !== 0)
              .map((r) => [
                `${r.network_id} ${r.status} ${r.hour.getTime()}`,
                { n: r.conversions, value: r.value_micros },
              ]),
          );
          counted += found.size;
          expect(found).toEqual(model(steps));
          expect(await totalsThatDiffer(db)).toEqual([]);
        }),
        { numRuns: runs(30) },
      );
      expect(counted).toBeGreaterThan(20);
    },
    60_000 * PROPERTY_TIMES,
  );
});
