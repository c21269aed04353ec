import { describe, expect, it } from 'vitest';
import { checkTemplate } from '../../../src/sources/explain/check-template.ts';
import { readAnything } from '../../../src/sources/explain/read-anything.ts';
import { emptyParams, readBody, readPairs } from '../../../src/sources/params.ts';
import type { SourceSettings } from '../../../src/sources/profile.ts';
import { readPostback, type Reading } from '../../../src/sources/read-postback.ts';
import { sourceProfile, sourceProfiles } from '../../../src/sources/registry.ts';

/**
 * Thirty things that a naive receiver gets wrong. Here stand those about reading, and of those about answering what a
 * profile says. 28 and 29 (Apple's signatures and development keys) are tested with Apple's postbacks, 25 and 30 (a
 * failure inside a 200, values encoded once) with the postbacks we send.
 */
function outcome(id: string, query: string, settings: Partial<SourceSettings> = {}, body?: string) {
  const profile = sourceProfile(id);
  if (profile === undefined) throw new Error(`no profile ${id}`);
  const params = emptyParams();
  readPairs(query, params);
  if (body !== undefined) expect(readBody(Buffer.from(body), 'application/json', params)).toBeNull();
  const context = {
    sourceId: 's',
    profile,
    settings: { currency: 'USD', ...settings },
    nowMs: Date.UTC(2026, 10, 6),
  };
  return readPostback(params, context);
}

function read(id: string, query: string, settings: Partial<SourceSettings> = {}, body?: string): Reading {
  const result = outcome(id, query, settings, body);
  if (!result.ok) throw new Error(result.refusal.message);
  return result.reading;
}

const key = (reading: Reading) => reading.conversionKey?.toString('hex') ?? null;

