import { describe, expect, it } from 'vitest';
import { learnPriors, type SiblingOf } from '../../../src/core/learning/priors.ts';
import { fitGammaPrior } from '../../../src/core/statistics/prior.ts';

const ads = (campaign: string | null, rate: number, count = 8): SiblingOf<string>[] =>
  Array.from({ length: count }, (_, no) => ({
    campaign,
    // Around the rate, some better and some worse.
    conversions: Math.round(rate * 300 * (0.5 + no / (count - 1))),
    exposure: 300,
  }));

describe('priors of an account', () => {
  it('teaches the account all ads, and each campaign its own rate, shrunk', () => {
    const objects = [...ads('good', 0.06), ...ads('bad', 0.02), ...ads('plain', 0.033)];
    const { account, campaigns } = learnPriors(objects);
    const whole = fitGammaPrior(objects);
    expect(account?.a).toBeCloseTo(whole?.a ?? NaN, 6);
    expect(account).toMatchObject({ siblings: 24, from: 'account' });
    const mean = (of: string): number => (campaigns.get(of)?.a ?? NaN) / (campaigns.get(of)?.b ?? NaN);
    const own = (of: string): number =>
      objects.filter((one) => one.campaign === of).reduce((sum, one) => sum + one.conversions, 0) / 2_400;
    const middle = (account?.a ?? NaN) / (account?.b ?? NaN);
    // What campaigns differ by is not counted again among their ads.
    expect(campaigns.get('good')?.a).toBeGreaterThan(account?.a ?? NaN);
    expect(campaigns.get('bad')?.a).toBe(campaigns.get('good')?.a);
    expect(mean('good')).toBeGreaterThan(middle);
    expect(mean('good')).toBeLessThan(own('good'));
    expect(mean('bad')).toBeLessThan(middle);
    expect(mean('bad')).toBeGreaterThan(own('bad'));
    expect(campaigns.get('good')).toMatchObject({ siblings: 8, from: 'campaign' });
  });

  it('does not find a campaign better because its good ads went on and its bad ones were stopped', () => {
    // Two ads in three at a sixth of the rate of the third, which alone went on: conversions over spend come to .055.
    const run = ['a', 'b', 'c', 'd'].flatMap((campaign) =>
      Array.from({ length: 12 }, (_, no) =>
        no % 3 === 0
          ? { campaign, conversions: 60, exposure: 1_000 }
          : { campaign, conversions: no % 2, exposure: 50 },
      ),
    );
    const { a, b } = learnPriors(run).campaigns.get('a') ?? { a: NaN, b: NaN };
    expect(a / b).toBeGreaterThan(0.02);
    expect(a / b).toBeLessThan(0.04);
  });

  it('tells a campaign of one ad nearly what the account is told', () => {
    const { account, campaigns } = learnPriors([
      ...ads('plain', 0.033, 30),
      { campaign: 'new', conversions: 0, exposure: 5 },
    ]);
    const one = campaigns.get('new');
    const middle = (account?.a ?? NaN) / (account?.b ?? NaN);
    expect((one?.a ?? NaN) / (one?.b ?? NaN)).toBeGreaterThan(0.9 * middle);
  });

  it('gives no campaign a prior where objects belong to none', () => {
    const { account, campaigns } = learnPriors(ads(null, 0.03));
    expect(account).not.toBeNull();
    expect(campaigns.size).toBe(0);
  });

  it.each([
    ['nothing', []],
    ['four ads', ads('one', 0.03, 4)],
    ['no conversion', ads('one', 0)],
    ['no exposure', ads('one', 0.03).map((ad) => ({ ...ad, exposure: 0 }))],
  ])('learns nothing from %s', (_, objects: SiblingOf<string>[]) => {
    expect(learnPriors(objects)).toEqual({ account: null, campaigns: new Map() });
  });
});
