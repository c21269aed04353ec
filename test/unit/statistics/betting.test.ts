import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { bettingAbove, bettingBelow } from '../../../src/core/statistics/betting.ts';
import { expectDecimals } from './close-to.ts';

const values = [0.1, 0, 0.3, 0.05, 0.2, 0, 0.6, 0.1, 0, 0.15];

describe('betting against a mean', () => {
  it('is the worked example', () => {
    const published = [
      0, 0.229574, 0.309617, 0.565551, 0.719701, 1.007383, 0.825062, 1.048205, 1.335887, 1.525129,
    ];
    const steps = bettingBelow(values, 0.4);
    for (const [i, lnCapital] of published.entries())
      expectDecimals(steps[i]?.lnCapital ?? NaN, lnCapital, 6);
    expectDecimals(steps[1]?.stake ?? NaN, 0.645161, 6);
    expectDecimals(steps[9]?.stake ?? NaN, 0.833333, 6);
  });

  it('never loses all: no value can take the capital below half at once', () => {
    const inUnit = fc.array(fc.double({ min: 0, max: 1, noNaN: true }), { maxLength: 100 });
    fc.assert(
      fc.property(inUnit, fc.double({ min: 0.01, max: 0.99, noNaN: true }), (any, mean) => {
        for (const steps of [bettingBelow(any, mean), bettingAbove(any, mean)]) {
          let before = 0;
          for (const { lnCapital } of steps) {
            expect(lnCapital - before).toBeGreaterThanOrEqual(Math.log(0.5) - 1e-12);
            before = lnCapital;
          }
        }
      }),
    );
  });

  it('does not grow on average while the mean is what it is not said to be', () => {
    // Two values 0 and 1 with chance ½ each: mean ½. All orders of eight.
    let [below, above] = [0, 0];
    for (let order = 0; order < 256; order += 1) {
      const any = Array.from({ length: 8 }, (_, i) => (order >> i) & 1);
      below += Math.exp(bettingBelow(any, 0.5).at(-1)?.lnCapital ?? NaN) / 256;
      above += Math.exp(bettingAbove(any, 0.5).at(-1)?.lnCapital ?? NaN) / 256;
    }
    expect(below).toBeCloseTo(1, 12);
    expect(above).toBeCloseTo(1, 12);
  });

  it('finds a mean that is above without a bound on values', () => {
    const rich = Array.from({ length: 40 }, (_, i) => (i % 5 === 0 ? 20 : 1));
    expect(bettingAbove(rich, 2).at(-1)?.lnCapital).toBeGreaterThan(1);
    expect(bettingAbove(rich, 10).at(-1)?.lnCapital).toBeLessThanOrEqual(0);
  });

  it('has no steps for a mean that cannot be, and skips what is no number', () => {
    for (const mean of [0, 1, -1, NaN]) expect(bettingBelow(values, mean)).toEqual([]);
    for (const mean of [0, -1, NaN, Infinity]) expect(bettingAbove(values, mean)).toEqual([]);
    expect(bettingBelow([NaN, ...values], 0.4)).toEqual(bettingBelow(values, 0.4));
    expect(bettingBelow([], 0.4)).toEqual([]);
    expect(bettingBelow([5, -5], 0.4)).toEqual(bettingBelow([1, 0], 0.4));
    expect(bettingAbove([-5], 0.4)).toEqual(bettingAbove([0], 0.4));
  });
});
