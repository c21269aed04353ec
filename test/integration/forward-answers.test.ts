import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { GuardRules } from '../../src/outbound/guard.ts';
import { testDatabase, type TestDatabase } from '../support/database.ts';
import { addPurchase, addressesSaid, forwardsOf, seedDestination } from '../support/forward-facts.ts';
import { LOOPBACK, MINUTE_MS, testForwarder } from '../support/forwarder.ts';
import { type PostbackFacts, type SeededAccount, T0 } from '../support/ingest-facts.ts';
import { IngestFixture } from '../support/ingest-fixture.ts';
import { type Receiver, startReceiver } from '../support/receiver.ts';

let database: TestDatabase;
let fixture: IngestFixture;
let receiver: Receiver;
beforeAll(async () => {
  database = await testDatabase();
  fixture = new IngestFixture(database.db);
  receiver = await startReceiver();
});
afterAll(async () => {
  await receiver.close();
  await database.drop();
});

const forwarder = (options: { guard?: GuardRules } = {}) =>
  testForwarder(database.db, fixture.shop.workspaceId, options);
const purchase = (shop: SeededAccount, facts?: Partial<PostbackFacts>) => addPurchase(fixture, shop, facts);
const since = (from: number) => addressesSaid(receiver, from);

describe('answers', () => {
  async function told(settings: Readonly<Record<string, unknown>> = {}) {
    const shop = await fixture.fresh();
    const from = receiver.requests.length;
    const id = await seedDestination(database.db, {
      ...shop,
      url: `${receiver.url}/pb?cid={click_id}&payout={amount}`,
      nowMs: T0,
      settings,
    });
    await purchase(shop);
    const read = async () => (await forwardsOf(database.db, id))[0];
    return { shop, id, from, read };
  }

  it('a 200 with the failure inside fails, says what TUNE said, and is not tried again', async () => {
    const { read, from } = await told({ success: { statuses: [200], body: { begins: 'success=true' } } });
    const forward = forwarder();
    receiver.answerNext({ status: 200, body: 'success=false; err_msg=Invalid transaction;' });
    expect(await forward.pass()).toMatchObject({ failed: 1, waiting: 0 });
    forward.later(120);
    await forward.pass();
    expect(since(from)).toHaveLength(1);
    expect(await read()).toMatchObject({
      state: 'failed',
      reason: 'refused',
      message: expect.stringContaining('Invalid transaction'),
      log: [{ verdict: 'failed', status: 200 }],
    });
  });

  it('5xx is tried again after a minute, and then delivered', async () => {
    const { read, from } = await told();
    const forward = forwarder();
    receiver.answerNext({ status: 503, body: 'away' });
    expect(await forward.pass()).toMatchObject({ retried: 1, waiting: 1, nextInMs: MINUTE_MS });
    expect(await forward.pass()).toMatchObject({ retried: 0, sent: 0 });
    forward.later(1);
    expect(await forward.pass()).toMatchObject({ sent: 1, waiting: 0 });
    expect(since(from)).toHaveLength(2);
    expect(await read()).toMatchObject({
      state: 'sent',
      attempts: 2,
      log: [{ verdict: 'retry', status: 503, answer: 'away' }, { verdict: 'delivered' }],
    });
  });

  it('429 rests as long as it asks, and the whole destination with it', async () => {
    const { shop, read, from } = await told();
    const forward = forwarder();
    receiver.answerNext({ status: 429, headers: { 'retry-after': '600' } });
    expect(await forward.pass()).toMatchObject({ retried: 1, nextInMs: 10 * MINUTE_MS });
    await purchase(shop);
    forward.later(9);
    expect(await forward.pass()).toMatchObject({ sent: 0, waiting: 2, nextInMs: MINUTE_MS });
    forward.later(1);
    expect(await forward.pass()).toMatchObject({ sent: 2, waiting: 0 });
    expect(since(from)).toHaveLength(3);
    expect((await read())?.log).toMatchObject([{ verdict: 'retry', status: 429 }, { verdict: 'delivered' }]);
  });

  it('a receiver that hangs, one that is not there and a name that leads nowhere are tried again', async () => {
    const shop = await fixture.fresh();
    const gone = await startReceiver();
    await gone.close();
    const ids: string[] = [];
    for (const url of [`${receiver.url}/pb`, `${gone.url}/pb`, 'http://nowhere.invalid/pb'])
      ids.push(await seedDestination(database.db, { ...shop, url: `${url}?cid={click_id}`, nowMs: T0 }));
    await purchase(shop);
    receiver.answerNext({ hang: true });
    expect(await forwarder().pass()).toMatchObject({ retried: 3, waiting: 3, failed: 0 });
    const whys = await Promise.all(ids.map(async (id) => (await forwardsOf(database.db, id))[0]?.log[0]));
    expect(whys).toMatchObject([
      { verdict: 'retry', status: null, why: 'no answer (nothing within 0.4 s)' },
      { verdict: 'retry', why: 'no answer (ECONNREFUSED)' },
      { verdict: 'retry', why: expect.stringMatching(/no answer \((ENOTFOUND|EAI_AGAIN|nothing within)/) },
    ]);
  });

  it('gives up after a day without an answer', async () => {
    const { read } = await told();
    const forward = forwarder();
    receiver.answerAll({ status: 500 });
    try {
      let passes = 0;
      while ((await forward.pass()).waiting > 0 && passes < 60) {
        forward.later(60);
        passes += 1;
      }
    } finally {
      receiver.answerAll(null);
    }
    const forwarded = await read();
    expect(forwarded).toMatchObject({ state: 'given_up', reason: 'no_answer' });
    expect(forwarded?.log.length).toBeGreaterThan(20);
    expect(forwarded?.log.at(-1)).toMatchObject({ verdict: 'given_up' });
  });

  it('a redirect is not followed', async () => {
    const { read, from } = await told();
    receiver.answerNext({ status: 302, headers: { location: `${receiver.url}/elsewhere` } });
    expect(await forwarder().pass()).toMatchObject({ failed: 1 });
    expect(since(from)).toHaveLength(1);
    expect(await read()).toMatchObject({ state: 'failed', message: expect.stringContaining('not followed') });
  });

  it('a receiver that is down is left alone after three misses, and another one is served meanwhile', async () => {
    const shop = await fixture.fresh();
    const down = await startReceiver();
    down.answerAll({ hang: true });
    const bad = await seedDestination(database.db, {
      ...shop,
      url: `${down.url}/pb?c={click_id}`,
      nowMs: T0,
    });
    const good = await seedDestination(database.db, {
      ...shop,
      url: `${receiver.url}/pb?c={click_id}`,
      nowMs: T0,
    });
    for (let i = 0; i < 12; i += 1) await purchase(shop);
    const forward = forwarder();
    expect(await forward.pass()).toMatchObject({ sent: 12, waiting: 12 });
    // Four are on their way at once; the rest are not begun.
    expect(down.requests.length).toBeLessThanOrEqual(6);
    expect((await forwardsOf(database.db, good)).every((one) => one.state === 'sent')).toBe(true);
    down.answerAll(null);
    forward.later(1);
    expect(await forward.pass()).toMatchObject({ sent: 12, waiting: 0 });
    expect((await forwardsOf(database.db, bad)).every((one) => one.state === 'sent')).toBe(true);
    await down.close();
  });
});

describe('the guard', () => {
  it('refuses loopback unless it is allowed, a name that leads there, and our own server although it is', async () => {
    const shop = await fixture.fresh();
    const from = receiver.requests.length;
    const id = await seedDestination(database.db, {
      ...shop,
      url: `${receiver.url}/pb?c={click_id}`,
      nowMs: T0,
    });
    const named = await seedDestination(database.db, {
      ...shop,
      url: `http://localhost:${receiver.port}/pb?c={click_id}`,
      nowMs: T0,
    });
    await purchase(shop);
    const closed: GuardRules = { ownHosts: [], ownAddresses: [], allowed: [] };
    expect(await forwarder({ guard: closed }).pass()).toMatchObject({ failed: 2, sent: 0 });
    const own: GuardRules = {
      ...LOOPBACK,
      ownHosts: [`127.0.0.1:${receiver.port}`],
      allowed: ['127.0.0.0/8', '::1/128'],
    };
    await database.db
      .updateTable('forward')
      .set({ state: 'due', next_at: new Date(T0) })
      .where('workspace_id', '=', shop.workspaceId)
      .execute();
    expect(await forwarder({ guard: own }).pass()).toMatchObject({ failed: 2, sent: 0 });
    expect(since(from)).toEqual([]);
    for (const one of [...(await forwardsOf(database.db, id)), ...(await forwardsOf(database.db, named))])
      expect(one).toMatchObject({
        state: 'failed',
        reason: 'refused_address',
        message: expect.stringContaining('circle'),
      });
  });
});

describe('a worker that ends', () => {
  it('between sending and keeping the answer costs one more send at most, and the log says so', async () => {
    const shop = await fixture.fresh();
    const from = receiver.requests.length;
    const id = await seedDestination(database.db, {
      ...shop,
      url: `${receiver.url}/pb?c={click_id}`,
      nowMs: T0,
    });
    await purchase(shop);
    // What the worker left: sent, and its row not completed.
    const forward = forwarder();
    await forward.pass();
    await database.db
      .updateTable('forward')
      .set({ state: 'sending', taken_wall_at: new Date(forward.clock.nowMs), settled_at: null })
      .where('destination_id', '=', id)
      .execute();
    const key = (await forwardsOf(database.db, id))[0]?.key ?? '';
    await database.db
      .updateTable('forward_attempt')
      .set({ verdict: null, status: null })
      .where('forward_key', '=', key)
      .execute();
    // Another worker still has it for all that is known: it is looked at again in half a minute.
    expect(await forward.pass()).toMatchObject({ sent: 0, waiting: 1, nextInMs: MINUTE_MS / 2 + 1 });
    forward.later(1.1);
    expect(await forward.pass()).toMatchObject({ sent: 0, waiting: 1 });
    forward.later(1.1);
    expect(await forward.pass()).toMatchObject({ sent: 1, waiting: 0 });
    forward.later(600);
    await forward.pass();
    expect(since(from)).toHaveLength(2);
    expect((await forwardsOf(database.db, id))[0]?.log).toMatchObject([
      { attempt: 1, verdict: 'unknown', why: expect.stringContaining('the receiver may have it') },
      { attempt: 2, verdict: 'delivered' },
    ]);
  });

  it('two workers at once send each once', async () => {
    const shop = await fixture.fresh();
    const from = receiver.requests.length;
    await seedDestination(database.db, { ...shop, url: `${receiver.url}/pb?c={click_id}`, nowMs: T0 });
    for (let i = 0; i < 20; i += 1) await purchase(shop);
    const results = await Promise.all([forwarder().pass(), forwarder().pass(), forwarder().pass()]);
    expect(results.reduce((sum, result) => sum + result.sent, 0)).toBe(20);
    expect(new Set(since(from)).size).toBe(20);
    expect(since(from)).toHaveLength(20);
  });
});
