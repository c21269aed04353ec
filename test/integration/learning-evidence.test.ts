import { randomUUID } from 'node:crypto';
import { sql } from 'kysely';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { seedWorld, type World } from '../../bench/learning-seed.ts';
import type { ObjectId } from '../../src/core/object.ts';
import { hourStart } from '../../src/core/zone.ts';
import { trackingOutage } from '../../src/core/statistics/outage.ts';
import type { Db } from '../../src/db/connection.ts';
import { forgetCounts } from '../../src/db/learning/count-delays.ts';
import { learn } from '../../src/db/learning/learn.ts';
import { measurePulse } from '../../src/db/learning/pulse.ts';
import { watchPulse } from '../../src/db/learning/watch.ts';
import { testDatabase, type TestDatabase } from '../support/database.ts';
import { evidenceAt } from '../support/pass.ts';
import { HOUR_MS, seedAccount, type SeededAccount } from '../support/seed-account.ts';
import { seedStrategy } from '../support/seed-strategy.ts';

let database: TestDatabase;
let db: Db;
beforeAll(async () => {
  database = await testDatabase();
  db = database.db;
});
afterAll(() => database.drop());

/** Noon, with twelve hours of the future already in the tables. */
const NOON = Date.UTC(2026, 10, 10, 12);
const MIDNIGHT = NOON + 12 * HOUR_MS;

async function world(facts: Partial<World> = {}): Promise<SeededAccount> {
  const account = await seedAccount(db);
  await seedWorld(
    db,
    { ...account, sourceId: 'none' },
    {
      nowMs: MIDNIGHT,
      days: 60,
      campaigns: 2,
      adsPerCampaign: 8,
      seed: 5,
      clicksPerHour: 10,
      rate: 0.1,
      ...facts,
    },
  );
  await forgetCounts(db, { id: account.accountId, zone: 'UTC' });
  await learn(db, account.accountId, NOON);
  return account;
}

const look = (account: SeededAccount, nowMs: number) =>
  watchPulse(db, { accountId: account.accountId, asOfMs: nowMs, nowMs });
const outages = (account: SeededAccount) =>
  db
    .selectFrom('outage')
    .selectAll()
    .where('account_id', '=', account.accountId)
    .orderBy('started_at')
    .execute();

/** No conversion of the account is delivered in these hours. */
async function silence(account: SeededAccount, fromMs: number, toMs: number): Promise<void> {
  await sql`
    with gone as (
      delete from conversion where account_id = ${account.accountId}
        and received_at >= ${new Date(fromMs)} and received_at < ${new Date(toMs)} returning id
    )
    delete from conversion_change using gone where conversion_id = gone.id`.execute(db);
}

