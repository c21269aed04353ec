import { afterAll, beforeAll, expect, it } from 'vitest';
import { createOptimizeActivities } from '../../activities/optimize.ts';
import type { ObjectId } from '../../src/core/object.ts';
import { batchesOf } from '../../src/db/evidence-batches.ts';
import { loadCurrentStrategies } from '../../src/db/strategy.ts';
import { testDatabase, type TestDatabase } from '../support/database.ts';
import { fakeNetwork } from '../support/fake-network.ts';
import { spend } from '../support/loop.ts';
import { strategyText } from '../support/pass-fixture.ts';
import { seedAccount, seedObject, type SeededAccount } from '../support/seed-account.ts';
import { seedStrategy } from '../support/seed-strategy.ts';

let database: TestDatabase;
beforeAll(async () => {
  database = await testDatabase();
});
afterAll(() => database.drop());

/** Three campaigns of three ad sets, each with an ad that shows the one creative of its campaign. */
async function market(): Promise<SeededAccount> {
  const account = await seedAccount(database.db);
  const { db } = database;
  for (const campaign of ['A', 'B', 'C']) {
    const campaignId = await seedObject(db, account, {
      level: 'campaign',
      networkId: `${campaign}-${account.suffix}`,
      name: `Campaign ${campaign}`,
    });
    const inside = { ...account, campaignId };
    const creativeNetworkId = `v${campaign}-${account.suffix}`;
    const creativeId = await seedObject(db, inside, {
      level: 'creative',
      networkId: creativeNetworkId,
      name: `Creative ${campaign}`,
    });
    for (const no of [1, 2, 3]) {
      const adsetId = await seedObject(db, inside, {
        level: 'adset',
        networkId: `${campaign}${no}-${account.suffix}`,
        name: `Set ${campaign}${no}`,
      });
      const ad = await seedObject(db, inside, {
        level: 'ad',
        networkId: `a${campaign}${no}-${account.suffix}`,
        name: `Ad ${campaign}${no}`,
        adsetId,
        creative: { id: creativeId, networkId: creativeNetworkId },
      });
      await spend(db, account, ad, 20 + no);
    }
  }
  const text = (name: string, level: string, actions: number) =>
    strategyText(name, 'live')
      .replace('level: adset', `level: ${level}`)
      .replace(
        'maxShareOfSpendPaused',
        `maxSpendAge: 48h, maxActionsPerDay: ${actions}, maxShareOfSpendPaused`,
      );
  // In order of names: the creatives' ads are taken first, then five ad sets fit beside them, then no ad does.
  for (const [name, level, actions] of [
    ['a-creatives', 'creative', 3],
    ['b-sets', 'adset', 8],
    ['c-ads', 'ad', 8],
  ] as const)
    await seedStrategy(db, {
      workspaceId: account.workspaceId,
      nowMs: account.nowMs,
      text: text(name, level, actions),
    });
  return account;
}

async function passInBatchesOf(account: SeededAccount, batchObjects: number) {
  const told: number[] = [];
  const activities = createOptimizeActivities({
    db: database.db,
    networkOf: () => fakeNetwork(),
    wallNowMs: () => Date.now(),
    startDue: async () => 0,
    supersede: async () => {},
    sweep: async () => {},
    tell: () => {},
    progress: ({ of }) => told.push(of),
    batchObjects,
  });
  const result = await activities.optimize({ accountId: account.accountId, campaignIds: 'all' });
  const rows = await database.db
    .selectFrom('decision as d')
    .innerJoin('object as o', 'o.id', 'd.object_id')
    .innerJoin('strategy as s', 's.id', 'd.strategy_id')
    .select(['o.name', 's.name as strategy', 'd.verdict', 'd.reason'])
    .where('d.account_id', '=', account.accountId)
    .orderBy('s.name')
    .orderBy('o.name')
    .orderBy('d.verdict')
    .execute();
  const evaluations = await database.db
    .selectFrom('last_evaluation as e')
    .innerJoin('object as o', 'o.id', 'e.campaign_id')
    .innerJoin('strategy as s', 's.id', 'e.strategy_id')
    .select(['o.name', 's.name as strategy', 'e.objects'])
    .where('e.account_id', '=', account.accountId)
    .orderBy('s.name')
    .orderBy('o.name')
    .execute();
  return {
    told,
    result: { ...result, startedWorkflows: 0 },
    rows,
    evaluations: evaluations.map(({ name, strategy, objects }) => ({
      name,
      strategy,
      objects: (objects as readonly { readonly verdict: string; readonly reason: string }[]).map(
        ({ verdict, reason }) => `${verdict} ${reason}`,
      ),
    })),
  };
}

it('concludes the same in batches as in one piece: order of strategies, limits, who acts on what', async () => {
  const whole = await passInBatchesOf(await market(), 1_000);
  expect(whole.told).toEqual([1]);
  expect(whole.result.acted).toBeGreaterThan(0);
  expect(whole.result.reasons).toMatchObject({ max_actions_per_day: expect.any(Number) as number });
  const cut = await passInBatchesOf(await market(), 7);
  expect(cut.told.length).toBeGreaterThan(6);
  expect(cut.rows).toEqual(whole.rows);
  expect(cut.evaluations).toEqual(whole.evaluations);
  expect(cut.result).toEqual(whole.result);
});

it('cuts by whole campaigns, in order, one strategy after the other; a small pass stays whole', async () => {
  const account = await market();
  const strategies = await loadCurrentStrategies(database.db, account.workspaceId);
  const cut = (most: number, ids: 'all' | readonly ObjectId[] = 'all') =>
    batchesOf(database.db, account.accountId, ids, strategies, most);
  expect(await cut(1_000)).toEqual([{ strategies, campaignIds: 'all' }]);
  const batches = await cut(7);
  const names = batches.map((batch) => batch.strategies.map(({ compiled }) => compiled.name).join());
  expect(names).toEqual(names.toSorted());
  const campaigns = batches
    .filter((batch) => batch.strategies[0]?.compiled.level === 'adset')
    .flatMap(({ campaignIds }) => (campaignIds === 'all' ? [] : [...campaignIds]));
  // The account's own campaign has no ad sets; it is looked at all the same.
  expect(new Set(campaigns).size).toBe(4);
  expect(campaigns).toHaveLength(4);
  // A campaign with more objects than a batch is one of its own, and its one creative too.
  const last = campaigns.at(-1);
  if (last === undefined) throw new Error('no campaign');
  const alone = await cut(1, [last]);
  expect(alone.map((batch) => batch.campaignIds)).toEqual([[expect.any(Number)], [last], [last]]);
});
