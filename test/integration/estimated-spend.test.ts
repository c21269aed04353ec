import { sql } from 'kysely';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { estimatedSpend } from '../../src/core/estimated-spend.ts';
import type { ObjectId } from '../../src/core/object.ts';
import { micros } from '../../src/core/money.ts';
import { type EstimateInput, loadEstimates } from '../../src/db/estimated-spend.ts';
import { addToEventDays } from '../../src/db/running-totals.ts';
import { storeSpend } from '../../src/db/spend.ts';
import { testDatabase, type TestDatabase } from '../support/database.ts';
import { evidenceOf } from '../support/evidence.ts';
import { HOUR_MS, seedAccount, type SeededAccount, seedObject } from '../support/seed-account.ts';

let database: TestDatabase;
/** Spend reported to 15:00, now 15:30. */
let account: SeededAccount;

beforeAll(async () => {
  database = await testDatabase();
});
afterAll(async () => database.drop());
beforeEach(async () => {
  account = await seedAccount(database.db);
});

const adset = (name: string) =>
  seedObject(database.db, account, { level: 'adset', networkId: `${name}-${account.suffix}`, name });
const ad = (name: string, adsetId: ObjectId) =>
  seedObject(database.db, account, { level: 'ad', networkId: `${name}-${account.suffix}`, name, adsetId });

/** Hours are counted from `asOf`: -1 is the newest reported one, 0 the first that is not. */
async function visits(objectId: ObjectId, hour: number, count: number): Promise<void> {
  await sql`insert into visit_hour (account_id, object_id, hour, visits)
    values (${account.accountId}, ${objectId}, ${new Date(account.asOfMs + hour * HOUR_MS)}, ${count})`.execute(
    database.db,
  );
}

async function spent(objectId: ObjectId, hour: number, dollars: number, clicks: number): Promise<void> {
  const row = {
    objectId,
    hourMs: account.asOfMs + hour * HOUR_MS,
    spendMicros: micros(dollars * 1_000_000),
    impressions: 1_000,
    clicks,
  };
  await database.db.transaction().execute((trx) =>
    storeSpend(trx, {
      accountId: account.accountId,
      zone: 'UTC',
      rows: [row],
      knownFromMs: account.nowMs,
    }),
  );
}

const load = (objectIds: readonly ObjectId[], rest: Partial<EstimateInput> = {}) =>
  loadEstimates(database.db, {
    accountId: account.accountId,
    zone: 'UTC',
    level: 'adset',
    objectIds,
    windows: ['today', '1h'],
    asOfMs: account.asOfMs,
    nowMs: account.nowMs,
    trackingSinceMs: account.nowMs - 60 * 24 * HOUR_MS,
    trackingBy: 'click',
    ...rest,
  });

const spend = async (id: ObjectId, window = 'today', rest: Partial<EstimateInput> = {}) => {
  const estimate = (await load([id], rest)).get(id);
  if (estimate === undefined) throw new Error('no estimate');
  return estimatedSpend(window, { ...evidenceOf(), estimate });
};

