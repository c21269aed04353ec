import { MockActivityEnvironment } from '@temporalio/testing';
import { sql } from 'kysely';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createMaintainActivities } from '../../activities/maintain.ts';
import type { FraudSettings } from '../../src/contract/fraud-settings.ts';
import { conversionSignals, DEFAULT_LIMITS } from '../../src/core/fraud/conversion-signals.ts';
import type { Db } from '../../src/db/connection.ts';
import { loadCandidates, widest } from '../../src/db/fraud-candidates.ts';
import { judgeFraud } from '../../src/db/fraud-judge.ts';
import { releaseFraud } from '../../src/db/fraud-list.ts';
import { storeFraudSettings } from '../../src/db/fraud-policy.ts';
import { loadPostbackErrors } from '../../src/db/postback-errors.ts';
import { errorAdvice } from '../../src/sources/advice.ts';
import { testDatabase, type TestDatabase } from '../support/database.ts';
import { addCampaign, floodedTimes, healthyTimes, stream } from '../support/fraud-facts.ts';
import { addClick, addPostback, type PostbackFacts, T0, totalsThatDiffer } from '../support/ingest-facts.ts';
import { IngestFixture } from '../support/ingest-fixture.ts';

const HOUR = 3_600_000;
const DAY = 24 * HOUR;
const NOW = T0 + 12 * HOUR;

let database: TestDatabase;
let db: Db;
let facts: IngestFixture;

beforeAll(async () => {
  database = await testDatabase();
  db = database.db;
  facts = new IngestFixture(db);
});
afterAll(() => database.drop());

const judge = (more: { nowMs?: number; sinceMs?: number } = {}) =>
  judgeFraud(db, { workspaceId: facts.shop.workspaceId, nowMs: NOW, wallMs: NOW, ...more });

const policy = (settings: FraudSettings) => storeFraudSettings(db, facts.shop.sourceId, settings);

const signals = () =>
  db
    .selectFrom('conversion_signal')
    .selectAll()
    .where('workspace_id', '=', facts.shop.workspaceId)
    .orderBy('conversion_id')
    .orderBy('signal')
    .execute();

let number = 0;
/** An install `afterMs` after a click of its own. @returns the postback's id, which is the conversion's. */
async function install(
  afterMs: number,
  more: Partial<PostbackFacts> & { deviceId?: string } = {},
): Promise<string> {
  number += 1;
  const atMs = T0 + number * 1_000;
  const clickId = await addClick(db, facts.shop, { atMs, ad: 'a1' });
  return await addPostback(db, facts.shop, {
    atMs: atMs + afterMs + 5_000,
    eventAtMs: atMs + afterMs,
    clickId,
    event: 'install',
    eventType: 'install',
    key: `k${number}`,
    ...more,
  });
}

/** What the rollups count of ad a1. */
async function counted(): Promise<number> {
  const { rows } = await sql<{ conversions: number }>`
    select coalesce(sum(conversions), 0)::int as conversions from conversion_hour
    where account_id = ${facts.shop.accountId} and status in ('pending', 'approved')`.execute(db);
  return rows[0]?.conversions ?? 0;
}

describe('by default', () => {
  it('signs are marked with their numbers and everything goes on counting', async () => {
    await facts.fresh();
    const fast = await install(1_000);
    const usual = await install(300_000);
    const rejected = await install(300_000, { status: 'rejected' });
    await sql`update postback set reject_reason = 'bots' where id = ${rejected}`.execute(db);
    await facts.drain();
    expect(await judge()).toEqual({ found: 2, keptOut: 0 });
    const found = await signals();
    expect(found.map((one) => `${one.conversion_id} ${one.signal} ${one.treatment}`).toSorted()).toEqual(
      [`${fast} install_too_fast count`, `${rejected} rejected_by_sender exclude`].toSorted(),
    );
    expect(found.find((one) => one.signal === 'install_too_fast')?.detail).toBe(
      'install 1 s after the click, sooner than the 2 s it takes at least',
    );
    expect(found.find((one) => one.conversion_id === rejected)?.detail).toBe(
      'the sender rejects it for "bots"',
    );
    const rows = await facts.conversions();
    expect(rows.map((row) => row.excluded)).toEqual([null, null, null]);
    expect(rows.find((row) => row.id === usual)?.counted).toBe(true);
    expect(await counted()).toBe(2);
  });

  it('judging again changes nothing, and a broken setting acts like none', async () => {
    const before = await signals();
    await sql`update source set settings = '{"fraud":{"policy":{"install_too_fast":"burn"}}}' where id = ${facts.shop.sourceId}`.execute(
      db,
    );
    expect(await judge({ nowMs: NOW + HOUR })).toEqual({ found: 2, keptOut: 0 });
    expect(await signals()).toEqual(before);
  });
});

