import { describe, expect, it } from 'vitest';
import { scatterDays } from '../../../src/core/learning/clustering.ts';
import { type CampaignCohort, learnCurves, roundedCurve } from '../../../src/core/learning/curves.ts';
import { arrived } from '../../../src/core/statistics/delay-curve.ts';
import { defaultCurve } from '../../../src/core/statistics/default-curves.ts';

const DAY_MS = 86_400_000;
const base = defaultCurve('purchase', 28 * DAY_MS);

/** Forty days of a campaign whose conversions all come in one bin, say within the hour. */
function days(campaign: string, bin: number, each: number): CampaignCohort<string>[] {
  return Array.from({ length: 40 }, (_, day) => ({
    campaign,
    ageMs: day * DAY_MS,
    counts: base.agesMs.map((_age, at) => (at === bin ? each : 0)),
  }));
}
const hour = base.agesMs.indexOf(3_600_000);
const tenDays = base.agesMs.indexOf(10 * DAY_MS);

describe('delay curves of an account', () => {
  it('gives campaigns with enough conversions their own, the others the account’s', () => {
    const { account, campaigns } = learnCurves(base, [
      ...days('fast', hour, 20),
      ...days('slow', tenDays, 20),
      ...days('small', hour, 0).map((one, at) =>
        at === 20 ? { ...one, counts: days('', hour, 19)[0]?.counts ?? [] } : one,
      ),
    ]);
    const by = (curve = account): number => arrived(curve, 2 * DAY_MS, 'share');
    expect(by(campaigns.get('fast'))).toBeGreaterThan(0.9);
    expect(by(campaigns.get('slow'))).toBeLessThan(0.25);
    expect(by()).toBeGreaterThan(by(campaigns.get('slow')));
    expect(by()).toBeLessThan(by(campaigns.get('fast')));
    expect(campaigns.has('small')).toBe(false);
    expect(account.from).toBe('account');
    expect(campaigns.get('fast')?.from).toBe('campaign');
  });

  it('is the default while nothing was seen', () => {
    expect(learnCurves(base, [])).toEqual({ account: roundedCurve(base), campaigns: new Map() });
    expect(learnCurves(base, days('one', hour, 0)).account.share).toEqual(roundedCurve(base).share);
  });
});

describe('days to tell clustering by', () => {
  it('takes the newest 28 and what the ad’s own rate expects of each', () => {
    const counts = Array.from({ length: 30 }, (_, day) => (day < 2 ? 100 : 1));
    const matured = Array.from({ length: 30 }, (_, day) => (day < 16 ? 10 : 30));
    const found = scatterDays(counts, matured);
    expect(found?.counts).toEqual(Array.from({ length: 28 }, () => 1));
    expect(found?.expected[0]).toBeCloseTo(0.5, 12);
    expect(found?.expected[27]).toBeCloseTo(1.5, 12);
  });

  it('tells nothing of an ad with fewer than twenty conversions, or without spend', () => {
    expect(scatterDays([19], [100])).toBeNull();
    expect(scatterDays([20], [0])).toBeNull();
    expect(scatterDays([], [])).toBeNull();
    expect(scatterDays([20], [100])).toEqual({ counts: [20], expected: [20] });
  });
});
