import { createHash } from 'node:crypto';
import { request as rawRequest } from 'node:http';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { testDatabase, type TestDatabase } from '../support/database.ts';
import { KEY, MARKET_MS, seedTracking, startTestServer, type TestServer } from '../support/tracking.ts';

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

describe('a postback that is in order', () => {
  it('is a row, a claimed key and an inbox entry before it is answered 200', async () => {
    const { status, body } = await send(
      `/p/shop?key=${KEY}&click_id=C1&event=purchase&txid=T1&amount=12.50&currency=eur&event_time=1793630000`,
    );
    expect({ status, said: body['status'] }).toEqual({ status: 200, said: 'accepted' });
    const stored = await row(body['id']);
    expect(stored).toMatchObject({
      workspace_id: 'w1',
      source_id: 'shop',
      outcome: 'accepted',
      reason: null,
      click_id: 'C1',
      event: 'purchase',
      event_type: 'event',
      status: 'approved',
      txid: 'T1',
      amount_micros: 12_500_000,
      currency: 'EUR',
      event_at: new Date(1_793_630_000_000),
      sender_ip: '127.0.0.1',
      method: 'GET',
      path: '/p/shop',
    });
    expect(Math.abs(stored.received_at.getTime() - MARKET_MS)).toBeLessThan(60_000);
    expect(stored.conversion_key).toHaveLength(16);
    const inbox = await database.db
      .selectFrom('inbox')
      .selectAll()
      .where('postback_id', '=', String(body['id']))
      .execute();
    expect(inbox).toHaveLength(1);
  });

  it('keeps what the sender says of times, place, verdict and person beside it', async () => {
    const { body } = await send(
      '/p/open?device_id=D1&event=install&event_time=1793630900&click_time=1793630000&install_time=1793630800' +
        '&gp_install_begin=1793630700&site_id=s-7&is_viewthrough=1&is_re_eng=true&rejection_reason=anomaly' +
        '&email=Ann%40Example.com&country=de&ip=203.0.113.9&ad_user_data=granted&ad_personalization=0',
    );
    expect(await row(body['id'])).toMatchObject({
      clicked_at: new Date(1_793_630_000_000),
      installed_at: new Date(1_793_630_800_000),
      install_begin_at: new Date(1_793_630_700_000),
      site: 's-7',
      view_through: true,
      re_engagement: true,
      reject_reason: 'anomaly',
      user_hash: createHash('sha256').update('ann@example.com').digest(),
      country: 'DE',
      visitor_ip: '203.0.113.9',
      consent_user_data: true,
      consent_personalization: false,
    });
    const plain = await send('/p/open?click_id=P1&country=Germany&ip=unknown');
    expect(await row(plain.body['id'])).toMatchObject({
      clicked_at: null,
      site: null,
      view_through: false,
      re_engagement: false,
      user_hash: null,
      country: null,
      visitor_ip: null,
      consent_user_data: null,
    });
  });

  it('may be a form or JSON, also under a wrong content type, with the key in path, header or bearer', async () => {
    const form = await send(`/p/shop/${KEY}`, {
      method: 'POST',
      headers: { 'content-type': 'application/x-www-form-urlencoded' },
      body: 'click_id=F1&payout=1',
    });
    const json = await send('/p/shop', {
      method: 'POST',
      headers: { 'content-type': 'application/json', 'x-bidloop-key': KEY },
      body: '{"click_id":"J1","amount":2}',
    });
    const odd = await send('/p/shop', {
      method: 'POST',
      headers: { 'content-type': 'json', authorization: `Bearer ${KEY}` },
      body: '{"click_id":18446744073709551617,"user":{"a":1}}',
    });
    expect([form.status, json.status, odd.status]).toEqual([200, 200, 200]);
    expect((await row(odd.body['id'])).click_id).toBe('18446744073709551617');
    expect((await row(form.body['id'])).amount_micros).toBe(1_000_000);
  });

  it('keeps zero apart from nothing', async () => {
    const zero = await send('/p/open?click_id=Z1&payout=0');
    const none = await send('/p/open?click_id=Z2');
    expect((await row(zero.body['id'])).amount_micros).toBe(0);
    expect((await row(none.body['id'])).amount_micros).toBeNull();
  });

  it('is kept as received, byte for byte, but for the key', async () => {
    const body = Buffer.from(`click_id=R1&note=%FF\xffraw&key2=${KEY}`, 'latin1');
    const { body: answer } = await send(`/p/shop/${KEY}?a=%31&key=${KEY}`, {
      method: 'POST',
      body,
      headers: { 'content-type': 'application/x-www-form-urlencoded' },
    });
    const stored = await row(answer['id']);
    expect(stored.raw.toString('latin1')).toBe(
      `POST /p/shop/key:shop?a=%31&key=key:shop\n\nclick_id=R1&note=%FF\xffraw&key2=key:shop`,
    );
    expect(stored.path).toBe('/p/shop/key:shop');
    const anywhere = await database.db
      .selectFrom('postback')
      .select('id')
      .where('path', 'like', `%${KEY}%`)
      .execute();
    expect(anywhere).toEqual([]);
  });

  it('loses NUL bytes and lone surrogates, nothing else', async () => {
    const nul = await send('/p/open?click_id=a%00b&event=x%00');
    expect(await row(nul.body['id'])).toMatchObject({ click_id: 'ab', event: 'x' });
    const lone = await send('/p/open', {
      method: 'POST',
      body: '{"click_id":"S\\ud800T","event":"kauf\\u0000 😀"}',
    });
    expect(await row(lone.body['id'])).toMatchObject({ click_id: 'S\ufffdT', event: 'kauf 😀' });
  });

  it('reads the sender’s status words and keeps one it does not know', async () => {
    const hold = await send('/p/open?click_id=ST1&status=HOLD');
    const odd = await send('/p/open?click_id=ST2&status=redep');
    expect((await row(hold.body['id'])).status).toBe('hold');
    expect(await row(odd.body['id'])).toMatchObject({
      status: 'pending',
      reason: 'status_unmapped',
      detail: 'redep',
      warnings: ['status_unmapped'],
    });
  });
});

