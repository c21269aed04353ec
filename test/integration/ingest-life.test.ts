import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { readAmount } from '../../src/core/conversion-amount.ts';
import { type LifeMessage, lifeOf, MAX_MESSAGES } from '../../src/core/conversion-life.ts';
import { type ConversionStatus, isCountedStatus } from '../../src/core/conversion.ts';
import { micros } from '../../src/core/money.ts';
import type { Db } from '../../src/db/connection.ts';
import { testDatabase, type TestDatabase } from '../support/database.ts';
import { addClick, addPostback, T0, totalsThatDiffer } from '../support/ingest-facts.ts';
import { IngestFixture } from '../support/ingest-fixture.ts';
import { runs } from '../support/property-runs.ts';

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

interface Said {
  readonly status: ConversionStatus | null;
  /** Hours after the click as the sender dates it; null where it does not. */
  readonly saidAt: number | null;
  readonly amount: number | null;
  readonly receivedAt: number;
}

const HOLD = ['pending', 'hold', 'approved', 'rejected', 'reversed'] as const;

/** Messages of three conversions with different instants of receipt, and the batches in which they are drained. */
const lives = fc
  .uniqueArray(
    fc
      .record({
        key: fc.nat(2),
        status: fc.constantFrom<ConversionStatus | null>(...HOLD, null),
        saidAt: fc.option(fc.integer({ min: 1, max: 5 })),
        amount: fc.option(fc.integer({ min: -20, max: 20 })),
        receivedAt: fc.integer({ min: 10, max: 60 }),
      })
      .map((said) =>
        said.status === null && (said.amount ?? 0) >= 0 ? { ...said, status: 'approved' as const } : said,
      ),
    { minLength: 3, maxLength: 14, selector: ({ receivedAt }) => receivedAt },
  )
  .chain((list) =>
    fc.record({
      list: fc.shuffledSubarray(list, { minLength: list.length, maxLength: list.length }),
      drains: fc.array(fc.nat(3), { minLength: list.length, maxLength: list.length }),
    }),
  );

function asMessage(said: Said, index: number): LifeMessage {
  return {
    key: `${index}`,
    status: said.status,
    atMs: said.saidAt === null ? null : T0 + said.saidAt * HOUR,
    receivedAtMs: T0 + said.receivedAt * HOUR,
    amount: readAmount({
      status: said.status,
      amountMicros: said.amount === null ? null : micros(said.amount * 1e6),
      deltaMicros: null,
      currency: 'USD',
      repeatsAdd: false,
    }),
  };
}

/** What the database holds of each conversion beside what its messages say, by name. */
async function compare(byKey: ReadonlyMap<number, readonly Said[]>): Promise<number> {
  const rows = new Map((await facts.conversions()).map((row) => [row.txid, row]));
  expect(rows.size).toBe(byKey.size);
  let sum = { n: 0, value: 0 };
  for (const [key, said] of byKey) {
    const [first, ...rest] = said.map(asMessage);
    if (!first) throw new Error('no message');
    const state = lifeOf([first, ...rest]);
    const row = rows.get(`key ${key}`);
    expect(row).toMatchObject({
      status: state.status,
      original_micros: state.face?.micros ?? null,
      counted: state.conversions === 1,
      correction: isCountedStatus(state.status) && state.conversions === 0,
    });
    sum = { n: sum.n + state.conversions, value: sum.value + state.value.micros };
    const changes = await db
      .selectFrom('conversion_change')
      .select((eb) => [
        eb.fn.sum<number>('counted_delta').as('n'),
        eb.fn.sum<number>('value_delta_micros').as('value'),
      ])
      .where('conversion_id', '=', row?.id ?? '')
      .executeTakeFirstOrThrow();
    expect({ n: Number(changes.n), value: Number(changes.value) }).toEqual({
      n: state.conversions,
      value: state.value.micros,
    });
  }
  const days = await db
    .selectFrom('event_day')
    .select((eb) => [eb.fn.sum<number>('conversions').as('n'), eb.fn.sum<number>('value_micros').as('value')])
    .where('account_id', '=', facts.shop.accountId)
    .executeTakeFirstOrThrow();
  expect({ n: Number(days.n), value: Number(days.value) }).toEqual(sum);
  return sum.n;
}

