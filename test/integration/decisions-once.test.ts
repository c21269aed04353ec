import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { micros } from '../../src/core/money.ts';
import type { LeverState, ObjectId } from '../../src/core/object.ts';
import { storeLiveState } from '../../src/db/action.ts';
import { storeUndo } from '../../src/db/follow-up.ts';
import { spend } from '../support/loop.ts';
import { passAt } from '../support/pass.ts';
import { testDatabase, type TestDatabase } from '../support/database.ts';
import { HOUR_MS, seedAccount, type SeededAccount, seedObject } from '../support/seed-account.ts';
import { seedStrategy } from '../support/seed-strategy.ts';
let database: TestDatabase;
let account: SeededAccount;

beforeAll(async () => {
  database = await testDatabase();
});
afterAll(async () => database.drop());
beforeEach(async () => {
  account = await seedAccount(database.db);
});

const strategyText = (name: string, mode: string, then = '{ pause: true }', threshold = 60) => `
version: 1
strategy: ${name}
scope: { level: adset }
mode: ${mode}
rules:
  - name: enough
    when: 'spend("today") >= ${threshold} && conversions("purchase", "today") == 0'
    then: ${then}
guardrails: { maxShareOfSpendPaused: 100 % }
`;
const strategy = (text: string) =>
  seedStrategy(database.db, { workspaceId: account.workspaceId, nowMs: account.nowMs, text });
const adset = (name: string) =>
  seedObject(database.db, account, { level: 'adset', networkId: `${name}-${account.suffix}`, name });

const pass = (nowMs = account.nowMs, asOfMs = account.asOfMs, between = async () => {}) =>
  passAt(database.db, account, { nowMs, asOfMs, between });

const decisions = (objectId: ObjectId) =>
  database.db
    .selectFrom('decision')
    .selectAll()
    .where('object_id', '=', objectId)
    .orderBy('decided_at')
    .execute();

