import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { dayOf } from '../../src/core/zone.ts';
import type { Db } from '../../src/db/connection.ts';
import { STORED_BINS_MINUTES } from '../../src/db/learning/bins.ts';
import { countDelays, forgetCounts } from '../../src/db/learning/count-delays.ts';
import { testDatabase, type TestDatabase } from '../support/database.ts';
import { addClick, addObject, addPostback, clickIdAt, T0 } from '../support/ingest-facts.ts';
import { IngestFixture } from '../support/ingest-fixture.ts';
import { resolveLateObjects } from '../../src/db/ingest/resolve-late-objects.ts';

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
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

const account = () => ({ id: facts.shop.accountId, zone: facts.shop.zone });

function counts() {
  return db
    .selectFrom('delay_count')
    .select(['campaign_id', 'day', 'event', 'below_minutes', 'conversions'])
    .where('account_id', '=', facts.shop.accountId)
    .orderBy('campaign_id')
    .orderBy('day')
    .orderBy('event')
    .orderBy('below_minutes')
    .execute();
}

/** The same from the conversions themselves, one by one. */
async function plain() {
  const conversions = await facts.conversions();
  const changes = await db.selectFrom('conversion_change').selectAll().execute();
  const sums = new Map<string, number>();
  for (const one of conversions) {
    if (!one.counted || one.campaign_id === null) continue;
    const atMs = (one.clicked_at ?? one.event_at).getTime();
    const known = changes
      .filter((change) => change.conversion_id === one.id && change.counted_delta > 0)
      .map((change) => change.known_from.getTime());
    const lateMs = one.received_at.getTime() - one.event_at.getTime();
    const minutes = (Math.min(...known) - atMs - (lateMs > 3 * DAY ? lateMs : 0)) / MINUTE;
    const below = STORED_BINS_MINUTES.find((edge) => minutes < edge) ?? STORED_BINS_MINUTES.at(-1);
    const key = [one.campaign_id, dayOf(atMs, facts.shop.zone).date, one.event, below].join('|');
    sums.set(key, (sums.get(key) ?? 0) + 1);
  }
  return sums;
}

const asMap = (rows: Awaited<ReturnType<typeof counts>>) =>
  new Map(
    rows.map((row) => [[row.campaign_id, row.day, row.event, row.below_minutes].join('|'), row.conversions]),
  );

type Step =
  | { readonly kind: 'click'; readonly click: number }
  | {
      readonly kind: 'postback';
      readonly key: number;
      readonly click: number;
      readonly afterMinutes: number;
      readonly status: string;
      readonly event: string;
      readonly late: boolean;
    }
  | { readonly kind: 'drain' }
  | { readonly kind: 'count' };

const CLICKS = 8;
const ADS = ['a1', 'a2', 'a3', 'unknown yet'] as const;
const clickedAt = (click: number): number => T0 + click * 9 * HOUR + 1234;

const step: fc.Arbitrary<Step> = fc.oneof(
  { weight: 6, arbitrary: fc.record({ kind: fc.constant('click' as const), click: fc.nat(CLICKS - 1) }) },
  {
    weight: 9,
    arbitrary: fc.record({
      kind: fc.constant('postback' as const),
      key: fc.nat(6),
      click: fc.nat(CLICKS - 1),
      afterMinutes: fc.constantFrom(1, 7, 45, 90, 3000, 20_000),
      status: fc.constantFrom('pending', 'approved', 'approved', 'hold', 'rejected', 'reversed'),
      event: fc.constantFrom('purchase', 'lead'),
      late: fc.nat(7).map((n) => n === 0),
    }),
  },
  { weight: 3, arbitrary: fc.constant({ kind: 'drain' as const }) },
  { weight: 2, arbitrary: fc.constant({ kind: 'count' as const }) },
);

