import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { emptyParams, type Params, readBody, readPairs } from '../../../src/sources/params.ts';
import type { SourceSettings } from '../../../src/sources/profile.ts';
import { type PostbackReading, readPostback, type Reading } from '../../../src/sources/read-postback.ts';
import { sourceProfile } from '../../../src/sources/registry.ts';

const NOW = Date.UTC(2026, 10, 5, 12);

function params(query: string): Params {
  const into = emptyParams();
  readPairs(query, into);
  return into;
}

function read(profileId: string, query: string, settings: Partial<SourceSettings> = {}): PostbackReading {
  const profile = sourceProfile(profileId);
  if (profile === undefined) throw new Error(`no profile ${profileId}`);
  return readPostback(params(query), {
    sourceId: 's',
    profile,
    settings: { currency: 'USD', ...settings },
    nowMs: NOW,
  });
}

function reading(profileId: string, query: string, settings: Partial<SourceSettings> = {}): Reading {
  const outcome = read(profileId, query, settings);
  if (!outcome.ok) throw new Error(outcome.refusal.message);
  return outcome.reading;
}

const hex = (key: Buffer | null) => key?.toString('hex') ?? null;
const messageKeyOf = (profile: string, query: string) => hex(reading(profile, query).messageKey);
const conversionKeyOf = (profile: string, query: string) => hex(reading(profile, query).conversionKey);

describe('a postback that names only the user', () => {
  it('is kept: an install or click of the same user may earn it', () => {
    const one = reading('generic', 'user_id=u1&event=purchase&txid=9');
    expect([one.clickId, one.deviceId, one.userHash?.length]).toEqual([null, null, 32]);
    // One transaction number of two users is two conversions.
    expect(conversionKeyOf('generic', 'user_id=u1&event=purchase&txid=9')).not.toBe(
      conversionKeyOf('generic', 'user_id=u2&event=purchase&txid=9'),
    );
  });
});

describe('parameters on the wire', () => {
  it('names match in any case, values stay byte-exact, the first of a repeated one wins', () => {
    const it = params('ClickID=AbC%2B-_~&clickid=other&x=1&x=1');
    expect([...it.values]).toEqual([
      ['clickid', 'AbC+-_~'],
      ['x', '1'],
    ]);
    expect(it.warnings).toEqual(['repeated:clickid']);
  });

  it('what cannot be stored as text is left out, and named', () => {
    const query = params('click_id=a%00b&txid=1');
    expect([query.values.get('click_id'), query.warnings]).toEqual(['ab', ['damaged_text:click_id']]);
    const body = emptyParams();
    readBody(Buffer.from('{"click_id":"a\\u0000b\\ud800"}'), 'application/json', body);
    expect([body.values.get('click_id'), body.warnings]).toEqual(['ab\ufffd', ['damaged_text:click_id']]);
  });

  it('damage by HTML and by hand is repaired and noted', () => {
    expect([...params('?&a=1&amp;b=2&&payout=12.5¤cy=EUR').values]).toEqual([
      ['a', '1'],
      ['b', '2'],
      ['currency', 'EUR'],
      ['payout', '12.5'],
    ]);
    expect(params('payout=1&%C2%A4cy=EUR').values.get('currency')).toBe('EUR');
    expect(params('a=%zz&b=1+2').values.get('a')).toBe('%zz');
    expect(params('a=1&amp;b=2').warnings).toEqual(['html_entity:b']);
  });

  it('a body wins over the query; big integers keep every digit; nested names are dotted', () => {
    const into = params('click_id=q&event=e');
    expect(
      readBody(
        Buffer.from('{"click_id":467391383381228204,"d":{"revenue":1.10,"list":[1,2]},"n":null,"ok":true}'),
        'application/json',
        into,
      ),
    ).toBeNull();
    expect(Object.fromEntries(into.values)).toEqual({
      click_id: '467391383381228204',
      event: 'e',
      'd.revenue': '1.10',
      'd.list': '["1","2"]',
      ok: 'true',
    });
    expect(into.warnings).toEqual(['repeated:click_id']);
    expect(readBody(Buffer.from('{"a":'), 'text/plain', emptyParams())).toBe('broken_json');
    expect(readBody(Buffer.from('3'), 'application/json', emptyParams())).toBe('unreadable_body');
    const twice = emptyParams();
    expect(readBody(Buffer.from('\ufeff{"a":"1","a":"2","__proto__":{"b":1}}'), '', twice)).toBeNull();
    expect(twice.values.get('a')).toBe('1');
  });

  it('no query and no body makes it throw, and no text with a NUL comes out', () => {
    fc.assert(
      fc.property(
        fc.string({ unit: 'binary' }),
        fc.uint8Array(),
        fc.constantFrom('', 'application/json', 'text/plain'),
        (query, body, type) => {
          const into = params(query);
          readBody(Buffer.from(body), type, into);
          for (const [name, value] of into.values)
            expect(`${name}${value}`.includes('\0') || !`${name}${value}`.isWellFormed()).toBe(false);
          const profile = sourceProfile('generic');
          if (profile !== undefined)
            readPostback(into, { sourceId: 's', profile, settings: { currency: 'USD' }, nowMs: NOW });
        },
      ),
    );
  });
});

