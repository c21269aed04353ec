import { makeAccount } from './account.ts';
import { POLICIES } from './policies/all.ts';
import { type Outcome, runPolicy } from './run.ts';
import { SCENARIOS } from './scenarios.ts';

/** One account of one world with every policy that is asked for. */
export interface Task {
  readonly scenario: string;
  readonly seed: number;
  readonly account: number;
  readonly ads: number;
  readonly policies: readonly string[];
  /** Ten-minute looks where the guarantee is measured; else hourly everywhere. */
  readonly eager: boolean;
}

/** Runs one task, a policy at a time. */
export function runTask(task: Task, done: (policy: string, outcome: Outcome, cpuMs: number) => void): void {
  const scenario = SCENARIOS[task.scenario];
  if (scenario === undefined) throw new Error(`no scenario ${task.scenario}`);
  const account = makeAccount(scenario, task.seed, task.account, task.ads);
  for (const id of task.policies) {
    const policy = POLICIES.find((one) => one.id === id);
    const every = policy?.every(scenario);
    if (policy === undefined || every === null || every === undefined) continue;
    const startedAt = process.threadCpuUsage();
    const outcome = runPolicy(account, policy, task.eager ? every : Math.max(every, 6));
    const { user, system } = process.threadCpuUsage(startedAt);
    done(id, outcome, (user + system) / 1_000);
  }
}
