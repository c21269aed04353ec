import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { pino } from 'pino';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { createPool } from '../../src/db/connection.ts';
import { storeAppleApp } from '../../src/db/apple-apps.ts';
import { clearAppleBefore } from '../../src/db/apple-privacy.ts';
import { createAppleRoute } from '../../src/http/apple.ts';
import { createClockSource } from '../../src/http/clock-source.ts';
import { createStrangers } from '../../src/http/strangers.ts';
import { testDatabase, type TestDatabase } from '../support/database.ts';
import { MARKET_MS, seedTracking, startTestServer, type TestServer } from '../support/tracking.ts';
import { OWN_KEYS, signJws, signPostback, values } from '../unit/apple/signing.ts';
import { DEVELOPMENT_JWS, VECTORS } from '../unit/apple/vectors.ts';

const SKAN = '/.well-known/skadnetwork/report-attribution/';
const KIT = '/.well-known/appattribution/report-attribution/';

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
beforeEach(async () => {
  await database.db.deleteFrom('apple_postback').execute();
  await database.db.deleteFrom('apple_app').execute();
});

const rows = () => database.db.selectFrom('apple_postback').selectAll().orderBy('id').execute();

interface Answer {
  readonly status: number;
  readonly body: Readonly<Record<string, unknown>>;
}

async function post(body: string, path = SKAN, base = server.base, method = 'POST'): Promise<Answer> {
  const response = await fetch(`${base}${path}`, {
    method,
    headers: { 'content-type': 'application/json' },
    ...(method === 'POST' ? { body } : {}),
  });
  const text = await response.text();
  return { status: response.status, body: text === '' ? {} : (JSON.parse(text) as Answer['body']) };
}

