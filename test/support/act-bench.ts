import { afterAll, beforeAll, beforeEach } from 'vitest';
import type { ApprovalAnswer } from '../../activities/contract.ts';
import type { ObjectId } from '../../src/core/object.ts';
import { createWakeOptimizer, type WakeOptimizer } from '../../src/runtime/wake-optimizer.ts';
import { DECIDE_UPDATE, WORKFLOW_ID } from '../../workflows/names.ts';
import { type FakeNetwork, fakeNetwork } from './fake-network.ts';
import { eventually, spend, testLoop, type TestLoop } from './loop.ts';
import { seedAccount, type SeededAccount, seedObject } from './seed-account.ts';
import { seedStrategy } from './seed-strategy.ts';

export const STOP_LOSS = (mode: string, extra = '') => `
version: 1
strategy: stop-loss
scope: { network: fake, level: adset }
target: { event: purchase, cpa: 30 USD }
mode: ${mode}
${extra}
rules:
  - name: no purchase
    when: 'spend("today") >= 60 && conversions("purchase", "today") == 0'
    then: { pause: true }
guardrails: { maxShareOfSpendPaused: 100 % }
`;
export const RAISE = (mode: string, extra = '') => `
version: 1
strategy: raise
scope: { network: fake, level: adset }
mode: ${mode}
${extra}
rules:
  - name: more
    when: 'spend("today") >= 60'
    then: { raiseBid: 10 % }
`;

/** The real workers with a fake network in memory, and a fresh account for each test. Call at the top of a test file. */
export function actBench() {
  const network: FakeNetwork = fakeNetwork();
  let loop: TestLoop;
  let account: SeededAccount;
  let wake: WakeOptimizer;
  let counter = 0;

  beforeAll(async () => {
    loop = await testLoop([network]);
    wake = createWakeOptimizer(loop.client);
  });
  afterAll(async () => {
    network.release();
    await loop.close();
  });
  beforeEach(async () => {
    network.writes.length = 0;
    network.faults.length = 0;
    delete network.beforeWrite;
    account = await seedAccount(loop.db, { network });
  });

  const decisions = (objectId: ObjectId, verdict: string) =>
    loop.db
      .selectFrom('decision')
      .selectAll()
      .where('object_id', '=', objectId)
      .where('verdict', 'like', verdict as never)
      .where('verdict', '<>', 'keep')
      .orderBy('decided_at', 'desc');

  return {
    network,
    get loop() {
      return loop;
    },
    get account() {
      return account;
    },
    wake: (campaignIds: readonly ObjectId[]) => wake(account.accountId, campaignIds),
    /** Wakes the optimizer for the account's campaign. */
    look: () => wake(account.accountId, [account.campaignId]),
    /** An ad set with a bid of $1.20 that has spent `perHour` dollars in each of three hours. */
    async loser(name = 'Zen C', perHour = 30): Promise<{ id: ObjectId; networkId: string }> {
      counter += 1;
      const networkId = `23850000000000${String(counter).padStart(4, '0')}-${account.suffix}`;
      const id = await seedObject(loop.db, account, { level: 'adset', networkId, name }, network);
      await spend(loop.db, account, id, perHour);
      return { id, networkId };
    },
    async strategy(text: string): Promise<void> {
      await seedStrategy(loop.db, { workspaceId: account.workspaceId, nowMs: account.nowMs, text });
    },
    /** The newest decision of an object that is not a keep, once there is one. */
    decisionOf: (objectId: ObjectId, verdict = '%') =>
      eventually('a decision', () => decisions(objectId, verdict).executeTakeFirst()),
    closedDecisionOf: (objectId: ObjectId, verdict = '%') =>
      eventually('a closed decision', () =>
        decisions(objectId, verdict).where('closed_at', 'is not', null).executeTakeFirst(),
      ),
    startedDecisionOf: (objectId: ObjectId) =>
      eventually('a started decision', () =>
        decisions(objectId, '%').where('workflow_started_at', 'is not', null).executeTakeFirst(),
      ),
    /** A decision by its id, once it is closed. */
    closed: (decisionId: string) =>
      eventually('the end of the decision', () =>
        loop.db
          .selectFrom('decision')
          .selectAll()
          .where('id', '=', decisionId)
          .where('closed_at', 'is not', null)
          .executeTakeFirst(),
      ),
    /** A keep with that reason, once it is stored. */
    keptBecause: (objectId: ObjectId, reason: string) =>
      eventually(`a keep with reason ${reason}`, () =>
        loop.db
          .selectFrom('decision')
          .selectAll()
          .where('object_id', '=', objectId)
          .where('verdict', '=', 'keep')
          .where('reason', '=', reason)
          .executeTakeFirst(),
      ),
    answer: (decisionId: string, given: ApprovalAnswer, updateId: string) =>
      loop.client.workflow
        .getHandle(WORKFLOW_ID.act(decisionId))
        .executeUpdate<string, [ApprovalAnswer]>(DECIDE_UPDATE, { args: [given], updateId }),
    actions: (decisionId: string) =>
      loop.db
        .selectFrom('action')
        .select('state')
        .where('decision_id', '=', decisionId)
        .orderBy('attempt')
        .execute(),
  };
}
