import { describe, expect, it } from 'vitest';
import { dispersion } from '../../../src/core/statistics/dispersion.ts';

const day = (counts: number[], expected: number[]) => ({ counts, expected });

describe('dispersion', () => {
  it('is the median over ads of the squared misses over what was due', () => {
    // (1 + 1 + 0) / 2 = 1 with due 4: ((2)² + (−2)² + 0) / 4 / 2 = 1; the others 2.25 and 4 capped at 3.
    const one = day([6, 2, 4], [4, 4, 4]);
    const two = day([7, 1, 4], [4, 4, 4]);
    const four = day([8, 0, 4], [4, 4, 4]);
    expect(dispersion([one])).toBe(1);
    expect(dispersion([one, two, four])).toBe(2.25);
    expect(dispersion([four])).toBe(3);
  });

  it('is never below Poisson', () => {
    expect(dispersion([day([4, 4, 4], [4, 4, 4])])).toBe(1);
  });

  it('is Poisson where nothing can be told', () => {
    expect(dispersion([])).toBe(1);
    expect(dispersion([day([9], [1])])).toBe(1);
    expect(dispersion([day([9, 9], [0, 0])])).toBe(1);
    expect(dispersion([day([NaN, 9, -1], [1, 1, 1])])).toBe(1);
    expect(dispersion([day([], [3, 3])])).toBe(1);
  });
});
