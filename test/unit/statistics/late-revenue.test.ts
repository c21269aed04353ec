import { describe, expect, it } from 'vitest';
import {
  probabilityTrialRoasBelow,
  trialPrior,
  trialRate,
  trialTarget,
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

  it('counts renewals in a trial’s worth, and makes a target per trial of it', () => {
    expect(trialValue({ rate: 0.5, price: 10, renewals: 3 })).toBe(20);
    expect(trialTarget(4.371875, 1.25)).toBe(3.4975);
    expect(trialTarget(4, 0)).toBe(Infinity);
  });
});

describe('prior of the trial-to-paid rate', () => {
  it('has the mean of the account and the strength that the spread between campaigns leaves', () => {
    const alike = trialPrior([
      { trials: 100, paid: 35 },
      { trials: 100, paid: 35 },
    ]);
    expect((alike?.a ?? 0) / ((alike?.a ?? 0) + (alike?.b ?? 0))).toBeCloseTo(0.35, 2);
    expect((alike?.a ?? 0) + (alike?.b ?? 0)).toBeCloseTo(200, 9);
    const apart = trialPrior([
      { trials: 100, paid: 60 },
      { trials: 100, paid: 10 },
    ]);
    expect((apart?.a ?? 0) + (apart?.b ?? 0)).toBeLessThan(4);
  });

  it('is unknown without matured trials, and proper with none or all of them paid', () => {
    expect(trialPrior([])).toBeNull();
    expect(trialPrior([{ trials: 0, paid: 0 }])).toBeNull();
    expect(trialPrior([{ trials: 5, paid: 9 }])).toBeNull();
    for (const paid of [0, 5]) {
      const prior = trialPrior([{ trials: 5, paid }]);
      expect(prior?.a).toBeGreaterThan(0);
      expect(prior?.b).toBeGreaterThan(0);
    }
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
