import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { draftSettings, RECEIVERS } from '../../src/outbound/receivers.ts';
import { networkBench } from '../support/network-bench.ts';
import { type OutboundFixture, startOutbound } from '../support/outbound-fixture.ts';

/** Receivers that are one URL: their own address, but for the host, on a local server that answers as they do. */
let ours: OutboundFixture;
beforeAll(async () => {
  ours = await startOutbound();
});
afterAll(() => ours.close());

const { reset, destination, told, only } = networkBench(() => ours);
beforeEach(reset);

async function preset(id: string, given: Readonly<Record<string, unknown>>, secrets = {}): Promise<string> {
  const receiver = RECEIVERS.find((one) => one.id === id);
  if (receiver === undefined) throw new Error(id);
  const draft = draftSettings(receiver, given);
  if (!draft.ok) throw new Error(draft.message);
  const url = String(draft.settings['url']);
  return destination(
    'template',
    { ...draft.settings, url: url.replace(/^https:\/\/[^/]+/, ours.receiver.url) },
    secrets,
  );
}

/** Path, and parameters in their order. */
function said(url: string | undefined) {
  const { pathname, searchParams } = new URL(url ?? '', ours.receiver.url);
  return [pathname, Object.fromEntries(searchParams)];
}

describe('Taboola', () => {
  // Case and every character of the click id count.
  const CLICK = 'GiDjA-b_C.7~x+/=Q';

  it('gets its click id as it came, the name of the conversion rule, revenue, currency and order', async () => {
    const id = await preset('taboola', { events: { purchase: 'Make_Purchase' } });
    const { requests, conversion } = await told(`tblci=${encodeURIComponent(CLICK)}`);
    expect(requests()).toHaveLength(1);
    expect(said(requests()[0]?.url)).toEqual([
      '/actions-handler/log/3/s2s-action',
      {
        'click-id': CLICK,
        name: 'Make_Purchase',
        revenue: '42.5',
        currency: 'EUR',
        orderid: conversion.id,
      },
    ]);
    expect(requests()[0]?.url).toContain(`click-id=${encodeURIComponent(CLICK)}&`);
    expect(await only(id)).toMatchObject({ state: 'sent' });
  });

  it('is told nothing of a click that came from elsewhere', async () => {
    const id = await preset('taboola', {});
    const { requests } = await told('gclid=A');
    expect(requests()).toEqual([]);
    expect(await only(id)).toMatchObject({
      state: 'not_sent',
      reason: 'missing_value',
      message: expect.stringMatching(/click-id/),
    });
  });
});

describe('Outbrain', () => {
  it.each([
    ['ob_click_id=v3-aB1', 'v3-aB1'],
    // What it appends by itself has another name than what it takes back.
    ['dicbo=v4-Cd2', 'v4-Cd2'],
  ])('gets the click id that came as %s', async (params, clickId) => {
    const id = await preset('outbrain', { events: { purchase: 'Purchase EU' } });
    const { requests, conversion } = await told(params);
    expect(said(requests()[0]?.url)).toEqual([
      '/unifiedPixel',
      {
        ob_click_id: clickId,
        name: 'Purchase EU',
        orderValue: '42.5',
        currency: 'EUR',
        orderId: conversion.id,
      },
    ]);
    expect(await only(id)).toMatchObject({ state: 'sent' });
  });
});

describe('TUNE', () => {
  const tune = () =>
    preset('tune', { domain: 'go.example.net', param: 'sub1' }, { security_token: 'tune-secret' });

  it('a failure said with status 200 fails with its words; a repeat is as good as taken', async () => {
    const failed = await tune();
    const { requests } = await told('sub1=their-click', {
      body: 'success=false; err_msg=Transaction ID not found for tune-secret;',
    });
    expect(said(requests()[0]?.url)[1]).toMatchObject({
      transaction_id: 'their-click',
      amount: '42.5',
      security_token: 'tune-secret',
    });
    const forward = await only(failed);
    expect(forward).toMatchObject({
      state: 'failed',
      message: expect.stringContaining('Transaction ID not found for [security_token]'),
      log: [{ status: 200, verdict: 'failed' }],
    });
    expect(JSON.stringify(forward)).not.toContain('tune-secret');
    await reset();
    const repeated = await tune();
    await told('sub1=c', { body: 'success=false; err_msg=Duplicate conversion;' });
    expect(await only(repeated)).toMatchObject({ state: 'sent', log: [{ verdict: 'repeat' }] });
    await reset();
    const taken = await tune();
    await told('sub1=c', { body: 'success=true;' });
    expect(await only(taken)).toMatchObject({ state: 'sent', log: [{ verdict: 'delivered' }] });
  });
});

describe('ExoClick', () => {
  it('OK is success, a repeat too, an error with status 200 is none', async () => {
    for (const [body, state] of [
      ['OK', 'sent'],
      ['ERROR: This conversion has already been notified', 'sent'],
      ['ERROR: Invalid tag', 'failed'],
    ] as const) {
      const id = await preset('exoclick', {
        domain: 's.example.net',
        goal: '1b'.repeat(16),
        param: 'tag',
      });
      const { requests } = await told('tag=ordABC-1', { body });
      expect(said(requests()[0]?.url)).toEqual(['/tag.php', { goal: '1b'.repeat(16), tag: 'ordABC-1' }]);
      expect(await only(id)).toMatchObject({ state });
      await reset();
    }
  });
});
