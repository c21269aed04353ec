import { connect } from 'node:net';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { testDatabase, type TestDatabase } from '../support/database.ts';
import { KEY, seedTracking, startTestServer, type TestServer, until } from '../support/tracking.ts';

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

interface Answer {
  readonly status: number;
  readonly body: Record<string, unknown>;
}

async function send(path: string, init?: RequestInit): Promise<Answer> {
  const response = await fetch(`${server.base}${path}`, init);
  const text = await response.text();
  return { status: response.status, body: text === '' ? {} : (JSON.parse(text) as Record<string, unknown>) };
}

async function row(id: unknown) {
  return await database.db
    .selectFrom('postback')
    .selectAll()
    .where('id', '=', String(id))
    .executeTakeFirstOrThrow();
}

describe('a postback that cannot be kept as a conversion', () => {
  const cases: readonly (readonly [string, string, RequestInit | undefined, number, string])[] = [
    ['no click id', '/p/open?event=purchase', undefined, 400, 'missing_click_id'],
    ['an unfilled macro', '/p/open?click_id={click_id}', undefined, 400, 'unresolved_macro'],
    ['an encoded unfilled macro', '/p/open?click_id=%7Bclick_id%7D', undefined, 400, 'unresolved_macro'],
    ['an amount that is none', '/p/open?click_id=x&amount=free', undefined, 400, 'amount_unparsed'],
    [
      'a currency that is none',
      '/p/open?click_id=x&amount=3&currency=points',
      undefined,
      400,
      'unknown_currency',
    ],
    [
      'broken JSON',
      '/p/open',
      { method: 'POST', body: '{"click_id":"x",', headers: { 'content-type': 'application/json' } },
      400,
      'broken_json',
    ],
    [
      'a picture',
      '/p/open',
      { method: 'POST', body: 'GIF89a', headers: { 'content-type': 'image/gif' } },
      400,
      'unreadable_body',
    ],
    ['5 MB', '/p/open?click_id=x', { method: 'POST', body: 'a'.repeat(5_000_000) }, 413, 'body_too_large'],
    ['a DELETE', '/p/open?click_id=x', { method: 'DELETE' }, 405, 'method_not_allowed'],
    [
      'a link preview',
      '/p/open?click_id=x',
      { headers: { 'user-agent': 'Slackbot-LinkExpanding 1.0' } },
      200,
      'link_preview',
    ],
    ['a click id of 600 characters', `/p/open?click_id=${'x'.repeat(600)}`, undefined, 400, 'bad_click_id'],
  ];
  it.each(cases)(
    '%s is refused with a reason, a sentence, a next step and a row',
    async (_, path, init, status, reason) => {
      const answer = await send(path, init);
      expect(answer).toMatchObject({ status, body: { status: 'refused', reason } });
      expect(String(answer.body['message']).length).toBeGreaterThan(20);
      expect(String(answer.body['next']).length).toBeGreaterThan(20);
      expect(await row(answer.body['id'])).toMatchObject({ outcome: 'refused', reason, workspace_id: 'w1' });
    },
  );

  it('claims no key and enters no inbox', async () => {
    const { body } = await send('/p/open?click_id={x}&txid=77');
    const inbox = await database.db
      .selectFrom('inbox')
      .selectAll()
      .where('postback_id', '=', String(body['id']))
      .execute();
    const keys = await database.db
      .selectFrom('message_key')
      .selectAll()
      .where('postback_id', '=', String(body['id']))
      .execute();
    expect([inbox, keys]).toEqual([[], []]);
  });

  it('names the likely slip of the pen', async () => {
    const { body } = await send('/p/open?clik_id=abc');
    expect(String(body['message'])).toContain('did you mean "click_id"');
  });

  it.each([
    ['open', 'cut_off'],
    ['nowhere', 'unknown_source'],
  ])('a body cut off on its way to %s leaves a row that says %s', async (source, reason) => {
    const { port } = new URL(server.base);
    const socket = connect(Number(port), '127.0.0.1');
    const half = `{"click_id":"half of ${source}`;
    socket.write(`POST /p/${source} HTTP/1.1\r\nHost: x\r\nContent-Length: 500\r\n\r\n${half}`);
    await new Promise((resolve) => setTimeout(resolve, 100));
    socket.destroy();
    const stored = await until(
      () =>
        database.db
          .selectFrom('postback')
          .selectAll()
          .where('source_id', '=', source)
          .where('reason', '=', reason)
          .executeTakeFirst(),
      'a row for the request that was cut off',
    );
    expect(String(stored.raw)).toContain(half);
    expect(stored).toMatchObject({ outcome: 'refused' });
  });

  it('a key is masked however it was written', async () => {
    const odd = [...Buffer.from(KEY)].map((byte) => `%${byte.toString(16)}`).join('');
    const right = await send(`/p/shop?k%65y=${odd}&click_id=masked`);
    expect(right).toMatchObject({ status: 200 });
    const kept = await row(right.body['id']);
    expect(decodeURIComponent(String(kept.raw))).not.toContain(KEY);
    expect(String(kept.raw)).toContain('=key:shop&click_id=masked');
  });

  it('a HEAD request is no conversion but leaves a row', async () => {
    const response = await fetch(`${server.base}/p/open?click_id=HEAD1`, { method: 'HEAD' });
    expect(response.status).toBe(200);
    const rows = await database.db.selectFrom('postback').selectAll().where('method', '=', 'HEAD').execute();
    expect(rows.map((one) => [one.outcome, one.reason])).toEqual([['refused', 'head_request']]);
  });
});

