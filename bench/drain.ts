import { type ChildProcess, fork } from 'node:child_process';
import { createHash, randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import type pg from 'pg';
import { median } from 'simple-statistics';
import { createPool } from '../src/db/connection.ts';
import { insertPostbacks, type NewPostback } from '../src/db/postback-insert.ts';
import { newSourceKey } from '../src/db/sources.ts';
import { freePort } from '../src/runtime/free-port.ts';
import { NODE_FLAGS } from '../src/runtime/node-child.ts';
import { removePostgresHome } from '../src/runtime/postgres-home.ts';
import { startPostgres } from '../src/runtime/postgres.ts';
import { findTemporal } from '../src/runtime/temporal-binary.ts';
import { startTemporal } from '../src/runtime/temporal-server.ts';
import { DRAIN_BY_HAND } from './drain-by-hand.ts';
import { postbackOf, seedIngest } from './ingest-seed.ts';

/**
 * Conversions attributed per second through the real workflow, worker, Temporal server and a durable PostgreSQL, beside
 * one hand-written SQL statement over the same postbacks, in alternating rounds of one run; one in twenty is told twice.
 * Both must leave the same rows behind; a difference ends the bench. Prints medians; the last line is JSON.
 */
const ROWS = Number(process.env['BENCH_ROWS'] ?? 100_000);
const ROUNDS = Number(process.env['BENCH_ROUNDS'] ?? 3);
/** They came in this fast, as a receiver at its limit stores them. */
const PER_MS = 10;
/** A purchase's click window. */
const WINDOW_HOURS = 30 * 24;

const dataDir = mkdtempSync(path.join(os.tmpdir(), 'bidloop-bench-'));
const children: ChildProcess[] = [];
const postgres = await startPostgres({ dataDir });
const binary = await findTemporal({ env: process.env, onProgress: ({ text }) => console.log(text) });
const temporal = await startTemporal({
  program: binary.path,
  port: await freePort(),
  uiPort: null,
  databaseFile: path.join(dataDir, 'temporal.db'),
  logFile: path.join(dataDir, 'temporal.log'),
});
const pool = createPool({ url: postgres.url, name: 'bench', max: 1 });
const client = await pool.connect();
try {
  const nowMs = Date.now();
  const clickIds = await seedIngest(postgres.url, nowMs, {
    key: newSourceKey(),
    clicks: ROWS,
    visitsWait: false,
  });
  const postbacks = Array.from({ length: ROWS }, (_, i) => {
    const atMs = nowMs - Math.floor((ROWS - i) / PER_MS);
    const of = repeats(i);
    const clickId = clickIds[(of * 7_919) % clickIds.length] ?? '';
    return {
      ...postbackOf(of, clickId, atMs),
      messageKey: createHash('sha256').update(`message ${i}`).digest(),
    };
  });
  await client.query('create table held_inbox (like inbox)');
  await startWorker();
  console.log(`${ROUNDS} rounds of ${ROWS} postbacks, each through the workflow and by one statement`);

  const rates: Record<'workflow' | 'statement', number[]> = { workflow: [], statement: [] };
  for (let round = 1; round <= ROUNDS; round += 1) {
    await fill(client, postbacks);
    rates.workflow.push(ROWS / (await throughWorkflow(client)));
    const left = await leftBehind(client);
    await fill(client, postbacks);
    rates.statement.push(ROWS / (await byStatement(client)));
    const leftByHand = await leftBehind(client);
    if (left !== leftByHand) throw new Error(`the two left different rows behind:\n${left}\n${leftByHand}`);
    console.log(
      `  round ${round}: workflow ${Math.round(rates.workflow.at(-1) ?? 0)}/s, statement ${Math.round(rates.statement.at(-1) ?? 0)}/s, the same rows`,
    );
  }
  const [perSecond, sqlPerSecond] = [median(rates.workflow), median(rates.statement)];
  const ratios = rates.workflow.map((rate, index) => rate / (rates.statement[index] ?? rate));
  console.log(
    JSON.stringify({
      perSecond: Math.round(perSecond),
      sqlPerSecond: Math.round(sqlPerSecond),
      ratio: Number(median(ratios).toFixed(3)),
      ratios: ratios.map((ratio) => Number(ratio.toFixed(3))),
      rows: ROWS,
    }),
  );
} finally {
  client.release();
  for (const child of children) child.kill('SIGTERM');
  const alive = children.filter((child) => child.exitCode === null && child.signalCode === null);
  await Promise.all(alive.map((child) => new Promise((resolve) => child.once('exit', resolve))));
  await pool.end();
  await temporal.stop();
  await postgres.stop();
  removePostgresHome(dataDir);
  rmSync(dataDir, { recursive: true, force: true });
}

/** Every twentieth tells of a purchase again: half of them soon after, half of them batches later. */
function repeats(index: number): number {
  if (index % 20 !== 19) return index;
  return index % 40 === 19 || index < 7_001 ? index - 7 : index - 7_001;
}

/** The workers as `npm start` runs them; returns once they poll. */
async function startWorker(): Promise<void> {
  const child = fork(fileURLToPath(new URL('../src/main.ts', import.meta.url)), ['work'], {
    env: {
      ...process.env,
      DATABASE_URL: postgres.url,
      TEMPORAL_ADDRESS: temporal.address,
      BIDLOOP_DATA_DIR: dataDir,
      BIDLOOP_SECRET_KEY: randomBytes(32).toString('base64'),
      BIDLOOP_STRATEGIES_DIR: path.join(dataDir, 'no-strategies'),
      BIDLOOP_LOG_LEVEL: 'error',
    },
    execArgv: [...NODE_FLAGS],
    stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
  });
  children.push(child);
  await new Promise((resolve, reject) => {
    child.once('message', resolve);
    child.once('exit', () => reject(new Error('the worker ended')));
  });
}

/** The same postbacks anew, nothing judged, their inbox rows held back. */
async function fill(client: pg.PoolClient, postbacks: readonly NewPostback[]): Promise<void> {
  await client.query(`truncate postback, message_key, inbox, held_inbox, conversion, conversion_key, conversion_change,
    conversion_message, conversion_hour, event_day, campaign_news, cohort_news`);
  for (let i = 0; i < postbacks.length; i += 1_000) {
    await client.query('begin');
    await insertPostbacks(client, postbacks.slice(i, i + 1_000));
    await client.query(
      'with held as (delete from inbox returning *) insert into held_inbox select * from held',
    );
    await client.query('commit');
  }
  await client.query('vacuum (analyze) postback, inbox, held_inbox');
  await client.query('checkpoint');
}

/** @returns seconds from the inbox being full to its being empty. */
async function throughWorkflow(client: pg.PoolClient): Promise<number> {
  const drained = async (): Promise<number> => {
    const { rows } = await client.query<{ n: number | null }>(
      'select sum(rows_total)::float8 as n from ingest_shard',
    );
    return rows[0]?.n ?? 0;
  };
  const before = await drained();
  await client.query('insert into inbox select * from held_inbox');
  const startedAt = performance.now();
  await client.query('notify inbox');
  while ((await drained()) < before + ROWS) await sleep(20);
  return (performance.now() - startedAt) / 1_000;
}

/** @returns seconds of the statement; its commit is of it. */
async function byStatement(client: pg.PoolClient): Promise<number> {
  // Nothing for the worker to see: it finds the inbox empty before and after.
  await client.query('begin');
  await client.query('insert into inbox select * from held_inbox');
  // The planner cannot know how many rows a part of the statement gives, and would go through them in nested loops.
  await client.query('set local enable_nestloop = off');
  const startedAt = performance.now();
  const { rows } = await client.query<{ rows: number }>(DRAIN_BY_HAND, [WINDOW_HOURS]);
  await client.query('commit');
  if (rows[0]?.rows !== ROWS) throw new Error(`the statement judged ${rows[0]?.rows} of ${ROWS} rows`);
  return (performance.now() - startedAt) / 1_000;
}

/** What stands in each table, without ids and sentences, as one text. */
async function leftBehind(client: pg.PoolClient): Promise<string> {
  const tables = {
    conversion: `select * from (select to_jsonb(c) - '{attribution,id}'::text[] as r from conversion c) t`,
    key: `select jsonb_build_array(source_id, encode(key, 'hex'), conversion_id) as r from conversion_key`,
    change: `select to_jsonb(c) as r from conversion_change c`,
    hour: `select to_jsonb(h) as r from conversion_hour h`,
    outcome: `select jsonb_build_array(outcome, reason, id, conversion_id) as r from postback`,
  };
  const parts: string[] = [];
  for (const [name, query] of Object.entries(tables)) {
    const { rows } = await client.query<{ n: number; sum: string; one: unknown }>(
      `select count(*)::int as n, sum(hashtextextended(r::text, 0))::text as sum, min(r::text) as one from (${query}) t`,
    );
    parts.push(`${name}: ${JSON.stringify(rows[0])}`);
  }
  return parts.join('\n');
}
