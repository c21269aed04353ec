import { sql } from 'kysely';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { ObjectId } from '../../src/core/object.ts';
import { arrived } from '../../src/core/statistics/delay-curve.ts';
import type { Db } from '../../src/db/connection.ts';
import { forgetCounts } from '../../src/db/learning/count-delays.ts';
import { learn } from '../../src/db/learning/learn.ts';
import { loadLearned } from '../../src/db/learning/load-learned.ts';
import { testDatabase, type TestDatabase } from '../support/database.ts';
import { seedAccount, type SeededAccount } from '../support/ingest-facts.ts';
import { seedWorld, type World } from '../../bench/learning-seed.ts';

const HOUR = 3_600_000;
const DAY = 24 * HOUR;
const NOW = Date.parse('2026-05-20T10:00:00Z');

let database: TestDatabase;
let db: Db;
beforeAll(async () => {
  database = await testDatabase();
  db = database.db;
});
afterAll(() => database.drop());

let number = 0;
async function world(facts: Partial<World> = {}): Promise<SeededAccount> {
  number += 1;
  const shop = await seedAccount(db, { name: `world-${number}` });
  await seedWorld(db, shop, {
    nowMs: NOW,
    days: 90,
    campaigns: 2,
    adsPerCampaign: 8,
    seed: number,
    ...facts,
  });
  return shop;
}

