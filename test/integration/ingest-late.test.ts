import { sql } from 'kysely';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Db } from '../../src/db/connection.ts';
import { convertWaiting } from '../../src/db/ingest/convert-waiting.ts';
import { resolveLateObjects } from '../../src/db/ingest/resolve-late-objects.ts';
import { testDatabase, type TestDatabase } from '../support/database.ts';
import {
  addClick,
  addObject,
  addPostback,
  clickIdAt,
  T0,
  totalsThatDiffer,
} from '../support/ingest-facts.ts';
import { IngestFixture } from '../support/ingest-fixture.ts';

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

describe('what arrives before what it belongs to', () => {
  it('a postback before its click is credited when the click comes', async () => {
    await facts.fresh();
    const id = clickIdAt(T0);
    await addPostback(db, facts.shop, { atMs: T0 + HOUR, clickId: id, amount: 7, key: 'early' });
    await facts.drain();
    expect(await facts.outcomes()).toMatchObject([{ outcome: 'unattributed', reason: 'unknown_click' }]);
    await addClick(db, facts.shop, { atMs: T0, id, ad: 'a1' });
    const drained = await facts.drain();
    expect(drained.campaigns).toHaveLength(1);
    expect(await facts.outcomes()).toMatchObject([{ outcome: 'counted', reason: null }]);
    expect(await facts.conversions()).toMatchObject([
      { counted: true, value_micros: 7_000_000, object_id: facts.shop.objects.get('a1') },
    ]);
    await addPostback(db, facts.shop, {
      atMs: T0 + 2 * HOUR,
      clickId: id,
      amount: 7,
      key: 'early',
      status: 'reversed',
    });
    await facts.drain();
    expect(await facts.conversions()).toMatchObject([{ counted: false, status: 'reversed' }]);
  });

  it('a click before its ad counts at the campaign, and moves to the ad that a sync brings', async () => {
    await facts.fresh();
    const click = await addClick(db, facts.shop, { atMs: T0, campaign: 'c1', ad: 'new ad' });
    await addPostback(db, facts.shop, { atMs: T0 + HOUR, clickId: click, amount: 3, key: 'x' });
    await addPostback(db, facts.shop, { atMs: T0 + HOUR, senderIds: { ad: 'new ad' }, amount: 4, key: 'y' });
    await facts.drain();
    expect(new Set((await facts.conversions()).map((c) => c.object_id))).toEqual(
      new Set([facts.shop.objects.get('c1'), null]),
    );
    const ad = await addObject(db, facts.shop, {
      level: 'ad',
      networkId: 'new ad',
      campaign: 'c1',
      adset: 's1',
    });
    const moved = await db.transaction().execute((trx) => resolveLateObjects(trx, facts.shop.accountId));
    expect(moved).toEqual({ visits: 1, conversions: 2 });
    expect((await facts.conversions()).map((c) => [c.object_id, c.counted])).toEqual([
      [ad, true],
      [ad, true],
    ]);
    const hours = await db
      .selectFrom('conversion_hour')
      .select(['object_id', 'conversions', 'value_micros'])
      .where('account_id', '=', facts.shop.accountId)
      .where('conversions', '<>', 0)
      .execute();
    expect(hours.map((h) => [h.object_id, h.conversions])).toEqual([
      [ad, 1],
      [ad, 1],
    ]);
    const visits = await db
      .selectFrom('visit_hour')
      .select(['object_id', 'visits'])
      .where('account_id', '=', facts.shop.accountId)
      .where('visits', '<>', 0)
      .execute();
    expect(visits).toEqual([{ object_id: ad, visits: 1 }]);
    expect((await facts.outcomes()).map((o) => o.outcome)).toEqual(['counted', 'counted']);
    expect(await db.transaction().execute((trx) => resolveLateObjects(trx, facts.shop.accountId))).toEqual({
      visits: 0,
      conversions: 0,
    });
  });

  it('a postback before its click, whose ad comes last of all, ends on the ad', async () => {
    await facts.fresh();
    const id = clickIdAt(T0);
    await addPostback(db, facts.shop, { atMs: T0 + HOUR, clickId: id, amount: 7, key: 'first' });
    await facts.drain();
    await addClick(db, facts.shop, { atMs: T0, id, campaign: 'c1', ad: 'last ad' });
    await facts.drain();
    expect(await facts.conversions()).toMatchObject([
      { object_id: facts.shop.objects.get('c1'), counted: true },
    ]);
    const ad = await addObject(db, facts.shop, {
      level: 'ad',
      networkId: 'last ad',
      campaign: 'c1',
      adset: 's1',
    });
    await db.transaction().execute((trx) => resolveLateObjects(trx, facts.shop.accountId));
    expect(await facts.conversions()).toMatchObject([
      { object_id: ad, counted: true, value_micros: 7_000_000 },
    ]);
  });

  it('a rejected postback before its click is told as rejected, not as unknown', async () => {
    await facts.fresh();
    const id = clickIdAt(T0);
    await addPostback(db, facts.shop, { atMs: T0 + HOUR, clickId: id, status: 'rejected' });
    await addPostback(db, facts.shop, { atMs: T0 + 31 * DAY, clickId: id });
    await facts.drain();
    await addClick(db, facts.shop, { atMs: T0, id, ad: 'a1' });
    await facts.drain();
    expect(await facts.outcomes()).toMatchObject([
      { outcome: 'rejected', reason: 'rejected_by_sender' },
      { outcome: 'late', reason: 'outside_window' },
    ]);
  });

  it('foreign revenue waits as unconverted until its rate is known', async () => {
    await facts.fresh();
    const clickId = await addClick(db, facts.shop, { atMs: T0, ad: 'a1' });
    await addPostback(db, facts.shop, { atMs: T0 + HOUR, clickId, amount: 100, currency: 'SEK' });
    await facts.drain();
    expect(await facts.conversions()).toMatchObject([
      { counted: true, value_micros: null, original_micros: 100_000_000 },
    ]);
    await db
      .insertInto('exchange_rate')
      .values([
        { base: 'SEK', quote: 'USD', day: '2026-03-11', rate: 9 },
        { base: 'SEK', quote: 'USD', day: '2026-03-09', rate: 0.1 },
        { base: 'SEK', quote: 'USD', day: '2026-03-01', rate: 8 },
      ])
      .execute();
    expect(await convertWaiting(db, facts.shop.workspaceId, T0 + DAY)).toBe(1);
    expect(await facts.conversions()).toMatchObject([{ value_micros: 10_000_000, rate: 0.1 }]);
    const day = await db
      .selectFrom('event_day')
      .selectAll()
      .where('account_id', '=', facts.shop.accountId)
      .execute();
    expect(day).toMatchObject([{ conversions: 1, value_micros: 10_000_000, unconverted: 0 }]);
  });
});