describe('delays by cohort', () => {
  it.each(['UTC', 'Asia/Kolkata', 'America/New_York'])(
    'counted as facts come are those counted all at once, and those of each conversion, in %s',
    async (zone) => {
      await fc.assert(
        fc.asyncProperty(fc.array(step, { minLength: 5, maxLength: 30 }), async (steps) => {
          await facts.fresh({ zone });
          const ids = Array.from({ length: CLICKS }, (_, no) => clickIdAt(clickedAt(no)));
          const clicked = new Set<number>();
          for (const one of steps) {
            if (one.kind === 'click' && !clicked.has(one.click)) {
              clicked.add(one.click);
              const ad = ADS[one.click % ADS.length] ?? 'a1';
              await addClick(db, facts.shop, {
                id: ids[one.click] ?? '',
                atMs: clickedAt(one.click),
                ad,
                campaign: 'c1',
              });
            }
            if (one.kind === 'postback') {
              const atMs = clickedAt(one.click) + one.afterMinutes * MINUTE;
              await addPostback(db, facts.shop, {
                atMs: one.late ? atMs + 10 * DAY : atMs,
                clickId: ids[one.click] ?? null,
                key: `key ${one.key}`,
                event: one.event,
                status: one.status,
                eventAtMs: one.late ? atMs : null,
              });
            }
            if (one.kind === 'drain') await facts.drain(3);
            if (one.kind === 'count') await countDelays(db, account());
          }
          while ((await facts.drain()).rows > 0);
          // A sync brings the ad that some clicks named.
          await addObject(db, facts.shop, {
            level: 'ad',
            networkId: 'unknown yet',
            campaign: 'c2',
            adset: 's2',
          });
          await db.transaction().execute((trx) => resolveLateObjects(trx, facts.shop.accountId));
          await countDelays(db, account());
          const counted = asMap(await counts());
          expect(counted).toEqual(await plain());
          await db.deleteFrom('delay_count').where('account_id', '=', facts.shop.accountId).execute();
          await forgetCounts(db, account());
          await countDelays(db, account());
          expect(asMap(await counts())).toEqual(counted);
          expect(await countDelays(db, account())).toBe(0);
        }),
        { numRuns: 12 },
      );
    },
    60_000,
  );

  it('counts only the days that were touched', async () => {
    await facts.fresh();
    for (const days of [1, 2, 3]) {
      const atMs = T0 + days * DAY;
      await addPostback(db, facts.shop, {
        atMs: atMs + HOUR,
        clickId: await addClick(db, facts.shop, { atMs, ad: 'a1' }),
      });
    }
    await facts.drain();
    expect(await countDelays(db, account())).toBe(3);
    const again = await addClick(db, facts.shop, { atMs: T0 + 2 * DAY, ad: 'a1' });
    await addPostback(db, facts.shop, { atMs: T0 + 6 * DAY, clickId: again, key: 'sale' });
    await facts.drain();
    expect(await countDelays(db, account())).toBe(1);
    // A new amount is no news to delays.
    await addPostback(db, facts.shop, { atMs: T0 + 7 * DAY, clickId: again, key: 'sale', amount: 12 });
    await facts.drain();
    expect(await countDelays(db, account())).toBe(0);
    // Taken back: its day is counted anew.
    await addPostback(db, facts.shop, {
      atMs: T0 + 8 * DAY,
      clickId: again,
      key: 'sale',
      status: 'reversed',
    });
    await facts.drain();
    expect(await countDelays(db, account())).toBe(1);
    expect(await counts()).toHaveLength(3);
  });

  it('counts a day anew in which a conversion finds the click it came from: its delay is another one', async () => {
    await facts.fresh();
    const atMs = T0 + DAY;
    const clickId = clickIdAt(atMs);
    await addPostback(db, facts.shop, { atMs: atMs + 3 * HOUR, clickId, senderIds: { ad: 'a1' } });
    await facts.drain();
    expect(await countDelays(db, account())).toBe(1);
    const [before] = await counts();
    await addClick(db, facts.shop, { id: clickId, atMs, ad: 'a1', campaign: 'c1' });
    await facts.drain();
    expect((await facts.conversions()).map((one) => one.attributed_by)).toEqual(['click']);
    expect(await countDelays(db, account())).toBe(1);
    const [after] = await counts();
    expect(before?.below_minutes).toBe(STORED_BINS_MINUTES[0]);
    expect(after?.below_minutes).toBe(STORED_BINS_MINUTES.find((edge) => edge > 180));
  });

  it('counts a day anew in which a conversion turns out to have happened earlier: it was brought in late', async () => {
    await facts.fresh();
    const clickId = await addClick(db, facts.shop, { atMs: clickedAt(0), ad: 'a1', campaign: 'c1' });
    const said = { clickId, key: 'one', atMs: clickedAt(0) + 10 * DAY };
    await addPostback(db, facts.shop, said);
    await facts.drain();
    await countDelays(db, account());
    const before = asMap(await counts());
    await addPostback(db, facts.shop, {
      ...said,
      atMs: said.atMs + MINUTE,
      eventAtMs: clickedAt(0) + 5 * MINUTE,
    });
    await facts.drain();
    await countDelays(db, account());
    expect(asMap(await counts())).not.toEqual(before);
    expect(asMap(await counts())).toEqual(await plain());
  });

  it('counts of the day in which tracking began only the clicks since', async () => {
    await facts.fresh();
    for (const hours of [2, 5, 8]) {
      const atMs = T0 + hours * HOUR;
      const clickId = await addClick(db, facts.shop, { atMs, ad: 'a1' });
      await addPostback(db, facts.shop, { atMs: atMs + HOUR, clickId });
    }
    await facts.drain();
    expect(await countDelays(db, { ...account(), trackingSinceMs: T0 + 5 * HOUR })).toBe(1);
    expect((await counts()).map((row) => row.conversions)).toEqual([2]);
    await forgetCounts(db, account());
    expect(await countDelays(db, { ...account(), trackingSinceMs: T0 + 30 * DAY })).toBe(1);
    expect(await counts()).toEqual([]);
  });

  it('leaves a day to be counted again that is touched while it is counted', async () => {
    await facts.fresh();
    const atMs = T0 + DAY;
    const clickId = await addClick(db, facts.shop, { atMs, ad: 'a1' });
    await addPostback(db, facts.shop, { atMs: atMs + HOUR, clickId });
    await facts.drain();
    const { campaign_id } = await db
      .selectFrom('cohort_news')
      .select('campaign_id')
      .where('account_id', '=', facts.shop.accountId)
      .executeTakeFirstOrThrow();
    // A drain that has not committed: it holds the row, and its conversion is not to be seen yet.
    await db.transaction().execute(async (drain) => {
      await drain
        .updateTable('cohort_news')
        .set({ news_at: new Date(T0) })
        .where('campaign_id', '=', campaign_id)
        .execute();
      expect(await countDelays(db, account())).toBe(0);
    });
    expect(await countDelays(db, account())).toBe(1);
  });
});
