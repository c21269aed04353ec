import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  cuped,
  differenceInDifferences,
  lnMixtureSprt,
  lnTwoRates,
  sequenceHalfWidth,
  twoRatesOnce,
} from '../../../src/core/statistics/effects.ts';
import { expectDecimals } from './close-to.ts';

const rate = (conversions: number, exposure: number) => ({ conversions, exposure });

describe('difference in differences', () => {
  const cells = {
    after: rate(30, 900),
    before: rate(45, 900),
    controlAfter: rate(200, 6000),
    controlBefore: rate(210, 6000),
  };

  it('is the worked example', () => {
    const effect = differenceInDifferences(cells);
    expectDecimals(effect?.lnRatio ?? NaN, -0.356675, 6);
    expectDecimals(effect?.error ?? NaN, 0.255573, 6);
    expectDecimals(effect?.ratio ?? NaN, 0.7, 2);
    expectDecimals(effect?.p ?? NaN, 0.163, 3);
  });

  it('is less sure where conversions cluster', () => {
    const poisson = differenceInDifferences(cells)?.error ?? NaN;
    expect(differenceInDifferences({ ...cells, dispersion: 4 })?.error).toBeCloseTo(2 * poisson, 12);
    expect(differenceInDifferences({ ...cells, dispersion: 0.1 })?.error).toBe(poisson);
  });

  it('adds half a conversion everywhere where one count is 0, and is unknown without exposure', () => {
    const none = differenceInDifferences({ ...cells, after: rate(0, 900) });
    expect(Number.isFinite(none?.lnRatio)).toBe(true);
    expectDecimals(none?.error ?? NaN, Math.sqrt(1 / 0.5 + 1 / 45.5 + 1 / 200.5 + 1 / 210.5), 12);
    expect(differenceInDifferences({ ...cells, before: rate(3, 0) })).toBeNull();
    expect(differenceInDifferences({ ...cells, before: rate(NaN, 10) })).toBeNull();
  });
});

describe('two rates', () => {
  it('are the worked example: 30 of 75 at equal exposure', () => {
    expectDecimals(lnTwoRates(rate(30, 1), rate(45, 1)), 0.25438, 6);
    expectDecimals(twoRatesOnce(rate(30, 1), rate(45, 1)), 0.105342, 6);
  });

  it('give evidence with mean 1 while they are equal', () => {
    fc.assert(
      fc.property(fc.nat(60), fc.double({ min: 0.1, max: 0.9, noNaN: true }), (n, q) => {
        let sum = 0;
        let choose = (1 - q) ** n;
        for (let k = 0; k <= n; k += 1) {
          sum += choose * Math.exp(lnTwoRates(rate(k, q), rate(n - k, 1 - q)));
          choose *= ((n - k) / (k + 1)) * (q / (1 - q));
        }
        expect(sum).toBeCloseTo(1, 8);
      }),
    );
  });

  it('are no evidence without conversions or exposure', () => {
    expect(lnTwoRates(rate(0, 5), rate(0, 5))).toBe(0);
    expect(lnTwoRates(rate(4, 0), rate(1, 5))).toBe(0);
    expect(twoRatesOnce(rate(0, 5), rate(0, 5))).toBe(1);
    expect(twoRatesOnce(rate(4, 0), rate(1, 5))).toBe(1);
    expect(lnTwoRates(rate(4, NaN), rate(1, 5))).toBe(0);
  });
});

describe('CUPED', () => {
  const x = [12, 30, 8, 25, 40, 15, 22, 5];
  const y = [14, 33, 7, 28, 37, 18, 25, 4];

  it('is the worked example', () => {
    const adjusted = cuped(x, y);
    expectDecimals(adjusted?.beta ?? NaN, 0.990237, 6);
    expectDecimals(adjusted?.explained ?? NaN, 0.959523, 6);
    expectDecimals(adjusted?.varianceBefore ?? NaN, 143.928571, 6);
    expectDecimals(adjusted?.varianceAfter ?? NaN, 5.825862, 6);
  });

  it('keeps the mean, and has the variance it says', () => {
    const adjusted = cuped(x, y);
    const values = adjusted?.values ?? [];
    const mean = values.reduce((a, b) => a + b, 0) / values.length;
    expect(mean).toBeCloseTo(y.reduce((a, b) => a + b, 0) / y.length, 12);
    const variance = values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / (values.length - 1);
    expect(variance).toBeCloseTo(adjusted?.varianceAfter ?? NaN, 10);
  });

  it('corrects nothing by what does not vary, and needs three pairs', () => {
    expect(cuped([5, 5, 5], [1, 2, 3])).toMatchObject({ beta: 0, explained: 0, values: [1, 2, 3] });
    expect(cuped([1, 2, 3], [7, 7, 7])).toMatchObject({ explained: 0 });
    expect(cuped([1, 2], [1, 2])).toBeNull();
    expect(cuped([], [])).toBeNull();
  });
});

describe('means at any instant', () => {
  it('have the published half-width and mixture ratio', () => {
    expectDecimals(sequenceHalfWidth({ t: 500, sd: 2, rho: 0.1, alpha: 0.05 }), 0.273348, 6);
    expectDecimals(Math.exp(lnMixtureSprt({ n: 200, variance: 1, tau: 0.1, mean: 0.15 })), 2.587504, 6);
  });

  it('know nothing before the first value', () => {
    expect(sequenceHalfWidth({ t: 0, sd: 2, rho: 0.1, alpha: 0.05 })).toBe(Infinity);
    expect(lnMixtureSprt({ n: 0, variance: 1, tau: 0.1, mean: 0 })).toBe(0);
  });
});
