import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { ApprovalAnswer } from '../../activities/contract.ts';
import { micros } from '../../src/core/money.ts';
import type { ObjectId } from '../../src/core/object.ts';
import { storeUndo } from '../../src/db/follow-up.ts';
import { createWakeOptimizer } from '../../src/runtime/wake-optimizer.ts';
import { DECIDE_UPDATE, TASK_QUEUE, WORKFLOW, WORKFLOW_ID } from '../../workflows/names.ts';
import { fakeNetwork } from '../support/fake-network.ts';
import { eventually, spend, testLoop, type TestLoop } from '../support/loop.ts';
import { seedAccount, type SeededAccount, seedObject } from '../support/seed-account.ts';
import { seedStrategy } from '../support/seed-strategy.ts';

const network = fakeNetwork();
let loop: TestLoop;
let account: SeededAccount;
let wake: ReturnType<typeof createWakeOptimizer>;

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

const STOP_LOSS = (mode: string, extra = '') => `
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
const RAISE = (mode: string, extra = '') => `
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

let counter = 0;
async function loser(name = 'Zen C', perHour = 30): Promise<{ id: ObjectId; networkId: string }> {
  counter += 1;
  const networkId = `23850000000000${String(counter).padStart(4, '0')}-${account.suffix}`;
  const id = await seedObject(loop.db, account, { level: 'adset', networkId, name }, network);
  await spend(loop.db, account, id, perHour);
  return { id, networkId };
}

async function strategy(text: string): Promise<void> {
  await seedStrategy(loop.db, { workspaceId: account.workspaceId, nowMs: account.nowMs, text });
}

async function look(): Promise<void> {
  await wake(account.accountId, [account.campaignId]);
}

async function decisionOf(objectId: ObjectId, verdict = '%') {
  return eventually('a decision', async () =>
    loop.db
      .selectFrom('decision')
      .selectAll()
      .where('object_id', '=', objectId)
      .where('verdict', 'like', verdict as never)
      .where('verdict', '<>', 'keep')
      .orderBy('decided_at', 'desc')
      .executeTakeFirst(),
  );
}

async function closedDecisionOf(objectId: ObjectId, verdict = '%') {
  return eventually('a closed decision', async () => {
    const row = await loop.db
      .selectFrom('decision')
      .selectAll()
      .where('object_id', '=', objectId)
      .where('verdict', 'like', verdict as never)
      .where('closed_at', 'is not', null)
      .orderBy('decided_at', 'desc')
      .executeTakeFirst();
    return row;
  });
}

describe('a decision that acts', () => {
  it('pauses the ad set at the network, reads it back and records it', async () => {
    const { id, networkId } = await loser();
    await strategy(STOP_LOSS('live'));
    await look();
    const decision = await closedDecisionOf(id);
    expect(decision).toMatchObject({
      outcome: 'applied',
      verdict: 'pause',
      rule: 'no purchase',
      mode: 'live',
    });
    expect(network.writes).toMatchObject([{ networkId, change: { kind: 'pause' } }]);
    const object = await loop.db
      .selectFrom('object')
      .selectAll()
      .where('id', '=', id)
      .executeTakeFirstOrThrow();
    expect(object.status).toBe('paused');
    const action = await loop.db
      .selectFrom('action')
      .selectAll()
      .where('decision_id', '=', decision.id)
      .execute();
    expect(action).toMatchObject([{ state: 'verified', attempt: 1, request_id: 'req-1' }]);
    expect(
      await loop.db.selectFrom('lease').selectAll().where('account_id', '=', account.accountId).execute(),
    ).toEqual([]);
    const described = await loop.client.workflow.getHandle(WORKFLOW_ID.act(decision.id)).describe();
    expect(described.type).toBe('pauseObject');
    expect(described.typedSearchAttributes.getAll().map(({ key, value }) => [key.name, value])).toEqual(
      expect.arrayContaining([
        ['BidNetwork', 'fake'],
        ['BidAdSet', 'Zen C'],
        ['BidRule', 'stop-loss / no purchase'],
        ['BidAction', 'pause'],
      ]),
    );
    expect(await described.staticSummary()).toContain('Zen C');
    expect(await described.staticDetails()).toContain('spend("today")');
  });

  it('raises a bid to an absolute value once, and rests', async () => {
    const { id, networkId } = await loser();
    await strategy(RAISE('live'));
    await look();
    expect(await closedDecisionOf(id)).toMatchObject({
      outcome: 'applied',
      from_value: '1200000',
      to_value: '1320000',
    });
    expect(network.state.get(networkId)?.bidMicros).toBe(1_320_000);
    await look();
    await new Promise((resolve) => setTimeout(resolve, 1_500));
    expect(network.writes).toHaveLength(1);
  });
});

