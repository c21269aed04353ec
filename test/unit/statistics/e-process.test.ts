import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  certaintySpend,
  DEFAULT_WEIGHT,
  lnEvidence,
  lnEvidenceAbove,
  lnEvidenceBelow,
  pauseSpend,
} from '../../../src/core/statistics/e-process.ts';
import { lnGamma } from '../../../src/core/statistics/special.ts';
import { expectClose, expectDecimals } from './close-to.ts';

const weights = fc.record({
  a: fc.double({ min: 0.3, max: 20, noNaN: true }),
  b: fc.double({ min: 0.5, max: 20, noNaN: true }),
});

describe('evidence about CPA', () => {
  it.each([
    [0, 3, 2, 2, 1.167419, 1.647037, -1.139434],
    [0, 5, 2, 2, 2.494474, 3.008038, -1.524697],
    [2, 10, 2, 2, 3.238427, 3.757019, -1.938607],
    [5, 15, 2, 2, 3.133052, 3.651873, -2.14943],
    [10, 10, 2, 2, -0.930278, -1.02854, -0.801952],
    [20, 10, 2, 2, 2.098487, -2.485824, 2.993791],
    [7.4, 12.5, 1.5, 1.2, -0.00943, 0.601102, -1.998013],
    [100, 150, 2, 2, 7.304977, 7.825856, -3.678685],
  ])('of %d conversions where %d were due, weight (%d, %d)', (n, s, a, b, both, above, below) => {
    const ln = lnEvidence(n, s, { a, b });
    expectDecimals(ln.both, both, 6);
    expectDecimals(ln.above, above, 6);
    expectDecimals(ln.below, below, 6);
  });

  it('makes the example sentence: 2 conversions where 9.3 were due are 27 : 1', () => {
    expectDecimals(lnEvidenceAbove(2, 279 / 30), 3.295803, 6);
    expectDecimals(Math.exp(lnEvidenceAbove(2, 9.3)), 26.999, 3);
  });

  it('is a mean-one martingale on target: its expectation over Poisson counts is 1', () => {
    fc.assert(
      fc.property(weights, fc.double({ min: 0, max: 60, noNaN: true }), (weight, s) => {
        for (const kind of ['both', 'above', 'below'] as const) {
          expectClose(
            expectation(s, last(weight, s), (n) => lnEvidence(n, s, weight)[kind]),
            1,
            1e-7,
          );
        }
      }),
      { numRuns: 50 },
    );
  });

  it('that CPA is above target has an expectation of at most 1 wherever it is not; below likewise', () => {
    fc.assert(
      fc.property(
        weights,
        fc.double({ min: 0, max: 40, noNaN: true }),
        fc.double({ min: 1, max: 3, noNaN: true }),
        (weight, s, theta) => {
          expect(
            expectation(s * theta, last(weight, s), (n) => lnEvidenceAbove(n, s, weight)),
          ).toBeLessThanOrEqual(1 + 1e-9);
          expect(
            expectation(s / theta, last(weight, s), (n) => lnEvidenceBelow(n, s, weight)),
          ).toBeLessThanOrEqual(1 + 1e-9);
        },
      ),
      { numRuns: 50 },
    );
  });

  it('that CPA is above target rises with spend and falls with conversions', () => {
    fc.assert(
      fc.property(
        weights,
        fc.double({ min: 0, max: 300, noNaN: true }),
        fc.double({ min: 0, max: 300, noNaN: true }),
        (weight, n, s) => {
          const here = lnEvidenceAbove(n, s, weight);
          expect(lnEvidenceAbove(n, s + 1, weight)).toBeGreaterThan(here);
          expect(lnEvidenceAbove(n + 1, s, weight)).toBeLessThan(here);
          expect(lnEvidenceBelow(n, s + 1, weight)).toBeLessThan(lnEvidenceBelow(n, s, weight));
        },
      ),
    );
  });

  it('before anything was spent is nothing: evidence 1 for either side', () => {
    expect(lnEvidenceAbove(0, 0)).toBeCloseTo(0, 12);
    expect(lnEvidenceBelow(0, 0)).toBeCloseTo(0, 12);
  });

  it('of no conversion on 2000 targets is huge and finite', () => {
    // P is 1 there: ln M⁻ = 2000 + 2 ln 2 − 2 ln 2002 − ln P(2, 2).
    expectClose(lnEvidenceAbove(0, 2000), 2000 + 2 * Math.log(2 / 2002) - Math.log(1 - 3 * Math.exp(-2)));
    expect(lnEvidenceBelow(0, 2000)).toBeLessThan(-7);
  });

  it('of 5000 conversions where 2 were due is no evidence that CPA is above target, and no NaN', () => {
    expect(lnEvidenceAbove(5000, 2)).toBeLessThan(-8);
    expect(lnEvidenceBelow(5000, 2)).toBeGreaterThan(10_000);
    expect(Number.isFinite(lnEvidenceBelow(5000, 2))).toBe(true);
    expect(lnEvidenceAbove(5000, 5000)).toBeLessThan(0);
  });

  it.each([
    ['a count that is no number', NaN, 1, DEFAULT_WEIGHT],
    ['spend that is no number', 1, NaN, DEFAULT_WEIGHT],
    ['endless spend', 1, Infinity, DEFAULT_WEIGHT],
    ['endless conversions', Infinity, 1, DEFAULT_WEIGHT],
    ['a weight of 0', 1, 1, { a: 0, b: 2 }],
    ['a negative weight', 1, 1, { a: 2, b: -1 }],
    ['a weight that is no number', 1, 1, { a: NaN, b: 2 }],
  ])('of %s is none', (_, n, s, weight) => {
    expect(lnEvidence(n, s, weight)).toEqual({ both: -Infinity, above: -Infinity, below: -Infinity });
  });

  it('takes restated facts below zero as zero', () => {
    expect(lnEvidenceAbove(-1, 5)).toBe(lnEvidenceAbove(0, 5));
    expect(lnEvidenceAbove(3, -5)).toBe(lnEvidenceAbove(3, 0));
  });
});

