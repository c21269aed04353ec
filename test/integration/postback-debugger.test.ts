import { createHmac } from 'node:crypto';
import { sql } from 'kysely';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { drainBatch } from '../../src/db/ingest/drain-batch.ts';
import { addSource, signatureContext } from '../../src/db/sources.ts';
import { seal } from '../../src/secrets.ts';
import { type Cli, testCli } from '../support/cli.ts';
import { testDatabase, type TestDatabase } from '../support/database.ts';
import { addObject, type SeededAccount } from '../support/ingest-facts.ts';
import {
  MARKET_MS,
  seedTrackedAccount,
  seedTracking,
  startTestServer,
  type TestServer,
  until,
} from '../support/tracking.ts';

let database: TestDatabase;
let cli: Cli;
let server: TestServer;
let clickId = '';

beforeAll(async () => {
  database = await testDatabase();
  const { db } = database;
  cli = testCli(database.url);
  const { secretKey } = cli;
  await seedTracking(db);
  await seedTrackedAccount(db);
  const account: SeededAccount = {
    workspaceId: 'w1',
    accountId: 'acc',
    sourceId: 'open',
    zone: 'UTC',
    objects: new Map(),
  };
  await addObject(db, account, { level: 'campaign', networkId: 'c1' });
  await addObject(db, account, { level: 'ad', networkId: 'a1', campaign: 'c1' });
  await addSource(db, {
    id: 'hooked',
    workspaceId: 'w1',
    profile: 'tenjin',
    name: 'hooked',
    key: null,
    secretKey,
    settings: {
      signature: { param: 'x-signature', in: 'header', over: 'body', algorithm: 'hmac-sha256' },
    },
    signatureSealed: seal(secretKey, 'the-secret', signatureContext('hooked')),
    nowMs: MARKET_MS,
  });
  await addSource(db, {
    id: 'wall',
    workspaceId: 'w1',
    profile: 'offerwall',
    name: 'wall',
    key: 'a-key-of-the-wall-0001',
    secretKey,
    settings: { signature: { param: 'sig', algorithm: 'md5', formula: '{subid}{payout}{secret}' } },
    signatureSealed: seal(secretKey, 'the-secret', signatureContext('wall')),
    nowMs: MARKET_MS,
  });
  server = await startTestServer(database.url, { secretKey });
  const visit = await fetch(`${server.base}/c/shoes?campaign_id=c1&ad_id=a1`, { redirect: 'manual' });
  clickId = new URL(visit.headers.get('location') ?? '').searchParams.get('cid') ?? '';
  await until(
    () => db.selectFrom('click').select('id').where('id', '=', clickId).executeTakeFirst(),
    'the click is stored',
  );
});

afterAll(async () => {
  await server.close();
  await database.drop();
  cli.remove();
});

function bidloop(...args: string[]) {
  const json = args[0] === '--json';
  const words = json ? ['--json', 'postback', ...args.slice(1)] : ['postback', ...args];
  return cli.run(words, { BIDLOOP_HTTP_PORT: new URL(server.base).port });
}

const drain = () => drainBatch(database.db, { shard: 'all', limit: 100, wallMs: Date.now() });

/** Every row of what a postback may change, as text. */
async function everything(): Promise<string> {
  const tables = ['postback', 'message_key', 'inbox', 'conversion', 'conversion_key', 'conversion_change'];
  const texts: string[] = [];
  for (const table of [...tables, 'conversion_hour', 'event_day', 'campaign_news', 'ingest_shard']) {
    const { rows } = await sql<{ all: string | null }>`
      select jsonb_agg(to_jsonb(t) order by to_jsonb(t)::text)::text as all from ${sql.table(table)} t`.execute(
      database.db,
    );
    texts.push(`${table}: ${rows[0]?.all ?? ''}`);
  }
  return texts.join('\n');
}