describe('learning', () => {
  it('finds the delays, rates and order sizes that a world was made with', async () => {
    const shop = await world({ meanDelayMs: 6 * HOUR, rate: 0.05, shape: 2 });
    await forgetCounts(db, { id: shop.accountId, zone: shop.zone });
    const result = await learn(db, shop.accountId, NOW);
    expect(result.changed).toBeGreaterThan(0);
    const book = await loadLearned(db, shop.accountId);
    const learned = book.of('purchase', 'ad', null);
    for (const hours of [1, 6, 24, 48]) {
      const truth = 1 - Math.exp(-hours / 6);
      expect(Math.abs(arrived(learned.curve, hours * HOUR, 'share') - truth)).toBeLessThan(0.04);
    }
    expect(learned.curve.conversions).toBeGreaterThan(300);
    expect(learned.learnedAtMs).toBe(NOW);
    const { prior, clickPrior, orders } = learned;
    if (prior === null || clickPrior === null || orders === null) throw new Error('nothing learned');
    expect(prior.siblings).toBe(16);
    expect(prior.from).toBe('account');
    expect(prior.a / prior.b / 0.05).toBeGreaterThan(0.6);
    expect(prior.a / prior.b / 0.05).toBeLessThan(1.6);
    // A click costs 50 cents in this world.
    expect(clickPrior.a / clickPrior.b / (prior.a / prior.b)).toBeCloseTo(0.5, 1);
    expect(orders.mean).toBeGreaterThan(35);
    expect(orders.mean).toBeLessThan(45);
    expect(learned.dispersion).toBeLessThan(1.3);
    const [campaign] = await db
      .selectFrom('object')
      .select('id')
      .where('account_id', '=', shop.accountId)
      .where('level', '=', 'campaign')
      .where('network_id', 'like', 'w%')
      .execute();
    const own = book.of('purchase', 'ad', campaign?.id ?? null);
    expect(own.prior?.from).toBe('campaign');
    expect(own.curve.from).toBe('campaign');
  });

  it('is the same however often, and wherever, it was interrupted', async () => {
    const shop = await world();
    const account = { id: shop.accountId, zone: shop.zone };
    await forgetCounts(db, account);
    await learn(db, shop.accountId, NOW);
    const rows = () =>
      db
        .selectFrom('learned')
        .selectAll()
        .where('account_id', '=', shop.accountId)
        .orderBy('event')
        .orderBy('campaign_id')
        .execute();
    const first = await rows();
    expect((await learn(db, shop.accountId, NOW)).changed).toBe(0);
    await db.deleteFrom('delay_count').where('account_id', '=', shop.accountId).execute();
    await forgetCounts(db, account);
    await learn(db, shop.accountId, NOW);
    expect(await rows()).toEqual(first);
  });

  it('is not misled by what has not arrived yet', async () => {
    // Three of four conversions take days: the last week's cohorts have seen few of theirs.
    const slow = await world({ meanDelayMs: 5 * DAY });
    await forgetCounts(db, { id: slow.accountId, zone: slow.zone });
    await learn(db, slow.accountId, NOW);
    const { curve, prior } = (await loadLearned(db, slow.accountId)).of('purchase', 'ad', null);
    expect(Math.abs(arrived(curve, 5 * DAY, 'share') - 0.632)).toBeLessThan(0.06);
    expect((prior?.a ?? 0) / (prior?.b ?? 1) / 0.05).toBeGreaterThan(0.6);
  });

  it('takes the engine’s defaults while there is nothing to learn from', async () => {
    number += 1;
    const shop = await seedAccount(db, { name: `world-${number}` });
    expect((await learn(db, shop.accountId, NOW)).sentence).toBe('nothing to learn from yet');
    const learned = (await loadLearned(db, shop.accountId)).of('purchase', 'ad', null);
    expect(learned).toMatchObject({ prior: null, orders: null, dispersion: 1, trial: null, learnedAtMs: 0 });
    expect(learned.curve.from).toBe('default');
    expect(learned.curve.agesMs.at(-1)).toBe(30 * DAY);
    const install = (await loadLearned(db, shop.accountId)).of('install', 'ad', null);
    expect(arrived(install.curve, HOUR, 'share')).toBeGreaterThan(0.6);
    await expect(learn(db, 'no such account', NOW)).resolves.toMatchObject({ changed: 0 });
  });

  it('leaves out clicks from before tracking began: only their late conversions were ever seen', async () => {
    const shop = await world({ meanDelayMs: 6 * HOUR });
    await forgetCounts(db, { id: shop.accountId, zone: shop.zone });
    const begun = NOW - 60 * DAY;
    // What would have been seen: of the clicks before, nothing that came before tracking began.
    await sql`update conversion set counted = false where account_id = ${shop.accountId}
      and received_at < ${new Date(begun)}`.execute(db);
    await db
      .updateTable('ad_account')
      .set({ tracking_since: new Date(begun) })
      .where('id', '=', shop.accountId)
      .execute();
    await learn(db, shop.accountId, NOW);
    const { curve } = (await loadLearned(db, shop.accountId)).of('purchase', 'ad', null);
    expect(Math.abs(arrived(curve, 6 * HOUR, 'share') - 0.632)).toBeLessThan(0.05);
  });

  it('learns what a free trial is worth from the trials that are old enough', async () => {
    const shop = await world({ trials: { rate: 0.3, price: 14, afterMs: 7 * DAY } });
    await forgetCounts(db, { id: shop.accountId, zone: shop.zone });
    await learn(db, shop.accountId, NOW);
    const { trial } = (await loadLearned(db, shop.accountId)).of('trial_started', 'ad', null);
    if (trial === null) throw new Error('no trial learned');
    expect(trial.paidEvent).toBe('subscription');
    expect(trial.price).toBeCloseTo(14, 6);
    expect(trial.trials).toBeGreaterThan(100);
    // Trials of the last week have not paid yet and must not count against the rate.
    expect(Math.abs(trial.rate - 0.3)).toBeLessThan(0.08);
    expect((await loadLearned(db, shop.accountId)).of('subscription', 'ad', null).trial).toBeNull();
  });

  it('drops a campaign’s own facts once it has none', async () => {
    const shop = await world();
    await forgetCounts(db, { id: shop.accountId, zone: shop.zone });
    await learn(db, shop.accountId, NOW);
    const campaigns = async () =>
      new Set(
        (
          await db
            .selectFrom('learned')
            .select('campaign_id')
            .where('account_id', '=', shop.accountId)
            .execute()
        ).map((r) => r.campaign_id),
      );
    expect((await campaigns()).size).toBe(3);
    const gone = [...(await campaigns())].find((id) => id !== null) as ObjectId;
    await sql`update conversion set counted = false where campaign_id = ${gone}`.execute(db);
    await sql`delete from event_day where object_id in (select id from object where campaign_id = ${gone})`.execute(
      db,
    );
    await sql`delete from object_day where object_id in (select id from object where campaign_id = ${gone})`.execute(
      db,
    );
    await forgetCounts(db, { id: shop.accountId, zone: shop.zone });
    await learn(db, shop.accountId, NOW);
    expect((await campaigns()).has(gone)).toBe(false);
  });
});
