import { afterAll, beforeAll, expect, it } from 'vitest';
import { type Cli, testCli } from '../support/cli.ts';
import { testDatabase, type TestDatabase } from '../support/database.ts';
import {
  KEY,
  MARKET_MS,
  seedTracking,
  startTestServer,
  type TestServer,
  until,
} from '../support/tracking.ts';

let database: TestDatabase;
let cli: Cli;
let server: TestServer;

beforeAll(async () => {
  database = await testDatabase();
  cli = testCli(database.url);
  await seedTracking(database.db);
  server = await startTestServer(database.url);
});

afterAll(async () => {
  await server.close();
  await database.drop();
  cli.remove();
});

interface PrintedError {
  readonly kind: string;
  readonly code: string;
  readonly count: number;
  readonly detail: string | null;
  readonly next: string;
  readonly overTime: readonly number[];
}

function bidloop(...args: string[]) {
  return cli.run(['postback', 'errors', ...args]);
}

async function send(path: string, headers: Record<string, string> = {}): Promise<void> {
  await (await fetch(`${server.base}${path}`, { headers })).text();
}

it('tells each trouble by source and reason, with its count, its time and its next step', async () => {
  expect((await bidloop()).out).toBe('Nothing was refused or odd in the last 24h.\n');
  await send('/p/open?clik_id=1');
  await send('/p/open?clik_id=2&amount=3');
  await send('/p/open?click_id={click_id}');
  await send('/p/open?click_id=C1&amont=3');
  await send('/p/open?click_id=C2', {
    'user-agent':
      'Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0 Safari/537.36',
    referer: 'https://shop.example/thanks',
  });
  await send(`/p/shop?key=${KEY}&click_id=C3&amount=abc`);
  await send('/p/shop?key=not-the-key&click_id=C4');
  await send('/p/nobody?click_id=C5');
  await database.db
    .updateTable('postback')
    .set({ outcome: 'unattributed', reason: 'unknown_click' })
    .where('click_id', '=', 'C2')
    .execute();
  // Long before the time asked for.
  await database.db
    .updateTable('postback')
    .set({ received_at: new Date(MARKET_MS - 30 * 3_600_000) })
    .where('click_id', '=', 'C1')
    .execute();

  const day = JSON.parse((await bidloop('--json')).out) as {
    sources: { source: string; postbacks: number; errors: PrintedError[] }[];
  };
  const told = day.sources.map(({ source, postbacks, errors }) => [
    source,
    postbacks,
    errors.map(({ kind, code, count }) => `${kind} ${code} ${count}`),
  ]);
  expect(told).toEqual([
    [
      'open',
      4,
      [
        'refused missing_click_id 2',
        'warning client_side_call 1',
        'not_counted unknown_click 1',
        'refused unresolved_macro 1',
        'warning unresolved_macro:click_id 1',
      ],
    ],
    ['shop', 2, ['refused amount_unparsed 1', 'refused wrong_key 1']],
    ['nobody', 1, ['refused unknown_source 1']],
  ]);
  const first = day.sources[0]?.errors[0];
  expect(first?.detail).toContain('did you mean "click_id"?');
  expect(first?.next).toContain('click id');
  expect([first?.overTime.length, first?.overTime.at(-1)]).toEqual([24, 2]);

  const week = await bidloop('--source', 'open', '--since', '7d');
  expect(week.out).toMatch(/open: 5 requests in the last 7d/);
  expect(week.out).toMatch(
    /1 +odd .*near_miss:amont:amount: "amont" is read by nobody\n.*Did you mean "amount"\?.*source set open --map amont=<field>/,
  );
  expect(week.out).not.toContain('shop');
});

it('tells what is odd about clicks: names of parameters that were nearly ours, and unfilled macros', async () => {
  const { db } = database;
  const visit = (query: string) => fetch(`${server.base}/c/shoes?${query}`, { redirect: 'manual' });
  await visit('campaignid=1&ad-id=2&utm_source=meta');
  await visit('campaignid=1&adset_id=5&ad_id=7');
  await visit('adgroupid=3&campaign_name=x&targeting=y');
  // What a narrower id says already is no loss.
  await visit('campaign=3&ad_id=9');
  await visit('campaign_id=1&ad_id=%7B%7Bad.id%7D%7D');
  const flags = await until(async () => {
    const rows = await db.selectFrom('click').select('flags').execute();
    return rows.length === 5 ? rows.map((row) => row.flags.toSorted()) : undefined;
  }, 'five clicks');
  expect(flags.map((all) => all.join(' ')).toSorted()).toEqual([
    '',
    'near_miss:ad-id:ad_id near_miss:campaignid:campaign_id',
    'near_miss:adgroupid:adset_id',
    'near_miss:campaignid:campaign_id',
    'unresolved_macro:ad_id',
  ]);
  const json = JSON.parse((await bidloop('--json')).out) as { clicks: object[] };
  expect(json.clicks[0]).toMatchObject({
    linkId: 'shoes',
    flag: 'near_miss:campaignid:campaign_id',
    count: 2,
    next: expect.stringContaining('Did you mean "campaign_id"?'),
  });
  const text = (await bidloop()).out;
  expect(text).toContain('clicks of the link shoes in the last 24h');
  expect(text).toContain('the network did not fill the macro in "ad_id"');
  expect((await bidloop('--source', 'open')).out).not.toContain('clicks of the link');
  const health = (await (await fetch(`${server.base}/api/health?workspace=w1`)).json()) as {
    oddClicks: object[];
  };
  expect(health.oddClicks).toHaveLength(4);
});

it('an unknown source and a time that is none are answered with what is right', async () => {
  const source = await bidloop('--source', 'opn');
  const since = await bidloop('--since', 'soon');
  expect([source.code, since.code]).toEqual([1, 2]);
  expect(source.err).toContain('did you mean "open"?');
  expect(since.err).toContain('--since');
});
