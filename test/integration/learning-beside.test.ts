import { isDeepStrictEqual } from 'node:util';
import { sql } from 'kysely';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { seedWorld } from '../../bench/learning-seed.ts';
import { decide } from '../../src/core/decide.ts';
import type { Evidence } from '../../src/core/decision.ts';
import type { Db } from '../../src/db/connection.ts';
import { forgetCounts } from '../../src/db/learning/count-delays.ts';
import { learn } from '../../src/db/learning/learn.ts';
import { watchPulse } from '../../src/db/learning/watch.ts';
import { loadCurrentStrategies } from '../../src/db/strategy.ts';
import { testDatabase, type TestDatabase } from '../support/database.ts';
import { passAt } from '../support/pass.ts';
import { HOUR_MS, seedAccount } from '../support/seed-account.ts';
import { seedStrategy } from '../support/seed-strategy.ts';

let database: TestDatabase;
let db: Db;
beforeAll(async () => {
  database = await testDatabase();
  db = database.db;
});
afterAll(() => database.drop());

const MIDNIGHT = Date.UTC(2026, 10, 10, 12) + 12 * HOUR_MS;
const MINUTE_MS = 60_000;

describe('learning beside deciding', () => {
  it('takes turns with passes and restatements, and leaves every stored decision as it was', async () => {
    const account = await seedAccount(db);
    const shop = { id: account.accountId, zone: 'UTC' };
    await seedWorld(
      db,
      { ...account, sourceId: 'none' },
      {
        nowMs: MIDNIGHT,
        days: 40,
        campaigns: 3,
        adsPerCampaign: 8,
        seed: 8,
        clicksPerHour: 6,
        rate: 0.1,
        shape: 2,
      },
    );
    await db
      .updateTable('ad_account')
      .set({ spend_as_of: new Date(MIDNIGHT), tracking_by: 'sender' })
      .where('id', '=', account.accountId)
      .execute();
    await forgetCounts(db, shop);
    await learn(db, account.accountId, MIDNIGHT);
    // About ten dollars a conversion: most ads are proven to cost more than four.
    await seedStrategy(db, {
      workspaceId: account.workspaceId,
      nowMs: account.nowMs,
      text: `
version: 1
strategy: pilot
scope: { level: ad }
autopilot: { event: purchase, cpa: 4 USD, holdout: 10 % }
mode: approve
guardrails: { maxShareOfSpendPaused: 100 % }
`,
    });
    const pass = (minute: number) => {
      const at = MIDNIGHT + minute * MINUTE_MS;
      return passAt(db, account, { nowMs: at, asOfMs: MIDNIGHT });
    };
    const stored = () =>
      db
        .selectFrom('decision')
        .select(['id', 'verdict', 'reason', 'sentence', 'evidence', 'plan', 'from_value', 'to_value'])
        .where('account_id', '=', account.accountId)
        .orderBy('decided_at')
        .orderBy('id')
        .execute();
    await pass(0);
    const before = await stored();
    expect(before.filter((one) => one.verdict === 'pause').length).toBeGreaterThan(3);

    // Conversions are taken back, in three steps, while all others go on.
    const takeBack = async (part: number): Promise<void> => {
      await sql`
        update conversion set counted = false
        where account_id = ${account.accountId} and hashtextextended(id::text, 0) % 9 = ${part}`.execute(db);
      await forgetCounts(db, shop);
    };
    for (let round = 0; round < 3; round += 1)
      await Promise.all([
        takeBack(round),
        learn(db, account.accountId, MIDNIGHT + (round + 1) * MINUTE_MS),
        learn(db, account.accountId, MIDNIGHT + round * MINUTE_MS),
        pass(2 * round + 1),
        pass(2 * round + 2),
        watchPulse(db, {
          accountId: account.accountId,
          asOfMs: MIDNIGHT,
          nowMs: MIDNIGHT + round * 15 * MINUTE_MS,
        }),
      ]);

    const after = new Map((await stored()).map((one) => [one.id, one]));
    for (const one of before) expect(after.get(one.id)).toEqual(one);
    const [strategy] = await loadCurrentStrategies(db, account.workspaceId);
    if (strategy === undefined) throw new Error('no strategy');
    for (const one of after.values()) {
      const kept = one.evidence as unknown as { readonly input: Evidence; readonly output: unknown };
      expect(kept.input.delivery?.toMs).toBe(MIDNIGHT);
      const again: unknown = JSON.parse(JSON.stringify(decide(strategy.compiled, kept.input)));
      expect(isDeepStrictEqual(again, kept.output)).toBe(true);
    }
    // One due pause is one row, whichever pass came first.
    const held = await db
      .selectFrom('holdout')
      .selectAll()
      .where('account_id', '=', account.accountId)
      .execute();
    expect(held.length).toBeGreaterThan(0);
    expect(new Set(held.map((row) => `${row.object_id} ${row.episode}`)).size).toBe(held.length);
    expect(held.every((row) => row.episode === 0)).toBe(true);
  });
});
