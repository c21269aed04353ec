import { createHash } from 'node:crypto';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { changeDestination } from '../../src/db/forwarding/destinations.ts';
import { replayForwards } from '../../src/db/forwarding/log.ts';
import { sealSecrets } from '../../src/destination-access.ts';
import { bodyOf, networkBench } from '../support/network-bench.ts';
import { type OutboundFixture, startOutbound, VISITOR } from '../support/outbound-fixture.ts';
import type { GivenAnswer } from '../support/receiver.ts';
import { SECRET_KEY } from '../support/seed-account.ts';

/** The network's own interface, on a local server that answers as the network does. */
let ours: OutboundFixture;
beforeAll(async () => {
  ours = await startOutbound();
});
afterAll(() => ours.close());

const { reset, destination, told, only } = networkBench(() => ours);
beforeEach(reset);

const json = (body: unknown): string => JSON.stringify(body);
const sha256 = (text: string): string => createHash('sha256').update(text).digest('hex');
const seconds = (at: Date): number => Math.floor(at.getTime() / 1_000);

describe('Meta', () => {
  const meta = (token = 'EAAB-secret') =>
    destination(
      'meta',
      { baseUrl: ours.receiver.url, pixelId: '1234567890', events: { purchase: 'Purchase' } },
      { access_token: token },
    );
  const took = { body: json({ events_received: 1, messages: [], fbtrace_id: 'AbCd' }) };
  const refused = (error: object): GivenAnswer => ({
    status: 400,
    body: json({ error: { message: 'm', type: 'OAuthException', fbtrace_id: 'x', ...error } }),
  });

  it('gets the event with hashes of who it was and the click as it came', async () => {
    const id = await meta();
    const { order, requests, conversion } = await told('fbclid=IwAR0_a-B', took);
    const [request] = requests();
    expect(request).toMatchObject({
      method: 'POST',
      url: '/v26.0/1234567890/events?access_token=EAAB-secret',
      headers: { 'content-type': 'application/json' },
    });
    expect(bodyOf(request)).toEqual({
      data: [
        {
          event_name: 'Purchase',
          event_time: seconds(conversion.event_at),
          event_id: conversion.id,
          action_source: 'website',
          event_source_url: 'https://shop.example.com/shoes',
          user_data: {
            external_id: [sha256('ann@example.com')],
            fbc: `fb.1.${conversion.clicked_at?.getTime()}.IwAR0_a-B`,
            client_ip_address: VISITOR.ip,
            client_user_agent: VISITOR.userAgent,
          },
          custom_data: { value: 42.5, currency: 'EUR', order_id: order },
        },
      ],
    });
    const forward = await only(id);
    expect(forward).toMatchObject({ state: 'sent', receipt: 'AbCd', verdict: null });
    expect(json(forward)).not.toContain('EAAB-secret');
  });

  it('gets the hash as that of an e-mail address where user ids are addresses; TikTok too', async () => {
    const email = sha256('ann@example.com');
    const settings = { baseUrl: ours.receiver.url, userIds: 'email', events: { purchase: 'Purchase' } };
    await destination('meta', { ...settings, pixelId: '1' }, { access_token: 'EAAB-secret' });
    const first = await told('fbclid=A', took);
    expect(bodyOf(first.requests()[0])).toMatchObject({
      data: [{ user_data: { em: [email], external_id: [email] } }],
    });
    await reset();
    await destination('tiktok', { ...settings, eventSourceId: 'C' }, { access_token: 'tt-secret' });
    const second = await told('ttclid=E', { body: json({ code: 0 }) });
    expect(bodyOf(second.requests()[0])).toMatchObject({ data: [{ user: { email, external_id: [email] } }] });
  });

  it('a token that ran out fails, says so, and is sent by a replay with a new one', async () => {
    const id = await meta();
    const { requests } = await told('fbclid=A', refused({ code: 190, error_subcode: 463 }));
    const forward = await only(id);
    expect(forward).toMatchObject({
      state: 'failed',
      reason: 'refused',
      message: expect.stringMatching(/190\/463.*Renew the access token/s),
    });
    await changeDestination(ours.db, id, {
      name: 'Meta',
      settings: { baseUrl: ours.receiver.url, pixelId: '1234567890', events: { purchase: 'Purchase' } },
      secretsSealed: sealSecrets(SECRET_KEY, id, { access_token: 'EAAB-new' }),
      secretNames: ['access_token'],
      enabled: true,
      nowMs: ours.workspace.nowMs,
    });
    await replayForwards(ours.db, { keys: [forward.key], nowMs: ours.workspace.nowMs });
    ours.receiver.answerNext(took);
    expect(await ours.settle()).toBe(1);
    expect(requests()[1]?.url).toContain('access_token=EAAB-new');
    expect(await only(id)).toMatchObject({ state: 'sent', log: [{ status: 400 }, { verdict: 'delivered' }] });
  });

  it('a rate limit, said with status 400, waits its minute', async () => {
    const id = await meta();
    await told('fbclid=A', refused({ code: 17, error_subcode: 2446079, is_transient: true }), took);
    expect(await only(id)).toMatchObject({ state: 'due', log: [{ verdict: 'retry', status: 400 }] });
    ours.forwarder.later(1);
    expect(await ours.settle()).toBe(1);
    expect(await only(id)).toMatchObject({ state: 'sent', attempts: 2 });
  });

  it.each([
    ['an event that is too old', refused({ code: 100, error_subcode: 2804003 }), '100/2804003'],
    ['a 200 that took none', { body: json({ events_received: 0, messages: ['dropped'] }) }, 'took no event'],
    ['a page instead of an answer', { body: '<html>welcome</html>' }, '<html>welcome'],
  ])('%s fails with its words', async (_what, answer, words) => {
    const id = await meta();
    await told('fbclid=A', answer);
    expect(await only(id)).toMatchObject({ state: 'failed', message: expect.stringContaining(words) });
  });
});