describe('a repeated message', () => {
  it('is answered 409 with the first one’s id, and is a row of its own', async () => {
    const first = await send('/p/open?click_id=D1&txid=1&amount=5');
    const again = await send('/p/open?txid=1&amount=5.00&click_id=D1');
    expect(again).toMatchObject({
      status: 409,
      body: { status: 'duplicate', reason: 'duplicate', firstId: first.body['id'] },
    });
    expect(await row(again.body['id'])).toMatchObject({
      outcome: 'duplicate',
      reason: 'duplicate',
      click_id: 'D1',
    });
    const changed = await send('/p/open?click_id=D1&txid=1&amount=6');
    expect(changed.status).toBe(200);
  });

  it('is found among requests written together', async () => {
    const answers = await Promise.all(
      Array.from({ length: 60 }, (_, i) => send(`/p/open?click_id=B${i % 3}&txid=b`)),
    );
    const accepted = answers.filter((answer) => answer.status === 200);
    const repeated = answers.filter((answer) => answer.status === 409);
    expect([accepted.length, repeated.length]).toEqual([3, 57]);
    const firsts = new Set(accepted.map((answer) => answer.body['id']));
    expect(repeated.every((answer) => firsts.has(answer.body['firstId']))).toBe(true);
  });

  it('without a transaction id counts anew after 72 hours, or at once where the source says repeats count', async () => {
    const first = await send('/p/open?click_id=E1&event=lead');
    expect((await send('/p/open?event=lead&click_id=E1')).status).toBe(409);
    await database.db
      .updateTable('message_key')
      .set({ expires_at: new Date(MARKET_MS - 1) })
      .where('postback_id', '=', String(first.body['id']))
      .execute();
    expect((await send('/p/open?click_id=E1&event=lead')).status).toBe(200);
    expect((await send('/p/open?click_id=E1&event=lead')).status).toBe(409);
    const repeats = await Promise.all([send('/p/each?click_id=E2'), send('/p/each?click_id=E2')]);
    expect(repeats.map((answer) => answer.status)).toEqual([200, 200]);
    expect((await row(repeats[0]?.body['id'])).conversion_key).toBeNull();
  });
});

