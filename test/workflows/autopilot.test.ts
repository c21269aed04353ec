import { sql } from 'kysely';
import { describe, expect, it } from 'vitest';
import { micros } from '../../src/core/money.ts';
import type { ObjectId } from '../../src/core/object.ts';
import { storeUndo } from '../../src/db/follow-up.ts';
import { drawOf } from '../../src/db/holdout.ts';
import { actBench } from '../support/act-bench.ts';
import { eventually, spend } from '../support/loop.ts';
import { HOUR_MS, seedObject } from '../support/seed-account.ts';

const bench = actBench();

/** Careful: evidence of 20 : 1, so that probation comes well before a pause. */
const PILOT = `
version: 1
strategy: pilot
scope: { network: fake, level: adset }
autopilot: { event: purchase, cpa: 30 USD, caution: careful, holdout: 0 % }
mode: live
guardrails: { maxShareOfSpendPaused: 100 % }
`;
const BUDGET = 100_000_000;
let counter = 0;

/** An ad set under automatic bidding with $100 a day that has spent `perHour` dollars in each of three hours. */
async function adset(perHour: number): Promise<{ id: ObjectId; networkId: string }> {
  counter += 1;
  const networkId = `23860000000000${String(counter).padStart(4, '0')}-${bench.account.suffix}`;
  const id = await seedObject(
    bench.loop.db,
    bench.account,
    { level: 'adset', networkId, name: `Zen ${counter}`, bidStrategy: 'auto', bidMicros: null },
    bench.network,
  );
  await spend(bench.loop.db, bench.account, id, perHour);
  return { id, networkId };
}

/** Purchases of clicks in the newest reported hour. */
async function buy(objectId: ObjectId, purchases: number): Promise<void> {
  const hour = new Date(bench.account.asOfMs - HOUR_MS);
  await sql`
    insert into conversion_hour (account_id, object_id, event, event_type, status, hour, conversions, value_micros)
    values (${bench.account.accountId}, ${objectId}, 'purchase', 'event', 'approved', ${hour}, ${purchases}, 0)
    on conflict (object_id, event, event_type, status, hour)
      do update set conversions = conversion_hour.conversions + excluded.conversions`.execute(bench.loop.db);
}

/** An hour goes by, and the network reports it. */
async function anHourLater(): Promise<void> {
  const { db } = bench.loop;
  const { workspaceId, accountId } = bench.account;
  await sql`update workspace set clock_origin = clock_origin + interval '1 hour' where id = ${workspaceId}`.execute(
    db,
  );
  await sql`update ad_account set spend_as_of = spend_as_of + interval '1 hour' where id = ${accountId}`.execute(
    db,
  );
}

const budgetOf = (networkId: string) => bench.network.state.get(networkId)?.dailyBudgetMicros;
const statusOf = (networkId: string) => bench.network.state.get(networkId)?.status;

async function onProbation(): Promise<{ id: ObjectId; networkId: string; decisionId: string }> {
  const one = await adset(100);
  await bench.strategy(PILOT);
  await bench.look();
  const decision = await bench.closedDecisionOf(one.id);
  expect(decision).toMatchObject({ verdict: 'set_budget', rule: 'autopilot: probation', outcome: 'applied' });
  expect(budgetOf(one.networkId)).toBeLessThan(BUDGET);
  return { ...one, decisionId: decision.id };
}

/** The newest decision of an object after another one, once it is closed. */
const nextDecision = (objectId: ObjectId, after: string) =>
  eventually('the next decision', async () => {
    const found = await bench.closedDecisionOf(objectId);
    return found.id === after ? undefined : found;
  });