describe('estimated spend', () => {
  it('is what is reported today plus the visits since at what a visit cost', async () => {
    const set = await adset('set');
    const [one, two] = [await ad('one', set), await ad('two', set)];
    // $30 for 20 visits, spread over two ads of the set.
    await spent(one, -1, 20, 13);
    await visits(one, -1, 12);
    await spent(two, -1, 10, 9);
    await visits(two, -1, 8);
    await visits(one, 0, 4);
    await visits(two, 0, 2);
    expect(await spend(set)).toMatchObject({ spend: 39, unreported: expect.closeTo(9, 9) });
    expect(await spend(set, '1h')).toMatchObject({ spend: expect.closeTo(9, 9) });
  });

  it('believes the network where it has reported more of an hour already', async () => {
    const set = await adset('set');
    await spent(set, -1, 30, 20);
    await visits(set, -1, 20);
    await visits(set, 0, 4);
    await spent(set, 0, 11, 7);
    expect(await spend(set)).toMatchObject({ spend: 41, unreported: 0 });
  });

  it('lets newer hours weigh more: an hour half as much for each six hours of its age', async () => {
    const set = await adset('set');
    await spent(set, -7, 10, 10);
    await visits(set, -7, 10);
    await spent(set, -1, 20, 10);
    await visits(set, -1, 10);
    await visits(set, 0, 30);
    // (20 + ½ · 10) / (10 + ½ · 10) = 5/3; an hour more than a day old counts nothing.
    await spent(set, -25, 900, 10);
    expect(await spend(set)).toMatchObject({ unreported: expect.closeTo(50, 6) });
  });

  it('falls back on the campaign for an ad set without visits of its own', async () => {
    const [old, fresh] = [await adset('old'), await adset('fresh')];
    await spent(old, -2, 60, 30);
    await visits(old, -2, 30);
    await visits(fresh, 0, 10);
    const found = await spend(fresh);
    expect(found).toMatchObject({ spend: 20 });
  });

  it('takes "today" to be the day of the clock, not of the newest report', async () => {
    const set = await adset('set');
    // Reported to 23:00, ten minutes past midnight.
    const midnight = Date.UTC(2026, 10, 11);
    account = { ...account, asOfMs: midnight - HOUR_MS, nowMs: midnight + 600_000 };
    await spent(set, -1, 80, 40);
    await visits(set, -1, 40);
    await visits(set, 0, 10);
    await visits(set, 1, 3);
    expect(await spend(set)).toMatchObject({ spend: 6, unreported: 6 });
    expect(await spend(set, '7d', { windows: ['7d'] })).toMatchObject({ spend: 106 });
  });

  it('sees a conversion of a click after the newest report', async () => {
    const set = await adset('set');
    await sql`insert into conversion_hour (account_id, object_id, event, event_type, status, hour, conversions, value_micros)
      values (${account.accountId}, ${set}, 'purchase', 'event', 'approved', ${new Date(account.asOfMs)}, 1, 30000000)`.execute(
      database.db,
    );
    await database.db.transaction().execute((trx) =>
      addToEventDays(trx, [
        {
          accountId: account.accountId,
          objectId: set,
          event: 'purchase',
          eventType: 'event',
          day: '2026-11-10',
          conversions: 1,
          valueMicros: 30_000_000,
          unconverted: 0,
        },
      ]),
    );
    const estimate = (await load([set])).get(set);
    expect(estimate?.windows['1h']?.conversions['purchase']).toMatchObject({ conversions: 1 });
  });

  it('is undefined without tracking, with clicks that are not ours, and with half of them lost', async () => {
    const set = await adset('set');
    await spent(set, -1, 30, 40);
    await visits(set, -1, 15);
    await visits(set, 0, 5);
    const why = async (rest: Partial<EstimateInput> = {}) => (await load([set], rest)).get(set)?.why;
    expect(await why({ trackingSinceMs: null })).toContain('no click of this account');
    expect(await why({ trackingBy: 'sender' })).toContain('do not come through our links');
    expect(await why()).toContain('under half');
  });

  it('is undefined while visits come and none of the campaign has a known cost', async () => {
    const set = await adset('set');
    await visits(set, 0, 5);
    expect((await load([set])).get(set)?.why).toContain('known cost');
  });

  it('is what is reported where nothing has come since', async () => {
    const set = await adset('set');
    await spent(set, -3, 12, 6);
    expect(await spend(set)).toEqual({ spend: 12, unreported: 0, low: 12, high: 12 });
  });

  it('does not ask hours before tracking began what a visit costs', async () => {
    const set = await adset('set');
    await spent(set, -3, 500, 250);
    await spent(set, -1, 20, 10);
    await visits(set, -1, 10);
    await visits(set, 0, 10);
    const since = account.asOfMs - 1.5 * HOUR_MS;
    expect(await spend(set, '1h', { trackingSinceMs: since })).toMatchObject({ spend: 20 });
  });

  it('works on every level', async () => {
    const set = await adset('set');
    const creative = await seedObject(database.db, account, {
      level: 'creative',
      networkId: `cr-${account.suffix}`,
      name: 'Zen',
    });
    const shown = await seedObject(database.db, account, {
      level: 'ad',
      networkId: `ad-${account.suffix}`,
      name: 'ad',
      adsetId: set,
      creative: { id: creative, networkId: `cr-${account.suffix}` },
    });
    await spent(shown, -1, 30, 20);
    await visits(shown, -1, 20);
    await visits(shown, 0, 10);
    for (const [level, id] of [
      ['ad', shown],
      ['adset', set],
      ['campaign', account.campaignId],
      ['creative', creative],
    ] as const)
      expect([level, await spend(id, 'today', { level })]).toMatchObject([level, { spend: 45 }]);
  });
});