describe('exactly once', () => {
  it('finds a write whose answer was lost and does not repeat it', async () => {
    const { id } = await loser();
    network.faults.push('timeout_after_acceptance');
    await strategy(STOP_LOSS('live'));
    await look();
    const decision = await closedDecisionOf(id);
    expect(decision.outcome).toBe('applied');
    expect(decision.outcome_detail).toContain('the answer was lost');
    expect(network.writes).toHaveLength(1);
    expect(
      await loop.db.selectFrom('action').select('state').where('decision_id', '=', decision.id).execute(),
    ).toEqual([{ state: 'verified' }]);
  });

  it('repeats a write that never arrived, after looking', async () => {
    const { id } = await loser();
    network.faults.push('timeout_before_acceptance');
    await strategy(STOP_LOSS('live'));
    await look();
    const decision = await closedDecisionOf(id);
    expect(decision.outcome).toBe('applied');
    expect(network.writes).toHaveLength(1);
    expect(
      await loop.db
        .selectFrom('action')
        .select('state')
        .where('decision_id', '=', decision.id)
        .orderBy('attempt')
        .execute(),
    ).toEqual([{ state: 'not_applied' }, { state: 'verified' }]);
  });

  it('looks up the write of a worker that never answers', async () => {
    const { id } = await loser();
    network.faults.push('hang_after_acceptance');
    await strategy(STOP_LOSS('live'));
    await look();
    expect((await closedDecisionOf(id)).outcome).toBe('applied');
    expect(network.writes).toHaveLength(1);
  });

  it('waits and repeats when the network is busy, keeping one place in the limits', async () => {
    const { id } = await loser();
    network.faults.push('rate');
    await strategy(STOP_LOSS('live'));
    await look();
    const decision = await closedDecisionOf(id);
    expect(decision.outcome).toBe('applied');
    expect(network.writes).toHaveLength(1);
    expect(
      await loop.db
        .selectFrom('guardrail_reservation')
        .select('freed_at')
        .where('decision_id', '=', decision.id)
        .execute(),
    ).toEqual([{ freed_at: null }]);
  });

  it('fails, for someone to look, when an accepted change never shows', async () => {
    const { id } = await loser();
    network.faults.push('accepted_unseen');
    await strategy(STOP_LOSS('live'));
    await look();
    const decision = await closedDecisionOf(id);
    expect(decision.outcome).toBe('unverified');
    const handle = loop.client.workflow.getHandle(WORKFLOW_ID.act(decision.id));
    await expect(handle.result()).rejects.toThrow();
    expect((await handle.describe()).status.name).toBe('FAILED');
  });
});

describe('what is not done', () => {
  it('completes with the reason when the network refuses', async () => {
    const { id } = await loser();
    network.faults.push('refused');
    await strategy(RAISE('live'));
    await look();
    const decision = await closedDecisionOf(id);
    expect(decision).toMatchObject({ outcome: 'network_refused' });
    expect(decision.outcome_detail).toContain('below the minimum');
    // A business refusal completes the workflow; failing is for what someone must look at.
    expect(await loop.client.workflow.getHandle(WORKFLOW_ID.act(decision.id)).result()).toMatchObject({
      outcome: 'network_refused',
    });
    const reservation = await loop.db
      .selectFrom('guardrail_reservation')
      .select('freed_at')
      .where('decision_id', '=', decision.id)
      .executeTakeFirst();
    expect(reservation?.freed_at).not.toBeNull();
  });

  it('holds still while the account is halted, and does not ask again at once', async () => {
    const { id } = await loser();
    await loop.db
      .updateTable('ad_account')
      .set({ halted_at: new Date(account.nowMs), halt_reason: 'audit' })
      .where('id', '=', account.accountId)
      .execute();
    await strategy(STOP_LOSS('live'));
    await look();
    expect(await closedDecisionOf(id)).toMatchObject({ outcome: 'halted' });
    await look();
    await new Promise((resolve) => setTimeout(resolve, 1_500));
    expect(network.writes).toEqual([]);
    const evaluation = await loop.db
      .selectFrom('last_evaluation')
      .select('objects')
      .where('account_id', '=', account.accountId)
      .executeTakeFirstOrThrow();
    expect(evaluation.objects).toMatchObject([{ verdict: 'pause', held: { by: 'recent_outcome' } }]);
  });

  it('says how to allow changes on a read-only account', async () => {
    const { id } = await loser();
    await loop.db
      .updateTable('ad_account')
      .set({ writes_allowed: false })
      .where('id', '=', account.accountId)
      .execute();
    await strategy(STOP_LOSS('live'));
    await look();
    const decision = await closedDecisionOf(id);
    expect(decision.outcome).toBe('writes_not_allowed');
    expect(decision.outcome_detail).toContain('account allow-writes');
  });

  it('stays within the actions of a day, whoever asks', async () => {
    const ids = [];
    for (const name of ['Zen A', 'Zen B', 'Zen C']) ids.push((await loser(name)).id);
    await strategy(
      STOP_LOSS('live').replace(
        'maxShareOfSpendPaused: 100 %',
        'maxActionsPerDay: 2, maxShareOfSpendPaused: 100 %',
      ),
    );
    await look();
    const outcomes = await Promise.all(ids.map(async (id) => (await closedDecisionOf(id)).outcome));
    expect(outcomes.toSorted((a, b) => String(a).localeCompare(String(b)))).toEqual([
      'applied',
      'applied',
      'guardrail',
    ]);
    expect(network.writes).toHaveLength(2);
  });

  it('stores a dry run once and starts nothing', async () => {
    const { id } = await loser();
    await strategy(STOP_LOSS('dry-run'));
    await look();
    const decision = await decisionOf(id);
    expect(decision).toMatchObject({
      mode: 'dry-run',
      needs_workflow: false,
      workflow_started_at: null,
      verdict: 'pause',
    });
    await look();
    await new Promise((resolve) => setTimeout(resolve, 1_500));
    expect(
      await loop.db.selectFrom('decision').select('id').where('object_id', '=', id).execute(),
    ).toHaveLength(1);
    expect(network.writes).toEqual([]);
  });
});

