import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { drainBatch } from '../../src/db/ingest/drain-batch.ts';
import { addSource } from '../../src/db/sources.ts';
import { sourceProfile, sourceProfiles } from '../../src/sources/registry.ts';
import { testDatabase, type TestDatabase } from '../support/database.ts';
import { addObject, type SeededAccount } from '../support/ingest-facts.ts';
import {
  MARKET_MS,
  seedTrackedAccount,
  seedTracking,
  startTestServer,
  type TestServer,
  until,
} from '../support/tracking.ts';

/**
 * Of thirty things that a naive receiver gets wrong, those about storing, answering and crediting, over real HTTP. Those
 * about reading a request stand in test/unit/sources/thirty-rules.test.ts, by the same numbers.
 */
let database: TestDatabase;
let server: TestServer;
const account: SeededAccount = {
  workspaceId: 'w1',
  accountId: 'acc',
  sourceId: 'open',
  zone: 'UTC',
  objects: new Map(),
};
const calm = sourceProfiles().filter((profile) => profile.answers === 'always-200');

beforeAll(async () => {
  database = await testDatabase();
  const { db } = database;
  await seedTracking(db);
  await seedTrackedAccount(db);
  for (const campaign of ['c1', 'c2']) {
    await addObject(db, account, { level: 'campaign', networkId: campaign });
    await addObject(db, account, { level: 'ad', networkId: `a-${campaign}`, campaign });
  }
  for (const { id } of sourceProfiles())
    await addSource(db, {
      id: `of-${id}`,
      workspaceId: 'w1',
      profile: id,
      name: id,
      key: null,
      secretKey: null,
      nowMs: MARKET_MS,
    });
  await db.updateTable('link').set({ account_id: 'acc' }).execute();
  await db
    .insertInto('link')
    .values({
      id: 'searched',
      workspace_id: 'w1',
      network: 'google',
      name: 'Searched',
      target_url: 'https://shop.example.com/',
      created_at: new Date(MARKET_MS),
    })
    .execute();
  server = await startTestServer(database.url);
});
afterAll(async () => {
  await server.close();
  await database.drop();
});

async function visit(path: string) {
  const response = await fetch(`${server.base}${path}`, { redirect: 'manual' });
  const { searchParams } = new URL(response.headers.get('location') ?? '');
  const id = searchParams.get('cid') ?? searchParams.get('click_id') ?? '';
  return await until(
    () => database.db.selectFrom('click').selectAll().where('id', '=', id).executeTakeFirst(),
    'the click is stored',
  );
}

async function call(path: string, init: RequestInit = {}) {
  const response = await fetch(`${server.base}${path}`, { redirect: 'manual', ...init });
  return { status: response.status, text: await response.text() };
}

async function conversionsOf(sourceId: string) {
  await drainBatch(database.db, { shard: 'all', limit: 500, wallMs: Date.now() });
  return await database.db
    .selectFrom('conversion')
    .selectAll()
    .where('source_id', '=', sourceId)
    .orderBy('received_at')
    .execute();
}

