import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createForwardActivities } from '../../activities/forward.ts';
import { destinationOf, openDestination } from '../../src/destination-access.ts';
import type { GuardRules } from '../../src/outbound/guard.ts';
import { sendRequest } from '../../src/outbound-send.ts';
import { testDatabase, type TestDatabase } from '../support/database.ts';
import { forwardsOf, seedDestination } from '../support/forward-facts.ts';
import { addClick, addPostback, type SeededAccount, T0 } from '../support/ingest-facts.ts';
import { IngestFixture } from '../support/ingest-fixture.ts';
import { type Receiver, startReceiver } from '../support/receiver.ts';
import { SECRET_KEY } from '../support/seed-account.ts';

const MINUTE_MS = 60_000;
const LOOPBACK: GuardRules = { ownHosts: [], ownAddresses: [], allowed: ['127.0.0.1/32'] };

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

/** A forwarder on a clock that the test moves; wall and workspace run together. */
function forwarder(options: { guard?: GuardRules; timeoutMs?: number } = {}) {
  const guard = options.guard ?? LOOPBACK;
  const clock = { nowMs: T0 + 60 * MINUTE_MS };
  const errors: string[] = [];
  const activities = createForwardActivities({
    db: database.db,
    openDestination: (row, withSecrets) => {
      if (withSecrets) return openDestination(SECRET_KEY, row);
      const reading = destinationOf(row, {});
      if (!reading.ok) throw new Error(reading.problems.join('; '));
      return reading.destination;
    },
    send: (request) =>
      sendRequest(request, { guard, wallNowMs: () => clock.nowMs, timeoutMs: options.timeoutMs ?? 400 }),
    guard,
    wallNowMs: () => clock.nowMs,
    beat: () => ({ stop: false }),
    log: { error: (_facts, message) => void errors.push(message) },
  });
  return {
    clock,
    errors,
    later: (minutes: number) => void (clock.nowMs += minutes * MINUTE_MS),
    pass: () => activities.forward({ workspaceId: fixture.shop.workspaceId, forMs: 10_000 }),
  };
}

/** A click and its purchase, drained into a conversion. */
async function purchase(
  shop: SeededAccount,
  facts: Partial<Parameters<typeof addPostback>[2]> = {},
): Promise<void> {
  const click = await addClick(database.db, shop, { atMs: T0, ad: 'a1', networkClickId: 'IwAR-1' });
  await addPostback(database.db, shop, {
    atMs: T0 + 5 * MINUTE_MS,
    clickId: click,
    amount: 42.5,
    key: `order-${click}`,
    ...facts,
  });
  await fixture.drain();
}

const since = (from: number) => receiver.requests.slice(from).map((request) => request.url);

