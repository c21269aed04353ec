import { createHmac, hash } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { addressList, isAddressOrNetwork } from '../../../src/sources/allowed-address.ts';
import { emptyParams, readPairs } from '../../../src/sources/params.ts';
import type { SignatureRule } from '../../../src/sources/profile.ts';
import { readPostback } from '../../../src/sources/read-postback.ts';
import { sourceProfile } from '../../../src/sources/registry.ts';
import { configuredProfile, readSourceSettings } from '../../../src/sources/settings.ts';
import { checkSettings } from '../../../src/sources/settings-schema.ts';
import { checkSignature } from '../../../src/sources/signature.ts';

function params(query: string) {
  const into = emptyParams();
  readPairs(query, into);
  return into;
}

function read(stored: unknown, query: string, id = 'generic') {
  const settings = readSourceSettings(stored, 'USD');
  const plain = sourceProfile(id);
  if (plain === undefined) throw new Error(`no profile ${id}`);
  const profile = configuredProfile(plain, settings);
  return readPostback(params(query), { sourceId: 's', profile, settings, nowMs: Date.UTC(2026, 10, 6) });
}

describe('a source configured by its user', () => {
  it('maps names to fields, before and instead of what the profile makes of them', () => {
    const stored = { names: { Ref: 'clickId', order_id: 'event', wert: 'amount' } };
    expect(read(stored, 'ref=R&click_id=C&order_id=gold&wert=3&amount=9')).toMatchObject({
      reading: { clickId: 'R', event: 'gold', txid: null, amountMicros: 3_000_000 },
    });
  });

  it('writes times, dates and numbers as it says', () => {
    const stored = { zone: 'America/New_York', dateOrder: 'mdy', commaThousands: true };
    expect(read(stored, 'click_id=C&time=11/05/2026 9:05:00 PM&amount=1,234')).toMatchObject({
      reading: { eventAtMs: Date.parse('2026-11-06T02:05:00Z'), amountMicros: 1_234_000_000 },
    });
    expect(read({}, 'click_id=C&time=11/05/2026')).toMatchObject({
      reading: { eventAtMs: null, warnings: ['time_unparsed:time'] },
    });
    expect(read({ dateOrder: 'dmy' }, 'click_id=C&time=05.11.2026')).toMatchObject({
      reading: { eventAtMs: Date.UTC(2026, 10, 5) },
    });
    expect(read({ zone: 'Asia/Kolkata' }, 'click_id=C&time=2026-11-05T10:00:00%2B01:00')).toMatchObject({
      reading: { eventAtMs: Date.UTC(2026, 10, 5, 9) },
    });
  });

  it('units that are no currency', () => {
    expect(read({}, 'subid=C&payout=250&currency=usd_cents', 'offerwall')).toMatchObject({
      reading: { amountMicros: 2_500_000, currency: 'USD' },
    });
    expect(read({}, 'subid=C&payout=250&currency=pts', 'offerwall')).toMatchObject({
      reading: { amountMicros: null, currency: null, warnings: ['points:currency'] },
    });
  });

  it('one bad choice leaves the others standing', () => {
    const stored = {
      zone: 'Nowhere/Else',
      unmappedStatus: 'hold',
      names: { a: 'nonsense' },
      addresses: ['x'],
    };
    expect(readSourceSettings(stored, 'EUR')).toEqual({ currency: 'EUR', unmappedStatus: 'hold' });
    for (const odd of [null, 3, 'x', [], undefined])
      expect(readSourceSettings(odd, 'EUR')).toEqual({ currency: 'EUR' });
  });
});

describe('settings from outside', () => {
  it('are kept as they are read: names and words in lower case', () => {
    expect(
      checkSettings({
        names: { Sub9: 'clickId' },
        statuses: { LEAD: 'hold' },
        fraud: { policy: { install_too_fast: 'quarantine' } },
      }),
    ).toEqual({
      ok: true,
      settings: {
        names: { sub9: 'clickId' },
        statuses: { lead: 'hold' },
        fraud: { policy: { install_too_fast: 'quarantine' } },
      },
    });
  });

  it.each([
    [{ fraud: { policy: { nonsense: 'exclude' } } }, 'fraud'],
    [{ signature: { param: 's', algorithm: 'sha256', formula: '{click_id}' } }, '{secret}'],
    [{ answerTexts: { accepted: 'OK' } }, 'answerTexts.duplicate: nothing does not fit'],
    [{ addresses: [] }, 'addresses'],
    [{ windowHours: { install: 1e9 } }, 'windowHours.install'],
    [{ __proto__: null, constructor: 1 }, 'there is no setting "constructor"'],
  ])('%j is told what is right', (given, said) => {
    const checked = checkSettings(given);
    expect(checked.ok ? '' : checked.problems.join()).toContain(said);
  });
});