describe('rules of clicks and of crediting', () => {
  it('2: an id that comes under several campaigns is a key of none of them: both visits stay, the newer one earns', async () => {
    const first = await visit('/c/shoes?campaign_id=c1&ad_id=a-c1&fbclid=session-55');
    const second = await visit('/c/shoes?campaign_id=c2&ad_id=a-c2&fbclid=session-55');
    expect(first.id).not.toBe(second.id);
    expect(first.network_click_id).toBe(second.network_click_id);
    await call('/p/of-cake?r=session-55&t=t-1&p=4');
    expect(await conversionsOf('of-cake')).toMatchObject([
      { click_id: second.id, counted: true, object_id: account.objects.get('a-c2') },
    ]);
  });

  it('5: two purchases of one click without a transaction id are two, and an empty one is none', async () => {
    const { id } = await visit('/c/shoes?campaign_id=c1&ad_id=a-c1');
    for (const amount of ['5', '6'])
      expect((await call(`/p/of-generic?click_id=${id}&event=purchase&txid=&amount=${amount}`)).status).toBe(
        200,
      );
    expect(await conversionsOf('of-generic')).toMatchObject([
      { txid: null, counted: true, value_micros: 5_000_000 },
      { txid: null, counted: true, value_micros: 6_000_000 },
    ]);
  });

  it('7: a payout of 0 is a conversion with the value 0, one without a payout has none', async () => {
    const { id } = await visit('/c/shoes?campaign_id=c1&ad_id=a-c1');
    await call(`/p/of-bemob?cid=${id}&payout=0&txid=zero`);
    await call(`/p/of-bemob?cid=${id}&txid=bare`);
    expect(await conversionsOf('of-bemob')).toMatchObject([
      { txid: 'zero', counted: true, value_micros: 0 },
      { txid: 'bare', counted: true, value_micros: null },
    ]);
  });

  it('16: a click id is the same to its last capital, or another', async () => {
    const { id } = await visit('/c/shoes?campaign_id=c1&ad_id=a-c1&fbclid=IwAR0aBcD');
    await call('/p/open?click_id=iwar0abcd&event=purchase&txid=small');
    await call('/p/open?CLICK_ID=IwAR0aBcD&Event=purchase&txid=exact');
    const rows = await conversionsOf('open');
    expect(rows.map((row) => [row.txid, row.counted, row.click_id])).toEqual([
      ['small', false, 'iwar0abcd'],
      ['exact', true, id],
    ]);
  });

  it('17: of several networks’ ids all are stored, and the link’s own network decides which counts, not utm_source', async () => {
    const ids = 'utm_source=tiktok&ttclid=t&fbclid=f&msclkid=m&gbraid=b&gclid=g&click_id=n';
    const all = { ttclid: 't', fbclid: 'f', msclkid: 'm', gbraid: 'b', gclid: 'g', utm_source: 'tiktok' };
    const meta = await visit(`/c/shoes?${ids}`);
    expect(meta).toMatchObject({ network_click_param: 'fbclid', network_click_id: 'f', params: all });
    const google = await visit(`/c/searched?${ids}`);
    expect(google).toMatchObject({ network_click_param: 'gclid', network_click_id: 'g', params: all });
  });

  it.each(['fbclid=N', 'fbclid=', 'fbclid=null', 'fbclid=undefined', 'fbclid=0', 'fbclid=-'])(
    '18: %s is none of a click either',
    async (query) => {
      expect(await visit(`/c/shoes?ad_id=a-c1&${query}`)).toMatchObject({
        network_click_id: null,
        network_click_param: null,
      });
    },
  );

  it('27: a rejected install comes like a good one, is kept, and counts nowhere', async () => {
    const { id } = await visit('/c/shoes?campaign_id=c1&ad_id=a-c1');
    const install = `clickid=${id}&event_name=install&appsflyer_id=`;
    await call(`/p/of-appsflyer?${install}u1`);
    await call(`/p/of-appsflyer?${install}u2&is_rejected=1&reject_reason=bots`);
    const adjust = await visit('/c/shoes?campaign_id=c1&ad_id=a-c1');
    await call(`/p/of-adjust?click_id=${adjust.id}&activity_kind=rejected_install&adid=d1`);
    const rows = [...(await conversionsOf('of-appsflyer')), ...(await conversionsOf('of-adjust'))];
    expect(rows.map((row) => [row.event_type, row.status, row.counted])).toEqual([
      ['install', 'approved', true],
      ['install', 'rejected', false],
      ['install', 'rejected', false],
    ]);
  });
});

describe('rules of answering', () => {
  it.each(calm.map(({ id }) => id))(
    '22, 24: %s hears 200 whatever it sends, at once and with nobody judging',
    async (id) => {
      const name = sourceProfile(id)?.names.clickId[0] ?? '';
      const path = `/p/of-${id}?${name}=never-given-${id}&tid=1&txid=1&transaction_id=1`;
      const started = Date.now();
      const answers = [
        await call(path),
        await call(path),
        await call(`/p/of-${id}?nothing=1`),
        await call(`/p/of-${id}?${name}=%7Bclick%7D`),
        await call(`/p/of-${id}`, {
          method: 'POST',
          body: '{"broken',
          headers: { 'content-type': 'application/json' },
        }),
      ];
      expect(answers.map(({ status }) => status)).toEqual([200, 200, 200, 200, 200]);
      // Branch waits two seconds for one.
      expect(Date.now() - started).toBeLessThan(5 * 2_000);
    },
  );

  it('23: no spelling of an address is answered by a redirect, which Adjust would not follow', async () => {
    const query = 'click_id=c&activity_kind=install&adid=d';
    const spellings = [
      `/p/of-adjust/?${query}`,
      `/p/OF-ADJUST?${query}`,
      `//p/of-adjust?${query}`,
      `/p//of-adjust?${query}`,
      `/p/of-adjust?${query}#x`,
      `/p?${query}`,
      `/p/?${query}`,
    ];
    for (const headers of [{}, { 'x-forwarded-proto': 'http' }])
      for (const path of spellings) {
        const { status } = await call(path, { headers });
        expect([path, status >= 300 && status < 400]).toEqual([path, false]);
      }
  });

  it('26: 200 means kept, not counted: what becomes of it changes its row, never the answer', async () => {
    const answer = await call('/p/of-affise?clickid=never-given-26&action_id=x26&sum=3');
    expect(answer.status).toBe(200);
    const row = () =>
      database.db
        .selectFrom('postback')
        .select(['outcome', 'reason'])
        .where('click_id', '=', 'never-given-26')
        .execute();
    expect(await row()).toEqual([{ outcome: 'accepted', reason: null }]);
    await conversionsOf('of-affise');
    expect(await row()).toEqual([{ outcome: 'unattributed', reason: 'unknown_click' }]);
    // The same words again, though by now it is known to be nobody's.
    expect((await call('/p/of-affise?clickid=never-given-26b&action_id=y26&sum=3')).status).toBe(200);
  });
});
