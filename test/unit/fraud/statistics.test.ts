import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ksTest, largestGap } from '../../../src/core/fraud/kolmogorov-smirnov.ts';
import { binomialTail, lnShareEvidence } from '../../../src/core/fraud/share-evidence.ts';
import { uniformity } from '../../../src/core/fraud/uniformity.ts';
import { expectClose, expectDecimals } from '../statistics/close-to.ts';

const anything = fc.double();

describe('evidence for too large a share', () => {
  it('is the worked example: 9 of 120 under 10 s against 2 %', () => {
    expectClose(lnShareEvidence(9, 120, 0.02), 4.390899);
    expectDecimals(binomialTail(9, 120, 0.02), 7.2945e-4, 8);
  });

  it('has a mean of 1 at the share it speaks against, and of less below it', () => {
    const meanAt = (share: number, n: number, p0: number): number => {
      let mean = 0;
      for (let k = 0; k <= n; k += 1) {
        const chance = binomialTail(k, n, share) - binomialTail(k + 1, n, share);
        mean += chance * Math.exp(lnShareEvidence(k, n, p0));
      }
      return mean;
    };
    for (const p0 of [0.005, 0.02, 0.06, 0.3]) {
      expectClose(meanAt(p0, 60, p0), 1, 1e-9);
      expect(meanAt(p0 / 2, 60, p0)).toBeLessThan(1);
    }
  });

  it('grows with each install in the stretch, and is against it where there are fewer than p₀', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 400 }),
        fc.double({ min: 0.005, max: 0.5, noNaN: true }),
        (n, p0) => {
          for (let k = 1; k <= n; k += 1)
            expect(lnShareEvidence(k, n, p0)).toBeGreaterThan(lnShareEvidence(k - 1, n, p0));
          expect(lnShareEvidence(0, n, p0)).toBeLessThan(0);
        },
      ),
      { numRuns: 30 },
    );
  });

  it('is none for what cannot be, and never throws', () => {
    expect(lnShareEvidence(5, 4, 0.1)).toBe(-Infinity);
    expect(lnShareEvidence(1, 10, 0)).toBe(-Infinity);
    expect(lnShareEvidence(1.5, 10, 0.1)).toBe(-Infinity);
    fc.assert(
      fc.property(anything, anything, anything, (k, n, p) => {
        expect(lnShareEvidence(k, n, p)).not.toBeNaN();
        binomialTail(k, n, p);
      }),
    );
  });
});

describe('a flat tail', () => {
  it('is the two worked examples: flat, and falling', () => {
    const flat = uniformity([22, 19, 25, 24, 18, 21]);
    expectDecimals(flat.g, 1.750593, 6);
    expectDecimals(flat.p, 0.8825, 4);
    const falling = uniformity([80, 25, 12, 6, 4, 2]);
    expectDecimals(falling.g, 165.512, 3);
    expectClose(falling.p, 6.6e-34, 0.01);
  });

  it('does not ask which bin is which, and never throws', () => {
    fc.assert(
      fc.property(fc.array(fc.nat({ max: 1000 }), { maxLength: 20 }), (counts) => {
        expectClose(uniformity(counts.toReversed()).g + 1, uniformity(counts).g + 1, 1e-9);
      }),
    );
    fc.assert(
      fc.property(fc.array(anything), (counts) => {
        const { p } = uniformity(counts);
        expect(p >= 0 && p <= 1).toBe(true);
      }),
    );
    expect(uniformity([])).toEqual({ g: 0, p: 1, total: 0 });
    expect(uniformity([0, 0, 0])).toEqual({ g: 0, p: 1, total: 0 });
  });
});

describe('two samples compared', () => {
  it('is the worked example: a gap of .2 between 100 and 400', () => {
    const { lambda, p } = ksTest(0.2, 100, 400);
    expectDecimals(lambda, 1.8153, 4);
    expectDecimals(p, 0.00275, 5);
  });

  it('is between 0 and 1, falls with the gap, and is certain of nothing without samples', () => {
    const counts = fc.integer({ min: 1, max: 10_000 });
    const gap = fc.double({ min: 0, max: 1, noNaN: true });
    fc.assert(
      fc.property(gap, gap, counts, counts, (one, other, n, m) => {
        const [small, large] = [ksTest(Math.min(one, other), n, m).p, ksTest(Math.max(one, other), n, m).p];
        expect(small >= large - 1e-12 && large >= 0 && small <= 1).toBe(true);
      }),
    );
    expect(ksTest(0.9, 0, 10).p).toBe(1);
    fc.assert(fc.property(anything, anything, anything, (d, n, m) => void ksTest(d, n, m)));
  });

  it('finds the gap between two histograms', () => {
    expect(largestGap([10, 0, 0], [0, 0, 5])).toBe(1);
    expect(largestGap([2, 2], [20, 20])).toBe(0);
    expectClose(largestGap([5, 3, 2], [1, 1, 8]), 0.6);
    expect(largestGap([], [1])).toBe(0);
  });
});