describe('from a conversion to an answer', () => {
  it('notes nothing where no destination is in use', async () => {
    const shop = await fixture.fresh();
    await purchase(shop);
    const id = await seedDestination(database.db, { ...shop, url: `${receiver.url}/pb`, nowMs: T0 });
    await database.db.updateTable('destination').set({ enabled: false }).where('id', '=', id).execute();
    await purchase(shop);
    expect(await database.db.selectFrom('forward_inbox').selectAll().execute()).toEqual([]);
    expect(await forwarder().pass()).toMatchObject({ inUse: false, changes: 0, sent: 0 });
  });

  it('tells an approved conversion once, with what its click brought, and logs it without the secret', async () => {
    const shop = await fixture.fresh();
    const from = receiver.requests.length;
    const id = await seedDestination(database.db, {
      ...shop,
      nowMs: T0,
      url: `${receiver.url}/pb?cid={click_id}&payout={amount}&cur={currency}&ad={click.ad_id}&set={click.adset_id}&camp={click.campaign_id}&tok={secret.token}&none={click.sub9}`,
      settings: { events: { purchase: 'sale' }, sources: [shop.sourceId] },
      secrets: { token: 's3cr&t' },
    });
    await purchase(shop, { status: 'pending' });
    const forward = forwarder();
    expect(await forward.pass()).toMatchObject({ inUse: true, changes: 1, sent: 0, waiting: 0 });
    expect(await forwardsOf(database.db, id)).toMatchObject([
      { state: 'not_sent', reason: 'stage_not_forwarded', log: [] },
    ]);
    const [conversion] = await fixture.conversions();
    await addPostback(database.db, shop, {
      atMs: T0 + 6 * MINUTE_MS,
      clickId: conversion?.click_id ?? '',
      amount: 42.5,
      key: `order-${conversion?.click_id}`,
      eventAtMs: T0 + 6 * MINUTE_MS,
    });
    await fixture.drain();
    expect(await forward.pass()).toMatchObject({ sent: 1, waiting: 0, nextInMs: null });
    // Said again, in other words: nothing new for the receiver.
    await database.db
      .insertInto('forward_inbox')
      .values({
        workspace_id: shop.workspaceId,
        conversion_id: conversion?.id ?? '',
        postback_id: conversion?.id ?? '',
        known_from: new Date(T0),
      })
      .execute();
    expect(await forward.pass()).toMatchObject({ changes: 1, sent: 0 });
    expect(since(from)).toEqual([
      `/pb?cid=${conversion?.click_id}&payout=42.5&cur=USD&ad=a1&set=s1&camp=c1&tok=s3cr%26t`,
    ]);
    const [told, ...rest] = await forwardsOf(database.db, id);
    expect(rest).toEqual([]);
    expect(told).toMatchObject({
      state: 'sent',
      event: 'sale',
      status: 'approved',
      amount_micros: 42_500_000,
      attempts: 1,
      log: [{ verdict: 'delivered', status: 200, answer: 'OK', attempt: 1 }],
    });
    expect(told?.log[0]?.url).toContain('tok=[token]');
    expect(JSON.stringify(told)).not.toMatch(/s3cr/);
  });

  it('what is for another source or another event leaves no row, a test conversion one that says so', async () => {
    const shop = await fixture.fresh();
    const url = `${receiver.url}/pb?cid={click_id}`;
    const other = await seedDestination(database.db, {
      ...shop,
      url,
      nowMs: T0,
      settings: { sources: ['other'] },
    });
    const unnamed = await seedDestination(database.db, {
      ...shop,
      url,
      nowMs: T0,
      settings: { events: { lead: 'Lead' } },
    });
    const test = await seedDestination(database.db, { ...shop, url, nowMs: T0 });
    await purchase(shop, { test: true });
    await forwarder().pass();
    expect(await forwardsOf(database.db, other)).toEqual([]);
    expect(await forwardsOf(database.db, unnamed)).toEqual([]);
    expect(await forwardsOf(database.db, test)).toMatchObject([
      { state: 'not_sent', reason: 'test_conversion' },
    ]);
  });
});

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

