import { sql } from 'kysely';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { drainBatch } from '../../src/db/ingest/drain-batch.ts';
import { type Cli, testCli } from '../support/cli.ts';
import { testDatabase, type TestDatabase } from '../support/database.ts';
import { seedTracking, startTestServer, type TestServer } from '../support/tracking.ts';

let database: TestDatabase;
let cli: Cli;
let server: TestServer;

beforeAll(async () => {
  database = await testDatabase();
  cli = testCli(database.url);
  await seedTracking(database.db);
  for (const id of ['adds', 'ignores', 'updates'])
    await sql`
      insert into source (id, workspace_id, profile, name, settings, created_at)
      select ${id}, workspace_id, 'generic', ${id}, '{}', created_at from source where id = 'open'`.execute(
      database.db,
    );
  expect(await cli.run(['source', 'set', 'adds', '--duplicates', 'add', '--repeats-count'])).toMatchObject({
    code: 0,
  });
  expect(await cli.run(['source', 'set', 'ignores', '--duplicates', 'ignore'])).toMatchObject({ code: 0 });
  server = await startTestServer(database.url, { secretKey: cli.secretKey });
});

afterAll(async () => {
  await server.close();
  await database.drop();
  cli.remove();
});

/** What is on record of a source's conversions once all of these were sent, with what became of each request. */
async function sent(source: string, queries: readonly string[]) {
  for (const query of queries) {
    const answer = await fetch(`${server.base}/p/${source}?currency=USD&${query}`);
    expect([query, [200, 409].includes(answer.status)]).toEqual([query, true]);
  }
  await drainBatch(database.db, { shard: 'all', limit: 100, wallMs: Date.now() });
  const { rows: conversions } = await sql<{
    txid: string | null;
    status: string;
    amount: number;
    counts: number;
  }>`
    select txid, status, original_micros::float8 / 1e6 as amount, case when correction then 0 else 1 end as counts
    from conversion where source_id = ${source} order by received_at, id`.execute(database.db);
  const { rows: requests } = await sql<{
    outcome: string;
    reason: string | null;
    warnings: string[];
    status: string | null;
  }>`select outcome, reason, warnings, status from postback where source_id = ${source} order by received_at, id`.execute(
    database.db,
  );
  return { conversions, requests };
}

describe('a further message about one conversion', () => {
  it('updates its amount where nothing is set, and a negative one is taken away until nothing is left', async () => {
    const { conversions, requests } = await sent('updates', [
      'click_id=k&txid=1&amount=18',
      'click_id=k&txid=1&amount=20',
      'click_id=k&txid=1&amount=-5',
      'click_id=k&txid=2&amount=7',
      'click_id=k&txid=2&amount=-9',
      'click_id=k&txid=3&amount=-4',
    ]);
    expect(conversions).toEqual([
      { txid: '1', status: 'approved', amount: 15, counts: 1 },
      { txid: '2', status: 'reversed', amount: -2, counts: 1 },
      { txid: '3', status: 'approved', amount: -4, counts: 0 },
    ]);
    expect(requests.map(({ warnings }) => warnings)).toEqual([
      [],
      [],
      ['negative_amount'],
      [],
      ['negative_amount', 'refund_exceeds_amount'],
      ['negative_amount', 'refund_without_conversion'],
    ]);
    expect(requests[2]?.status).toBeNull();
    const { rows } = await sql<{ amounts: number }>`
      select count(*)::int as amounts from conversion_change x join conversion c on c.id = x.conversion_id
      where c.source_id = 'updates' and c.txid = '1'`.execute(database.db);
    expect(rows).toEqual([{ amounts: 3 }]);
  });

  it('is added where the source is set to, equal repeats too; a transaction id still tells a retry', async () => {
    const { conversions, requests } = await sent('adds', [
      'click_id=k&amount=5',
      'click_id=k&amount=5',
      'click_id=k&amount=3',
      'click_id=k&amount=-2',
      'click_id=k&txid=1&amount=4',
      'click_id=k&txid=1&amount=4',
      'click_id=k&txid=1&amount=6',
    ]);
    expect(conversions).toEqual([
      { txid: null, status: 'approved', amount: 11, counts: 1 },
      { txid: '1', status: 'approved', amount: 10, counts: 1 },
    ]);
    expect(requests.map(({ outcome }) => outcome)).toEqual([
      'unattributed',
      'updated',
      'updated',
      'updated',
      'unattributed',
      'duplicate',
      'updated',
    ]);
  });

  it('is ignored where the source is set to, other amounts and statuses alike', async () => {
    const { conversions, requests } = await sent('ignores', [
      'click_id=k&amount=5&status=pending',
      'click_id=k&amount=9',
      'click_id=k&status=rejected',
      'click_id=k&txid=1&amount=4',
    ]);
    expect(conversions).toEqual([
      { txid: null, status: 'pending', amount: 5, counts: 1 },
      { txid: '1', status: 'approved', amount: 4, counts: 1 },
    ]);
    expect(requests.map(({ outcome, reason }) => [outcome, reason])).toEqual([
      ['unattributed', 'unknown_click'],
      ['duplicate', 'duplicates_ignored'],
      ['duplicate', 'duplicates_ignored'],
      ['unattributed', 'unknown_click'],
    ]);
  });

  it('is told by a policy that there is, and what there is instead', async () => {
    const refused = await cli.run(['source', 'set', 'open', '--duplicates', 'adds']);
    expect(refused.code).not.toBe(0);
    expect(refused.err).toContain('write one of update, ignore, add');
    const shown = await cli.run(['--json', 'source', 'show', 'adds']);
    expect(JSON.parse(shown.out)).toMatchObject({ settings: { duplicates: 'add', repeatsCount: true } });
    await cli.run(['source', 'set', 'adds', '--unset', 'duplicates']);
    const { settings } = await database.db
      .selectFrom('source')
      .select('settings')
      .where('id', '=', 'adds')
      .executeTakeFirstOrThrow();
    expect(settings).toEqual({ repeatsCount: true });
  });
});