describe('a generic sender', () => {
  it('is read by the many names of each field, the preferred first', () => {
    expect(
      reading('generic', 'subid=S&goal=deposit&sum=25.00&cur=usd&order_id=7&timestamp=1793869687'),
    ).toMatchObject({
      clickId: 'S',
      event: 'deposit',
      eventType: 'event',
      amountMicros: 25_000_000,
      currency: 'USD',
      txid: '7',
      eventAtMs: 1_793_869_687_000,
      status: 'approved',
    });
    expect(reading('generic', 'subid=S&click_id=C').clickId).toBe('C');
    expect(reading('generic', 'subid=S&click_id=').clickId).toBe('S');
    expect(reading('generic', 'msclkid=N&gclid=Cj0').clickId).toBe('Cj0');
  });

  it('missing, zero and negative amounts are three things', () => {
    expect(reading('generic', 'click_id=C')).toMatchObject({ amountMicros: null, currency: null });
    expect(reading('generic', 'click_id=C&payout=0')).toMatchObject({
      amountMicros: 0,
      currency: 'USD',
      status: 'approved',
    });
    expect(reading('generic', 'click_id=C&payout=-4')).toMatchObject({
      amountMicros: -4_000_000,
      status: null,
      warnings: ['negative_amount'],
    });
    expect(reading('generic', 'click_id=C&payout={amount}')).toMatchObject({
      amountMicros: null,
      warnings: ['unresolved_macro:payout'],
    });
  });

  it('event names of installs give their type, whatever the case', () => {
    expect(reading('generic', 'click_id=C&event=Install')).toMatchObject({
      event: 'Install',
      eventType: 'install',
    });
    expect(reading('generic', 'click_id=C&event=reinstalled').eventType).toBe('event');
  });

  it('a time in the future or unreadable is noted, never changed', () => {
    expect(reading('generic', 'click_id=C&event_time=2026-11-05T12:09:00Z').warnings).toEqual([]);
    expect(reading('generic', 'click_id=C&event_time=2026-11-05T12:11:00Z')).toMatchObject({
      eventAtMs: NOW + 660_000,
      warnings: ['future_event_time'],
    });
    expect(reading('generic', 'click_id=C&event_time=noon')).toMatchObject({
      eventAtMs: null,
      warnings: ['time_unparsed:event_time'],
    });
  });

  it('a device id longer than any device has is none, and says so', () => {
    expect(reading('generic', `click_id=C&idfa=${'d'.repeat(513)}`)).toMatchObject({
      deviceId: null,
      warnings: ['too_long:idfa'],
    });
    expect(reading('generic', `click_id=C&idfa=${'d'.repeat(512)}`).deviceId).toHaveLength(512);
    expect(read('generic', `idfa=${'d'.repeat(513)}`)).toMatchObject({
      ok: false,
      refusal: { reason: 'missing_click_id', warnings: ['too_long:idfa'] },
    });
  });

  it('a name that is nearly the click id is refused with the one that was meant', () => {
    for (const [sent, meant] of [
      ['clik_id', 'click_id'],
      ['click.id', 'click_id'],
      ['visitorid', 'visitor_id'],
    ])
      expect(read('generic', `${sent}=7&amount=3`)).toMatchObject({
        ok: false,
        refusal: {
          reason: 'missing_click_id',
          message: expect.stringContaining(`You sent "${sent}"; did you mean "${meant}"?`),
          warnings: [`near_miss:${sent}:${meant}`],
        },
      });
    expect(read('generic', 'amount=3&zz=1')).toMatchObject({ ok: false, refusal: { warnings: [] } });
  });

  it('words that every object knows are words like any other', () => {
    for (const word of ['constructor', '__proto__', 'toString', 'hasOwnProperty']) {
      expect(reading('generic', `click_id=C&status=${word}&event=${word}`)).toMatchObject({
        status: 'pending',
        unmappedStatus: word,
        event: word,
        eventType: 'event',
      });
      expect(reading('appsflyer', `clickid=C&event_name=${word}&conversion_type=${word}`).eventType).toBe(
        'event',
      );
    }
  });

  it('settings of the source are heard', () => {
    const settings: Partial<SourceSettings> = {
      currency: 'JPY',
      defaultEvent: 'order',
      defaultStatus: 'pending',
      statuses: { dep: 'approved' },
    };
    expect(reading('generic', 'click_id=C&amount=100', settings)).toMatchObject({
      currency: 'JPY',
      event: 'order',
      status: 'pending',
    });
    expect(reading('generic', 'click_id=C&status=DEP', settings)).toMatchObject({
      status: 'approved',
      unmappedStatus: null,
    });
  });
});

