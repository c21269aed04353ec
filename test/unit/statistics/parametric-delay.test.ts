import { describe, expect, it } from 'vitest';
import { fitDelayedConversion } from '../../../src/core/statistics/parametric-delay.ts';
import { expectClose, expectDecimals } from './close-to.ts';

const delays = [0.01, 0.02, 0.05, 0.1, 0.1, 0.3, 0.5, 0.8, 1.2, 2, 3, 5];
const unconverted = Array.from({ length: 10 }, (_, i) => ({ age: i + 1, clicks: i === 9 ? 106 : 98 }));

describe('conversion with an exponential delay', () => {
  it('is the worked example', () => {
    const fit = fitDelayedConversion(delays, unconverted);
    expectClose(fit?.probability ?? NaN, 0.013051602);
    expectClose(fit?.rate ?? NaN, 0.800648484);
    expectDecimals(fit?.lnLikelihood ?? NaN, -77.132735, 6);
  });

  it('is the plain rate where every click is old', () => {
    const fit = fitDelayedConversion([0.1, 0.2], [{ age: 1000, clicks: 98 }]);
    expectClose(fit?.probability ?? NaN, 0.02);
    expectClose(fit?.rate ?? NaN, 2 / 0.3);
  });

  it('of clicks that all converted is 1', () => {
    expect(fitDelayedConversion([1, 3], [])?.probability).toBe(1);
    expect(fitDelayedConversion([1, 3], [{ age: 5, clicks: 0 }])?.lnLikelihood).toBeCloseTo(
      -2 * Math.LN2 - 2,
      12,
    );
  });

  it('cannot be told without a conversion, or from conversions without a delay', () => {
    expect(fitDelayedConversion([], unconverted)).toBeNull();
    expect(fitDelayedConversion([0, 0], unconverted)).toBeNull();
    expect(fitDelayedConversion([NaN], unconverted)).toBeNull();
  });
});