describe('the pulse of an account', () => {
  it('expects about what comes', async () => {
    const account = await world();
    let [expected, seen] = [0, 0];
    for (let hour = -30; hour <= 0; hour += 1) {
      const nowMs = NOON + hour * HOUR_MS;
      const pulse = await measurePulse(db, { accountId: account.accountId, asOfMs: nowMs, nowMs });
      expected += pulse?.expected ?? 0;
      seen += pulse?.seen ?? 0;
      expect(pulse?.hours).toBeLessThanOrEqual(3);
    }
    expect(seen).toBeGreaterThan(100);
    expect(expected / seen).toBeGreaterThan(0.85);
    expect(expected / seen).toBeLessThan(1.15);
  });

  it('raises no alarm on an account that converts as ever', async () => {
    const account = await world();
    for (let hour = -40; hour <= 0; hour += 1) await look(account, NOON + hour * HOUR_MS);
    expect(await outages(account)).toEqual([]);
  });

  it('is unknown while too little is expected, and for an account that nothing is learned of', async () => {
    const small = await world({ campaigns: 1, adsPerCampaign: 2, clicksPerHour: 1, rate: 0.02 });
    expect((await look(small, NOON)).pulse).toBeNull();
    const empty = await seedAccount(db);
    expect((await look(empty, NOON)).pulse).toBeNull();
    expect(await outages(small)).toEqual([]);
  });

  it('tells an outage, dates it to the silence, makes conversions undefined, and ends it when they are back', async () => {
    const account = await world();
    await silence(account, NOON - 4 * HOUR_MS, NOON + 1.5 * HOUR_MS);
    await seedStrategy(db, {
      workspaceId: account.workspaceId,
      nowMs: account.nowMs,
      text: `
version: 1
strategy: any
scope: { level: ad }
mode: dry-run
rules:
  - name: costly
    when: 'cpa("purchase", "7d") > 40'
    then: { pause: true }
  - name: spent
    when: 'spend("7d") > 1000000'
    then: { pause: true }
`,
    });
    const { news } = await look(account, NOON);
    expect(news).toMatch(
      /^conversions of the account fail to arrive: 0 in the last \d h where \d+\.\d were due$/,
    );
    const [outage] = await outages(account);
    expect(outage?.detected_at.getTime()).toBe(NOON);
    expect(Math.abs((outage?.started_at.getTime() ?? 0) - (NOON - 4 * HOUR_MS))).toBeLessThan(HOUR_MS);
    const found = await evidenceAt(db, account, NOON);
    const [evidence] = found[0]?.evidence ?? [];
    expect(evidence?.health.conversionsUndefined).toContain('fail to arrive');
    // Looked at again within ten minutes: the same measurement.
    expect((await look(account, NOON + 5 * 60_000)).news).toBeNull();
    const told: string[] = [];
    for (let hour = 1; hour <= 12; hour += 1) {
      const again = await look(account, NOON + hour * HOUR_MS);
      if (again.news !== null) told.push(again.news);
    }
    expect(told).toHaveLength(1);
    expect(told[0]).toContain('arrive again after');
    const after = await outages(account);
    expect(after).toHaveLength(1);
    expect(after[0]?.ended_by).toBe('recovered');
    const quiet = await evidenceAt(db, account, MIDNIGHT);
    expect(quiet[0]?.evidence[0]?.health.conversionsUndefined).not.toContain('fail to arrive');
  });

  it('knows how much was due since the newest conversion, so that pauses wait before an outage is proven', async () => {
    const account = await world();
    const sound = await look(account, NOON);
    expect(sound.pulse?.silent).toBeLessThan(sound.pulse?.expected ?? 0);
    expect(trackingOutage(sound.pulse)).toMatchObject({ outage: false, suspected: false });
    await silence(account, NOON - HOUR_MS, MIDNIGHT);
    const silent = await look(account, NOON + HOUR_MS);
    expect(silent.pulse?.silent).toBeGreaterThan((sound.pulse?.silent ?? 0) + 1);
    // Stored, and read again within ten minutes.
    expect((await look(account, NOON + HOUR_MS + 60_000)).pulse).toEqual(silent.pulse);
    const [last] = (
      await sql<{ at: Date }>`select max(received_at) as at from conversion
        where account_id = ${account.accountId} and counted and received_at <= ${new Date(NOON + HOUR_MS)}`.execute(
        db,
      )
    ).rows;
    expect(last?.at.getTime()).toBeLessThan(NOON - HOUR_MS + 1);
  });

  it.each(['UTC', 'Asia/Kolkata'])(
    'leaves out the same hours of spend and of conversions once an outage is over, in %s',
    async (zone) => {
      const account = await world();
      await db
        .updateTable('ad_account')
        .set({ time_zone: zone })
        .where('id', '=', account.accountId)
        .execute();
      const half = zone === 'UTC' ? 0 : HOUR_MS / 2;
      // As reports and ingest put them there: hours of the zone.
      for (const table of ['spend_hour', 'conversion_hour'] as const)
        await sql`update ${sql.table(table)} set hour = hour + interval '1 hour' * ${half / HOUR_MS}
                  where account_id = ${account.accountId}`.execute(db);
      const minutes = 60_000;
      const [fromMs, toMs] = [NOON - 5 * HOUR_MS + 10 * minutes, NOON - 2 * HOUR_MS + 10 * minutes];
      await db
        .insertInto('outage')
        .values({
          account_id: account.accountId,
          started_at: new Date(fromMs),
          detected_at: new Date(toMs),
          ended_at: new Date(toMs),
          ended_by: 'recovered',
          expected: 40,
          seen: 0,
        })
        .execute();
      const asOfMs = NOON - half;
      const pulse = await measurePulse(db, { accountId: account.accountId, asOfMs, nowMs: NOON });
      // Whole hours of the zone that the outage touches.
      const [hiddenFrom, hiddenTo] = [
        hourStart(fromMs, zone),
        hourStart(toMs, zone) + (hourStart(toMs, zone) === toMs ? 0 : HOUR_MS),
      ];
      const { rows } = await sql<{ seen: number; near: number }>`
        select count(*) filter (where clicked_at < ${new Date(hiddenFrom)} or clicked_at >= ${new Date(hiddenTo)}) as seen,
               count(*) filter (where clicked_at < ${new Date(hiddenFrom - HOUR_MS)}
                                or clicked_at >= ${new Date(hiddenTo + HOUR_MS)}) as near
        from conversion
        where account_id = ${account.accountId} and counted and clicked_at < ${new Date(asOfMs)}
          and clicked_at >= ${new Date(asOfMs - 72 * HOUR_MS)} and received_at <= ${new Date(NOON)}
          and received_at > ${new Date(NOON - (pulse?.hours ?? NaN) * HOUR_MS)}`.execute(db);
      expect(pulse?.seen).toBe(rows[0]?.seen);
      expect(rows[0]?.near).toBeLessThan(rows[0]?.seen ?? 0);
    },
  );

  it('waits for postbacks that are not counted yet: they did arrive', async () => {
    const account = await world();
    await silence(account, NOON - 4 * HOUR_MS, MIDNIGHT);
    const [id, at] = [randomUUID(), new Date(NOON - HOUR_MS)];
    await sql`
      insert into postback (id, workspace_id, source_id, received_at, wall_at, method, path, raw, outcome)
      values (${id}, ${account.workspaceId}, 'none', ${at}, ${at}, 'GET', '/p', '', 'accepted')`.execute(db);
    await db.insertInto('inbox').values({ postback_id: id, received_at: at, slot: 1 }).execute();
    expect(await look(account, NOON)).toEqual({ pulse: null, news: null });
    expect(await outages(account)).toEqual([]);
    await db.deleteFrom('inbox').where('postback_id', '=', id).execute();
    expect((await look(account, NOON)).news).toContain('fail to arrive');
  });

  it('takes what goes on for days for how the account converts now, once', async () => {
    const account = await world();
    await silence(account, NOON - 90 * HOUR_MS, MIDNIGHT);
    // Some conversions still come: the sources are not silent, but the page sells no more.
    const told: string[] = [];
    for (let hour = -85; hour <= 12; hour += 1) {
      const { news } = await look(account, NOON + hour * HOUR_MS);
      if (news !== null) told.push(news);
    }
    expect(told).toHaveLength(2);
    expect(told[1]).toContain('this is how the account converts now');
    expect((await outages(account)).map((outage) => outage.ended_by)).toEqual(['limit']);
  });
});

