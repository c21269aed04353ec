import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createTokens } from '../../../src/outbound-token.ts';
import { sendRequest } from '../../../src/outbound-send.ts';
import { readToken, tokenRequest } from '../../../src/outbound/access-token.ts';
import type { Destination } from '../../../src/outbound/destination.ts';
import { type Receiver, startReceiver } from '../../support/receiver.ts';
import { FORWARDING, HOMES, NOW, template } from './support.ts';

const SECRETS = { refresh_token: 'r/1', client_id: 'c 2', client_secret: 's&3', developer_token: 'd' };
const google: Destination = {
  ...FORWARDING,
  kind: 'google',
  ...HOMES.google,
  accountId: '1',
  loginAccountId: null,
  eventSource: 'WEB',
  secrets: SECRETS,
};
const microsoft: Destination = {
  ...FORWARDING,
  kind: 'microsoft',
  ...HOMES.microsoft,
  customerId: '1',
  accountId: '2',
  secrets: SECRETS,
};

describe('the request for an access token', () => {
  it('is a form with the refresh token, at Google and at Microsoft', () => {
    expect(tokenRequest(google)).toEqual({
      method: 'POST',
      url: 'https://oauth2.googleapis.com/token',
      headers: { 'content-type': 'application/x-www-form-urlencoded' },
      body: 'grant_type=refresh_token&client_id=c%202&client_secret=s%263&refresh_token=r%2F1',
    });
    const asked = tokenRequest({ ...microsoft, secrets: { ...SECRETS, client_secret: '' } });
    expect(asked?.url).toContain('login.microsoftonline.com');
    expect(Object.fromEntries(new URLSearchParams(asked?.body ?? ''))).toEqual({
      grant_type: 'refresh_token',
      client_id: 'c 2',
      refresh_token: 'r/1',
      scope: 'https://ads.microsoft.com/msads.manage offline_access',
    });
  });

  it('is not made where there is nothing to exchange', () => {
    expect(tokenRequest(template({ secrets: SECRETS }))).toBeNull();
    expect(tokenRequest({ ...google, secrets: { access_token: 'a' } })).toBeNull();
    expect(tokenRequest({ ...google, secrets: { refresh_token: 'r' } })).toBeNull();
  });
});

describe('its answer', () => {
  it('is a token for a minute less than it is valid, a refusal, or passing trouble', () => {
    expect(readToken(200, '{"access_token":"ya29","expires_in":3599}')).toEqual({
      kind: 'token',
      token: 'ya29',
      forMs: 3_539_000,
    });
    expect(readToken(400, '{"error":"invalid_grant"}')).toMatchObject({
      kind: 'refused',
      why: expect.stringContaining('invalid_grant'),
    });
    expect(readToken(401, '{"error":"invalid_client"}').kind).toBe('refused');
    for (const [status, body] of [
      [500, ''],
      [200, '<html>'],
      [429, '{}'],
    ] as const)
      expect(readToken(status, body).kind).toBe('passing');
  });
});

describe('tokens of destinations', () => {
  let receiver: Receiver;
  beforeAll(async () => {
    receiver = await startReceiver();
  });
  afterAll(() => receiver.close());

  it('are asked for once while they are valid, anew afterwards, and by no one for a stored one', async () => {
    let nowMs = NOW;
    const guard = { ownHosts: [], ownAddresses: [], allowed: ['127.0.0.1'] };
    const { tokenFor, forgetToken } = createTokens({
      // The vendor's own address stands in the request; here it leads to the test's server.
      send: (request) => sendRequest({ ...request, url: receiver.url }, { guard, wallNowMs: () => nowMs }),
      wallNowMs: () => nowMs,
    });
    const granted = { body: '{"access_token":"ya29","expires_in":3600}' };
    receiver.answerNext(granted);
    for (let i = 0; i < 3; i += 1)
      expect(await tokenFor(google)).toMatchObject({
        kind: 'ready',
        destination: { secrets: { access_token: 'ya29', refresh_token: 'r/1' } },
      });
    expect(receiver.requests).toHaveLength(1);
    nowMs += 3_540_000;
    receiver.answerNext({ status: 400, body: '{"error":"invalid_grant r/1"}' });
    const refused = await tokenFor(google);
    expect(refused).toMatchObject({ kind: 'refused' });
    expect(JSON.stringify(refused)).not.toContain('r/1');
    // Each waiting forward would ask: the refusal is kept for a minute.
    expect(await tokenFor(google)).toEqual(refused);
    expect(receiver.requests).toHaveLength(2);
    nowMs += 60_000;
    receiver.answerNext({ status: 503 }, granted);
    expect(await tokenFor(google)).toMatchObject({ kind: 'passing' });
    expect(await tokenFor(google)).toMatchObject({ kind: 'ready' });
    // Withdrawn before its time: the next one is asked for at once.
    forgetToken(google.id);
    receiver.answerNext(granted);
    expect(await tokenFor(google)).toMatchObject({ kind: 'ready' });
    expect(receiver.requests).toHaveLength(5);
    expect(await tokenFor(template())).toEqual({ kind: 'ready', destination: template() });
    expect(receiver.requests).toHaveLength(5);
  });
});