describe('rules of reading', () => {
  it('1: transaction_id is the click at TUNE and Everflow, the conversion at Affise and Voluum-like senders', () => {
    expect(read('tune', 'transaction_id=x&adv_sub=o')).toMatchObject({ clickId: 'x', txid: 'o' });
    expect(read('everflow', 'transaction_id=x&order_id=o')).toMatchObject({ clickId: 'x', txid: 'o' });
    expect(read('affise', 'clickid=c&transaction_id=x')).toMatchObject({ clickId: 'c', txid: 'x' });
    expect(read('voluum', 'cid=c&transaction_id=x')).toMatchObject({ clickId: 'c', txid: 'x' });
  });

  it("2: CAKE's r is a session: where our own id comes back beside it, that is the click", () => {
    expect(read('cake', 'r=55&s2=ours&p=1').clickId).toBe('ours');
    expect(read('cake', 'r=55&p=1').clickId).toBe('55');
  });

  it("3: Voluum's txid is unique within its click only", () => {
    expect(key(read('voluum', 'cid=a&txid=1'))).not.toBe(key(read('voluum', 'cid=b&txid=1')));
    expect(key(read('voluum', 'cid=a&txid=1&payout=2'))).toBe(key(read('voluum', 'cid=a&txid=1&payout=3')));
  });

  it('4: Keitaro numbers the stages of a click by tid', () => {
    expect(key(read('keitaro', 'subid=a&tid=1'))).not.toBe(key(read('keitaro', 'subid=a&tid=2')));
    expect(key(read('keitaro', 'subid=a&tid=1'))).not.toBe(key(read('keitaro', 'subid=b&tid=1')));
  });

  it('5: an empty transaction id is none', () => {
    expect(read('generic', 'click_id=c&txid=').txid).toBeNull();
    expect(key(read('generic', 'click_id=c&txid=&amount=5'))).not.toBe(
      key(read('generic', 'click_id=c&txid=&amount=6')),
    );
  });

  it('6: what a repeat means is set per source', () => {
    expect(key(read('voluum', 'cid=c&payout=5'))).toBe(key(read('voluum', 'cid=c&payout=6')));
    const each = { scopeWithoutTxid: 'each' as const };
    expect(key(read('voluum', 'cid=c&payout=5', each))).toBeNull();
  });

  it('7: a payout of zero is a real conversion', () => {
    for (const profile of ['voluum', 'bemob', 'binom', 'keitaro'])
      expect(read(profile, `${sourceProfile(profile)?.names.clickId[0]}=c&payout=0`).amountMicros).toBe(0);
  });

  it('8: a missing payout is not zero, and Binom says "auto" for it', () => {
    expect(read('binom', 'cnv_id=c').amountMicros).toBeNull();
    expect(read('binom', 'cnv_id=c&payout=auto')).toMatchObject({ amountMicros: null, currency: null });
  });

  it('9: a missing status is a sale in Keitaro', () => {
    expect(read('keitaro', 'subid=c').status).toBe('approved');
  });

  it('10: status words may be mapped in the address, and an unknown one is kept raw', () => {
    expect(read('keitaro', 'subid=c&status=hold&sale_status=a,hold').status).toBe('approved');
    expect(read('keitaro', 'subid=c&status=ftm')).toMatchObject({ status: 'pending', unmappedStatus: 'ftm' });
    expect(read('keitaro', 'subid=c&status=ftm', { statuses: { ftm: 'approved' } }).status).toBe('approved');
  });

  it("11: Affise's status is a number, and there is no 4", () => {
    const status = (word: string) => read('affise', `clickid=c&status=${word}`);
    expect(['1', '2', '3', '5'].map((word) => status(word).status)).toEqual([
      'approved',
      'pending',
      'rejected',
      'hold',
    ]);
    expect(status('4').unmappedStatus).toBe('4');
  });

  it('12: a reversal is a status, a number, a negative amount, or a new total beside the change', () => {
    expect(read('generic', 'click_id=c&status=reversed').status).toBe('reversed');
    expect(read('offerwall', 'subid=c&status=2&payout=3').status).toBe('reversed');
    // Taken from what there is: all of it makes a reversal (conversion-life).
    expect(read('generic', 'click_id=c&amount=-3')).toMatchObject({ status: null, amountMicros: -3_000_000 });
    expect(read('impact', 'SubId1=c&ActionId=7&Status=REVERSED&Payout=0&DeltaPayout=-4.20')).toMatchObject({
      status: 'reversed',
      amountMicros: 0,
    });
  });

  it.each([
    '{sub}',
    '{{sub}}',
    '${SUBID}',
    '%23s2%23',
    '(clickid)',
    '[subid]',
    '[[subid]]',
    '<orderid>',
    '%25x%25',
    '%257Bsub%257D',
    'REPLACE',
    'OPTIONAL',
  ])('13: %s was never filled in: absent, and reported', (macro) => {
    expect(outcome('generic', `click_id=${macro}`)).toMatchObject({
      ok: false,
      refusal: { reason: 'unresolved_macro' },
    });
    expect(read('generic', `click_id=c&txid=${macro}`)).toMatchObject({
      txid: null,
      warnings: ['unresolved_macro:txid'],
    });
  });

  it('14: an unfilled # macro cuts the address', () => {
    const address = 'https://t.example/postback?cid=#s2#&payout=5';
    expect(readAnything({ address, kind: 'inbound_postback', nowMs: 0 }).said).toEqual({});
    expect(readAnything({ address, kind: 'outbound_template', nowMs: 0 }).said.amount?.value).toBe('5');
    expect(checkTemplate(address, null).findings.map(({ code }) => code)).toContain('hash_macro');
  });

  it.each([
    ['payout=12.5¤cy=EUR', 'currency', 'EUR'],
    ['a=1©right=2', 'copyright', '2'],
    ['a=1®ion=US', 'region', 'US'],
    ['a=1×tamp=1793873472', 'timestamp', '1793873472'],
    ['a=1¶m=x', 'param', 'x'],
    ['a=1§ion=x', 'section', 'x'],
    ['a=1¬ify=x', 'notify', 'x'],
    ['a=1°ree=x', 'degree', 'x'],
  ])('15: %s: a name that began like an HTML entity comes back', (query, name, value) => {
    const params = emptyParams();
    readPairs(query, params);
    expect(params.values.get(name)).toBe(value);
    expect(params.warnings).toContain(`html_entity:${name}`);
    const apart = emptyParams();
    readPairs(query.replace(/(?=[¤©®×¶§¬°])/, '&'), apart);
    expect(apart.values.get(name)).toBe(value);
  });

  it('16: names match in any case, click ids keep theirs', () => {
    expect(read('generic', 'ClickID=AbC-_').clickId).toBe('AbC-_');
    expect(read('impact', 'subId1=AbC').clickId).toBe('AbC');
  });

  it('17: of several click ids all are found and one counts, whatever utm_source says', () => {
    const address = 'https://s.example/?utm_source=tiktok&msclkid=m&fbclid=f&gclid=g&gbraid=b';
    const ids = readAnything({ address, kind: 'click', nowMs: 0 }).clickIds;
    expect(ids.map(({ name }) => name)).toEqual(['gclid', 'gbraid', 'fbclid', 'msclkid']);
  });

  it.each(['msclkid=N', 'gclid=', 'gclid=null', 'gclid=undefined', 'gclid=0', 'gclid=-'])(
    '18: %s is none',
    (query) => {
      expect(
        readAnything({ address: `https://s.example/?${query}`, kind: 'click', nowMs: 0 }).clickIds,
      ).toEqual([]);
      expect(outcome('generic', query).ok).toBe(false);
    },
  );

  it('19: Branch counts its event in ms and the click in s, in one body', () => {
    const body =
      '{"timestamp":1793873472345,"last_attributed_touch_data":{"~click_id":"c","+click_timestamp":1793800000}}';
    expect(read('branch', '', {}, body)).toMatchObject({
      eventAtMs: 1_793_873_472_345,
      clickAtMs: 1_793_800_000_000,
    });
  });

  it('20: integers beyond 2^53 keep every digit', () => {
    const body = '{"id":467391383381228205,"last_attributed_touch_data":{"~click_id":467391383381228207}}';
    expect(read('branch', '', {}, body)).toMatchObject({
      clickId: '467391383381228207',
      txid: '467391383381228205',
    });
  });

  it('21: true and null come in many writings', () => {
    for (const yes of ['true', '"true"', '1', '"1"'])
      expect(read('appsflyer', '', {}, `{"clickid":"c","is_rejected":${yes}}`).status).toBe('rejected');
    for (const no of ['false', '"false"', '0', '"null"', 'null'])
      expect(read('appsflyer', '', {}, `{"clickid":"c","is_rejected":${no}}`).status).toBe('approved');
  });

  it('22–26: senders that give up or switch off at an error are answered 200', () => {
    const calm = sourceProfiles().filter((profile) => profile.answers === 'always-200');
    expect(calm.map((profile) => profile.id)).toEqual(
      expect.arrayContaining([
        'appsflyer',
        'affise',
        'everflow',
        'impact',
        'appmetrica',
        'singular',
        'adjust',
        'branch',
      ]),
    );
  });

  it('27: rejected installs come to the same address and do not count', () => {
    expect(read('appsflyer', 'clickid=c&event_name=install&is_rejected=1&reject_reason=bots')).toMatchObject({
      status: 'rejected',
      rejectReason: 'bots',
    });
    expect(
      read('adjust', 'click_id=c&activity_kind=rejected_install&rejection_reason=anomaly'),
    ).toMatchObject({
      status: 'rejected',
      eventType: 'install',
      rejectReason: 'anomaly',
    });
  });
});