describe('the messages of conversions', () => {
  it('in any order and any batches end where their dates say, in rows, deltas and totals alike', async () => {
    let counted = 0;
    await fc.assert(
      fc.asyncProperty(lives, async ({ list, drains }) => {
        await facts.fresh();
        const clickId = await addClick(db, facts.shop, { atMs: T0, ad: 'a1' });
        // The door leaves a status out where money is taken back without one.
        const byKey = new Map<number, Said[]>();
        for (const [index, said] of list.entries()) {
          byKey.set(said.key, [...(byKey.get(said.key) ?? []), said]);
          await addPostback(db, facts.shop, {
            atMs: T0 + said.receivedAt * HOUR,
            eventAtMs: said.saidAt === null ? null : T0 + said.saidAt * HOUR,
            clickId,
            key: `key ${said.key}`,
            status: said.status,
            amount: said.amount,
          });
          if (drains[index] === 0) await facts.drain(2);
        }
        while ((await facts.drain(3)).rows > 0);
        counted += await compare(byKey);
        expect(await totalsThatDiffer(db)).toEqual([]);
      }),
      { numRuns: runs(40) },
    );
    expect(counted).toBeGreaterThan(10);
  });

  it('that pass each other on the way change nothing in the end: a reversal before its approval', async () => {
    await facts.fresh();
    const clickId = await addClick(db, facts.shop, { atMs: T0, ad: 'a1' });
    const base = { clickId, key: 'order' };
    await addPostback(db, facts.shop, { ...base, atMs: T0 + 5, eventAtMs: T0 + 3, status: 'reversed' });
    await facts.drain();
    await addPostback(db, facts.shop, {
      ...base,
      atMs: T0 + 6,
      eventAtMs: T0 + 2,
      status: 'approved',
      amount: 20,
    });
    await facts.drain();
    await addPostback(db, facts.shop, {
      ...base,
      atMs: T0 + 7,
      eventAtMs: T0 + 1,
      status: 'pending',
      amount: 18,
    });
    await facts.drain();
    expect(await facts.conversions()).toMatchObject([
      { status: 'reversed', counted: false, original_micros: 20_000_000 },
    ]);
    expect((await facts.outcomes()).map((o) => [o.outcome, o.reason])).toEqual([
      ['rejected', 'reversed_by_sender'],
      ['updated', null],
      ['duplicate', 'older_status'],
    ]);
  });

  it('happened when the earliest date of any of them says, and are credited by that', async () => {
    await facts.fresh();
    const clickId = await addClick(db, facts.shop, { atMs: T0, ad: 'a1' });
    const heard = T0 + 31 * DAY;
    const base = { clickId, key: 'order' };
    await addPostback(db, facts.shop, { ...base, atMs: heard, status: 'pending', amount: 5 });
    await facts.drain();
    expect((await facts.outcomes())[0]).toMatchObject({ outcome: 'late', reason: 'outside_window' });
    await addPostback(db, facts.shop, {
      ...base,
      atMs: heard + HOUR,
      eventAtMs: T0 + DAY,
      status: 'approved',
    });
    await facts.drain();
    expect(await facts.conversions()).toMatchObject([
      { status: 'approved', counted: true, event_at: new Date(T0 + DAY), received_at: new Date(heard) },
    ]);
    expect((await facts.outcomes()).map((one) => one.outcome)).toEqual(['counted', 'updated']);
    expect(await totalsThatDiffer(db)).toEqual([]);
  });

  it('lose the click of a device that came after them, once their date is told', async () => {
    await facts.fresh();
    await addClick(db, facts.shop, { atMs: T0 + DAY, ad: 'a1', deviceId: 'd' });
    const base = { deviceId: 'd', key: 'order' };
    await addPostback(db, facts.shop, { ...base, atMs: T0 + 2 * DAY, amount: 5 });
    await facts.drain();
    expect(await facts.conversions()).toMatchObject([{ counted: true, match: 'device' }]);
    await addPostback(db, facts.shop, { ...base, atMs: T0 + 3 * DAY, eventAtMs: T0, amount: 5 });
    await facts.drain();
    expect(await facts.conversions()).toMatchObject([{ counted: false, attributed_by: null }]);
    expect((await facts.outcomes()).map((one) => [one.outcome, one.reason])).toEqual([
      ['unattributed', 'no_click'],
      ['duplicate', 'duplicate_conversion'],
    ]);
    expect(await totalsThatDiffer(db)).toEqual([]);
  });

  it('keep a difference as value without a count until its conversion comes', async () => {
    await facts.fresh();
    const clickId = await addClick(db, facts.shop, { atMs: T0, ad: 'a1' });
    const base = { clickId, key: 'order', status: 'approved' };
    await addPostback(db, facts.shop, { ...base, atMs: T0 + 9, eventAtMs: T0 + 2, amount: -4 });
    await facts.drain();
    const day = () =>
      db
        .selectFrom('event_day')
        .select(['conversions', 'value_micros'])
        .where('account_id', '=', facts.shop.accountId)
        .execute();
    expect(await day()).toEqual([{ conversions: 0, value_micros: -4_000_000 }]);
    await addPostback(db, facts.shop, { ...base, atMs: T0 + 10, eventAtMs: T0 + 1, amount: 10 });
    await facts.drain();
    expect(await day()).toEqual([{ conversions: 1, value_micros: 6_000_000 }]);
  });

  it('are read up to two hundred, and what comes after says so', async () => {
    await facts.fresh();
    const clickId = await addClick(db, facts.shop, { atMs: T0, ad: 'a1' });
    for (let i = 0; i <= MAX_MESSAGES; i += 1)
      await addPostback(db, facts.shop, { atMs: T0 + i, clickId, key: 'order', amount: i });
    await facts.drain();
    expect((await facts.outcomes()).at(-1)).toMatchObject({
      outcome: 'duplicate',
      reason: 'too_many_messages',
    });
    expect(await facts.conversions()).toMatchObject([{ value_micros: (MAX_MESSAGES - 1) * 1e6 }]);
  });

  it('that tell of a conversion once leave no row of their own', async () => {
    await facts.fresh();
    const clickId = await addClick(db, facts.shop, { atMs: T0, ad: 'a1' });
    await addPostback(db, facts.shop, { atMs: T0 + 1, clickId, key: 'once', amount: 3 });
    await facts.drain();
    const [row] = await facts.conversions();
    const stored = await db
      .selectFrom('conversion_message')
      .select('key')
      .where('conversion_id', '=', row?.id ?? '')
      .execute();
    expect(stored).toEqual([]);
  });
});