describe("Apple's addresses", () => {
  it.each(Object.entries(VECTORS).filter(([name]) => name !== '3.0 lost'))(
    'published postback %s verifies, counts and is kept with what was signed',
    async (_name, json) => {
      expect(await post(json)).toMatchObject({ status: 200, body: { outcome: 'counts' } });
      const [row] = await rows();
      expect(row).toMatchObject({
        outcome: 'counts',
        signature: 'valid',
        workspace_id: 'w1',
        framework: 'skadnetwork',
        postback_id: values(json).get('transaction-id'),
        app_id: values(json).get('app-id'),
      });
      expect(row?.raw.toString()).toBe(`POST ${SKAN}\n\n${json}`);
      expect(Math.abs((row?.received_at.getTime() ?? 0) - MARKET_MS)).toBeLessThan(600_000);
    },
  );

  it.each(Object.entries(VECTORS))(
    'published postback %s, altered, is kept and refused',
    async (_name, json) => {
      const altered = json.replace(/"app-id":(\d+)/, '"app-id":1$1');
      expect(await post(altered)).toMatchObject({
        status: 200,
        body: { status: 'refused', reason: 'bad_signature' },
      });
      expect(await rows()).toMatchObject([
        { outcome: 'bad_signature', signature: 'invalid', claim: null, app_id: null, postback_id: null },
      ]);
    },
  );

  it('a lost conversion is kept and does not count', async () => {
    expect((await post(VECTORS['3.0 lost'])).body).toMatchObject({ outcome: 'not_winning' });
    expect(await rows()).toMatchObject([{ outcome: 'not_winning', signature: 'valid', won: false }]);
  });

  it('a development key verifies and never counts', async () => {
    expect((await post(DEVELOPMENT_JWS, KIT)).body).toMatchObject({ outcome: 'dev_signature' });
    expect(await rows()).toMatchObject([
      { outcome: 'dev_signature', signature: 'valid', framework: 'adattributionkit', event_type: null },
    ]);
  });

  it('the same postback again is a repeat, however often and by whichever way it comes', async () => {
    const first = await post(VECTORS['4.0 fine']);
    const reordered = JSON.stringify(
      Object.fromEntries(
        Object.entries(JSON.parse(VECTORS['4.0 fine']) as Record<string, unknown>).toReversed(),
      ),
    );
    for (const again of [VECTORS['4.0 fine'], reordered])
      expect(await post(again)).toMatchObject({
        status: 200,
        body: { status: 'duplicate', reason: 'repeat', firstId: first.body['id'] },
      });
    const kept = await rows();
    expect(kept.map((row) => row.outcome)).toEqual(['counts', 'repeat', 'repeat']);
    expect(kept.map((row) => row.repeats)).toEqual([null, first.body['id'], first.body['id']]);
  });

  it('repeats that come at the same time count once', async () => {
    const answers = await Promise.all(Array.from({ length: 8 }, () => post(VECTORS['4.0 coarse'])));
    expect(answers.every((answer) => answer.status === 200)).toBe(true);
    const outcomes = (await rows()).map((row) => row.outcome);
    expect(outcomes.filter((outcome) => outcome === 'counts')).toHaveLength(1);
    expect(outcomes.filter((outcome) => outcome === 'repeat')).toHaveLength(7);
  });

  it('a forgery that comes first does not take the id away', async () => {
    await post(VECTORS['4.0 fine'].replace('"app-id":525463029', '"app-id":1525463029'));
    expect((await post(VECTORS['4.0 fine'])).body).toMatchObject({ outcome: 'counts' });
  });

  it.each([
    ['a body that is no JSON', '{"version":', 'POST', 400, 'broken_json'],
    ['somebody else’s JSON', '{"click_id":"x"}', 'POST', 400, 'not_apple'],
    ['a browser', '', 'GET', 400, 'not_apple'],
    ['another method', '', 'PUT', 405, 'method_not_allowed'],
    ['a newer version', '{"version":"9.0","ad-network-id":"a.b"}', 'POST', 200, 'unknown_version'],
  ])('%s leaves a row with its reason', async (_what, body, method, status, reason) => {
    const answer = await post(body, SKAN, server.base, method);
    expect(answer).toMatchObject({ status, body: { status: 'refused', reason } });
    expect(typeof answer.body['next']).toBe('string');
    expect(await rows()).toMatchObject([{ reason, signature: 'unchecked' }]);
  });

  it('other addresses below .well-known stay the web framework’s', async () => {
    const response = await fetch(`${server.base}/.well-known/skadnetwork/report-attributions`);
    expect(response.status).toBe(404);
    expect(await rows()).toEqual([]);
  });

  it('once an app is named, postbacks of others are kept apart, until they are named too', async () => {
    const { db } = database;
    const name = (appId: string) =>
      storeAppleApp(db, { appId, workspaceId: 'w1', name: 'Game', settings: {} }, MARKET_MS);
    await name('1');
    await new Promise((resolve) => setTimeout(resolve, 1_100));
    expect((await post(VECTORS['4.0 fine'])).body).toMatchObject({ outcome: 'other_app' });
    expect(await name('525463029')).toBe(1);
    expect(await rows()).toMatchObject([{ outcome: 'counts', event_type: 'install' }]);
    // Known now as a postback, counted as one.
    expect((await post(VECTORS['4.0 fine'])).body).toMatchObject({ reason: 'repeat' });
  });
});

describe('after a time', () => {
  it('bodies and addresses go, and a repeat is still known', async () => {
    await post(VECTORS['4.0 fine']);
    const [row] = await rows();
    const receivedMs = row?.received_at.getTime() ?? 0;
    expect(await clearAppleBefore(database.db, receivedMs)).toBe(0);
    expect(await clearAppleBefore(database.db, receivedMs + 1)).toBe(1);
    expect(await clearAppleBefore(database.db, receivedMs + 1)).toBe(0);
    expect(await rows()).toMatchObject([{ sender_ip: null, user_agent: null, signature: 'valid' }]);
    expect((await rows())[0]?.raw.length).toBe(0);
    expect((await post(VECTORS['4.0 fine'])).body).toMatchObject({ reason: 'repeat' });
  });
});

