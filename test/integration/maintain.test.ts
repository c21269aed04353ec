import { MockActivityEnvironment } from '@temporalio/testing';
import { sql } from 'kysely';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createMaintainActivities } from '../../activities/maintain.ts';
import type { Db } from '../../src/db/connection.ts';
import { testDatabase, type TestDatabase } from '../support/database.ts';
import { addClick, addPostback, type SeededAccount, seedAccount, T0 } from '../support/ingest-facts.ts';

const DAY = 86_400_000;

let database: TestDatabase;
let db: Db;
let shop: SeededAccount;

beforeAll(async () => {
  database = await testDatabase();
  db = database.db;
  shop = await seedAccount(db, { name: 'shop' });
});
afterAll(() => database.drop());

function maintainOn(on: Db, wallMs: number, rawDays?: number): Promise<{ readonly sentence: string }> {
  const activities = createMaintainActivities({ db: on, wallNowMs: () => wallMs, rawDays });
  return new MockActivityEnvironment().run(() => activities.maintain());
}

const maintain = (wallMs: number) => maintainOn(db, wallMs);

describe('maintenance', () => {
  it('makes the partitions of the days ahead, and makes them once', async () => {
    expect((await maintain(T0)).sentence).toContain('partitions are ahead');
    await maintain(T0);
    const { rows } = await sql<{ relname: string }>`
      select relname from pg_class where relispartition and relname like 'click_2026%' order by relname`.execute(
      db,
    );
    expect(rows.map((r) => r.relname)).toEqual(
      expect.arrayContaining(['click_20260309', 'click_20260310', 'click_20260313']),
    );
  });

  it('keeps every partition where that is asked for, and says how many there are', async () => {
    const { sentence } = await maintainOn(db, T0 + 400 * DAY, 0);
    expect(sentence).toMatch(/^partitions are ahead \(\d+ of clicks and postbacks, since 2026-03-09\)/);
    expect(sentence).not.toContain('dropped');
  });

  it('drops raw partitions that end more than 90 days ago, and no others', async () => {
    const other = await testDatabase();
    try {
      await seedAccount(other.db, { name: 'market' });
      const run = (wallMs: number) => maintainOn(other.db, wallMs);
      const names = async () =>
        (
          await sql<{ relname: string }>`
            select relname from pg_class where relispartition and relkind = 'r' and relname ~ '_202603\\d\\d$'
            order by relname`.execute(other.db)
        ).rows.map((row) => row.relname);
      await run(T0);
      const before = await names();
      // The 10th of March ends 90 days before noon of the 9th of June, twelve hours ago.
      await run(Date.parse('2026-06-09T12:00:00Z'));
      expect(before.filter((name) => !name.startsWith('spend'))).toContain('click_20260310');
      const after = await names();
      expect(after).toEqual(
        before.filter((name) => name.startsWith('spend') || name > `${name.split('_')[0]}_20260310`),
      );
      expect(after).toContain('postback_20260311');
      expect((await run(Date.parse('2026-06-09T12:00:00Z'))).sentence).not.toContain('dropped');
    } finally {
      await other.drop();
    }
  });

  it('clears raw addresses after 72 hours, not before', async () => {
    await addClick(db, shop, { atMs: T0, ad: 'a1' });
    await sql`update click set ip = '192.0.2.7'`.execute(db);
    await maintain(T0 + 3 * DAY);
    expect((await sql`select 1 from click where ip is not null`.execute(db)).rows).toHaveLength(1);
    expect((await maintain(T0 + 3 * DAY + 1)).sentence).toContain('1 raw addresses cleared');
    expect((await sql`select 1 from click where ip is not null`.execute(db)).rows).toHaveLength(0);
  });

  it('deletes strangers after seven days and keeps everyone else', async () => {
    const kept = await addPostback(db, shop, { atMs: T0, key: 'kept' });
    const refused = await addPostback(db, shop, { atMs: T0, key: 'refused' });
    const stranger = await addPostback(db, shop, { atMs: T0, key: 'stranger' });
    await sql`update postback set outcome = 'refused', reason = 'missing_click_id' where id = ${refused}`.execute(
      db,
    );
    await sql`update postback set outcome = 'refused', reason = 'unknown_source', workspace_id = null where id = ${stranger}`.execute(
      db,
    );
    await maintain(T0 + 7 * DAY + 1);
    const { rows } = await sql<{ id: string }>`select id from postback order by id`.execute(db);
    expect(rows.map((r) => r.id)).toEqual([kept, refused].sort());
  });

  it('deletes visits without a click after seven days', async () => {
    await db
      .insertInto('refused_click')
      .values({
        workspace_id: null,
        link_id: 'stray',
        reason: 'unknown_link',
        method: 'GET',
        url: '/c/stray',
        user_agent: null,
        wall_at: new Date(T0),
      })
      .execute();
    expect((await maintain(T0 + 7 * DAY)).sentence).not.toContain('visits without a click');
    expect((await maintain(T0 + 7 * DAY + 1)).sentence).toContain('1 visits without a click deleted');
  });

  it('frees message keys that have expired', async () => {
    const row = { postback_id: '00000000-0000-7000-8000-000000000000', received_at: new Date(T0) };
    await db
      .insertInto('message_key')
      .values([
        { ...row, key: Buffer.from('lasting'), expires_at: null },
        { ...row, key: Buffer.from('expiring'), expires_at: new Date(T0 + 3 * DAY) },
      ])
      .execute();
    await maintain(T0 + 3 * DAY - 1);
    expect(await db.selectFrom('message_key').select('key').execute()).toHaveLength(2);
    await maintain(T0 + 3 * DAY);
    expect((await db.selectFrom('message_key').select('key').execute()).map((k) => String(k.key))).toEqual([
      'lasting',
    ]);
  });
});
