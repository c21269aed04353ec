import { MockActivityEnvironment } from '@temporalio/testing';
import pg from 'pg';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { createIngestActivities } from '../../activities/ingest.ts';
import type { ObjectId } from '../../src/core/object.ts';
import { insertClicks } from '../../src/db/click-insert.ts';
import { accountsThatEstimate } from '../../src/db/strategy.ts';
import { newClickId } from '../../src/http/ids.ts';
import { testDatabase, type TestDatabase } from '../support/database.ts';
import { spend } from '../support/loop.ts';
import { passAt } from '../support/pass.ts';
import { HOUR_MS, seedAccount, type SeededAccount, seedObject } from '../support/seed-account.ts';
import { seedStrategy } from '../support/seed-strategy.ts';

let database: TestDatabase;
let pool: pg.Pool;
/** Spend is reported to 15:00, now it is 15:30. */
let account: SeededAccount;
let adset: ObjectId;

beforeAll(async () => {
  database = await testDatabase();
  pool = new pg.Pool({ connectionString: database.url });
});
afterAll(async () => {
  await pool.end();
  await database.drop();
});
beforeEach(async () => {
  account = await seedAccount(database.db);
  adset = await seedObject(database.db, account, {
    level: 'adset',
    networkId: `set-${account.suffix}`,
    name: 'Zen C',
  });
});

const strategy = (when: string, scope = '{ level: adset }') =>
  seedStrategy(database.db, {
    workspaceId: account.workspaceId,
    nowMs: account.nowMs,
    text: `
version: 1
strategy: stop-loss
scope: ${scope}
mode: live
rules:
  - name: the line
    when: '${when}'
    then: { pause: { until: tomorrow } }
guardrails: { maxShareOfSpendPaused: 100 % }
`,
  });

/** Clicks of the ad set from an hour on, counted from `asOf`. */
async function click(hour: number, count: number): Promise<void> {
  const fromMs = account.asOfMs + hour * HOUR_MS;
  await insertClicks(
    pool,
    Array.from({ length: count }, (_, index) => {
      const clickedAtMs = fromMs + index * 1_000;
      return {
        id: newClickId(clickedAtMs),
        workspaceId: account.workspaceId,
        linkId: 'link',
        accountId: account.accountId,
        network: 'fake',
        campaignId: account.campaignNetworkId,
        adsetId: `set-${account.suffix}`,
        adId: null,
        creative: null,
        placement: null,
        networkClickId: null,
        networkClickParam: null,
        deviceId: null,
        ip: null,
        userAgent: null,
        params: {},
        flags: [],
        clickedAtMs,
        wallAtMs: clickedAtMs,
      };
    }),
    () => null,
  );
}

/** What a drain wakes: accounts with their campaigns. */
async function wakes(): Promise<readonly (readonly [string, readonly number[]])[]> {
  const heard: (readonly [string, readonly number[]])[] = [];
  const ingest = createIngestActivities({
    db: database.db,
    pool,
    wallNowMs: () => Date.now(),
    wakeForward: async () => undefined,
    wakeOptimizer: async (accountId, campaignIds) => void heard.push([accountId, campaignIds]),
    log: { error() {}, warn() {} },
  });
  await new MockActivityEnvironment().run(() => ingest.drain({ shard: 'all', forMs: 300 }));
  return heard;
}

describe('visits', () => {
  it('wake the optimizer where a strategy asks for estimated spend, and it stops before any report', async () => {
    await strategy('est.spend("today") >= 100 && est.conversions("purchase", "today") == 0');
    // $20 an hour for ten visits; half an hour later 25 more have come.
    await spend(database.db, account, adset, 20);
    for (const hour of [-3, -2, -1]) await click(hour, 10);
    await click(0, 25);
    expect(await wakes()).toEqual([[account.accountId, [account.campaignId]]]);

    const result = await passAt(database.db, account);
    expect(result.sentences).toEqual([
      'pause Zen C until tomorrow: est. $110.00 spent today ($50.00 of it not reported yet), no purchase up to now',
    ]);
    const decision = await database.db
      .selectFrom('decision')
      .select(['verdict', 'evidence'])
      .where('object_id', '=', adset)
      .executeTakeFirstOrThrow();
    expect(decision.verdict).toBe('pause');
    expect(decision.evidence).toMatchObject({
      input: { estimate: { visits: [25], unreported: [expect.closeTo(50, 6)] } },
    });
  });

  it('wake nobody where strategies ask for reported figures alone', async () => {
    await strategy('spend("today") >= 100');
    await click(0, 25);
    expect(await wakes()).toEqual([]);
  });

  it('wake only accounts in the scope of such a strategy', async () => {
    const est = 'est.spend("today") >= 100';
    const asking = () => accountsThatEstimate(database.db, account.workspaceId);
    await strategy(est, '{ level: adset, accounts: [another] }');
    expect(await asking()).toEqual(new Set());
    await strategy(est, '{ level: adset, network: elsewhere }').catch(() => undefined);
    expect(await asking()).toEqual(new Set());
    await strategy(est, `{ level: adset, accounts: [${account.accountId}] }`);
    expect(await asking()).toEqual(new Set([account.accountId]));
  });
});
