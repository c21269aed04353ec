import { describe, expect, it } from 'vitest';
import { micros } from '../../src/core/money.ts';
import { actBench, RAISE, STOP_LOSS } from '../support/act-bench.ts';
import { eventually } from '../support/loop.ts';

const bench = actBench();

describe('approval', () => {
  it('waits for a person and acts on approval; the same answer again is the same answer', async () => {
    const { id } = await bench.loser();
    await bench.strategy(STOP_LOSS('approve', 'approval: { within: 1h, atDeadline: drop }'));
    await bench.look();
    const { id: decisionId } = await bench.startedDecisionOf(id);
    await expect(bench.answer(decisionId, { verdict: 'approve', by: '' }, 'u0')).rejects.toThrow();
    expect(bench.network.writes).toEqual([]);
    expect(await bench.answer(decisionId, { verdict: 'approve', by: 'Ann' }, 'u1')).toBe('approved');
    expect(await bench.closedDecisionOf(id)).toMatchObject({
      outcome: 'applied',
      outcome_detail: expect.stringContaining('Ann'),
    });
    expect(await bench.answer(decisionId, { verdict: 'approve', by: 'Ann' }, 'u1')).toBe('approved');
    expect(bench.network.writes).toHaveLength(1);
  });

  it('records a rejection and changes nothing', async () => {
    const { id } = await bench.loser();
    await bench.strategy(STOP_LOSS('approve', 'approval: { within: 1h, atDeadline: act }'));
    await bench.look();
    const { id: decisionId } = await bench.startedDecisionOf(id);
    await bench.answer(decisionId, { verdict: 'reject', by: 'Bob', comment: 'sale tomorrow' }, 'u1');
    expect(await bench.closedDecisionOf(id)).toMatchObject({
      outcome: 'rejected',
      outcome_detail: expect.stringContaining('sale tomorrow'),
    });
    expect(bench.network.writes).toEqual([]);
  });

  it.each([
    ['drop', 'expired', 0],
    ['act', 'applied', 1],
  ])('does what the strategy says at the deadline: %s', async (atDeadline, outcome, writes) => {
    const { id } = await bench.loser();
    await bench.strategy(STOP_LOSS('approve', `approval: { within: 1s, atDeadline: ${atDeadline} }`));
    await bench.look();
    expect(await bench.closedDecisionOf(id)).toMatchObject({ outcome });
    expect(bench.network.writes).toHaveLength(writes);
  });

  it('lets an answer and the deadline race: one of them, never both', async () => {
    const { id } = await bench.loser();
    await bench.strategy(STOP_LOSS('approve', 'approval: { within: 1s, atDeadline: drop }'));
    await bench.look();
    const { id: decisionId } = await bench.startedDecisionOf(id);
    await new Promise((resolve) => setTimeout(resolve, 850));
    const answered = await bench.answer(decisionId, { verdict: 'approve', by: 'Ann' }, 'u1').then(
      () => true,
      () => false,
    );
    const decision = await bench.closedDecisionOf(id);
    expect(decision.outcome).toBe(answered ? 'applied' : 'expired');
    expect(bench.network.writes).toHaveLength(answered ? 1 : 0);
  });

  it('leaves a value that someone else moved while it waited', async () => {
    const { id, networkId } = await bench.loser();
    await bench.strategy(RAISE('approve', 'approval: { within: 1h, atDeadline: drop }'));
    await bench.look();
    const { id: decisionId } = await bench.startedDecisionOf(id);
    const live = bench.network.state.get(networkId);
    if (live === undefined) throw new Error('no live twin');
    bench.network.state.set(networkId, { ...live, bidMicros: micros(2_000_000) });
    await bench.answer(decisionId, { verdict: 'approve', by: 'Ann' }, 'u1');
    const decision = await bench.closedDecisionOf(id);
    expect(decision).toMatchObject({ outcome: 'superseded' });
    expect(decision.outcome_detail).toContain(
      'someone else moved it: bid $1.20 when this was decided, bid $2.00 now',
    );
    expect(bench.network.writes).toEqual([]);
    expect(
      await bench.loop.db.selectFrom('object').select('bid_micros').where('id', '=', id).executeTakeFirst(),
    ).toEqual({ bid_micros: 2_000_000 });
  });

  it('lets a pause take the place of a bid change that waits', async () => {
    const { id } = await bench.loser();
    await bench.strategy(RAISE('approve', 'approval: { within: 1h, atDeadline: drop }'));
    await bench.look();
    const waiting = await bench.startedDecisionOf(id);
    await bench.strategy(STOP_LOSS('live'));
    await bench.look();
    expect(await bench.closedDecisionOf(id, 'pause')).toMatchObject({ outcome: 'applied' });
    const overtaken = await eventually('the end of the waiting change', async () =>
      bench.loop.db
        .selectFrom('decision')
        .selectAll()
        .where('id', '=', waiting.id)
        .where('closed_at', 'is not', null)
        .executeTakeFirst(),
    );
    expect(overtaken.outcome).toBe('superseded');
  });
});
