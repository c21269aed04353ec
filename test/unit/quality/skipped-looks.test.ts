import { describe, expect, it } from 'vitest';
import { makeAccount } from '../../../bench/quality/account.ts';
import { POLICIES } from '../../../bench/quality/policies/all.ts';
import type { Policy } from '../../../bench/quality/policy.ts';
import { runPolicy } from '../../../bench/quality/run.ts';
import { SCENARIOS } from '../../../bench/quality/scenarios.ts';

/** The same policy, every look of which is taken. */
function tireless(policy: Policy, looks: { count: number }): Policy {
  return {
    ...policy,
    start: (known) => {
      const judge = policy.start(known);
      return (view, look) => {
        looks.count += 1;
        return judge(view, look);
      };
    },
  };
}

function sparing(policy: Policy, looks: { count: number }): Policy {
  return {
    ...policy,
    start: (known) => {
      const judge = policy.start(known);
      if (judge.quietUntil === undefined) throw new Error(`${policy.id} skips nothing`);
      return Object.assign(
        (...asked: Parameters<typeof judge>) => {
          looks.count += 1;
          return judge(...asked);
        },
        { quietUntil: judge.quietUntil, ...(judge.steady === true ? { steady: true as const } : {}) },
      );
    },
  };
}

describe('looks at which nothing can have changed', () => {
  for (const [id, seed] of [
    ['S0', 3],
    ['S1', 5],
    ['S2', 6],
  ] as const)
    for (const name of ['A', 'D20', 'D05', 'G'])
      it(`are skipped without a trace by ${name} in ${id}`, () => {
        const scenario = SCENARIOS[id];
        const policy = POLICIES.find((one) => one.id === name);
        if (scenario === undefined || policy === undefined) throw new Error('missing');
        const account = makeAccount({ ...scenario, days: 14 }, seed, 0, 20);
        const [all, few] = [{ count: 0 }, { count: 0 }];
        const plain = runPolicy(account, tireless(policy, all), 1);
        expect(runPolicy(account, sparing(policy, few), 1)).toEqual({ ...plain, looks: few.count });
        expect(plain.looks).toBe(all.count);
        expect(few.count).toBeLessThan(all.count / 2);
        expect(plain.rows.some((row) => row.changes > 0)).toBe(true);
      }, 30_000);

  for (const [id, seed] of [
    ['S2', 6],
    ['S3', 8],
    ['S4', 7],
  ] as const)
    it(`are skipped through the day without a trace where evidence only rises, in ${id}`, () => {
      const scenario = SCENARIOS[id];
      if (scenario === undefined) throw new Error('missing');
      const account = makeAccount({ ...scenario, days: 14 }, seed, 0, 20);
      for (const name of ['C1', 'C2', 'D05n', 'D20', 'E90', 'E95n', 'F']) {
        const policy = POLICIES.find((one) => one.id === name);
        const every = policy?.every(scenario);
        if (policy === undefined || every === null || every === undefined) continue;
        const [all, few] = [{ count: 0 }, { count: 0 }];
        const plain = runPolicy(account, tireless(policy, all), 6);
        expect(runPolicy(account, sparing(policy, few), 6)).toEqual({
          ...plain,
          looks: plain.looks - all.count + few.count,
        });
        expect(few.count).toBeLessThan(all.count / 1.5);
        expect(plain.rows.some((row) => row.changes > 0)).toBe(true);
      }
    }, 30_000);
});