describe('with keys of our own in Apple’s place', () => {
  const PAYLOAD = {
    'postback-identifier': '4D2A9C10-7E3B-4F55-8A61-0B9C8D7E6F50',
    'ad-network-identifier': 'example.adattributionkit',
    'impression-type': 'app-impression',
    'source-identifier': '87',
    'advertised-item-identifier': 1234567890,
    'conversion-type': 'download',
    'did-win': true,
    'postback-sequence-index': 0,
  };
  const log = pino({ level: 'silent' });
  let own: Server;
  let base: string;
  let close: () => Promise<unknown>;

  beforeAll(async () => {
    const pool = createPool({ url: database.url, name: 'apple test', max: 2 });
    const strangers = createStrangers(pool, log);
    const clocks = createClockSource(database.db, () => Date.now());
    await clocks.refresh();
    own = createServer(
      createAppleRoute({ pool, clocks, strangers, log, wallNowMs: () => Date.now(), keys: OWN_KEYS }),
    );
    await new Promise<void>((resolve) => own.listen(0, '127.0.0.1', resolve));
    base = `http://127.0.0.1:${(own.address() as AddressInfo).port}`;
    close = async () => {
      own.closeAllConnections();
      own.close();
      await strangers.close();
      await pool.end();
    };
  });
  afterAll(() => close());

  const send = (payload: object, header?: object, beside: object = {}) =>
    post(JSON.stringify({ 'jws-string': signJws(payload, header), ...beside }), KIT, base);

  it('an AdAttributionKit postback counts under a production key, by its conversion type', async () => {
    const types = [
      ['download', 'install'],
      ['redownload', 'reinstall'],
      ['re-engagement', 're-engagement'],
    ] as const;
    for (const [type, eventType] of types) {
      await send({ ...PAYLOAD, 'postback-identifier': type, 'conversion-type': type }, undefined, {
        'conversion-value': 24,
        'country-code': 'US',
      });
      expect((await rows()).find((row) => row.postback_id === type)).toMatchObject({
        outcome: 'counts',
        event_type: eventType,
        fine_value: 24,
        country_code: 'US',
        others: { 'impression-type': 'app-impression' },
      });
    }
  });

  it('a development key’s postback does not take the id of a real one', async () => {
    expect((await send(PAYLOAD, { kid: 'development', alg: 'ES256' })).body).toMatchObject({
      outcome: 'dev_signature',
    });
    expect((await send(PAYLOAD)).body).toMatchObject({ outcome: 'counts' });
  });

  it('an id that comes again with other signed content is a conflict, kept and not counted', async () => {
    await send(PAYLOAD);
    expect((await send({ ...PAYLOAD, 'source-identifier': '88' })).body).toMatchObject({
      status: 'duplicate',
      reason: 'conflict',
    });
    expect((await rows()).map((row) => row.outcome)).toEqual(['counts', 'conflict']);
  });

  it('the three windows of one conversion are three postbacks', async () => {
    for (const index of ['0', '1', '2']) {
      const fields = signPostback({
        version: '4.0',
        'ad-network-id': 'a.skadnetwork',
        'source-identifier': '12',
        'app-id': '1',
        'transaction-id': 't-1',
        redownload: 'false',
        'fidelity-type': '1',
        'did-win': 'true',
        'postback-sequence-index': index,
      });
      const answer = await post(JSON.stringify(Object.fromEntries(fields)), SKAN, base);
      expect(answer.body).toMatchObject({ outcome: 'counts' });
    }
    expect((await rows()).map((row) => row.sequence_index)).toEqual([0, 1, 2]);
  });

  it('the first hundred forgeries of an address in a minute are kept, the rest only counted', async () => {
    const statuses: number[] = [];
    for (let n = 0; n < 110; n += 1)
      statuses.push((await post(`{"ad-network-id":"a.b","version":"4.0","n":${n}}`, SKAN, base)).status);
    expect(statuses.filter((status) => status === 429).length).toBeGreaterThanOrEqual(9);
    expect((await rows()).length).toBeLessThanOrEqual(101);
    // What verifies is never turned away.
    expect((await send(PAYLOAD)).body).toMatchObject({ outcome: 'counts' });
  });

  it('while the database is away the answer is the one that Apple repeats', async () => {
    const pool = createPool({ url: 'postgres://127.0.0.1:9/none', name: 'away', max: 1 });
    const away = createServer(
      createAppleRoute({
        pool,
        clocks: createClockSource(database.db, () => Date.now()),
        strangers: createStrangers(pool, log),
        log,
        wallNowMs: () => Date.now(),
      }),
    );
    await new Promise<void>((resolve) => away.listen(0, '127.0.0.1', resolve));
    const answer = await post(
      VECTORS['4.0 fine'],
      SKAN,
      `http://127.0.0.1:${(away.address() as AddressInfo).port}`,
    );
    away.closeAllConnections();
    away.close();
    await pool.end();
    expect(answer).toMatchObject({ status: 500, body: { status: 'unavailable' } });
  });
});
