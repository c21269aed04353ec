import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { micros } from '../../../src/core/money.ts';
import { buildRequest } from '../../../src/outbound/build-request.ts';
import type { OutboundConversion } from '../../../src/outbound/conversion.ts';
import type {
  Destination,
  GoogleDestination,
  MetaDestination,
  MicrosoftDestination,
  TikTokDestination,
} from '../../../src/outbound/destination.ts';
import { CONTEXT, FORWARDING, HOMES, MARK, NOW, conversion, template } from './support.ts';

const HASH = '62a14e44f765419d10fea99367361a727c12365e2520f32218d505ed9aa0f62f';
const PERSON = {
  emailSha256: HASH,
  phone: { digitsSha256: 'd'.repeat(64), plusSha256: 'e'.repeat(64) },
  externalIdSha256: null,
  ip: '203.0.113.7',
  userAgent: 'Mozilla/5.0',
};
const DAY_MS = 86_400_000;

const meta: MetaDestination = {
  ...FORWARDING,
  kind: 'meta',
  ...HOMES.meta,
  apiVersion: 'v26.0',
  pixelId: '5550001',
  actionSource: 'website',
  testEventCode: null,
  events: { purchase: 'Purchase' },
  secrets: { access_token: 'EAAB|secret' },
};

const tiktok: TikTokDestination = {
  ...FORWARDING,
  kind: 'tiktok',
  ...HOMES.tiktok,
  eventSource: 'web',
  eventSourceId: 'CABC',
  testEventCode: 'TEST1',
  events: { purchase: 'Purchase' },
  secrets: { access_token: 'tt-secret' },
};

const google: GoogleDestination = {
  ...FORWARDING,
  kind: 'google',
  ...HOMES.google,
  accountId: '1234567890',
  loginAccountId: null,
  eventSource: 'WEB',
  events: { purchase: '555' },
  secrets: { access_token: 'ya29.secret' },
};

const microsoft: MicrosoftDestination = {
  ...FORWARDING,
  kind: 'microsoft',
  ...HOMES.microsoft,
  customerId: '111',
  accountId: '222',
  events: { purchase: 'Offline purchase' },
  secrets: { access_token: 'ms-secret', developer_token: 'dev-secret' },
};

function sent(destination: Destination, changes: Partial<OutboundConversion>) {
  const request = buildRequest(destination, conversion(changes), CONTEXT);
  if (request.kind === 'skipped') throw new Error(`skipped: ${request.message}`);
  return { ...request, json: JSON.parse(request.body ?? 'null') as unknown };
}

const why = (destination: Destination, changes: Partial<OutboundConversion>): string => {
  const request = buildRequest(destination, conversion(changes), CONTEXT);
  return request.kind === 'skipped' ? request.reason : 'sent';
};

const ids = (...pairs: readonly (readonly [string, string])[]) => ({ networkIds: new Map(pairs) });

describe('Meta', () => {
  const visit = { pageUrl: 'https://shop.example/thanks', person: PERSON, ...ids(['fbclid', 'IwAR0-a_B']) };

  it('gets one event, the click id byte for byte, hashes as they are, unknown members left out', () => {
    const request = sent(meta, visit);
    expect(request.url).toBe('https://graph.facebook.com/v26.0/5550001/events?access_token=EAAB%7Csecret');
    expect(request.json).toEqual({
      data: [
        {
          event_name: 'Purchase',
          event_time: (NOW - 3_600_000) / 1000,
          event_id: '01HCONV',
          action_source: 'website',
          event_source_url: 'https://shop.example/thanks',
          user_data: {
            em: [HASH],
            ph: ['d'.repeat(64)],
            fbc: `fb.1.${NOW - 7_200_000}.IwAR0-a_B`,
            client_ip_address: '203.0.113.7',
            client_user_agent: 'Mozilla/5.0',
          },
          custom_data: { value: 42.5, currency: 'USD', order_id: 'A-17' },
        },
      ],
    });
  });

  it("the browser's own _fbc goes out as it is, its appendix too", () => {
    const cookie = 'fb.2.1793879000123.IwAR0abc.AQYBAQIA';
    const request = sent(meta, {
      ...visit,
      ...ids(['fbclid', 'IwAR0abc'], ['_fbc', cookie], ['_fbp', 'fb.1.1.2']),
    });
    expect(request.json).toMatchObject({ data: [{ user_data: { fbc: cookie, fbp: 'fb.1.1.2' } }] });
  });

  it('is spared what it would refuse, since one bad event fails its whole request', () => {
    expect(why(meta, { ...visit, atMs: NOW - 7 * DAY_MS - 1 })).toBe('too_old');
    expect(why(meta, { ...visit, atMs: NOW - 7 * DAY_MS })).toBe('sent');
    expect(why(meta, { ...visit, pageUrl: null })).toBe('missing_value');
    expect(why(meta, { ...visit, amountMicros: null })).toBe('missing_value');
    expect(why({ ...meta, actionSource: 'app' }, {})).toBe('missing_value');
    expect(why({ ...meta, secrets: {} }, visit)).toBe('missing_secret');
  });
});

