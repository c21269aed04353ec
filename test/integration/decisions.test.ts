import { isDeepStrictEqual } from 'node:util';
import { sql } from 'kysely';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { decide } from '../../src/core/decide.ts';
import type { Evidence } from '../../src/core/decision.ts';
import { micros } from '../../src/core/money.ts';
import type { ObjectId } from '../../src/core/object.ts';
import { planDecision } from '../../src/core/plan-decision.ts';
import { explain } from '../../src/cli/explain.ts';
import { storeDecisions } from '../../src/db/decision-store.ts';
import { loadEvidence } from '../../src/db/evidence.ts';
import { loadCurrentStrategies } from '../../src/db/strategy.ts';
import { spend } from '../support/loop.ts';
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
`;
const strategy = (text: string) =>
  seedStrategy(database.db, { workspaceId: account.workspaceId, nowMs: account.nowMs, text });
const adset = (name: string) =>
  seedObject(database.db, account, { level: 'adset', networkId: `${name}-${account.suffix}`, name });

async function evidence(nowMs = account.nowMs) {
  return loadEvidence(database.db, {
    accountId: account.accountId,
    campaignIds: 'all',
    strategies: await loadCurrentStrategies(database.db, account.workspaceId),
    nowMs,
    moneyStepMicros: micros(10_000),
    inboxPatienceMs: 120_000,
  });
}

async function pass(nowMs = account.nowMs, asOfMs = account.asOfMs, between = async () => {}) {
  const found = await evidence(nowMs);
  await between();
  const judged = found.flatMap((one) =>
    one.evidence.map((seen) => {
      const decision = decide(one.strategy.compiled, seen);
      return {
        strategy: one.strategy,
        evidence: seen,
        decision,
        plan: planDecision(one.strategy.compiled, seen, decision),
      };
    }),
  );
  return storeDecisions(database.db, {
    workspaceId: account.workspaceId,
    accountId: account.accountId,
    asOfMs,
    nowMs,
    wallMs: Date.now(),
    judged,
    settleMs: 10_000,
  });
}

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

  it('does not take a step twice when the first one ends between evidence and storing', async () => {
    const id = await adset('Zen');
    await strategy(strategyText('raise', 'live', '{ raiseBid: 10 % }'));
    await spend(database.db, account, id, 30);
    await pass();
    const raised = micros(1_320_000);
    await database.db.updateTable('object').set({ bid_micros: raised }).where('id', '=', id).execute();
    const close = async () => {
      await database.db
        .updateTable('decision')
        .set({ outcome: 'applied', closed_at: new Date(account.nowMs + 990) })
        .where('object_id', '=', id)
        .execute();
    };
    expect(await pass(account.nowMs + 1_000, account.asOfMs, close)).toMatchObject({ acted: 0 });
    expect(await decisions(id)).toHaveLength(1);
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

describe('evidence', () => {
  it('holds conversions back when our clicks are under half of the network’s', async () => {
    const id = await adset('Zen');
    await strategy(strategyText('stop', 'live'));
    await spend(database.db, account, id, 30, 6);
    expect((await evidence())[0]?.evidence[0]?.health.conversionsUndefined).toContain('under half');
    expect(await pass()).toMatchObject({ acted: 0, reasons: { conversions_undefined: 1 } });
  });

  it('holds conversions back while postbacks wait too long to be counted', async () => {
    const id = await adset('Zen');
    await strategy(strategyText('stop', 'live'));
    await spend(database.db, account, id, 30);
    const postbackId = '00000000-0000-7000-8000-000000000001';
    await database.db
      .insertInto('inbox')
      .values({ postback_id: postbackId, received_at: new Date(account.nowMs - 600_000), slot: 1 })
      .execute();
    expect((await evidence())[0]?.evidence[0]?.health.conversionsUndefined).toBe(
      'postbacks wait to be counted',
    );
    await database.db.deleteFrom('inbox').where('postback_id', '=', postbackId).execute();
    expect((await evidence())[0]?.evidence[0]?.health.conversionsUndefined).toBeUndefined();
  });

  it('keeps still on stale costs', async () => {
    const id = await adset('Zen');
    await strategy(strategyText('stop', 'live'));
    await spend(database.db, account, id, 30);
    expect(await pass(account.nowMs + 12 * HOUR_MS)).toMatchObject({ acted: 0, reasons: { stale_spend: 1 } });
  });

  it('is empty until the network has reported any spend', async () => {
    await adset('Zen');
    await strategy(strategyText('stop', 'live'));
    await database.db
      .updateTable('ad_account')
      .set({ spend_as_of: null })
      .where('id', '=', account.accountId)
      .execute();
    expect((await evidence()).flatMap((one) => one.evidence)).toEqual([]);
  });

  it('calls a pause ours until somebody lifts it', async () => {
    const id = await adset('Zen');
    await strategy(strategyText('stop', 'live'));
    await spend(database.db, account, id, 30);
    await pass();
    await database.db
      .updateTable('decision')
      .set({ outcome: 'applied', closed_at: new Date(account.nowMs + 1_000) })
      .where('object_id', '=', id)
      .execute();
    const history = async () =>
      (await evidence(account.nowMs + 60_000))[0]?.evidence.find((one) => one.object.id === id)?.history;
    expect(await history()).toMatchObject([{ kind: 'pause', rule: 'enough' }]);
    await sql`
      insert into object_version (object_id, known_from, name, status, delivery, labels)
      values (${id}, ${new Date(account.nowMs + 2_000)}, 'Zen', 'active', 'active', '{}')`.execute(
      database.db,
    );
    expect(await history()).toEqual([]);
  });
});