describe('message keys', () => {
  it('with a transaction id depend on what can change and on nothing else', () => {
    const base = messageKeyOf('generic', 'click_id=C&event=buy&txid=1&amount=5&sub=a');
    expect(messageKeyOf('generic', 'sub=b&amount=5.00&txid=1&event=buy&click_id=C')).toBe(base);
    for (const other of [
      'click_id=c&event=buy&txid=1&amount=5',
      'click_id=C&event=buy&txid=2&amount=5',
      'click_id=C&event=buy&txid=1&amount=6',
      'click_id=C&event=buy&txid=1&amount=5&currency=EUR',
      'click_id=C&event=buy&txid=1&amount=5&status=pending',
      'click_id=C&event=buy&txid=1',
    ]) {
      expect(messageKeyOf('generic', other)).not.toBe(base);
    }
    expect(reading('generic', 'click_id=C&txid=1').messageKeyExpires).toBe(false);
  });

  it('without one are the whole request but for the key shown, in any order, for 72 hours', () => {
    const base = messageKeyOf('generic', 'click_id=C&event=lead&zone=5&key=one');
    expect(messageKeyOf('generic', 'zone=5&event=lead&click_id=C')).toBe(base);
    expect(messageKeyOf('generic', 'click_id=C&event=lead&zone=6')).not.toBe(base);
    expect(reading('generic', 'click_id=C').messageKeyExpires).toBe(true);
    expect(reading('generic', 'click_id=C', { repeatsCount: true })).toMatchObject({
      messageKey: null,
      conversionKey: null,
    });
  });

  it('an empty transaction id is none', () => {
    expect(reading('generic', 'click_id=C&txid=').txid).toBeNull();
    expect(reading('generic', 'click_id=C&txid=null').txid).toBeNull();
  });
});

describe('conversion keys', () => {
  it('a new status or amount of one transaction is the same conversion; another click or event is another', () => {
    const base = conversionKeyOf('generic', 'click_id=C&event=buy&txid=1&amount=5&status=pending');
    expect(conversionKeyOf('generic', 'click_id=C&event=buy&txid=1&amount=6&status=approved')).toBe(base);
    expect(conversionKeyOf('generic', 'click_id=D&event=buy&txid=1')).not.toBe(base);
    expect(conversionKeyOf('generic', 'click_id=C&event=refund&txid=1')).not.toBe(base);
  });

  it('without a transaction id a lead counts once a click, purchases of other amounts each', () => {
    expect(conversionKeyOf('generic', 'click_id=C&event=lead')).toBe(
      conversionKeyOf('generic', 'click_id=C&event=lead&x=2'),
    );
    expect(conversionKeyOf('generic', 'click_id=C&event=buy&amount=5')).not.toBe(
      conversionKeyOf('generic', 'click_id=C&event=buy&amount=6'),
    );
    expect(conversionKeyOf('generic', 'click_id=C&event=buy&amount=5&status=pending')).toBe(
      conversionKeyOf('generic', 'click_id=C&event=buy&amount=-5'),
    );
  });

  it('Keitaro: tid numbers the stages of one click, no tid is one conversion that changes', () => {
    expect(conversionKeyOf('keitaro', 'subid=C&tid=1')).not.toBe(conversionKeyOf('keitaro', 'subid=C&tid=2'));
    expect(conversionKeyOf('keitaro', 'subid=C&status=lead&payout=0')).toBe(
      conversionKeyOf('keitaro', 'subid=C&status=sale&payout=9'),
    );
    expect(reading('keitaro', 'subid=C').status).toBe('approved');
    expect(reading('keitaro', 'subid=C&status=trash').status).toBe('rejected');
  });

  it('Keitaro: the sender may list its own words in the address', () => {
    const lists = 'lead_status=hold&sale_status=lead,ftd&rejected_status=reject&ignore_status=test';
    const status = (word: string) => reading('keitaro', `subid=C&status=${word}&${lists}`).status;
    expect([status('hold'), status('Lead'), status('FTD'), status('reject')]).toEqual([
      'pending',
      'approved',
      'approved',
      'rejected',
    ]);
    expect(reading('keitaro', `subid=C&status=lead`).status).toBe('pending');
    expect(read('keitaro', `subid=C&status=test&${lists}`)).toMatchObject({
      ok: false,
      refusal: { reason: 'status_ignored' },
    });
  });

  it('AppsFlyer: one install a device and app; other events by instant and value', () => {
    const install = 'appsflyer_id=D&app_id=a&event_name=install';
    expect(conversionKeyOf('appsflyer', `${install}&event_time=2026-11-05 01:00:00`)).toBe(
      conversionKeyOf('appsflyer', `${install}&event_time=2026-11-05 02:00:00`),
    );
    const event = 'appsflyer_id=D&app_id=a&event_name=buy&event_revenue=3';
    expect(conversionKeyOf('appsflyer', `${event}&event_time=2026-11-05 01:00:00.001`)).not.toBe(
      conversionKeyOf('appsflyer', `${event}&event_time=2026-11-05 01:00:00.002`),
    );
  });

  it('without click, device and transaction id nothing says that two are one', () => {
    expect(reading('appsflyer', 'af_ad_id=5&event_name=install').conversionKey).toBeNull();
  });
});

