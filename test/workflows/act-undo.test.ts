import { describe, expect, it } from 'vitest';
import { micros } from '../../src/core/money.ts';
import { storeUndo } from '../../src/db/follow-up.ts';
import { actBench, RAISE, STOP_LOSS } from '../support/act-bench.ts';
import { eventually } from '../support/loop.ts';

const bench = actBench();

describe('undo', () => {
  const undo = async (decisionId: string) => {
    const stored = await storeUndo(bench.loop.db, {
      decisionId,
      by: 'Ann',
      nowMs: bench.account.nowMs + 1_000,
      wallMs: Date.now(),
    });
    await bench.wake([]);
    return eventually('the end of the undo', async () =>
      bench.loop.db
        .selectFrom('decision')
        .selectAll()
        .where('id', '=', stored.id)
        .where('closed_at', 'is not', null)
        .executeTakeFirst(),
    );
  };

  it('puts the value back by a decision of its own, once', async () => {
    const { id, networkId } = await bench.loser();
    await bench.strategy(RAISE('live'));
    await bench.look();
    const { id: decisionId } = await bench.closedDecisionOf(id);
    expect(await undo(decisionId)).toMatchObject({
      outcome: 'applied',
      undoes: decisionId,
      to_value: '1200000',
    });
    expect(bench.network.state.get(networkId)?.bidMicros).toBe(1_200_000);
    await expect(undo(decisionId)).rejects.toThrow('undone already');
  });

  it('leaves a value that someone moved since', async () => {
    const { id, networkId } = await bench.loser();
    await bench.strategy(RAISE('live'));
    await bench.look();
    const { id: decisionId } = await bench.closedDecisionOf(id);
    const live = bench.network.state.get(networkId);
    if (live === undefined) throw new Error('no live twin');
    bench.network.state.set(networkId, { ...live, bidMicros: micros(2_000_000) });
    expect(await undo(decisionId)).toMatchObject({ outcome: 'superseded' });
    expect(bench.network.state.get(networkId)?.bidMicros).toBe(2_000_000);
  });

  it('has nothing to take back where nothing was changed', async () => {
    const { id } = await bench.loser();
    await bench.strategy(STOP_LOSS('dry-run'));
    await bench.look();
    await expect(undo((await bench.decisionOf(id)).id)).rejects.toThrow('changed nothing');
  });
});
