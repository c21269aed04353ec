import { randomUUID } from 'node:crypto';
import { sql } from 'kysely';
import { describe, expect, it } from 'vitest';
import { TASK_QUEUE, WORKFLOW, WORKFLOW_ID } from '../../workflows/names.ts';
import { BID_OUTCOME } from '../../workflows/search-attributes.ts';
import { actBench, STOP_LOSS } from '../support/act-bench.ts';
import { eventually } from '../support/loop.ts';

const bench = actBench();

describe('a lease', () => {
  /** A lease of an earlier decision of the object, held by a workflow of that id. */
  async function leased(workflowId: string) {
    const { id, networkId } = await bench.loser();
    await bench.strategy(STOP_LOSS('dry-run'));
    await bench.look();
    const holder = await bench.decisionOf(id);
    await bench.loop.db
      .insertInto('lease')
      .values({
        account_id: bench.account.accountId,
        level: 'adset',
        network_id: networkId,
        decision_id: holder.id,
        workflow_id: workflowId,
        taken_at: new Date(bench.account.nowMs),
      })
      .execute();
    await bench.strategy(STOP_LOSS('live'));
    return id;
  }

  it('lets one decision at a time act on an object', async () => {
    // Any workflow that runs will do as its holder.
    const id = await leased(WORKFLOW_ID.optimize(bench.account.accountId));
    await bench.look();
    expect(await bench.closedDecisionOf(id)).toMatchObject({ outcome: 'target_busy', mode: 'live' });
    expect(bench.network.writes).toEqual([]);
  });

  it('is swept by the next full pass when its workflow is closed', async () => {
    const id = await leased('act:ended-long-ago');
    await fullPass();
    expect(await bench.closedDecisionOf(id)).toMatchObject({ outcome: 'applied' });
  });
});

/** One look at everything, as the schedule makes it. */
const fullPass = () =>
  bench.loop.client.workflow.execute(WORKFLOW.fullPass, {
    workflowId: `pass-${randomUUID()}`,
    taskQueue: TASK_QUEUE,
    args: [{ accountId: bench.account.accountId }],
  });

describe('a workflow that was ended by hand', () => {
  it('leaves no decision open for ever', async () => {
    const { id } = await bench.loser();
    await bench.strategy(STOP_LOSS('approve', 'approval: { within: 1h, atDeadline: drop }'));
    await bench.look();
    const decision = await bench.startedDecisionOf(id);
    await bench.loop.client.workflow.getHandle(WORKFLOW_ID.act(decision.id)).terminate('test');
    await fullPass();
    expect(await bench.closed(decision.id)).toMatchObject({ outcome: 'cancelled' });
  });

  it('whose write nobody recorded is for someone to look at, and keeps its place in the limits', async () => {
    const { id } = await bench.loser();
    bench.network.faults.push('hang_after_acceptance');
    await bench.strategy(STOP_LOSS('live'));
    await bench.look();
    await eventually('the write', () => Promise.resolve(bench.network.writes.length > 0));
    const decision = await bench.startedDecisionOf(id);
    await bench.loop.client.workflow.getHandle(WORKFLOW_ID.act(decision.id)).terminate('test');
    await fullPass();
    expect(await bench.closed(decision.id)).toMatchObject({ outcome: 'unverified' });
    expect(
      await bench.loop.db
        .selectFrom('guardrail_reservation')
        .select('freed_at')
        .where('decision_id', '=', decision.id)
        .execute(),
    ).toEqual([{ freed_at: null }]);
    expect(
      await bench.loop.db.selectFrom('lease').selectAll().where('decision_id', '=', decision.id).execute(),
    ).toEqual([]);
  });
});

describe('a server that was replaced', () => {
  it('does not leave a pause standing that should have ended', async () => {
    const { id, networkId } = await bench.loser();
    await bench.strategy(STOP_LOSS('live').replace('pause: true', 'pause: { until: 1h }'));
    await bench.look();
    const decision = await bench.closedDecisionOf(id);
    // As if its workflow had never been: the pause is over, and Temporal knows nothing of it.
    const lost = randomUUID();
    await sql`
      with moved as (
        insert into decision select (jsonb_populate_record(d, jsonb_build_object(
          'id', ${lost}::text, 'until', ${new Date(bench.account.nowMs)}::timestamptz,
          'plan', jsonb_set(d.plan, '{change,untilMs}', to_jsonb(${bench.account.nowMs}::bigint))))).*
        from decision d where d.id = ${decision.id} returning id)
      select id from moved`.execute(bench.loop.db);
    await sql`update decision set until = null where id = ${decision.id}`.execute(bench.loop.db);
    await fullPass();
    await eventually('the resume', () =>
      Promise.resolve(bench.network.state.get(networkId)?.status === 'active'),
    );
  });
});

describe('cancelling', () => {
  it('during a write waits for what it came to, and the record says so', async () => {
    const { id } = await bench.loser();
    await bench.strategy(STOP_LOSS('live'));
    bench.network.beforeWrite = async () => {
      const decision = await bench.decisionOf(id);
      await bench.loop.client.workflow.getHandle(WORKFLOW_ID.act(decision.id)).cancel();
      await new Promise((resolve) => setTimeout(resolve, 500));
    };
    await bench.look();
    const decision = await bench.closedDecisionOf(id);
    expect(decision.outcome).toBe('applied');
    expect(await bench.actions(decision.id)).toEqual([{ state: 'verified' }]);
    const handle = bench.loop.client.workflow.getHandle(WORKFLOW_ID.act(decision.id));
    await handle.result().catch(() => undefined);
    const outcome = (await handle.describe()).typedSearchAttributes.get(BID_OUTCOME);
    expect(outcome).toBe('applied');
  });

  it('while the effect is waited for leaves the record as it is', async () => {
    const { id } = await bench.loser();
    await bench.strategy(STOP_LOSS('live'));
    await bench.look();
    const decision = await bench.closedDecisionOf(id);
    const handle = bench.loop.client.workflow.getHandle(WORKFLOW_ID.act(decision.id));
    await eventually(
      'the outcome in Temporal',
      async () => (await handle.describe()).typedSearchAttributes.get(BID_OUTCOME) === 'applied',
    );
    await handle.cancel();
    await handle.result().catch(() => undefined);
    const described = await handle.describe();
    expect(described.status.name).toBe('CANCELLED');
    expect(described.typedSearchAttributes.get(BID_OUTCOME)).toBe('applied');
    expect(described.memo?.['outcome']).toBe('applied');
  });

  it('before the write changes nothing and leaves no lease', async () => {
    const { id } = await bench.loser();
    bench.network.faults.push('rate');
    bench.network.beforeWrite = async () => {
      const decision = await bench.decisionOf(id);
      await bench.loop.client.workflow.getHandle(WORKFLOW_ID.act(decision.id)).cancel();
    };
    await bench.strategy(STOP_LOSS('live'));
    await bench.look();
    const decision = await bench.closedDecisionOf(id);
    expect(decision.outcome).toBe('cancelled');
    expect(bench.network.writes).toEqual([]);
    expect(
      await bench.loop.db.selectFrom('lease').selectAll().where('decision_id', '=', decision.id).execute(),
    ).toEqual([]);
  });
});
