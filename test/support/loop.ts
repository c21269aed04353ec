import { createNetworkRegistry } from '../../src/networks/registry.ts';
import { createLog } from '../../src/log.ts';
import { type RunningWorkers, runWorkers } from '../../src/runtime/worker.ts';
import type { ActTiming } from '../../activities/contract.ts';
import type { AdNetwork } from '../../src/networks/ad-network.ts';
import { micros } from '../../src/core/money.ts';
import type { ObjectId } from '../../src/core/object.ts';
import { storeSpend } from '../../src/db/spend.ts';
import type { Db } from '../../src/db/connection.ts';
import { HOUR_MS, SECRET_KEY, type SeededAccount } from './seed-account.ts';
import { testDatabase, type TestDatabase } from './database.ts';
import { testNamespace, type TestNamespace } from './namespace.ts';
import { testTemporal } from './temporal.ts';

/** Milliseconds where the product takes seconds and minutes. */
export const QUICK: ActTiming = {
  readMs: 5_000,
  writeMs: 3_000,
  queueMs: 5_000,
  readBackForMs: 1_500,
  busyForMs: 600,
  pauseMs: 50,
};

export interface TestLoop extends TestDatabase, Omit<TestNamespace, 'close'> {
  readonly workers: RunningWorkers;
  close(): Promise<void>;
}

/** The real workers of the product on a database and a namespace of their own. */
export async function testLoop(
  networks: readonly AdNetwork[],
  timing: Partial<ActTiming> = {},
): Promise<TestLoop> {
  const { address, workflowBundlePath } = testTemporal();
  const [database, temporal] = await Promise.all([testDatabase(), testNamespace(address)]);
  const workers = await runWorkers({
    db: database.db,
    databaseUrl: database.url,
    temporal: { address, namespace: temporal.namespace },
    secretKey: SECRET_KEY,
    log: createLog({ level: process.env['TEST_LOG'] ?? 'silent', name: 'test' }),
    wallNowMs: () => Date.now(),
    networks: createNetworkRegistry(networks),
    workflowBundle: { codePath: workflowBundlePath },
    lookEveryMs: 200,
    outbound: { guard: { ownHosts: [], ownAddresses: [], allowed: ['127.0.0.1/32'] }, timeoutMs: 1_000 },
    actTiming: { ...QUICK, ...timing },
  });
  return {
    ...database,
    ...temporal,
    workers,
    async close() {
      await workers.shutdown();
      await temporal.close();
      await database.drop();
    },
  };
}

/** Spend of an object in the newest reported hours, `perHour` dollars each. */
export async function spend(
  db: Db,
  account: SeededAccount,
  objectId: ObjectId,
  perHour: number,
  hours = 3,
): Promise<void> {
  const rows = Array.from({ length: hours }, (_, index) => ({
    objectId,
    hourMs: account.asOfMs - (index + 1) * HOUR_MS,
    spendMicros: micros(Math.round(perHour * 1_000_000)),
    impressions: 1_000,
    // Too few to compare with our own clicks: the tracking gate has tests of its own.
    clicks: 5,
  }));
  await db
    .transaction()
    .execute((trx) =>
      storeSpend(trx, { accountId: account.accountId, zone: 'UTC', rows, knownFromMs: account.nowMs }),
    );
}

/** Waits until a value appears. @throws after `forMs`, naming what was waited for. */
export async function eventually<T>(
  what: string,
  look: () => Promise<T | undefined | null | false>,
  forMs = 15_000,
): Promise<T> {
  for (const until = Date.now() + forMs; ;) {
    const value = await look();
    if (value !== undefined && value !== null && value !== false) return value;
    if (Date.now() > until) throw new Error(`waited ${forMs} ms for ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}
