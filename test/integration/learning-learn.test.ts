import { sql } from 'kysely';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { ObjectId } from '../../src/core/object.ts';
import { arrived, type DelayCurve } from '../../src/core/statistics/delay-curve.ts';
import { dayOf, hourStart } from '../../src/core/zone.ts';
import type { Db } from '../../src/db/connection.ts';
import { loadLearningAccount } from '../../src/db/learning/account.ts';
import { STORED_BINS_MINUTES } from '../../src/db/learning/bins.ts';
import { forgetCounts } from '../../src/db/learning/count-delays.ts';
import { curveWithoutFacts } from '../../src/db/learning/curves.ts';
import { learn } from '../../src/db/learning/learn.ts';
import { loadLearned } from '../../src/db/learning/load-learned.ts';
import { storeLearned } from '../../src/db/learning/store.ts';
import { loadYoungDelays } from '../../src/db/learning/young-delays.ts';
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

  it('of an earlier round, that goes on after it was given up, replaces nothing that a later one stored', async () => {
    const shop = await world();
    await forgetCounts(db, { id: shop.accountId, zone: shop.zone });
    await learn(db, shop.accountId, NOW);
    const stored = () =>
      db
        .selectFrom('learned')
        .selectAll()
        .where('account_id', '=', shop.accountId)
        .orderBy('event')
        .orderBy('campaign_id')
        .execute();
    const before = await stored();
    expect(before.length).toBeGreaterThan(1);
    expect(await storeLearned(db, { accountId: shop.accountId, nowMs: NOW - HOUR, rows: [] })).toBe(0);
    expect(await stored()).toEqual(before);
  });

  it('learns the steep part of a curve from the first hours of an account', async () => {
    // Ten hours old; by the engine's own curve of purchases more come at once.
    const shop = await world({ days: 0.1, meanDelayMs: 2 * HOUR, clicksPerHour: 200, rate: 0.1 });
    await learn(db, shop.accountId, NOW);
    const { curve } = (await loadLearned(db, shop.accountId)).of('purchase', 'ad', null);
    expect(curve.from).toBe('account');
    expect(curve.conversions).toBeGreaterThan(100);
    const guessed = curveWithoutFacts({ name: 'purchase', types: ['event'], windowMs: 30 * DAY });
    for (const hours of [0.5, 1, 2]) {
      const truth = (1 - Math.exp(-hours / 2)) / (1 - Math.exp(-4));
      // Of what comes within eight hours, which is all that these hours can show.
      const within = (of: DelayCurve) => arrived(of, hours * HOUR, 'share') / arrived(of, 8 * HOUR, 'share');
      expect(Math.abs(within(curve) - truth)).toBeLessThan(0.06);
      expect(Math.abs(within(guessed) - truth)).toBeGreaterThan(0.1);
    }
  });

  it.each(['UTC', 'Asia/Kolkata'])('counts young clicks by the hour and once, in %s', async (zone) => {
    const shop = await world({ days: 3, meanDelayMs: 3 * HOUR, clicksPerHour: 10, rate: 0.1 });
    await db.updateTable('ad_account').set({ time_zone: zone }).where('id', '=', shop.accountId).execute();
    const begunMs = dayOf(NOW - DAY, zone).startMs + 2.3 * HOUR;
    await db
      .updateTable('ad_account')
      .set({ tracking_since: new Date(begunMs) })
      .where('id', '=', shop.accountId)
      .execute();
    const account = await loadLearningAccount(db, shop.accountId, NOW);
    if (account === null) throw new Error('nothing to learn from');
    const found = new Map<string, number>();
    for (const one of await loadYoungDelays(db, account)) {
      expect(dayOf(one.endMs - 1, zone).date).toBe(one.day);
      const key = [one.campaignId, one.event, one.endMs, one.belowMinutes].join(' ');
      expect(found.has(key)).toBe(false);
      found.set(key, one.conversions);
    }
    const conversions = await db
      .selectFrom('conversion')
      .select(['campaign_id', 'event', 'clicked_at', 'received_at'])
      .where('account_id', '=', shop.accountId)
      .execute();
    const plain = new Map<string, number>();
    for (const { campaign_id, event, clicked_at, received_at } of conversions) {
      const atMs = clicked_at?.getTime() ?? NaN;
      const endMs = hourStart(atMs, zone) + HOUR;
      if (!(atMs >= begunMs && endMs <= NOW)) continue;
      const minutes = (received_at.getTime() - atMs) / 60_000;
      const below = STORED_BINS_MINUTES.find((edge) => minutes < edge);
      const key = [campaign_id, event, endMs, below].join(' ');
      plain.set(key, (plain.get(key) ?? 0) + 1);
    }
    expect(plain.size).toBeGreaterThan(100);
    expect(found).toEqual(plain);
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
