import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { dropAttemptsBefore } from '../../src/db/forwarding/log.ts';
import type { GuardRules } from '../../src/outbound/guard.ts';
import { testDatabase, type TestDatabase } from '../support/database.ts';
import { addPurchase, addressesSaid, forwardsOf, seedDestination } from '../support/forward-facts.ts';
import { MINUTE_MS, testForwarder } from '../support/forwarder.ts';
import {
  addClick,
  addPostback,
  type PostbackFacts,
  type SeededAccount,
  T0,
} from '../support/ingest-facts.ts';
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
    // What was said about the person goes with the raw postbacks; that it was told stays.
    expect(await dropAttemptsBefore(database.db, shop.workspaceId, forward.clock.nowMs)).toBe(0);
    expect(await dropAttemptsBefore(database.db, shop.workspaceId, forward.clock.nowMs + 1)).toBe(1);
    expect(await forwardsOf(database.db, id)).toMatchObject([{ state: 'sent', log: [] }]);
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