describe('what follows an install', () => {
  const install = { event: 'install', eventType: 'install' };

  it('is credited with it where only the click id, which nobody here gave out, ties them together', async () => {
    for (const separately of [true, false]) {
      await facts.fresh();
      await addPostback(db, facts.shop, { ...install, atMs: T0, clickId: 'theirs', senderIds: { ad: 'a1' } });
      if (separately) await facts.drain();
      await addPostback(db, facts.shop, { atMs: T0 + 90 * DAY, clickId: 'theirs', amount: 5 });
      await facts.drain();
      const [first, second] = await facts.conversions();
      expect(second).toMatchObject({
        counted: true,
        attributed_by: 'sender',
        object_id: facts.shop.objects.get('a1'),
        follows_id: first?.id,
      });
    }
  });

  it('moves with it to the ad that a sync brings later', async () => {
    await facts.fresh();
    const click = await addClick(db, facts.shop, { atMs: T0, campaign: 'c1', ad: 'unsynced' });
    const deviceId = 'device-1';
    await addPostback(db, facts.shop, { ...install, atMs: T0 + HOUR, clickId: click, deviceId });
    await addPostback(db, facts.shop, { atMs: T0 + 2 * HOUR, event: 'trial_start', deviceId });
    await addPostback(db, facts.shop, { atMs: T0 + 3 * HOUR, deviceId, amount: 9 });
    await facts.drain();
    const campaign = facts.shop.objects.get('c1');
    expect((await facts.conversions()).map((c) => c.object_id)).toEqual([campaign, campaign, campaign]);
    const ad = await addObject(db, facts.shop, {
      level: 'ad',
      networkId: 'unsynced',
      campaign: 'c1',
      adset: 's1',
    });
    await db.transaction().execute((trx) => resolveLateObjects(trx, facts.shop.accountId));
    expect((await facts.conversions()).map((c) => [c.object_id, c.counted])).toEqual([
      [ad, true],
      [ad, true],
      [ad, true],
    ]);
  });

  it('is credited with it when it arrives first', async () => {
    for (const separately of [true, false]) {
      await facts.fresh();
      const deviceId = `device of ${facts.shop.workspaceId}`;
      await addPostback(db, facts.shop, { atMs: T0 + 1, eventAtMs: T0 - HOUR, deviceId, event: 'before' });
      await addPostback(db, facts.shop, { atMs: T0 + 2, eventAtMs: T0 + 2, deviceId, amount: 9 });
      if (separately) await facts.drain();
      await addPostback(db, facts.shop, {
        ...install,
        atMs: T0 + 3,
        eventAtMs: T0,
        deviceId,
        senderIds: { ad: 'a1' },
      });
      const { campaigns } = await facts.drain();
      expect(campaigns).toMatchObject([{ campaignId: facts.shop.objects.get('c1') }]);
      expect((await facts.conversions()).map((c) => [c.event, c.counted, c.follows_id !== null])).toEqual([
        ['before', false, false],
        ['purchase', true, true],
        ['install', true, false],
      ]);
      expect((await facts.outcomes()).map((o) => o.outcome)).toEqual(['unattributed', 'counted', 'counted']);
    }
  });

  it('goes with it when its click comes late and names another ad than the sender did', async () => {
    await facts.fresh();
    const id = clickIdAt(T0);
    const deviceId = 'device-differs';
    const senderIds = { ad: 'a3' };
    await addPostback(db, facts.shop, { ...install, atMs: T0 + 1, clickId: id, deviceId, senderIds });
    await addPostback(db, facts.shop, { atMs: T0 + 2, deviceId, amount: 9 });
    await facts.drain();
    const { objects } = facts.shop;
    expect((await facts.conversions()).map((c) => [c.attributed_by, c.object_id])).toEqual([
      ['sender', objects.get('a3')],
      ['sender', objects.get('a3')],
    ]);
    await addClick(db, facts.shop, { atMs: T0, id, ad: 'a1' });
    expect(new Set((await facts.drain()).campaigns.map((c) => c.campaignId))).toEqual(
      new Set([objects.get('c1'), objects.get('c2')]),
    );
    const [first, second] = await facts.conversions();
    expect(first).toMatchObject({ attributed_by: 'click', object_id: objects.get('a1'), counted: true });
    expect(first?.attribution).toContain('the sender names Meta ad name of a3 instead');
    expect(second).toMatchObject({ attributed_by: 'click', object_id: objects.get('a1'), counted: true });
    const told = await db
      .selectFrom('postback')
      .select(['outcome', 'detail'])
      .where('workspace_id', '=', facts.shop.workspaceId)
      .orderBy('received_at')
      .execute();
    expect(told.map((row) => row.outcome)).toEqual(['counted', 'counted']);
    expect(told[0]?.detail).toBe(first?.attribution);
  });

  it('stays where the sender put it when the late click is outside the window', async () => {
    await facts.fresh();
    const id = clickIdAt(T0 - 30 * HOUR);
    await addPostback(db, facts.shop, { ...install, atMs: T0, clickId: id, senderIds: { ad: 'a3' } });
    await facts.drain();
    await addClick(db, facts.shop, { atMs: T0 - 30 * HOUR, id, ad: 'a1' });
    await facts.drain();
    expect(await facts.conversions()).toMatchObject([
      { attributed_by: 'sender', object_id: facts.shop.objects.get('a3'), clicked_at: null },
    ]);
  });

  it('is credited with it when its click is stored late', async () => {
    await facts.fresh();
    const deviceId = 'device-late';
    const id = clickIdAt(T0);
    await addPostback(db, facts.shop, { ...install, atMs: T0 + 1, clickId: id, deviceId });
    await addPostback(db, facts.shop, { atMs: T0 + 2, deviceId, amount: 9 });
    await facts.drain();
    expect((await facts.conversions()).map((c) => c.counted)).toEqual([false, false]);
    await addClick(db, facts.shop, { atMs: T0, id, ad: 'a1' });
    await facts.drain();
    expect((await facts.conversions()).map((c) => [c.counted, c.object_id])).toEqual([
      [true, facts.shop.objects.get('a1')],
      [true, facts.shop.objects.get('a1')],
    ]);
  });
});

