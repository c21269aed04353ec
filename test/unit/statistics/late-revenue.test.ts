import { describe, expect, it } from 'vitest';
import {
  probabilityTrialRoasBelow,
  trialRate,
  trialValue,
} from '../../../src/core/statistics/late-revenue.ts';
import { expectDecimals } from './close-to.ts';

describe('trial-to-paid rate', () => {
  it('is the worked example: Beta(7, 13) and 3 of 12', () => {
    const { rate, sd } = trialRate({ a: 7, b: 13 }, 12, 3);
    expectDecimals(rate, 0.3125, 6);
    expectDecimals(sd, 0.080687, 6);
    expectDecimals(trialValue({ rate, price: 13.99 }), 4.371875, 6);
  });

  it('before any trial is the prior; takes impossible facts as the nearest possible', () => {
    expect(trialRate({ a: 7, b: 13 }, 0, 0).rate).toBe(0.35);
    expect(trialRate({ a: 7, b: 13 }, -4, NaN).rate).toBe(0.35);
    expect(trialRate({ a: 7, b: 13 }, 10, 30)).toEqual(trialRate({ a: 7, b: 13 }, 10, 10));
  });

  it('counts renewals in a trial’s worth', () => {
    expect(trialValue({ rate: 0.5, price: 10, renewals: 3 })).toBe(20);
  });
});

describe('ROAS of trials', () => {
  it('is the worked example: Gamma(17, 370) × Beta(10, 22) × 13.99 below .25', () => {
    const input = { trials: { a: 17, b: 370 }, paid: { a: 10, b: 22 }, price: 13.99, target: 0.25 };
    expect(Math.abs(probabilityTrialRoasBelow(input) - 0.777)).toBeLessThan(0.001);
    expectDecimals((17 / 370) * (10 / 32) * 13.99, 0.20087, 6);
  });

  it('is surely below an endless target and never below none', () => {
    const input = { trials: { a: 17, b: 370 }, paid: { a: 10, b: 22 }, price: 13.99 };
    expect(probabilityTrialRoasBelow({ ...input, target: 1e6 })).toBeCloseTo(1, 9);
    expect(probabilityTrialRoasBelow({ ...input, target: 0 })).toBe(0);
  });
});
