import { POLICIES } from './policies/all.ts';
import { SCENARIOS } from './scenarios.ts';
import { runTask, type Task } from './task.ts';

/** Ads of the sample by which a run's length is estimated. */
const SAMPLE = 20;

/** Processor milliseconds of each policy for one ad of a month, measured on a small account of a fast and a slow world. */
function measure(policies: ReadonlySet<string>, eager: boolean): ReadonlyMap<string, number> {
  const found = new Map<string, number>();
  for (const scenario of ['S2', 'S7']) {
    const left = [...policies].filter((policy) => !found.has(policy));
    runTask({ scenario, seed: 1, account: 0, ads: SAMPLE, policies: left, eager }, (policy, _, cpuMs) =>
      found.set(policy, cpuMs / SAMPLE),
    );
  }
  return found;
}

/**
 * Seconds that tasks will take on some workers that have a processor each, from a small sample run here and now: code
 * that is not yet warm makes it a little long.
 */
export function estimateSeconds(tasks: readonly Task[], workers: number): number {
  const asked = new Set(tasks.flatMap((task) => task.policies));
  const rates = { often: measure(asked, true), hourly: measure(asked, false) };
  let ms = 0;
  for (const task of tasks) {
    const scenario = SCENARIOS[task.scenario];
    if (scenario === undefined) continue;
    for (const id of task.policies) {
      const every = POLICIES.find((one) => one.id === id)?.every(scenario);
      if (every === null || every === undefined) continue;
      const rate = (task.eager && every < 6 ? rates.often : rates.hourly).get(id) ?? 0;
      ms += (rate * task.ads * scenario.days) / 30;
    }
  }
  return ms / 1_000 / workers;
}
