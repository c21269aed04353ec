import { makeAccount } from './account.ts';
import { HOURLY } from './policy.ts';
import { POLICIES } from './policies/all.ts';
import { runPolicy } from './run.ts';
import { SCENARIOS } from './scenarios.ts';
import type { Task } from './task.ts';

/** A few ads for a few days tell enough; the first time only makes the code warm. */
const DAYS = 12;
const [WARM_UP, FEW, MORE] = [8, 4, 20] as const;

/** An account of 300 ads, which is also made, takes this much longer for each ad than a sample that fits the caches (measured). */
const WHOLE = 1.25;

/** Processor milliseconds of a day: of a whole account, whatever its size (learning), and of each ad. */
interface Rate {
  readonly account: number;
  readonly ad: number;
}

/** Whether a task's policy looks every ten minutes, or null where it has no part. */
function looksOften(task: Pick<Task, 'scenario' | 'eager'>, policy: string): boolean | null {
  const scenario = SCENARIOS[task.scenario];
  const every = scenario && POLICIES.find(({ id }) => id === policy)?.every(scenario);
  return typeof every === 'number' ? task.eager && every < HOURLY : null;
}

/** Measured here and now, in a world of budgets and one of bids. */
function measure(wanted: ReadonlySet<string>): ReadonlyMap<string, Rate> {
  const day = (ads: number): ReadonlyMap<string, number> => {
    const found = new Map<string, number>();
    for (const id of ['S7', 'S2']) {
      const scenario = SCENARIOS[id];
      if (scenario === undefined) continue;
      const account = makeAccount({ ...scenario, days: DAYS }, 1, 0, ads);
      for (const policy of POLICIES)
        for (const often of [true, false]) {
          const key = `${policy.id} ${often ? 'often' : 'hourly'}`;
          if (!wanted.has(key) || looksOften({ scenario: id, eager: often }, policy.id) !== often) continue;
          const every = policy.every(scenario) ?? HOURLY;
          const before = process.threadCpuUsage();
          runPolicy(account, policy, often ? every : Math.max(every, HOURLY));
          const { user, system } = process.threadCpuUsage(before);
          found.set(key, (user + system) / 1_000 / DAYS);
        }
    }
    return found;
  };
  day(WARM_UP);
  const few = day(FEW);
  return new Map(
    [...day(MORE)].map(([key, more]) => {
      const less = few.get(key) ?? 0;
      const ad = Math.max(0, more - less) / (MORE - FEW);
      return [key, { ad, account: Math.max(0, more - ad * MORE) }];
    }),
  );
}

/** @returns processor milliseconds that one policy of a task will take about, from a sample run here and now. */
export function estimator(tasks: readonly Task[]): (task: Task, policy: string) => number {
  const keyOf = (task: Task, policy: string): string =>
    `${policy} ${looksOften(task, policy) === true ? 'often' : 'hourly'}`;
  const rates = measure(new Set(tasks.flatMap((task) => task.policies.map((policy) => keyOf(task, policy)))));
  return (task, policy) => {
    const rate = rates.get(keyOf(task, policy));
    if (rate === undefined || looksOften(task, policy) === null) return 0;
    return WHOLE * (rate.account + rate.ad * task.ads) * (SCENARIOS[task.scenario]?.days ?? 0);
  };
}
