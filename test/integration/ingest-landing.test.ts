import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { clickIdTimeMs } from '../../src/core/click-id.ts';
import { newClickId } from '../../src/http/ids.ts';
import { testDatabase, type TestDatabase } from '../support/database.ts';
import { MARKET_MS, seedTracking, startTestServer, type TestServer, until } from '../support/tracking.ts';

let database: TestDatabase;
let server: TestServer;

beforeAll(async () => {
  database = await testDatabase();
  await seedTracking(database.db);
  server = await startTestServer(database.url);
});
afterAll(async () => {
  await server.close();
  await database.drop();
});

async function newClick(query = ''): Promise<string> {
  const response = await fetch(`${server.base}/c/shoes${query}`, { redirect: 'manual' });
  return new URL(response.headers.get('location') ?? '').searchParams.get('cid') ?? '';
}

async function touch(id: string) {
  return await until(
    async () => await database.db.selectFrom('click').selectAll().where('id', '=', id).executeTakeFirst(),
    `click ${id}`,
  );
}

const landed = (id: string) =>
  until(async () => (await touch(id)).landed_at ?? undefined, `landing of ${id}`);

describe('a visitor who goes on from the landing page', () => {
  it('is noted on the click, once, by an image or by a script', async () => {
    const id = await newClick();
    const image = await fetch(`${server.base}/l/${id}`);
    expect([image.status, image.headers.get('content-type')]).toEqual([200, 'image/gif']);
    expect((await image.arrayBuffer()).byteLength).toBeGreaterThan(20);
    const first = await landed(id);
    expect(first.getTime()).toBeGreaterThanOrEqual(clickIdTimeMs(id) ?? Infinity);
    const script = await fetch(`${server.base}/l/${id.toLowerCase()}`, { method: 'POST' });
    expect([script.status, script.headers.get('access-control-allow-origin')]).toEqual([204, '*']);
    const other = await newClick();
    await fetch(`${server.base}/l/${other}`);
    await landed(other);
    expect((await touch(id)).landed_at).toEqual(first);
  });

  it('leaves a row where the id is none that was given out', async () => {
    expect((await fetch(`${server.base}/l/nonsense?x=1`)).status).toBe(200);
    const row = await until(
      async () =>
        await database.db
          .selectFrom('refused_click')
          .selectAll()
          .where('link_id', '=', 'nonsense')
          .executeTakeFirst(),
      'a row of the unknown click',
    );
    expect(row).toMatchObject({ reason: 'unknown_click', url: '/l/nonsense?x=1', method: 'GET' });
  });

  it('leaves a row where nobody ever clicked under a good id', async () => {
    const own = await startTestServer(database.url);
    const id = newClickId(MARKET_MS);
    await fetch(`${own.base}/l/${id}`);
    // At the end what was not found is not waited for.
    await own.close();
    const rows = await database.db
      .selectFrom('refused_click')
      .select('reason')
      .where('link_id', '=', id)
      .execute();
    expect(rows).toEqual([{ reason: 'unknown_click' }]);
  });
});

describe('an ad that was seen', () => {
  it('is kept as its own kind, and is no visit', async () => {
    const answer = await fetch(`${server.base}/v/shoes?ad_id=seen-ad&user_id=u-9`);
    expect([answer.status, answer.headers.get('content-type')]).toEqual([200, 'image/gif']);
    const row = await until(
      async () =>
        await database.db
          .selectFrom('click')
          .selectAll()
          .where('ad_network_id', '=', 'seen-ad')
          .executeTakeFirst(),
      'the view',
    );
    expect(row).toMatchObject({ kind: 'view', link_id: 'shoes', retargeting: false });
    expect(row.user_hash).toHaveLength(32);
  });
});

describe('a click of a retargeting ad', () => {
  it('says so, and does not tell the landing page', async () => {
    const response = await fetch(`${server.base}/c/shoes?retargeting=1&ad_id=back`, { redirect: 'manual' });
    const location = response.headers.get('location') ?? '';
    expect(location).not.toContain('retargeting');
    expect(await touch(new URL(location).searchParams.get('cid') ?? '')).toMatchObject({
      kind: 'click',
      retargeting: true,
      user_hash: null,
    });
  });
});
