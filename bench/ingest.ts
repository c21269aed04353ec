import { type ChildProcess, fork } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import autocannon from 'autocannon';
import pg from 'pg';
import { median } from 'simple-statistics';
import { newSourceKey } from '../src/db/sources.ts';
import { freePort } from '../src/runtime/free-port.ts';
import { removePostgresHome } from '../src/runtime/postgres-home.ts';
import { startPostgres } from '../src/runtime/postgres.ts';
import { seedIngest } from './ingest-seed.ts';

/**
 * Postbacks per second through the real serve process and a durable PostgreSQL, every table of a postback written,
 * beside a plain Fastify that does nothing, in alternating rounds of one run. Prints medians; the last line is JSON.
 */
const ROUNDS = Number(process.env['BENCH_ROUNDS'] ?? 3);
const SECONDS = Number(process.env['BENCH_SECONDS'] ?? 6);
const CONNECTIONS = Number(process.env['BENCH_CONNECTIONS'] ?? 200);
const file = (name: string) => fileURLToPath(new URL(name, import.meta.url));

const dataDir = mkdtempSync(path.join(os.tmpdir(), 'bidloop-bench-'));
const children: ChildProcess[] = [];
const postgres = await startPostgres({ dataDir });
try {
  const key = newSourceKey();
  const clickIds = await seedIngest(postgres.url, Date.now(), { key, clicks: 50_000, visitsWait: false });
  const [servePort, noopPort] = [await freePort(), await freePort()];
  const serve = await start(file('../src/main.ts'), ['serve'], {
    DATABASE_URL: postgres.url,
    BIDLOOP_DATA_DIR: dataDir,
    BIDLOOP_HTTP_PORT: String(servePort),
    BIDLOOP_LOG_LEVEL: 'warn',
  });
  await start(file('noop-server.ts'), [String(noopPort)]);
  const ours = () => load(servePort);
  const noop = () => load(noopPort);

  let sent = 0;
  async function load(port: number): Promise<autocannon.Result> {
    return await autocannon({
      url: `http://127.0.0.1:${port}`,
      connections: CONNECTIONS,
      duration: SECONDS,
      requests: [
        {
          setupRequest: (request) => {
            sent += 1;
            const clickId = clickIds[(sent * 7_919) % clickIds.length];
            return {
              ...request,
              path: `/p/bench?key=${key}&click_id=${clickId}&event=purchase&txid=T${sent}&amount=${(sent % 9_000) / 100}&currency=USD&sub1=feed&event_time=${Math.floor(Date.now() / 1000)}`,
            };
          },
        },
      ],
    });
  }

  console.log(`${CONNECTIONS} connections, ${ROUNDS} rounds of ${SECONDS} s each; warming up`);
  let accepted = 0;
  const count = (result: autocannon.Result) => {
    accepted += result['2xx'];
    if (result.non2xx > 0 || result.errors > 0)
      console.log(`  ${result.non2xx} answers were not 200, ${result.errors} errors`);
    return result;
  };
  count(await ours());
  await noop();
  const oursRounds: autocannon.Result[] = [];
  const noopRounds: autocannon.Result[] = [];
  for (let round = 1; round <= ROUNDS; round += 1) {
    noopRounds.push(await noop());
    oursRounds.push(count(await ours()));
    console.log(`  round ${round}: no-op ${rate(noopRounds)}/s, postbacks ${rate(oursRounds)}/s`);
  }

  const drain = await start(file('drain-process.ts'), [postgres.url]);
  const draining: autocannon.Result[] = [];
  const drainedFrom = Date.now();
  for (let round = 1; round <= ROUNDS; round += 1) draining.push(count(await ours()));
  const drainSeconds = (Date.now() - drainedFrom) / 1_000;
  const drained = new Promise<number>((resolve) =>
    drain.on('message', (message: { rows?: number }) => resolve(message.rows ?? 0)),
  );
  drain.send('stop');
  const drainedRows = await drained;

  const client = new pg.Client({ connectionString: postgres.url });
  await client.connect();
  // What ingest found later changes the outcome, so every row that claimed its key counts.
  const stored = await client.query<{ rows: string; keys: string }>(
    `select (select count(*) from postback where outcome not in ('refused', 'duplicate')) as rows, (select count(*) from message_key) as keys`,
  );
  await client.end();
  const kept = Math.min(Number(stored.rows[0]?.rows ?? 0), Number(stored.rows[0]?.keys ?? 0));
  const figures = {
    perSecond: rate(oursRounds),
    noopPerSecond: rate(noopRounds),
    ratio: Number((rate(oursRounds) / rate(noopRounds)).toFixed(3)),
    drainingPerSecond: rate(draining),
    drainedPerSecond: Math.round(drainedRows / drainSeconds),
    p99Ms: median(oursRounds.map((result) => result.latency.p99)),
    lost: Math.max(0, accepted - kept),
    peakMiB: peakMiB(serve),
  };
  console.log(`  ${accepted} answered 200, ${kept} kept`);
  console.log(JSON.stringify(figures));
} finally {
  for (const child of children) child.kill('SIGTERM');
  const alive = children.filter((child) => child.exitCode === null && child.signalCode === null);
  await Promise.all(alive.map((child) => new Promise((resolve) => child.once('exit', resolve))));
  await postgres.stop();
  removePostgresHome(dataDir);
  rmSync(dataDir, { recursive: true, force: true });
}

function rate(results: readonly autocannon.Result[]): number {
  return Math.round(median(results.map((result) => result['2xx'] / result.duration)));
}

/** Starts a script on this Node and waits until it says that it is ready. */
async function start(
  script: string,
  args: readonly string[],
  env: Record<string, string> = {},
): Promise<ChildProcess> {
  const child = fork(script, args, {
    env: { ...process.env, ...env },
    stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
  });
  children.push(child);
  await new Promise<void>((resolve, reject) => {
    child.once('message', () => resolve());
    child.once('exit', (code) => reject(new Error(`${script} ended with ${code} before it was ready`)));
  });
  return child;
}

/** The most memory a process ever held. */
function peakMiB(child: ChildProcess): number | null {
  try {
    const kb = /VmHWM:\s+(\d+) kB/.exec(readFileSync(`/proc/${child.pid}/status`, 'utf8'))?.[1];
    return kb === undefined ? null : Math.round(Number(kb) / 1024);
  } catch {
    return null;
  }
}
