import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { DEFAULT_CURVES, defaultCurve } from '../../../src/core/statistics/default-curves.ts';
import {
  arrived,
  blendCurves,
  type CurveLine,
  delayAges,
  type DelayCurve,
} from '../../../src/core/statistics/delay-curve.ts';

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

/** Any curve over some ages. */
const curves = fc
  .uniqueArray(fc.integer({ min: 1, max: 1000 }), { minLength: 1, maxLength: 30 })
  .chain((ages) =>
    fc
      .tuple(
        ...ages.map(() => fc.tuple(fc.double({ min: 0, max: 1, noNaN: true }), fc.nat(100), fc.nat(100))),
      )
      .map((points): DelayCurve => {
        const share = points.map(([value]) => value).toSorted((a, b) => a - b);
        share[share.length - 1] = 1;
        return {
          agesMs: ages.toSorted((a, b) => a - b).map((age) => age * HOUR),
          share,
          lower: share.map((value, i) => (i === share.length - 1 ? 1 : value * 0.8)),
          upper: share.map((value) => Math.min(1, value * 1.2)),
          conversions: 40,
          from: 'campaign',
        };
      }),
  );
const lines = fc.constantFrom<CurveLine>('share', 'lower', 'upper');

describe('ages of a delay curve', () => {
  it('are minutes for an hour, hours for two days, then days to the window', () => {
    const ages = delayAges(28 * DAY);
    expect(ages.slice(0, 6)).toEqual([5, 10, 20, 30, 60, 120].map((minutes) => minutes * MINUTE));
    expect(ages.slice(-2)).toEqual([27 * DAY, 28 * DAY]);
    expect(ages).toHaveLength(4 + 48 + 26);
  });

  it('end at the window, however short', () => {
    expect(delayAges(7 * MINUTE)).toEqual([5 * MINUTE, 7 * MINUTE]);
    expect(delayAges(MINUTE)).toEqual([MINUTE]);
    expect(delayAges(DAY).at(-1)).toBe(DAY);
    expect(delayAges(2.5 * DAY).slice(-2)).toEqual([2 * DAY, 2.5 * DAY]);
  });

  it.each([0, -1, NaN, Infinity])('are none for a window of %d', (windowMs) => {
    expect(delayAges(windowMs)).toEqual([]);
  });
});

describe('share arrived', () => {
  const curve = DEFAULT_CURVES.purchase;

  it('is 0 at age 0 and before, 1 from the window on', () => {
    expect(arrived(curve, 0, 'share')).toBe(0);
    expect(arrived(curve, -HOUR, 'share')).toBe(0);
    expect(arrived(curve, 28 * DAY, 'lower')).toBe(1);
    expect(arrived(curve, Infinity, 'lower')).toBe(1);
    expect(arrived(curve, NaN, 'share')).toBeNaN();
  });

  it('of a curve without ages is everything at once', () => {
    const empty: DelayCurve = {
      agesMs: [],
      share: [],
      lower: [],
      upper: [],
      conversions: 0,
      from: 'default',
    };
    expect(arrived(empty, 1, 'share')).toBe(1);
    expect(arrived(empty, 0, 'share')).toBe(0);
  });

  it('is linear between two ages', () => {
    const [at1, at2] = [arrived(curve, HOUR, 'share'), arrived(curve, 2 * HOUR, 'share')];
    expect(arrived(curve, 1.25 * HOUR, 'share')).toBeCloseTo(0.75 * at1 + 0.25 * at2, 14);
    expect(arrived(curve, 2.5 * MINUTE, 'share')).toBeCloseTo(arrived(curve, 5 * MINUTE, 'share') / 2, 14);
  });

  it('stands on the curve at its ages, and never falls', () => {
    fc.assert(
      fc.property(curves, lines, fc.double({ min: 0, max: 1100, noNaN: true }), (any, line, hours) => {
        for (const [i, age] of any.agesMs.entries()) {
          expect(arrived(any, age, line)).toBeCloseTo(any[line][i] ?? NaN, 12);
        }
        expect(arrived(any, hours * HOUR + 1000, line)).toBeGreaterThanOrEqual(
          arrived(any, hours * HOUR, line) - 1e-12,
        );
      }),
    );
  });

  it('is bounded below and above', () => {
    fc.assert(
      fc.property(curves, fc.double({ min: 0, max: 1100, noNaN: true }), (any, hours) => {
        const age = hours * HOUR;
        expect(arrived(any, age, 'lower')).toBeLessThanOrEqual(arrived(any, age, 'share') + 1e-12);
        expect(arrived(any, age, 'upper')).toBeGreaterThanOrEqual(arrived(any, age, 'share') - 1e-12);
      }),
    );
  });
});

