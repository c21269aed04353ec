import { describe, expect, it } from 'vitest';
import { cusum, firstAlarm, lnDrop, lnEDetector } from '../../../src/core/statistics/change-detection.ts';
import { expectClose, expectDecimals } from './close-to.ts';

const periods = [5, 4, 6, 5, 2, 1, 2, 3, 1].map((conversions) => ({ conversions, expected: 5 }));

describe('change detection', () => {
  it('is the worked example: CUSUM and e-detector', () => {
    const heights = [0, 0, 0, 0, 0.978349, 2.467523, 3.445872, 3.913395, 5.402569];
    for (const [i, height] of cusum(periods, 0.6).entries()) expectDecimals(height, heights[i] ?? NaN, 6);
    expectClose(Math.exp(lnEDetector(periods, [0.6]).at(-1) ?? NaN), 573.564674);
  });

  it('averages over several drops', () => {
    const each = [0.4, 0.6, 0.8].map((ratio) => Math.exp(lnEDetector(periods, [ratio]).at(-1) ?? NaN));
    expectClose(Math.exp(lnEDetector(periods).at(-1) ?? NaN), each.reduce((a, b) => a + b) / 3);
  });

  it('alarms in the period that reaches the level, or never', () => {
    expect(firstAlarm(periods, 200, [0.6])).toBe(8);
    expect(firstAlarm(periods, 1e9)).toBeNull();
    expect(firstAlarm([], 200)).toBeNull();
  });

  it('in a decline of years stays finite', () => {
    const silent = Array.from({ length: 5000 }, () => ({ conversions: 0, expected: 5 }));
    expect(lnEDetector(silent).at(-1)).toBeGreaterThan(10_000);
    expect(Number.isFinite(lnEDetector(silent).at(-1))).toBe(true);
  });

  it('in years of plenty stays at no evidence', () => {
    const plenty = Array.from({ length: 5000 }, () => ({ conversions: 50, expected: 5 }));
    expect(lnEDetector(plenty).at(-1)).toBeLessThan(0);
    expect(cusum(plenty, 0.6).at(-1)).toBe(0);
  });

  it('takes facts that are none as nothing', () => {
    expect(lnDrop({ conversions: NaN, expected: -1 }, 0.6)).toBe(0);
    expect(lnDrop({ conversions: -4, expected: 5 }, 0.6)).toBe(2);
  });
});
