import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Delivery } from '../../../src/core/delivery.ts';
import { DEFAULT_CURVES } from '../../../src/core/statistics/default-curves.ts';
import { clickExposure, maturedSince, maturedSpend } from '../../../src/core/statistics/exposure.ts';
import { fitDelayCurve } from '../../../src/core/statistics/fit-delay-curve.ts';
import { expectDecimals } from './close-to.ts';

const HOUR = 3_600_000;
const DAY = 24 * HOUR;

const curve = fitDelayCurve({
  agesMs: [1, 2, 3, 4, 5].map((day) => day * DAY),
  cohorts: [
    { ageMs: 5 * DAY, counts: [30, 10, 6, 3, 1] },
    { ageMs: 4 * DAY, counts: [28, 12, 5, 2] },
    { ageMs: 3 * DAY, counts: [35, 11, 7] },
    { ageMs: 2 * DAY, counts: [26, 9] },
    { ageMs: DAY, counts: [31] },
  ],
  from: 'campaign',
});

/** Hours back from `toMs`. */
function hourly(spend: readonly number[], toMs: number, conversions: readonly number[] = []): Delivery {
  return {
    fromMs: spend.map((_, i) => toMs - (spend.length - i) * HOUR),
    toMs,
    spend,
    clicks: spend.map((cost) => 2 * cost),
    events: {
      purchase: {
        conversions,
        value: conversions.map((n) => 10 * n),
        cappedValue: conversions.map((n) => 8 * n),
      },
    },
  };
}

const columns = fc.array(fc.double({ min: 0, max: 100, noNaN: true }), { maxLength: 200 });

describe('matured spend', () => {
  it('of 100 on each of five days, from one day to five days old, is the worked example', () => {
    // Days whose middles are 1 to 5 days old.
    const delivery: Delivery = {
      fromMs: [0, 1, 2, 3, 4].map((day) => day * DAY),
      toMs: 5 * DAY,
      spend: [100, 100, 100, 100, 100],
      clicks: [],
      events: {},
    };
    expectDecimals(maturedSpend({ delivery, curve, line: 'share', nowMs: 5.5 * DAY }), 432.259058, 6);
  });

  it('counts the buckets between two instants only', () => {
    const delivery = hourly([1, 2, 4, 8], 10 * DAY);
    const nowMs = 100 * DAY;
    const between = (fromMs?: number, toMs?: number): number =>
      maturedSpend({
        delivery,
        curve,
        line: 'lower',
        nowMs,
        ...(fromMs === undefined ? {} : { fromMs }),
        ...(toMs === undefined ? {} : { toMs }),
      });
    expect(between()).toBe(15);
    expect(between(10 * DAY - 2 * HOUR)).toBe(12);
    expect(between(10 * DAY - 2.5 * HOUR, 10 * DAY - HOUR)).toBe(4);
    expect(between(11 * DAY)).toBe(0);
  });

  it('is at most spend, grows with time, and believes longer delays on the lower line', () => {
    fc.assert(
      fc.property(columns, fc.double({ min: 0, max: 40, noNaN: true }), (spend, days) => {
        const delivery = hourly(spend, 10 * DAY);
        const at = (line: 'share' | 'lower' | 'upper', plusMs = 0): number =>
          maturedSpend({ delivery, curve: DEFAULT_CURVES.purchase, line, nowMs: (10 + days) * DAY + plusMs });
        const total = spend.reduce((a, b) => a + b, 0);
        expect(at('upper')).toBeLessThanOrEqual(total + 1e-9);
        expect(at('lower')).toBeLessThanOrEqual(at('share') + 1e-9);
        expect(at('share')).toBeLessThanOrEqual(at('upper') + 1e-9);
        expect(at('share', HOUR)).toBeGreaterThanOrEqual(at('share') - 1e-9);
      }),
    );
  });

  it('of nothing, and of buckets still to come, is 0', () => {
    expect(maturedSpend({ delivery: hourly([], 0), curve, line: 'share', nowMs: DAY })).toBe(0);
    expect(maturedSpend({ delivery: hourly([5], 10 * DAY), curve, line: 'share', nowMs: 9 * DAY })).toBe(0);
  });

  it('subtracts a bucket that was restated below zero', () => {
    expect(maturedSpend({ delivery: hourly([5, -2], DAY), curve, line: 'share', nowMs: 99 * DAY })).toBe(3);
  });
});

