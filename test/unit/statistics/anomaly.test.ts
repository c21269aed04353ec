import { describe, expect, it } from 'vitest';
import { robustZ, spendAnomaly } from '../../../src/core/statistics/anomaly.ts';
import { expectDecimals } from './close-to.ts';

describe('spend anomaly', () => {
  it('is the worked example: 140 where 100 is usual', () => {
    expectDecimals(robustZ(140, { median: 100, mad: 8 }), 3.372454, 6);
  });

  it('is unusual from 5 robust deviations on', () => {
    const sameHour = [92, 100, 108, 92, 108, 100, 84, 116];
    expect(spendAnomaly({ spend: 140, sameHour })).toMatchObject({ unusual: false, runaway: false });
    expect(spendAnomaly({ spend: 160, sameHour })).toMatchObject({ unusual: true });
    expect(spendAnomaly({ spend: 20, sameHour })).toMatchObject({ unusual: false });
  });

  it('of a history that never varied starts at a quarter above it', () => {
    const sameHour = [100, 100, 100, 100];
    expect(spendAnomaly({ spend: 101, sameHour }).z).toBeCloseTo(0.2, 12);
    expect(spendAnomaly({ spend: 124, sameHour }).unusual).toBe(false);
    expect(spendAnomaly({ spend: 126, sameHour }).unusual).toBe(true);
  });

  it('is not asked with fewer than four weeks', () => {
    expect(spendAnomaly({ spend: 1e6, sameHour: [1, 1, 1] })).toEqual({
      usual: null,
      z: null,
      unusual: false,
      runaway: false,
    });
    expect(spendAnomaly({ spend: 1e6, sameHour: [1, 1, 1, NaN] }).z).toBeNull();
  });

  it('runs away above one and a half times the plan', () => {
    const ask = (spentToday: number, planned: number) =>
      spendAnomaly({ spend: 1, sameHour: [], spentToday, planned }).runaway;
    expect([ask(150, 100), ask(151, 100), ask(151, 0), ask(NaN, 100)]).toEqual([false, true, false, false]);
  });

  it('of nothing usual is usual: 0 out of 0, and what is no number', () => {
    expect(robustZ(0, { median: 0, mad: 0 })).toBe(0);
    expect(robustZ(5, { median: 0, mad: 0 })).toBe(Infinity);
    expect(robustZ(NaN, { median: 1, mad: 1 })).toBe(0);
  });
});
