import { afterAll, beforeAll, expect, it } from 'vitest';
import { testDatabase, type TestDatabase } from '../support/database.ts';
import { forwardsOf, seedDestination } from '../support/forward-facts.ts';
import { seedPurchases } from '../support/forward-seed.ts';
import { eventually } from '../support/loop.ts';
import { testNamespace, type TestNamespace } from '../support/namespace.ts';
import { type Receiver, startReceiver } from '../support/receiver.ts';
import { type SeededAccount, seedAccount } from '../support/seed-account.ts';
import { testTemporal } from '../support/temporal.ts';
import { type WorkerProcesses, workerProcesses } from '../support/worker-process.ts';

let database: TestDatabase;
let temporal: TestNamespace;
let receiver: Receiver;
let account: SeededAccount;
let workers: WorkerProcesses;

beforeAll(async () => {
  [database, temporal, receiver] = await Promise.all([
    testDatabase(),
    testNamespace(testTemporal().address),
    startReceiver(),
  ]);
  workers = workerProcesses({ database, temporal }, { BIDLOOP_OUTBOUND_ALLOW: '127.0.0.1/32' });
  account = await seedAccount(database.db, { rate: 60 });
});

afterAll(async () => {
  workers.remove();
  await temporal.close();
  await receiver.close();
  await database.drop();
});

it('a worker killed while a receiver has the postback and has not answered costs one more send, logged as unknown', async () => {
  const id = await seedDestination(database.db, {
    ...account,
    url: `${receiver.url}/pb?c={click_id}&t={secret.token}`,
    secrets: { token: 'never-in-a-log' },
  });
  receiver.answerAll({ hang: true });
  const first = workers.start();
  await seedPurchases(database.db, account, 1);
  await eventually('the postback at the receiver', async () => receiver.requests.length > 0, 60_000);
  first.kill('SIGKILL');
  expect(await forwardsOf(database.db, id)).toMatchObject([{ state: 'sending', log: [{ verdict: null }] }]);

  receiver.answerAll(null);
  workers.start();
  await eventually(
    'the delivery by another worker',
    async () => (await forwardsOf(database.db, id))[0]?.state === 'sent',
    150_000,
  );
  const [told] = await forwardsOf(database.db, id);
  expect(told?.log).toMatchObject([
    { attempt: 1, verdict: 'unknown', why: expect.stringContaining('the receiver may have it') },
    { attempt: 2, verdict: 'delivered', status: 200 },
  ]);
  expect(receiver.requests.map((request) => request.url)).toEqual([
    receiver.requests[0]?.url,
    receiver.requests[0]?.url,
  ]);
  expect(JSON.stringify(told)).not.toContain('never-in-a-log');
}, 180_000);