describe('evidence for statistics', () => {
  const strategy = (account: SeededAccount, when: string) =>
    seedStrategy(db, {
      workspaceId: account.workspaceId,
      nowMs: account.nowMs,
      text: `
version: 1
strategy: statistical
scope: { level: ad }
target: { event: purchase, cpa: 20 USD }
mode: dry-run
rules:
  - name: proven
    when: '${when}'
    then: { pause: true }
`,
    });

  it('holds buckets, what was learned, and no outage’s hours', async () => {
    const account = await world();
    await strategy(account, 'proven.cpaAbove(target.cpa, 0.05) || proven.roasBelow(0.4, 0.05)');
    const before = (await evidenceAt(db, account, MIDNIGHT))[0]?.evidence[0];
    expect(before?.delivery?.fromMs.length).toBeGreaterThan(80);
    expect(before?.learned?.['purchase']?.curve.from).toBe('campaign');
    expect(before?.learned?.['purchase']?.prior?.from).toBe('campaign');
    expect(before?.delivery?.events['purchase']?.cappedValue).toBeDefined();
    expect(before?.pilot).toBeUndefined();
    const from = NOON - 6 * HOUR_MS;
    await db
      .insertInto('outage')
      .values({
        account_id: account.accountId,
        started_at: new Date(from),
        detected_at: new Date(NOON),
        ended_at: new Date(NOON),
        ended_by: 'recovered',
        expected: 40,
        seen: 0,
      })
      .execute();
    const after = (await evidenceAt(db, account, MIDNIGHT))[0]?.evidence[0];
    const hidden = after?.delivery?.fromMs.flatMap((ms, no) =>
      ms >= from && ms < NOON
        ? [after.delivery?.spend[no], after.delivery?.events['purchase']?.conversions[no]]
        : [],
    );
    expect(hidden).toEqual(Array.from({ length: 12 }, () => 0));
    const spendOf = (delivery: typeof after) => delivery?.delivery?.spend.reduce((a, b) => a + b, 0) ?? 0;
    expect(spendOf(before) - spendOf(after)).toBeCloseTo(6 * 5, 6);
  });

  it('has revenue under the cap for whoever asks what an order is worth, by any name', async () => {
    const account = await world();
    for (const when of [
      'forecast.revenue("7d") < 5',
      'shrunk.roas("7d") < 0.1',
      'forecast.revenueHigh("7d") < 5',
    ]) {
      await strategy(account, when);
      const one = (await evidenceAt(db, account, MIDNIGHT)).at(-1)?.evidence[0];
      expect(one?.learned?.['purchase']?.orders).not.toBeNull();
      expect(one?.delivery?.events['purchase']?.cappedValue, when).toBeDefined();
    }
  });

  it('is not loaded for those who do not ask', async () => {
    const account = await world();
    await strategy(account, 'spend("7d") > 10');
    const one = (await evidenceAt(db, account, MIDNIGHT))[0]?.evidence[0];
    expect(one).toBeDefined();
    expect(one).not.toHaveProperty('delivery');
    expect(one).not.toHaveProperty('learned');
  });

  it('counts by the time of the conversion where a rule asks for it', async () => {
    const account = await world();
    await strategy(
      account,
      'arrived.conversions("3d") > 0 && conversions("3d") > 0 && arrived.revenue("7d") > 0',
    );
    const found = await evidenceAt(db, account, MIDNIGHT);
    const plain = async (id: ObjectId, days: number) => {
      const { rows } = await sql<{ n: number; micros: number }>`
        select count(*) as n, sum(value_micros) as micros from conversion
        where object_id = ${id} and counted and event_at < ${new Date(MIDNIGHT)}
          and event_at >= ${new Date(MIDNIGHT - days * 24 * HOUR_MS)}`.execute(db);
      return rows[0];
    };
    const differences: number[] = [];
    for (const { object, windows } of found[0]?.evidence ?? []) {
      const [three, seven] = [windows['3d'], windows['7d']];
      expect(three?.arrived?.['purchase']?.conversions ?? 0).toBe((await plain(object.id, 3))?.n);
      expect(Math.round((seven?.arrived?.['purchase/event']?.value ?? 0) * 1e6)).toBe(
        (await plain(object.id, 7))?.micros ?? 0,
      );
      differences.push(
        (three?.arrived?.['purchase']?.conversions ?? 0) - (three?.conversions['purchase']?.conversions ?? 0),
      );
    }
    expect(differences).toHaveLength(16);
    expect(differences.some((difference) => difference !== 0)).toBe(true);
  });
});
