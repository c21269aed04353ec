import { randomBytes } from 'node:crypto';
import { sql } from 'kysely';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { connect, type Db } from '../../src/db/connection.ts';
import { createSafeDrain } from '../../activities/drain-safely.ts';
import { drainBatch } from '../../src/db/ingest/drain-batch.ts';
import { hasWork } from '../../src/db/ingest/set-aside.ts';
import { testDatabase, type TestDatabase } from '../support/database.ts';
import { addClick, addPostback, T0, totalsThatDiffer } from '../support/ingest-facts.ts';
import { IngestFixture } from '../support/ingest-fixture.ts';

const HOUR = 3_600_000;
const DAY = 24 * HOUR;

let database: TestDatabase;
let db: Db;
let facts: IngestFixture;

beforeAll(async () => {
  database = await testDatabase();
  db = database.db;
  facts = new IngestFixture(db);
});
afterAll(() => database.drop());

describe('the tracking of an account', () => {
  const tracking = async () =>
    db
      .selectFrom('ad_account')
      .select(['tracking_since', 'tracking_by'])
      .where('id', '=', facts.shop.accountId)
      .executeTakeFirstOrThrow();

  it('begins with its first click, and what a sender attributes later does not change that', async () => {
    await facts.fresh();
    await addClick(db, facts.shop, { atMs: T0, ad: 'a1' });
    await facts.drain();
    await addPostback(db, facts.shop, { atMs: T0 + HOUR, senderIds: { ad: 'a1' }, amount: 4, key: 's' });
    await facts.drain();
    expect(await tracking()).toEqual({ tracking_since: new Date(T0), tracking_by: 'click' });
  });

  it('begins with the first conversion that its sender attributes, where no click of ours is ever seen', async () => {
    await facts.fresh();
    await addPostback(db, facts.shop, { atMs: T0 + DAY, clickId: 'unknown', amount: 1, key: 'u' });
    await facts.drain();
    expect(await tracking()).toEqual({ tracking_since: null, tracking_by: null });
    await addPostback(db, facts.shop, { atMs: T0 + DAY + 2, senderIds: { ad: 'a1' }, amount: 4, key: 't' });
    await addPostback(db, facts.shop, { atMs: T0 + DAY + 1, senderIds: { ad: 'a1' }, amount: 4, key: 's' });
    await facts.drain();
    expect(await tracking()).toEqual({ tracking_since: new Date(T0 + DAY + 1), tracking_by: 'sender' });
  });
});

describe('the messages of one conversion', () => {
  it('are applied in order of receipt, and the rollups follow', async () => {
    await facts.fresh();
    const click = await addClick(db, facts.shop, { atMs: T0, ad: 'a1' });
    const base = { clickId: click, key: 'order' };
    await addPostback(db, facts.shop, { ...base, atMs: T0 + 1, status: 'pending', amount: 10 });
    await addPostback(db, facts.shop, { ...base, atMs: T0 + 2, status: 'approved', amount: 12 });
    await addPostback(db, facts.shop, { ...base, atMs: T0 + 3, status: 'approved', amount: 12 });
    await addPostback(db, facts.shop, { ...base, atMs: T0 + 4, status: 'pending', amount: 10 });
    await facts.drain();
    expect(await facts.outcomes()).toMatchObject([
      { outcome: 'counted' },
      { outcome: 'updated' },
      { outcome: 'duplicate', reason: 'duplicate_conversion' },
      { outcome: 'duplicate', reason: 'older_status' },
    ]);
    await addPostback(db, facts.shop, { ...base, atMs: T0 + 5, status: 'reversed', amount: null });
    await facts.drain();
    const [conversion] = await facts.conversions();
    expect(conversion).toMatchObject({ status: 'reversed', counted: false, value_micros: 12_000_000 });
    const day = await db
      .selectFrom('event_day')
      .selectAll()
      .where('account_id', '=', facts.shop.accountId)
      .execute();
    expect(day).toMatchObject([{ conversions: 0, value_micros: 0 }]);
    const hours = await db
      .selectFrom('conversion_hour')
      .select(['status', 'conversions', 'value_micros'])
      .where('account_id', '=', facts.shop.accountId)
      .where('conversions', '<>', 0)
      .execute();
    expect(hours).toEqual([{ status: 'reversed', conversions: 1, value_micros: 12_000_000 }]);
    const changes = await db
      .selectFrom('conversion_change')
      .select(['counted_delta', 'value_delta_micros'])
      .where('conversion_id', '=', conversion?.id ?? '')
      .orderBy('known_from')
      .execute();
    expect(changes).toEqual([
      { counted_delta: 1, value_delta_micros: 10_000_000 },
      { counted_delta: 0, value_delta_micros: 2_000_000 },
      { counted_delta: -1, value_delta_micros: -12_000_000 },
    ]);
  });

  it('that are tests, rejected or held do not count, and each says why', async () => {
    await facts.fresh();
    const clickId = await addClick(db, facts.shop, { atMs: T0, ad: 'a1' });
    await addPostback(db, facts.shop, { atMs: T0 + 1, clickId, key: 'a', test: true, amount: 1 });
    await addPostback(db, facts.shop, { atMs: T0 + 2, clickId, key: 'a', amount: 1 });
    await addPostback(db, facts.shop, { atMs: T0 + 3, clickId, key: 'b', status: 'rejected', amount: 1 });
    await addPostback(db, facts.shop, { atMs: T0 + 4, clickId, key: 'c', status: 'hold', amount: 1 });
    await facts.drain();
    expect(await facts.outcomes()).toMatchObject([
      { outcome: 'test', reason: 'test_postback' },
      { outcome: 'counted' },
      { outcome: 'rejected', reason: 'rejected_by_sender' },
      { outcome: 'quarantined', reason: 'held_by_sender' },
    ]);
    const day = await db
      .selectFrom('event_day')
      .selectAll()
      .where('account_id', '=', facts.shop.accountId)
      .execute();
    expect(day).toMatchObject([{ conversions: 1, value_micros: 1_000_000 }]);
  });
});