describe('pause table', () => {
  const counts = [0, 1, 2, 3, 5, 10, 20, 50];
  it.each([
    [0.05, [4.9829, 6.9901, 8.8326, 10.5736, 13.8605, 21.4462, 35.3703, 73.6141]],
    [0.2, [2.9407, 4.7913, 6.5024, 8.128, 11.2161, 18.4096, 31.7575, 68.8513]],
  ])('at α = %d', (alpha, spends) => {
    for (const [i, n] of counts.entries()) expectClose(pauseSpend(n, alpha), spends[i] ?? NaN, 1e-4);
  });

  it('says the same as the evidence', () => {
    fc.assert(
      fc.property(
        weights,
        fc.double({ min: 0, max: 100, noNaN: true }),
        fc.double({ min: 0.001, max: 0.5, noNaN: true }),
        (weight, n, alpha) => {
          const spend = pauseSpend(n, alpha, weight);
          expect(lnEvidenceAbove(n, spend * (1 + 1e-9), weight)).toBeGreaterThanOrEqual(-Math.log(alpha));
          expect(lnEvidenceAbove(n, spend * (1 - 1e-9), weight)).toBeLessThan(-Math.log(alpha));
        },
      ),
    );
  });

  it.each([0, 1, 2, -1, NaN])('has no line at α = %d', (alpha) => {
    expect(pauseSpend(3, alpha)).toBe(Infinity);
  });

  it('has no line for a weight that is none', () => {
    expect(pauseSpend(3, 0.05, { a: -1, b: 2 })).toBe(Infinity);
  });
});

describe('price of certainty', () => {
  it('is the published one: 10, 19.5, 48 and 139 targets at three, two, one and a half, one and a quarter times the CPA', () => {
    const spends = [3, 2, 1.5, 1.25].map((times) => certaintySpend(1 / times, 0.05));
    for (const [i, spend] of [10, 19.5, 48, 139].entries()) expectClose(spends[i] ?? NaN, spend, 0.011);
  });

  it('has no end on target, and is ln(1/α) where nothing converts', () => {
    expect(certaintySpend(1, 0.05)).toBe(Infinity);
    expect(certaintySpend(0, 0.05)).toBeCloseTo(Math.log(20), 12);
    expect(certaintySpend(-1, 0.05)).toBeNaN();
    expect(certaintySpend(0.5, 0)).toBeNaN();
  });
});

/** Σ Poisson(n; mean) · exp(ln evidence), n up to `last`. */
function expectation(mean: number, last: number, ln: (n: number) => number): number {
  let sum = 0;
  for (let n = 0; n <= last; n += 1) {
    const lnPoisson = mean === 0 ? (n === 0 ? 0 : -Infinity) : n * Math.log(mean) - mean - lnGamma(n + 1);
    sum += Math.exp(lnPoisson + ln(n));
  }
  return sum;
}

/** Far beyond any count of the mixture, negative binomial with mean a s / b. */
function last({ a, b }: { a: number; b: number }, s: number): number {
  const mean = (a * s) / b;
  return Math.ceil(mean + 12 * Math.sqrt(mean * (1 + s / b)) + 30 * (1 + s / b) + 100);
}