describe('TikTok', () => {
  const tiktok = () =>
    destination(
      'tiktok',
      { baseUrl: ours.receiver.url, eventSourceId: 'CABCDEF0123', events: { purchase: 'Purchase' } },
      { access_token: 'tt-secret' },
    );
  const envelope = (code: number, message: string): GivenAnswer => ({
    body: json({ code, message, request_id: '20261105A', data: {} }),
  });

  it('gets the event, token in its header', async () => {
    const id = await tiktok();
    const { order, requests, conversion } = await told('ttclid=E.C.P.abc', envelope(0, 'OK'));
    const [request] = requests();
    expect(request).toMatchObject({
      method: 'POST',
      url: '/open_api/v1.3/event/track/',
      headers: { 'access-token': 'tt-secret', 'content-type': 'application/json' },
    });
    expect(bodyOf(request)).toEqual({
      event_source: 'web',
      event_source_id: 'CABCDEF0123',
      data: [
        {
          event: 'Purchase',
          event_time: seconds(conversion.event_at),
          event_id: conversion.id,
          user: {
            ttclid: 'E.C.P.abc',
            external_id: [sha256('ann@example.com')],
            ip: VISITOR.ip,
            user_agent: VISITOR.userAgent,
          },
          properties: { currency: 'EUR', value: 42.5, order_id: order },
          page: { url: 'https://shop.example.com/shoes' },
        },
      ],
    });
    expect(await only(id)).toMatchObject({ state: 'sent', receipt: '20261105A' });
  });

  it('is slow down with status 200: it waits; then taken', async () => {
    const id = await tiktok();
    await told('ttclid=E', envelope(40_100, 'Requests made too frequently.'), envelope(0, 'OK'));
    expect(await only(id)).toMatchObject({ state: 'due', log: [{ verdict: 'retry', status: 200 }] });
    ours.forwarder.later(1);
    expect(await ours.settle()).toBe(1);
  });

  it.each([
    ['an expired token', envelope(40_102, 'Access token expired'), /40102.*Renew the access token/s],
    ['a hash that is none', envelope(40_062, 'PII not hashed'), /40062 PII not hashed/],
    ['part of the request refused', envelope(20_001, 'Partial success'), /20001 Partial success/],
    ['no envelope', { body: 'oops' }, /not understood: oops/],
  ])('%s fails with its words', async (_what, answer, words) => {
    const id = await tiktok();
    await told('ttclid=E', answer);
    expect(await only(id)).toMatchObject({ state: 'failed', message: expect.stringMatching(words) });
  });
});
