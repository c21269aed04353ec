import { type ChildProcess, fork } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { Agent, request } from 'node:http';
import os from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { quantile } from 'simple-statistics';
import { newSourceKey } from '../src/db/sources.ts';
import { freePort } from '../src/runtime/free-port.ts';
import { removePostgresHome } from '../src/runtime/postgres-home.ts';
import { startPostgres } from '../src/runtime/postgres.ts';
import { findTemporal } from '../src/runtime/temporal-binary.ts';
import { startTemporal } from '../src/runtime/temporal-server.ts';
import { noStore, ownClock, startSandbox } from '../src/sandbox/index.ts';
import { LOOP_ADSETS, loopPlan, seedLoop } from './loop-seed.ts';

/**
 * From a postback to the changed bid: the real serve and work processes, PostgreSQL and Temporal as `npm start` runs
 * them, and the network's own wire protocol. A hundred postbacks a second; one of them each second is the purchase for
 * which a rule raises the bid of an ad set that was not touched before. Measured from the request being sent to the
 * write's line in the sandbox's log. The last line is JSON.
 */
const SAMPLES = Math.min(Number(process.env['BENCH_SAMPLES'] ?? 300), LOOP_ADSETS);
const PER_SECOND = 100;
const TOKEN = 'bench-token';

const dataDir = mkdtempSync(path.join(os.tmpdir(), 'bidloop-bench-'));
const children: ChildProcess[] = [];
const secretKey = randomBytes(32);
const main = fileURLToPath(new URL('../src/main.ts', import.meta.url));
const agent = new Agent({ keepAlive: true, maxSockets: 50 });

const postgres = await startPostgres({ dataDir });
const binary = await findTemporal({ env: process.env, onProgress: ({ text }) => console.log(text) });
const temporal = await startTemporal({
  program: binary.path,
  port: await freePort(),
  uiPort: null,
  databaseFile: path.join(dataDir, 'temporal.db'),
  logFile: path.join(dataDir, 'temporal.log'),
});
// An hour is known once it is over and the network's lag has passed: the market began four hours ago.
const startMs = Date.now() - 4 * 3_600_000;
const sandbox = await startSandbox({
  plan: loopPlan(),
  seed: 1,
  startMs,
  clock: ownClock({ originMs: Date.now(), wallOriginMs: Date.now(), rate: 1, stoppedAtMs: null }, () =>
    Date.now(),
  ),
  store: noStore,
  account: { id: '1', name: 'Bench', token: TOKEN, urlTags: '', scopes: ['ads_read', 'ads_management'] },
  tracking: null,
  port: await freePort(),
  wallNowMs: () => Date.now(),
  quotaPoints: 1e9,
});
try {
  sandbox.tick();
  const key = newSourceKey();
  const clicks = await seedLoop({
    url: postgres.url,
    nowMs: Date.now(),
    key,
    secretKey,
    token: TOKEN,
    sandboxUrl: `${sandbox.url}/v26.0`,
  });
  const env = {
    DATABASE_URL: postgres.url,
    TEMPORAL_ADDRESS: temporal.address,
    BIDLOOP_DATA_DIR: dataDir,
    BIDLOOP_SECRET_KEY: secretKey.toString('base64'),
    BIDLOOP_STRATEGIES_DIR: path.join(dataDir, 'no-strategies'),
    BIDLOOP_LOG_LEVEL: 'warn',
  };
  const servePort = await freePort();
  start(['serve'], { ...env, BIDLOOP_HTTP_PORT: String(servePort) });
  start(['work'], env);

  let sent = 0;
  const post = (clickId: string, event: string): Promise<number> =>
    new Promise((resolve, reject) => {
      sent += 1;
      request(
        {
          port: servePort,
          host: '127.0.0.1',
          agent,
          path: `/p/bench?key=${key}&click_id=${clickId}&event=${event}&txid=T${sent}&amount=20&currency=USD`,
        },
        (response) => {
          response.resume();
          response.on('end', () => resolve(response.statusCode ?? 0));
        },
      )
        .on('error', reject)
        .end();
    });

  // The first ad set proves that everything is there; it is no sample.
  console.log('waiting for the first bid');
  await until(
    () =>
      post(clicks[0]?.[0] ?? '', 'lead').then(
        (status) => status === 200,
        () => false,
      ),
    60_000,
  );
  await post(clicks[0]?.[0] ?? '', 'purchase');
  await until(async () => sandbox.world.writes.length > 0, 120_000);

  console.log(`${PER_SECOND} postbacks a second, ${SAMPLES} ad sets, one a second`);
  const sentAt = new Map<string, number>();
  let failed = 0;
  const beganAt = Date.now();
  for (let tick = 0; tick < SAMPLES * PER_SECOND; tick += 1) {
    const wait = beganAt + (tick * 1_000) / PER_SECOND - Date.now();
    if (wait > 1) await new Promise((resolve) => setTimeout(resolve, wait));
    const adset = 1 + Math.floor(tick / PER_SECOND);
    const tips = tick % PER_SECOND === 50;
    const of = tips ? adset : (tick * 7_919) % clicks.length;
    const clickId = clicks[of]?.[tips ? 0 : 1] ?? '';
    if (tips) sentAt.set(loopPlan().adsets[of]?.id ?? '', Date.now());
    post(clickId, tips ? 'purchase' : 'lead').then(
      (status) => {
        if (status !== 200) failed += 1;
      },
      () => {
        failed += 1;
      },
    );
  }
  const wrote = new Map<string, number>();
  await until(async () => {
    for (const write of sandbox.world.writes) if (!wrote.has(write.id)) wrote.set(write.id, write.wallMs);
    return [...sentAt.keys()].every((id) => wrote.has(id));
  }, 60_000).catch(() => undefined);
  const delays = [...sentAt].flatMap(([id, at]) => {
    const written = wrote.get(id);
    return written === undefined ? [] : [written - at];
  });
  const twice = sandbox.world.writes.length - wrote.size;
  console.log(
    `  ${sent} postbacks, ${failed} not answered 200; ${sentAt.size - delays.length} bids never came, ${twice} came twice`,
  );
  if (delays.length === 0) throw new Error('no bid was changed');
  console.log(
    JSON.stringify({
      p50Ms: Math.round(quantile(delays, 0.5)),
      p99Ms: Math.round(quantile(delays, 0.99)),
      maxMs: Math.max(...delays),
      samples: delays.length,
    }),
  );
} finally {
  agent.destroy();
  for (const child of children) child.kill('SIGTERM');
  const alive = children.filter((child) => child.exitCode === null && child.signalCode === null);
  await Promise.all(alive.map((child) => new Promise((resolve) => child.once('exit', resolve))));
  await sandbox.close();
  await temporal.stop();
  await postgres.stop();
  removePostgresHome(dataDir);
  rmSync(dataDir, { recursive: true, force: true });
}

function start(args: readonly string[], env: Record<string, string>): void {
  children.push(
    fork(main, [...args], { env: { ...process.env, ...env }, stdio: ['ignore', 'ignore', 'inherit', 'ipc'] }),
  );
}

async function until(look: () => Promise<boolean>, forMs: number): Promise<void> {
  for (const end = Date.now() + forMs; !(await look());) {
    if (Date.now() > end) throw new Error(`waited ${forMs} ms in vain`);
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
}
