import { randomUUID } from 'node:crypto';
import { Client, Connection } from '@temporalio/client';
import { NativeConnection, Worker } from '@temporalio/worker';
import pg from 'pg';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { IngestInput } from '../../activities/contract.ts';
import { createIngestActivities } from '../../activities/ingest.ts';
import { testDatabase, type TestDatabase } from '../support/database.ts';
import { addClick, addPostback, type SeededAccount, seedAccount, T0 } from '../support/ingest-facts.ts';
import { testTemporal } from '../support/temporal.ts';

let database: TestDatabase;
let pool: pg.Pool;
let shop: SeededAccount;
let connection: NativeConnection;
let client: Client;
const { address, namespace, workflowBundlePath } = testTemporal();

beforeAll(async () => {
  database = await testDatabase();
  pool = new pg.Pool({ connectionString: database.url });
  pool.on('error', () => undefined);
  shop = await seedAccount(database.db, { name: 'shop' });
  connection = await NativeConnection.connect({ address });
  client = new Client({ connection: await Connection.connect({ address }), namespace });
});
afterAll(async () => {
  await client.connection.close();
  await connection.close();
  await pool.end();
  await database.drop();
});

interface Wake {
  readonly accountId: string;
  readonly campaignIds: readonly number[];
}

async function startWorker(wakes: Wake[], taskQueue: string): Promise<Worker> {
  const silent = { error() {}, warn() {} };
  return Worker.create({
    connection,
    namespace,
    taskQueue,
    workflowBundle: { codePath: workflowBundlePath },
    activities: createIngestActivities({
      db: database.db,
      pool,
      wallNowMs: () => Date.now(),
      wakeForward: async () => undefined,
      wakeOptimizer: async (accountId, campaignIds) => void wakes.push({ accountId, campaignIds }),
      log: silent,
    }),
  });
}

async function until(what: () => Promise<boolean>): Promise<void> {
  for (const deadline = Date.now() + 15_000; Date.now() < deadline;) {
    if (await what()) return;
    await new Promise((resolve) => setTimeout(resolve, 25));
  }
  throw new Error('it did not come true within 15 s');
}

async function countConversions(): Promise<number> {
  const row = await database.db
    .selectFrom('conversion')
    .select((eb) => eb.fn.countAll<number>().as('n'))
    .executeTakeFirstOrThrow();
  return row.n;
}

describe('the ingest workflow', () => {
  it('turns postbacks into conversions as they come, wakes the optimizer, and continues as new', async () => {
    const wakes: Wake[] = [];
    const taskQueue = `ingest-${randomUUID()}`;
    const worker = await startWorker(wakes, taskQueue);
    const input: IngestInput = { shard: 'all', forMs: 300, loopsPerRun: 2 };
    await worker.runUntil(async () => {
      const handle = await client.workflow.start('ingest', {
        workflowId: taskQueue,
        taskQueue,
        args: [input],
      });
      const click = await addClick(database.db, shop, { atMs: T0, ad: 'a1' });
      for (let i = 0; i < 5; i += 1) {
        await addPostback(database.db, shop, {
          atMs: T0 + 1000 + i,
          clickId: click,
          amount: 10,
          key: `order ${i}`,
        });
        await pool.query("select pg_notify('inbox', '')");
        await until(async () => (await countConversions()) === i + 1);
      }
      await until(async () => {
        const runs = (await handle.describe()).runId;
        return runs !== handle.firstExecutionRunId;
      });
      await handle.terminate('the test has seen it');
    });
    expect(new Set(wakes.flatMap((w) => w.campaignIds))).toEqual(new Set([shop.objects.get('c1')]));
    expect(wakes.length).toBeLessThanOrEqual(5);
    const { rows } = await pool.query('select count(*)::int as n from inbox');
    expect(rows[0].n).toBe(0);
  });

  it('goes on where a worker that went away left off, and counts nothing twice', async () => {
    const taskQueue = `ingest-${randomUUID()}`;
    const before = await countConversions();
    const click = await addClick(database.db, shop, { atMs: T0, ad: 'a2' });
    const input: IngestInput = { shard: 'all', forMs: 60_000 };
    const first = await startWorker([], taskQueue);
    await first.runUntil(async () => {
      await client.workflow.start('ingest', { workflowId: taskQueue, taskQueue, args: [input] });
      await addPostback(database.db, shop, { atMs: T0 + 5000, clickId: click, key: 'before' });
      await until(async () => (await countConversions()) === before + 1);
    });
    await addPostback(database.db, shop, { atMs: T0 + 6000, clickId: click, key: 'while nobody is there' });
    const second = await startWorker([], taskQueue);
    await second.runUntil(async () => {
      await until(async () => (await countConversions()) === before + 2);
      await client.workflow.getHandle(taskQueue).terminate('the test has seen it');
    });
    const { rows } = await pool.query<{ n: string }>(
      'select sum(conversions) as n from conversion_hour where object_id = $1',
      [shop.objects.get('a2')],
    );
    expect(Number(rows[0]?.n)).toBe(2);
  });
});