describe('with a policy', () => {
  it('quarantine takes a conversion out of the counts from now on, dated, with its reason', async () => {
    await facts.fresh();
    const fast = await install(1_000, { amount: 5 });
    await install(300_000, { amount: 7 });
    await facts.drain();
    await policy({ policy: { install_too_fast: 'quarantine' } });
    expect(await counted()).toBe(2);
    expect(await judge()).toEqual({ found: 1, keptOut: 1 });
    expect(await judge()).toEqual({ found: 1, keptOut: 0 });
    expect(await counted()).toBe(1);
    expect(await totalsThatDiffer(db)).toEqual([]);
    const row = (await facts.conversions()).find((one) => one.id === fast);
    expect(row).toMatchObject({ excluded: 'quarantine', counted: false });
    const postback = await db
      .selectFrom('postback')
      .selectAll()
      .where('id', '=', fast)
      .executeTakeFirstOrThrow();
    expect(postback).toMatchObject({ outcome: 'quarantined', reason: 'signs_of_fraud' });
    expect(postback.detail).toMatch(/drove install.*; kept apart: install 1 s after the click/);
    // What was known before stays known: each change has its date.
    const changes = await db
      .selectFrom('conversion_change')
      .select(['known_from', 'counted_delta', 'value_delta_micros'])
      .where('conversion_id', '=', fast)
      .orderBy('known_from')
      .execute();
    expect(changes.map((one) => [one.counted_delta, one.value_delta_micros])).toEqual([
      [1, 5_000_000],
      [-1, -5_000_000],
    ]);
    expect(changes[1]?.known_from).toEqual(new Date(NOW));
    const news = await db
      .selectFrom('campaign_news')
      .select('campaign_id')
      .where('account_id', '=', facts.shop.accountId)
      .execute();
    expect(news.map((one) => one.campaign_id)).toContain(facts.shop.objects.get('c1'));
  });

  it('a message that comes later changes it and does not bring it back', async () => {
    const [before] = (await facts.conversions()).filter((one) => one.excluded === 'quarantine');
    await addPostback(db, facts.shop, {
      atMs: NOW + HOUR,
      clickId: before?.click_id ?? null,
      event: 'install',
      eventType: 'install',
      key: before?.txid ?? null,
      amount: 9,
    });
    await facts.drain();
    const after = (await facts.conversions()).find((one) => one.id === before?.id);
    expect(after).toMatchObject({ excluded: 'quarantine', counted: false, original_micros: 9_000_000 });
    expect(await counted()).toBe(1);
    expect(await totalsThatDiffer(db)).toEqual([]);
  });

  it('released, it counts again with what it is worth now, and is never kept out again', async () => {
    const [before] = (await facts.conversions()).filter((one) => one.excluded === 'quarantine');
    const where = { workspaceId: facts.shop.workspaceId, nowMs: NOW + 2 * HOUR, wallMs: NOW };
    expect(await releaseFraud(db, where, { conversionId: before?.id ?? '' })).toEqual({
      conversions: 1,
      putBack: 1,
    });
    expect(await releaseFraud(db, where, { conversionId: before?.id ?? '' })).toEqual({
      conversions: 1,
      putBack: 0,
    });
    expect(await judge({ nowMs: NOW + 3 * HOUR })).toEqual({ found: 1, keptOut: 0 });
    expect(await counted()).toBe(2);
    expect(await totalsThatDiffer(db)).toEqual([]);
    const { rows } = await sql<{ counted: number; micros: number }>`
      select sum(counted_delta)::int as counted, sum(value_delta_micros)::int as micros
      from conversion_change where conversion_id = ${before?.id ?? ''}`.execute(db);
    expect(rows).toEqual([{ counted: 1, micros: 9_000_000 }]);
    const postback = await db
      .selectFrom('postback')
      .select(['outcome', 'detail'])
      .where('id', '=', before?.id ?? '')
      .executeTakeFirstOrThrow();
    expect(postback.outcome).toBe('counted');
    expect(postback.detail).toContain('released by hand');
  });

  it('what followed an install while it was kept out follows it again, when it is released', async () => {
    await facts.fresh();
    const fast = await install(1_000, { deviceId: 'phone' });
    await facts.drain();
    await policy({ policy: { install_too_fast: 'quarantine' } });
    await judge();
    const later = await addPostback(db, facts.shop, {
      atMs: NOW - HOUR,
      event: 'purchase',
      deviceId: 'phone',
      key: 'later',
      amount: 20,
    });
    await facts.drain();
    const purchase = async () => (await facts.conversions()).find((one) => one.id === later);
    expect(await purchase()).toMatchObject({ attributed_by: null, counted: false });
    const where = { workspaceId: facts.shop.workspaceId, nowMs: NOW + HOUR, wallMs: NOW };
    await releaseFraud(db, where, { conversionId: fast });
    expect(await purchase()).toMatchObject({
      attributed_by: 'click',
      match: 'follows',
      follows_id: fast,
      counted: true,
      object_id: facts.shop.objects.get('a1'),
    });
    expect(await counted()).toBe(2);
    expect(await totalsThatDiffer(db)).toEqual([]);
    const told = await db.selectFrom('postback').select('outcome').where('id', '=', later).executeTakeFirst();
    expect(told?.outcome).toBe('counted');
    const [change] = await db
      .selectFrom('conversion_change')
      .select('known_from')
      .where('conversion_id', '=', later)
      .where('counted_delta', '=', 1)
      .execute();
    expect(change?.known_from).toEqual(new Date(NOW + HOUR));
  });

  it('a stricter policy goes further, and everything of a source is released at once', async () => {
    await facts.fresh();
    for (let n = 0; n < 3; n += 1) await install(1_000);
    await install(300_000);
    await facts.drain();
    await policy({ policy: { install_too_fast: 'quarantine' } });
    await judge();
    await policy({ policy: { install_too_fast: 'exclude' } });
    expect(await judge()).toEqual({ found: 3, keptOut: 3 });
    expect((await facts.conversions()).filter((one) => one.excluded === 'fraud')).toHaveLength(3);
    // A milder one brings nothing back by itself.
    await policy({});
    expect(await judge()).toEqual({ found: 3, keptOut: 0 });
    expect(await counted()).toBe(1);
    const where = { workspaceId: facts.shop.workspaceId, nowMs: NOW, wallMs: NOW };
    expect(await releaseFraud(db, where, { sourceId: facts.shop.sourceId })).toEqual({
      conversions: 3,
      putBack: 3,
    });
    expect(await counted()).toBe(4);
    expect(await totalsThatDiffer(db)).toEqual([]);
  });

  it('a shared device acts only beside something else', async () => {
    await facts.fresh();
    await install(300_000, { deviceId: 'tablet' });
    const second = await install(300_000, { deviceId: 'tablet' });
    const both = await install(1_000, { deviceId: 'tablet', atMs: T0 + HOUR });
    await facts.drain();
    await policy({ policy: { device_repeated: 'exclude' } });
    expect(await judge()).toEqual({ found: 2, keptOut: 1 });
    const rows = await facts.conversions();
    expect(rows.filter((one) => one.excluded !== null).map((one) => one.id)).toEqual([both]);
    expect((await signals()).find((one) => one.conversion_id === second)?.detail).toContain(
      'one signal alone keeps nothing out',
    );
  });

  it('a click id that came for several people is told with the number of them', async () => {
    await facts.fresh();
    const clickId = await addClick(db, facts.shop, { atMs: T0, ad: 'a1' });
    for (const person of ['x', 'y', 'z'])
      await addPostback(db, facts.shop, {
        atMs: T0 + HOUR,
        clickId,
        event: 'lead',
        key: person,
        deviceId: person,
      });
    await facts.drain();
    expect((await judge()).found).toBe(3);
    expect((await signals())[0]).toMatchObject({
      signal: 'hardcoded_id',
      detail: expect.stringContaining('came with 3 transaction ids, 3 devices'),
    });
    const question = {
      workspaceId: facts.shop.workspaceId,
      sourceId: null,
      fromMs: T0,
      toMs: T0 + 2 * HOUR,
    };
    const warned = async () =>
      (await loadPostbackErrors(db, question)).map(({ kind, code, count }) => [kind, code, count]);
    expect(await warned()).toEqual([['warning', 'hardcoded_id', 3]]);
    // Judged again an hour later, each has it once.
    await judge();
    expect(await warned()).toEqual([['warning', 'hardcoded_id', 3]]);
    expect(errorAdvice({ sourceId: 'shop', kind: 'warning', code: 'hardcoded_id' }).next).toMatch(/template/);
  });

  it('an id that was pasted in is found over the days, though each day has one of it', async () => {
    await facts.fresh();
    const clickId = await addClick(db, facts.shop, { atMs: T0 - 5 * DAY, ad: 'a1' });
    for (const [day, person] of ['x', 'y', 'z'].entries())
      await addPostback(db, facts.shop, {
        atMs: T0 + HOUR - day * DAY,
        clickId,
        event: 'lead',
        key: person,
        deviceId: person,
      });
    await facts.drain();
    expect((await judge()).found).toBe(1);
    expect((await signals())[0]).toMatchObject({ signal: 'hardcoded_id' });
  });

  it('clicks of programs, and conversions from another country than their click', async () => {
    await facts.fresh();
    const robot = await install(300_000);
    const abroad = await install(300_000);
    const same = await install(300_000);
    const odd = await install(300_000);
    const setClick = async (id: string, flags: readonly string[], params: object) => {
      await sql`update click set flags = ${[...flags]}::text[], params = ${JSON.stringify(params)}
        where id = (select click_id from postback where id = ${id})`.execute(db);
    };
    await setClick(robot, ['robot'], {});
    await setClick(abroad, [], { geo: 'de' });
    await setClick(same, [], { country: 'us' });
    // What is no code of a country says nothing.
    await setClick(odd, [], { country: 'Germany' });
    await sql`update postback set country = 'US' where id = any(${[abroad, same, odd]}::uuid[])`.execute(db);
    await facts.drain();
    await policy({ policy: { country_differs: 'exclude', robot_click: 'quarantine' } });
    expect(await judge()).toEqual({ found: 2, keptOut: 1 });
    const found = await signals();
    expect(found.map((one) => `${one.conversion_id} ${one.signal}: ${one.detail}`).toSorted()).toEqual(
      [
        `${robot} robot_click: the click came from a program, not a browser`,
        `${abroad} country_differs: the click came from DE, the conversion from US (one signal alone keeps nothing out)`,
      ].toSorted(),
    );
  });

  it('nothing is said of one visitor who pays a trial, renewals and an upsell', async () => {
    await facts.fresh();
    const clickId = await addClick(db, facts.shop, { atMs: T0 - 6 * DAY, ad: 'a1' });
    const pay = (key: string, atMs: number, amount: number, event = 'purchase') =>
      addPostback(db, facts.shop, { atMs, clickId, event, key, amount });
    await pay('t', T0 - 5 * DAY, 0, 'trial');
    for (const [n, days] of [4, 3, 2, 1, 0].entries()) await pay(`p${n}`, T0 + HOUR - days * DAY, 5);
    await pay('u', T0 + HOUR + 60_000, 2, 'warranty');
    await facts.drain();
    expect(await judge()).toMatchObject({ found: 0 });
  });

  it('the schedule judges every workspace and says what it kept out', async () => {
    await facts.fresh();
    const fast = await install(1_000);
    await facts.drain();
    await policy({ policy: { install_too_fast: 'exclude' } });
    const activities = createMaintainActivities({ db, wallNowMs: () => NOW });
    const { sentence } = await new MockActivityEnvironment().run((): Promise<{ readonly sentence: string }> =>
      activities.maintain(),
    );
    expect(sentence).toMatch(
      /\d+ conversions of the last day with a sign of fraud; 1 newly kept out of the counts/,
    );
    expect((await facts.conversions()).map((one) => [one.id, one.excluded])).toEqual([[fast, 'fraud']]);
  });

  it('a flooding campaign’s installs of the day are kept out, and no honest one’s', async () => {
    const shop = await facts.fresh();
    const random = stream(11);
    for (let n = 1; n <= 8; n += 1)
      await addCampaign(
        db,
        shop,
        { name: `h${n}`, times: healthyTimes(random, 200), clicks: 8_000 },
        NOW - HOUR,
      );
    const flooded = await addCampaign(
      db,
      shop,
      { name: 'flood', times: floodedTimes(random, 200), clicks: 400_000 },
      NOW - HOUR,
    );
    // Of another day: judged then, not now.
    await addCampaign(
      db,
      shop,
      { name: 'before', times: healthyTimes(random, 40), clicks: 1_600 },
      NOW - 40 * HOUR,
    );
    expect((await judge()).keptOut).toBe(0);
    await policy({ policy: { source_flooding: 'quarantine' } });
    expect((await judge()).keptOut).toBe(200);
    const out = (await facts.conversions()).filter((one) => one.excluded !== null).map((one) => one.id);
    expect(out.toSorted()).toEqual([...flooded].toSorted());
    expect(
      (await signals()).find((one) => one.conversion_id === flooded[0] && one.signal === 'source_flooding'),
    ).toMatchObject({ treatment: 'quarantine', detail: expect.stringContaining('of name of flood, ') });
  });
});

