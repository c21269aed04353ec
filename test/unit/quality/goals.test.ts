import { describe, expect, it } from 'vitest';
import { makeAccount } from '../../../bench/quality/account.ts';
import { Results } from '../../../bench/quality/figures.ts';
import { goalsOf } from '../../../bench/quality/goals.ts';
import { f, table } from '../../../bench/quality/markdown.ts';
import { POLICIES } from '../../../bench/quality/policies/all.ts';
import { faultsPart, leads } from '../../../bench/quality/report-parts.ts';
import { type Outcome, runPolicy } from '../../../bench/quality/run.ts';
import { SCENARIOS } from '../../../bench/quality/scenarios.ts';

const [slow, faulty] = [SCENARIOS['S2'], SCENARIOS['S6']];
if (slow === undefined || faulty === undefined) throw new Error('missing');
const run = (scenario: typeof slow, policy: string, seed: number): Outcome => {
  const found = POLICIES.find(({ id }) => id === policy);
  if (found === undefined) throw new Error(policy);
  return runPolicy(makeAccount(scenario, seed, 0, 60), found, Math.max(6, found.every(scenario) ?? 6));
};

describe('the report of the quality bench', () => {
  const results = new Results();
  for (const policy of ['Z', 'B1', 'B2', 'B3']) {
    results.add('S2', policy, 1, run(slow, policy, 1));
    results.add('S2', policy, 2, run(slow, policy, 2));
  }
  results.add('S6', 'B1', 2, run(faulty, 'B1', 2));
  // The engine's place is taken by doing nothing: no rule of the report knows who is who.
  results.add('S2', 'G', 2, run(slow, 'Z', 2));
  const scores = results.scores(['S2', 'S6'], ['Z', 'B1', 'B2', 'B3', 'G']);

  it('says of a goal whether it was reached, missed, or not run', () => {
    const goals = goalsOf(scores, results);
    const goal = (start: string) => goals.find((one) => one.goal.startsWith(start));
    expect(goal('guarantee: ads exactly on target, G')?.reached).toBeNull();
    expect(goal('false pauses, G')).toMatchObject({ measured: 'S1 –, S2 .000, S3 –', reached: null });
    expect(goal('bids, G in S7')).toMatchObject({ published: '.95–.96', reached: null });
    expect(goals.every(({ published }) => !published.includes('undefined'))).toBe(true);
  });

  it('pairs policies by the same ads, where both have run', () => {
    const { own, other } = results.paired(['S2', 'G'], ['S2', 'Z']);
    expect(own).toHaveLength(60);
    expect(own).toEqual(other);
    const text = leads(results, scores).join('\n');
    expect(text).toMatch(/\| S2 +\| +B\d: /);
    // G less doing nothing is nothing.
    expect(text).toContain(' .000 (.000 to .000) ');
    expect(results.paired(['S6', 'B1'], ['S2', 'B1']).own).toHaveLength(60);
    expect(results.paired(['S6', 'Z'], ['S2', 'Z']).own).toEqual([]);
  });

  it('says what faults cost only where the same ads ran with and without', () => {
    const text = faultsPart(results, scores).join('\n');
    expect(text).toMatch(/\| B1 /);
    expect(text).not.toMatch(/\| Z /);
  });

  it('forecasts the week to come better by the shrunk rate than by an ad’s own or its campaign’s', () => {
    results.add('S2', 'X', 1, run(slow, 'X', 1));
    const { ads, raw, pooled, shrunk } = results.nextWeek('S2');
    // After one, two and three weeks; an ad without spend by then is left out.
    expect(ads).toBe(180);
    expect(shrunk).toBeLessThan(raw);
    expect(shrunk).toBeLessThan(pooled);
    expect(shrunk / ads).toBeGreaterThan(0.5);
  });
});

describe('figures and tables', () => {
  it('are written without a leading zero and never as −.000', () => {
    expect([f(0.5), f(-0.25), f(-0.0001, 3), f(12.345, 1), f(null), f(NaN)]).toEqual([
      '.50',
      '−.25',
      '.000',
      '12.3',
      '–',
      '–',
    ]);
  });

  it('are lined up', () => {
    expect(table(['a', 'bcde'], [['long', '1']])).toBe('| a    | bcde |\n| ---- | ---: |\n| long |    1 |');
  });
});