describe('a request that nobody vouches for', () => {
  it('is told wrong_key or unknown_source, and the key it tried is not kept', async () => {
    const wrong = await send('/p/shop/not-the-right-key?click_id=K1');
    expect(wrong).toMatchObject({ status: 401, body: { reason: 'wrong_key' } });
    const stored = await row(wrong.body['id']);
    expect(stored).toMatchObject({
      outcome: 'refused',
      reason: 'wrong_key',
      path: '/p/shop/key:wrong',
      click_id: null,
    });
    expect((await send('/p/shop?click_id=K1')).body['reason']).toBe('wrong_key');
    const unknown = await send(`/p/nobody?key=${KEY}&click_id=K2`);
    expect(unknown).toMatchObject({ status: 404, body: { reason: 'unknown_source' } });
    const kept = await row(unknown.body['id']);
    expect(kept).toMatchObject({ workspace_id: null, source_id: 'nobody' });
    expect(kept.raw.toString()).not.toContain(KEY);
  });

  it('beyond a hundred an address and minute is only counted', async () => {
    const answers: Answer[] = [];
    for (let i = 0; i < 130; i += 1) {
      answers.push(await send('/p/nobody?x=1', { headers: { 'x-forwarded-for': '203.0.113.9' } }));
    }
    expect(answers.every((answer) => answer.status === 404)).toBe(true);
    const rows = await database.db
      .selectFrom('postback')
      .select('id')
      .where('sender_ip', '=', '203.0.113.9')
      .execute();
    // The loop may cross a minute's edge, which begins a new hundred.
    expect(rows.length).toBeGreaterThanOrEqual(100);
    expect(rows.length).toBeLessThanOrEqual(130);
    const count = await until(
      async () => {
        const counts = await database.db
          .selectFrom('unauthenticated_count')
          .selectAll()
          .where('address', '=', '203.0.113.9')
          .execute();
        return counts.length > 0 ? counts : undefined;
      },
      'counts stored',
      8_000,
    );
    expect(count.reduce((sum, one) => sum + one.kept, 0)).toBe(rows.length);
    expect(count.reduce((sum, one) => sum + one.kept + one.dropped, 0)).toBe(130);
  });

  it('keeps 4 kB of it', async () => {
    const { body } = await send('/p/nobody', {
      method: 'POST',
      body: 'z'.repeat(50_000),
      headers: { 'x-forwarded-for': '203.0.113.10' },
    });
    expect((await row(body['id'])).raw).toHaveLength(4_096);
  });
});
