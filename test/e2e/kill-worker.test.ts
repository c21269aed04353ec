import { afterAll, beforeAll, expect, it } from 'vitest';
import { loopPlan, seedLoop } from '../../bench/loop-seed.ts';
import { newSourceKey } from '../../src/db/sources.ts';
import { freePort } from '../../src/runtime/free-port.ts';
import { noStore, ownClock, type Sandbox, startSandbox } from '../../src/sandbox/index.ts';
import { testDatabase, type TestDatabase } from '../support/database.ts';
import { eventually } from '../support/loop.ts';
import { testNamespace, type TestNamespace } from '../support/namespace.ts';
import { SECRET_KEY } from '../support/seed-account.ts';
import { seedStrategy } from '../support/seed-strategy.ts';
import { testTemporal } from '../support/temporal.ts';
import { type WorkerProcesses, workerProcesses } from '../support/worker-process.ts';

const TOKEN = 'kill-worker-token';

let database: TestDatabase;
let temporal: TestNamespace;
let sandbox: Sandbox;
let workers: WorkerProcesses;

beforeAll(async () => {
  database = await testDatabase();
  temporal = await testNamespace(testTemporal().address);
  workers = workerProcesses({ database, temporal });
  const nowMs = Date.now();
  sandbox = await startSandbox({
    plan: loopPlan(),
    seed: 1,
    startMs: nowMs - 4 * 3_600_000,
    clock: ownClock({ originMs: nowMs, wallOriginMs: nowMs, rate: 1, stoppedAtMs: null }, () => Date.now()),
    store: noStore,
    account: { id: '1', name: 'Kill', token: TOKEN, urlTags: '', scopes: ['ads_read', 'ads_management'] },
    tracking: null,
    port: await freePort(),
    wallNowMs: () => Date.now(),
    quotaPoints: 1e9,
  });
  sandbox.tick();
  await seedLoop({
    url: database.url,
    nowMs,
    key: newSourceKey(),
    secretKey: SECRET_KEY,
    token: TOKEN,
    sandboxUrl: `${sandbox.url}/v26.0`,
  });
  await seedStrategy(database.db, {
    workspaceId: 'bench',
    nowMs,
    text: `version: 1
strategy: one-raise
scope: { level: adset, where: 'name == "Ad set 7"' }
mode: live
rules:
  - name: raise
    when: 'spend("lifetime") >= 0'
    then: { raiseBid: 10 % }
`,
  });
});

afterAll(async () => {
  workers.remove();
  await sandbox.close();
  await temporal.close();
  await database.drop();
});

it('writes once when the worker is killed while the network, having accepted, withholds its answer', async () => {
  sandbox.faults.arm({ kind: 'withhold_answer', on: 'write', times: 1, delayMs: 60_000 });
  const first = workers.start();
  await eventually('the accepted write', async () => sandbox.world.writes.length > 0, 60_000);
  first.kill('SIGKILL');
  const before = await database.db.selectFrom('action').select('state').execute();
  expect(before).toEqual([{ state: 'intended' }]);

  workers.start();
  const decision = await eventually(
    'the outcome by another worker',
    async () =>
      database.db
        .selectFrom('decision')
        .select(['outcome', 'outcome_detail'])
        .where('closed_at', 'is not', null)
        .executeTakeFirst(),
    110_000,
  );
  expect(decision).toMatchObject({
    outcome: 'applied',
    outcome_detail: expect.stringContaining('the answer was lost'),
  });
  expect(sandbox.world.writes).toHaveLength(1);
  expect(await database.db.selectFrom('action').select('state').execute()).toEqual([{ state: 'verified' }]);
}, 180_000);
