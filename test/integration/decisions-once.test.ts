import { randomUUID } from 'node:crypto';
import { beforeEach, describe, expect, it } from 'vitest';
import { micros } from '../../src/core/money.ts';
import type { LeverState, ObjectId } from '../../src/core/object.ts';
import { storeLiveState } from '../../src/db/action.ts';
import { storeUndo } from '../../src/db/follow-up.ts';
import { spend } from '../support/loop.ts';
import { HOUR_MS } from '../support/seed-account.ts';
import { PassFixture, strategyText } from '../support/pass-fixture.ts';

const bench = new PassFixture();

describe('what was just changed', () => {
  /** The end of the object's open decision as the act workflow records it, with the value it set. */
  async function carriedOut(id: ObjectId, atMs: number, change: Partial<LeverState>): Promise<void> {
    const row = await bench.db
      .selectFrom('object')
      .selectAll()
      .where('id', '=', id)
      .executeTakeFirstOrThrow();
    const live: LeverState = {
      status: row.status,
      bidStrategy: row.bid_strategy,
      bidMicros: row.bid_micros,
      dailyBudgetMicros: row.daily_budget_micros,
      lifetimeBudgetMicros: row.lifetime_budget_micros,
      ...change,
    };
    await storeLiveState(bench.db, id, live, atMs);
    await bench.db
      .updateTable('decision')
      .set({ outcome: 'applied', closed_at: new Date(atMs) })
      .where('object_id', '=', id)
      .where('closed_at', 'is', null)
      .execute();
  }

  describe('a step is not taken twice', () => {
    const RAISE = strategyText('raise', 'live', '{ raiseBid: 10 %, atMostOnce: 1m }');
    const raised = { bidMicros: micros(1_320_000) };
    let id: ObjectId;
    beforeEach(async () => {
      id = await bench.adset('Zen');
      await bench.strategy(RAISE);
      await spend(bench.db, bench.account, id, 30);
      await bench.pass();
    });

    it('when the first one ends between evidence and storing', async () => {
      const close = () => carriedOut(id, bench.account.nowMs + 990, raised);
      expect(await bench.pass(bench.account.nowMs + 1_000, bench.account.asOfMs, close)).toMatchObject({
        acted: 0,
      });
      expect(await bench.decisions(id)).toHaveLength(1);
    });

    it('when the new value is seen before its decision has ended', async () => {
      await carriedOut(id, bench.account.nowMs + 500, raised);
      await bench.db
        .updateTable('decision')
        .set({ outcome: null, closed_at: null })
        .where('object_id', '=', id)
        .execute();
      const close = () => carriedOut(id, bench.account.nowMs + 990, raised);
      expect(await bench.pass(bench.account.nowMs + 1_000, bench.account.asOfMs, close)).toMatchObject({
        acted: 0,
        reasons: { no_facts_since_change: 1 },
      });
    });

    it('on the same evidence, even when its rest is over; with facts of after it, it is', async () => {
      await carriedOut(id, bench.account.nowMs + 1_000, raised);
      expect(await bench.pass(bench.account.nowMs + 120_000)).toMatchObject({
        acted: 0,
        reasons: { no_facts_since_change: 1 },
      });
      await bench.db
        .updateTable('ad_account')
        .set({ spend_as_of: new Date(bench.account.asOfMs + HOUR_MS) })
        .where('id', '=', bench.account.accountId)
        .execute();
      expect(await bench.pass(bench.account.nowMs + HOUR_MS, bench.account.asOfMs + HOUR_MS)).toMatchObject({
        acted: 1,
      });
    });

    it('on a value that a person has just set', async () => {
      await bench.db.deleteFrom('decision').where('object_id', '=', id).execute();
      await carriedOut(id, bench.account.nowMs + 500, { bidMicros: micros(2_000_000) });
      expect(await bench.pass(bench.account.nowMs + 1_000)).toMatchObject({
        acted: 0,
        reasons: { no_facts_since_change: 1 },
      });
    });

    it('when it was sent and nobody ever saw it', async () => {
      const [decision] = await bench.decisions(id);
      if (decision === undefined) throw new Error('no decision');
      await bench.db
        .insertInto('action')
        .values({
          id: randomUUID(),
          decision_id: decision.id,
          account_id: bench.account.accountId,
          object_id: id,
          attempt: 1,
          change: '{}',
          expected: '{}',
          state: 'accepted',
          request_id: null,
          error_class: null,
          error: null,
          seen: null,
          intended_at: new Date(bench.account.nowMs),
          answered_at: new Date(bench.account.nowMs),
          verified_at: null,
        })
        .execute();
      await bench.db
        .updateTable('decision')
        .set({ outcome: 'unverified', closed_at: new Date(bench.account.nowMs) })
        .where('id', '=', decision.id)
        .execute();
      await bench.strategy(strategyText('raise', 'live', '{ raiseBid: 10 % }'));
      await spend(bench.db, bench.account, id, 40);
      await bench.db
        .updateTable('ad_account')
        .set({ spend_as_of: new Date(bench.account.asOfMs + 8 * HOUR_MS) })
        .where('id', '=', bench.account.accountId)
        .execute();
      // Long after the rest of an unverified change, and within the 24 h of a changed bid.
      expect(
        await bench.pass(bench.account.nowMs + 8 * HOUR_MS, bench.account.asOfMs + 8 * HOUR_MS),
      ).toMatchObject({
        acted: 0,
        reasons: { cooldown: 1 },
      });
    });
  });

  it('leaves an object alone that was resumed after the newest facts, whoever resumed it', async () => {
    const id = await bench.adset('Zen');
    await bench.strategy(strategyText('stop', 'live'));
    await spend(bench.db, bench.account, id, 30);
    await bench.pass();
    await carriedOut(id, bench.account.nowMs + 1_000, { status: 'paused' });
    await carriedOut(id, bench.account.nowMs + 2_000, { status: 'active' });
    expect(await bench.pass(bench.account.nowMs + 3_000)).toMatchObject({
      acted: 0,
      reasons: { no_facts_since_change: 1 },
    });
    await bench.db
      .updateTable('ad_account')
      .set({ spend_as_of: new Date(bench.account.asOfMs + HOUR_MS) })
      .where('id', '=', bench.account.accountId)
      .execute();
    expect(await bench.pass(bench.account.nowMs + HOUR_MS, bench.account.asOfMs + HOUR_MS)).toMatchObject({
      acted: 1,
    });
  });

  it("takes a person's undo as a no for a day", async () => {
    const id = await bench.adset('Zen');
    await bench.strategy(strategyText('stop', 'live'));
    await spend(bench.db, bench.account, id, 30);
    await bench.pass();
    await carriedOut(id, bench.account.nowMs + 1_000, { status: 'paused' });
    const [paused] = await bench.decisions(id);
    await storeUndo(bench.db, {
      decisionId: paused?.id ?? '',
      by: 'Ann',
      nowMs: bench.account.nowMs + 2_000,
      wallMs: Date.now(),
    });
    await carriedOut(id, bench.account.nowMs + 3_000, { status: 'active' });
    await bench.db
      .updateTable('ad_account')
      .set({ spend_as_of: new Date(bench.account.asOfMs + 2 * HOUR_MS) })
      .where('id', '=', bench.account.accountId)
      .execute();
    expect(
      await bench.pass(bench.account.nowMs + 2 * HOUR_MS, bench.account.asOfMs + 2 * HOUR_MS),
    ).toMatchObject({ acted: 0 });
    const { objects } = await bench.db
      .selectFrom('last_evaluation')
      .select('objects')
      .where('account_id', '=', bench.account.accountId)
      .executeTakeFirstOrThrow();
    expect(objects).toMatchObject([
      { verdict: 'pause', held: { detail: expect.stringContaining('undone') } },
    ]);
  });

  it('asks again ever more seldom for what keeps ending otherwise', async () => {
    const id = await bench.adset('Zen');
    await bench.strategy(
      strategyText('stop', 'live').replace('guardrails: {', 'guardrails: { maxSpendAge: 48h,'),
    );
    await spend(bench.db, bench.account, id, 30);
    const asked: number[] = [];
    for (let minutes = 0; minutes < 24 * 60; minutes += 10) {
      const nowMs = bench.account.nowMs + minutes * 60_000;
      const { acted } = await bench.pass(nowMs);
      if (acted === 0) continue;
      asked.push(minutes);
      await bench.db
        .updateTable('decision')
        .set({ outcome: 'network_refused', closed_at: new Date(nowMs) })
        .where('object_id', '=', id)
        .where('closed_at', 'is', null)
        .execute();
    }
    expect(asked).toEqual([0, 60, 180, 420, 900]);
  });
});
