import { sql } from 'kysely';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createSafeDrain } from '../../activities/drain-safely.ts';
import type { Db } from '../../src/db/connection.ts';
import { drainBatch } from '../../src/db/ingest/drain-batch.ts';
import { readAhead } from '../../src/db/ingest/read-ahead.ts';
import { hasWork } from '../../src/db/ingest/set-aside.ts';
import { testDatabase, type TestDatabase } from '../support/database.ts';
import { addClick, addPostback, T0, totalsThatDiffer } from '../support/ingest-facts.ts';
import { IngestFixture } from '../support/ingest-fixture.ts';

const DAY = 24 * 3_600_000;

let database: TestDatabase;
let db: Db;
let facts: IngestFixture;

beforeAll(async () => {
  database = await testDatabase();
  db = database.db;
  facts = new IngestFixture(db);
});
afterAll(() => database.drop());

const read = (limit: number) => readAhead(db, { shard: 'all', limit, after: null });
const drain = (ahead: Awaited<ReturnType<typeof read>>) =>
  drainBatch(db, { shard: 'all', limit: 100, ahead, wallMs: T0 + DAY });

describe('postbacks that were read while the batch before them was written', () => {
  it('are still in the inbox, and are counted once where another attempt has taken some of them since', async () => {
    await facts.fresh();
    const clickId = await addClick(db, facts.shop, { atMs: T0, ad: 'a1' });
    for (const i of [1, 2, 3, 4]) {
      await addPostback(db, facts.shop, { atMs: T0 + i, clickId, key: `k${i}`, amount: 1 });
    }
    const ahead = await read(4);
    expect(ahead.messages).toHaveLength(4);
    expect(await drain(await read(2))).toMatchObject({ rows: 2, conversions: 2 });
    expect(await drain(ahead)).toMatchObject({ rows: 2, conversions: 2 });
    expect(await drain(ahead)).toMatchObject({ rows: 0, conversions: 0 });
    expect((await facts.outcomes()).map((o) => o.outcome)).toEqual(Array(4).fill('counted'));
    expect(await totalsThatDiffer(db)).toEqual([]);
  });

  it('are credited to a click that was stored after they were read', async () => {
    await facts.fresh();
    const other = await addClick(db, facts.shop, { atMs: T0, ad: 'a1' });
    await addPostback(db, facts.shop, { atMs: T0 + 2, clickId: other, key: 'known' });
    const late = await addClick(db, facts.shop, { atMs: T0 + 1, ad: 'a2' });
    await addPostback(db, facts.shop, { atMs: T0 + 3, clickId: late, key: 'late' });
    const ahead = await read(2);
    const blind = { ...ahead, clicks: new Map([...ahead.clicks].filter(([id]) => id !== late)) };
    expect(blind.clicks.size).toBe(1);
    await drain(blind);
    expect(await facts.outcomes()).toMatchObject([{ outcome: 'counted' }, { outcome: 'counted' }]);
  });

  it('are all drained, also one that comes before the place that was reached', async () => {
    await facts.fresh();
    const clickId = await addClick(db, facts.shop, { atMs: T0, ad: 'a1' });
    for (let i = 0; i < 60; i += 1) {
      await addPostback(db, facts.shop, { atMs: T0 + 100 + i, clickId, key: `k${i % 40}`, amount: 1 + i });
    }
    const safe = createSafeDrain({
      db,
      wallNowMs: () => T0 + DAY,
      largest: 3,
      onSetAside: ({ error }) => {
        throw error;
      },
    });
    await safe.next('all');
    await addPostback(db, facts.shop, { atMs: T0 + 1, clickId, key: 'straggler', amount: 7 });
    let rows = 3;
    while (await hasWork(db, 'all')) rows += (await safe.next('all')).rows;
    expect(rows).toBe(61);
    const conversions = await facts.conversions();
    expect(conversions).toHaveLength(41);
    expect(await totalsThatDiffer(db)).toEqual([]);
  });
});

describe('a batch that is written part by part', () => {
  it('follows a conversion through its parts, and is taken back whole when one of them fails', async () => {
    await facts.fresh();
    const clickId = await addClick(db, facts.shop, { atMs: T0, ad: 'a1' });
    for (let i = 0; i < 1_100; i += 1) {
      const amount = i < 1_050 ? 5 : 6;
      await addPostback(db, facts.shop, { atMs: T0 + i, clickId, key: `k${i % 1_050}`, amount });
    }
    // What the first part writes, while the next is claimed, and what only the last does: each tells what failed.
    for (const delta of [5_000_000, 1_000_000]) {
      const check = sql.lit(delta);
      await sql`alter table conversion_change add constraint curse check (value_delta_micros <> ${check}) not valid`.execute(
        db,
      );
      await expect(
        drainBatch(db, { shard: 'all', limit: 2_000, part: 100, wallMs: T0 + DAY }),
      ).rejects.toThrow('curse');
      expect(await facts.conversions()).toEqual([]);
      await sql`alter table conversion_change drop constraint curse`.execute(db);
    }
    expect(await drainBatch(db, { shard: 'all', limit: 2_000, wallMs: T0 + DAY })).toMatchObject({
      rows: 1_100,
      conversions: 1_050,
    });
    const conversions = await facts.conversions();
    expect(conversions.filter((row) => row.value_micros === 6_000_000)).toHaveLength(50);
    expect(await totalsThatDiffer(db)).toEqual([]);
  });
});