describe('approval', () => {
  const answer = (decisionId: string, given: ApprovalAnswer, updateId: string) =>
    loop.client.workflow
      .getHandle(WORKFLOW_ID.act(decisionId))
      .executeUpdate<string, [ApprovalAnswer]>(DECIDE_UPDATE, { args: [given], updateId });
  const started = async (id: ObjectId) => {
    const decision = await decisionOf(id);
    return eventually('its workflow', async () =>
      loop.db
        .selectFrom('decision')
        .selectAll()
        .where('id', '=', decision.id)
        .where('workflow_started_at', 'is not', null)
        .executeTakeFirst(),
    );
  };

  it('waits for a person and acts on approval; the same answer again is the same answer', async () => {
    const { id } = await loser();
    await strategy(STOP_LOSS('approve', 'approval: { within: 1h, atDeadline: drop }'));
    await look();
    const { id: decisionId } = await started(id);
    await expect(answer(decisionId, { verdict: 'approve', by: '' }, 'u0')).rejects.toThrow();
    expect(network.writes).toEqual([]);
    expect(await answer(decisionId, { verdict: 'approve', by: 'Ann' }, 'u1')).toBe('approved');
    expect(await closedDecisionOf(id)).toMatchObject({
      outcome: 'applied',
      outcome_detail: expect.stringContaining('Ann'),
    });
    expect(await answer(decisionId, { verdict: 'approve', by: 'Ann' }, 'u1')).toBe('approved');
    expect(network.writes).toHaveLength(1);
  });

  it('records a rejection and changes nothing', async () => {
    const { id } = await loser();
    await strategy(STOP_LOSS('approve', 'approval: { within: 1h, atDeadline: act }'));
    await look();
    const { id: decisionId } = await started(id);
    await answer(decisionId, { verdict: 'reject', by: 'Bob', comment: 'sale tomorrow' }, 'u1');
    expect(await closedDecisionOf(id)).toMatchObject({
      outcome: 'rejected',
      outcome_detail: expect.stringContaining('sale tomorrow'),
    });
    expect(network.writes).toEqual([]);
  });

  it.each([
    ['drop', 'expired', 0],
    ['act', 'applied', 1],
  ])('does what the strategy says at the deadline: %s', async (atDeadline, outcome, writes) => {
    const { id } = await loser();
    await strategy(STOP_LOSS('approve', `approval: { within: 1s, atDeadline: ${atDeadline} }`));
    await look();
    expect(await closedDecisionOf(id)).toMatchObject({ outcome });
    expect(network.writes).toHaveLength(writes);
  });

  it('lets an answer and the deadline race: one of them, never both', async () => {
    const { id } = await loser();
    await strategy(STOP_LOSS('approve', 'approval: { within: 1s, atDeadline: drop }'));
    await look();
    const { id: decisionId } = await started(id);
    await new Promise((resolve) => setTimeout(resolve, 850));
    const answered = await answer(decisionId, { verdict: 'approve', by: 'Ann' }, 'u1').then(
      () => true,
      () => false,
    );
    const decision = await closedDecisionOf(id);
    expect(decision.outcome).toBe(answered ? 'applied' : 'expired');
    expect(network.writes).toHaveLength(answered ? 1 : 0);
  });

  it('leaves a value that someone else moved while it waited', async () => {
    const { id, networkId } = await loser();
    await strategy(RAISE('approve', 'approval: { within: 1h, atDeadline: drop }'));
    await look();
    const { id: decisionId } = await started(id);
    const live = network.state.get(networkId);
    if (live === undefined) throw new Error('no live twin');
    network.state.set(networkId, { ...live, bidMicros: micros(2_000_000) });
    await answer(decisionId, { verdict: 'approve', by: 'Ann' }, 'u1');
    const decision = await closedDecisionOf(id);
    expect(decision).toMatchObject({ outcome: 'superseded' });
    expect(decision.outcome_detail).toContain(
      'someone else moved it: bid $1.20 when this was decided, bid $2.00 now',
    );
    expect(network.writes).toEqual([]);
    expect(
      await loop.db.selectFrom('object').select('bid_micros').where('id', '=', id).executeTakeFirst(),
    ).toEqual({ bid_micros: 2_000_000 });
  });

  it('lets a pause take the place of a bid change that waits', async () => {
    const { id } = await loser();
    await strategy(RAISE('approve', 'approval: { within: 1h, atDeadline: drop }'));
    await look();
    const waiting = await started(id);
    await strategy(STOP_LOSS('live'));
    await look();
    expect(await closedDecisionOf(id, 'pause')).toMatchObject({ outcome: 'applied' });
    const overtaken = await eventually('the end of the waiting change', async () =>
      loop.db
        .selectFrom('decision')
        .selectAll()
        .where('id', '=', waiting.id)
        .where('closed_at', 'is not', null)
        .executeTakeFirst(),
    );
    expect(overtaken.outcome).toBe('superseded');
  });
});

