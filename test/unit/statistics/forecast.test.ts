import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { forecastConversions } from '../../../src/core/statistics/forecast.ts';
import {
  dispersedCdf,
  negativeBinomialCdf,
  negativeBinomialPmf,
  negativeBinomialQuantile,
} from '../../../src/core/statistics/negative-binomial.ts';
import { expectDecimals } from './close-to.ts';

const prior = { a: 2.5, b: 75 };

describe('forecast of conversions to come', () => {
  it('is the worked example', () => {
    const forecast = forecastConversions({ prior, n: 1, matured: 90, immature: 40 });
    expectDecimals(forecast.mean, 0.848485, 6);
    expectDecimals(forecast.pmf(0), 0.467795, 6);
    expectDecimals(forecast.cdf(2), 0.927519, 6);
    expect([forecast.low, forecast.high]).toEqual([0, 3]);
  });

  it('has a 90 % interval: at most 5 % below it and 5 % above', () => {
    fc.assert(
      fc.property(
        fc.nat(3000),
        fc.double({ min: 0, max: 1e5, noNaN: true }),
        fc.double({ min: 0, max: 1e5, noNaN: true }),
        (n, matured, immature) => {
          const { low, high, cdf, mean } = forecastConversions({ prior, n, matured, immature });
          expect(cdf(low - 1)).toBeLessThan(0.05);
          expect(cdf(low)).toBeGreaterThanOrEqual(0.05);
          expect(cdf(high - 1)).toBeLessThan(0.95);
          expect(cdf(high)).toBeGreaterThanOrEqual(0.95);
          expect(mean).toBeGreaterThanOrEqual(0);
        },
      ),
    );
  });

  it('is nothing once everything has matured', () => {
    const done = forecastConversions({ prior, n: 7, matured: 90, immature: 0 });
    expect([done.mean, done.low, done.high, done.pmf(0), done.pmf(1), done.cdf(0)]).toEqual([
      0, 0, 0, 1, 0, 1,
    ]);
  });

  it('takes facts that are none as nothing', () => {
    const odd = forecastConversions({ prior, n: NaN, matured: -5, immature: Infinity });
    expect([odd.mean, odd.high]).toEqual([0, 0]);
  });
});

describe('negative binomial', () => {
  it('has a cumulative probability that is the sum of its parts', () => {
    fc.assert(
      fc.property(
        fc.double({ min: 0.3, max: 500, noNaN: true }),
        fc.double({ min: 0.05, max: 0.999, noNaN: true }),
        fc.nat(60),
        (size, prob, k) => {
          let sum = 0;
          for (let i = 0; i <= k; i += 1) sum += negativeBinomialPmf({ size, prob }, i);
          expect(negativeBinomialCdf({ size, prob }, k)).toBeCloseTo(sum, 9);
        },
      ),
    );
  });

  it('knows its ends', () => {
    const any = { size: 2, prob: 0.5 };
    expect(negativeBinomialPmf(any, -1)).toBe(0);
    expect(negativeBinomialPmf(any, 1.5)).toBe(0);
    expect(negativeBinomialCdf(any, -1)).toBe(0);
    expect(negativeBinomialCdf(any, NaN)).toBeNaN();
    expect(negativeBinomialCdf(any, Infinity)).toBe(1);
    expect(negativeBinomialQuantile(any, 0.25)).toBe(0);
    expect(negativeBinomialQuantile(any, 0.26)).toBe(1);
  });

  it('becomes Poisson as the dispersion falls to 1', () => {
    expect(dispersedCdf(25, 1 + 1e-6, 8) / dispersedCdf(25, 1, 8)).toBeCloseTo(1, 4);
    expect(dispersedCdf(0, 1, 3)).toBe(1);
    expect(dispersedCdf(5, 1, -1)).toBe(0);
    expect(dispersedCdf(NaN, 1, 3)).toBeNaN();
    expect(dispersedCdf(5, 1, NaN)).toBeNaN();
  });
});
