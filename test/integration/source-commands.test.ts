import { execFile } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { testDatabase, type TestDatabase } from '../support/database.ts';
import { seedTracking, startTestServer, type TestServer } from '../support/tracking.ts';

const MAIN = fileURLToPath(new URL('../../src/main.ts', import.meta.url));
const dataDir = mkdtempSync(path.join(tmpdir(), 'bidloop-cli-'));
const secretKey = randomBytes(32).toString('base64');
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
  rmSync(dataDir, { recursive: true, force: true });
});

interface Run {
  readonly code: number;
  readonly out: string;
  readonly err: string;
}

function bidloop(args: readonly string[], env: Record<string, string> = {}): Promise<Run> {
  const settings = {
    ...process.env,
    DATABASE_URL: database.url,
    BIDLOOP_DATA_DIR: dataDir,
    BIDLOOP_SECRET_KEY: secretKey,
    ...env,
  };
  return new Promise((resolve) => {
    execFile(process.execPath, [MAIN, ...args], { env: settings }, (error, out, err) => {
      resolve({ code: error === null ? 0 : Number(error.code), out, err });
    });
  });
}

/** The printed address with the sender's macros filled in, at the test server. */
function filled(url: string, values: Readonly<Record<string, string>>): string {
  const text = url.replaceAll(
    /\{([\w]+)\}|\(([\w-]+)\)/g,
    (_, curly?: string, round?: string) => values[curly ?? round ?? ''] ?? '',
  );
  return `${server.base}${text.slice(new URL(url).origin.length)}`;
}

it.each([
  [
    'generic',
    { click_id: 'CG', order_id: '1', amount: '12.5', currency: 'EUR' },
    { click_id: 'CG', event: 'purchase', txid: '1', amount_micros: 12_500_000, currency: 'EUR' },
  ],
  [
    'keitaro',
    { external_id: 'CK', revenue: '3', currency: 'usd', status: 'lead', tid: '2' },
    { click_id: 'CK', event: 'purchase', txid: '2', status: 'pending', currency: 'USD' },
  ],
  [
    'appsflyer',
    {
      clickid: 'CA',
      event_name: 'af_purchase',
      event_revenue: '1',
      event_revenue_currency: 'GBP',
      appsflyer_id: '9-9',
      ad_id: '77',
    },
    { click_id: 'CA', event: 'af_purchase', device_id: '9-9', sender_ids: { ad: '77' }, status: 'approved' },
  ],
])(
  'the address printed for %s works as it stands, once its macros are filled',
  async (sender, values, expected) => {
    const added = await bidloop(['--json', 'source', 'add', sender, '--as', `cli-${sender}`], {
      PUBLIC_URL: 'https://bids.example.com',
    });
    expect(added.code).toBe(0);
    const { url, publiclyReachable } = JSON.parse(added.out) as { url: string; publiclyReachable: boolean };
    expect(url).toMatch(/^https:\/\/bids\.example\.com\/p\//);
    expect(publiclyReachable).toBe(true);
    const answer = await fetch(filled(url, values));
    const body = (await answer.json()) as { status: string; id: string };
    expect(body.status).toBe('accepted');
    const row = await database.db
      .selectFrom('postback')
      .selectAll()
      .where('id', '=', body.id)
      .executeTakeFirstOrThrow();
    expect(row).toMatchObject(expected);
    // Pasted without its macros filled, it is told what is wrong.
    const raw = (await (
      await fetch(`${server.base}${url.slice('https://bids.example.com'.length)}`)
    ).json()) as { reason: string };
    expect(raw.reason).toBe('unresolved_macro');
  },
);

it('without PUBLIC_URL it says that a tracker cannot reach this machine; show prints the same address; remove ends it', async () => {
  const added = await bidloop(['source', 'add', 'generic', '--name', 'My Shop!']);
  expect(added.out).toContain('PUBLIC_URL');
  const address = /https?:\/\/\S+\/p\/my-shop\/\S+/.exec(added.out)?.[0];
  expect(address).toBeDefined();
  expect((await bidloop(['source', 'show', 'my-shop'])).out).toContain(address);
  expect((await bidloop(['source', 'remove', 'my-shop'])).code).toBe(0);
  expect((await bidloop(['source', 'list'])).out).not.toContain('my-shop');
  const sealed = await bidloop(['source', 'show', 'cli-generic'], {
    BIDLOOP_SECRET_KEY: randomBytes(32).toString('base64'),
  });
  expect([sealed.code, sealed.err.includes('BIDLOOP_SECRET_KEY')]).toEqual([1, true]);
});

it('--wait tells what arrived and what it lacks', async () => {
  const added = JSON.parse((await bidloop(['--json', 'source', 'add', 'generic', '--as', 'waited'])).out) as {
    url: string;
  };
  const waiting = bidloop(['source', 'show', 'waited', '--wait']);
  const end = Date.now() + 15_000;
  let sent = 0;
  const sender = setInterval(() => {
    sent += 1;
    if (Date.now() < end)
      void fetch(filled(added.url, { click_id: `W${sent}` })).then((answer) => answer.text());
  }, 300);
  const { code, out } = await waiting;
  clearInterval(sender);
  expect(code).toBe(0);
  expect(out).toMatch(/accepted purchase of W\d+/);
  expect(out).toContain('no transaction id');
  expect(out).toContain('no amount');
});

it('what cannot be is refused with what there is', async () => {
  const runs = await Promise.all([
    bidloop(['source', 'add', 'volum']),
    bidloop(['source', 'add', 'generic', '--currency', 'points']),
    bidloop(['source', 'show', 'nobody']),
    bidloop(['link', 'add', 'shop.example.com/x', '--network', 'meta']),
    bidloop(['link', 'add', 'https://shop.example.com/x']),
    bidloop(['source', 'add', 'generic', '--as', 'shop']),
  ]);
  expect(runs.map((run) => run.code)).toEqual([2, 2, 1, 2, 2, 1]);
  expect(runs[0]?.err).toMatch(/did you mean voluum\?.*generic, appsflyer/);
  expect(runs[3]?.err).toContain('https://shop.example.com/shoes');
  expect(runs[5]?.err).toContain('--as');
});

it('a link prints the network’s macros and redirects as printed', async () => {
  const added = await bidloop([
    '--json',
    'link',
    'add',
    'https://shop.example.com/x?c={click_id}',
    '--network',
    'meta',
    '--as',
    'cli-link',
  ]);
  const { urlTags, trackingUrl } = JSON.parse(added.out) as { urlTags: string; trackingUrl: string };
  expect(urlTags).toContain('ad_id={{ad.id}}');
  const answer = await fetch(`${server.base}${trackingUrl.slice(new URL(trackingUrl).origin.length)}`, {
    redirect: 'manual',
  });
  expect(answer.headers.get('location')).toMatch(/^https:\/\/shop\.example\.com\/x\?c=[0-9A-Z]{26}$/);
});