describe('postback explain beside a database', () => {
  it('tells what ingest would make of it, and leaves no trace', async () => {
    // Another one waits at the same time: it is left where it is.
    await fetch(`${server.base}/p/open?click_id=${clickId}&event=purchase&txid=waiting&amount=5`);
    const before = await everything();
    const query = `click_id=${clickId}&event=purchase&txid=o-1&amount=12.50`;
    const told = await bidloop('explain', query, '--source', 'open');
    expect(told).toMatchObject({ code: 0, err: '' });
    expect(told.out).toContain('It would be counted.');
    expect(told.out).toMatch(/drove purchase o-1/);
    expect(told.out).toMatch(
      /A new conversion, approved, 12\.5 USD, counted, for name of a1 in name of c1 in acc/,
    );
    expect(told.out).toContain(`curl '`);
    expect(told.out).toContain(`/p/open?${query}&test=1'`);
    expect(await everything()).toBe(before);

    const unknown = await bidloop('--json', 'explain', 'click_id=nobody&event=purchase', '--source', 'open');
    expect(JSON.parse(unknown.out)).toMatchObject({
      target: 'open',
      wouldHappen: { answer: 'accepted', outcome: 'unattributed', reason: 'unknown_click' },
    });
    expect(await everything()).toBe(before);
  });

  it('knows what is on record: a repeat is a repeat, a refund changes the conversion', async () => {
    const query = `click_id=${clickId}&event=purchase&txid=o-2&amount=20`;
    await fetch(`${server.base}/p/open?${query}`);
    await drain();
    const before = await everything();
    // Its address alone names the source.
    const repeat = await bidloop('explain', `${server.base}/p/open?${query}`);
    expect(repeat.out).toContain('answered as a duplicate');
    const refund = await bidloop('--json', 'explain', `${query}&status=refund`, '--source', 'open');
    expect(JSON.parse(refund.out)).toMatchObject({
      wouldHappen: {
        outcome: 'updated',
        conversion: { exists: true, status: 'reversed', counted: false, object: 'name of a1' },
      },
    });
    expect(await everything()).toBe(before);
  });

  it('says what the door would say, and where it could go when that is not clear', async () => {
    const refused = await bidloop('explain', 'clik_id=1&amount=3', '--source', 'open');
    expect(refused.out).toContain('It would be refused: missing_click_id.');
    const unclear = await bidloop('explain', `click_id=${clickId}&amount=3`);
    expect(unclear.out).toContain('name its source: --source');
    // Only one source speaks so.
    const wall = await bidloop(
      'explain',
      `subid=${clickId}&payout=2&transaction_id=t1&sig=00`,
      '--source',
      'offerwall',
    );
    expect(wall.out).toContain('At source "wall", right now:');
    expect(wall.out).toContain('it would be refused (bad_signature)');
  });
});

describe('postback explain of what people paste', () => {
  it('reads a whole curl command as the request it would send', async () => {
    const curl = `curl -X POST '${server.base}/p/open' -H 'content-type: application/json' -d '{"click_id":"${clickId}","event":"purchase","txid":"o-9","amount":"7.10"}'`;
    const told = await bidloop('explain', curl);
    expect(told).toMatchObject({ code: 0, err: '' });
    expect(told.out).toContain('Source: Generic postback (source "open", as its address says)');
    expect(told.out).toContain('It would be counted.');
    expect(told.out).toMatch(/A new conversion, approved, a rebill, 7\.1 USD/);
  });

  it('says what is odd in words, and what an unvalued amount was', async () => {
    const told = await bidloop('explain', 'click_id=nobody&amout=3&amount=5&event=x', '--source', 'open');
    expect(told.out).toContain('approved, 5 USD (not yet in an account');
    const odd = await bidloop('explain', `click_id=${clickId}&amout=3`, '--source', 'open');
    expect(odd.out).toContain('"amout": did you mean "amount"?');
    expect(odd.out).not.toContain('near_miss');
  });

  it('tells a body that nobody can read as the door does', async () => {
    const told = await bidloop('explain', '{"click_id": ', '--source', 'open');
    expect(told.out).toContain('It would be refused: broken_json.');
    expect(told.out).not.toContain('missing_click_id');
    const json = await bidloop('--json', 'explain', '[1, 2]', '--source', 'open');
    expect(JSON.parse(json.out)).toMatchObject({ reading: { reason: 'unreadable_body' } });
  });

  it('refuses text with nothing in it, and a source that is none, with the nearest name', async () => {
    const nothing = await bidloop('explain', 'hello world');
    expect([nothing.code, nothing.err]).toEqual([
      2,
      expect.stringContaining('nothing in it that could be read'),
    ]);
    const unknown = await bidloop('explain', 'click_id=1', '--source', 'opne');
    expect([unknown.code, unknown.err]).toEqual([1, expect.stringContaining('did you mean "open"?')]);
  });

  it('goes on where a key cannot be opened, and leaves the sample aside', async () => {
    const { db } = database;
    await db
      .updateTable('source')
      .set({ key_sealed: Buffer.alloc(64) })
      .where('id', '=', 'kt')
      .execute();
    const told = await bidloop('explain', `subid=${clickId}&status=sale`, '--source', 'kt');
    expect(told.out).toContain('/p/kt/<key>?');
    // Beside a real workspace, the only one that speaks so is not looked for in a simulated one.
    const before = await bidloop('explain', `subid=${clickId}&status=sale`, '--source', 'keitaro');
    expect(before.out).toContain('the only one that speaks so');
    await db
      .insertInto('workspace')
      .values({
        id: 'real',
        name: 'Real',
        currency: 'USD',
        time_zone: 'UTC',
        simulated: false,
        clock_origin: new Date(),
        clock_wall_origin: new Date(),
        clock_rate: 1,
        created_at: new Date(),
      })
      .execute();
    const after = await bidloop('explain', `subid=${clickId}&status=sale`, '--source', 'keitaro');
    expect(after.out).toContain('name its source: --source');
    await db.deleteFrom('workspace').where('id', '=', 'real').execute();
  });
});