describe("the autopilot's probation", () => {
  it('takes the budget down and, when late purchases come, gives back exactly what it took', async () => {
    const { id, networkId, decisionId } = await onProbation();
    const lowered = budgetOf(networkId);
    await buy(id, 8);
    await anHourLater();
    await bench.look();
    expect(await nextDecision(id, decisionId)).toMatchObject({
      verdict: 'set_budget',
      rule: 'autopilot: end probation',
      from_value: String(lowered),
      to_value: String(BUDGET),
      outcome: 'applied',
    });
    expect(budgetOf(networkId)).toBe(BUDGET);
  });

  it('says in its record what was seen, and shows the stage in the last evaluation', async () => {
    const { id, decisionId } = await onProbation();
    await anHourLater();
    await bench.look();
    const stored = await bench.loop.db
      .selectFrom('decision')
      .select(['sentence', 'evidence', 'plan'])
      .where('id', '=', decisionId)
      .executeTakeFirstOrThrow();
    expect(stored.sentence).toMatch(/no purchase where \d(\.\d)? were due at target/);
    expect(stored.evidence).toMatchObject({
      output: { judgement: { stageBefore: 'normal', stageAfter: 'probation', fullMicros: BUDGET } },
    });
    const details = (stored.plan as { readonly details?: string } | null)?.details ?? '';
    expect(details).toContain('One conversion may cost');
    const entry = await eventually('an evaluation on probation', async () => {
      const { rows } = await sql<{ pilot: { stage: string; evidence: number; needed: number } | null }>`
        select e->'pilot' as pilot from last_evaluation l cross join lateral jsonb_array_elements(l.objects) e
        where (e->>'objectId')::bigint = ${id}`.execute(bench.loop.db);
      const pilot = rows[0]?.pilot;
      return pilot?.stage === 'probation' ? pilot : undefined;
    });
    expect(entry.needed).toBe(20);
    expect(entry.evidence).toBeGreaterThan(1);
    expect(entry.evidence).toBeLessThan(20);
  });

  it('never restores over a budget that somebody else has set meanwhile', async () => {
    const { id, networkId, decisionId } = await onProbation();
    const theirs = micros(60_000_000);
    const live = bench.network.state.get(networkId);
    if (live === undefined) throw new Error('no live twin');
    bench.network.state.set(networkId, { ...live, dailyBudgetMicros: theirs });
    await buy(id, 8);
    await anHourLater();
    await bench.look();
    // What was known here is out of date: the comparison with the live value stops the write.
    const stopped = await nextDecision(id, decisionId);
    expect(stopped).toMatchObject({ rule: 'autopilot: end probation', outcome: 'superseded' });
    expect(budgetOf(networkId)).toBe(theirs);
    // And once it is known, the value is theirs: there is no probation to end.
    await bench.loop.db
      .updateTable('object')
      .set({ daily_budget_micros: theirs })
      .where('id', '=', id)
      .execute();
    await anHourLater();
    await bench.look();
    await bench.keptBecause(id, 'on_course');
    expect(budgetOf(networkId)).toBe(theirs);
  });

  it('can be undone by a person, and is not done again right away', async () => {
    const { id, networkId, decisionId } = await onProbation();
    const undo = await storeUndo(bench.loop.db, {
      decisionId,
      by: 'Ann',
      nowMs: bench.account.nowMs + 60_000,
      wallMs: Date.now(),
    });
    await bench.wake([]);
    expect(await bench.closed(undo.id)).toMatchObject({ outcome: 'applied', to_value: String(BUDGET) });
    expect(budgetOf(networkId)).toBe(BUDGET);
    const writes = bench.network.writes.length;
    await bench.look();
    await new Promise((resolve) => setTimeout(resolve, 1_500));
    expect(bench.network.writes.length).toBe(writes);
    expect((await bench.closedDecisionOf(id)).id).toBe(undo.id);
  });

  it('counts as paused with the part it takes away: it waits where guardrails leave no room for that', async () => {
    const one = await adset(100);
    await bench.strategy(PILOT.replace('maxShareOfSpendPaused: 100 %', 'maxShareOfSpendPaused: 50 %'));
    await bench.look();
    const kept = await bench.keptBecause(one.id, 'max_share_of_spend_paused');
    expect(kept.sentence).toMatch(
      /with this probation \d\d(\.\d)? % of the account's daily spend would be paused/,
    );
    expect(bench.network.writes).toEqual([]);

    const { id } = await onProbation();
    const reserved = await bench.loop.db
      .selectFrom('guardrail_reservation')
      .select('spend_share')
      .where('object_id', '=', id)
      .executeTakeFirstOrThrow();
    const lowered = budgetOf((await networkIdOf(id)) ?? '') ?? 0;
    // The two ad sets have spent alike: half of the account's spend is this one's.
    expect(Number(reserved.spend_share)).toBeCloseTo(0.5 * (1 - lowered / BUDGET), 9);
  });
});

