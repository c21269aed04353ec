import { writeFileSync } from 'node:fs';
import { Cache, forgetOldVersions, sourceVersion } from './quality/cache.ts';
import { estimateSeconds } from './quality/estimate.ts';
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
const cache = new Cache(options.cache, sourceVersion());
forgetOldVersions(options.cache);
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
        const found = options.resume ? cache.remembered(task, policy) : null;
        if (found !== null) results.add(scenario, policy, order(task), found.outcome, found.cpuMs);
        return found === null;
      });
      if (left.length > 0) tasks.push({ ...task, policies: left });
    }
  }

/** A run of so few ads is over before it could be estimated. */
const SHORT = 2_000;
const adRuns = (task: Task): number => task.policies.length * task.ads;
const all = tasks.reduce((sum, task) => sum + adRuns(task), 0);
if (all > SHORT) {
  const minutes = estimateSeconds(tasks, WORKERS) / 60;
  console.error(
    `About ${minutes.toFixed(minutes < 10 ? 1 : 0)} minutes on ${WORKERS} quiet processors. An interrupted run goes on with --resume.`,
  );
}

let [done, toldAt] = [0, 0];
await runAll(tasks, (task, policy, outcome, cpuMs) => {
  cache.remember(task, policy, { outcome, cpuMs });
  results.add(task.scenario, policy, order(task), outcome, cpuMs);
  done += task.ads;
  const seconds = (performance.now() - startedAt) / 1_000;
  if (seconds - toldAt < 5) return;
  toldAt = seconds;
  const left = Math.round((seconds / done) * (all - done));
  console.error(
    `${Math.floor((100 * done) / all)} %: ${task.scenario} seed ${task.seed} ${policy}; ${Math.round(seconds)} s, at most about ${left} s left`,
  );
});

const scores = results.scores(options.scenarios, options.policies);
for (const [scenario, byPolicy] of Object.entries(scores))
  console.log(`${textTable(`${scenario}: ${SCENARIOS[scenario]?.title ?? ''}`, byPolicy)}\n`);
const seconds = Math.round((performance.now() - startedAt) / 100) / 10;
console.log(
  `${options.seeds.length} replicates of ${options.ads} ads, seeds from ${options.seeds[0]}, ${WORKERS} workers, ${seconds} s; processor seconds by policy: ` +
    [...results.cpuSeconds()].map(([policy, own]) => `${policy} ${own.toFixed(1)}`).join(', '),
);
if (options.report) writeReport(options, results, { seconds, workers: WORKERS, engine: ENGINE_VERSION });
const rounded = JSON.stringify(scores, (_, value: unknown) =>
  typeof value === 'number' ? Math.round(value * 1e4) / 1e4 : value,
);
if (options.out !== null) writeFileSync(options.out, `${rounded}\n`);
console.log(rounded);