describe('postback send', () => {
  it('goes through the door as a test and is followed to its outcome, which counts nowhere', async () => {
    const running = setInterval(() => void drain(), 200);
    const sent = await bidloop('send', '--source', 'wall', '--amount', '2.50');
    clearInterval(running);
    expect(sent).toMatchObject({ code: 0, err: '' });
    expect(sent.out).toContain(`with click ${clickId}, marked as a test`);
    expect(sent.out).toContain('Answered 200: OK');
    expect(sent.out).toContain('judged as a test: it counts nowhere');
    expect(sent.out).toMatch(/drove purchase test-/);
    const row = await database.db
      .selectFrom('conversion')
      .selectAll()
      .where('source_id', '=', 'wall')
      .executeTakeFirstOrThrow();
    expect(row).toMatchObject({ excluded: 'test', counted: false, click_id: clickId });
  });

  it('signs in a header where its source does, and explain checks such a request from its curl', async () => {
    const running = setInterval(() => void drain(), 200);
    const sent = await bidloop('send', '--source', 'hooked');
    clearInterval(running);
    expect(sent).toMatchObject({ code: 0, err: '' });
    expect(sent.out).toMatch(/-H 'x-signature: [0-9a-f]{64}'/);
    const body = `{"click_id":"${clickId}","event":"purchase"}`;
    const curl = (signature: string) =>
      `curl ${server.base}/p/hooked -H 'X-Signature: ${signature}' --json '${body}'`;
    const right = createHmac('sha256', 'the-secret').update(body).digest('hex');
    expect((await bidloop('explain', curl(right))).out).toContain(
      'Its signature in the header x-signature holds.',
    );
    expect((await bidloop('explain', curl(right.replace(/^../, '00')))).out).toContain('(bad_signature)');
    expect((await bidloop('explain', `${server.base}/p/hooked?click_id=1`)).out).toContain(
      'paste the whole request',
    );
  });

  it('says when nobody judges, when the door refuses, and when nobody answers', async () => {
    const stored = await bidloop('send', '--source', 'open', '--seconds', '1');
    expect([stored.code, stored.out]).toEqual([1, expect.stringContaining('not judged within 1 s')]);
    const refused = await bidloop('send', '--source', 'open', '--amount', 'much', '--event', 'trial');
    expect(refused.code).toBe(1);
    expect(refused.out).toContain('Answered 400');
    expect(refused.out).toContain('amount_unparsed');
    const nobody = await cli.run(['postback', 'send', '--source', 'open'], { BIDLOOP_HTTP_PORT: '1' });
    expect([nobody.code, nobody.err]).toEqual([1, expect.stringContaining('npm start')]);
    const unknown = await bidloop('send', '--source', 'opn');
    expect([unknown.code, unknown.err]).toEqual([1, expect.stringContaining('did you mean "open"?')]);
  });
});
