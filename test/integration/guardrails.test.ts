import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { DecisionPlan } from '../../src/core/decision-plan.ts';
import type { ReservationLimits } from '../../src/core/guardrails.ts';
import type { ObjectId } from '../../src/core/object.ts';
import { freeReservation, reserve } from '../../src/db/guardrail.ts';
import { spend } from '../support/loop.ts';
import { testDatabase, type TestDatabase } from '../support/database.ts';
import { HOUR_MS, seedAccount, type SeededAccount, seedObject } from '../support/seed-account.ts';

let database: TestDatabase;
let account: SeededAccount;

beforeAll(async () => {
  database = await testDatabase();
});
afterAll(async () => database.drop());
beforeEach(async () => {
  account = await seedAccount(database.db);
});

const LEVER = {
  status: 'active',
  bidStrategy: 'bid_cap',
  bidMicros: null,
  dailyBudgetMicros: null,
  lifetimeBudgetMicros: null,
} as const;
const PLAN: DecisionPlan = {
  change: { kind: 'pause' },
  expected: LEVER,
  changeWords: 'pause',
  summary: '',
  details: '',
  approval: null,
  checkAfterMs: null,
  delta: null,
};

async function object(name: string, perHour = 10): Promise<ObjectId> {
  const id = await seedObject(database.db, account, {
    level: 'adset',
    networkId: `${name}-${randomUUID()}`,
    name,
  });
  await spend(database.db, account, id, perHour);
  return id;
}

async function pauseOf(objectId: ObjectId): Promise<string> {
  const id = randomUUID();
  const now = new Date(account.nowMs);
  await database.db
    .insertInto('decision')
    .values({
      id,
      workspace_id: account.workspaceId,
      account_id: account.accountId,
      campaign_id: account.campaignId,
      object_id: objectId,
      level: 'adset',
      strategy_id: 's',
      strategy_version: 1,
      rule: 'r',
      verdict: 'pause',
      reason: 'rule_held',
      sentence: 'pause',
      mode: 'live',
      from_value: 'active',
      to_value: 'paused',
      until: null,
      evidence: '{}',
      plan: JSON.stringify(PLAN),
      engine_version: '1',
      as_of: now,
      decided_at: now,
      decided_wall_at: now,
      undoes: null,
      needs_workflow: true,
      workflow_started_at: null,
      outcome: null,
      outcome_detail: null,
      closed_at: null,
    })
    .execute();
  return id;
}

const ask = (decisionId: string, limits: ReservationLimits | null, nowMs = account.nowMs, attempt = 1) =>
  reserve(database.db, {
    decisionId,
    attempt,
    nowMs,
    // As long as any of these tests lasts.
    limits: limits === null ? null : { ...limits, maxSpendAgeMs: 48 * HOUR_MS },
  });

describe('a reservation', () => {
  it('gives the last place to one of many that ask at once', async () => {
    const ids = await Promise.all(
      Array.from({ length: 8 }, async (_, index) => pauseOf(await object(`Zen ${index}`))),
    );
    const answers = await Promise.all(
      ids.map((id) => ask(id, { maxActionsPerDay: 3, maxShareOfSpendPaused: 1 })),
    );
    expect(answers.filter((answer) => answer.reserved)).toHaveLength(3);
    expect(
      answers.filter((answer) => !answer.reserved).map((answer) => !answer.reserved && answer.outcome),
    ).toEqual(Array(5).fill('guardrail'));
    expect(
      await database.db
        .selectFrom('action')
        .select('id')
        .where('account_id', '=', account.accountId)
        .execute(),
    ).toHaveLength(3);
  });

  it('counts the share of spend that pauses stop', async () => {
    const [small, large] = [
      await pauseOf(await object('small', 10)),
      await pauseOf(await object('large', 30)),
    ];
    const limits = { maxActionsPerDay: 10, maxShareOfSpendPaused: 0.5 };
    expect(await ask(small, limits)).toMatchObject({ reserved: true });
    expect(await ask(large, limits)).toMatchObject({
      reserved: false,
      outcome: 'guardrail',
      words: expect.stringContaining('100 %'),
    });
  });

  it('counts what other strategies did', async () => {
    const [first, second] = [await pauseOf(await object('a')), await pauseOf(await object('b'))];
    await database.db.updateTable('decision').set({ strategy_id: 'other' }).where('id', '=', first).execute();
    const limits = { maxActionsPerDay: 1, maxShareOfSpendPaused: 1 };
    expect((await ask(first, limits)).reserved).toBe(true);
    expect(await ask(second, limits)).toMatchObject({ reserved: false, outcome: 'guardrail' });
  });

  it('is refused when the evidence has grown older than the rule allows', async () => {
    const id = await pauseOf(await object('a'));
    const limits = { maxActionsPerDay: 1, maxShareOfSpendPaused: 1 };
    expect(await ask(id, limits, account.nowMs + 49 * HOUR_MS)).toMatchObject({
      reserved: false,
      outcome: 'out_of_date',
    });
    // A person who says take it back is not bound by that.
    expect((await ask(id, null, account.nowMs + 49 * HOUR_MS)).reserved).toBe(true);
  });

  it('is not taken by what takes a change back', async () => {
    const [undo, pause] = [await pauseOf(await object('a')), await pauseOf(await object('b'))];
    expect((await ask(undo, null)).reserved).toBe(true);
    expect((await ask(pause, { maxActionsPerDay: 1, maxShareOfSpendPaused: 1 })).reserved).toBe(true);
  });

  it('rolls over 24 hours, and a write that never happened gives its place back', async () => {
    const [first, second, third] = [
      await pauseOf(await object('a')),
      await pauseOf(await object('b')),
      await pauseOf(await object('c')),
    ];
    const limits = { maxActionsPerDay: 1, maxShareOfSpendPaused: 1 };
    expect((await ask(first, limits)).reserved).toBe(true);
    expect((await ask(second, limits)).reserved).toBe(false);
    await freeReservation(database.db, first, account.nowMs);
    expect((await ask(second, limits)).reserved).toBe(true);
    expect((await ask(third, limits, account.nowMs + 23 * HOUR_MS)).reserved).toBe(false);
    expect((await ask(third, limits, account.nowMs + 25 * HOUR_MS)).reserved).toBe(true);
  });

  it('is one per decision however often it is asked for, with one intent row per attempt', async () => {
    const id = await pauseOf(await object('a'));
    const limits = { maxActionsPerDay: 1, maxShareOfSpendPaused: 1 };
    const first = await ask(id, limits);
    expect(await ask(id, limits)).toEqual(first);
    expect(await ask(id, limits, account.nowMs, 2)).toMatchObject({ reserved: true });
    expect(
      await database.db
        .selectFrom('action')
        .select('attempt')
        .where('decision_id', '=', id)
        .orderBy('attempt')
        .execute(),
    ).toEqual([{ attempt: 1 }, { attempt: 2 }]);
  });

  it.each(['ad_account', 'workspace'] as const)(
    'is refused while the %s is halted, also by hand',
    async (table) => {
      const id = await pauseOf(await object('a'));
      const row = table === 'ad_account' ? account.accountId : account.workspaceId;
      await database.db
        .updateTable(table)
        .set({ halted_at: new Date(account.nowMs), halt_reason: 'audit' })
        .where('id', '=', row as never)
        .execute();
      expect(await ask(id, null)).toMatchObject({
        reserved: false,
        outcome: 'halted',
        words: expect.stringContaining('audit'),
      });
    },
  );
});
