import { describe, expect, it } from 'vitest';
import { makeAccount } from '../../../bench/quality/account.ts';
import { Learner } from '../../../bench/quality/learner.ts';
import { SCENARIOS, START_MS, STEP_MS, STEPS_A_DAY } from '../../../bench/quality/scenarios.ts';
import { payingShare, worthOfTrial } from '../../../bench/quality/trial-worth.ts';
import { TrialBook } from '../../../bench/quality/trials.ts';

const scenario = SCENARIOS['trial'];
if (scenario === undefined) throw new Error('no world of trials');
const account = makeAccount(scenario, 3, 0, 100);

describe('a world of free trials', () => {
  it('has ads of whose trials .35 pay, sd .08', () => {
    const shares = Array.from({ length: 4_000 }, (_, index) => payingShare(7, index));
    const mean = shares.reduce((sum, share) => sum + share, 0) / shares.length;
    const variance = shares.reduce((sum, share) => sum + (share - mean) ** 2, 0) / shares.length;
    // Standard errors .0013 and .0009.
    expect(mean).toBeCloseTo(0.35, 2);
    expect(Math.sqrt(variance)).toBeCloseTo(0.08, 2);
  });

  it('counts what an ad brings by what its trials will pay', () => {
    const ad = account.ads.find(({ kind }) => kind === 'drawn');
    if (ad === undefined) throw new Error('no such ad');
    const { seed, plan } = account.world;
    const plain = makeAccount({ ...scenario, trials: false }, 3, 0, 100).ads.find(
      ({ index }) => index === ad.index,
    );
    const last = account.steps;
    expect(ad.plan).toEqual(plan.ads[ad.index]);
    expect(ad.efficiency).toBeCloseTo(ad.plan.theta * worthOfTrial(seed, ad.index), 12);
    expect((ad.track.cumExpected[last] ?? 0) / (plain?.track.cumExpected[last] ?? 0)).toBeCloseTo(
      worthOfTrial(seed, ad.index),
      9,
    );
    expect(ad.track.cumSpendMicros[last]).toBe(plain?.track.cumSpendMicros[last]);
  });

  it('has ads exactly on target by what they bring, not by their trials', () => {
    const exact = account.ads.filter(({ kind }) => kind === 'at1');
    expect(exact.length).toBeGreaterThan(20);
    for (const ad of exact) expect(ad.efficiency).toBeCloseTo(1, 12);
    expect(new Set(exact.map(({ plan }) => plan.theta)).size).toBe(exact.length);
  });

  it('teaches what a trial is worth by those that have had the time to pay', () => {
    const learned = new Learner(account, []).learn(0);
    expect(learned[0]?.trial).toBeNull();
    const book = new TrialBook(account);
    const trialOn = (day: number) => book.learn(learned, START_MS + day * STEPS_A_DAY * STEP_MS)[0]?.trial;
    const first = trialOn(0);
    expect(first?.price).toBe(13.99);
    // Twenty past ads, each with a paying share of its own: standard error about .02.
    expect(first?.rate).toBeGreaterThan(0.29);
    expect(first?.rate).toBeLessThan(0.41);
    expect(trialOn(10)?.trials).toBeGreaterThan(first?.trials ?? Infinity);
  });
});
