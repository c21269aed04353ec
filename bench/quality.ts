import { writeFileSync } from 'node:fs';
import { forgetOldVersions, remember, remembered, sourceVersion } from './quality/cache.ts';
import { Results } from './quality/figures.ts';
import { HELP, readOptions } from './quality/options.ts';
import { runAll, WORKERS } from './quality/pool.ts';
import { ENGINE_VERSION } from '../src/core/decide.ts';
import { writeReport } from './quality/report.ts';
import { adsPerAccount, SCENARIOS } from './quality/scenarios.ts';
import { textTable } from './quality/table.ts';
import type { Task } from './quality/task.ts';

/** The benchmark of decisions: policies on one simulated market. The last line is JSON by scenario and policy. */
const options = readOptions(process.argv.slice(3));
if (options === 'help') {
  console.log(HELP);
  process.exit(0);
}
if ('problem' in options) {
  console.error(`${options.problem}\n\n${HELP}`);
  process.exit(2);
}

const startedAt = performance.now();
const version = sourceVersion();
forgetOldVersions();
const results = new Results();
const tasks: Task[] = [];
const order = (task: Task): number => task.seed * 10_000 + task.account;
for (const seed of options.seeds)
  for (const scenario of options.scenarios) {
    const known = SCENARIOS[scenario];
    if (known === undefined) continue;
    const size = adsPerAccount(known);
    for (let account = 0; account * size < options.ads; account += 1) {
      const ads = Math.min(size, options.ads - account * size);
      const task = { scenario, seed, account, ads, policies: options.policies, eager: options.eager };
      const left = options.policies.filter((policy) => {
        const outcome = options.resume ? remembered(version, task, policy) : null;
        if (outcome !== null) results.add(scenario, policy, order(task), outcome);
        return outcome === null;
      });
      if (left.length > 0) tasks.push({ ...task, policies: left });
    }
  }

const spent = new Map<string, number>();
let [done, toldAt] = [0, 0];
const all = tasks.reduce((sum, task) => sum + task.policies.length, 0);
await runAll(tasks, (task, policy, outcome, ms) => {
  remember(version, task, policy, outcome);
  results.add(task.scenario, policy, order(task), outcome);
  done += 1;
  spent.set(policy, (spent.get(policy) ?? 0) + ms);
  const seconds = (performance.now() - startedAt) / 1_000;
  if (seconds - toldAt < 5) return;
  toldAt = seconds;
  const left = Math.round((seconds / done) * (all - done));
  console.error(
    `${done} of about ${all}: ${task.scenario} ${policy}; ${Math.round(seconds)} s, about ${left} s left`,
  );
});

const scores = results.scores(options.scenarios, options.policies);
for (const [scenario, byPolicy] of Object.entries(scores))
  console.log(`${textTable(`${scenario}: ${SCENARIOS[scenario]?.title ?? ''}`, byPolicy)}\n`);
const seconds = Math.round((performance.now() - startedAt) / 100) / 10;
console.log(
  `${options.seeds.length} replicates of ${options.ads} ads, seeds from ${options.seeds[0]}, ${WORKERS} workers, ${seconds} s; worker seconds by policy: ` +
    [...spent].map(([policy, ms]) => `${policy} ${(ms / 1_000).toFixed(1)}`).join(', '),
);
if (options.report) writeReport(options, results, { seconds, workers: WORKERS, engine: ENGINE_VERSION });
const rounded = JSON.stringify(scores, (_, value: unknown) =>
  typeof value === 'number' ? Math.round(value * 1e4) / 1e4 : value,
);
if (options.out !== null) writeFileSync(options.out, `${rounded}\n`);
console.log(rounded);