describe('TikTok', () => {
  const visit = { pageUrl: 'https://shop.example/x', person: PERSON, ...ids(['ttclid', 'E.C.P.abc']) };

  it('gets one event, the token in a header', () => {
    const request = sent(tiktok, visit);
    expect(request.url).toBe('https://business-api.tiktok.com/open_api/v1.3/event/track/');
    expect(request.headers).toEqual({
      'content-type': 'application/json',
      'access-token': 'tt-secret',
      'x-bidloop-via': MARK,
    });
    expect(request.json).toEqual({
      event_source: 'web',
      event_source_id: 'CABC',
      test_event_code: 'TEST1',
      data: [
        {
          event: 'Purchase',
          event_time: (NOW - 3_600_000) / 1000,
          event_id: '01HCONV',
          user: {
            ttclid: 'E.C.P.abc',
            email: HASH,
            phone: 'e'.repeat(64),
            ip: '203.0.113.7',
            user_agent: 'Mozilla/5.0',
          },
          properties: { currency: 'USD', value: 42.5, order_id: 'A-17' },
          page: { url: 'https://shop.example/x' },
        },
      ],
    });
  });

  it('is spared old events, pages without address, events of nobody', () => {
    expect(why(tiktok, { ...visit, atMs: NOW - 28 * DAY_MS - 1 })).toBe('too_old');
    expect(why(tiktok, { ...visit, pageUrl: null })).toBe('missing_value');
    expect(why({ ...tiktok, eventSource: 'app' }, {})).toBe('missing_value');
  });
});

describe('Google', () => {
  it('gets one event with exactly one click id, and what was said about consent', () => {
    const request = sent(google, {
      ...ids(['gbraid', '0AAAA1'], ['gclid', 'Cj0K-x_Y']),
      consent: { adUserData: true, adPersonalization: false },
    });
    expect(request.url).toBe('https://datamanager.googleapis.com/v1/events:ingest');
    expect(request.headers['authorization']).toBe('Bearer ya29.secret');
    expect(request.json).toEqual({
      destinations: [
        {
          reference: 'd1',
          operatingAccount: { accountType: 'GOOGLE_ADS', accountId: '1234567890' },
          productDestinationId: '555',
        },
      ],
      events: [
        {
          destinationReferences: ['d1'],
          transactionId: '01HCONV',
          eventTimestamp: '2026-11-05T11:00:00.000Z',
          adIdentifiers: { gclid: 'Cj0K-x_Y' },
          conversionValue: 42.5,
          currency: 'USD',
          eventSource: 'WEB',
        },
      ],
      consent: { adUserData: 'CONSENT_GRANTED', adPersonalization: 'CONSENT_DENIED' },
      encoding: 'HEX',
      validateOnly: false,
    });
  });

  it('is asked without a click id only where a hash says who it was', () => {
    expect(why(google, {})).toBe('missing_value');
    expect(sent(google, { person: PERSON }).json).toMatchObject({
      events: [{ userData: { userIdentifiers: [{ emailAddress: HASH }, { phoneNumber: 'e'.repeat(64) }] } }],
      consent: {},
    });
  });
});

