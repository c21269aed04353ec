import { describe, expect, it } from 'vitest';
import {
  bothMultipliers,
  budgetDual,
  budgetMultiplier,
  PID_START,
  pidStep,
  targetDual,
  targetMultiplier,
  trafficShare,
} from '../../../src/core/statistics/controllers.ts';
import { expectClose, expectDecimals } from './close-to.ts';

const gains = { proportional: 0.3, integral: 0.05, derivative: 0.1 };

describe('PID controller', () => {
  it('is the worked example', () => {
    let state = PID_START;
    const published = [0.889881, 0.929291, 0.949646];
    for (const [i, error] of [-1 / 3, -0.2, -0.1].entries()) {
      const step = pidStep(state, { target: 30, cpa: 30 * (1 - error), gains });
      expectClose(step.multiplier, published[i] ?? NaN);
      state = step.state;
    }
  });

  it('does not wind up while clipped', () => {
    const clipped = pidStep(PID_START, { target: 30, cpa: 900, gains, least: 0.8 });
    expect(clipped.multiplier).toBe(0.8);
    expect(clipped.state.sum).toBe(0);
    expect(clipped.state.lastError).toBe(-29);
  });

  it('changes nothing on a CPA that is none', () => {
    for (const cpa of [NaN, Infinity]) {
      expect(pidStep(PID_START, { target: 30, cpa, gains })).toEqual({ multiplier: 1, state: PID_START });
    }
    expect(pidStep(PID_START, { target: 0, cpa: 5, gains }).multiplier).toBe(1);
  });
});

describe('dual variables', () => {
  it('of the target are the worked example', () => {
    let lambda = 1;
    const published = [1.161834, 1, 1.161834];
    for (const [i, [conversions, spend]] of (
      [
        [2, 90],
        [4, 90],
        [1, 60],
      ] as const
    ).entries()) {
      lambda = targetDual(lambda, { conversions, spend }, { target: 30, eta: 0.005 });
      expectDecimals(lambda, published[i] ?? NaN, 6);
    }
    expect(targetMultiplier(1)).toBe(2);
  });

  it('of the budget rises with overspending and never falls below 0', () => {
    expect(budgetDual(0.5, 120, { share: 100, epsilon: 0.01 })).toBeCloseTo(0.7, 12);
    expect(budgetDual(0.1, 0, { share: 100, epsilon: 0.01 })).toBe(0);
    expect([budgetMultiplier(1, 'limit'), budgetMultiplier(2, 'average')]).toEqual([0.5, 0.5]);
  });

  it('together give the smaller multiplier', () => {
    expect(bothMultipliers(1.4, 0.8)).toBe(0.8);
  });

  it('stand still on facts that are none', () => {
    expect(targetDual(2, { conversions: NaN, spend: 1 }, { target: 30, eta: 0.005 })).toBe(2);
    expect(budgetDual(2, NaN, { share: 100, epsilon: 0.01 })).toBe(2);
  });
});

describe('share of the traffic', () => {
  it('follows the traffic of the day, not the clock', () => {
    const noonOnly = Array.from({ length: 24 }, (_, hour) => (hour === 12 ? 8 : 0));
    expect(trafficShare(noonOnly, 12)).toBe(0);
    expect(trafficShare(noonOnly, 12.25)).toBe(0.25);
    expect(trafficShare(noonOnly, 13)).toBe(1);
    expect(trafficShare([], 6)).toBe(0.25);
    expect([trafficShare(noonOnly, -5), trafficShare(noonOnly, 30)]).toEqual([0, 1]);
  });
});
