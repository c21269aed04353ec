import { describe, expect, it } from 'vitest';
import type { ConversionWithClick } from '../../../src/core/conversion-with-click.ts';
import { micros } from '../../../src/core/money.ts';
import { mergedConsent, outboundConversion } from '../../../src/outbound/conversion-facts.ts';
import { readDestination, readKind } from '../../../src/outbound/destination-settings.ts';
import { draftSettings, missingSecrets, RECEIVERS } from '../../../src/outbound/receivers.ts';
import { checkDestination } from '../../../src/outbound/template-request.ts';
import { guardRules } from '../../../src/own-addresses.ts';
import { checkUrl } from '../../../src/outbound/guard.ts';
import { HOMES, MARK, NOW } from './support.ts';

const read = (kind: string, settings: Readonly<Record<string, unknown>>, secrets = {}) =>
  readDestination({ id: 'd', name: 'D', kind: readKind(kind) ?? 'template', settings, secrets });
const problems = (kind: string, settings: Readonly<Record<string, unknown>>) => {
  const reading = read(kind, settings);
  return reading.ok ? [] : reading.problems;
};

describe('settings of a destination', () => {
  it('get the careful defaults where nothing is said', () => {
    expect(read('template', { url: 'https://p.example.net/' })).toMatchObject({
      ok: true,
      destination: {
        method: 'GET',
        stages: 'approved',
        consent: 'unless-denied',
        repeatsBy: 'conversion-id',
        sources: null,
        events: null,
        success: { statuses: null, body: null },
      },
    });
    expect(read('google', { accountId: '123-456-7890' })).toMatchObject({
      destination: { accountId: '1234567890', loginAccountId: null, eventSource: 'WEB' },
    });
  });

  it('know where each network’s interface is, and can be told another place', () => {
    expect(read('meta', { pixelId: '1' })).toMatchObject({ destination: HOMES.meta });
    expect(read('tiktok', { eventSourceId: 'C' })).toMatchObject({ destination: HOMES.tiktok });
    expect(read('google', { accountId: '1' })).toMatchObject({ destination: HOMES.google });
    expect(read('microsoft', { accountId: '1', customerId: '2' })).toMatchObject({
      destination: HOMES.microsoft,
    });
    expect(read('meta', { pixelId: '1', baseUrl: 'https://gateway.example.com/meta/' })).toMatchObject({
      destination: { baseUrl: 'https://gateway.example.com/meta' },
    });
    for (const baseUrl of [
      'graph.facebook.com',
      'ftp://x.example',
      'https://u:p@x.example',
      'https://x.example/?a=1',
    ])
      expect(problems('meta', { pixelId: '1', baseUrl })).toEqual([
        'baseUrl: is an address such as https://gateway.example.com/meta',
      ]);
  });

  it('say what is wrong, by name', () => {
    expect(problems('meta', {})).toEqual(['pixelId is missing']);
    expect(problems('meta', { pixelId: 'abc' })).toEqual([
      'pixelId: is digits, as the account page shows them',
    ]);
    expect(problems('meta', { pixelId: '1', apiVersion: '26' })[0]).toContain('v26.0');
    expect(problems('tiktok', { eventSourceId: 'C', eventSorce: 'web' })[0]).toContain(
      'did you mean eventSource?',
    );
    expect(problems('tiktok', { eventSourceId: 'C', eventSource: 'tv' })[0]).toContain(
      'web, app, offline, crm',
    );
    expect(problems('template', { url: 'https://x.example/', success: { statuses: [404] } })).toHaveLength(1);
    expect(problems('template', { url: 'https://x.example/', statusWords: { sold: 'x' } })).toHaveLength(1);
  });
});

describe('receivers', () => {
  it('each makes a destination whose templates have no problem, once its settings are said', () => {
    const given = {
      url: 'https://p.example.net/pb?c={click_id}',
      pixelId: '1',
      eventSourceId: 'C',
      accountId: '1',
      customerId: '2',
      domain: 'p.example.net',
      param: 'sub1',
      goal: 'g',
    };
    for (const receiver of RECEIVERS) {
      const own = Object.fromEntries(
        Object.entries(given).filter(([name]) => receiver.settings.includes(name)),
      );
      const draft = draftSettings(receiver, own);
      if (!draft.ok) throw new Error(`${receiver.id}: ${draft.message}`);
      const reading = read(receiver.kind, draft.settings);
      if (!reading.ok) throw new Error(`${receiver.id}: ${reading.problems.join()}`);
      if (reading.destination.kind === 'template') expect(checkDestination(reading.destination)).toEqual([]);
    }
  });

  it('a preset keeps what else was said, and asks for what it needs', () => {
    const tune = RECEIVERS.find(({ id }) => id === 'tune');
    if (tune === undefined) throw new Error('tune');
    const draft = draftSettings(tune, { domain: 'p.example.net', param: 'sub1', stages: 'every' });
    expect(draft).toMatchObject({ ok: true, settings: { stages: 'every', needed: ['transaction_id'] } });
    expect(draftSettings(tune, { param: 'sub1' })).toMatchObject({
      ok: false,
      message: expect.stringContaining('"domain"'),
    });
  });

  it('secrets that are missing are named; a refresh token stands for an access token', () => {
    const missing = (kind: string, settings: Readonly<Record<string, unknown>>, secrets = {}) => {
      const reading = read(kind, settings, secrets);
      return reading.ok ? missingSecrets(reading.destination) : reading.problems;
    };
    expect(
      missing('template', { url: 'https://p.example.net/?a={secret.k}', headers: { x: '{secret.h}' } }),
    ).toEqual(['k', 'h']);
    expect(missing('meta', { pixelId: '1' })).toEqual(['access_token']);
    expect(missing('google', { accountId: '1' }, { refresh_token: 'r', client_id: 'c' })).toEqual([
      'client_secret',
    ]);
    expect(missing('microsoft', { accountId: '1', customerId: '2' }, { access_token: 'a' })).toEqual([
      'developer_token',
    ]);
  });
});

