import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { checkAddresses, checkUrl, isAllowEntry, isPublicAddress } from '../../../src/outbound/guard.ts';
import { buildRequest } from '../../../src/outbound/build-request.ts';
import { CONTEXT, GUARD, conversion, template } from './support.ts';

const OPEN = { ...GUARD, allowed: ['127.0.0.1', 'backend.internal', '10.20.0.0/16', 'fd00:1::/32'] };

describe('addresses', () => {
  it.each([
    '0.0.0.0',
    '10.1.2.3',
    '100.64.0.1',
    '127.0.0.1',
    '169.254.169.254',
    '172.16.0.1',
    '172.31.255.255',
    '192.168.1.1',
    '192.0.2.1',
    '198.18.0.1',
    '224.0.0.1',
    '240.0.0.1',
    '255.255.255.255',
    '::',
    '::1',
    '::ffff:127.0.0.1',
    '::ffff:a9fe:a9fe',
    '::127.0.0.1',
    '64:ff9b::10.0.0.1',
    'fc00::1',
    'fd12:3456::1',
    'fe80::1',
    'fe80::1%eth0',
    'fec0::1',
    'ff02::1',
    '2001:db8::1',
    '4000::1',
    '2002:7f00:1::',
    '2001:0:1::1',
    'not an address',
    '',
  ])('%s is not public', (address) => {
    expect(isPublicAddress(address)).toBe(false);
  });

  it.each(['8.8.8.8', '172.32.0.1', '100.128.0.1', '2606:4700::1111', '::ffff:8.8.8.8', '64:ff9b::8.8.8.8'])(
    '%s is public',
    (address) => {
      expect(isPublicAddress(address)).toBe(true);
    },
  );

  it('every address in a private network is refused, mapped into IPv6 too', () => {
    const octet = fc.nat(255);
    const inside = fc.oneof(
      fc.tuple(fc.constantFrom(10, 127, 0), octet, octet, octet),
      fc.tuple(fc.constant(192), fc.constant(168), octet, octet),
      fc.tuple(fc.constant(172), fc.integer({ min: 16, max: 31 }), octet, octet),
      fc.tuple(fc.constant(169), fc.constant(254), octet, octet),
      fc.tuple(fc.constant(100), fc.integer({ min: 64, max: 127 }), octet, octet),
    );
    fc.assert(
      fc.property(inside, (octets) => {
        expect(isPublicAddress(octets.join('.'))).toBe(false);
        expect(isPublicAddress(`::ffff:${octets.join('.')}`)).toBe(false);
        expect(checkUrl(`http://${octets.join('.')}/x`, GUARD).ok).toBe(false);
        // Other spellings of the same address.
        const number = octets.reduce((all, one) => all * 256 + one, 0);
        expect(checkUrl(`http://${number}/x`, GUARD).ok).toBe(false);
        expect(checkUrl(`http://0x${number.toString(16)}/x`, GUARD).ok).toBe(false);
      }),
    );
  });

  it('a name is refused as soon as one of its addresses is private, and when it has none', () => {
    expect(checkAddresses('p.example.net', ['8.8.8.8', '2606:4700::1'], GUARD, '443').ok).toBe(true);
    expect(checkAddresses('p.example.net', ['8.8.8.8', '10.0.0.1'], GUARD, '443')).toMatchObject({
      ok: false,
    });
    expect(checkAddresses('p.example.net', [], GUARD, '443')).toMatchObject({ ok: false });
  });

  it('a private host is reached only when the operator named it', () => {
    expect(checkAddresses('backend.internal', ['10.0.0.1'], GUARD, '443').ok).toBe(false);
    expect(checkAddresses('Backend.internal.', ['10.0.0.1'], OPEN, '443').ok).toBe(true);
    expect(checkUrl('http://127.0.0.1:4000/x', OPEN).ok).toBe(true);
    expect(checkUrl('http://127.0.0.2:4000/x', OPEN).ok).toBe(false);
  });

  it('a network that the operator allowed covers what lies in it, and nothing else', () => {
    const via = (address: string) => checkAddresses('shop.example.net', [address], OPEN, '443').ok;
    expect(['10.20.255.1', '::ffff:10.20.0.1', 'fd00:1::7'].map(via)).toEqual([true, true, true]);
    expect(['10.21.0.1', 'fd00:2::7', '127.0.0.1'].map(via)).toEqual([false, false, false]);
    expect(checkUrl('http://10.20.3.4/x', OPEN).ok).toBe(true);
    expect(checkUrl('http://10.20.3.4:3000/x', { ...OPEN, ownHosts: ['10.20.3.4:3000'] }).ok).toBe(false);
    for (const good of ['10.0.0.0/8', 'fd00::/8', 'backend.internal', '127.0.0.1'])
      expect(isAllowEntry(good)).toBe(true);
    for (const bad of ['10.0.0.0/33', 'a b', '/8', 'x/8', '']) expect(isAllowEntry(bad)).toBe(false);
  });
});

describe('loops', () => {
  it('no request is built for ourselves or a private address', () => {
    for (const host of ['track.example.com', '127.0.0.1', '[::1]', '169.254.169.254'])
      expect(
        buildRequest(template({ url: `https://${host}/p?c={click_id}` }), conversion(), CONTEXT),
      ).toMatchObject({
        kind: 'skipped',
        reason: 'refused_address',
      });
  });

  it('our own host is refused under every spelling', () => {
    for (const url of [
      'https://track.example.com/p/shop',
      'https://TRACK.example.com./p/shop',
      'http://track.example.com:8080/p/shop',
    ])
      expect(checkUrl(url, GUARD)).toMatchObject({ ok: false, message: expect.stringContaining('circle') });
    expect(checkUrl('https://track.example.com.evil.example/', GUARD).ok).toBe(true);
  });

  it('a port in our own address is only that port', () => {
    const rules = { ...OPEN, ownHosts: ['127.0.0.1:3000', '[::1]:3000'] };
    expect(checkUrl('http://127.0.0.1:3000/p', rules).ok).toBe(false);
    expect(checkUrl('http://[::1]:3000/p', rules)).toMatchObject({
      message: expect.stringContaining('circle'),
    });
    expect(checkUrl('http://127.0.0.1:4000/p', rules).ok).toBe(true);
    // A name that leads there is ours on that port too.
    const open = { ...rules, allowed: ['127.0.0.0/8'] };
    expect(checkAddresses('alias.example.net', ['127.0.0.1'], open, '3000')).toMatchObject({
      message: expect.stringContaining('circle'),
    });
    expect(checkAddresses('alias.example.net', ['127.0.0.1'], open, '4000').ok).toBe(true);
  });

  it('another name for our own address is refused', () => {
    expect(checkAddresses('alias.example.net', ['198.51.99.7'], GUARD, '443')).toMatchObject({
      ok: false,
      message: expect.stringContaining('circle'),
    });
    expect(checkAddresses('alias.example.net', ['::ffff:198.51.99.7'], GUARD, '443').ok).toBe(false);
  });
});

it('never throws, whatever the address is', () => {
  fc.assert(
    fc.property(
      fc.oneof(fc.string({ unit: 'binary' }), fc.webUrl(), fc.ipV6(), fc.ipV4Extended()),
      (text) => {
        checkUrl(text, GUARD);
        checkUrl(`http://${text}/`, GUARD);
        checkAddresses(text, [text], GUARD, '443');
        expect(checkUrl(`javascript:${text}`, GUARD).ok).toBe(false);
      },
    ),
  );
});
