import { describe, expect, it } from 'vitest';
import {
  betweenCampaigns,
  campaignRate,
  middleRate,
  shrunkCampaignRate,
} from '../../../src/core/statistics/campaign-prior.ts';

const ads = (conversions: number, count: number, exposure: number) =>
  Array.from({ length: count }, () => ({ conversions: conversions / count, exposure }));
const eightAds = ads(24, 8, 125);
const account = { a: 2, b: 2 / 0.033 };

describe('the rate of a campaign', () => {
  it('is conversions over exposure where all ads had the same, with chance and the luck of its ads in its variance', () => {
    const { rate, variance } = campaignRate(eightAds, account);
    expect(rate).toBeCloseTo(0.024, 12);
    // 1/N + (1/a) Σ m²/M².
    expect(variance).toBeCloseTo(1 / 24 + 0.0625, 12);
  });

  it('does not rise because the good ad went on and the bad one was stopped', () => {
    // Both stand for half of the campaign's ads; the good one has twenty times the spend.
    const found = campaignRate(
      [
        { conversions: 100, exposure: 2_000 },
        { conversions: 1, exposure: 100 },
      ],
      account,
    );
    expect(101 / 2_100).toBeGreaterThan(0.048);
    expect(found.rate).toBeLessThan(0.035);
    // Where the marginal likelihood of both is highest: Σ (a m − N b) / (b + m) = 0.
    const b = account.a / found.rate;
    expect((2 * 2_000 - 100 * b) / (b + 2_000) + (2 * 100 - b) / (b + 100)).toBeCloseTo(0, 2);
  });

  it('stays finite without a conversion, and is nothing without exposure', () => {
    const none = campaignRate([{ conversions: 0, exposure: 500 }], account);
    expect(none.rate).toBeCloseTo(0.001, 12);
    expect(none.variance).toBeGreaterThan(2);
    expect(none.variance).toBeLessThan(Infinity);
    expect(campaignRate([], account).variance).toBe(Infinity);
    expect(
      campaignRate(
        [
          { conversions: 0, exposure: 0 },
          { conversions: 0, exposure: -5 },
        ],
        account,
      ).variance,
    ).toBe(Infinity);
  });
});

describe('a campaign among campaigns', () => {
  it('is shrunk to the middle by as much as they differ', () => {
    const own = campaignRate(eightAds, account);
    const weight = 0.25 / (0.25 + own.variance);
    expect(weight).toBeCloseTo(0.70588, 5);
    expect(shrunkCampaignRate(0.033, own, 0.25)).toBeCloseTo(0.026357, 6);
    expect(shrunkCampaignRate(0.033, own, 0)).toBe(0.033);
    expect(shrunkCampaignRate(0.033, own, NaN)).toBe(0.033);
    expect(shrunkCampaignRate(0.033, campaignRate([], account), 0.25)).toBe(0.033);
  });

  it('measures how much campaigns differ beyond chance', () => {
    const rates = (counts: readonly number[], count: number, exposure: number) =>
      counts.map((conversions) => campaignRate(ads(conversions, count, exposure), account));
    expect(betweenCampaigns(rates([20, 22, 18, 21], 4, 250))).toBe(0);
    const apart = rates([5, 80, 20, 300], 40, 25);
    // By hand: v = 1/N + 0.0125; w = 4.7059, 40, 16, 63.158.
    const v = [5, 80, 20, 300].map((n) => 1 / n + (40 * 25 ** 2) / 1000 ** 2 / 2);
    const y = [5, 80, 20, 300].map((n) => Math.log(n / 1000));
    const w = v.map((one) => 1 / one);
    const sum = (values: readonly number[]) => values.reduce((a, b) => a + b, 0);
    const mean = sum(y.map((one, i) => one * (w[i] ?? 0))) / sum(w);
    const q = sum(y.map((one, i) => (one - mean) ** 2 * (w[i] ?? 0)));
    const tau = (q - 3) / (sum(w) - sum(w.map((one) => one * one)) / sum(w));
    expect(tau).toBeGreaterThan(0.5);
    expect(betweenCampaigns(apart)).toBeCloseTo(tau, 9);
    expect(betweenCampaigns(apart.slice(0, 1))).toBe(0);
    expect(betweenCampaigns([])).toBe(0);
    const even = sum(y.map((one, i) => one / (tau + (v[i] ?? 0)))) / sum(v.map((one) => 1 / (tau + one)));
    expect(Math.log(middleRate(apart, tau) ?? 0)).toBeCloseTo(even, 9);
    expect(middleRate([], 0.1)).toBeNull();
  });
});
