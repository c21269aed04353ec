import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { DEFAULT_CURVES } from '../../../src/core/statistics/default-curves.ts';
import { arrived, delayAges } from '../../../src/core/statistics/delay-curve.ts';
import {
  type DelayCohort,
  fitDelayCurve,
  recencyWeight,
} from '../../../src/core/statistics/fit-delay-curve.ts';
import { expectDecimals } from './close-to.ts';

const DAY = 86_400_000;
const agesMs = [1, 2, 3, 4, 5].map((day) => day * DAY);
const cohorts: DelayCohort[] = [
  { ageMs: 5 * DAY, counts: [30, 10, 6, 3, 1] },
  { ageMs: 4 * DAY, counts: [28, 12, 5, 2] },
  { ageMs: 3 * DAY, counts: [35, 11, 7] },
  { ageMs: 2 * DAY, counts: [26, 9] },
  { ageMs: DAY, counts: [31] },
];

describe('delay curve by reverse hazard', () => {
  const curve = fitDelayCurve({ agesMs, cohorts, from: 'campaign' });

  it('gives the worked example: shares, lower bounds, ultimates', () => {
    for (const [i, share] of [0.600794, 0.812839, 0.928958, 0.98, 1].entries()) {
      expectDecimals(curve.share[i] ?? NaN, share, 6);
    }
    for (const [i, lower] of [0.553103, 0.767863, 0.892417, 0.954951, 1].entries()) {
      expectDecimals(curve.lower[i] ?? NaN, lower, 6);
    }
    for (const [i, se] of [0.064535, 0.044414, 0.031313, 0.020203, 0].entries()) {
      expectDecimals(Math.log((curve.share[i] ?? 0) / (curve.lower[i] ?? 0)) / 1.2816, se, 6);
    }
    const ultimates = cohorts.map(
      (cohort) => cohort.counts.reduce((a, b) => a + b) / arrived(curve, cohort.ageMs, 'share'),
    );
    for (const [i, ultimate] of [50, 47.9592, 57.0532, 43.059, 51.5984].entries()) {
      expectDecimals(ultimates[i] ?? NaN, ultimate, 4);
    }
    expect(curve.conversions).toBe(216);
  });

  it('counts recent cohorts more where they weigh more', () => {
    const early = { ageMs: 5 * DAY, counts: [10, 0, 0, 0, 30] };
    const late = { ageMs: 5 * DAY, counts: [40, 0, 0, 0, 0] };
    const fit = (weight: number) =>
      fitDelayCurve({ agesMs, cohorts: [{ ...early, weight }, late], from: 'campaign' });
    expect(fit(1).share[0]).toBeCloseTo(50 / 80, 12);
    expect(fit(0.5).share[0]).toBeCloseTo(45 / 60, 12);
    expect(fit(0.5).conversions).toBe(60);
    expect(recencyWeight(60 * DAY, 30 * DAY)).toBe(0.25);
    expect(recencyWeight(-DAY, 30 * DAY)).toBe(1);
  });

  it('is less sure of weighted conversions than of as many whole ones', () => {
    const counts = [30, 10, 6, 3, 1];
    const whole = fitDelayCurve({ agesMs, cohorts: [{ ageMs: 5 * DAY, counts }], from: 'campaign' });
    const halves = fitDelayCurve({
      agesMs,
      cohorts: [{ ageMs: 5 * DAY, weight: 0.5, counts }],
      from: 'campaign',
    });
    expect(halves.share).toEqual(whole.share);
    expect(halves.lower[0]).toBeCloseTo(whole.lower[0] ?? NaN, 12);
    expect(halves.conversions).toBe(25);
  });

  it('takes from its parent what no own cohort is old enough to show', () => {
    const ages = delayAges(28 * DAY);
    const parent = DEFAULT_CURVES.purchase;
    const twoDays: DelayCohort = { ageMs: 2 * DAY, counts: ages.map((age) => (age <= 2 * DAY ? 100 : 0)) };
    const alone = fitDelayCurve({ agesMs: ages, cohorts: [twoDays], from: 'campaign' });
    const child = fitDelayCurve({ agesMs: ages, cohorts: [twoDays], from: 'campaign', parent });
    expect(arrived(alone, 2 * DAY, 'share')).toBe(1);
    expect(arrived(child, 2 * DAY, 'share')).toBeCloseTo(arrived(parent, 2 * DAY, 'share'), 12);
    expect(arrived(child, 2 * DAY, 'lower')).toBeLessThan(arrived(parent, 2 * DAY, 'share'));
  });

  it('of no conversions is its parent, or everything at once', () => {
    const parent = DEFAULT_CURVES.purchase;
    const none = fitDelayCurve({ agesMs: parent.agesMs, cohorts: [], from: 'campaign', parent });
    for (const [i, share] of parent.share.entries()) expect(none.share[i]).toBeCloseTo(share, 12);
    const alone = fitDelayCurve({ agesMs, cohorts: [], from: 'campaign' });
    expect(alone).toEqual({
      agesMs,
      share: [1, 1, 1, 1, 1],
      lower: [1, 1, 1, 1, 1],
      upper: [1, 1, 1, 1, 1],
      conversions: 0,
      from: 'campaign',
    });
  });

  it('where all conversions came on the last day: nothing earlier, with a bound that n proves', () => {
    const late = fitDelayCurve({
      agesMs,
      cohorts: [{ ageMs: 5 * DAY, counts: [0, 0, 0, 0, 22] }],
      from: 'account',
    });
    expect(late.share).toEqual([0, 0, 0, 0, 1]);
    expect(late.lower).toEqual([0, 0, 0, 0, 1]);
    expect(late.upper[0]).toBeCloseTo(1 - 0.1 ** (1 / 22), 12);
  });

  it('leaves out cohorts without an age, and counts that are none', () => {
    const odd: DelayCohort[] = [
      { ageMs: NaN, counts: [1000] },
      { ageMs: 5 * DAY, weight: NaN, counts: [1000] },
      { ageMs: 5 * DAY, weight: -1, counts: [1000] },
      { ageMs: 5 * DAY, counts: [NaN, -5, 0, 0, 0] },
      { ageMs: 5 * DAY, counts: [] },
    ];
    expect(fitDelayCurve({ agesMs, cohorts: [...cohorts, ...odd], from: 'campaign' })).toEqual(curve);
  });

  it('over no ages is nothing', () => {
    expect(fitDelayCurve({ agesMs: [], cohorts, from: 'campaign' }).share).toEqual([]);
  });

  it('never falls, ends at 1, and keeps its bounds in order, whatever comes', () => {
    const anyCohort = fc.record({
      ageMs: fc.integer({ min: 0, max: 7 }).map((day) => day * DAY),
      weight: fc.double({ min: 0.01, max: 1, noNaN: true }),
      counts: fc.array(fc.nat(40), { minLength: 5, maxLength: 5 }),
    });
    const parents = fc.constantFrom(undefined, DEFAULT_CURVES.purchase, DEFAULT_CURVES.install);
    fc.assert(
      fc.property(fc.array(anyCohort, { maxLength: 12 }), parents, (any, parent) => {
        const fit = fitDelayCurve({
          agesMs,
          cohorts: any,
          from: 'campaign',
          ...(parent === undefined ? {} : { parent }),
        });
        for (const line of ['share', 'lower', 'upper'] as const) {
          expect(fit[line].at(-1)).toBe(1);
          for (const [i, value] of fit[line].entries()) {
            expect(value).toBeGreaterThanOrEqual((fit[line][i - 1] ?? 0) - 1e-12);
            expect(value).toBeLessThanOrEqual(1);
          }
        }
        for (const [i, share] of fit.share.entries()) {
          expect(fit.lower[i]).toBeLessThanOrEqual(share);
          expect(fit.upper[i]).toBeGreaterThanOrEqual(share);
        }
      }),
    );
  });
});