describe('what waits for an object of one account', () => {
  it('goes on waiting when another account has one of the same id', async () => {
    await facts.fresh();
    const second = `${facts.shop.accountId}-2`;
    await sql`
      insert into ad_account (id, workspace_id, network, network_account_id, name, currency, time_zone, created_at)
      select ${second}, workspace_id, network, 'act_2', 'second', currency, time_zone, created_at
      from ad_account where id = ${facts.shop.accountId}`.execute(db);
    const other = { ...facts.shop, accountId: second, objects: new Map() };
    const click = await addClick(db, facts.shop, { atMs: T0, campaign: 'c1', ad: 'twin' });
    await addPostback(db, facts.shop, { atMs: T0 + HOUR, clickId: click });
    await facts.drain();
    await addObject(db, other, { level: 'ad', networkId: 'twin' });
    await db.transaction().execute((trx) => resolveLateObjects(trx, second));
    const ad = await addObject(db, facts.shop, { level: 'ad', networkId: 'twin', campaign: 'c1' });
    const moved = await db.transaction().execute((trx) => resolveLateObjects(trx, facts.shop.accountId));
    expect(moved).toEqual({ visits: 1, conversions: 1 });
    expect(await facts.conversions()).toMatchObject([{ object_id: ad }]);
    expect(
      await db
        .selectFrom('waiting_for_object')
        .selectAll()
        .where('workspace_id', '=', facts.shop.workspaceId)
        .execute(),
    ).toEqual([]);
  });
});

describe('revenue that waits for a rate', () => {
  it('is converted however much older revenue still waits before it', async () => {
    await facts.fresh();
    const clickId = await addClick(db, facts.shop, { atMs: T0, ad: 'a1' });
    for (let i = 0; i < 6; i += 1) {
      const at = T0 + (i < 4 ? i * HOUR : 3 * DAY);
      await addPostback(db, facts.shop, { atMs: at, clickId, amount: 1, currency: 'NOK', key: `n${i}` });
    }
    await facts.drain();
    const rate = { base: 'NOK', quote: 'USD', day: '2026-03-12', rate: 0.1 };
    await db.insertInto('exchange_rate').values(rate).execute();
    expect(await convertWaiting(db, facts.shop.workspaceId, T0 + 4 * DAY, 2)).toBe(2);
    expect((await facts.conversions()).map((c) => c.value_micros)).toEqual([
      null,
      null,
      null,
      null,
      100_000,
      100_000,
    ]);
  });
});

describe('every rollup', () => {
  it('equals the sum of its hours, after all of the above', async () => {
    expect(await totalsThatDiffer(db)).toEqual([]);
  });
});
