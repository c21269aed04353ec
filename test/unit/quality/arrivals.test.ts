import { describe, expect, it } from 'vitest';
import { makeAccount } from '../../../bench/quality/account.ts';
import { AdView } from '../../../bench/quality/ad-view.ts';
import { deliveryOf, lookAt } from '../../../bench/quality/look.ts';
import { POLICIES } from '../../../bench/quality/policies/all.ts';
import { runPolicy } from '../../../bench/quality/run.ts';
import { DAY_MS, SCENARIOS, START_MS, STEPS_A_DAY } from '../../../bench/quality/scenarios.ts';

const scenario = SCENARIOS['arrivals'];
if (scenario === undefined) throw new Error('no world in which ads arrive');
const account = makeAccount(scenario, 4, 0, 200);

describe('a world in which ads come during the run', () => {
  it('has five ads of each campaign at first, then one a day on average', () => {
    const begins = account.ads.map(({ beginsStep }) => beginsStep / STEPS_A_DAY);
    expect(begins.filter((day) => day === 0)).toHaveLength(50);
    // Each campaign's last of fifteen comes on day 15.5 ± 3.9: rounded up to midnights.
    const last = Array.from({ length: 10 }, (_, campaign) =>
      Math.max(...begins.slice(campaign * 20, campaign * 20 + 20)),
    );
    const mean = last.reduce((sum, day) => sum + day, 0) / last.length;
    expect(mean).toBeGreaterThan(12);
    expect(mean).toBeLessThan(19);
    expect(begins.every((day) => Number.isInteger(day) && day < 30)).toBe(true);
  });

  const late = account.ads.find(({ beginsStep }) => beginsStep >= 8 * STEPS_A_DAY);
  if (late === undefined) throw new Error('no late ad');

  it('gives an ad nothing before it begins, and then what the same ad gets elsewhere', () => {
    const { arrivals: _, ...without } = scenario;
    const there = makeAccount(without, 4, 0, 200).ads.find(({ index }) => index === late.index);
    const from = late.beginsStep;
    expect(late.track.cumSpendMicros[from]).toBe(0);
    for (const k of [from + 1, from + 500, account.steps])
      expect(late.track.cumSpendMicros[k]).toBe(
        (there?.track.cumSpendMicros[k] ?? NaN) - (there?.track.cumSpendMicros[from] ?? NaN),
      );
  });

  it('shows a policy the ad from its own first hour on', () => {
    const day = late.beginsStep / STEPS_A_DAY;
    for (const hours of [3, 60, 100, 200]) {
      const view = new AdView(account, late);
      const k = late.beginsStep + hours * 6;
      view.advance(k, () => {});
      const { fromMs, spend, clicks, events } = deliveryOf(account, view, lookAt(account, k));
      expect(fromMs[0]).toBe(START_MS + day * DAY_MS);
      expect(spend).toHaveLength(fromMs.length);
      expect(clicks).toHaveLength(fromMs.length);
      expect(events['purchase']?.conversions).toHaveLength(fromMs.length);
      const micros = Math.round(spend.reduce((sum, one) => sum + one, 0) * 1e6);
      expect(micros).toBe(view.spendMicros);
    }
  });

  it('lets every policy judge an ad only once it runs', () => {
    for (const id of ['A', 'auto', 'D20', 'G', 'O']) {
      const policy = POLICIES.find((one) => one.id === id);
      if (policy === undefined) throw new Error(id);
      const rows = runPolicy(account, policy, Math.max(6, policy.every(scenario) ?? 0)).rows;
      expect(rows.some(({ stopDay }) => stopDay >= 0)).toBe(true);
      for (const [place, row] of rows.entries()) {
        const begins = (account.ads[place]?.beginsStep ?? 0) / STEPS_A_DAY;
        expect(row.days).toBe(30 - begins);
        expect(row.stopDay === -1 || row.stopDay >= 0).toBe(true);
        expect(row.spend).toBeLessThanOrEqual(row.planned * (id === 'auto' ? 20 : 1.000001));
      }
    }
  }, 60_000);
});
