import { connect } from 'node:net';
import { mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { sql } from 'kysely';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { addLink, removeLink } from '../../src/db/links.ts';
import { listUnknownLinks } from '../../src/db/refused-clicks.ts';
import { testDatabase, type TestDatabase } from '../support/database.ts';
import { MARKET_MS, seedTracking, startTestServer, type TestServer, until } from '../support/tracking.ts';

let database: TestDatabase;
let server: TestServer;

beforeAll(async () => {
  database = await testDatabase();
  await seedTracking(database.db);
  server = await startTestServer(database.url, { fallbackUrl: 'https://fallback.example.com/' });
});

afterAll(async () => {
  await server.close();
  await database.drop();
});

async function visit(address: string, init?: RequestInit) {
  const response = await fetch(`${server.base}${address}`, { redirect: 'manual', ...init });
  await response.text();
  return {
    status: response.status,
    location: response.headers.get('location'),
    cache: response.headers.get('cache-control'),
  };
}

async function click(id: string) {
  return await until(
    async () => await database.db.selectFrom('click').selectAll().where('id', '=', id).executeTakeFirst(),
    `click ${id}`,
  );
}

function clickIdIn(location: string | null): string {
  return new URL(location ?? 'https://none.example').searchParams.get('cid') ?? '';
}

describe('a visitor of a link', () => {
  it('is sent on with the click id, and the click is kept with its ids', async () => {
    const answer = await visit(
      '/c/shoes?campaign_id=11&adset_id=22&ad_id=33&creative=yoga&placement=feed&fbclid=IwAR_x-Y&utm_campaign=autumn',
      {
        headers: { 'user-agent': 'Mozilla/5.0', 'x-forwarded-for': '198.51.100.7' },
      },
    );
    expect(answer.status).toBe(302);
    expect(answer.cache).toContain('no-store');
    const id = clickIdIn(answer.location);
    expect(id).toMatch(/^[0-9A-HJKMNP-TV-Z]{26}$/);
    expect(answer.location).toBe(
      `https://shop.example.com/shoes?utm_source=meta&cid=${id}&fbclid=IwAR_x-Y&utm_campaign=autumn`,
    );
    const stored = await click(id);
    expect(stored).toMatchObject({
      workspace_id: 'w1',
      link_id: 'shoes',
      network: 'meta',
      campaign_network_id: '11',
      adset_network_id: '22',
      ad_network_id: '33',
      creative: 'yoga',
      placement: 'feed',
      network_click_id: 'IwAR_x-Y',
      network_click_param: 'fbclid',
      ip: '198.51.100.7',
      flags: [],
    });
    expect(stored.ip_hash).toHaveLength(16);
    expect(Math.abs(stored.clicked_at.getTime() - MARKET_MS)).toBeLessThan(60_000);
    // The id's first ten characters are the workspace time.
    const time = id
      .slice(0, 10)
      .split('')
      .reduce((sum, char) => sum * 32 + '0123456789ABCDEFGHJKMNPQRSTVWXYZ'.indexOf(char), 0);
    expect(time).toBe(stored.clicked_at.getTime());
    const inbox = await database.db
      .selectFrom('click_inbox')
      .selectAll()
      .where('click_id', '=', id)
      .execute();
    expect(inbox).toHaveLength(1);
  });

  it('that is a program is sent on and flagged; its country is what the link or a proxy on this machine says', async () => {
    const seen = async (query: string, headers: Record<string, string>) => {
      const { location, status } = await visit(`/c/shoes?${query}`, { headers });
      expect(status).toBe(302);
      const { flags, params } = await click(clickIdIn(location));
      return { flags, country: params['country'] };
    };
    const browser =
      'Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) AppleWebKit/605.1.15 Safari/604.1';
    const robot = { flags: ['robot'], country: undefined };
    expect(await seen('ad_id=1', { 'user-agent': 'curl/8.5.0' })).toEqual(robot);
    expect(await seen('ad_id=1', { 'user-agent': 'Mozilla/5.0 (compatible; AhrefsBot/7.0)' })).toEqual(robot);
    expect(await seen('ad_id=1', { 'user-agent': browser, 'cf-ipcountry': 'de' })).toEqual({
      flags: [],
      country: 'DE',
    });
    expect(await seen('ad_id=1', { 'user-agent': browser, 'cf-ipcountry': 'XX' })).toMatchObject({
      country: undefined,
    });
    // The network knows better than a guess by address.
    expect(await seen('ad_id=1&country=AT', { 'user-agent': browser, 'cf-ipcountry': 'DE' })).toMatchObject({
      country: 'AT',
    });
    // A landing page's server that reports its visitors is no robot.
    const posted = await fetch(`${server.base}/c`, {
      method: 'POST',
      headers: { 'user-agent': 'GuzzleHttp/7', 'content-type': 'application/json' },
      body: '{"link":"shoes","ad_id":"1"}',
    });
    const { click_id: id } = (await posted.json()) as { click_id: string };
    expect((await click(id)).flags).toEqual([]);
  });

  it('with an unfilled macro is sent on all the same; the id is absent and flagged', async () => {
    const answer = await visit(
      '/c/shoes?ad_id=%7B%7Bad.id%7D%7D&campaign_id=11&utm_term=%7B%7Bplacement%7D%7D',
    );
    const id = clickIdIn(answer.location);
    expect(answer.location).not.toContain('utm_term');
    const stored = await click(id);
    expect(stored.ad_network_id).toBeNull();
    expect(stored.campaign_network_id).toBe('11');
    expect([...stored.flags].toSorted()).toEqual(['unresolved_macro:ad_id', 'unresolved_macro:utm_term']);
  });

  it('of an unknown link goes to the fallback address, whatever the link is called', async () => {
    for (const address of ['/c/nothing-here', '/c/', '/c', '/c/%ZZ%00', `/c/${'x'.repeat(3_000)}`]) {
      expect(await visit(address)).toMatchObject({ status: 302, location: 'https://fallback.example.com/' });
    }
    const bare = await startTestServer(database.url);
    const response = await fetch(`${bare.base}/c/nothing-here`, { redirect: 'manual' });
    expect(response.status).toBe(200);
    await bare.close();
  });

  it('of a link added a moment ago is sent on; of a removed one too, flagged', async () => {
    await addLink(database.db, {
      id: 'new1',
      workspaceId: 'w1',
      accountId: null,
      network: 'meta',
      name: 'New',
      targetUrl: 'https://shop.example.com/n#top',
      fallbackUrl: null,
      nowMs: MARKET_MS,
    });
    await until(
      async () => ((await visit('/c/new1')).location?.includes('/n?click_id=') ? true : undefined),
      'link read',
      2_000,
    );
    await removeLink(database.db, 'new1', MARKET_MS);
    const flags = await until(async () => {
      const { location } = await visit('/c/new1');
      expect(location).toMatch(/^https:\/\/shop\.example\.com\/n\?click_id=[0-9A-Z]{26}#top$/);
      const stored = await click(new URL(location ?? '').searchParams.get('click_id') ?? '');
      return stored.flags.length > 0 ? stored.flags : undefined;
    }, 'flagged');
    expect(flags).toEqual(['link_removed']);
  });

  it('that is a prefetch, a preview or a HEAD is sent on without a click', async () => {
    const before = await database.db
      .selectFrom('click')
      .select(({ fn }) => fn.countAll<number>().as('n'))
      .executeTakeFirstOrThrow();
    const answers = [
      await visit('/c/shoes', { method: 'HEAD' }),
      await visit('/c/shoes', { headers: { 'sec-purpose': 'prefetch;prerender' } }),
      await visit('/c/shoes', { headers: { 'user-agent': 'facebookexternalhit/1.1' } }),
    ];
    expect(answers.map((answer) => [answer.status, clickIdIn(answer.location)])).toEqual([
      [302, ''],
      [302, ''],
      [302, ''],
    ]);
    await new Promise((resolve) => setTimeout(resolve, 200));
    const after = await database.db
      .selectFrom('click')
      .select(({ fn }) => fn.countAll<number>().as('n'))
      .executeTakeFirstOrThrow();
    expect(after.n).toBe(before.n);
  });

  it('with NUL bytes and broken escapes is a click like any other', async () => {
    const id = clickIdIn((await visit('/c/shoes?sub=a%00b&x=%E0%A4%A&creative=%ED%A0%80')).location);
    expect((await click(id)).params).toMatchObject({ sub: 'ab', x: '%E0%A4%A' });
  });
});

describe('POST /c', () => {
  it('answers the click id, to any site, with a network’s click id as key', async () => {
    const response = await fetch(`${server.base}/c`, {
      method: 'POST',
      headers: { 'content-type': 'text/plain', origin: 'https://shop.example.com' },
      body: JSON.stringify({ link: 'shoes', gclid: 'Cj0KCQ', ad_id: '{adid}' }),
    });
    expect(response.headers.get('access-control-allow-origin')).toBe('*');
    const { click_id: id } = (await response.json()) as { click_id: string };
    expect(await click(id)).toMatchObject({
      network_click_id: 'Cj0KCQ',
      network_click_param: 'gclid',
      ad_network_id: null,
      flags: ['unresolved_macro:ad_id'],
    });
    const form = await fetch(`${server.base}/c/shoes`, {
      method: 'POST',
      body: new URLSearchParams({ ad_id: '7' }),
    });
    const second = (await form.json()) as { click_id: string };
    expect((await click(second.click_id)).ad_network_id).toBe('7');
  });

  it('says what is wrong', async () => {
    const post = async (body: string) => {
      const response = await fetch(`${server.base}/c`, { method: 'POST', body });
      return [response.status, ((await response.json()) as { reason: string }).reason];
    };
    expect(await post('{"link":"nope"}')).toEqual([404, 'unknown_link']);
    expect(await post('{"link":')).toEqual([400, 'broken_json']);
    expect(await post(`a=${'x'.repeat(100_000)}`)).toEqual([413, 'body_too_large']);
    expect((await fetch(`${server.base}/c`, { method: 'OPTIONS' })).status).toBe(204);
  });
});

describe('what a dead process left on disk', () => {
  it('is stored once by the next one, torn last line and all', async () => {
    const dataDir = mkdtempSync(path.join(tmpdir(), 'bidloop-left-'));
    const folder = path.join(dataDir, 'clicks');
    mkdirSync(folder, { recursive: true });
    const line = (id: string) =>
      `${JSON.stringify({ id, workspaceId: 'w1', linkId: 'shoes', accountId: null, network: 'meta', campaignId: null, adsetId: null, adId: '1', creative: null, placement: null, networkClickId: null, networkClickParam: null, deviceId: null, ip: null, userAgent: null, params: {}, flags: [], clickedAtMs: MARKET_MS, wallAtMs: MARKET_MS })}\n`;
    writeFileSync(
      path.join(folder, '1-999999-000001.clicks'),
      line('LEFT1') + line('LEFT2') + 'not json\n' + line('LEFT3').slice(0, 40),
    );
    await database.db
      .insertInto('click')
      .values({
        id: 'LEFT1',
        workspace_id: 'w1',
        link_id: 'shoes',
        network: 'meta',
        clicked_at: new Date(MARKET_MS),
        wall_at: new Date(MARKET_MS),
        params: '{}',
        account_id: null,
        campaign_network_id: null,
        adset_network_id: null,
        ad_network_id: '1',
        creative: null,
        placement: null,
        network_click_id: null,
        network_click_param: null,
        device_id: null,
        ip_hash: null,
        ip: null,
        user_agent: null,
      })
      .execute();
    const next = await startTestServer(database.url, { dataDir });
    await click('LEFT2');
    await until(
      async () => (readdirSync(folder).some((name) => name.startsWith('1-')) ? undefined : true),
      'segment deleted',
    );
    await next.close();
    rmSync(dataDir, { recursive: true, force: true });
    const inbox = await database.db
      .selectFrom('click_inbox')
      .select('click_id')
      .where('click_id', 'like', 'LEFT%')
      .execute();
    expect(inbox).toEqual([{ click_id: 'LEFT2' }]);
  });
});

describe('a visit that makes no click', () => {
  const kept = (reason: string) =>
    database.db.selectFrom('refused_click').selectAll().where('reason', '=', reason).execute();

  it('leaves a row with the reason', async () => {
    await visit('/c/stray-1?utm_campaign=autumn', { headers: { 'user-agent': 'Mozilla/5.0' } });
    await visit('/c/shoes?ad_id=7', { headers: { 'user-agent': 'Slackbot 1.0' } });
    await fetch(`${server.base}/c`, { method: 'POST', body: '{"link":"stray-2"}' });
    await fetch(`${server.base}/c/shoes`, { method: 'POST', body: '{"half' });
    const { port } = new URL(server.base);
    const socket = connect(Number(port), '127.0.0.1');
    socket.write('POST /c/shoes HTTP/1.1\r\nHost: x\r\nContent-Length: 500\r\n\r\n{"ad_id":');
    await new Promise((resolve) => setTimeout(resolve, 100));
    socket.destroy();
    await until(
      async () => ((await kept('cut_off')).length > 0 ? true : undefined),
      'a row for what was cut off',
    );
    expect((await kept('unknown_link')).filter((row) => row.link_id.startsWith('stray'))).toMatchObject([
      {
        workspace_id: null,
        link_id: 'stray-1',
        url: '/c/stray-1?utm_campaign=autumn',
        user_agent: 'Mozilla/5.0',
      },
      { workspace_id: null, link_id: 'stray-2', method: 'POST' },
    ]);
    expect(await kept('link_preview')).toContainEqual(
      expect.objectContaining({ workspace_id: 'w1', link_id: 'shoes', url: '/c/shoes?ad_id=7' }),
    );
    expect(await kept('cut_off')).toMatchObject([{ workspace_id: 'w1', link_id: 'shoes' }]);
    expect((await kept('broken_json')).map((row) => row.link_id)).toContain('shoes');
    expect((await listUnknownLinks(database.db, 50)).map((link) => link.linkId)).toContain('stray-1');
  });

  it('is only counted beyond a hundred a minute, from however many addresses', async () => {
    const before = (await kept('unknown_link')).length;
    await Promise.all(
      Array.from({ length: 250 }, (_, i) =>
        visit('/c/flood', { headers: { 'x-forwarded-for': `203.0.113.${i}` } }),
      ),
    );
    const total = await until(
      async () => {
        const { rows } = await sql<{ kept: number; dropped: number }>`
          select sum(kept)::int as kept, sum(dropped)::int as dropped from unauthenticated_count
          where address = 'visits without a click'`.execute(database.db);
        const [sum] = rows;
        return sum !== undefined && sum.kept + sum.dropped >= before + 250 ? sum : undefined;
      },
      'counts stored',
      10_000,
    );
    // The flood may cross a minute's edge, which begins a new hundred.
    expect(total.kept).toBeLessThanOrEqual(200);
    const { n } = await database.db
      .selectFrom('refused_click')
      .select(({ fn }) => fn.countAll<number>().as('n'))
      .executeTakeFirstOrThrow();
    expect(n).toBe(total.kept);
  });
});
