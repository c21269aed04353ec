import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { confidenceSequence, cpaInterval } from '../../../src/core/statistics/confidence-sequence.ts';
import { lnEvidenceBoth } from '../../../src/core/statistics/e-process.ts';
import { expectDecimals } from './close-to.ts';

describe('confidence sequence of expected conversions', () => {
  it.each([
    [0, 0, 5.689026],
    [3, 0, 11.412212],
    [10, 2.714277, 22.482761],
    [40, 23.347058, 62.714808],
  ])('after %d conversions at α = .05 is [%d, %d]', (n, low, high) => {
    const interval = confidenceSequence(n, 0.05);
    expectDecimals(interval.low, low, 6);
    expectDecimals(interval.high, high, 6);
  });

  it('ends where the evidence reaches 1/α, holds its centre, and is wider at a smaller α', () => {
    const weights = fc.record({
      a: fc.double({ min: 0.5, max: 10, noNaN: true }),
      b: fc.double({ min: 0.5, max: 10, noNaN: true }),
    });
    fc.assert(
      fc.property(
        weights,
        fc.double({ min: 0, max: 2000, noNaN: true }),
        fc.double({ min: 0.01, max: 0.4, noNaN: true }),
        (weight, n, alpha) => {
          const { low, high } = confidenceSequence(n, alpha, weight);
          expect(lnEvidenceBoth(n, high, weight)).toBeCloseTo(-Math.log(alpha), 6);
          if (low > 0) expect(lnEvidenceBoth(n, low, weight)).toBeCloseTo(-Math.log(alpha), 6);
          const wider = confidenceSequence(n, alpha / 2, weight);
          expect(wider.low).toBeLessThanOrEqual(low);
          expect(wider.high).toBeGreaterThan(high);
        },
      ),
    );
  });

  it.each([0, 1, -1, 2, NaN])('is everything at α = %d', (alpha) => {
    expect(confidenceSequence(5, alpha)).toEqual({ low: 0, high: Infinity });
  });

  it('is everything where facts or weight are none', () => {
    expect(confidenceSequence(NaN, 0.05)).toEqual({ low: 0, high: Infinity });
    expect(confidenceSequence(5, 0.05, { a: 0, b: 1 })).toEqual({ low: 0, high: Infinity });
  });

  it('is one point where the weight rules out everything', () => {
    // A weight sure of θ = 1000 that sees 3 conversions: no expectation below 1/α is left but its centre.
    const { low, high } = confidenceSequence(3, 0.9999, { a: 1e-3, b: 50 });
    expect(low).toBeLessThanOrEqual(high);
  });
});

describe('interval of CPA', () => {
  it('is spend over the ends, open above while none may be expected', () => {
    const ten = cpaInterval({ conversions: 10, matured: 300, alpha: 0.05 });
    expect(ten.low).toBeCloseTo(300 / 22.482761, 5);
    expect(ten.high).toBeCloseTo(300 / 2.714277, 4);
    expect(cpaInterval({ conversions: 0, matured: 300, alpha: 0.05 }).high).toBeNull();
  });

  it('of no spend is from 0 to anything', () => {
    expect(cpaInterval({ conversions: 10, matured: 0, alpha: 0.05 })).toEqual({ low: 0, high: null });
    expect(cpaInterval({ conversions: 10, matured: -5, alpha: 0.05 })).toEqual({ low: 0, high: null });
  });
});
