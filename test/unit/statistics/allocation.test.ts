import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { nextShares, thompsonShares } from '../../../src/core/statistics/allocation.ts';

const three = [
  { a: 4, b: 120 },
  { a: 7, b: 150 },
  { a: 2, b: 90 },
];
const arms = fc.array(
  fc.record({
    a: fc.double({ min: 0.3, max: 500, noNaN: true }),
    b: fc.double({ min: 1, max: 5000, noNaN: true }),
  }),
  { minLength: 1, maxLength: 6 },
);
const total = (shares: readonly number[]): number => shares.reduce((a, b) => a + b, 0);

describe('Thompson shares', () => {
  it('are the worked example', () => {
    const shares = thompsonShares(three);
    for (const [i, share] of [0.2479, 0.6544, 0.0976].entries()) {
      expect(Math.abs((shares[i] ?? NaN) - share)).toBeLessThan(0.001);
    }
  });

  it('sum to 1, and twins share alike', () => {
    fc.assert(
      fc.property(arms, (any) => {
        const shares = thompsonShares([...any, any[0] ?? { a: 1, b: 1 }]);
        expect(total(shares)).toBeCloseTo(1, 9);
        expect(shares.at(-1)).toBeCloseTo(shares[0] ?? NaN, 9);
      }),
      { numRuns: 40 },
    );
  });

  it('of two arms are what drawing would give', () => {
    // Pr(Gamma(a1)/b1 > Gamma(a2)/b2) for exponentials: b2 / (b1 + b2).
    expect(
      thompsonShares([
        { a: 1, b: 1 },
        { a: 1, b: 3 },
      ])[0],
    ).toBeCloseTo(0.75, 3);
  });

  it('of one arm is everything; of none nothing; what is no posterior gets nothing', () => {
    expect(thompsonShares([{ a: 2, b: 5 }])).toEqual([1]);
    expect(thompsonShares([])).toEqual([]);
    expect(
      thompsonShares([
        { a: NaN, b: 5 },
        { a: 2, b: 5 },
      ]),
    ).toEqual([0, 1]);
    expect(
      thompsonShares([
        { a: 0, b: 5 },
        { a: -1, b: 5 },
      ]),
    ).toEqual([0.5, 0.5]);
  });

  it('are sure where one arm is far better', () => {
    const [best] = thompsonShares([
      { a: 5000, b: 100 },
      { a: 50, b: 100 },
    ]);
    expect(best).toBeCloseTo(1, 9);
  });
});

describe('next shares of a budget', () => {
  it('move by a fifth at most and leave nobody below 5 %', () => {
    const next = nextShares([0.5, 0.3, 0.2], [0.9, 0.1, 0]);
    expect(total(next)).toBeCloseTo(1, 12);
    expect(next[0]).toBeGreaterThan(0.5);
    expect(Math.min(...next)).toBeGreaterThanOrEqual(0.05);
    const long = Array.from({ length: 60 }).reduce<number[]>(
      (shares) => nextShares(shares, [1, 0, 0]),
      [0.4, 0.3, 0.3],
    );
    expect(long[0]).toBeCloseTo(0.9, 6);
    expect(long[1]).toBeCloseTo(0.05, 6);
  });

  it('of more arms than the floor allows are equal parts', () => {
    const many = nextShares(
      Array.from({ length: 40 }, () => 1 / 40),
      [1],
    );
    for (const share of many) expect(share).toBeCloseTo(1 / 40, 12);
    expect(nextShares([], [])).toEqual([]);
  });
});
