import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { mixRestarts, restartShare, restartStarts } from '../../../src/core/statistics/restarts.ts';
import { expectClose } from './close-to.ts';

const WEEK_MS = 7 * 86_400_000;

describe('evidence over restarts', () => {
  it('is 1 before anything has started', () => {
    expect(mixRestarts([])).toBeCloseTo(0, 14);
  });

  it('weighs the oldest most: 6/π² of it, and 1 for those to come', () => {
    const share = 6 / Math.PI ** 2;
    expectClose(mixRestarts([Math.log(20)]), Math.log(20 * share + 1 - share));
    expectClose(
      mixRestarts([Math.log(0.1), Math.log(50)]),
      Math.log(0.1 * share + (50 * share) / 4 + 1 - 1.25 * share),
    );
  });

  it('finds a bad present behind a good past', () => {
    expect(mixRestarts([-200, 12])).toBeGreaterThan(10);
  });

  it('keeps the numbers of those whose beginning is no longer followed', () => {
    const all = mixRestarts([-Infinity, -Infinity, 3, 5]);
    expect(mixRestarts([3, 5], 2)).toBeCloseTo(all, 14);
    expect(mixRestarts([3, 5], 2)).toBeLessThan(mixRestarts([3, 5]));
    expect(mixRestarts([], 3)).toBeLessThan(0);
  });

  it('neither overflows nor underflows', () => {
    expectClose(mixRestarts([2000, 1999]), 2000 + Math.log(restartShare(1) + restartShare(2) / Math.E));
    expect(mixRestarts([-Infinity, -Infinity])).toBeGreaterThan(Math.log(1 - 1.25 * restartShare(1)) - 1e-9);
    expect(mixRestarts([NaN])).toBeCloseTo(mixRestarts([-Infinity]), 14);
    expect(mixRestarts([Infinity, 0])).toBe(Infinity);
  });

  it('of evidence 1 everywhere is 1', () => {
    fc.assert(
      fc.property(fc.nat(200), (weeks) => {
        expect(mixRestarts(Array.from({ length: weeks }, () => 0))).toBeCloseTo(0, 12);
      }),
    );
  });

  it('starts afresh each week from the first instant', () => {
    expect(restartStarts(1000, 1000)).toEqual([1000]);
    expect(restartStarts(1000, 1000 + 2 * WEEK_MS)).toEqual([1000, 1000 + WEEK_MS, 1000 + 2 * WEEK_MS]);
    expect(restartStarts(1000, 999 + WEEK_MS)).toEqual([1000]);
  });

  it('has not begun before its first instant, or at none', () => {
    expect(restartStarts(1000, 999)).toEqual([]);
    expect(restartStarts(NaN, 5)).toEqual([]);
  });

  it('stops adding starts after ten years', () => {
    expect(restartStarts(0, 5000 * WEEK_MS)).toHaveLength(520);
  });
});
