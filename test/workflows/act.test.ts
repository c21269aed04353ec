import { describe, expect, it } from 'vitest';
import { WORKFLOW_ID } from '../../workflows/names.ts';
import { actBench, RAISE, STOP_LOSS } from '../support/act-bench.ts';

const bench = actBench();

describe('a decision that acts', () => {
  it('pauses the ad set at the network, reads it back and records it', async () => {
    const { id, networkId } = await bench.loser();
    await bench.strategy(STOP_LOSS('live'));
    await bench.look();
    const decision = await bench.closedDecisionOf(id);
    expect(decision).toMatchObject({
      outcome: 'applied',
      verdict: 'pause',
      rule: 'no purchase',
      mode: 'live',
    });
    expect(bench.network.writes).toMatchObject([{ networkId, change: { kind: 'pause' } }]);
    const object = await bench.loop.db
      .selectFrom('object')
      .selectAll()
      .where('id', '=', id)
      .executeTakeFirstOrThrow();
    expect(object.status).toBe('paused');
    const action = await bench.loop.db
      .selectFrom('action')
      .selectAll()
      .where('decision_id', '=', decision.id)
      .execute();
    expect(action).toMatchObject([{ state: 'verified', attempt: 1, request_id: 'req-1' }]);
    expect(
      await bench.loop.db
        .selectFrom('lease')
        .selectAll()
        .where('account_id', '=', bench.account.accountId)
        .execute(),
    ).toEqual([]);
    const described = await bench.loop.client.workflow.getHandle(WORKFLOW_ID.act(decision.id)).describe();
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
    const details = await described.staticDetails();
    expect(details).toContain('spend("today")');
    // Two bare dollar signs would be a formula to Temporal UI.
    for (const text of [details, await described.staticSummary()])
      expect(text).toMatch(/^[^$]*(\\\$[^$]*)+$/);
  });

  it('raises a bid to an absolute value once, and rests', async () => {
    const { id, networkId } = await bench.loser();
    await bench.strategy(RAISE('live'));
    await bench.look();
    expect(await bench.closedDecisionOf(id)).toMatchObject({
      outcome: 'applied',
      from_value: '1200000',
      to_value: '1320000',
    });
    expect(bench.network.state.get(networkId)?.bidMicros).toBe(1_320_000);
    await bench.look();
    await new Promise((resolve) => setTimeout(resolve, 1_500));
    expect(bench.network.writes).toHaveLength(1);
  });
});

describe('exactly once', () => {
  it('finds a write whose answer was lost and does not repeat it', async () => {
    const { id } = await bench.loser();
    bench.network.faults.push('timeout_after_acceptance');
    await bench.strategy(STOP_LOSS('live'));
    await bench.look();
    const decision = await bench.closedDecisionOf(id);
    expect(decision.outcome).toBe('applied');
    expect(decision.outcome_detail).toContain('the answer was lost');
    expect(bench.network.writes).toHaveLength(1);
    expect(
      await bench.loop.db
        .selectFrom('action')
        .select('state')
        .where('decision_id', '=', decision.id)
        .execute(),
    ).toEqual([{ state: 'verified' }]);
  });

  it('repeats a write that never arrived, after looking', async () => {
    const { id } = await bench.loser();
    bench.network.faults.push('timeout_before_acceptance');
    await bench.strategy(STOP_LOSS('live'));
    await bench.look();
    const decision = await bench.closedDecisionOf(id);
    expect(decision.outcome).toBe('applied');
    expect(bench.network.writes).toHaveLength(1);
    expect(
      await bench.loop.db
        .selectFrom('action')
        .select('state')
        .where('decision_id', '=', decision.id)
        .orderBy('attempt')
        .execute(),
    ).toEqual([{ state: 'not_applied' }, { state: 'verified' }]);
  });

  it('looks up the write of a worker that never answers', async () => {
    const { id } = await bench.loser();
    bench.network.faults.push('hang_after_acceptance');
    await bench.strategy(STOP_LOSS('live'));
    await bench.look();
    expect((await bench.closedDecisionOf(id)).outcome).toBe('applied');
    expect(bench.network.writes).toHaveLength(1);
  });

  it('waits and repeats when the network is busy, keeping one place in the limits', async () => {
    const { id } = await bench.loser();
    bench.network.faults.push('rate');
    await bench.strategy(STOP_LOSS('live'));
    await bench.look();
    const decision = await bench.closedDecisionOf(id);
    expect(decision.outcome).toBe('applied');
    expect(bench.network.writes).toHaveLength(1);
    expect(
      await bench.loop.db
        .selectFrom('guardrail_reservation')
        .select('freed_at')
        .where('decision_id', '=', decision.id)
        .execute(),
    ).toEqual([{ freed_at: null }]);
  });

  it('fails, for someone to look, when an accepted change never shows', async () => {
    const { id } = await bench.loser();
    bench.network.faults.push('accepted_unseen');
    await bench.strategy(STOP_LOSS('live'));
    await bench.look();
    const decision = await bench.closedDecisionOf(id);
    expect(decision.outcome).toBe('unverified');
    const handle = bench.loop.client.workflow.getHandle(WORKFLOW_ID.act(decision.id));
    await expect(handle.result()).rejects.toThrow();
    expect((await handle.describe()).status.name).toBe('FAILED');
  });
});