const networkIdOf = async (objectId: ObjectId) =>
  (
    await bench.loop.db
      .selectFrom('object')
      .select('network_id')
      .where('id', '=', objectId)
      .executeTakeFirst()
  )?.network_id;

describe("the autopilot's pause", () => {
  it('comes with the proof, is on record as drawn, and is lifted when late purchases take the proof away', async () => {
    const { id, networkId } = await adset(500);
    await bench.strategy(PILOT.replace('holdout: 0 %', 'holdout: 3 %'));
    await rigKey(id, false);
    await bench.look();
    const pause = await bench.closedDecisionOf(id);
    expect(pause).toMatchObject({ verdict: 'pause', rule: 'autopilot: pause', outcome: 'applied' });
    expect(pause.sentence).toMatch(/pausing needs 20 : 1$/);
    expect(statusOf(networkId)).toBe('paused');
    expect(await holdouts(id)).toMatchObject([{ arm: 'acted', episode: 0, pause_id: pause.id }]);

    await buy(id, 40);
    await anHourLater();
    await bench.look();
    expect(await nextDecision(id, pause.id)).toMatchObject({
      verdict: 'resume',
      rule: 'autopilot: resume',
      outcome: 'applied',
    });
    expect(statusOf(networkId)).toBe('active');
  });

  it('is never lifted where a person paused', async () => {
    const { id, networkId } = await adset(10);
    await bench.strategy(PILOT);
    await bench.loop.db.updateTable('object').set({ status: 'paused' }).where('id', '=', id).execute();
    const live = bench.network.state.get(networkId);
    if (live === undefined) throw new Error('no live twin');
    bench.network.state.set(networkId, { ...live, status: 'paused' });
    await buy(id, 40);
    await bench.look();
    await bench.keptBecause(id, 'not_active');
    expect(bench.network.writes).toEqual([]);
  });

  it('is held back by its draw: the network is not touched, and it stays so at the next look', async () => {
    const { id, networkId } = await adset(500);
    await bench.strategy(PILOT.replace('holdout: 0 %', 'holdout: 3 %'));
    await rigKey(id, true);
    await bench.look();
    const held = await bench.keptBecause(id, 'holdout');
    expect(held.sentence).toContain('held back until');
    await anHourLater();
    await bench.look();
    await new Promise((resolve) => setTimeout(resolve, 1_500));
    expect(statusOf(networkId)).toBe('active');
    expect(bench.network.writes).toEqual([]);
    expect(await holdouts(id)).toMatchObject([{ arm: 'held', keep_id: held.id, pause_id: null }]);
  });
});

const holdouts = (objectId: ObjectId) =>
  bench.loop.db.selectFrom('holdout').selectAll().where('object_id', '=', objectId).execute();

/** A key under which the object's first due pause is held back at 3 %, or is not. */
async function rigKey(objectId: ObjectId, held: boolean): Promise<void> {
  const { workspaceId } = bench.account;
  for (;;) {
    const key = crypto.randomUUID();
    const draw = drawOf({ key, strategyId: `${workspaceId}/pilot`, objectId, episode: 0 });
    if (draw < 0.03 !== held) continue;
    await bench.loop.db
      .updateTable('workspace')
      .set({ draw_key: key })
      .where('id', '=', workspaceId)
      .execute();
    return;
  }
}