describe('what was just changed', () => {
  /** The end of the object's open decision as the act workflow records it, with the value it set. */
  async function carriedOut(id: ObjectId, atMs: number, change: Partial<LeverState>): Promise<void> {
    const row = await database.db
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
    await storeLiveState(database.db, id, live, atMs);
    await database.db
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
      id = await adset('Zen');
      await strategy(RAISE);
      await spend(database.db, account, id, 30);
      await pass();
    });

    it('when the first one ends between evidence and storing', async () => {
      const close = () => carriedOut(id, account.nowMs + 990, raised);
      expect(await pass(account.nowMs + 1_000, account.asOfMs, close)).toMatchObject({ acted: 0 });
      expect(await decisions(id)).toHaveLength(1);
    });

    it('when the new value is seen before its decision has ended', async () => {
      await carriedOut(id, account.nowMs + 500, raised);
      await database.db
        .updateTable('decision')
        .set({ outcome: null, closed_at: null })
        .where('object_id', '=', id)
        .execute();
      const close = () => carriedOut(id, account.nowMs + 990, raised);
      expect(await pass(account.nowMs + 1_000, account.asOfMs, close)).toMatchObject({
        acted: 0,
        reasons: { no_facts_since_change: 1 },
      });
    });

    it('on the same evidence, even when its rest is over; with facts of after it, it is', async () => {
      await carriedOut(id, account.nowMs + 1_000, raised);
      expect(await pass(account.nowMs + 120_000)).toMatchObject({
        acted: 0,
        reasons: { no_facts_since_change: 1 },
      });
      await database.db
        .updateTable('ad_account')
        .set({ spend_as_of: new Date(account.asOfMs + HOUR_MS) })
        .where('id', '=', account.accountId)
        .execute();
      expect(await pass(account.nowMs + HOUR_MS, account.asOfMs + HOUR_MS)).toMatchObject({ acted: 1 });
    });

    it('on a value that a person has just set', async () => {
      await database.db.deleteFrom('decision').where('object_id', '=', id).execute();
      await carriedOut(id, account.nowMs + 500, { bidMicros: micros(2_000_000) });
      expect(await pass(account.nowMs + 1_000)).toMatchObject({
        acted: 0,
        reasons: { no_facts_since_change: 1 },
      });
    });

    it('when it was sent and nobody ever saw it', async () => {
      const [decision] = await decisions(id);
      if (decision === undefined) throw new Error('no decision');
      await database.db
        .insertInto('action')
        .values({
          id: randomUUID(),
          decision_id: decision.id,
          account_id: account.accountId,
          object_id: id,
          attempt: 1,
          change: '{}',
          expected: '{}',
          state: 'accepted',
          request_id: null,
          error_class: null,
          error: null,
          seen: null,
          intended_at: new Date(account.nowMs),
          answered_at: new Date(account.nowMs),
          verified_at: null,
        })
        .execute();
      await database.db
        .updateTable('decision')
        .set({ outcome: 'unverified', closed_at: new Date(account.nowMs) })
        .where('id', '=', decision.id)
        .execute();
      await strategy(strategyText('raise', 'live', '{ raiseBid: 10 % }'));
      await spend(database.db, account, id, 40);
      await database.db
        .updateTable('ad_account')
        .set({ spend_as_of: new Date(account.asOfMs + 8 * HOUR_MS) })
        .where('id', '=', account.accountId)
        .execute();
      // Long after the rest of an unverified change, and within the 24 h of a changed bid.
      expect(await pass(account.nowMs + 8 * HOUR_MS, account.asOfMs + 8 * HOUR_MS)).toMatchObject({
        acted: 0,
        reasons: { cooldown: 1 },
      });
    });
  });

  it('leaves an object alone that was resumed after the newest facts, whoever resumed it', async () => {
    const id = await adset('Zen');
    await strategy(strategyText('stop', 'live'));
    await spend(database.db, account, id, 30);
    await pass();
    await carriedOut(id, account.nowMs + 1_000, { status: 'paused' });
    await carriedOut(id, account.nowMs + 2_000, { status: 'active' });
    expect(await pass(account.nowMs + 3_000)).toMatchObject({
      acted: 0,
      reasons: { no_facts_since_change: 1 },
    });
    await database.db
      .updateTable('ad_account')
      .set({ spend_as_of: new Date(account.asOfMs + HOUR_MS) })
      .where('id', '=', account.accountId)
      .execute();
    expect(await pass(account.nowMs + HOUR_MS, account.asOfMs + HOUR_MS)).toMatchObject({ acted: 1 });
  });

  it("takes a person's undo as a no for a day", async () => {
    const id = await adset('Zen');
    await strategy(strategyText('stop', 'live'));
    await spend(database.db, account, id, 30);
    await pass();
    await carriedOut(id, account.nowMs + 1_000, { status: 'paused' });
    const [paused] = await decisions(id);
    await storeUndo(database.db, {
      decisionId: paused?.id ?? '',
      by: 'Ann',
      nowMs: account.nowMs + 2_000,
      wallMs: Date.now(),
    });
    await carriedOut(id, account.nowMs + 3_000, { status: 'active' });
    await database.db
      .updateTable('ad_account')
      .set({ spend_as_of: new Date(account.asOfMs + 2 * HOUR_MS) })
      .where('id', '=', account.accountId)
      .execute();
    expect(await pass(account.nowMs + 2 * HOUR_MS, account.asOfMs + 2 * HOUR_MS)).toMatchObject({ acted: 0 });
    const { objects } = await database.db
      .selectFrom('last_evaluation')
      .select('objects')
      .where('account_id', '=', account.accountId)
      .executeTakeFirstOrThrow();
    expect(objects).toMatchObject([
      { verdict: 'pause', held: { detail: expect.stringContaining('undone') } },
    ]);
  });

  it('asks again ever more seldom for what keeps ending otherwise', async () => {
    const id = await adset('Zen');
    await strategy(strategyText('stop', 'live').replace('guardrails: {', 'guardrails: { maxSpendAge: 48h,'));
    await spend(database.db, account, id, 30);
    const asked: number[] = [];
    for (let minutes = 0; minutes < 24 * 60; minutes += 10) {
      const nowMs = account.nowMs + minutes * 60_000;
      const { acted } = await pass(nowMs);
      if (acted === 0) continue;
      asked.push(minutes);
      await database.db
        .updateTable('decision')
        .set({ outcome: 'network_refused', closed_at: new Date(nowMs) })
        .where('object_id', '=', id)
        .where('closed_at', 'is', null)
        .execute();
    }
    expect(asked).toEqual([0, 60, 180, 420, 900]);
  });
});