describe('blending with the parent', () => {
  it('weighs own conversions against 100 of the parent, on every line', () => {
    fc.assert(
      fc.property(curves, curves, fc.nat(10_000), lines, fc.nat(1100), (own, parent, n, line, hours) => {
        const age = hours * HOUR;
        const expected = (n * arrived(own, age, line) + 100 * arrived(parent, age, line)) / (n + 100);
        expect(arrived(blendCurves({ ...own, conversions: n }, parent), age, line)).toBeCloseTo(expected, 10);
      }),
    );
  });

  it('is continuous: one conversion more hardly moves it', () => {
    fc.assert(
      fc.property(curves, curves, fc.nat(500), fc.nat(1000), (own, parent, n, hours) => {
        const before = arrived(blendCurves({ ...own, conversions: n }, parent), hours * HOUR, 'share');
        const after = arrived(blendCurves({ ...own, conversions: n + 1 }, parent), hours * HOUR, 'share');
        expect(Math.abs(after - before)).toBeLessThanOrEqual(1 / 100);
      }),
    );
  });

  it('with a default weighs 25, and keeps the own bounds where they are the more careful', () => {
    const own = { agesMs: [HOUR, DAY], share: [0.1, 1], lower: [0.05, 1], upper: [0.2, 1], conversions: 75 };
    const parent = DEFAULT_CURVES.purchase;
    const blended = blendCurves({ ...own, from: 'account' }, parent);
    const at = (line: CurveLine): number => arrived(blended, HOUR, line);
    expect(at('share')).toBeCloseTo(0.075 + 0.25 * arrived(parent, HOUR, 'share'), 12);
    expect(at('lower')).toBe(0.05);
    expect(at('upper')).toBeCloseTo(0.15 + 0.25 * arrived(parent, HOUR, 'upper'), 12);
  });

  it('without own conversions is the parent', () => {
    expect(blendCurves({ ...DEFAULT_CURVES.install, conversions: 0 }, DEFAULT_CURVES.purchase)).toBe(
      DEFAULT_CURVES.purchase,
    );
  });
});

describe('default curves', () => {
  it('come near the published figures', () => {
    const at = (kind: keyof typeof DEFAULT_CURVES, age: number): number =>
      arrived(DEFAULT_CURVES[kind], age, 'share');
    expect(Math.abs(at('install', HOUR) - 0.75)).toBeLessThan(0.04);
    expect(Math.abs(at('install', DAY) - 0.94)).toBeLessThan(0.03);
    expect(Math.abs(at('purchase', HOUR) - 0.35)).toBeLessThan(0.03);
    expect(Math.abs(at('purchase', DAY) - 0.5)).toBeLessThan(0.04);
    expect(Math.abs(1 - at('purchase', 14 * DAY) - 0.13)).toBeLessThan(0.03);
  });

  it('allow for a third of conversions at any time of the window, and for the quickest there are', () => {
    const { purchase } = DEFAULT_CURVES;
    const install = defaultCurve('install', 28 * DAY);
    for (const age of [HOUR, DAY, 7 * DAY, 20 * DAY]) {
      const lower = (2 * arrived(purchase, age, 'share') + age / (28 * DAY)) / 3;
      expect(arrived(purchase, age, 'lower')).toBeCloseTo(lower, 12);
      expect(arrived(purchase, age, 'upper')).toBeGreaterThan(arrived(install, age, 'share'));
    }
  });

  it.each(['install', 'lead', 'purchase', 'other'] as const)('for %s are proper for any window', (kind) => {
    for (const windowMs of [3 * MINUTE, HOUR, DAY, 7 * DAY, 28 * DAY, 90 * DAY]) {
      const curve = defaultCurve(kind, windowMs);
      for (const line of ['share', 'lower', 'upper'] as const) {
        expect(curve[line].at(-1)).toBeCloseTo(1, 12);
        expect(curve[line]).toEqual(curve[line].toSorted((a, b) => a - b));
        expect(curve[line]).toHaveLength(curve.agesMs.length);
      }
      for (const [i, share] of curve.share.entries()) {
        expect(curve.lower[i]).toBeLessThanOrEqual(share);
        expect(curve.upper[i]).toBeGreaterThanOrEqual(share);
      }
    }
  });
});
