import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { clickIdSpellings } from '../../../src/core/click-id-spellings.ts';
import { isClientSideCall } from '../../../src/sources/client-side-call.ts';

const CHROME =
  'Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0.0.0 Safari/537.36';

describe('a call from a page', () => {
  it.each([
    ['a browser with a referer', { 'user-agent': CHROME, referer: 'https://shop.example/thanks' }, true],
    ['a browser with an origin', { 'user-agent': CHROME, origin: 'https://shop.example' }, true],
    ['a browser that fetches', { 'user-agent': CHROME, 'sec-fetch-mode': 'no-cors' }, true],
    ["a server with a browser's name", { 'user-agent': CHROME }, false],
    ['a server with a referer', { 'user-agent': 'curl/8.5', referer: 'https://x.example' }, false],
    ['an origin that says nothing', { 'user-agent': CHROME, origin: 'null' }, false],
    ['nothing at all', {}, false],
  ])('%s', (_, headers, expected) => {
    expect(isClientSideCall(headers)).toBe(expected);
  });
});

describe('spellings of a click id', () => {
  it('the received one first, then what may have happened to it', () => {
    expect(clickIdSpellings('abc')).toEqual(['abc']);
    expect(clickIdSpellings('a b c')).toEqual(['a b c', 'a+b+c']);
    expect(clickIdSpellings('a%2Bb')).toEqual(['a%2Bb', 'a+b']);
    expect(clickIdSpellings('QUJDREVGR0hJSktMTQ')).toEqual([
      'QUJDREVGR0hJSktMTQ',
      'QUJDREVGR0hJSktMTQ=',
      'QUJDREVGR0hJSktMTQ==',
    ]);
    expect(clickIdSpellings('QUJD=')).toEqual(['QUJD=', 'QUJD']);
    expect(clickIdSpellings('%zz')).toEqual(['%zz']);
  });

  it('are few, begin with the received one and never throw', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (id) => {
        const spellings = clickIdSpellings(id);
        expect(spellings[0]).toBe(id);
        expect(spellings.length).toBeLessThanOrEqual(5);
      }),
    );
  });
});
