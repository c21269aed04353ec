import { mkdtempSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { sql } from 'kysely';
import { createOptimizeActivities } from '../activities/optimize.ts';
import { connect, type Db } from '../src/db/connection.ts';
import { migrate } from '../src/db/migrate.ts';
import { meta } from '../src/networks/meta/meta.ts';
import { removePostgresHome } from '../src/runtime/postgres-home.ts';
import { startPostgres } from '../src/runtime/postgres.ts';
import { seedNextHour, seedStrategies } from './decide-seed.ts';
import { ADS, seededDays, seedObjects, seedRaw, seedRollups } from './windows-seed.ts';

const HELP = `npm run bench -- decide

One full pass of the optimizer over ${ADS.toLocaleString('en')} ads and 20 rules (three strategies, windows of 3 hours to 30 days, six rules that
ask statistics), from PostgreSQL to stored decisions, through the activity that live passes run; on a durable
PostgreSQL with nothing beside it. A first pass finds an account nobody has looked at before: every conclusion is
new and is stored with its evidence. The pass that is measured comes an hour later, when one ad in a hundred has
overspent. Seeding takes about a minute.

  BENCH_ADS   ads (100000), in campaigns of 200

Last line, JSON:
  seconds                      wall time
  evaluationsPerSecondPerCore  one evaluation is one rule on one object; the pass has two cores, PostgreSQL included
  cpuSeconds                   processor time of the deciding process alone
  peakMiB                      largest resident memory of the deciding process
  evaluated                    objects and strategies looked at
  stored                       decisions stored
  acted                        those of them that change something or say something
  firstSeconds, firstStored    the same of the first pass
`;
const CORES = 2;

if (process.argv.includes('--help')) console.log(HELP);
else await run();

async function run(): Promise<void> {
  const began = performance.now();
  const told = (text: string) =>
    console.log(`${((performance.now() - began) / 1_000).toFixed(0)} s  ${text}`);
  const dataDir = mkdtempSync(path.join(os.tmpdir(), 'bidloop-bench-'));
  const postgres = await startPostgres({ dataDir });
  const db = connect({ url: postgres.url, name: 'bench decide', max: 4 });
  try {
    await migrate(db);
    const days = seededDays(new Date().toISOString().slice(0, 10));
    await seedObjects(db, days.asOfMs);
    await seedRaw(db, days.firstMs, told, 3);
    await seedRollups(db, days, told);
    await sql`drop table raw_spend, raw_conversion`.execute(db);
    const rules = await seedStrategies(db, days.asOfMs);
    await sql`checkpoint`.execute(db);

    const seconds: number[] = [];
    const stored: number[] = [];
    let evaluated = 0;
    let acted = 0;
    let cpuSeconds = 0;
    for (const hour of [1, 2]) {
      const wallNowMs = days.asOfMs + hour * 3_600_000;
      await stopClock(db, wallNowMs);
      if (hour === 2) await seedNextHour(db, days.asOfMs);
      const before = await decisions(db);
      let announced = 0;
      const activities = createOptimizeActivities({
        db,
        networkOf: () => meta,
        wallNowMs: () => wallNowMs,
        startDue: async () => 0,
        supersede: async () => {},
        sweep: async () => {},
        tell: () => {},
        progress: ({ batch, of }) => {
          if (batch * 8 < (announced + 1) * of) return;
          announced += 1;
          told(`pass ${hour}: batch ${batch} of ${of}`);
        },
      });
      const startedAt = performance.now();
      const cpu = process.cpuUsage();
      const result = await activities.optimize({ accountId: 'bench-a', campaignIds: 'all' });
      seconds.push((performance.now() - startedAt) / 1_000);
      const { user, system } = process.cpuUsage(cpu);
      cpuSeconds = (user + system) / 1e6;
      stored.push((await decisions(db)) - before);
      told(`${result.sentence.slice(0, 160)}… ${JSON.stringify(result.reasons)}`);
      ({ evaluated, acted } = result);
    }
    const evaluations = ADS * rules;
    console.log(
      JSON.stringify({
        seconds: Number((seconds[1] ?? NaN).toFixed(1)),
        evaluationsPerSecondPerCore: Math.round(evaluations / (seconds[1] ?? NaN) / CORES),
        cpuSeconds: Number(cpuSeconds.toFixed(1)),
        peakMiB: Math.round(process.resourceUsage().maxRSS / 1_024),
        evaluated,
        stored: stored[1],
        acted,
        firstSeconds: Number((seconds[0] ?? NaN).toFixed(1)),
        firstStored: stored[0],
      }),
    );
  } finally {
    await db.destroy();
    await postgres.stop();
    removePostgresHome(dataDir);
    rmSync(dataDir, { recursive: true, force: true });
  }
}

/** Workspace time is this wall time. */
async function stopClock(db: Db, wallMs: number): Promise<void> {
  const at = new Date(wallMs);
  await sql`update workspace set clock_origin = ${at}, clock_wall_origin = ${at}`.execute(db);
}

async function decisions(db: Db): Promise<number> {
  const { rows } = await sql<{ n: number }>`select count(*)::int as n from decision`.execute(db);
  return rows[0]?.n ?? 0;
}
