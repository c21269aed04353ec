import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { gammaP, gammaPInverse, gammaQ, lnGammaP, lnGammaQ } from '../../../src/core/statistics/special.ts';
import { expectClose } from './close-to.ts';

describe('incomplete gamma functions', () => {
  // By mpmath 1.3 with 40 digits.
  it.each([
    [2, 2, Math.log(0.5939941502901619), Math.log(0.4060058497098381)],
    [102, 1020, 0, Math.log(9.10235207543e-300)],
    [2002, 2002, Math.log(0.502972062776), Math.log(0.497027937224)],
    [5002, 5502.2, 0, Math.log(3.58386155144e-12)],
    [10002, 10302.06, Math.log(0.998530926295), Math.log(0.00146907370519)],
  ])('are right at shape %d, x = %d, also where the library is off by a percent', (k, x, lnP, lnQ) => {
    expect(lnGammaP(k, x)).toBeCloseTo(lnP, 9);
    expect(lnGammaQ(k, x)).toBeCloseTo(lnQ, 9);
  });

  it('stay finite in tails where the functions themselves are 0', () => {
    expectClose(lnGammaP(5002, 2), -34143.05589815874);
    expect(gammaP(5002, 2)).toBe(0);
    expectClose(lnGammaQ(1, 2000), -2000);
    expectClose(lnGammaQ(2, 2000), Math.log(2001) - 2000);
  });

  it('at the ends of the line: 0 and 1, never NaN', () => {
    expect([lnGammaP(2, 0), lnGammaQ(2, 0)]).toEqual([-Infinity, 0]);
    expect([lnGammaP(2, Infinity), lnGammaQ(2, Infinity)]).toEqual([0, -Infinity]);
    expect([lnGammaP(2, -1), lnGammaQ(2, -1)]).toEqual([-Infinity, 0]);
  });

  it.each([0, -1, NaN, Infinity])('know no shape %d', (shape) => {
    expect(lnGammaP(shape, 1)).toBeNaN();
    expect(lnGammaQ(shape, 1)).toBeNaN();
    expect(gammaPInverse(0.5, shape)).toBeNaN();
  });

  it('add to 1', () => {
    fc.assert(
      fc.property(
        fc.double({ min: 0.05, max: 3000, noNaN: true }),
        fc.double({ min: 0.01, max: 4, noNaN: true }),
        (k, ratio) => {
          expect(gammaP(k, k * ratio) + gammaQ(k, k * ratio)).toBeCloseTo(1, 10);
        },
      ),
    );
  });

  it('rise with x and fall with the shape', () => {
    fc.assert(
      fc.property(
        fc.double({ min: 0.1, max: 500, noNaN: true }),
        fc.double({ min: 0.1, max: 500, noNaN: true }),
        (k, x) => {
          expect(lnGammaP(k, x * 1.01)).toBeGreaterThanOrEqual(lnGammaP(k, x));
          expect(lnGammaP(k * 1.01, x)).toBeLessThanOrEqual(lnGammaP(k, x));
        },
      ),
    );
  });
});

describe('inverse of the incomplete gamma function', () => {
  it('finds back every probability', () => {
    fc.assert(
      fc.property(
        fc.double({ min: 0.3, max: 3000, noNaN: true }),
        fc.double({ min: 1e-9, max: 1 - 1e-9, noNaN: true }),
        (k, p) => {
          const x = gammaPInverse(p, k);
          expectClose(gammaP(k, x), p, 1e-8);
          expectClose(gammaQ(k, x), 1 - p, 1e-6);
        },
      ),
      { numRuns: 500 },
    );
  });

  it('has both ends and no more', () => {
    expect([gammaPInverse(0, 2), gammaPInverse(1, 2), gammaPInverse(-1, 2)]).toEqual([0, Infinity, 0]);
    expect(gammaPInverse(NaN, 2)).toBeNaN();
  });
});
