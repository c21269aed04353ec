import { afterAll, beforeAll, describe, it } from 'vitest';
import type { ApprovalAnswer } from '../../activities/contract.ts';
import { removeDestination } from '../../src/db/forwarding/destinations.ts';
import { createWakeForward } from '../../src/runtime/wake-forward.ts';
import { createWakeOptimizer } from '../../src/runtime/wake-optimizer.ts';
import {
  DECIDE_UPDATE,
  DEFAULT_SHARD,
  SCHEDULE_ID,
  SUPERSEDE_SIGNAL,
  TASK_QUEUE,
  WORKFLOW,
  WORKFLOW_ID,
} from '../../workflows/names.ts';
import { fakeNetwork } from '../support/fake-network.ts';
import { forwardsOf, seedDestination } from '../support/forward-facts.ts';
import { seedPurchases } from '../support/forward-seed.ts';
import { eventually, spend, testLoop, type TestLoop } from '../support/loop.ts';
import { startReceiver } from '../support/receiver.ts';
import { seedAccount, type SeededAccount, seedObject } from '../support/seed-account.ts';
import { seedStrategy } from '../support/seed-strategy.ts';
import { recordHistory } from './record-histories.ts';

const SECRETS = ['test-token-never-in-a-history'];

/** Real runs on the real servers, once per workflow shape. Not a test of its own: `npm run record-histories` runs it. */
describe('histories recorded from real runs', () => {
  const network = fakeNetwork();
  let loop: TestLoop;
  let account: SeededAccount;
  let counter = 0;

  beforeAll(async () => {
    loop = await testLoop([network]);
  });
  afterAll(async () => loop.close());

  async function decided(text: string, fault?: (typeof network.faults)[number]): Promise<string> {
    account = await seedAccount(loop.db, { network });
    counter += 1;
    const objectId = await seedObject(
      loop.db,
      account,
      { level: 'adset', networkId: `2385000${counter}-${account.suffix}`, name: 'Zen C' },
      network,
    );
    await spend(loop.db, account, objectId, 30);
    network.faults.splice(0, network.faults.length, ...(fault === undefined ? [] : [fault]));
    await seedStrategy(loop.db, { workspaceId: account.workspaceId, nowMs: account.nowMs, text });
    await createWakeOptimizer(loop.client)(account.accountId, [account.campaignId]);
    const row = await eventually('a started decision', async () =>
      loop.db
        .selectFrom('decision')
        .select('id')
        .where('object_id', '=', objectId)
        .where('needs_workflow', '=', true)
        .where('workflow_started_at', 'is not', null)
        .executeTakeFirst(),
    );
    return row.id;
  }

  const rules = (mode: string, action: string, extra = '') => `
version: 1
strategy: recorded
scope: { network: fake, level: adset }
mode: ${mode}
${extra}
rules:
  - name: enough spent
    when: 'spend("today") >= 60'
    then: ${action}
guardrails: { maxShareOfSpendPaused: 100 % }
`;
  const handle = (id: string) => loop.client.workflow.getHandle(WORKFLOW_ID.act(id));
  const recordAct = async (id: string, name: string, end: 'closed' | 'failed' | 'sleeping' = 'closed') => {
    if (end === 'closed') await handle(id).result();
    if (end === 'failed')
      await handle(id)
        .result()
        .catch(() => undefined);
    if (end === 'sleeping') {
      await eventually('its outcome', async () =>
        loop.db
          .selectFrom('decision')
          .select('id')
          .where('id', '=', id)
          .where('closed_at', 'is not', null)
          .executeTakeFirst(),
      );
      await new Promise((resolve) => setTimeout(resolve, 500));
    }
    await recordHistory(loop.client, { workflowId: WORKFLOW_ID.act(id), name, secrets: SECRETS });
  };

  it('acts', async () => {
    await recordAct(await decided(rules('live', '{ pause: true }')), 'act-pause-applied', 'sleeping');
    await recordAct(await decided(rules('live', '{ raiseBid: 10 % }')), 'act-bid-applied', 'sleeping');
    await recordAct(await decided(rules('live', '{ raiseBudget: 10 % }')), 'act-budget-applied', 'sleeping');
    const ending = await decided(rules('live', '{ pause: { until: 1s } }'));
    await recordAct(ending, 'act-pause-with-an-end', 'sleeping');
    const resume = await eventually('the end of the pause', async () =>
      loop.db.selectFrom('decision').select('id').where('undoes', '=', ending).executeTakeFirst(),
    );
    await eventually('its workflow', async () =>
      loop.db
        .selectFrom('decision')
        .select('id')
        .where('id', '=', resume.id)
        .where('workflow_started_at', 'is not', null)
        .executeTakeFirst(),
    );
    await recordAct(resume.id, 'act-resume');
    await recordAct(
      await decided(rules('live', '{ raiseBid: 10 % }'), 'timeout_after_acceptance'),
      'act-unknown-result-was-applied',
      'sleeping',
    );
    await recordAct(
      await decided(rules('live', '{ raiseBid: 10 % }'), 'timeout_before_acceptance'),
      'act-unknown-result-repeated',
      'sleeping',
    );
    await recordAct(
      await decided(rules('live', '{ raiseBid: 10 % }'), 'rate'),
      'act-network-busy',
      'sleeping',
    );
    await recordAct(await decided(rules('live', '{ raiseBid: 10 % }'), 'refused'), 'act-refused');
    await recordAct(
      await decided(rules('live', '{ raiseBid: 10 % }'), 'accepted_unseen'),
      'act-unverified',
      'failed',
    );
  });

  it('asks', async () => {
    const approval = 'approval: { within: 1h, atDeadline: drop }';
    const answer = (id: string, given: ApprovalAnswer) =>
      handle(id).executeUpdate<string, [ApprovalAnswer]>(DECIDE_UPDATE, {
        args: [given],
        updateId: 'answer',
      });
    const approved = await decided(rules('approve', '{ pause: true }', approval));
    await answer(approved, { verdict: 'approve', by: 'Ann' });
    await recordAct(approved, 'act-approved', 'sleeping');
    const rejected = await decided(rules('approve', '{ pause: true }', approval));
    await answer(rejected, { verdict: 'reject', by: 'Ann', comment: 'sale tomorrow' });
    await recordAct(rejected, 'act-rejected');
    await recordAct(
      await decided(rules('approve', '{ pause: true }', 'approval: { within: 1s, atDeadline: drop }')),
      'act-expired',
    );
    await recordAct(
      await decided(rules('approve', '{ pause: true }', 'approval: { within: 1s, atDeadline: act }')),
      'act-deadline-acts',
      'sleeping',
    );
    const superseded = await decided(rules('approve', '{ raiseBid: 10 % }', approval));
    await handle(superseded).signal(SUPERSEDE_SIGNAL, 'a later decision');
    await recordAct(superseded, 'act-superseded');
    const cancelled = await decided(rules('approve', '{ raiseBid: 10 % }', approval));
    await handle(cancelled).cancel();
    await recordAct(cancelled, 'act-cancelled', 'failed');
    // Cancelled while the write is on its way: its result is waited for and recorded.
    network.beforeWrite = async () => {
      delete network.beforeWrite;
      const row = await loop.db
        .selectFrom('decision')
        .select('id')
        .where('account_id', '=', account.accountId)
        .where('needs_workflow', '=', true)
        .executeTakeFirstOrThrow();
      await handle(row.id).cancel();
      await new Promise((resolve) => setTimeout(resolve, 500));
    };
    await recordAct(
      await decided(rules('live', '{ raiseBid: 10 % }')),
      'act-cancelled-during-the-write',
      'failed',
    );
    const refused = await decided(rules('approve', '{ raiseBid: 10 % }', approval));
    await loop.db
      .updateTable('ad_account')
      .set({ halted_at: new Date(0) })
      .where('id', '=', account.accountId)
      .execute();
    await answer(refused, { verdict: 'approve', by: 'Ann' });
    await recordAct(refused, 'act-halted');
  });

  it('forwards', async () => {
    const forwarding = await seedAccount(loop.db, { network, rate: 60 });
    const receiver = await startReceiver();
    receiver.answerNext({ status: 503 });
    const destination = await seedDestination(loop.db, {
      ...forwarding,
      url: `${receiver.url}/pb?c={click_id}&t={secret.token}`,
      secrets: { token: SECRETS[0] ?? '' },
    });
    await seedPurchases(loop.db, forwarding, 2);
    const sent = async () => {
      const forwards = await forwardsOf(loop.db, destination);
      return forwards.length === 2 && forwards.every((one) => one.state === 'sent');
    };
    await eventually('what was forwarded', sent);
    const workflowId = WORKFLOW_ID.forward(forwarding.workspaceId);
    await recordHistory(loop.client, { workflowId, name: 'forward-retried', secrets: SECRETS });
    await removeDestination(loop.db, destination, forwarding.nowMs);
    await createWakeForward(loop.client)(forwarding.workspaceId);
    await loop.client.workflow.getHandle(workflowId).result();
    await recordHistory(loop.client, { workflowId, name: 'forward-ended', secrets: SECRETS });
    const other = await seedAccount(loop.db, { network });
    await seedDestination(loop.db, { ...other, url: receiver.url });
    const short = await loop.client.workflow.start(WORKFLOW.forward, {
      workflowId: `forward-short-${other.suffix}`,
      taskQueue: TASK_QUEUE,
      args: [
        { workspaceId: other.workspaceId, forMs: 1_000, woken: true, lookEveryMs: 100, passesPerRun: 2 },
      ],
    });
    await new Promise((resolve) => setTimeout(resolve, 1_500));
    await recordHistory(loop.client, {
      workflowId: `forward-short-${other.suffix}`,
      runId: short.firstExecutionRunId,
      name: 'forward-continued-as-new',
      secrets: SECRETS,
    });
    await loop.client.workflow.getHandle(`forward-short-${other.suffix}`).terminate();
    await receiver.close();
  });

  it('looks for trouble', async () => {
    const workflowId = 'alerts-short';
    const short = await loop.client.workflow.start(WORKFLOW.alerts, {
      workflowId,
      taskQueue: TASK_QUEUE,
      args: [{ everyMs: 100, looksPerRun: 2 }],
    });
    await new Promise((resolve) => setTimeout(resolve, 2_500));
    await recordHistory(loop.client, {
      workflowId,
      runId: short.firstExecutionRunId,
      name: 'alerts-continued-as-new',
      secrets: SECRETS,
    });
    await loop.client.workflow.getHandle(workflowId).terminate();
  });

  it('keeps watch', async () => {
    await decided(rules('live', '{ pause: true }'));
    await new Promise((resolve) => setTimeout(resolve, 1_500));
    await recordHistory(loop.client, {
      workflowId: WORKFLOW_ID.optimize(account.accountId),
      name: 'optimize-account',
      secrets: SECRETS,
    });
    const pass = `full-pass-${account.suffix}`;
    await loop.client.workflow.execute(WORKFLOW.fullPass, {
      workflowId: pass,
      taskQueue: TASK_QUEUE,
      args: [{ accountId: account.accountId }],
    });
    await recordHistory(loop.client, { workflowId: pass, name: 'full-pass', secrets: SECRETS });
    const continued = `optimize-continued-${account.suffix}`;
    const short = await loop.client.workflow.start(WORKFLOW.optimizeAccount, {
      workflowId: continued,
      taskQueue: TASK_QUEUE,
      args: [
        {
          accountId: account.accountId,
          campaignIds: [account.campaignId],
          woken: true,
          gapMs: 10,
          passesPerRun: 1,
        },
      ],
    });
    await new Promise((resolve) => setTimeout(resolve, 1_000));
    await recordHistory(loop.client, {
      workflowId: continued,
      runId: short.firstExecutionRunId,
      name: 'optimize-continued-as-new',
      secrets: SECRETS,
    });
    await loop.client.workflow.getHandle(continued).terminate();
    await recordHistory(loop.client, {
      workflowId: WORKFLOW_ID.ingest(DEFAULT_SHARD),
      name: 'ingest-draining',
      secrets: SECRETS,
    });
    const drained = `ingest-short-${account.suffix}`;
    const ingest = await loop.client.workflow.start(WORKFLOW.ingest, {
      workflowId: drained,
      taskQueue: TASK_QUEUE,
      args: [{ shard: DEFAULT_SHARD, forMs: 100, loopsPerRun: 2 }],
    });
    await new Promise((resolve) => setTimeout(resolve, 1_500));
    await recordHistory(loop.client, {
      workflowId: drained,
      runId: ingest.firstExecutionRunId,
      name: 'ingest-continued-as-new',
      secrets: SECRETS,
    });
    await loop.client.workflow.getHandle(drained).terminate();
    for (const [name, type, args] of [
      ['sync', WORKFLOW.sync, [{ accountId: account.accountId, depth: 'trailing' }]],
      ['sync-deep', WORKFLOW.sync, [{ accountId: account.accountId, depth: 'deep' }]],
      ['learn', WORKFLOW.learn, [{ accountId: account.accountId }]],
      ['maintain', WORKFLOW.maintain, [{}]],
    ] as const) {
      const workflowId = `${name}-${account.suffix}`;
      await loop.client.workflow.execute(type, { workflowId, taskQueue: TASK_QUEUE, args: [...args] });
      await recordHistory(loop.client, { workflowId, name, secrets: SECRETS });
    }
    // Schedules are there too: what they start is the same shape.
    await loop.client.schedule.getHandle(SCHEDULE_ID.fullPass(account.accountId)).describe();
  });
});
