import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  decimalFromMicros,
  formatMoney,
  type Micros,
  micros,
  microsFromDecimal,
  MoneyRangeError,
} from '../../src/core/money.ts';

const amount = fc.maxSafeInteger().map((value) => micros(value));

describe('money', () => {
  it('reads back every amount it writes', () => {
    fc.assert(
      fc.property(amount, (value) => {
        expect(microsFromDecimal(decimalFromMicros(value))).toBe(value);
      }),
    );
  });

  it.each([
    ['12.50', 12_500_000],
    ['0.000001', 1],
    ['-0.5', -500_000],
    ['.5', 500_000],
    ['5.', 5_000_000],
    ['+3', 3_000_000],
    ['0.0000019', 1],
    ['-0', 0],
  ])('reads %s exactly', (text, expected) => {
    expect(microsFromDecimal(text)).toBe(expected);
  });

  it.each(['', '.', '1e2', '1,5', '0x10', 'NaN', 'Infinity', '1 000', '--1', '99999999999999'])(
    'refuses %j rather than guess',
    (text) => {
      expect(microsFromDecimal(text)).toBeUndefined();
    },
  );

  it('refuses what a double cannot hold exactly', () => {
    expect(() => micros(0.5)).toThrow(MoneyRangeError);
    expect(() => micros(2 ** 53)).toThrow(MoneyRangeError);
  });

  it('shows the digits a currency has', () => {
    expect(formatMoney(1_204_500_000 as Micros, 'USD')).toBe('$1,204.50');
    expect(formatMoney(120_000_000 as Micros, 'JPY')).toBe('¥120');
  });
});
