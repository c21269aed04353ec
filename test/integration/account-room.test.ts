import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { ObjectId } from '../../src/core/object.ts';
import { explain } from '../../src/cli/explain.ts';
import { reserve } from '../../src/db/guardrail.ts';
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

describe('the limits of the account', () => {
  const limited = (name: string, limits: string) =>
    strategyText(name, 'live').replace('maxShareOfSpendPaused: 100 %', limits);

  it('let as many act as there is room for; the others keep, say so once, and act when there is room', async () => {
    const ids = [await adset('Zen A'), await adset('Zen B'), await adset('Zen C')];
    for (const id of ids) await spend(database.db, account, id, 30);
    await strategy(limited('stop', 'maxSpendAge: 48h, maxActionsPerDay: 2, maxShareOfSpendPaused: 100 %'));
    expect(await pass()).toMatchObject({ acted: 2, reasons: { rule_held: 2, max_actions_per_day: 1 } });
    const open = await database.db
      .selectFrom('decision')
      .select('id')
      .where('account_id', '=', account.accountId)
      .where('needs_workflow', '=', true)
      .execute();
    for (const { id } of open)
      await reserve(database.db, {
        decisionId: id,
        attempt: 1,
        nowMs: account.nowMs,
        limits: { maxActionsPerDay: 2, maxShareOfSpendPaused: 1, maxSpendAgeMs: HOUR_MS },
      });
    for (const id of ids.slice(0, 2)) {
      await database.db.updateTable('object').set({ status: 'paused' }).where('id', '=', id).execute();
      await database.db
        .updateTable('decision')
        .set({ outcome: 'applied', closed_at: new Date(account.nowMs) })
        .where('object_id', '=', id)
        .execute();
    }
    for (let hour = 1; hour < 24; hour += 1) await pass(account.nowMs + hour * HOUR_MS);
    expect(await decisions(ids[2] ?? (0 as ObjectId))).toMatchObject([
      { verdict: 'keep', reason: 'max_actions_per_day' },
    ]);
    expect(await explain(database.db, `Zen C-${account.suffix}`)).toMatchObject({ recomputed: 'same' });
    expect(await pass(account.nowMs + 25 * HOUR_MS)).toMatchObject({ acted: 1 });
  });

  it('hold for all strategies together', async () => {
    const [a, b] = [await adset('Zen A'), await adset('Zen B')];
    for (const id of [a, b]) await spend(database.db, account, id, 30);
    const of = (name: string, object: string) =>
      limited(name, 'maxShareOfSpendPaused: 50 %').replace(
        'level: adset',
        `level: adset, where: 'name == "${object}"'`,
      );
    await strategy(of('first', 'Zen A'));
    await strategy(of('second', 'Zen B'));
    expect(await pass()).toMatchObject({
      acted: 1,
      reasons: { rule_held: 1, max_share_of_spend_paused: 1 },
    });
  });

  it.each([
    ['halted', { halted_at: new Date(0), halt_reason: 'audit' }],
    ['writes_not_allowed', { writes_allowed: false }],
  ])('keep everything as it is while the account is closed: %s', async (reason, closed) => {
    const id = await adset('Zen');
    await spend(database.db, account, id, 30);
    await strategy(strategyText('stop', 'live'));
    await database.db.updateTable('ad_account').set(closed).where('id', '=', account.accountId).execute();
    for (let minutes = 0; minutes < 150; minutes += 30) await pass(account.nowMs + minutes * 60_000);
    expect(await decisions(id)).toMatchObject([{ verdict: 'keep', reason, needs_workflow: false }]);
  });
});
