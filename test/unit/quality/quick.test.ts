import { beforeAll, describe, expect, it } from 'vitest';
import { Results } from '../../../bench/quality/figures.ts';
import type { Outcome } from '../../../bench/quality/run.ts';
import type { Score } from '../../../bench/quality/score.ts';
import { runTask } from '../../../bench/quality/task.ts';

const POLICIES = ['Z', 'A', 'B1', 'B3', 'D20', 'E95', 'G'];

function run(scenario: string, ads: number, policies: readonly string[]): Readonly<Record<string, Score>> {
  const results = new Results();
  const task = { scenario, seed: 1, account: 0, ads, policies, eager: false };
  runTask(task, (policy, outcome) => results.add(scenario, policy, 0, outcome));
  return results.scores([scenario], policies)[scenario] ?? {};
}

/**
 * The quick profile of `npm run bench -- quality`: 300 ads of one account, looked at by the hour. Bit for bit the same on
 * every machine, so the ranges only say how far the engine may be changed before somebody has to look again.
 */
describe('quality of decisions in a simulated market, quick profile', () => {
  let fast: Readonly<Record<string, Score>> = {};
  let slow: Readonly<Record<string, Score>> = {};
  beforeAll(() => {
    fast = run('S1', 300, POLICIES);
    slow = run('S2', 300, [...POLICIES, 'G05']);
  }, 180_000);

  const of = (scores: Readonly<Record<string, Score>>, policy: string): Score => {
    const score = scores[policy];
    if (score === undefined) throw new Error(`policy ${policy} did not run`);
    return score;
  };
  const between = (value: number, low: number, high: number): void => {
    expect(value).toBeGreaterThanOrEqual(low);
    expect(value).toBeLessThanOrEqual(high);
  };

  it('shows the practitioners’ rules pausing most good ads', () => {
    between(of(fast, 'A').falsePause, 0.85, 0.99);
    between(of(slow, 'A').falsePause, 0.93, 1);
    between(of(fast, 'B1').falsePause, 0.6, 0.85);
    between(of(slow, 'B1').falsePause, 0.88, 1);
    between(of(fast, 'B3').falsePause, 0.15, 0.4);
    between(of(slow, 'B3').falsePause, 0.5, 0.8);
    expect(of(slow, 'B1').capture).toBeLessThan(0.4);
  });

  it('keeps the e-process within its promise', () => {
    between(of(fast, 'D20').falsePause, 0, 0.05);
    between(of(slow, 'D20').falsePause, 0, 0.05);
    // A posterior promises nothing: what it pauses lies with the prior that was learned.
    between(of(slow, 'E95').falsePause, 0.01, 0.15);
    between(of(fast, 'D20').loserSpend, 6, 10);
  });

  it('keeps good ads running with the engine, and stops the losers', () => {
    for (const scores of [fast, slow]) {
      expect(of(scores, 'G').falsePause).toBeLessThanOrEqual(0.03);
      expect(of(scores, 'G').losersStopped).toBeGreaterThanOrEqual(0.95);
      expect(of(scores, 'G').changesPerAdDay).toBeLessThan(0.3);
    }
    expect(of(slow, 'G05').falsePause).toBeLessThanOrEqual(0.01);
    // 132 good ads: standard error .02.
    expect(of(fast, 'G').starved).toBeLessThanOrEqual(0.1);
    expect(of(slow, 'G').starved).toBeLessThanOrEqual(0.05);
    between(of(fast, 'G').capture, 0.76, 0.95);
    between(of(slow, 'G').capture, 0.74, 0.95);
    expect(of(slow, 'G').capture - of(slow, 'B3').capture).toBeGreaterThan(0.15);
    expect(of(slow, 'G').loserSpend).toBeLessThan(14);
  });

  it('holds the guarantee at exactly the target', () => {
    const scores = run('S0', 120, ['D05', 'D20', 'G']);
    // 30 ads: standard error .07 at α = .20, .04 at .05.
    expect(of(scores, 'D05').atOneFast).toBeLessThanOrEqual(0.05 + 0.08);
    expect(of(scores, 'D20').atOneFast).toBeLessThanOrEqual(0.2 + 0.14);
    expect(of(scores, 'G').atOneFast).toBeLessThanOrEqual(0.2 + 0.14);
  }, 60_000);

  it('gives the same outcome every time', () => {
    const once = (): Outcome[] => {
      const outcomes: Outcome[] = [];
      const task = {
        scenario: 'S6',
        seed: 5,
        account: 1,
        ads: 24,
        policies: ['A', 'R11', 'G'],
        eager: false,
      };
      runTask(task, (_, outcome) => outcomes.push(outcome));
      return outcomes;
    };
    const first = once();
    expect(first).toHaveLength(3);
    expect(once()).toEqual(first);
  }, 60_000);
});