describe('signatures', () => {
  const md5: SignatureRule = { param: 'sig', algorithm: 'md5', formula: '{user}-{tx}{secret}' };
  const sent = 'user=u&tx=7&sig=';

  it.each([
    ['md5', hash('md5', 'u-7S', 'hex'), 'right'],
    ['md5 in capitals', hash('md5', 'u-7S', 'hex').toUpperCase(), 'right'],
    ['md5 in base64', encodeURIComponent(hash('md5', 'u-7S', 'base64')), 'right'],
    ['another secret', hash('md5', 'u-7T', 'hex'), 'wrong'],
    ['half of it', hash('md5', 'u-7S', 'hex').slice(0, 16), 'wrong'],
    ['none', '', 'unsigned'],
  ])('%s', (_, signature, expected) => {
    expect(checkSignature(params(sent + signature), md5, 'S')).toBe(expected);
  });

  it('an HMAC has the secret for its key', () => {
    const rule: SignatureRule = { param: 'sig', algorithm: 'hmac-sha256', formula: '{user}{tx}' };
    const right = createHmac('sha256', 'S').update('u7').digest('hex');
    expect(checkSignature(params(sent + right), rule, 'S')).toBe('right');
    expect(checkSignature(params(`user=u&tx=8&sig=${right}`), rule, 'S')).toBe('wrong');
  });

  it('over the raw body, as RFC 4231 has it (test case 2)', () => {
    const rule: SignatureRule = { param: 'x-s', in: 'header', over: 'body', algorithm: 'hmac-sha256' };
    const wire = (body: string) => ({
      url: '/p/s',
      body: Buffer.from(body),
      headers: { 'x-s': '5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843' },
    });
    expect(checkSignature(params(''), rule, 'Jefe', wire('what do ya want for nothing?'))).toBe('right');
    expect(checkSignature(params(''), rule, 'Jefe', wire('what do ya want for nothing'))).toBe('wrong');
    expect(checkSignature(params('x-s=1'), rule, 'Jefe')).toBe('unsigned');
  });

  it.each([
    [{ param: 's', algorithm: 'sha256', over: 'body' }, 'choose hmac-sha256'],
    [{ param: 's', algorithm: 'hmac-sha256' }, 'signature.formula: say what is signed'],
    [{ param: 's', algorithm: 'hmac-sha256', over: 'bdy' }, 'signature.over'],
  ])('%j is told what is right', (signature, said) => {
    const checked = checkSettings({ signature });
    expect(checked.ok ? '' : checked.problems.join()).toContain(said);
  });

  it('no request makes it throw', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), fc.string(), (query, formula) => {
        expect(['wrong', 'unsigned']).toContain(checkSignature(params(query), { ...md5, formula }, 'secret'));
      }),
    );
  });
});

describe('address lists', () => {
  it.each([
    ['203.0.113.7', ['203.0.113.7'], true],
    ['203.0.113.8', ['203.0.113.7'], false],
    ['203.0.113.200', ['198.51.100.0/24', '203.0.113.128/25'], true],
    ['2001:db8::1', ['2001:db8::/32'], true],
    ['2001:db9::1', ['2001:db8::/32'], false],
    ['nonsense', ['0.0.0.0/0'], false],
    ['203.0.113.7', ['nonsense', '203.0.113.0/33'], false],
    ['203.0.113.7', [], false],
  ])('%s in %j: %s', (address, list, expected) => {
    expect(addressList(list)(address)).toBe(expected);
  });

  it('only addresses and networks are kept', () => {
    expect(['1.2.3.4', '1.2.3.0/24', '::1', '2001:db8::/32'].every(isAddressOrNetwork)).toBe(true);
    expect(['', '1.2.3', '1.2.3.4/33', '1.2.3.4/24/1', '::/129', '1.2.3.4/x'].some(isAddressOrNetwork)).toBe(
      false,
    );
    fc.assert(fc.property(fc.string(), fc.string(), (a, b) => void addressList([b])(a)));
  });
});