describe('a conversion that goes on changing', () => {
  it('tells each stage to who wants each, and an overtaken one never after the newer', async () => {
    const shop = await fixture.fresh();
    const from = receiver.requests.length;
    const id = await seedDestination(database.db, {
      ...shop,
      url: `${receiver.url}/pb?s={status}&a={amount}`,
      nowMs: T0,
      settings: { stages: 'every' },
    });
    const click = await addClick(database.db, shop, { atMs: T0, ad: 'a1' });
    const say = async (status: string, minute: number) => {
      await addPostback(database.db, shop, {
        atMs: T0 + minute * MINUTE_MS,
        eventAtMs: T0 + minute * MINUTE_MS,
        clickId: click,
        status,
        amount: 10,
        key: 'order',
      });
      await fixture.drain();
    };
    const forward = forwarder();
    await say('pending', 1);
    receiver.answerNext({ status: 500 });
    expect(await forward.pass()).toMatchObject({ retried: 1 });
    await say('approved', 2);
    expect(await forward.pass()).toMatchObject({ sent: 1, waiting: 0 });
    await say('reversed', 3);
    await forward.pass();
    await say('approved', 4);
    await forward.pass();
    forward.later(30);
    await forward.pass();
    expect(since(from)).toEqual([
      '/pb?s=pending&a=10',
      '/pb?s=approved&a=10',
      '/pb?s=reversed&a=10',
      '/pb?s=approved&a=10',
    ]);
    const states = (await forwardsOf(database.db, id)).map((one) => [one.status, one.state, one.reason]);
    expect(states).toEqual([
      ['pending', 'not_sent', 'overtaken'],
      ['reversed', 'sent', null],
      ['approved', 'sent', null],
    ]);
  });

  it('takes back before it was sent what was reversed meanwhile', async () => {
    const shop = await fixture.fresh();
    const from = receiver.requests.length;
    const id = await seedDestination(database.db, {
      ...shop,
      url: `${receiver.url}/pb?s={status}`,
      nowMs: T0,
    });
    const click = await addClick(database.db, shop, { atMs: T0, ad: 'a1' });
    const facts = { clickId: click, amount: 10, key: 'order' };
    await addPostback(database.db, shop, { ...facts, atMs: T0 + MINUTE_MS, eventAtMs: T0 + MINUTE_MS });
    await fixture.drain();
    const forward = forwarder();
    receiver.answerNext({ status: 500 });
    await forward.pass();
    await addPostback(database.db, shop, {
      ...facts,
      atMs: T0 + 2 * MINUTE_MS,
      eventAtMs: T0 + 2 * MINUTE_MS,
      status: 'reversed',
    });
    await fixture.drain();
    forward.later(60);
    expect(await forward.pass()).toMatchObject({ sent: 0, waiting: 0 });
    expect(since(from)).toHaveLength(1);
    expect((await forwardsOf(database.db, id)).map((one) => [one.state, one.reason])).toEqual([
      ['not_sent', 'stage_not_forwarded'],
      ['not_sent', 'stage_not_forwarded'],
    ]);
  });
});

describe('consent', () => {
  it('a refusal in a postback or on a click is kept with the conversion and obeyed; none said is no refusal', async () => {
    const shop = await fixture.fresh();
    const from = receiver.requests.length;
    const id = await seedDestination(database.db, {
      ...shop,
      url: `${receiver.url}/pb?c={click_id}`,
      nowMs: T0,
    });
    await purchase(shop);
    const first = await fixture.conversions();
    const refusedByPostback = await addClick(database.db, shop, { atMs: T0, ad: 'a1' });
    const message = await addPostback(database.db, shop, {
      atMs: T0 + MINUTE_MS,
      clickId: refusedByPostback,
      key: 'refused',
    });
    await database.db
      .updateTable('postback')
      .set({ consent_user_data: false })
      .where('id', '=', message)
      .execute();
    const refusedByClick = await addClick(database.db, shop, { atMs: T0, ad: 'a1' });
    await database.db
      .updateTable('click')
      .set({ params: JSON.stringify({ ad_user_data: 'denied' }) })
      .where('id', '=', refusedByClick)
      .execute();
    await addPostback(database.db, shop, {
      atMs: T0 + MINUTE_MS,
      clickId: refusedByClick,
      key: 'refused too',
    });
    await fixture.drain();
    expect(await forwarder().pass()).toMatchObject({ changes: 3, sent: 1, failed: 0 });
    expect(since(from)).toEqual([`/pb?c=${first[0]?.click_id}`]);
    const reasons = (await forwardsOf(database.db, id)).map((one) => one.reason ?? 'sent');
    expect(reasons.toSorted((a, b) => a.localeCompare(b))).toEqual(['no_consent', 'no_consent', 'sent']);
    // It outlives the message that said it.
    await database.db.deleteFrom('postback').where('id', '=', message).execute();
    expect(
      await database.db
        .selectFrom('conversion_consent')
        .select(['ad_user_data', 'ad_personalization'])
        .where('conversion_id', '=', message)
        .execute(),
    ).toEqual([{ ad_user_data: false, ad_personalization: null }]);
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
    // Another worker still has it for all that is known: it is looked at again in a minute.
    expect(await forward.pass()).toMatchObject({ sent: 0, waiting: 1, nextInMs: MINUTE_MS + 1 });
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
