import { MockActivityEnvironment } from '@temporalio/testing';
import { describe, expect, it } from 'vitest';
import { createActNetworkActivities } from '../../activities/act.ts';
import type { ObjectId } from '../../src/core/object.ts';
import { WORKFLOW_ID } from '../../workflows/names.ts';
import { actBench, RAISE, STOP_LOSS } from '../support/act-bench.ts';
import { eventually } from '../support/loop.ts';

const bench = actBench();

describe('what is not done', () => {
  it('completes with the reason when the network refuses', async () => {
    const { id } = await bench.loser();
    bench.network.faults.push('refused');
    await bench.strategy(RAISE('live'));
    await bench.look();
    const decision = await bench.closedDecisionOf(id);
    expect(decision).toMatchObject({ outcome: 'network_refused' });
    expect(decision.outcome_detail).toContain('below the minimum');
    // A business refusal completes the workflow; failing is for what someone must look at.
    expect(await bench.loop.client.workflow.getHandle(WORKFLOW_ID.act(decision.id)).result()).toMatchObject({
      outcome: 'network_refused',
    });
    const reservation = await bench.loop.db
      .selectFrom('guardrail_reservation')
      .select('freed_at')
      .where('decision_id', '=', decision.id)
      .executeTakeFirst();
    expect(reservation?.freed_at).not.toBeNull();
  });

  const ASK = 'approval: { within: 1h, atDeadline: drop }';
  const close = (closed: object) =>
    bench.loop.db.updateTable('ad_account').set(closed).where('id', '=', bench.account.accountId).execute();

  it.each([
    ['halted', { halted_at: new Date(0), halt_reason: 'audit' }, 'audit'],
    ['writes_not_allowed', { writes_allowed: false }, 'account allow-writes'],
  ])('is what the account was closed to while it waited: %s', async (outcome, closed, words) => {
    const { id } = await bench.loser();
    await bench.strategy(STOP_LOSS('approve', ASK));
    await bench.look();
    const { id: decisionId } = await bench.startedDecisionOf(id);
    await close(closed);
    await bench.answer(decisionId, { verdict: 'approve', by: 'Ann' }, 'u1');
    const decision = await bench.closedDecisionOf(id);
    expect(decision).toMatchObject({ outcome });
    expect(decision.outcome_detail).toContain(words);
    expect(bench.network.writes).toEqual([]);
  });

  it('is what the account was closed to while the network was busy', async () => {
    const { id } = await bench.loser();
    // The network is busy for a moment: the next attempt finds the account halted.
    bench.network.faults.push('rate');
    bench.network.beforeWrite = async () => {
      await close({ halted_at: new Date(0), halt_reason: 'audit' });
    };
    await bench.strategy(STOP_LOSS('live'));
    await bench.look();
    expect(await bench.closedDecisionOf(id)).toMatchObject({ outcome: 'halted' });
    expect(bench.network.writes).toEqual([]);
  });

  it.each([
    ['halted', { halted_at: new Date(0), halt_reason: 'audit' }],
    ['writes_not_allowed', { writes_allowed: false }],
  ])('is what the account was closed to after its place was reserved: %s', async (outcome, closed) => {
    const { networkId } = await bench.loser();
    const network = createActNetworkActivities({
      db: bench.loop.db,
      networkOf: () => bench.network,
    } as never);
    await close(closed);
    const answer = await new MockActivityEnvironment().run(() =>
      network.applyChange({
        accountId: bench.account.accountId,
        network: 'fake',
        level: 'adset',
        objectNetworkId: networkId,
        change: { kind: 'pause' },
      } as never),
    );
    expect(answer).toMatchObject({ kind: 'closed', outcome });
    expect(bench.network.writes).toEqual([]);
  });

  it('is not even started while the account is halted, and says so once', async () => {
    const { id } = await bench.loser();
    await close({ halted_at: new Date(0), halt_reason: 'audit' });
    await bench.strategy(STOP_LOSS('live'));
    await bench.look();
    expect((await bench.keptBecause(id, 'halted')).sentence).toContain('audit');
    await bench.look();
    await new Promise((resolve) => setTimeout(resolve, 1_500));
    expect(bench.network.writes).toEqual([]);
    expect(
      await bench.loop.db.selectFrom('decision').select('verdict').where('object_id', '=', id).execute(),
    ).toEqual([{ verdict: 'keep' }]);
  });

  it('stays within the actions of a day, whoever asks', async () => {
    const ids: ObjectId[] = [];
    for (const name of ['Zen A', 'Zen B', 'Zen C']) ids.push((await bench.loser(name)).id);
    await bench.strategy(
      STOP_LOSS('live').replace(
        'maxShareOfSpendPaused: 100 %',
        'maxActionsPerDay: 2, maxShareOfSpendPaused: 100 %',
      ),
    );
    await bench.look();
    const kept = await eventually('the one that keeps', async () =>
      bench.loop.db
        .selectFrom('decision')
        .select('object_id')
        .where('object_id', 'in', ids)
        .where('reason', '=', 'max_actions_per_day')
        .executeTakeFirst(),
    );
    for (const id of ids.filter((one) => one !== kept.object_id))
      expect(await bench.closedDecisionOf(id)).toMatchObject({ outcome: 'applied' });
    expect(bench.network.writes).toHaveLength(2);
  });

  it('stores a dry run once and starts nothing', async () => {
    const { id } = await bench.loser();
    await bench.strategy(STOP_LOSS('dry-run'));
    await bench.look();
    const decision = await bench.decisionOf(id);
    expect(decision).toMatchObject({
      mode: 'dry-run',
      needs_workflow: false,
      workflow_started_at: null,
      verdict: 'pause',
    });
    await bench.look();
    await new Promise((resolve) => setTimeout(resolve, 1_500));
    expect(
      await bench.loop.db.selectFrom('decision').select('id').where('object_id', '=', id).execute(),
    ).toHaveLength(1);
    expect(bench.network.writes).toEqual([]);
  });
});
