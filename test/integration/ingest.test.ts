import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Db } from '../../src/db/connection.ts';
import { drainBatch, type DrainedBatch } from '../../src/db/ingest/drain-batch.ts';
import { testDatabase, type TestDatabase } from '../support/database.ts';
import {
  addClick,
  addPostback,
  clickIdAt,
  type SeededAccount,
  seedAccount,
  T0,
  totalsThatDiffer,
} from '../support/ingest-facts.ts';

const HOUR = 3_600_000;
const DAY = 24 * HOUR;

let database: TestDatabase;
let db: Db;
let shop: SeededAccount;
let number = 0;

beforeAll(async () => {
  database = await testDatabase();
  db = database.db;
});
afterAll(() => database.drop());

/** Each test has a workspace of its own. */
async function fresh(options: Partial<Parameters<typeof seedAccount>[1]> = {}): Promise<SeededAccount> {
  number += 1;
  shop = await seedAccount(db, { name: `shop-${number}`, ...options });
  return shop;
}

function drain(limit = 2000): Promise<DrainedBatch> {
  return drainBatch(db, { shard: 'all', limit, wallMs: T0 + 40 * DAY });
}

function conversions() {
  return db
    .selectFrom('conversion')
    .selectAll()
    .where('workspace_id', '=', shop.workspaceId)
    .orderBy('received_at')
    .execute();
}

function outcomes() {
  return db
    .selectFrom('postback')
    .select(['outcome', 'reason', 'warnings'])
    .where('workspace_id', '=', shop.workspaceId)
    .orderBy('received_at')
    .execute();
}

describe('a postback with our click id', () => {
  it('is credited to the ad, in the hour of the click, and says so', async () => {
    await fresh();
    const click = await addClick(db, shop, { atMs: T0, ad: 'a1', adset: 's1', campaign: 'c1' });
    await addPostback(db, shop, { atMs: T0 + 2 * DAY, clickId: click, amount: 31.2, key: 'order 1' });
    const drained = await drain();
    expect(drained).toMatchObject({ rows: 1, visits: 1, conversions: 1 });
    expect(drained.campaigns).toEqual([{ accountId: shop.accountId, campaignId: shop.objects.get('c1') }]);
    const [conversion] = await conversions();
    expect(conversion).toMatchObject({
      object_id: shop.objects.get('a1'),
      campaign_id: shop.objects.get('c1'),
      value_micros: 31_200_000,
      attributed_by: 'click',
      counted: true,
      attribution: 'Meta ad name of a1 drove purchase 48 h after the click',
    });
    const hour = await db
      .selectFrom('conversion_hour')
      .selectAll()
      .where('account_id', '=', shop.accountId)
      .executeTakeFirstOrThrow();
    expect(hour).toMatchObject({ conversions: 1, value_micros: 31_200_000, hour: new Date(T0) });
    const visits = await db
      .selectFrom('visit_hour')
      .selectAll()
      .where('account_id', '=', shop.accountId)
      .execute();
    expect(visits).toMatchObject([{ visits: 1, hour: new Date(T0), object_id: shop.objects.get('a1') }]);
    expect(await outcomes()).toMatchObject([{ outcome: 'counted', reason: null }]);
    const account = await db
      .selectFrom('ad_account')
      .selectAll()
      .where('id', '=', shop.accountId)
      .executeTakeFirstOrThrow();
    expect(account.tracking_since).toEqual(new Date(T0));
  });

  it('counts at the very end of its window and is late a millisecond after', async () => {
    await fresh();
    const click = await addClick(db, shop, { atMs: T0, ad: 'a1' });
    await addPostback(db, shop, { atMs: T0 + 30 * DAY, clickId: click, key: 'in' });
    await addPostback(db, shop, { atMs: T0 + 30 * DAY + 1, clickId: click, key: 'out' });
    await addPostback(db, shop, {
      atMs: T0 + 30 * DAY + 2,
      clickId: click,
      key: 'out too',
      eventAtMs: T0 + 29 * DAY,
    });
    await drain();
    expect(await outcomes()).toMatchObject([
      { outcome: 'counted' },
      { outcome: 'late', reason: 'outside_window' },
      { outcome: 'counted' },
    ]);
    expect((await conversions()).map((c) => c.counted)).toEqual([true, false, true]);
  });

  it('has the window its source sets', async () => {
    await fresh({ sourceSettings: { windowHours: { purchase: 1 } } });
    const click = await addClick(db, shop, { atMs: T0, ad: 'a1' });
    await addPostback(db, shop, { atMs: T0 + HOUR, clickId: click, key: 'in' });
    await addPostback(db, shop, { atMs: T0 + HOUR + 1, clickId: click, key: 'out' });
    await drain();
    expect(await outcomes()).toMatchObject([{ outcome: 'counted' }, { outcome: 'late' }]);
  });

  it('is told apart when dated before its click, and still counts', async () => {
    await fresh();
    const click = await addClick(db, shop, { atMs: T0, ad: 'a1' });
    await addPostback(db, shop, { atMs: T0 + HOUR, eventAtMs: T0 - HOUR, clickId: click });
    await drain();
    expect(await outcomes()).toMatchObject([{ outcome: 'counted', warnings: ['conversion_before_click'] }]);
  });

  it('of another workspace credits nothing', async () => {
    const other = await fresh();
    const click = await addClick(db, other, { atMs: T0, ad: 'a1' });
    await fresh();
    await addPostback(db, shop, { atMs: T0 + HOUR, clickId: click });
    await drain();
    expect(await outcomes()).toMatchObject([{ outcome: 'unattributed', reason: 'unknown_click' }]);
  });

  it('is found in small letters too', async () => {
    await fresh();
    const click = await addClick(db, shop, { atMs: T0, ad: 'a1' });
    await addPostback(db, shop, { atMs: T0 + HOUR, clickId: click.toLowerCase() });
    await drain();
    expect(await outcomes()).toMatchObject([{ outcome: 'counted' }]);
  });
});
