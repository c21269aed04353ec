import { createHash } from 'node:crypto';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { replayForwards } from '../../src/db/forwarding/log.ts';
import { bodyOf, granted, networkBench, OAUTH } from '../support/network-bench.ts';
import { type OutboundFixture, startOutbound } from '../support/outbound-fixture.ts';
import type { GivenAnswer } from '../support/receiver.ts';

/** The network's own interface, on a local server that answers as the network does. */
let ours: OutboundFixture;
beforeAll(async () => {
  ours = await startOutbound();
});
afterAll(() => ours.close());

const { reset, destination, told, only } = networkBench(() => ours);
beforeEach(reset);

const json = (body: unknown): string => JSON.stringify(body);

describe('Google', () => {
  const google = (secrets: Readonly<Record<string, string>> = OAUTH) =>
    destination(
      'google',
      {
        baseUrl: ours.receiver.url,
        tokenUrl: `${ours.receiver.url}/token`,
        accountId: '123-456-7890',
        loginAccountId: '999-888-7777',
        events: { purchase: '555' },
      },
      secrets,
    );
  const receipt: GivenAnswer = { body: json({ requestId: 'req/1' }) };
  const status = (requestStatus: string, more: object = {}): GivenAnswer => ({
    body: json({ requestStatusPerDestination: [{ requestStatus, eventsIngestionStatus: {}, ...more }] }),
  });
  const because = (reason: string): GivenAnswer =>
    status('FAILED', { errorInfo: { errorCounts: [{ recordCount: '1', reason }] } });

  it('is asked for a token, told, and asked what it made of it until it says so', async () => {
    const id = await google();
    const { requests, conversion } = await told('gclid=Cj0K_a-B', granted('ya29'), receipt);
    const [token, ingest] = requests();
    expect(token?.url).toBe('/token');
    expect(Object.fromEntries(new URLSearchParams(token?.body))).toEqual({
      grant_type: 'refresh_token',
      ...OAUTH,
    });
    expect(ingest).toMatchObject({ url: '/v1/events:ingest', headers: { authorization: 'Bearer ya29' } });
    expect(bodyOf(ingest)).toEqual({
      destinations: [
        {
          reference: 'd1',
          operatingAccount: { accountType: 'GOOGLE_ADS', accountId: '1234567890' },
          loginAccount: { accountType: 'GOOGLE_ADS', accountId: '9998887777' },
          productDestinationId: '555',
        },
      ],
      events: [
        {
          destinationReferences: ['d1'],
          transactionId: conversion.id,
          eventTimestamp: conversion.event_at.toISOString(),
          adIdentifiers: { gclid: 'Cj0K_a-B' },
          conversionValue: 42.5,
          currency: 'EUR',
          eventSource: 'WEB',
        },
      ],
      consent: {},
      encoding: 'HEX',
      validateOnly: false,
    });
    expect(await only(id)).toMatchObject({ state: 'sent', receipt: 'req/1', verdict: 'awaited', asks: 0 });

    // Not before half an hour; still at it; then it says so, and is asked no more.
    ours.forwarder.later(29);
    expect(await ours.forwarder.pass()).toMatchObject({ awaited: 1, confirmed: 0, waiting: 0 });
    expect(requests()).toHaveLength(2);
    ours.receiver.answerNext(status('PROCESSING'));
    ours.forwarder.later(1);
    const pass = await ours.forwarder.pass();
    expect(pass).toMatchObject({ awaited: 1, confirmed: 0, nextInMs: 39 * 60_000 });
    expect(pass.sentence).toContain('1 taken and not yet judged');
    expect(requests()[2]).toMatchObject({
      method: 'GET',
      url: '/v1/requestStatus:retrieve?requestId=req%2F1',
      headers: { authorization: 'Bearer ya29' },
    });
    ours.forwarder.later(39);
    // The token has run out meanwhile: a fresh one comes first.
    ours.receiver.answerNext(granted('ya30'), status('SUCCESS'));
    expect(await ours.forwarder.pass()).toMatchObject({ confirmed: 1, awaited: 0, nextInMs: null });
    ours.forwarder.later(24 * 60);
    await ours.forwarder.pass();
    expect(requests()).toHaveLength(5);
    expect(requests()[4]?.headers.authorization).toBe('Bearer ya30');
    const forward = await only(id);
    expect(forward).toMatchObject({
      state: 'sent',
      verdict: 'confirmed',
      asks: 2,
      ask_at: null,
      log: [
        { kind: 'send', verdict: 'delivered' },
        { kind: 'ask', attempt: 1, verdict: 'awaited', status: 200 },
        { kind: 'ask', attempt: 2, verdict: 'confirmed', status: 200 },
      ],
    });
    expect(json(forward)).not.toMatch(/ya29|ya30|one-refresh|three-secret/);
  });

  it('what it refuses later fails with its words, and can be replayed', async () => {
    const id = await google();
    await told('gclid=A', granted('ya29'), receipt);
    ours.receiver.answerNext(because('PROCESSING_ERROR_REASON_INVALID_GCLID'));
    ours.forwarder.later(30);
    expect(await ours.forwarder.pass()).toMatchObject({ failed: 1, awaited: 0 });
    const forward = await only(id);
    expect(forward).toMatchObject({
      state: 'failed',
      reason: 'refused_later',
      verdict: 'refused',
      message: expect.stringContaining('Google refused it later: INVALID_GCLID'),
    });
    await replayForwards(ours.db, { keys: [forward.key], nowMs: ours.workspace.nowMs });
    ours.receiver.answerNext({ body: json({ requestId: 'req/2' }) });
    expect(await ours.settle()).toBe(1);
    expect(await only(id)).toMatchObject({ state: 'sent', receipt: 'req/2', verdict: 'awaited', asks: 0 });
  });

  it('that it had it already counts as confirmed', async () => {
    const id = await google();
    await told('gclid=A', granted('ya29'), receipt);
    ours.receiver.answerNext(because('PROCESSING_ERROR_REASON_DUPLICATE_TRANSACTION_ID'));
    ours.forwarder.later(30);
    expect(await ours.forwarder.pass()).toMatchObject({ confirmed: 1, failed: 0 });
    expect(await only(id)).toMatchObject({
      verdict: 'confirmed',
      log: [{}, { why: expect.stringMatching(/already/) }],
    });
  });

  it('a question without an answer is asked again, and after a day it is said that nobody knows', async () => {
    const id = await google();
    await told('gclid=A', granted('ya29'), receipt);
    // The first token is valid for the first question alone.
    ours.receiver.answerNext(
      { hang: true },
      granted('ya30'),
      { status: 500 },
      { status: 404, body: 'no ya30 here' },
    );
    let passes = 0;
    // A token where one is asked for, and no verdict where one is.
    ours.receiver.answerAll(granted('ya31'));
    try {
      while ((await ours.forwarder.pass()).awaited > 0 && passes < 400) {
        ours.forwarder.later(5);
        passes += 1;
      }
    } finally {
      ours.receiver.answerAll(null);
    }
    const forward = await only(id);
    expect(forward).toMatchObject({ state: 'sent', verdict: 'unknown', ask_at: null });
    expect(forward.message).toContain('within a day');
    expect(forward.log.slice(1, 4).map((one) => [one.kind, one.verdict, one.status])).toEqual([
      ['ask', 'awaited', null],
      ['ask', 'awaited', 500],
      ['ask', 'awaited', 404],
    ]);
    expect(forward.log.length).toBeGreaterThan(20);
    expect(forward.log.length).toBeLessThan(30);
    expect(json(forward)).not.toMatch(/ya29|ya30|ya31/);
  });

  it('is left alone for a minute when it answers nothing but "busy", however many wait for its verdict', async () => {
    await google();
    for (let i = 0; i < 10; i += 1) {
      const clickId = await ours.visit(`gclid=many-${i}`);
      await ours.postback(`click_id=${clickId}&event=purchase&txid=many-${i}&amount=1&currency=EUR`);
    }
    ours.receiver.answerNext(granted('ya29'));
    ours.receiver.answerAll(receipt);
    try {
      expect(await ours.settle()).toBe(10);
      const from = ours.receiver.requests.length;
      ours.receiver.answerAll({ status: 503 });
      ours.forwarder.later(30);
      expect(await ours.forwarder.pass()).toMatchObject({ awaited: 10, nextInMs: 60_000 });
      expect(ours.receiver.requests.length - from).toBe(8);
      ours.receiver.answerAll(status('SUCCESS'));
      ours.forwarder.later(1);
      expect(await ours.forwarder.pass()).toMatchObject({ awaited: 8, confirmed: 2 });
    } finally {
      ours.receiver.answerAll(null);
    }
  });

  it('is told of a conversion without its click id where user ids are e-mail addresses', async () => {
    const id = await destination(
      'google',
      { baseUrl: ours.receiver.url, accountId: '1', userIds: 'email', events: { purchase: '555' } },
      { access_token: 'ya29' },
    );
    const { requests } = await told('fbclid=A', receipt);
    const emailAddress = createHash('sha256').update('ann@example.com').digest('hex');
    const [event] = (bodyOf(requests()[0]) as { events: readonly object[] }).events;
    expect(event).toMatchObject({ userData: { userIdentifiers: [{ emailAddress }] } });
    expect(event).not.toHaveProperty('adIdentifiers');
    expect(await only(id)).toMatchObject({ state: 'sent', verdict: 'awaited' });
  });

  it('a token withdrawn before its time is fetched anew for the next try', async () => {
    const id = await google();
    const { requests } = await told('gclid=A', granted('ya29'), {
      status: 401,
      body: json({ error: { code: 401, status: 'UNAUTHENTICATED', message: 'invalid credentials' } }),
    });
    expect(await only(id)).toMatchObject({ state: 'due', log: [{ verdict: 'retry', status: 401 }] });
    ours.receiver.answerNext(granted('ya30'), receipt);
    ours.forwarder.later(1);
    expect(await ours.settle()).toBe(1);
    expect(requests().at(-1)?.headers.authorization).toBe('Bearer ya30');
  });

  it('a stored token that ran out fails and says so', async () => {
    const id = await google({ access_token: 'ya29' });
    await told('gclid=A', { status: 401, body: '{}' });
    expect(await only(id)).toMatchObject({
      state: 'failed',
      message: expect.stringMatching(/Renew the access token/),
    });
  });

  it('a refused sign-in fails what waits, without the secret', async () => {
    const id = await google();
    await told('gclid=A', { status: 400, body: json({ error: 'invalid_grant one-refresh' }) });
    const forward = await only(id);
    expect(forward).toMatchObject({
      state: 'failed',
      reason: 'not_ready',
      message: expect.stringMatching(/invalid_grant/),
    });
    expect(json(forward)).not.toContain('one-refresh');
  });

  it('a page instead of a receipt fails', async () => {
    const id = await google();
    await told('gclid=A', granted('ya29'), { body: '<html>' });
    expect(await only(id)).toMatchObject({
      state: 'failed',
      message: expect.stringMatching(/not understood: <html>/),
    });
  });

  it('a rate limit rests as long as it asks; a request it cannot read fails', async () => {
    const id = await google();
    const limit = { error: { code: 429, details: [{ '@type': 'RetryInfo', retryDelay: '120s' }] } };
    await told('gclid=A', granted('ya29'), { status: 429, body: json(limit) });
    expect(await only(id)).toMatchObject({ state: 'due', log: [{ verdict: 'retry', status: 429 }] });
    const invalid = {
      error: { code: 400, status: 'INVALID_ARGUMENT', message: 'Invalid conversion action 555' },
    };
    ours.receiver.answerNext({ status: 400, body: json(invalid) });
    ours.forwarder.later(2);
    await ours.settle();
    expect(await only(id)).toMatchObject({
      state: 'failed',
      message: expect.stringMatching(/INVALID_ARGUMENT Invalid conversion action 555/),
    });
  });
});
