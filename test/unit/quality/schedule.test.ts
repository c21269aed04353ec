import { describe, expect, it } from 'vitest';
import { estimator } from '../../../bench/quality/estimate.ts';
import { tasksOf } from '../../../bench/quality/schedule.ts';

const FULL = {
  scenarios: ['S0', 'S1', 'S4', 'S8'],
  policies: ['Z', 'C1', 'G', 'G-prior', 'N'],
  seeds: [1000, 1001, 1002],
  ads: 330,
  eager: true,
};
const nothing = (): null => null;

describe('what a run of the quality bench does', () => {
  const tasks = tasksOf(FULL, nothing, nothing);
  const rows = (scenario: string, policy: string): string[] =>
    tasks
      .filter((task) => task.scenario === scenario && task.policies.includes(policy))
      .map(({ seed, account, ads }) => `${seed}/${account}: ${ads}`);

  it('is everything that has a part in a world, once', () => {
    const all = [1000, 1001, 1002].flatMap((seed) => [`${seed}/0: 300`, `${seed}/1: 30`]);
    expect(rows('S1', 'G').toSorted()).toEqual(all);
    expect(rows('S1', 'C1').toSorted()).toEqual(all);
    expect(rows('S1', 'G-prior').toSorted()).toEqual(all);
    expect(rows('S8', 'G').toSorted()).toEqual(all);
    expect(rows('S4', 'C1')).toEqual([]);
    expect(rows('S1', 'N')).toEqual([]);
  });

  it('begins with what the goals hang on', () => {
    const first = tasks.findIndex((task) => task.policies.includes('G-prior') || task.scenario === 'S8');
    const after = tasks.slice(first);
    expect(after.some(({ policies, scenario }) => policies.includes('G') && scenario !== 'S8')).toBe(false);
    expect(tasks[0]).toMatchObject({ scenario: 'S0', policies: ['Z', 'G'] });
  });

  it('leaves out what was finished, and hands it over', () => {
    const outcome = {
      rows: [],
      calibration: [],
      intervals: { ads: 0, missed: 0 },
      forecasts: {},
      nextWeek: { ads: 0, raw: 0, pooled: 0, shrunk: 0 },
      looks: 0,
    };
    const found: string[] = [];
    const left = tasksOf(
      FULL,
      (task, policy) => (task.scenario === 'S0' && policy === 'G' ? { outcome, cpuMs: 1 } : null),
      (task, policy) => found.push(`${task.scenario} ${policy}`),
    );
    expect(found).toEqual(Array.from({ length: 6 }, () => 'S0 G'));
    expect(left.some(({ scenario, policies }) => scenario === 'S0' && policies.includes('G'))).toBe(false);
  });

  it('is estimated from a small sample, ten-minute looks apart from hourly ones', () => {
    const msOf = estimator(tasks.filter(({ policies }) => policies.includes('G')));
    const task = (scenario: string, ads: number) => ({ ...FULL, scenario, ads, seed: 1, account: 0 });
    expect(msOf(task('S1', 300), 'G')).toBeGreaterThan(msOf(task('S4', 300), 'G'));
    expect(msOf(task('S1', 300), 'G')).toBeGreaterThan(msOf(task('S1', 100), 'G'));
    expect(msOf(task('S1', 300), 'G')).toBeLessThanOrEqual(3 * msOf(task('S1', 100), 'G') + 1e-9);
    expect(msOf(task('S1', 300), 'N')).toBe(0);
  }, 30_000);
});
