import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type Payout, payoutOf, type PayoutQuestion } from '../../src/core/conversion-payout.ts';
import { micros } from '../../src/core/money.ts';

const line = (amount: number, own: Partial<Payout> = {}): Payout => ({
  event: null,
  linkId: null,
  campaignId: null,
  country: null,
  validFromMs: 0,
  micros: micros(amount),
  currency: 'USD',
  ...own,
});

const question: PayoutQuestion = { event: 'sale', linkId: 'l1', campaignId: 'c1', country: 'de', atMs: 100 };
const paid = (table: readonly Payout[], own: Partial<PayoutQuestion> = {}): number | undefined =>
  payoutOf(table, { ...question, ...own })?.micros;

describe('the payout table', () => {
  it('takes the line that says most: event, then link, then campaign, then country', () => {
    const table = [
      line(1),
      line(2, { country: 'DE' }),
      line(3, { campaignId: 'c1' }),
      line(4, { linkId: 'l1' }),
      line(5, { event: 'sale' }),
      line(6, { event: 'sale', country: 'DE' }),
    ];
    for (let length = 1; length <= table.length; length += 1)
      expect(paid(table.slice(0, length))).toBe(length);
    expect(paid(table, { event: 'lead' })).toBe(4);
    expect(paid(table, { event: 'lead', linkId: null, campaignId: null, country: null })).toBe(1);
  });

  it('takes the line in force when the event happened, not when it is read', () => {
    const table = [line(10, { validFromMs: 50 }), line(20, { validFromMs: 101 }), line(5)];
    expect(paid(table)).toBe(10);
    expect(paid(table, { atMs: 49 })).toBe(5);
    expect(paid(table, { atMs: 101 })).toBe(20);
  });

  it('pays nothing known where no line fits', () => {
    expect(payoutOf([], question)).toBeNull();
    expect(payoutOf([line(1, { event: 'lead' })], question)).toBeNull();
  });

  it('does not depend on the order of lines that differ', () => {
    const some = fc.record({
      event: fc.constantFrom(null, 'sale', 'lead'),
      linkId: fc.constantFrom(null, 'l1', 'l2'),
      campaignId: fc.constantFrom(null, 'c1', 'c2'),
      country: fc.constantFrom(null, 'DE', 'FR'),
      validFromMs: fc.integer({ min: 0, max: 200 }),
    });
    const tables = fc
      .uniqueArray(some, { maxLength: 8, selector: (row) => JSON.stringify(row) })
      .map((rows) => rows.map((row, at) => line(at, row)));
    fc.assert(
      fc.property(tables, (table) => {
        expect(paid(table.toReversed())).toBe(paid(table));
      }),
    );
  });
});