describe('senders that punish a 4xx', () => {
  it('hear 200 with the same body', async () => {
    const refused = await send(`/p/af?key=${KEY}&event_name=purchase`);
    expect(refused).toMatchObject({ status: 200, body: { status: 'refused', reason: 'missing_click_id' } });
    await send(`/p/kt?key=${KEY}&subid=k1&payout=3`);
    const again = await send(`/p/kt?key=${KEY}&subid=k1&payout=3`);
    expect(again).toMatchObject({ status: 200, body: { status: 'duplicate' } });
    expect((await send(`/p/kt?subid=k1`)).status).toBe(401);
  });

  it('hear the word they asked for', async () => {
    const response = await fetch(`${server.base}/p/kt?key=${KEY}&subid=k2&return=%3Cb%3EOK`);
    expect([response.status, await response.text(), response.headers.get('content-type')]).toEqual([
      200,
      '<b>OK',
      'text/plain; charset=utf-8',
    ]);
  });

  it('AppsFlyer: an event after an install is no install; a rejected one is rejected; its ids name the ad', async () => {
    const event = await send(
      `/p/af?key=${KEY}&clickid=(clickid)&appsflyer_id=17-1&conversion_type=install&campaign_type=ua&event_name=af_purchase&event_revenue=9.99&event_revenue_currency=GBP&event_time=2026-11-03+10:00:00.123&af_c_id=11&af_ad_id=33&media_source=tiktokglobal_int`,
    );
    expect(await row(event.body['id'])).toMatchObject({
      click_id: null,
      device_id: '17-1',
      event: 'af_purchase',
      event_type: 'event',
      currency: 'GBP',
      event_at: new Date('2026-11-03T10:00:00.123Z'),
      sender_ids: { campaign: '11', ad: '33', network: 'tiktokglobal_int' },
      warnings: ['unresolved_macro:clickid'],
    });
    const rejected = await send(`/p/af?key=${KEY}&clickid=a1&is_rejected=1`);
    expect(await row(rejected.body['id'])).toMatchObject({
      status: 'rejected',
      event: 'install',
      event_type: 'install',
    });
  });
});

describe('the wire as it is', () => {
  it('a broken escape in the path is an unknown source, not a fault', async () => {
    const status = await new Promise<number>((resolve, reject) => {
      rawRequest(`${server.base}`, { path: '/p/%ZZ?a=%' }, (response) => {
        response.resume();
        resolve(response.statusCode ?? 0);
      })
        .on('error', reject)
        .end();
    });
    expect(status).toBe(404);
  });

  it('a source added a moment ago is found', async () => {
    await new Promise((resolve) => setTimeout(resolve, 600));
    await database.db
      .insertInto('source')
      .values({
        id: 'fresh',
        workspace_id: 'w1',
        profile: 'generic',
        name: 'fresh',
        settings: '{}',
        created_at: new Date(MARKET_MS),
      })
      .execute();
    expect((await send('/p/fresh?click_id=1')).status).toBe(200);
  });

  it('one sender’s impossible row never fails another’s', async () => {
    const long = await Promise.all([
      send('/p/open?click_id=ok1&txid=n1'),
      // The largest amount and time that can be read; both must be storable or refused, alone.
      send('/p/open?click_id=big&amount=9007199254.740991&event_time=4102444799'),
      send('/p/open?click_id=toobig&amount=9007199254740992'),
      send('/p/open?click_id=ok2&txid=n2'),
    ]);
    expect(long.map((answer) => answer.status)).toEqual([200, 200, 400, 200]);
  });
});
