import { mkdtempSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, expect, inject, it } from 'vitest';
import type { ObjectId } from '../../src/core/object.ts';
import { connect, type Db } from '../../src/db/connection.ts';
import { migrate } from '../../src/db/migrate.ts';
import { createLog } from '../../src/log.ts';
import { createNetworkRegistry } from '../../src/networks/registry.ts';
import { freePort } from '../../src/runtime/free-port.ts';
import { removePostgresHome } from '../../src/runtime/postgres-home.ts';
import { type RunningPostgres, startPostgres } from '../../src/runtime/postgres.ts';
import { waitForEnd } from '../../src/runtime/processes.ts';
import { type RunningTemporal, startTemporal } from '../../src/runtime/temporal-server.ts';
import { type RunningWorkers, runWorkers } from '../../src/runtime/worker.ts';
import { STOP_LOSS } from '../support/act-bench.ts';
import { fakeNetwork } from '../support/fake-network.ts';
import { eventually, QUICK, spend } from '../support/loop.ts';
import { SECRET_KEY, seedAccount, type SeededAccount, seedObject } from '../support/seed-account.ts';
import { seedStrategy } from '../support/seed-strategy.ts';
import { testTemporal } from '../support/temporal.ts';

/** PostgreSQL and Temporal of this file's own, to be killed and brought back. */
const folder = mkdtempSync(path.join(os.tmpdir(), 'bidloop-servers-'));
const network = fakeNetwork();
const AD_SETS = 8;

let postgres: RunningPostgres;
let temporal: RunningTemporal;
let workers: RunningWorkers;
let db: Db;
let account: SeededAccount;
const ids: ObjectId[] = [];

const bringPostgres = () => startPostgres({ dataDir: path.join(folder, 'pg'), durable: false });
const bringTemporal = (port: number) =>
  startTemporal({
    program: inject('temporalProgram'),
    port,
    uiPort: null,
    databaseFile: path.join(folder, 'temporal.db'),
    logFile: path.join(folder, 'temporal.log'),
  });

beforeAll(async () => {
  [postgres, temporal] = await Promise.all([bringPostgres(), freePort().then(bringTemporal)]);
  db = connect({ url: postgres.url, name: 'killed' });
  await migrate(db);
  account = await seedAccount(db, { network });
  for (let index = 0; index < AD_SETS; index += 1) {
    const networkId = `set-${index}-${account.suffix}`;
    const id = await seedObject(db, account, { level: 'adset', networkId, name: `Zen ${index}` }, network);
    await spend(db, account, id, 30);
    ids.push(id);
  }
});

afterAll(async () => {
  await workers?.shutdown();
  await db?.destroy();
  await temporal?.stop();
  await postgres?.stop();
  removePostgresHome(path.join(folder, 'pg'));
  rmSync(folder, { recursive: true, force: true });
});

it('carries every decision out once when PostgreSQL and Temporal are killed under the workers in the middle of it', async () => {
  const killed = Promise.withResolvers<void>();
  network.beforeWrite = async () => {
    // The third write is under way when both servers die; it reaches the network while they are down.
    if (network.writes.length < 2) return;
    delete network.beforeWrite;
    process.kill(postgres.pid, 'SIGKILL');
    process.kill(temporal.pid, 'SIGKILL');
    killed.resolve();
    await Promise.all([waitForEnd(postgres.pid, 10_000), waitForEnd(temporal.pid, 10_000)]);
  };
  await seedStrategy(db, {
    workspaceId: account.workspaceId,
    nowMs: account.nowMs,
    text: STOP_LOSS('live'),
  });
  workers = await runWorkers({
    db,
    databaseUrl: postgres.url,
    temporal: { address: temporal.address, namespace: 'default' },
    secretKey: SECRET_KEY,
    log: createLog({ level: process.env['TEST_LOG'] ?? 'silent', name: 'test' }),
    wallNowMs: () => Date.now(),
    networks: createNetworkRegistry([network]),
    workflowBundle: { codePath: testTemporal().workflowBundlePath },
    lookEveryMs: 200,
    actTiming: { ...QUICK, queueMs: 60_000, readBackForMs: 60_000 },
  });
  await killed.promise;
  await new Promise((resolve) => setTimeout(resolve, 1_000));
  const port = Number(temporal.address.split(':')[1]);
  [postgres, temporal] = await Promise.all([bringPostgres(), bringTemporal(port)]);

  const outcomes = await eventually(
    'the end of every decision',
    async () => {
      const rows = await db
        .selectFrom('decision')
        .select(['object_id', 'outcome', 'closed_at'])
        .where('object_id', 'in', ids)
        .where('verdict', '=', 'pause')
        .execute()
        // The pool finds out about its dead connections one by one.
        .catch(() => []);
      return rows.length === AD_SETS && rows.every((row) => row.closed_at !== null) && rows;
    },
    90_000,
  );
  expect(outcomes.map((row) => row.outcome)).toEqual(Array(AD_SETS).fill('applied'));
  expect(network.writes.map((write) => write.networkId).toSorted()).toEqual(
    ids.map((_, index) => `set-${index}-${account.suffix}`),
  );
  // An intent whose write was never sent, because its worker lost the database in between, was looked up, found not
  // applied, and taken up once more: each ad set ends with one verified action, and none is left unknown.
  const actions = await db.selectFrom('action').select(['object_id', 'state']).execute();
  for (const id of ids)
    expect(actions.filter((action) => action.object_id === id && action.state === 'verified')).toHaveLength(
      1,
    );
  expect(actions.filter(({ state }) => state !== 'verified' && state !== 'not_applied')).toEqual([]);
  expect(await db.selectFrom('lease').selectAll().execute()).toEqual([]);
  expect(await db.selectFrom('guardrail_reservation').select('freed_at').execute()).toEqual(
    Array(AD_SETS).fill({ freed_at: null }),
  );
}, 150_000);
