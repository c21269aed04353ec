import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Db } from '../../src/db/connection.ts';
import { testDatabase, type TestDatabase } from '../support/database.ts';
import { addClick, addPostback, T0 } from '../support/ingest-facts.ts';
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

describe('a postback with our click id', () => {
  it('is credited to the ad, in the hour of the click, and says so', async () => {
    await facts.fresh();
    const click = await addClick(db, facts.shop, { atMs: T0, ad: 'a1', adset: 's1', campaign: 'c1' });
    await addPostback(db, facts.shop, { atMs: T0 + 2 * DAY, clickId: click, amount: 31.2, key: 'order 1' });
    const drained = await facts.drain();
    expect(drained).toMatchObject({ rows: 1, visits: 1, conversions: 1 });
    expect(drained.campaigns).toEqual([
      { accountId: facts.shop.accountId, campaignId: facts.shop.objects.get('c1') },
    ]);
    const [conversion] = await facts.conversions();
    expect(conversion).toMatchObject({
      object_id: facts.shop.objects.get('a1'),
      campaign_id: facts.shop.objects.get('c1'),
      value_micros: 31_200_000,
      attributed_by: 'click',
      counted: true,
      attribution: 'Meta ad name of a1 drove purchase order 1 48 h after the click',
    });
    const hour = await db
      .selectFrom('conversion_hour')
      .selectAll()
      .where('account_id', '=', facts.shop.accountId)
      .executeTakeFirstOrThrow();
    expect(hour).toMatchObject({ conversions: 1, value_micros: 31_200_000, hour: new Date(T0) });
    const visits = await db
      .selectFrom('visit_hour')
      .selectAll()
      .where('account_id', '=', facts.shop.accountId)
      .execute();
    expect(visits).toMatchObject([
      { visits: 1, hour: new Date(T0), object_id: facts.shop.objects.get('a1') },
    ]);
    expect(await facts.outcomes()).toMatchObject([{ outcome: 'counted', reason: null }]);
    const account = await db
      .selectFrom('ad_account')
      .selectAll()
      .where('id', '=', facts.shop.accountId)
      .executeTakeFirstOrThrow();
    expect(account.tracking_since).toEqual(new Date(T0));
  });

  it('counts at the very end of its window and is late a millisecond after', async () => {
    await facts.fresh();
    const click = await addClick(db, facts.shop, { atMs: T0, ad: 'a1' });
    await addPostback(db, facts.shop, { atMs: T0 + 30 * DAY, clickId: click, key: 'in' });
    await addPostback(db, facts.shop, { atMs: T0 + 30 * DAY + 1, clickId: click, key: 'out' });
    await addPostback(db, facts.shop, {
      atMs: T0 + 30 * DAY + 2,
      clickId: click,
      key: 'out too',
      eventAtMs: T0 + 29 * DAY,
    });
    await facts.drain();
    expect(await facts.outcomes()).toMatchObject([
      { outcome: 'counted' },
      { outcome: 'late', reason: 'outside_window' },
      { outcome: 'counted' },
    ]);
    expect((await facts.conversions()).map((c) => c.counted)).toEqual([true, false, true]);
  });

  it('has the window its source sets', async () => {
    await facts.fresh({ sourceSettings: { windowHours: { purchase: 1 } } });
    const click = await addClick(db, facts.shop, { atMs: T0, ad: 'a1' });
    await addPostback(db, facts.shop, { atMs: T0 + HOUR, clickId: click, key: 'in' });
    await addPostback(db, facts.shop, { atMs: T0 + HOUR + 1, clickId: click, key: 'out' });
    await facts.drain();
    expect(await facts.outcomes()).toMatchObject([{ outcome: 'counted' }, { outcome: 'late' }]);
  });

  it('is told apart when dated before its click, and still counts', async () => {
    await facts.fresh();
    const click = await addClick(db, facts.shop, { atMs: T0, ad: 'a1' });
    await addPostback(db, facts.shop, { atMs: T0 + HOUR, eventAtMs: T0 - HOUR, clickId: click });
    await facts.drain();
    expect(await facts.outcomes()).toMatchObject([
      { outcome: 'counted', warnings: ['conversion_before_click'] },
    ]);
  });

  it('of another workspace credits nothing', async () => {
    const other = await facts.fresh();
    const click = await addClick(db, other, { atMs: T0, ad: 'a1' });
    await facts.fresh();
    await addPostback(db, facts.shop, { atMs: T0 + HOUR, clickId: click });
    await facts.drain();
    expect(await facts.outcomes()).toMatchObject([{ outcome: 'unattributed', reason: 'unknown_click' }]);
  });

  it('is found in small letters too', async () => {
    await facts.fresh();
    const click = await addClick(db, facts.shop, { atMs: T0, ad: 'a1' });
    await addPostback(db, facts.shop, { atMs: T0 + HOUR, clickId: click.toLowerCase() });
    await facts.drain();
    expect(await facts.outcomes()).toMatchObject([{ outcome: 'counted' }]);
  });
});

