import { describe, expect, it } from 'vitest';
import { cusum, firstAlarm, lnDrop, lnEDetector } from '../../../src/core/statistics/change-detection.ts';
import { expectClose, expectDecimals } from './close-to.ts';

const periods = [5, 4, 6, 5, 2, 1, 2, 3, 1].map((conversions) => ({ conversions, expected: 5 }));

/** Poisson counts of five a period, three after a drop, by a generator of its own (Park & Miller 1988). */
function simulated(seed: number, mean: number, count: number) {
  let state = seed;
  const draw = (): number => (state = (state * 48_271) % 2_147_483_647) / 2_147_483_647;
  return Array.from({ length: count }, () => {
    let conversions = 0;
    for (let left = Math.exp(-mean), product = draw(); product > left; product *= draw()) conversions += 1;
    return { conversions, expected: 5 };
  });
}

/** Mean number of periods to the first alarm over so many series. */
function runLength(mean: number, alarm: (series: ReturnType<typeof simulated>) => number | null): number {
  const [series, periodsEach] = [200, mean === 5 ? 6_000 : 200];
  let sum = 0;
  for (let one = 1; one <= series; one += 1)
    sum += (alarm(simulated(one * 7_919, mean, periodsEach)) ?? periodsEach - 1) + 1;
  return sum / series;
}

describe('change detection', () => {
  it('cries wolf rarely and sees a drop by 40 % within some ten periods, as published', () => {
    const detector = (series: ReturnType<typeof simulated>) => firstAlarm(series, 200);
    const sums = (series: ReturnType<typeof simulated>) =>
      cusum(series, 0.6).findIndex((height) => height >= Math.log(200));
    // At least A = 200 without assumptions; 318 and 9.6 are published for it, 1098 and 11.8 for CUSUM at ln 200.
    expect(runLength(5, detector)).toBeGreaterThan(318 - 60);
    expect(Math.abs(runLength(3, detector) - 9.6)).toBeLessThan(1.5);
    expect(Math.abs(runLength(5, sums) / 1098 - 1)).toBeLessThan(0.25);
    expect(Math.abs(runLength(3, sums) - 11.8)).toBeLessThan(1.5);
  });

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
