import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { ObjectId } from '../../src/core/object.ts';
import { drainBatch } from '../../src/db/ingest/drain-batch.ts';
import { testDatabase, type TestDatabase } from '../support/database.ts';
import { addObject, type SeededAccount } from '../support/ingest-facts.ts';
import {
  KEY,
  seedTrackedAccount,
  seedTracking,
  startTestServer,
  type TestServer,
  until,
} from '../support/tracking.ts';

let database: TestDatabase;
let server: TestServer;
const objects = new Map<string, ObjectId>();
const account: SeededAccount = {
  workspaceId: 'w1',
  accountId: 'acc',
  sourceId: 'shop',
  zone: 'America/New_York',
  objects,
};

beforeAll(async () => {
  database = await testDatabase();
  const { db } = database;
  await seedTracking(db);
  await seedTrackedAccount(db, 'America/New_York');
  await addObject(db, account, { level: 'campaign', networkId: '120210000000000001' });
  await addObject(db, account, {
    level: 'adset',
    networkId: '120210000000000002',
    campaign: '120210000000000001',
  });
  await addObject(db, account, {
    level: 'ad',
    networkId: '120210000000000003',
    campaign: '120210000000000001',
    adset: '120210000000000002',
  });
  server = await startTestServer(database.url);
});

afterAll(async () => {
  await server.close();
  await database.drop();
});

/** A paid visit as the network sends it: its macros filled, our click id handed to the landing page. */
async function visit(): Promise<string> {
  const response = await fetch(
    `${server.base}/c/shoes?campaign_id=120210000000000001&adset_id=120210000000000002&ad_id=120210000000000003&fbclid=IwAR0abc`,
    { redirect: 'manual' },
  );
  const clickId = new URL(response.headers.get('location') ?? '').searchParams.get('cid') ?? '';
  await until(
    async () =>
      await database.db.selectFrom('click').select('id').where('id', '=', clickId).executeTakeFirst(),
    'the click is stored',
  );
  return clickId;
}

async function send(address: string): Promise<void> {
  const response = await fetch(`${server.base}${address}`);
  expect(response.status, await response.text()).toBe(200);
}

async function drained() {
  await drainBatch(database.db, { shard: 'all', limit: 100, wallMs: Date.now() });
  return database.db.selectFrom('conversion').selectAll().orderBy('received_at').orderBy('id').execute();
}

describe('from the wire to the figures', () => {
  it("Keitaro's template, macros filled: a lead becomes a sale, once, on the ad that was clicked", async () => {
    const clickId = await visit();
    const lead = `/p/kt/${KEY}?subid=${clickId}&payout=31.20&currency=usd&status=lead&tid=1&event=purchase`;
    await send(lead);
    expect(await drained()).toMatchObject([{ status: 'pending', counted: true }]);
    await send(lead.replace('status=lead', 'status=sale'));
    await send(lead.replace('status=lead', 'status=sale'));
    const [conversion, ...others] = await drained();
    expect(others).toEqual([]);
    expect(conversion).toMatchObject({
      status: 'approved',
      value_micros: 31_200_000,
      object_id: objects.get('120210000000000003'),
      attributed_by: 'click',
      click_id: clickId,
    });
    const totals = await database.db.selectFrom('event_day').selectAll().execute();
    expect(totals).toMatchObject([{ event: 'purchase', conversions: 1, value_micros: 31_200_000 }]);
    const visits = await database.db.selectFrom('object_day').selectAll().execute();
    expect(visits).toMatchObject([{ visits: 1, object_id: objects.get('120210000000000003') }]);
  });

  it("AppsFlyer's template, macros filled: credited by its ids, and the purchase follows the install", async () => {
    const before = (await drained()).length;
    const ids =
      'campaign_id=120210000000000001&adset_id=120210000000000002&ad_id=120210000000000003&media_source=Facebook%20Ads';
    const person = 'appsflyer_id=1700000000000-123';
    await send(`/p/af/${KEY}?event_name=install&${person}&${ids}`);
    await send(`/p/af/${KEY}?event_name=af_purchase&event_revenue=9.99&event_revenue_currency=USD&${person}`);
    const [install, purchase] = (await drained()).slice(before);
    expect(install).toMatchObject({ event_type: 'install', attributed_by: 'sender', counted: true });
    expect(purchase).toMatchObject({
      event: 'af_purchase',
      follows_id: install?.id,
      object_id: objects.get('120210000000000003'),
      value_micros: 9_990_000,
    });
  });

  it('a click id that nobody gave out is kept, and says so', async () => {
    await send(`/p/open?click_id=NOT-OURS&event=purchase&txid=9&amount=5&currency=USD`);
    await drained();
    const row = await database.db
      .selectFrom('postback')
      .select(['outcome', 'reason', 'detail'])
      .where('click_id', '=', 'NOT-OURS')
      .executeTakeFirst();
    expect(row).toEqual({
      outcome: 'unattributed',
      reason: 'unknown_click',
      detail: 'no click is known under the id "NOT-OURS"',
    });
  });
});