describe('a postback by a network click id', () => {
  it('finds the last visit before it, with the plus sign that form decoding lost', async () => {
    await facts.fresh();
    const networkClickId = `abc+def/7`;
    await addClick(db, facts.shop, { atMs: T0, ad: 'a1', networkClickId });
    await addClick(db, facts.shop, { atMs: T0 + HOUR, ad: 'a2', networkClickId });
    await addClick(db, facts.shop, { atMs: T0 + 3 * HOUR, ad: 'a3', networkClickId });
    await addPostback(db, facts.shop, { atMs: T0 + 2 * HOUR, clickId: networkClickId.replace('+', ' ') });
    await facts.drain();
    expect(await facts.conversions()).toMatchObject([
      { object_id: facts.shop.objects.get('a2'), counted: true },
    ]);
  });
});

describe('a postback without a click id', () => {
  it('is credited to the last click of its device within the window', async () => {
    await facts.fresh();
    await addClick(db, facts.shop, { atMs: T0, ad: 'a1', deviceId: 'phone' });
    await addClick(db, facts.shop, { atMs: T0 + HOUR, ad: 'a2', deviceId: 'phone' });
    await addClick(db, facts.shop, { atMs: T0 + 5 * HOUR, ad: 'a3', deviceId: 'phone' });
    await addPostback(db, facts.shop, {
      atMs: T0 + 2 * HOUR,
      deviceId: 'phone',
      eventType: 'install',
      event: 'install',
    });
    await addPostback(db, facts.shop, { atMs: T0 + 30 * HOUR, deviceId: 'other phone' });
    await facts.drain();
    expect(await facts.outcomes()).toMatchObject([
      { outcome: 'counted' },
      { outcome: 'unattributed', reason: 'no_click' },
    ]);
    expect((await facts.conversions())[0]).toMatchObject({
      object_id: facts.shop.objects.get('a2'),
      attributed_by: 'click',
    });
  });

  it('follows the install of its device, in a later batch and in the same one', async () => {
    await facts.fresh();
    const click = await addClick(db, facts.shop, { atMs: T0, ad: 'a1' });
    await addPostback(db, facts.shop, {
      atMs: T0 + HOUR,
      clickId: click,
      deviceId: 'd',
      event: 'install',
      eventType: 'install',
    });
    await addPostback(db, facts.shop, { atMs: T0 + 2 * HOUR, deviceId: 'd', event: 'level 5' });
    await facts.drain();
    await addPostback(db, facts.shop, { atMs: T0 + 90 * DAY, deviceId: 'd', event: 'purchase', amount: 5 });
    await facts.drain();
    const [install, level, purchase] = await facts.conversions();
    expect(level).toMatchObject({
      follows_id: install?.id,
      object_id: facts.shop.objects.get('a1'),
      clicked_at: new Date(T0),
    });
    expect(purchase).toMatchObject({
      follows_id: install?.id,
      object_id: facts.shop.objects.get('a1'),
      counted: true,
    });
  });

  it('is credited by the ids of its sender, in the hour of the event', async () => {
    await facts.fresh();
    const eventAtMs = T0 + 3 * HOUR + 60_000;
    await addPostback(db, facts.shop, {
      atMs: T0 + DAY,
      eventAtMs,
      senderIds: { campaign: 'c1', adset: 's1', ad: 'a1' },
      amount: 2,
    });
    await addPostback(db, facts.shop, { atMs: T0 + DAY, eventAtMs, senderIds: { campaign: 'elsewhere' } });
    await facts.drain();
    expect(new Set((await facts.conversions()).map((c) => c.attributed_by))).toEqual(
      new Set(['sender', null]),
    );
    const hours = await db
      .selectFrom('conversion_hour')
      .selectAll()
      .where('account_id', '=', facts.shop.accountId)
      .execute();
    expect(hours).toMatchObject([
      { object_id: facts.shop.objects.get('a1'), hour: new Date(T0 + 3 * HOUR), value_micros: 2_000_000 },
    ]);
  });
});
