import { writeFileSync } from 'node:fs';
import { Cache, forgetOldVersions, sourceVersion } from './quality/cache.ts';
import { estimator } from './quality/estimate.ts';
import { Results } from './quality/figures.ts';
import { HELP, readOptions } from './quality/options.ts';
import { runAll, WORKERS } from './quality/pool.ts';
import { ENGINE_VERSION } from '../src/core/decide.ts';
import { writeReport } from './quality/report.ts';
import { SCENARIOS } from './quality/scenarios.ts';
import { orderOf, tasksOf } from './quality/schedule.ts';
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
const tasks = tasksOf(
  options,
  (task, policy) => (options.resume ? cache.remembered(task, policy) : null),
  (task, policy, { outcome, cpuMs }) => results.add(task.scenario, policy, orderOf(task), outcome, cpuMs),
);

/** A run of so few ads is over before it could be estimated. */
const SHORT = 2_000;
const isShort = tasks.reduce((sum, task) => sum + task.policies.length * task.ads, 0) <= SHORT;
const msOf = isShort ? (task: Task): number => task.ads : estimator(tasks);
const all = tasks.reduce(
  (sum, task) => sum + task.policies.reduce((total, policy) => total + msOf(task, policy), 0),
  0,
);
if (!isShort) {
  const minutes = all / 60_000 / WORKERS;
  console.error(
    `About ${minutes.toFixed(minutes < 10 ? 1 : 0)} minutes on ${WORKERS} quiet processors. An interrupted run goes on with --resume.`,
  );
}

const runFrom = performance.now();
let [done, toldAt] = [0, 0];
await runAll(tasks, (task, policy, outcome, cpuMs) => {
  cache.remember(task, policy, { outcome, cpuMs });
  results.add(task.scenario, policy, orderOf(task), outcome, cpuMs);
  done += msOf(task, policy);
  const seconds = (performance.now() - runFrom) / 1_000;
  if (seconds - toldAt < 5) return;
  toldAt = seconds;
  const left = Math.round((seconds / done) * (all - done));
  console.error(
    `${Math.floor((100 * done) / all)} %: ${task.scenario} seed ${task.seed} ${policy}; ${Math.round(seconds)} s, about ${left} s left`,
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
if (options.report) writeReport(options, results, { workers: WORKERS, engine: ENGINE_VERSION });
const rounded = JSON.stringify(scores, (_, value: unknown) =>
  typeof value === 'number' ? Math.round(value * 1e4) / 1e4 : value,
);
if (options.out !== null) writeFileSync(options.out, `${rounded}\n`);
console.log(rounded);
