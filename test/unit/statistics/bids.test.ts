import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  clickValueBid,
  costCapBid,
  limitedStep,
  shrunkMeanValue,
} from '../../../src/core/statistics/bids.ts';
import { expectDecimals } from './close-to.ts';

const clickPrior = { a: 2.5, b: 75 };

describe('value-based bid', () => {
  it('is the worked example: $1.13 for a click, inside the step from $1.00', () => {
    const wanted = clickValueBid({ targetCpa: 30, clickPrior, conversions: 6, maturedClicks: 150 });
    expectDecimals(wanted, 1.133333, 6);
    expectDecimals(limitedStep(1, wanted, { step: 0.2, deadBand: 0.1 }) ?? NaN, 1.133333, 6);
  });

  it('shrinks an ad’s mean order to the account’s, on the log scale', () => {
    expect(shrunkMeanValue({ orders: 30, mean: 90 }, 40)).toBeCloseTo(60, 12);
    expect(shrunkMeanValue({ orders: 0, mean: 90 }, 40)).toBe(40);
    expect(shrunkMeanValue({ orders: 5, mean: NaN }, 40)).toBe(40);
    expect(shrunkMeanValue({ orders: NaN, mean: 10 }, 40)).toBe(40);
  });

  it('orders that brought nothing, or were paid back, are worth the less the more there are', () => {
    const worth = [1, 5, 50, 500].map((orders) => shrunkMeanValue({ orders, mean: 0 }, 40));
    for (const [i, value] of worth.entries()) expect(value).toBeLessThan(worth[i - 1] ?? 40);
    expect(worth.at(-1)).toBeGreaterThan(0);
    expect(worth.at(-1)).toBeLessThan(0.1);
    expect(shrunkMeanValue({ orders: 500, mean: -3 }, 40)).toBe(worth.at(-1));
  });
});

describe('cost cap', () => {
  it('is the worked example: factor .814251', () => {
    expectDecimals(
      costCapBid({ cap: 1, targetCpa: 30, shrunkCpa: 40, elasticity: 0.7, damping: 0.5 }),
      0.814251,
      6,
    );
  });

  it('stays where CPA is on target', () => {
    expect(costCapBid({ cap: 33, targetCpa: 30, shrunkCpa: 30 })).toBe(33);
  });
});

describe('limited step', () => {
  const limits = { step: 0.25, deadBand: 0.1 };

  it('does nothing within the dead band and goes no farther than the step', () => {
    expect(limitedStep(1, 1.0999, limits)).toBeNull();
    expect(limitedStep(1, 0.9001, limits)).toBeNull();
    expect(limitedStep(1, 1.2, limits)).toBe(1.2);
    expect(limitedStep(2, 9, limits)).toBe(2.5);
    expect(limitedStep(2, 0.01, limits)).toBe(1.5);
  });

  it.each([
    [1, NaN],
    [1, 0],
    [1, -2],
    [1, Infinity],
    [0, 1],
    [NaN, 1],
    [-1, -2],
  ])('takes none from %d to %d', (from, wanted) => {
    expect(limitedStep(from, wanted, limits)).toBeNull();
  });

  it('is within the step and on the way, whatever is wanted', () => {
    const money = fc.double({ min: 0.01, max: 1000, noNaN: true });
    fc.assert(
      fc.property(money, money, (from, wanted) => {
        const to = limitedStep(from, wanted, limits);
        if (to === null) return;
        expect(Math.abs(to / from - 1)).toBeLessThanOrEqual(0.25 + 1e-12);
        expect(Math.sign(to - from)).toBe(Math.sign(wanted - from));
      }),
    );
  });
});