describe('undo', () => {
  const undo = async (decisionId: string) => {
    const stored = await storeUndo(loop.db, {
      decisionId,
      by: 'Ann',
      nowMs: account.nowMs + 1_000,
      wallMs: Date.now(),
    });
    await wake(account.accountId, []);
    return eventually('the end of the undo', async () =>
      loop.db
        .selectFrom('decision')
        .selectAll()
        .where('id', '=', stored.id)
        .where('closed_at', 'is not', null)
        .executeTakeFirst(),
    );
  };

  it('puts the value back by a decision of its own, once', async () => {
    const { id, networkId } = await loser();
    await strategy(RAISE('live'));
    await look();
    const { id: decisionId } = await closedDecisionOf(id);
    expect(await undo(decisionId)).toMatchObject({
      outcome: 'applied',
      undoes: decisionId,
      to_value: '1200000',
    });
    expect(network.state.get(networkId)?.bidMicros).toBe(1_200_000);
    await expect(undo(decisionId)).rejects.toThrow('undone already');
  });

  it('leaves a value that someone moved since', async () => {
    const { id, networkId } = await loser();
    await strategy(RAISE('live'));
    await look();
    const { id: decisionId } = await closedDecisionOf(id);
    const live = network.state.get(networkId);
    if (live === undefined) throw new Error('no live twin');
    network.state.set(networkId, { ...live, bidMicros: micros(2_000_000) });
    expect(await undo(decisionId)).toMatchObject({ outcome: 'superseded' });
    expect(network.state.get(networkId)?.bidMicros).toBe(2_000_000);
  });

  it('has nothing to take back where nothing was changed', async () => {
    const { id } = await loser();
    await strategy(STOP_LOSS('dry-run'));
    await look();
    await expect(undo((await decisionOf(id)).id)).rejects.toThrow('changed nothing');
  });
});

describe('a lease', () => {
  /** A lease of an earlier decision of the object, held by a workflow of that id. */
  async function leased(workflowId: string) {
    const { id, networkId } = await loser();
    await strategy(STOP_LOSS('dry-run'));
    await look();
    const holder = await decisionOf(id);
    await loop.db
      .insertInto('lease')
      .values({
        account_id: account.accountId,
        level: 'adset',
        network_id: networkId,
        decision_id: holder.id,
        workflow_id: workflowId,
        taken_at: new Date(account.nowMs),
      })
      .execute();
    await strategy(STOP_LOSS('live'));
    return id;
  }

  it('lets one decision at a time act on an object', async () => {
    // Any workflow that runs will do as its holder.
    const id = await leased(WORKFLOW_ID.optimize(account.accountId));
    await look();
    expect(await closedDecisionOf(id)).toMatchObject({ outcome: 'target_busy', mode: 'live' });
    expect(network.writes).toEqual([]);
  });

  it('is swept by the next full pass when its workflow is closed', async () => {
    const id = await leased('act:ended-long-ago');
    await loop.client.workflow.execute(WORKFLOW.fullPass, {
      workflowId: `pass-${account.suffix}`,
      taskQueue: TASK_QUEUE,
      args: [{ accountId: account.accountId }],
    });
    expect(await closedDecisionOf(id)).toMatchObject({ outcome: 'applied' });
  });
});
