import { makeAccount } from './account.ts';
import { HOURLY } from './policy.ts';
import { POLICIES } from './policies/all.ts';
import { runPolicy } from './run.ts';
import { SCENARIOS } from './scenarios.ts';
import type { Task } from './task.ts';

/** A few ads for a few days tell enough, twice: code runs slowly until it is warm. */
const SAMPLE = { ads: 8, days: 8, times: 2 } as const;

/** Whether a task's policy looks every ten minutes, or null where it has no part. */
function looksOften(task: Pick<Task, 'scenario' | 'eager'>, policy: string): boolean | null {
  const scenario = SCENARIOS[task.scenario];
  const every = scenario && POLICIES.find(({ id }) => id === policy)?.every(scenario);
  return typeof every === 'number' ? task.eager && every < HOURLY : null;
}

/** Processor milliseconds of each policy for one ad and day, measured here and now in a world of budgets and one of bids. */
function measure(wanted: ReadonlySet<string>): ReadonlyMap<string, number> {
  const found = new Map<string, number>();
  for (let time = 0; time < SAMPLE.times; time += 1)
    for (const id of ['S7', 'S2']) {
      const scenario = SCENARIOS[id];
      if (scenario === undefined) continue;
      const account = makeAccount({ ...scenario, days: SAMPLE.days }, 1, 0, SAMPLE.ads);
      for (const policy of POLICIES)
        for (const often of [true, false]) {
          const key = `${policy.id} ${often ? 'often' : 'hourly'}`;
          if (!wanted.has(key) || looksOften({ scenario: id, eager: often }, policy.id) !== often) continue;
          const every = policy.every(scenario) ?? HOURLY;
          const before = process.threadCpuUsage();
          runPolicy(account, policy, often ? every : Math.max(every, HOURLY));
          const { user, system } = process.threadCpuUsage(before);
          found.set(key, (user + system) / 1_000 / SAMPLE.ads / SAMPLE.days);
        }
    }
  return found;
}

/** @returns processor milliseconds that one policy of a task will take about, from a sample run here and now. */
export function estimator(tasks: readonly Task[]): (task: Task, policy: string) => number {
  const keyOf = (task: Task, policy: string): string =>
    `${policy} ${looksOften(task, policy) === true ? 'often' : 'hourly'}`;
  const rates = measure(new Set(tasks.flatMap((task) => task.policies.map((policy) => keyOf(task, policy)))));
  return (task, policy) =>
    looksOften(task, policy) === null
      ? 0
      : (rates.get(keyOf(task, policy)) ?? 0) * task.ads * (SCENARIOS[task.scenario]?.days ?? 0);
}
