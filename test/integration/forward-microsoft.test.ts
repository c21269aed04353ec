import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
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

describe('Microsoft', () => {
  const microsoft = () =>
    destination(
      'microsoft',
      {
        baseUrl: ours.receiver.url,
        tokenUrl: `${ours.receiver.url}/token`,
        customerId: '11',
        accountId: '22',
        events: { purchase: 'Offline purchase' },
      },
      { ...OAUTH, developer_token: 'dev-secret' },
    );
  const MSCLKID = '0a1b2c3d4e5f60718293a4b5c6d7e8f9';
  const took: GivenAnswer = { body: json({ PartialErrors: [] }) };
  const fault = (Code: number, ErrorCode: string): GivenAnswer => ({
    status: 400,
    body: json({ Errors: [{ Code, Detail: null, ErrorCode, Message: 'm' }], TrackingId: 't' }),
  });

  it('gets the conversion by its click id and its own time', async () => {
    const id = await microsoft();
    const { requests, conversion } = await told(`msclkid=${MSCLKID}`, granted('ms-token'), took);
    const [token, apply] = requests();
    expect(new URLSearchParams(token?.body).get('scope')).toContain('msads.manage');
    expect(apply).toMatchObject({
      method: 'POST',
      url: '/CampaignManagement/v13/OfflineConversions/Apply',
      headers: {
        authorization: 'Bearer ms-token',
        developertoken: 'dev-secret',
        customerid: '11',
        customeraccountid: '22',
      },
    });
    expect(bodyOf(apply)).toEqual({
      OfflineConversions: [
        {
          MicrosoftClickId: MSCLKID,
          ConversionName: 'Offline purchase',
          ConversionTime: conversion.event_at.toISOString(),
          ConversionValue: 42.5,
          ConversionCurrencyCode: 'EUR',
        },
      ],
    });
    expect(await only(id)).toMatchObject({ state: 'sent', verdict: null });
  });

  it('what it did not apply stands inside a 200 and fails with its words', async () => {
    const id = await microsoft();
    const partial = {
      Code: 5623,
      ErrorCode: 'OfflineConversionMicrosoftClickIdInvalid',
      Index: 0,
      Message: 'no',
    };
    await told(`msclkid=${MSCLKID}`, granted('ms-token'), { body: json({ PartialErrors: [partial] }) });
    expect(await only(id)).toMatchObject({
      state: 'failed',
      message: expect.stringMatching(/OfflineConversionMicrosoftClickIdInvalid no/),
    });
  });

  it('too many calls wait a minute; a token that ran out is renewed; then it is taken', async () => {
    const id = await microsoft();
    const { requests } = await told(
      `msclkid=${MSCLKID}`,
      granted('ms-token-1'),
      fault(117, 'CallRateExceeded'),
    );
    ours.receiver.answerNext(fault(109, 'AuthenticationTokenExpired'), granted('ms-token-2'), took);
    ours.forwarder.later(1);
    await ours.settle();
    ours.forwarder.later(5);
    expect(await ours.settle()).toBe(1);
    expect(requests().at(-1)?.headers.authorization).toBe('Bearer ms-token-2');
    expect((await only(id)).log.map((one) => one.verdict)).toEqual(['retry', 'retry', 'delivered']);
  });

  it.each([
    ['wrong credentials', fault(105, 'InvalidCredentials'), /InvalidCredentials m/],
    ['a page', { body: '<html>' }, /not understood: <html>/],
  ])('%s fails with its words', async (_what, answer, words) => {
    const id = await microsoft();
    await told(`msclkid=${MSCLKID}`, granted('ms-token'), answer);
    expect(await only(id)).toMatchObject({ state: 'failed', message: expect.stringMatching(words) });
  });

  it('a click without its id is not sent, for a reason', async () => {
    const id = await microsoft();
    await told('gclid=A', granted('ms-token'));
    expect(await only(id)).toMatchObject({ state: 'not_sent', reason: 'missing_value', log: [] });
  });
});