describe('Microsoft', () => {
  it('gets an offline conversion at the time of the conversion, which is its key', () => {
    const request = sent(microsoft, ids(['msclkid', 'f'.repeat(32)]));
    expect(request.url).toBe(
      'https://campaign.api.bingads.microsoft.com/CampaignManagement/v13/OfflineConversions/Apply',
    );
    expect(request.headers).toMatchObject({
      authorization: 'Bearer ms-secret',
      developertoken: 'dev-secret',
      customerid: '111',
      customeraccountid: '222',
    });
    expect(request.json).toEqual({
      OfflineConversions: [
        {
          MicrosoftClickId: 'f'.repeat(32),
          ConversionName: 'Offline purchase',
          ConversionTime: '2026-11-05T11:00:00.000Z',
          ConversionValue: 42.5,
          ConversionCurrencyCode: 'USD',
        },
      ],
    });
  });

  it('N is no click id', () => {
    expect(why(microsoft, ids(['msclkid', 'N']))).toBe('missing_value');
    expect(why(microsoft, {})).toBe('missing_value');
    expect(why({ ...microsoft, secrets: { access_token: 'x' } }, ids(['msclkid', 'a']))).toBe(
      'missing_secret',
    );
  });
});

describe('any conversion', () => {
  const text = fc.string({ unit: 'binary' });
  const optional = fc.option(text);
  const flag = fc.constantFrom(true, false, null);
  const any: fc.Arbitrary<OutboundConversion> = fc.record({
    id: text,
    sourceId: text,
    event: fc.oneof(fc.constant('purchase'), text),
    status: fc.constantFrom('pending', 'hold', 'approved', 'rejected', 'reversed'),
    txid: optional,
    amountMicros: fc.option(fc.maxSafeInteger().map(micros)),
    currency: optional,
    atMs: fc.oneof(fc.double(), fc.maxSafeInteger(), fc.constant(NOW)),
    clickedAtMs: fc.option(fc.double()),
    clickId: optional,
    networkIds: fc
      .array(fc.tuple(fc.constantFrom('gclid', 'fbclid', 'ttclid', 'msclkid', '_fbc'), text))
      .map((pairs) => new Map(pairs)),
    clickParams: fc.array(fc.tuple(text, text)).map((pairs) => new Map(pairs)),
    pageUrl: optional,
    person: fc.record({
      emailSha256: optional,
      phone: fc.option(fc.record({ digitsSha256: text, plusSha256: text })),
      externalIdSha256: optional,
      ip: optional,
      userAgent: optional,
    }),
    consent: fc.record({ adUserData: flag, adPersonalization: flag }),
    excluded: fc.constantFrom('test', 'fraud', null, null),
    via: fc.array(fc.oneof(text, fc.constant('aaaaaaaaaaaa')), { maxLength: 3 }),
    cameFromUs: fc.constantFrom(true, false, false, false),
  });

  it('never throws, never sends a test or what was refused, and its JSON can be read', () => {
    fc.assert(
      fc.property(any, fc.constantFrom(meta, tiktok, google, microsoft, template()), (one, destination) => {
        const request = buildRequest({ ...destination, secrets: { ...destination.secrets } }, one, CONTEXT);
        if (request.kind === 'skipped') {
          expect(request.message.length).toBeGreaterThan(10);
          return;
        }
        expect(one.excluded).toBeNull();
        expect(one.cameFromUs).toBe(false);
        expect(one.consent.adUserData).not.toBe(false);
        expect(() => new URL(request.url)).not.toThrow();
        if (request.body !== null) expect(() => JSON.parse(request.body ?? '')).not.toThrow();
        for (const value of Object.values(request.headers)) expect(value).not.toMatch(/[\r\n]/);
      }),
      { numRuns: 500 },
    );
  });
});
