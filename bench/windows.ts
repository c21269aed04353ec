import { mkdtempSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { median, quantile } from 'simple-statistics';
import { readWindow, windowBounds } from '../src/core/windows.ts';
import { connect } from '../src/db/connection.ts';
import { loadWindowMetrics } from '../src/db/metrics.ts';
import { listTargets } from '../src/db/metrics-scope.ts';
import { migrate } from '../src/db/migrate.ts';
import type { WindowTable } from '../src/db/window-table.ts';
import { removePostgresHome } from '../src/runtime/postgres-home.ts';
import { startPostgres } from '../src/runtime/postgres.ts';
import { type Asked, rivalDuckdb, rivalPostgres } from './windows-rivals.ts';
import {
  ADS,
  ADS_PER_CAMPAIGN,
  FACTS_PER_AD,
  seededDays,
  seedObjects,
  seedRaw,
  seedRollups,
} from './windows-seed.ts';

const HELP = `npm run bench -- windows

Rolling CPA and ROAS (spend, impressions, clicks, visits, conversions, value) of ${ADS.toLocaleString('en')} ads over 3h, 1d (today),
3d, 7d and 30d, as the optimizer loads them; beside the same question asked of the raw events
(${((ADS * FACTS_PER_AD) / 1e6).toFixed(0)} million conversions, ${((ADS * FACTS_PER_AD) / 1e6).toFixed(0)} million spend rows) in PostgreSQL and in DuckDB with two threads.
Passes take turns; each figure is the median of its passes. Seeding takes one to three minutes and 5 GB in the
temporary folder, which is removed again.

  BENCH_PASSES   passes of each (5)

Last line, JSON:
  seconds           ours: loaded, and CPA and ROAS of every ad and window computed
  rawSqlSeconds     PostgreSQL over its raw events, the answer left in the database
  duckdbSeconds     DuckDB over its raw events, the answer left in the database
  oneCampaignP99Ms  ours for the ${ADS_PER_CAMPAIGN} ads of one campaign, p99 of 200 campaigns
  disagreements     ads and windows in which the three do not agree to the last micro
`;

const PASSES = Number(process.env['BENCH_PASSES'] ?? 5);
const CAMPAIGNS = 200;
const SPELLINGS = ['3h', '1d', '3d', '7d', '30d'];

if (process.argv.includes('--help')) {
  console.log(HELP);
} else {
  await run();
}

async function run(): Promise<void> {
  const began = performance.now();
  const told = (text: string) =>
    console.log(`${((performance.now() - began) / 1_000).toFixed(0)} s  ${text}`);
  const dataDir = mkdtempSync(path.join(os.tmpdir(), 'bidloop-bench-'));
  const postgres = await startPostgres({ dataDir, durable: false });
  const db = connect({ url: postgres.url, name: 'bench windows', max: 3 });
  let duckdb: Awaited<ReturnType<typeof rivalDuckdb>> | undefined;
  try {
    await migrate(db);
    const days = seededDays(new Date().toISOString().slice(0, 10));
    await seedObjects(db, days.asOfMs);
    await seedRaw(db, days.firstMs, told);
    await seedRollups(db, days, told);
    const windows = SPELLINGS.map((spelling) => {
      const window = readWindow(spelling);
      if ('problem' in window) throw new Error(window.problem);
      return { spelling, bounds: windowBounds(window, days.asOfMs, 'UTC') };
    });
    const asked: Asked = { windows, asOfMs: days.asOfMs, firstMs: days.firstMs };
    const rawSql = await rivalPostgres(postgres.url, asked);
    duckdb = await rivalDuckdb(dataDir, asked);
    told('raw events in DuckDB');

    const input = { accountId: 'bench-a', zone: 'UTC', level: 'ad', windows, asOfMs: days.asOfMs } as const;
    const passes = { ours: [] as number[], rawSql: [] as number[], duckdb: [] as number[] };
    let table = await loadWindowMetrics(db, input);
    for (let pass = 0; pass < PASSES; pass += 1) {
      const startedAt = performance.now();
      table = await loadWindowMetrics(db, input);
      cpaAndRoas(table);
      passes.ours.push((performance.now() - startedAt) / 1_000);
      passes.rawSql.push(await rawSql.ask());
      passes.duckdb.push(await duckdb.ask());
      told(
        `pass ${pass + 1}: ${Object.entries(passes)
          .map(([name, seconds]) => `${name} ${(seconds.at(-1) ?? 0).toFixed(2)} s`)
          .join(', ')}`,
      );
    }

    const ads = await listTargets(db, input);
    const single: number[] = [];
    for (let no = 0; no < CAMPAIGNS; no += 1) {
      const objectIds = ads.slice(no * ADS_PER_CAMPAIGN, (no + 1) * ADS_PER_CAMPAIGN);
      const startedAt = performance.now();
      cpaAndRoas(await loadWindowMetrics(db, { ...input, objectIds }));
      single.push(performance.now() - startedAt);
    }

    const answers = [await rawSql.answer(), await duckdb.answer()];
    let disagreements = 0;
    ads.forEach((id, ad) =>
      windows.forEach(({ spelling }, no) => {
        const metrics = table.read(id, spelling);
        const purchases = metrics?.conversions['purchase'];
        const ours = [
          Math.round((metrics?.spend ?? NaN) * 1e6),
          metrics?.impressions,
          metrics?.clicks,
          metrics?.visits,
          purchases?.conversions ?? 0,
          Math.round((purchases?.value ?? 0) * 1e6),
        ];
        const same = answers.every((answer) =>
          ours.every(
            (figure, column) => answer[(ad * windows.length + no) * ours.length + column] === figure,
          ),
        );
        if (!same) disagreements += 1;
      }),
    );
    console.log(
      JSON.stringify({
        seconds: Number(median(passes.ours).toFixed(3)),
        rawSqlSeconds: Number(median(passes.rawSql).toFixed(3)),
        duckdbSeconds: Number(median(passes.duckdb).toFixed(3)),
        oneCampaignP99Ms: Number(quantile(single, 0.99).toFixed(1)),
        disagreements,
      }),
    );
    await rawSql.close();
  } finally {
    duckdb?.close();
    await db.destroy();
    await postgres.stop();
    removePostgresHome(dataDir);
    rmSync(dataDir, { recursive: true, force: true });
  }
}

/** Both figures of every ad and window, by way of the objects that rules read. */
function cpaAndRoas(table: WindowTable): Float64Array {
  const figures = new Float64Array(table.size * SPELLINGS.length * 2);
  let at = 0;
  for (const id of table.ids) {
    for (const spelling of SPELLINGS) {
      const metrics = table.read(id, spelling);
      const purchases = metrics?.conversions['purchase'];
      figures[at] = (metrics?.spend ?? 0) / (purchases?.conversions ?? 0);
      figures[at + 1] = (purchases?.value ?? 0) / (metrics?.spend ?? 0);
      at += 2;
    }
  }
  return figures;
}
