import { probit } from 'simple-statistics';
import { describe, expect, it } from 'vitest';
import {
  lnRoasAbove,
  lnRoasBelow,
  orderValues,
  roasBelowUnits,
  sizeBiasedMean,
} from '../../../src/core/statistics/roas-test.ts';
import { expectDecimals } from './close-to.ts';

const orders = { kappa: 80, cap: 80, cappedShare: 1 };

describe('evidence about ROAS', () => {
  it('is the worked example', () => {
    const facts = { revenueCapped: 189.96, matured: 400, target: 1.2 };
    const { n, s } = roasBelowUnits(facts, orders);
    expectDecimals(n, 2.3745, 4);
    expectDecimals(s, 6, 6);
    expectDecimals(lnRoasBelow(facts, orders), 1.030213, 6);
    expectDecimals(lnRoasAbove(facts, orders), -1.341026, 6);
    expectDecimals(lnRoasBelow({ ...facts, revenueCapped: 50 }, orders), 2.816714, 6);
    expectDecimals(lnRoasBelow({ ...facts, revenueCapped: 900 }, orders), -1.926575, 6);
  });

  it('lowers the target by what the cap takes from revenue', () => {
    const facts = { revenueCapped: 100, matured: 400, target: 1 };
    const lowered = lnRoasBelow({ ...facts, target: 0.9 }, orders);
    expect(lnRoasBelow(facts, { ...orders, cappedShare: 0.9 })).toBe(lowered);
    expect(lnRoasBelow(facts, { ...orders, cappedShare: 0.95, cappedShareLow: 0.9 })).toBe(lowered);
  });

  it('of refunds beyond all revenue is that of none; of facts that are no numbers none', () => {
    const facts = { revenueCapped: -10, matured: 400, target: 1 };
    expect(lnRoasBelow(facts, orders)).toBe(lnRoasBelow({ ...facts, revenueCapped: 0 }, orders));
    expect(lnRoasBelow({ ...facts, revenueCapped: NaN }, orders)).toBe(-Infinity);
    expect(lnRoasBelow(facts, { ...orders, kappa: 0 })).toBe(-Infinity);
    expect(lnRoasAbove(facts, { cap: 0 })).toBe(-Infinity);
  });
});

describe('κ, the size-biased mean', () => {
  it('of the worked example, with an order of nothing among them', () => {
    expectDecimals(sizeBiasedMean([13.99, 0, 49.99, 5.99, 119.99]), 90.167406, 6);
  });

  it('of equal orders is their value; of none 0', () => {
    expect(sizeBiasedMean([30, 30, 30])).toBe(30);
    expect(sizeBiasedMean([])).toBe(0);
    expect(sizeBiasedMean([0, 0])).toBe(0);
    expect(sizeBiasedMean([NaN, -5, Infinity, 20])).toBe(20);
  });
});

describe('sizes of orders', () => {
  const many = 20_000;
  it('of log-normal orders with log-sd 1.5 and mean 30 are the published ones', () => {
    const values = logNormal(many, 1.5, 30);
    // Uncapped κ lives in the tail, of which twenty thousand orders miss a tenth.
    expect(Math.abs(sizeBiasedMean(values) / 284.6 - 1)).toBeLessThan(0.1);
    const sizes = orderValues(values);
    expect(Math.abs((sizes?.cap ?? 0) / 319 - 1)).toBeLessThan(0.02);
    expect(Math.abs((sizes?.kappa ?? 0) / 116.6 - 1)).toBeLessThan(0.03);
    expect(Math.abs((sizes?.cappedShare ?? 0) / 0.902 - 1)).toBeLessThan(0.03);
    expect(sizes?.orders).toBe(many);
    expect(Math.abs((sizes?.mean ?? 0) / 30 - 1)).toBeLessThan(0.01);
  });

  it('cap lower where few orders are known, and trust the share under the cap less', () => {
    const few = orderValues(logNormal(100, 1, 30));
    const more = orderValues(logNormal(1000, 1, 30));
    expect(few?.cap).toBeLessThan(more?.cap ?? 0);
    expect(few?.cappedShareLow).toBeLessThan(more?.cappedShareLow ?? 0);
    expect(more?.cappedShareLow).toBeLessThan(more?.cappedShare ?? 0);
  });

  it('take revenue above the cap for a Pareto tail, at its upper limit', () => {
    // Twenty of 65 orders must lie above the cap: it is 10. Fifteen do, each by ln 2.
    const sizes = orderValues([
      ...Array.from({ length: 50 }, () => 10),
      ...Array.from({ length: 15 }, () => 20),
    ]);
    const h = Math.LN2 * (1 + 1.2816 / Math.sqrt(15));
    expect(sizes?.cap).toBe(10);
    expect(sizes?.cappedShare).toBeCloseTo(650 / 800, 12);
    expect(sizes?.cappedShareLow).toBeCloseTo(650 / (650 + (150 * h) / (1 - h)), 12);
  });

  it('say nothing where so few or so uneven orders are known that a whale could hide', () => {
    const uneven = orderValues(logNormal(60, 2, 30));
    expect(uneven?.cappedShareLow).toBe(0);
    expect(lnRoasBelow({ revenueCapped: 0, matured: 1e6, target: 1 }, uneven ?? orders)).toBeCloseTo(0, 12);
  });

  it('of equal orders need no cap and no caution', () => {
    expect(orderValues(Array.from({ length: 50 }, () => 20))).toEqual({
      orders: 50,
      mean: 20,
      kappa: 20,
      cap: 20,
      cappedShare: 1,
      cappedShareLow: 1,
    });
  });

  it('are unknown below thirty orders with a value', () => {
    expect(orderValues(logNormal(29, 1, 30))).toBeNull();
    expect(orderValues([])).toBeNull();
    expect(orderValues(Array.from({ length: 500 }, () => 0))).toBeNull();
    expect(orderValues([...logNormal(30, 1, 30), NaN, Infinity])?.orders).toBe(30);
  });

  it('count orders of nothing, and take negative ones as nothing', () => {
    const paid = Array.from({ length: 100 }, () => 20);
    const sizes = orderValues([...paid, ...Array.from({ length: 100 }, () => -5)]);
    expect(sizes?.mean).toBe(10);
    expect(sizes?.kappa).toBeCloseTo(20, 9);
    expect(sizes?.cappedShare).toBe(1);
  });
});

/** Values whose logs are normal quantiles, scaled to a mean. */
function logNormal(count: number, sd: number, mean: number): number[] {
  const values = Array.from({ length: count }, (_, i) => Math.exp(sd * probit((i + 0.5) / count)));
  const scale = mean / (values.reduce((a, b) => a + b, 0) / count);
  return values.map((value) => value * scale);
}