describe('a stored conversion', () => {
  const FACTS: ConversionWithClick = {
    id: 'c1',
    workspaceId: 'w',
    sourceId: 'shop',
    event: 'purchase',
    status: 'approved',
    txid: 'A1',
    amountMicros: micros(1_000_000),
    currency: 'EUR',
    eventAtMs: NOW,
    clickedAtMs: NOW - 1_000,
    clickId: '01CLICK',
    placement: 'site-7',
    excluded: null,
    campaignNetworkId: '11',
    adsetNetworkId: null,
    adNetworkId: '13',
    consent: null,
    visitorIp: '203.0.113.9',
    userHash: Buffer.alloc(32, 1),
    via: 'aaaaaaaaaaaa',
    click: {
      networkClickId: 'IwAR',
      networkClickParam: 'fbclid',
      creative: null,
      ip: null,
      userAgent: 'UA',
      params: { Sub1: 'x', gclid: 'G', _fbp: 'fb.1.2.3', ad_personalization: '0' },
      targetUrl: 'https://shop.example.com/shoes?cid={click_id}',
    },
  };

  it('brings its click’s ids, parameters and page, and the ids of what it led from', () => {
    const one = outboundConversion(FACTS, MARK);
    expect(Object.fromEntries(one.networkIds)).toEqual({ fbclid: 'IwAR', gclid: 'G', _fbp: 'fb.1.2.3' });
    expect(one.clickParams.get('sub1')).toBe('x');
    expect(one.clickParams.get('campaign_id')).toBe('11');
    expect(one.clickParams.get('placement')).toBe('site-7');
    expect(one.clickParams.has('adset_id')).toBe(false);
    expect(one).toMatchObject({
      amountMicros: 1_000_000,
      currency: 'EUR',
      pageUrl: 'https://shop.example.com/shoes',
      person: { ip: '203.0.113.9', userAgent: 'UA', externalIdSha256: '01'.repeat(32) },
      consent: { adUserData: null, adPersonalization: false },
    });
    expect(outboundConversion({ ...FACTS, click: null }, MARK)).toMatchObject({
      pageUrl: null,
      person: { userAgent: null },
    });
  });

  it('that our own postback brought, or changed, is known by its mark', () => {
    expect(outboundConversion(FACTS, MARK)).toMatchObject({ via: ['aaaaaaaaaaaa'], cameFromUs: false });
    expect(outboundConversion(FACTS, MARK, true).cameFromUs).toBe(true);
    const back = { ...FACTS, via: `aaaaaaaaaaaa,${MARK}` };
    expect(outboundConversion(back, MARK).cameFromUs).toBe(true);
    expect(outboundConversion({ ...FACTS, via: null }, MARK)).toMatchObject({ via: [], cameFromUs: false });
  });

  it('a refusal stands whoever said it', () => {
    const said = (adUserData: boolean | null) => ({ adUserData, adPersonalization: null });
    expect(mergedConsent(said(true), said(false)).adUserData).toBe(false);
    expect(mergedConsent(said(false), said(null)).adUserData).toBe(false);
    expect(mergedConsent(said(null), said(true)).adUserData).toBe(true);
    expect(mergedConsent(said(null), said(null)).adUserData).toBeNull();
  });
});

it('our own server is refused by every local name on its port, and by its public name on any', () => {
  const rules = guardRules({
    publicUrl: 'https://bids.example.com',
    pageUrl: 'http://127.0.0.1:8080',
    allowed: ['127.0.0.0/8', 'localhost'],
  });
  for (const own of ['http://localhost:8080/p/x', 'http://127.0.0.1:8080/', 'https://bids.example.com/p/x'])
    expect(checkUrl(own, rules)).toMatchObject({ ok: false, message: expect.stringContaining('circle') });
  for (const other of ['http://localhost:9000/', 'http://127.0.0.1:9000/'])
    expect(checkUrl(other, rules).ok).toBe(true);
});