describe('exposure of single clicks', () => {
  const at = { curve, line: 'share' as const, nowMs: 10 * DAY };

  it('stops at the conversion of a click', () => {
    expect(clickExposure([{ cost: 2, atMs: 0 }], at)).toBe(2);
    expect(clickExposure([{ cost: 2, atMs: 0, convertedAtMs: DAY }], at)).toBeCloseTo(
      2 * (curve.share[0] ?? 0),
      12,
    );
    expect(clickExposure([{ cost: 2, atMs: 9 * DAY, convertedAtMs: 50 * DAY }], at)).toBeCloseTo(
      2 * (curve.share[0] ?? 0),
      12,
    );
    expect(clickExposure([], at)).toBe(0);
  });
});

describe('totals since several starts', () => {
  it('are what one call per start would give', () => {
    fc.assert(
      fc.property(
        fc.array(fc.tuple(fc.double({ min: 0, max: 50, noNaN: true }), fc.nat(3)), { maxLength: 150 }),
        fc.array(fc.integer({ min: -10, max: 200 }), { maxLength: 8 }),
        fc.double({ min: -1, max: 300, noNaN: true }),
        (rows, startHours, ageHours) => {
          const toMs = 20 * DAY;
          const delivery = hourly(
            rows.map(([spend]) => spend),
            toMs,
            rows.map(([, n]) => n),
          );
          const startsMs = startHours.toSorted((a, b) => b - a).map((hours) => toMs - hours * HOUR);
          const nowMs = toMs + ageHours * HOUR;
          const totals = maturedSince({ delivery, event: 'purchase', curve, line: 'lower', nowMs, startsMs });
          expect(totals).toHaveLength(startsMs.length);
          for (const [i, fromMs] of startsMs.entries()) {
            const total = totals[i];
            const counted = rows.filter((_, row) => (delivery.fromMs[row] ?? 0) >= fromMs);
            const conversions = counted.reduce((sum, [, n]) => sum + n, 0);
            const spend = counted.reduce((sum, [cost]) => sum + cost, 0);
            const matured = maturedSpend({ delivery, curve, line: 'lower', nowMs, fromMs });
            expect(total?.conversions).toBe(conversions);
            expect(total?.value).toBe(10 * conversions);
            expect(total?.cappedValue).toBe(8 * conversions);
            expect(total?.spend).toBeCloseTo(spend, 8);
            expect(total?.clicks).toBeCloseTo(2 * spend, 8);
            expect(total?.matured).toBeCloseTo(matured, 8);
            expect(total?.maturedClicks).toBeCloseTo(2 * matured, 8);
          }
        },
      ),
    );
  });

  it('of an event that never came have no conversions', () => {
    const [total] = maturedSince({
      delivery: hourly([3, 4], DAY),
      event: 'trial',
      curve,
      line: 'share',
      nowMs: 50 * DAY,
      startsMs: [0],
    });
    expect(total).toEqual({
      spend: 7,
      matured: 7,
      clicks: 14,
      maturedClicks: 14,
      conversions: 0,
      value: 0,
      cappedValue: 0,
    });
  });

  it('of an empty history are zeros, and of no start nothing', () => {
    const empty = hourly([], 0);
    const ask = (startsMs: number[]) =>
      maturedSince({ delivery: empty, event: 'purchase', curve, line: 'share', nowMs: DAY, startsMs });
    expect(ask([0])[0]?.spend).toBe(0);
    expect(ask([])).toEqual([]);
  });

  it('take plain revenue as capped while no cap is known', () => {
    const delivery: Delivery = {
      ...hourly([1], DAY),
      events: { purchase: { conversions: [1], value: [70] } },
    };
    const [total] = maturedSince({
      delivery,
      event: 'purchase',
      curve,
      line: 'share',
      nowMs: DAY,
      startsMs: [0],
    });
    expect(total?.cappedValue).toBe(70);
  });
});
