import { randomUUID } from 'node:crypto';
import { sql } from 'kysely';
import { expect, it } from 'vitest';
import { actBench, STOP_LOSS } from '../support/act-bench.ts';

const bench = actBench();

it('a decision that Temporal does not accept is closed with its words, and holds no other one up', async () => {
  const { id } = await bench.loser();
  await bench.strategy(STOP_LOSS('live'));
  await bench.look();
  const { id: done } = await bench.closedDecisionOf(id);
  /** The same decision once more, not started yet, with so many characters in its input. */
  const again = async (characters: number): Promise<string> => {
    const copy = randomUUID();
    await sql`
      insert into decision select (jsonb_populate_record(d, jsonb_build_object(
        'id', ${copy}::text, 'workflow_started_at', null, 'outcome', null, 'closed_at', null,
        'plan', jsonb_set(d.plan, '{changeWords}', to_jsonb(repeat('x', ${characters}::int)))))).*
      from decision d where d.id = ${done}`.execute(bench.loop.db);
    return copy;
  };
  const [refused, fine] = [await again(3_000_000), await again(100)];
  await bench.wake([]);
  expect(await bench.closed(fine)).toMatchObject({ outcome: 'already_so' });
  const closed = await bench.closed(refused);
  expect(closed).toMatchObject({ outcome: 'not_applied', workflow_started_at: null });
  expect(closed.outcome_detail).toContain('Temporal does not accept its workflow');
});

it('names of any length are shown as far as Temporal keeps them, and acted on', async () => {
  const { id, networkId } = await bench.loser(`Zen ${'🧘'.repeat(300)} | "quoted" \u0007`);
  await bench.strategy(STOP_LOSS('live'));
  await bench.look();
  expect(await bench.closedDecisionOf(id)).toMatchObject({ outcome: 'applied' });
  expect(bench.network.state.get(networkId)?.status).toBe('paused');
});
