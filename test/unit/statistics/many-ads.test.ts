import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { eBH, eLond, wrongPauseShare } from '../../../src/core/statistics/many-ads.ts';
import { expectDecimals } from './close-to.ts';

const values = fc.array(fc.double({ min: 0, max: 1e4, noNaN: true }), { maxLength: 40 });
const alphas = fc.double({ min: 0.01, max: 0.5, noNaN: true });

describe('e-BH over a batch', () => {
  it('is the worked example: five of ten', () => {
    const e = [40, 3, 120, 0.5, 22, 9, 61, 1.2, 15, 28];
    expect(eBH(e, 0.1)).toEqual([true, false, true, false, true, false, true, false, false, true]);
  });

  it('takes the largest k that passes, though smaller ones do not', () => {
    expect(eBH([15, 15, 15], 0.1)).toEqual([true, true, true]);
    expect(eBH([15, 9.9, 9.9], 0.1)).toEqual([false, false, false]);
  });

  it('never rejects more with smaller evidence', () => {
    fc.assert(
      fc.property(
        values,
        alphas,
        fc.nat(),
        fc.double({ min: 0, max: 1, noNaN: true }),
        (e, alpha, at, shrink) => {
          const smaller = e.map((value, i) => (i === at % Math.max(1, e.length) ? value * shrink : value));
          const [before, after] = [eBH(e, alpha), eBH(smaller, alpha)];
          for (const [i, rejected] of after.entries()) if (rejected) expect(before[i]).toBe(true);
        },
      ),
    );
  });

  it('rejects whatever it would reject alone among more of a kind, and more at a larger α', () => {
    fc.assert(
      fc.property(values, alphas, (e, alpha) => {
        const [strict, lax] = [eBH(e, alpha / 2), eBH(e, alpha)];
        for (const [i, rejected] of strict.entries()) if (rejected) expect(lax[i]).toBe(true);
        for (const [i, value] of e.entries()) if (value >= e.length / alpha) expect(lax[i]).toBe(true);
      }),
    );
  });

  it('of nothing is nothing, and never rejects what is no number', () => {
    expect(eBH([], 0.1)).toEqual([]);
    expect(eBH([NaN, 1e9], 0.1)).toEqual([false, true]);
    expect(eBH([Infinity], 0.1)).toEqual([true]);
    expect(eBH([1e9], 0)).toEqual([false]);
    expect(eBH([1e9], NaN)).toEqual([false]);
  });
});

describe('e-LOND over a stream', () => {
  it('is the worked example: second, fourth and sixth', () => {
    const steps = eLond([12, 80, 3, 400, 90, 2000], 0.1);
    for (const [i, threshold] of [16.449, 65.797, 74.022, 131.595, 137.078, 197.392].entries()) {
      expectDecimals(steps[i]?.threshold ?? NaN, threshold, 3);
    }
    expect(steps.map(({ rejected }) => rejected)).toEqual([false, true, false, true, false, true]);
  });

  it('never rejects what is no number', () => {
    expect(eLond([NaN], 0.1)[0]?.rejected).toBe(false);
    expect(eLond([], 0.1)).toEqual([]);
  });
});

describe('promises over many ads', () => {
  it('says which share of pauses is wrong', () => {
    expectDecimals(wrongPauseShare(0.5, 0.05, 0.9), 0.053, 3);
    expect(wrongPauseShare(0.5, 0, 0)).toBe(0);
    expect(wrongPauseShare(1, 0.05, 0.9)).toBe(1);
  });
});