describe('the drain', () => {
  it('leaves everything in the inbox when its transaction fails, and counts it once afterwards', async () => {
    await facts.fresh();
    const clickId = await addClick(db, facts.shop, { atMs: T0, ad: 'a1' });
    await addPostback(db, facts.shop, { atMs: T0 + 1, clickId, key: 'k', amount: 1 });
    await sql`create function refuse() returns trigger language plpgsql as 'begin raise exception ''no''; end'`.execute(
      db,
    );
    await sql`create trigger refuse before update on postback for each row execute function refuse()`.execute(
      db,
    );
    await expect(facts.drain()).rejects.toThrow('no');
    expect(await facts.conversions()).toEqual([]);
    await sql`drop function refuse cascade`.execute(db);
    expect(await facts.drain()).toMatchObject({ rows: 1, visits: 1 });
    expect(await facts.drain()).toMatchObject({ rows: 0, visits: 0 });
    expect(await facts.conversions()).toMatchObject([{ counted: true }]);
  });

  it('counts once when two attempts overlap', async () => {
    await facts.fresh();
    const clickId = await addClick(db, facts.shop, { atMs: T0, ad: 'a1' });
    for (let i = 0; i < 40; i += 1)
      await addPostback(db, facts.shop, { atMs: T0 + i, clickId, key: `k${i % 20}`, amount: 1 });
    const batches = await Promise.all(Array.from({ length: 8 }, () => facts.drain(7)));
    expect(batches.reduce((sum, b) => sum + b.rows, 0)).toBe(40);
    const day = await db
      .selectFrom('event_day')
      .selectAll()
      .where('account_id', '=', facts.shop.accountId)
      .execute();
    expect(day).toMatchObject([{ conversions: 20, value_micros: 20_000_000 }]);
  });

  it('finds every row by its key, whatever the planner believes about the tables', async () => {
    await facts.fresh();
    for (let i = 0; i < 20; i += 1) {
      const clickId = await addClick(db, facts.shop, { atMs: T0 + i, ad: 'a1' });
      await addPostback(db, facts.shop, { atMs: T0 + i, clickId, key: `key ${i}`, amount: 1 });
    }
    // One session: its counts are handed in when it asks for that.
    const one = connect({ url: database.url, name: 'drain test', max: 1 });
    const scans = async () => {
      await sql`select pg_stat_force_next_flush()`.execute(one);
      const { rows } = await sql<{ table: string; scans: number }>`
        select relname as table, seq_scan as scans from pg_stat_user_tables
        where relname ~ '^(postback|click|conversion|inbox|(event|object)_day|visit_hour)' order by 1`.execute(
        one,
      );
      return rows;
    };
    const before = await scans();
    expect(await drainBatch(one, { shard: 'all', limit: 2_000, wallMs: T0 })).toMatchObject({ rows: 20 });
    expect(await scans()).toEqual(before);
    await one.destroy();
  });

  it('takes a click id that reads like one of ours, of the year 10889, for an unknown one', async () => {
    await facts.fresh();
    const clickId = await addClick(db, facts.shop, { atMs: T0, ad: 'a1' });
    await addPostback(db, facts.shop, { atMs: T0 + 1, clickId: '7ZZZZZZZZZZZZZZZZZZZZZZZZZ', key: 'far' });
    await addPostback(db, facts.shop, { atMs: T0 + 2, clickId, key: 'near' });
    await facts.drain();
    expect(await facts.outcomes()).toMatchObject([
      { outcome: 'unattributed', reason: 'unknown_click' },
      { outcome: 'counted' },
    ]);
  });

  it('sets a row aside that cannot be judged, and counts the others', async () => {
    await facts.fresh();
    const clickId = await addClick(db, facts.shop, { atMs: T0, ad: 'a1' });
    for (let i = 0; i < 9; i += 1) {
      await addPostback(db, facts.shop, {
        atMs: T0 + i,
        clickId,
        key: `k${i}`,
        amount: 1,
        event: i === 4 ? 'cursed' : 'purchase',
      });
    }
    await sql`alter table conversion add constraint curse check (event <> 'cursed')`.execute(db);
    const aside: unknown[] = [];
    const safe = createSafeDrain({
      db,
      wallNowMs: () => T0 + DAY,
      onSetAside: ({ kind, id }) => aside.push({ kind, id }),
    });
    while (await hasWork(db, 'all')) await safe.next('all');
    await sql`alter table conversion drop constraint curse`.execute(db);
    expect(aside).toHaveLength(1);
    expect((await facts.outcomes()).map((o) => o.reason)).toEqual([
      null,
      null,
      null,
      null,
      'ingest_failed',
      null,
      null,
      null,
      null,
    ]);
    const day = await db
      .selectFrom('event_day')
      .selectAll()
      .where('account_id', '=', facts.shop.accountId)
      .execute();
    expect(day).toMatchObject([{ conversions: 8 }]);
  });

  it('sets a row aside that is too large for an index, and counts the others', async () => {
    await facts.fresh();
    const clickId = await addClick(db, facts.shop, { atMs: T0, ad: 'a1' });
    const noise = randomBytes(6_000).toString('hex');
    await addPostback(db, facts.shop, { atMs: T0, clickId, eventType: 'install', deviceId: noise });
    await addPostback(db, facts.shop, { atMs: T0 + 1, clickId, key: 'k' });
    const safe = createSafeDrain({ db, wallNowMs: () => T0 + DAY, onSetAside: () => undefined });
    for (let turn = 0; turn < 20 && (await hasWork(db, 'all')); turn += 1) await safe.next('all');
    expect((await facts.outcomes()).map((o) => o.reason)).toEqual(['ingest_failed', null]);
  });

  it('refuses a shard name that is none', async () => {
    await expect(drainBatch(db, { shard: '5-2', limit: 1, wallMs: T0 })).rejects.toThrow(
      'range of slots such as "0-15"',
    );
  });

  it('drains only its own slots', async () => {
    await facts.fresh();
    const clickId = await addClick(db, facts.shop, { atMs: T0, ad: 'a1' });
    await addPostback(db, facts.shop, { atMs: T0 + 1, clickId, key: 'low', slot: 3 });
    await addPostback(db, facts.shop, { atMs: T0 + 1, clickId, key: 'high', slot: 40 });
    expect(await drainBatch(db, { shard: '32-63', limit: 10, wallMs: T0 })).toMatchObject({
      rows: 1,
      visits: 0,
    });
    expect(await drainBatch(db, { shard: '0-31', limit: 10, wallMs: T0 })).toMatchObject({
      rows: 1,
      visits: 1,
    });
  });
});

describe('every rollup', () => {
  it('equals the sum of its hours, after all of the above', async () => {
    expect(await totalsThatDiffer(db)).toEqual([]);
  });
});
