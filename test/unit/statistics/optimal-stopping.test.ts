import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { pauseSpend, type Weight } from '../../../src/core/statistics/e-process.ts';
import { probationSpend, stoppingBoundary } from '../../../src/core/statistics/optimal-stopping.ts';
import { gammaPInverse } from '../../../src/core/statistics/special.ts';
import { expectClose } from './close-to.ts';

const weight = { a: 2.5, b: 2.5 };

describe('stopping boundary', () => {
  it.each([
    [20, [1.76, 2.82, 3.86, 4.86, 5.86, 6.82, 7.8, 8.76]],
    [60, [2.56, 3.72, 4.86, 5.94, 7.02, 8.08, 9.12, 10.16]],
  ])('over %d targets is the published one', (horizon, published) => {
    const boundary = stoppingBoundary(weight, horizon, 0.02);
    for (const [n, spend] of published.entries()) {
      expect(Math.abs((boundary[n] ?? NaN) - spend)).toBeLessThan(0.05);
      expect(Math.abs(probationSpend(n, weight, horizon) - spend)).toBeLessThan(0.05);
    }
  });

  it('over 180 targets is the published one where counting stops at 200 conversions, and later where it goes on', () => {
    const published = [3.38, 4.66, 5.88, 7.06, 8.2, 9.34, 10.46, 11.56];
    const short = recursion(weight, 180, 200);
    const long = recursion(weight, 180, 500);
    const boundary = stoppingBoundary(weight, 180, 0.02);
    for (const [n, spend] of published.entries()) {
      expect(Math.abs((short[n] ?? NaN) - spend)).toBeLessThan(0.05);
      expect(Math.abs((boundary[n] ?? NaN) - (long[n] ?? NaN))).toBeLessThan(0.021);
    }
  });

  it('stands between the posterior at .90 and the e-process, for comparison', () => {
    for (const [i, spend] of [2.118, 3.509, 4.842, 6.138, 7.406].entries()) {
      expectClose(gammaPInverse(0.9, weight.a + i) - weight.b, spend, 2e-4);
    }
    for (const [i, spend] of [3.035, 4.534, 5.96, 7.338, 8.681].entries()) {
      expectClose(gammaPInverse(0.95, weight.a + i) - weight.b, spend, 2e-4);
    }
    for (const [i, spend] of [3.162, 4.917, 6.567, 8.149, 9.681].entries()) {
      expectClose(pauseSpend(i, 0.2, weight), spend, 2e-4);
    }
  });

  it('rises with conversions and with the horizon', () => {
    const weights = fc.record({
      a: fc.double({ min: 0.3, max: 10, noNaN: true }),
      b: fc.double({ min: 0.1, max: 10, noNaN: true }),
    });
    fc.assert(
      fc.property(weights, fc.integer({ min: 2, max: 40 }), (any, horizon) => {
        const boundary = stoppingBoundary(any, horizon, 0.05);
        const longer = stoppingBoundary(any, horizon + 5, 0.05);
        for (const [n, spend] of boundary.entries()) {
          expect(spend).toBeGreaterThanOrEqual(boundary[n - 1] ?? 0);
          expect(longer[n]).toBeGreaterThanOrEqual(spend - 1e-9);
          expect(spend).toBeLessThan(horizon);
        }
      }),
      { numRuns: 40 },
    );
  });

  it('is nothing without a horizon or a step', () => {
    for (const horizon of [0, -1, NaN, Infinity]) expect(stoppingBoundary(weight, horizon)).toEqual([]);
    expect(stoppingBoundary(weight, 10, 0)).toEqual([]);
    expect(stoppingBoundary(weight, 10, NaN)).toEqual([]);
  });
});

describe('stored tables of the boundary', () => {
  it('agree with the boundary itself for any weight and horizon', () => {
    const weights = fc.record({
      a: fc.double({ min: 0.3, max: 20, noNaN: true }),
      b: fc.double({ min: 0.1, max: 20, noNaN: true }),
    });
    fc.assert(
      fc.property(weights, fc.double({ min: 1, max: 200, noNaN: true }), (any, horizon) => {
        for (const [n, spend] of stoppingBoundary(any, horizon).entries()) {
          const stored = probationSpend(n, any, horizon);
          expect(Math.abs(stored - spend)).toBeLessThan(any.b + horizon < 70 ? 0.04 : 0.2);
        }
      }),
      { numRuns: 60 },
    );
  });

  it('know fractional conversions, between their neighbours', () => {
    const [low, middle, high] = [2, 2.4, 3].map((n) => probationSpend(n, weight, 60));
    expect(middle).toBeGreaterThan(low ?? NaN);
    expect(middle).toBeLessThan(high ?? NaN);
  });

  it('stop at once where the weight alone says so, and never later than the horizon', () => {
    expect(probationSpend(0, { a: 0.5, b: 20 }, 30)).toBe(0);
    expect(probationSpend(500, weight, 30)).toBeCloseTo(30, 9);
    expect(probationSpend(5000, weight, 4000)).toBeLessThanOrEqual(4000);
    expect(probationSpend(0, weight, 1e9)).toBeGreaterThan(3);
  });

  it.each([
    [NaN, weight, 10],
    [0, { a: NaN, b: 1 }, 10],
    [0, { a: 1, b: -1 }, 10],
    [0, weight, NaN],
    [-5, weight, 10],
  ])('know nothing about %d, %o, %d', (n, any: Weight, horizon) => {
    expect(probationSpend(n, any, horizon)).toBeNaN();
  });
});

/** The recursion as it is printed, with counting stopped at `most` conversions. */
function recursion({ a, b }: Weight, horizon: number, most: number): number[] {
  const ds = 0.02;
  const value = new Float64Array(most + 2);
  const boundary: number[] = [];
  for (let i = Math.round(horizon / ds) - 1; i >= 0; i -= 1) {
    const s = i * ds;
    value[most + 1] = value[most] ?? 0;
    for (let n = 0; n <= most; n += 1) {
      const mean = (a + n) / (b + s);
      const p = Math.min(1, ds * mean);
      const worth = (mean - 1) * ds + p * (value[n + 1] ?? 0) + (1 - p) * (value[n] ?? 0);
      if (worth <= 0) boundary[n] = s;
      value[n] = Math.max(0, worth);
    }
  }
  return boundary;
}
