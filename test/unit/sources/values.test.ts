import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { decimalFromMicros, micros } from '../../../src/core/money.ts';
import { readTime } from '../../../src/sources/times.ts';
import { readAmount, readCurrency } from '../../../src/sources/values.ts';

const amount = (text: string) => readAmount(text)?.micros;

describe('amounts', () => {
  it.each([
    ['12', 12_000_000],
    ['12.50', 12_500_000],
    ['12,50', 12_500_000],
    ['1 234.50', 1_234_500_000],
    ['1,234.50', 1_234_500_000],
    ['1.234,50', 1_234_500_000],
    ['1.234.567', 1_234_567_000_000],
    ['$12.5', 12_500_000],
    ['-$3', -3_000_000],
    ['12.5USD', 12_500_000],
    ['EUR 7', 7_000_000],
    ['-3', -3_000_000],
    ['+3', 3_000_000],
    ['1e2', 100_000_000],
    ['1.5e-1', 150_000],
    ['.5', 500_000],
    ['0', 0],
    ['0.00', 0],
    ['\u00a01\u202f000,5 ', 1_000_500_000],
  ])('%j is read', (text, expected) => {
    expect(amount(text)).toBe(expected);
  });

  it.each([
    '',
    ' ',
    'NaN',
    'Infinity',
    '-Infinity',
    '0x10',
    'free',
    '1-2',
    '--3',
    '1.2.3,4,5',
    '$',
    '12 USD EUR',
    '9'.repeat(30),
    '1e40',
    '1,2.3,4',
  ])('%j is none', (text) => {
    expect(readAmount(text)).toBeUndefined();
  });

  it('one comma before three digits is a decimal point, noted, unless the profile says thousands', () => {
    expect(readAmount('1,234')).toMatchObject({ micros: 1_234_000, ambiguous: true });
    expect(readAmount('1,234', true)).toMatchObject({ micros: 1_234_000_000, ambiguous: false });
    expect(readAmount('1,23')).toMatchObject({ ambiguous: false });
  });

  it('a currency glued to it is told', () => {
    expect(readAmount('12.5usd')?.currency).toBe('USD');
    expect(readAmount('€5')?.currency).toBe('EUR');
    expect(readAmount('$5')?.currency).toBeNull();
  });

  it('every exact amount is read back exactly, in each of the ways it is written', () => {
    fc.assert(
      fc.property(fc.integer({ min: -(2 ** 53 - 1), max: 2 ** 53 - 1 }), (value) => {
        const text = decimalFromMicros(micros(value));
        expect(amount(text)).toBe(micros(value));
        expect(amount(text.replace('.', ','))).toBe(micros(value));
        expect(amount(`${text} EUR`)).toBe(micros(value));
        const [whole = '', fraction] = text.replace('-', '').split('.');
        if (fraction !== undefined) {
          const grouped = whole.replaceAll(/\B(?=(\d{3})+$)/g, ' ');
          expect(amount(`${value < 0 ? '-' : ''}${grouped},${fraction}`)).toBe(micros(value));
        }
      }),
    );
  });

  it('no text makes it throw', () => {
    fc.assert(
      fc.property(fc.oneof(fc.string(), fc.stringMatching(/^[-+$€0-9.,eE ' ]{0,40}$/)), (text) => {
        const read = readAmount(text);
        expect(read === undefined || Number.isSafeInteger(read.micros)).toBe(true);
      }),
    );
  });
});

describe('currencies', () => {
  it('are ISO codes of any case', () => {
    expect([
      readCurrency('usd'),
      readCurrency('RUB'),
      readCurrency('pts'),
      readCurrency(''),
      readCurrency('usd_cents'),
    ]).toEqual(['USD', 'RUB', null, null, null]);
  });
});

describe('times', () => {
  const at = Date.UTC(2026, 10, 5, 9, 8, 7);
  it.each([
    ['1793869687', at],
    ['1793869687.25', at + 250],
    ['1793869687123', at + 123],
    ['1793869687123456', at + 123],
    ['2026-11-05T09:08:07Z', at],
    ['2026-11-05T10:08:07+01:00', at],
    ['2026-11-05T04:08:07-0500', at],
    ['2026-11-05 09:08:07', at],
    ['2026-11-05 09:08:07.123', at + 123],
    ['26-11-05 09:08:07', at],
    ['2026-11-05', Date.UTC(2026, 10, 5)],
  ])('%s is read', (text, expected) => {
    expect(readTime(text)).toBe(expected);
  });

  it.each([
    '',
    '0',
    '12345',
    '2026-02-30',
    '2026-13-01',
    '11/05/2026',
    '946684800',
    'yesterday',
    '2026-11-05 25:00:00',
    '99999999999999',
  ])('%j is none', (text) => {
    expect(readTime(text)).toBeUndefined();
  });

  it('every instant of the century is read back from each of its spellings', () => {
    fc.assert(
      fc.property(fc.integer({ min: Date.UTC(2010, 0, 1), max: Date.UTC(2100, 0, 1) }), (ms) => {
        const iso = new Date(ms).toISOString();
        expect(readTime(iso)).toBe(ms);
        expect(readTime(iso.replace('T', ' ').replace('Z', ''))).toBe(ms);
        expect(readTime(String(ms))).toBe(ms);
        expect(readTime(String(Math.floor(ms / 1000)))).toBe(Math.floor(ms / 1000) * 1000);
      }),
    );
  });
});
