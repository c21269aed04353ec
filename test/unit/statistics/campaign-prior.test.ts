import { describe, expect, it } from 'vitest';
import {
  betweenCampaigns,
  campaignPrior,
  logRateVariance,
} from '../../../src/core/statistics/campaign-prior.ts';

const eightAds = { conversions: 24, exposures: Array.from({ length: 8 }, () => 125) };

describe('the prior of a campaign’s ads', () => {
  it('is the account’s shape around a mean between the campaign’s and the account’s', () => {
    const account = { a: 2, b: 2 / 0.033 };
    expect(logRateVariance(eightAds, 2)).toBeCloseTo(1 / 24 + 0.0625, 12);
    const prior = campaignPrior(account, eightAds, 0.25);
    expect(prior.a).toBe(2);
    const weight = 0.25 / (0.25 + 1 / 24 + 0.0625);
    expect(weight).toBeCloseTo(0.70588, 5);
    expect(prior.a / prior.b).toBeCloseTo(0.026357, 6);
  });

  it('is the account’s where campaigns do not differ, or the campaign has nothing of its own', () => {
    const account = { a: 2, b: 60 };
    expect(campaignPrior(account, eightAds, 0)).toEqual(account);
    expect(campaignPrior(account, { conversions: 0, exposures: [] }, 0.25)).toEqual(account);
    expect(campaignPrior(account, { conversions: 0, exposures: [0, -5] }, 0.25)).toEqual(account);
    expect(campaignPrior(account, eightAds, NaN)).toEqual(account);
  });

  it('stays finite for a campaign without a conversion', () => {
    const prior = campaignPrior({ a: 2, b: 60 }, { conversions: 0, exposures: [500] }, 0.5);
    expect(prior.b).toBeGreaterThan(60);
    expect(prior.b).toBeLessThan(2 / (0.5 / 500));
  });

  it('measures how much campaigns differ beyond chance', () => {
    const alike = [20, 22, 18, 21].map((conversions) => ({ conversions, exposures: [250, 250, 250, 250] }));
    expect(betweenCampaigns(alike, 2)).toBe(0);
    const apart = [5, 80, 20, 300].map((conversions) => ({
      conversions,
      exposures: Array.from({ length: 40 }, () => 25),
    }));
    // By hand: v = 1/N + 0.0125; w = 4.7059, 40, 16, 63.158.
    const v = [5, 80, 20, 300].map((n) => 1 / n + (40 * 25 ** 2) / 1000 ** 2 / 2);
    const y = [5, 80, 20, 300].map((n) => Math.log(n / 1000));
    const w = v.map((one) => 1 / one);
    const sum = (values: readonly number[]) => values.reduce((a, b) => a + b, 0);
    const mean = sum(y.map((one, i) => one * (w[i] ?? 0))) / sum(w);
    const q = sum(y.map((one, i) => (one - mean) ** 2 * (w[i] ?? 0)));
    const tau = (q - 3) / (sum(w) - sum(w.map((one) => one * one)) / sum(w));
    expect(tau).toBeGreaterThan(0.5);
    expect(betweenCampaigns(apart, 2)).toBeCloseTo(tau, 12);
    expect(betweenCampaigns([eightAds], 2)).toBe(0);
    expect(betweenCampaigns([], 2)).toBe(0);
  });
});