describe('what the database counts for the signals', () => {
  it('is what plain loops over the same facts count', async () => {
    const shop = await facts.fresh();
    const random = stream(23);
    const pick = <T>(of: readonly T[]): T => of[Math.floor(random() * of.length)] as T;
    const devices = [...Array.from({ length: 6 }, (_, n) => `d${n}`), null];
    const addresses = ['192.0.2.1', '192.0.2.9', '198.51.100.4', '2001:db8::1', '2001:db8:0:1::1', null];
    const clicks: { id: string; atMs: number; ip: string | null; deviceId: string | null }[] = [];
    for (let n = 0; n < 200; n += 1) {
      const click = {
        atMs: T0 + Math.floor(random() * 6 * HOUR) + n,
        ip: pick(addresses),
        deviceId: pick(devices),
      };
      const id = await addClick(db, shop, { atMs: click.atMs, ad: 'a1', deviceId: click.deviceId });
      await sql`update click set ip = ${click.ip}::inet, placement = ${n % 2 === 0 ? 'feed' : null} where id = ${id}`.execute(
        db,
      );
      clicks.push({ ...click, id });
    }
    for (let n = 0; n < 150; n += 1) {
      const click = pick(clicks);
      const eventAtMs = click.atMs + Math.floor(random() * 20_000) - 1_000;
      const id = await addPostback(db, shop, {
        atMs: Math.max(eventAtMs, T0) + 2 * HOUR + n,
        eventAtMs,
        clickId: click.id,
        event: pick(['install', 'install', 'sale']),
        eventType: 'event',
        status: pick(['approved', 'approved', 'rejected']),
        amount: pick([null, 3]),
        deviceId: pick(devices),
        key: `r${n}`,
      });
      await sql`update postback set event_type = case event when 'install' then 'install' else 'event' end where id = ${id}`.execute(
        db,
      );
    }
    await facts.drain();
    const limits = {
      ...DEFAULT_LIMITS,
      fastestS: { install: 5 },
      conversionsOfClick: 2,
      conversionsOfNetwork: 4,
      clicksOfAddress: 8,
      addressesOfDevice: 3,
    };
    const rows = await facts.conversions();
    const clickOf = new Map(clicks.map((click) => [click.id, click]));
    const hour = (ms: number): number => Math.floor(ms / HOUR);
    // The two of IPv6 share a /48, written in two ways.
    const block = (ip: string | null): string | null =>
      ip === null || ip.includes(':') ? ip && 'one /48' : ip.split('.').slice(0, 3).join('.');
    const expected = rows.flatMap((row) => {
      const click = clickOf.get(row.click_id ?? '');
      const at = row.event_at.getTime();
      const ofBlock = rows.filter(
        (other) =>
          hour(other.event_at.getTime()) === hour(at) &&
          block(clickOf.get(other.click_id ?? '')?.ip ?? null) === block(click?.ip ?? null),
      ).length;
      const ofSite = (other: typeof row): boolean => other.placement === row.placement;
      const siteHour = rows.filter(
        (other) => ofSite(other) && hour(other.event_at.getTime()) === hour(at),
      ).length;
      const seen = clicks.filter(
        (other) => other.deviceId === row.device_id && other.atMs > at - 24 * HOUR && other.atMs <= at,
      );
      const found = conversionSignals(
        {
          event: row.event,
          eventType: row.event_type,
          eventAtMs: at,
          nowMs: row.received_at.getTime(),
          clickedAtMs: row.clicked_at?.getTime() ?? null,
          installBeginAtMs: null,
          installedAtMs: null,
          rejectedBySender: row.status === 'rejected' ? '' : null,
          amountMicros: row.original_micros,
          currency: row.original_currency,
          conversionsOfClick: rows.filter((other) => other.click_id === row.click_id).length,
          installsOfDevice:
            row.device_id === null || row.event_type !== 'install'
              ? null
              : rows.filter(
                  (other) =>
                    other.device_id === row.device_id &&
                    other.event_type === 'install' &&
                    other.received_at <= row.received_at,
                ).length,
          conversionsOfNetwork: click?.ip ? ofBlock : null,
          clicksOfAddress: click?.ip
            ? clicks.filter((other) => other.ip === click.ip && hour(other.atMs) === hour(click.atMs)).length
            : null,
          siteHour:
            row.placement === null
              ? null
              : { conversions: siteHour, usual: (rows.filter(ofSite).length - siteHour) / 23 },
          addressesOfDevice:
            row.device_id === null ? null : new Set(seen.flatMap((other) => other.ip ?? [])).size,
          clickCountry: null,
          country: null,
          robotClick: false,
        },
        limits,
      );
      return found.map((one) => `${row.id} ${one.signal} ${one.text}`);
    });
    const candidates = await loadCandidates(db, {
      workspaceId: shop.workspaceId,
      fromMs: T0 - HOUR,
      toMs: NOW + 24 * HOUR,
      limits: widest([limits]),
      also: { source: [], campaign: [], placement: [], site: [] },
    });
    const found = candidates.flatMap((candidate) =>
      conversionSignals(candidate.facts, limits).map((one) => `${candidate.id} ${one.signal} ${one.text}`),
    );
    expect(found.toSorted()).toEqual(expected.toSorted());
    // The world holds every kind that it can.
    for (const signal of [
      'address_concentration',
      'device_repeated',
      'conversions_per_click',
      'install_too_fast',
      'paid_too_fast',
      'rejected_by_sender',
    ])
      expect(found.some((one) => one.includes(signal))).toBe(true);
  });
});
