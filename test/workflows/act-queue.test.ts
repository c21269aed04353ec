import { DefaultLogger, NativeConnection, Runtime, Worker } from '@temporalio/worker';
import { afterAll, beforeAll, expect, it } from 'vitest';
import type {
  ActInput,
  ActNetworkActivities,
  ActRecordActivities,
  ActResult,
  CloseInput,
} from '../../activities/contract.ts';
import { micros } from '../../src/core/money.ts';
import type { LeverState } from '../../src/core/object.ts';
import { networkQueue, TASK_QUEUE, WORKFLOW } from '../../workflows/names.ts';
import { QUICK } from '../support/loop.ts';
import { testNamespace, type TestNamespace } from '../support/namespace.ts';
import { testTemporal } from '../support/temporal.ts';

let temporal: TestNamespace;
let connection: NativeConnection;

beforeAll(async () => {
  Runtime.install({ logger: new DefaultLogger('ERROR') });
  const { address } = testTemporal();
  temporal = await testNamespace(address);
  connection = await NativeConnection.connect({ address });
});
afterAll(async () => {
  await connection.close();
  await temporal.close();
});

const SEEN: LeverState = {
  status: 'active',
  bidStrategy: 'bid_cap',
  bidMicros: micros(1_200_000),
  dailyBudgetMicros: null,
  lifetimeBudgetMicros: null,
};
const INPUT: ActInput = {
  decisionId: 'd1',
  accountId: 'acc',
  network: 'fake',
  level: 'adset',
  objectId: 1,
  objectNetworkId: 'n1',
  change: { kind: 'set_bid', toMicros: micros(1_320_000) },
  expected: SEEN,
  changeWords: 'bid $1.20 → $1.32',
  approval: null,
  checkAfterMs: null,
  resumeAfterMs: null,
  timing: { ...QUICK, queueMs: 700 },
};

it('a write that nobody took in time is given up and compared anew: what a person set meanwhile stays', async () => {
  const { namespace } = temporal;
  const common = { connection, namespace };
  const writes: string[] = [];
  const freed: string[] = [];
  let movedByPerson = false;
  const network: ActNetworkActivities = {
    async readLive() {
      return movedByPerson
        ? { standing: 'moved', live: { ...SEEN, bidMicros: micros(2_000_000) }, words: 'bid $2.00 now' }
        : { standing: 'as_expected', live: SEEN, words: 'bid $1.20' };
    },
    async applyChange({ actionId }) {
      writes.push(actionId);
      return { kind: 'accepted', requestId: null };
    },
    async readBack() {
      return { standing: 'already_so', live: SEEN, words: 'there' };
    },
  };
  const networkWorker = () =>
    Worker.create({ ...common, taskQueue: networkQueue('acc'), activities: { ...network } });
  const first = await networkWorker();
  const firstRuns = first.run();
  const records: ActRecordActivities = {
    takeLease: async () => ({ taken: true, heldBy: null }),
    releaseLease: async () => {},
    async reserve({ attempt }) {
      // The account's worker goes between the look and the write.
      first.shutdown();
      await firstRuns;
      return { reserved: true, actionId: `a${attempt}` };
    },
    async recordAnswer({ actionId, answer }) {
      freed.push(`${actionId} ${answer.kind}`);
    },
    recordNotApplied: async () => {},
    recordVerified: async () => {},
    closeDecision: async ({ outcome }: CloseInput) => ({ sentence: outcome, page: outcome }),
    measureEffect: async () => ({ page: '' }),
    endPause: async () => ({ waitMs: null, page: '' }),
  };
  const main = await Worker.create({
    ...common,
    taskQueue: TASK_QUEUE,
    workflowBundle: { codePath: testTemporal().workflowBundlePath },
    activities: { ...records },
  });
  const result = await main.runUntil(async () => {
    const handle = await temporal.client.workflow.start(WORKFLOW.set_bid, {
      workflowId: 'act:queue',
      taskQueue: TASK_QUEUE,
      args: [INPUT],
    });
    while (freed.length === 0) await new Promise((resolve) => setTimeout(resolve, 50));
    movedByPerson = true;
    const second = await networkWorker();
    return second.runUntil(async (): Promise<ActResult> => handle.result());
  });
  expect(result.outcome).toBe('superseded');
  expect(freed).toEqual(['a1 wait']);
  expect(writes).toEqual([]);
});
