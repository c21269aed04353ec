import { isDeepStrictEqual } from 'node:util';
import { sql } from 'kysely';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { decide } from '../../src/core/decide.ts';
import type { Evidence } from '../../src/core/decision.ts';
import type { ObjectId } from '../../src/core/object.ts';
import { explain } from '../../src/cli/explain.ts';
import { loadCurrentStrategies } from '../../src/db/strategy.ts';
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

describe('storing a pass', () => {
  it('stores a keep when its verdict or reason changes, and only then', async () => {
    const id = await adset('Zen');
    await strategy(strategyText('stop', 'live'));
    await spend(database.db, account, id, 10);
    await pass();
    await pass(account.nowMs + 1_000);
    expect(await decisions(id)).toMatchObject([{ verdict: 'keep', reason: 'no_rule_held' }]);
    await spend(database.db, account, id, 30);
    await pass(account.nowMs + 2_000);
    expect((await decisions(id)).map((row) => row.verdict)).toEqual(['keep', 'pause']);
  });

  it('stores one acting decision while it is open', async () => {
    const id = await adset('Zen');
    await strategy(strategyText('stop', 'live'));
    await spend(database.db, account, id, 30);
    expect(await pass()).toMatchObject({ acted: 1 });
    expect(await pass(account.nowMs + 1_000)).toMatchObject({ acted: 0 });
    expect(await decisions(id)).toMatchObject([
      { verdict: 'pause', needs_workflow: true, plan: { change: { kind: 'pause' } } },
    ]);
  });

  it('says that a pause takes the place of a change that waits, until the change has ended', async () => {
    const id = await adset('Zen');
    await strategy(strategyText('raise', 'approve', '{ raiseBid: 10 % }'));
    await spend(database.db, account, id, 30);
    await pass();
    await strategy(strategyText('a-stop', 'live'));
    const { superseded } = await pass(account.nowMs + 1_000);
    const [waiting, pause] = await decisions(id);
    expect(superseded).toEqual([{ decisionId: waiting?.id, by: pause?.id }]);
    // Whoever was to tell the waiting workflow may have died before it did.
    expect(await pass(account.nowMs + 2_000)).toMatchObject({ acted: 0, superseded });
    await database.db
      .updateTable('decision')
      .set({ outcome: 'superseded', closed_at: new Date(account.nowMs + 2_000) })
      .where('id', '=', waiting?.id ?? '')
      .execute();
    expect(await pass(account.nowMs + 3_000)).toMatchObject({ superseded: [] });
  });

  it('refuses facts that are older than those stored', async () => {
    const id = await adset('Zen');
    await strategy(strategyText('stop', 'live'));
    await spend(database.db, account, id, 10);
    await pass(account.nowMs + 5_000);
    await spend(database.db, account, id, 30);
    expect(await pass(account.nowMs)).toMatchObject({ evaluated: 0, acted: 0 });
    expect(await pass(account.nowMs + 6_000, account.asOfMs - HOUR_MS)).toMatchObject({
      evaluated: 0,
      acted: 0,
    });
    expect(await pass(account.nowMs + 6_000)).toMatchObject({ evaluated: 1, acted: 1 });
  });

  it('lets the first strategy by name act when two would, and says so', async () => {
    const id = await adset('Zen');
    await strategy(strategyText('b-raise', 'live', '{ raiseBid: 10 % }'));
    await strategy(strategyText('a-stop', 'live'));
    await strategy(strategyText('0-dry', 'dry-run'));
    await spend(database.db, account, id, 30);
    await pass();
    expect(
      (await decisions(id))
        .map((row) => [row.strategy_id.split('/')[1], row.verdict, row.needs_workflow])
        .toSorted((a, b) => String(a[0]).localeCompare(String(b[0]))),
    ).toEqual([
      ['0-dry', 'pause', false],
      ['a-stop', 'pause', true],
    ]);
    const held = await database.db
      .selectFrom('last_evaluation')
      .select('objects')
      .where('strategy_id', 'like', '%b-raise')
      .where('account_id', '=', account.accountId)
      .executeTakeFirstOrThrow();
    expect(held.objects).toMatchObject([{ verdict: 'set_bid', held: { by: 'other_strategy' } }]);
  });

  it('gives the same decision again from what is stored', async () => {
    const id = await adset('Zen');
    await strategy(strategyText('stop', 'live'));
    await spend(database.db, account, id, 33.333333);
    await pass();
    const [row] = await decisions(id);
    const stored = row?.evidence as unknown as { input: Evidence; output: unknown };
    const [current] = await loadCurrentStrategies(database.db, account.workspaceId);
    if (current === undefined) throw new Error('no strategy');
    expect(
      isDeepStrictEqual(JSON.parse(JSON.stringify(decide(current.compiled, stored.input))), stored.output),
    ).toBe(true);
    expect(await explain(database.db, `Zen-${account.suffix}`)).toMatchObject({
      recomputed: 'same',
      decision: { verdict: 'pause' },
    });
  });

  it('notices evidence that was tampered with', async () => {
    const id = await adset('Zen');
    await strategy(strategyText('stop', 'live'));
    await spend(database.db, account, id, 30);
    await pass();
    await sql`update decision set evidence = jsonb_set(evidence, '{input,windows,today,spend}', '1') where object_id = ${id}`.execute(
      database.db,
    );
    expect(await explain(database.db, `Zen-${account.suffix}`)).toMatchObject({ recomputed: 'differs' });
  });
});
