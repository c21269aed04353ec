import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { removeDestination } from '../../src/db/forwarding/destinations.ts';
import type { Db } from '../../src/db/connection.ts';
import { createLog } from '../../src/log.ts';
import { createNetworkRegistry } from '../../src/networks/registry.ts';
import { createWakeForward } from '../../src/runtime/wake-forward.ts';
import { type RunningWorkers, runWorkers } from '../../src/runtime/worker.ts';
import { WORKFLOW_ID } from '../../workflows/names.ts';
import { testDatabase, type TestDatabase } from '../support/database.ts';
import { fakeNetwork } from '../support/fake-network.ts';
import { forwardsOf, seedDestination } from '../support/forward-facts.ts';
import { seedPurchases } from '../support/forward-seed.ts';
import { eventually } from '../support/loop.ts';
import { testNamespace, type TestNamespace } from '../support/namespace.ts';
import { type Receiver, startReceiver } from '../support/receiver.ts';
import { SECRET_KEY, type SeededAccount, seedAccount } from '../support/seed-account.ts';
import { testTemporal } from '../support/temporal.ts';

/** Sixty market minutes a minute: a retry after one minute comes after a second. */
const RATE = 60;

let database: TestDatabase;
let temporal: TestNamespace;
let receiver: Receiver;
let workers: RunningWorkers;
let db: Db;
beforeAll(async () => {
  [database, temporal] = await Promise.all([testDatabase(), testNamespace(testTemporal().address)]);
  db = database.db;
  receiver = await startReceiver();
  workers = await startWorkers();
});
afterAll(async () => {
  await workers.shutdown();
  await temporal.close();
  await receiver.close();
  await database.drop();
});

async function startWorkers(): Promise<RunningWorkers> {
  const { address, workflowBundlePath } = testTemporal();
  return runWorkers({
    db,
    databaseUrl: database.url,
    temporal: { address, namespace: temporal.namespace },
    secretKey: SECRET_KEY,
    log: createLog({ level: process.env['TEST_LOG'] ?? 'silent', name: 'test' }),
    wallNowMs: () => Date.now(),
    networks: createNetworkRegistry([fakeNetwork()]),
    workflowBundle: { codePath: workflowBundlePath },
    lookEveryMs: 200,
    outbound: {
      guard: { ownHosts: [], ownAddresses: [], allowed: ['127.0.0.1/32'] },
      timeoutMs: 1_000,
      abandonedAfterMs: 2_000,
    },
  });
}

async function seeded(): Promise<{ account: SeededAccount; id: string; path: string }> {
  const account = await seedAccount(db, { rate: RATE });
  const path = `/${account.suffix}`;
  const id = await seedDestination(db, {
    ...account,
    url: `${receiver.url}${path}?c={click_id}&a={amount}`,
  });
  return { account, id, path };
}

const arrived = (path: string) => receiver.requests.filter((request) => request.url.startsWith(path));
const states = async (id: string) => (await forwardsOf(db, id)).map((one) => one.state);

describe('the forward workflow', () => {
  it('wakes when ingest changes a conversion, tries again when it is due, and ends with its last destination', async () => {
    const { account, id, path } = await seeded();
    receiver.answerNext({ status: 503 });
    await seedPurchases(db, account, 1);
    await eventually('the delivery', async () => (await states(id))[0] === 'sent');
    expect(arrived(path)).toHaveLength(2);
    const [told] = await forwardsOf(db, id);
    expect(told?.log.map((attempt) => attempt.verdict)).toEqual(['retry', 'delivered']);
    // A minute of the workspace's time, however long that is on the wall.
    const [first, second] = told?.log ?? [];
    expect((second?.at.getTime() ?? 0) - (first?.at.getTime() ?? 0)).toBeGreaterThanOrEqual(60_000);
    const handle = temporal.client.workflow.getHandle(WORKFLOW_ID.forward(account.workspaceId));
    expect((await handle.describe()).status.name).toBe('RUNNING');

    await removeDestination(db, id, account.nowMs);
    await createWakeForward(temporal.client)(account.workspaceId);
    await eventually('its end', async () => (await handle.describe()).status.name === 'COMPLETED');
    const again = await seedDestination(db, { ...account, url: `${receiver.url}${path}?b={click_id}` });
    await seedPurchases(db, account, 1);
    await eventually('the delivery to the new one', async () => (await states(again))[0] === 'sent');
  });

  it('asks Google what it made of a conversion when its time has come, and keeps token and person out of its history', async () => {
    const account = await seedAccount(db, { rate: 3_600 });
    const id = await seedDestination(db, {
      ...account,
      kind: 'google',
      settings: { baseUrl: receiver.url, accountId: '1', events: { purchase: '555' } },
      secrets: { access_token: 'ya29-never-in-a-history' },
    });
    const from = receiver.requests.length;
    const body = (answer: object) => ({ body: JSON.stringify(answer) });
    const state = (requestStatus: string) => body({ requestStatusPerDestination: [{ requestStatus }] });
    receiver.answerNext(body({ requestId: 'receipt-7' }), state('PROCESSING'), state('SUCCESS'));
    await seedPurchases(db, account, 1, { gclid: 'Cj0K-never-in-a-history' });
    const confirmed = async () => (await forwardsOf(db, id))[0]?.verdict === 'confirmed';
    await eventually('the verdict', confirmed);
    expect(receiver.requests.slice(from).map(({ method, url }) => `${method} ${url}`)).toEqual([
      'POST /v1/events:ingest',
      'GET /v1/requestStatus:retrieve?requestId=receipt-7',
      'GET /v1/requestStatus:retrieve?requestId=receipt-7',
    ]);
    const [told] = await forwardsOf(db, id);
    expect(told?.log.map((one) => [one.kind, one.verdict])).toEqual([
      ['send', 'delivered'],
      ['ask', 'awaited'],
      ['ask', 'confirmed'],
    ]);
    const handle = temporal.client.workflow.getHandle(WORKFLOW_ID.forward(account.workspaceId));
    const history = JSON.stringify(await handle.fetchHistory());
    const payloads = [...history.matchAll(/"data":"([^"]*)"/g)].map(([, data = '']) =>
      Buffer.from(data, 'base64').toString('utf8'),
    );
    expect(payloads.join('\n')).toContain('not yet judged');
    expect(payloads.join('\n') + history).not.toMatch(/never-in-a-history|receipt-7/);
  });

  it('a worker that is stopped while a receiver hangs loses nothing; the next sends what is left, once each', async () => {
    const { account, id, path } = await seeded();
    receiver.answerAll({ hang: true });
    await seedPurchases(db, account, 10);
    await eventually('the first requests', async () => arrived(path).length > 0);
    await workers.shutdown();
    receiver.answerAll(null);
    const before = arrived(path).length;
    workers = await startWorkers();
    await eventually(
      'all deliveries',
      async () => (await states(id)).every((state) => state === 'sent'),
      30_000,
    );
    const forwards = await forwardsOf(db, id);
    expect(forwards).toHaveLength(10);
    for (const { log } of forwards) expect(log.filter((one) => one.verdict === 'delivered')).toHaveLength(1);
    // Each of those that hung is asked once more, and no other twice.
    expect(arrived(path)).toHaveLength(before + 10);
  });
});