describe('AppsFlyer', () => {
  it.each([
    ['conversion_type=install&campaign_type=ua&event_name=install', 'install', 'install'],
    ['conversion_type=install&campaign_type=ua&event_name=af_purchase', 'af_purchase', 'event'],
    [
      'conversion_type=re-engagement&campaign_type=retargeting&event_name=re-engagement',
      're-engagement',
      're-engagement',
    ],
    ['conversion_type=re-engagement&campaign_type=retargeting&event_name=buy', 'buy', 'event'],
    [
      'conversion_type=reinstall&campaign_type=retargeting&event_name=re-attribution',
      're-attribution',
      're-attribution',
    ],
    ['conversion_type=reinstall&campaign_type=organic&event_name=reinstall', 'reinstall', 'reinstall'],
    ['conversion_type=reinstall&campaign_type=ua', 'reinstall', 'reinstall'],
    ['is_retargeting=true&retargeting_conversion_type=re-engagement', 're-engagement', 're-engagement'],
    ['event_name=(event_name)', 'unnamed', 'event'],
    ['event_name=', 'install', 'install'],
    ['mapped-iae=(mapped-iae)&event_name=buy', 'buy', 'event'],
    ['mapped-iae=PURCHASE&event_name=af_purchase', 'PURCHASE', 'event'],
  ])('%s is %s', (query, event, eventType) => {
    expect(reading('appsflyer', `clickid=C&${query}`)).toMatchObject({ event, eventType });
  });

  it('a rejected install is told apart', () => {
    expect(reading('appsflyer', 'clickid=C&is_rejected=1&reject_reason=bots').status).toBe('rejected');
    expect(reading('appsflyer', 'clickid=C&is_rejected=(is_rejected)').status).toBe('approved');
  });

  it("reads Adjust's tracker names as the path they are, with ids where the names end with them", () => {
    const ids = (tracker: string) =>
      reading('adjust', `gps_adid=d&activity_kind=install&tracker_name=${encodeURIComponent(tracker)}`)
        .senderIds;
    expect(ids('Facebook Installs::Summer (23851234567)::Women 25-34::Yoga 15s')).toEqual({
      network: 'Facebook Installs::Summer (23851234567)::Women 25-34::Yoga 15s',
      campaign: '23851234567',
      adset: 'Women 25-34',
      ad: 'Yoga 15s',
    });
    expect(ids('Taboola::Winter')).toMatchObject({ campaign: 'Winter' });
    expect(ids('Organic')).toBeNull();
  });

  it.each([
    ['appsflyer', 'clickid=C&af_c_id=7'],
    ['branch', 'click_id=C&last_attributed_touch_data.~campaign_id=7'],
    ['adjust', 'click_id=C&tracker_name=Facebook::Summer%20(23851234567)'],
    ['singular', 'cl=C&pcid=7'],
  ])(
    '%s is believed by default when it names what it credits, unless its source is set not to',
    (id, query) => {
      expect(reading(id, query).senderIds).toMatchObject({ campaign: id === 'adjust' ? '23851234567' : '7' });
      expect(reading(id, query, { attributesBySender: false }).senderIds).toBeNull();
    },
  );

  it('its ids name the ad; a media source alone names nothing', () => {
    expect(
      reading('appsflyer', 'af_c_id=1&af_adset_id=2&af_ad_id=3&media_source=Facebook+Ads'),
    ).toMatchObject({
      clickId: null,
      senderIds: { campaign: '1', adset: '2', ad: '3', network: 'Facebook Ads' },
    });
    expect(read('appsflyer', 'media_source=x')).toMatchObject({
      ok: false,
      refusal: { reason: 'missing_click_id' },
    });
    expect(read('generic', 'ad_id=3')).toMatchObject({ ok: false });
  });
});
