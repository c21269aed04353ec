import { MockActivityEnvironment } from '@temporalio/testing';
import pg from 'pg';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { createIngestActivities } from '../../activities/ingest.ts';
import { createOptimizeActivities } from '../../activities/optimize.ts';
import type { ObjectId } from '../../src/core/object.ts';
import { addCampaignNews } from '../../src/db/campaign-news.ts';
import { testDatabase, type TestDatabase } from '../support/database.ts';
import { fakeNetwork } from '../support/fake-network.ts';
import { seedAccount, type SeededAccount, seedObject } from '../support/seed-account.ts';
import { seedStrategy } from '../support/seed-strategy.ts';

let database: TestDatabase;
let pool: pg.Pool;
let account: SeededAccount;
const network = fakeNetwork();

beforeAll(async () => {
  database = await testDatabase();
  pool = new pg.Pool({ connectionString: database.url });
});
afterAll(async () => {
  await pool.end();
  await database.drop();
});
beforeEach(async () => {
  await database.db.deleteFrom('campaign_news').execute();
  account = await seedAccount(database.db, { network });
});

const news = async () =>
  (
    await database.db
      .selectFrom('campaign_news')
      .select('campaign_id')
      .where('account_id', '=', account.accountId)
      .orderBy('campaign_id')
      .execute()
  ).map((row) => row.campaign_id);

async function campaignWithAdset(name: string): Promise<ObjectId> {
  const networkId = `${name}-${account.suffix}`;
  const id = await seedObject(database.db, account, { level: 'campaign', networkId, name });
  const campaign = { ...account, campaignId: id };
  await seedObject(database.db, campaign, { level: 'adset', networkId: `set-${networkId}`, name });
  return id;
}

function optimizer(duringPass: () => Promise<void> = async () => {}) {
  let passes = 0;
  return createOptimizeActivities({
    db: database.db,
    networkOf: () => network,
    wallNowMs: () => Date.now(),
    // Called once before the pass and once after it has stored what it concluded.
    startDue: async () => {
      passes += 1;
      if (passes === 2) await duringPass();
      return 0;
    },
    supersede: async () => {},
    sweep: async () => {},
    tell: () => {},
  });
}

describe('campaigns with news', () => {
  beforeEach(async () => {
    await seedStrategy(database.db, {
      workspaceId: account.workspaceId,
      nowMs: account.nowMs,
      text: `
version: 1
strategy: watch
scope: { level: adset }
rules:
  - name: never
    when: 'spend("today") > 1000000'
    then: { pause: true }
`,
    });
  });

  it('are looked at by the next pass, whatever woke it, and forgotten then', async () => {
    const woken = await campaignWithAdset('Woken');
    const unheard = await campaignWithAdset('Unheard');
    await addCampaignNews(database.db, account.accountId, [woken, unheard], account.nowMs);
    const result = await optimizer().optimize({ accountId: account.accountId, campaignIds: [woken] });
    expect(result.evaluated).toBe(2);
    expect(await news()).toEqual([]);
  });

  it('that get more while a pass looks at them keep their news for the next', async () => {
    const id = await campaignWithAdset('Busy');
    await addCampaignNews(database.db, account.accountId, [id], account.nowMs);
    const again = () => addCampaignNews(database.db, account.accountId, [id], account.nowMs - 1_000);
    await optimizer(again).optimize({ accountId: account.accountId, campaignIds: [id] });
    expect(await news()).toEqual([id]);
    await optimizer().optimize({ accountId: account.accountId, campaignIds: 'all' });
    expect(await news()).toEqual([]);
  });

  it('keep it when the pass fails', async () => {
    const id = await campaignWithAdset('Failing');
    await addCampaignNews(database.db, account.accountId, [id], account.nowMs);
    const failing = optimizer(() => Promise.reject(new Error('Temporal is away')));
    await expect(failing.optimize({ accountId: account.accountId, campaignIds: [] })).rejects.toThrow();
    expect(await news()).toEqual([id]);
  });

  it('that a worker left without waking anyone are passed on by the next drain', async () => {
    const id = await campaignWithAdset('Left');
    await addCampaignNews(database.db, account.accountId, [id], account.nowMs);
    await database.db
      .insertInto('campaign_news')
      .values({ account_id: 'of an account that is gone', campaign_id: id, news_at: new Date(account.nowMs) })
      .execute();
    const wakes: { accountId: string; campaignIds: readonly number[] }[] = [];
    const ingest = createIngestActivities({
      db: database.db,
      pool,
      wallNowMs: () => Date.now(),
      wakeForward: async () => undefined,
      wakeOptimizer: async (accountId, campaignIds) => void wakes.push({ accountId, campaignIds }),
      log: { error() {}, warn() {} },
    });
    await new MockActivityEnvironment().run(() => ingest.drain({ shard: 'all', forMs: 50 }));
    expect(wakes).toEqual([{ accountId: account.accountId, campaignIds: [id] }]);
  });
});
