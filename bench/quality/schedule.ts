import type { Finished } from './cache.ts';
import type { QualityOptions } from './options.ts';
import { POLICIES } from './policies/all.ts';
import { adsPerAccount, SCENARIOS } from './scenarios.ts';
import type { Task } from './task.ts';

/** Policies that the goals ask about, and those that show how hard a world is. */
const OF_GOALS: ReadonlySet<string> = new Set(
  'Z O A B1 B2 B3 B4 D05 D20 E95 G G05 X N N65 V Vn PID'.split(' '),
);
const FIRST: ReadonlySet<string> = new Set(['S0', 'S1', 'S2']);
const GOALS_ASK: ReadonlySet<string> = new Set([...FIRST, 'S3', 'S4', 'S5', 'trial', 'S6', 'S7']);

/** Whether a policy is the engine without one of its parts, or misled. */
export const isAblation = (policy: string): boolean => policy.startsWith('G-');

/** What goals hang on is run first: a run that is cut off has the figures that matter. */
function rank(scenario: string, policy: string): number {
  if (isAblation(policy) || !GOALS_ASK.has(scenario)) return 3;
  if (!OF_GOALS.has(policy)) return 2;
  return FIRST.has(scenario) ? 0 : 1;
}
/** The last two together: an account is made once for both. */
const TIERS: readonly (readonly number[])[] = [[0], [1], [2, 3]];

/** Place of a task among those of its scenario: sums of doubles are made in this order. */
export const orderOf = (task: Task): number => task.seed * 10_000 + task.account;

/**
 * Everything a run has to do, in the order in which it is done; what was finished before is handed to `found` instead.
 *
 * @param remembered a finished piece of an earlier run, or null.
 */
export function tasksOf(
  options: Pick<QualityOptions, 'scenarios' | 'policies' | 'seeds' | 'ads' | 'eager'>,
  remembered: (task: Task, policy: string) => Finished | null,
  found: (task: Task, policy: string, finished: Finished) => void,
): readonly Task[] {
  const tasks: Task[] = [];
  for (const tier of TIERS)
    for (const seed of options.seeds)
      for (const id of options.scenarios) {
        const scenario = SCENARIOS[id];
        if (scenario === undefined) continue;
        const policies = options.policies.filter(
          (policy) =>
            tier.includes(rank(id, policy)) &&
            // An account is made for somebody.
            (POLICIES.find((one) => one.id === policy)?.every(scenario) ?? null) !== null,
        );
        const size = adsPerAccount(scenario);
        for (let account = 0; account * size < options.ads; account += 1) {
          const ads = Math.min(size, options.ads - account * size);
          const task: Task = { scenario: id, seed, account, ads, policies, eager: options.eager };
          const left = policies.filter((policy) => {
            const finished = remembered(task, policy);
            if (finished !== null) found(task, policy, finished);
            return finished === null;
          });
          if (left.length > 0) tasks.push({ ...task, policies: left });
        }
      }
  return tasks;
}
