import { mkdtempSync, rmSync } from 'node:fs';
import { get, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import fastify, { type FastifyInstance } from 'fastify';
import { pino } from 'pino';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import {
  clockAnswerSchema,
  decisionsAnswerSchema,
  objectsAnswerSchema,
  statusAnswerSchema,
} from '../../src/contract/api.ts';
import { liveLinesSchema, liveSnapshotSchema, liveStateSchema } from '../../src/contract/live.ts';
import { createPool, fromPool } from '../../src/db/connection.ts';
import { registerApi } from '../../src/http/api.ts';
import type { ApiDeps } from '../../src/http/api-deps.ts';
import { type TestDatabase, testDatabase } from '../support/database.ts';
import { seedDecision, seedPostback } from '../support/live-facts.ts';
import { type LiveMarket, MARKET_NOW, seedLiveMarket } from '../support/live-market.ts';

let database: TestDatabase;
let market: LiveMarket;
const wallOrigin = Date.now();
const dataDir = mkdtempSync(path.join(tmpdir(), 'bidloop-api-test-'));
const running: FastifyInstance[] = [];

beforeAll(async () => {
  database = await testDatabase();
  market = await seedLiveMarket(database.db, wallOrigin);
});
afterEach(async () => {
  await Promise.all(running.splice(0).map((app) => app.close()));
});
afterAll(async () => {
  await database?.drop();
  rmSync(dataDir, { recursive: true, force: true });
});

async function start(overrides: Partial<ApiDeps> & { url?: string } = {}): Promise<FastifyInstance> {
  const pool = createPool({ url: overrides.url ?? database.url, name: 'api test' });
  const app = fastify();
  app.addHook('onClose', async () => pool.end());
  await registerApi(app, {
    db: fromPool(pool),
    pool,
    dataDir,
    publicUrl: null,
    log: pino({ level: 'silent' }),
    wallNowMs: Date.now,
    pageRoot: '/nowhere',
    ...overrides,
  });
  running.push(app);
  return app;
}

const local = { host: '127.0.0.1:8080' };

interface StreamMessage {
  readonly id: string;
  readonly event: string;
  readonly data: unknown;
}

/** A client of the stream: collects messages until it is left. */
async function follow(app: FastifyInstance, lastEventId?: string, query = '') {
  if (!app.server.listening) await app.listen({ host: '127.0.0.1', port: 0 });
  const port = (app.server.address() as AddressInfo).port;
  const messages: StreamMessage[] = [];
  let ended = false;
  const response = await new Promise<IncomingMessage>((resolve, reject) => {
    get(
      `http://127.0.0.1:${port}/api/live${query}`,
      { headers: lastEventId === undefined ? {} : { 'last-event-id': lastEventId } },
      resolve,
    ).on('error', reject);
  });
  let text = '';
  response.setEncoding('utf8');
  response.on('data', (chunk: string) => {
    text += chunk;
    const blocks = text.split('\n\n');
    text = blocks.pop() ?? '';
    for (const block of blocks) {
      const field = (name: string) => new RegExp(`^${name}: (.*)$`, 'm').exec(block)?.[1];
      const event = field('event');
      if (event !== undefined)
        messages.push({ id: field('id') ?? '', event, data: JSON.parse(field('data') ?? 'null') });
    }
  });
  response.on('close', () => (ended = true));
  response.on('error', () => undefined);
  return {
    response,
    messages,
    isEnded: () => ended,
    async until(found: (message: StreamMessage) => boolean): Promise<StreamMessage> {
      const deadline = Date.now() + 8_000;
      for (;;) {
        const message = messages.find(found);
        if (message) return message;
        if (Date.now() > deadline)
          throw new Error(`no such message among ${JSON.stringify(messages.map((m) => m.event))}`);
        await new Promise((resolve) => setTimeout(resolve, 20));
      }
    },
    leave: () => response.destroy(),
  };
}

const linesWith = (words: string) => (message: StreamMessage) =>
  message.event === 'lines' && JSON.stringify(message.data).includes(words);

describe('the API', () => {
  it('gives the clock of the simulated workspace, which the market follows', async () => {
    const app = await start();
    const answer = await app.inject({ url: '/api/clock', headers: local });
    expect(clockAnswerSchema.parse(answer.json())).toEqual({
      workspaceId: 'sample',
      originMs: MARKET_NOW,
      wallOriginMs: wallOrigin,
      rate: 60,
      stoppedAtMs: null,
    });
  });

  it('gives each ad set with its day: CPA and ROAS undefined where there is nothing to divide by', async () => {
    const app = await start();
    const answer = objectsAnswerSchema.parse(
      (await app.inject({ url: '/api/objects', headers: local })).json(),
    );
    expect(answer.event).toBe('purchase');
    expect(answer.adSets.map((row) => [row.name, row.spend, row.conversions, row.cpa, row.roas])).toEqual([
      ['Lookalike 1 %', '$210.40', 12, '$17.53', '1.80'],
      ['Broad 25–44', '$148.00', 5, '$29.60', '1.02'],
      ['Interest yoga', '$61.95', 0, null, '0.00'],
      ['Retargeting 7 days', '$18.20', 0, null, '0.00'],
    ]);
    expect(answer.adSets.map((row) => row.bid)).toEqual([
      '$1.20 bid cap',
      'automatic',
      '$0.90 bid cap',
      '$2.10 bid cap',
    ]);
  });

  it('believes no CPA and no ROAS for a day that began before tracking did', async () => {
    const app = await start();
    const tracking = (at: number) =>
      database.db
        .updateTable('ad_account')
        .set({ tracking_since: new Date(at) })
        .execute();
    await tracking(MARKET_NOW - 3_600_000);
    try {
      const answer = objectsAnswerSchema.parse(
        (await app.inject({ url: '/api/objects', headers: local })).json(),
      );
      expect(answer.adSets.map((row) => [row.cpa, row.roas])).toEqual(
        Array.from({ length: 4 }, () => [null, null]),
      );
    } finally {
      await tracking(MARKET_NOW - 72 * 3_600_000);
    }
  });

  it('tells of an ad set what a strategy says that has a rule about it as it stands', async () => {
    const app = await start();
    const { db } = database;
    const at = new Date(MARKET_NOW);
    const said = {
      'sample/a-scale': [
        'not_active',
        'keep Interest yoga: Interest yoga is paused, and no rule here is about that',
      ],
      'sample/b-stop': ['already_so', 'keep Interest yoga: rule "no sale" holds, but it is paused already'],
    } as const;
    for (const [id, [reason, sentence]] of Object.entries(said)) {
      const strategy = { id, workspace_id: 'sample', name: id, origin: null, current_version: 1 };
      await db
        .insertInto('strategy')
        .values({ ...strategy, created_at: at, removed_at: null })
        .execute();
      await db
        .insertInto('last_evaluation')
        .values({
          account_id: 'sample-account',
          campaign_id: market.adSets['Interest yoga']!,
          strategy_id: id,
          strategy_version: 1,
          as_of: at,
          evaluated_at: at,
          objects: JSON.stringify([
            { objectId: market.adSets['Interest yoga'], verdict: 'keep', reason, sentence, nearest: null },
          ]),
        })
        .execute();
    }
    try {
      const answer = objectsAnswerSchema.parse(
        (await app.inject({ url: '/api/objects', headers: local })).json(),
      );
      expect(answer.adSets.find((row) => row.name === 'Interest yoga')?.verdict?.reason).toBe(
        'rule "no sale" holds, but it is paused already',
      );
    } finally {
      await db.deleteFrom('last_evaluation').where('strategy_id', 'in', Object.keys(said)).execute();
      await db.deleteFrom('strategy').where('id', 'in', Object.keys(said)).execute();
    }
  });

  it('lists decisions without keeps unless they are asked for', async () => {
    const app = await start();
    const decision = { market, mode: 'dry-run', wallMs: Date.now() } as const;
    await seedDecision(database.db, {
      ...decision,
      adSet: 'Interest yoga',
      verdict: 'keep',
      sentence: 'no rule held',
    });
    await seedDecision(database.db, {
      ...decision,
      adSet: 'Interest yoga',
      verdict: 'pause',
      sentence: 'pause: no purchase',
    });
    const verdicts = async (url: string) =>
      decisionsAnswerSchema
        .parse((await app.inject({ url, headers: local })).json())
        .decisions.map((one) => one.verdict)
        .sort();
    expect(await verdicts('/api/decisions')).toEqual(['pause']);
    expect(await verdicts('/api/decisions?keeps=true')).toEqual(['keep', 'pause']);
    expect(await verdicts(`/api/decisions?keeps=true&object=${market.adSets['Broad 25–44']}`)).toEqual([]);
  });

  it('says what is wrong with a query, and which workspace is not there', async () => {
    const app = await start();
    const bad = await app.inject({ url: '/api/decisions?limit=all', headers: local });
    expect([bad.statusCode, bad.json().reason]).toEqual([400, 'bad_query']);
    expect(bad.json().message).toContain('limit');
    const missing = await app.inject({ url: '/api/objects?workspace=sampel', headers: local });
    expect([missing.statusCode, missing.json().reason]).toEqual([404, 'unknown_workspace']);
  });

  it('stays up while the database is away, and says so', async () => {
    const app = await start({ url: 'postgres://nobody:x@127.0.0.1:1/none' });
    const health = await app.inject({ url: '/health', headers: local });
    expect([health.statusCode, health.json().database]).toEqual([200, 'away']);
    const status = await app.inject({ url: '/api/status', headers: local });
    expect(statusAnswerSchema.parse(status.json()).database).toBe('away');
    const objects = await app.inject({ url: '/api/objects', headers: local });
    expect([objects.statusCode, objects.headers['retry-after']]).toEqual([503, '2']);
  });
});

describe('metrics', () => {
  const value = (text: string, name: string) => new RegExp(`^${name} (.*)$`, 'm').exec(text)?.[1];

  it('count what waits, and go on without the database', async () => {
    const app = await start({ tracking: () => ({ postbacksWaiting: 3, clickBacklogBytes: 40 }) });
    const { body } = await app.inject({ url: '/metrics', headers: local });
    expect(value(body, 'bidloop_postbacks_unanswered')).toBe('3');
    expect(value(body, 'bidloop_click_backlog_bytes')).toBe('40');
    expect(value(body, 'bidloop_database_up')).toBe('1');
    expect(value(body, 'bidloop_postbacks_unjudged')).toBe('0');

    const away = await start({ url: 'postgres://nobody:x@127.0.0.1:1/none' });
    const without = (await away.inject({ url: '/metrics', headers: local })).body;
    expect(value(without, 'bidloop_database_up')).toBe('0');
    expect(value(without, 'bidloop_postbacks_unjudged')).toBeUndefined();
    expect(value(without, 'process_cpu_seconds_total')).toBeDefined();
  });
});

describe('who may read', () => {
  it('without a token serves this machine only, and not through a proxy or under a foreign name', async () => {
    const app = await start();
    const ask = async (options: { host?: string; forwarded?: string; remoteAddress?: string }) => {
      const answer = await app.inject({
        url: '/api/status',
        headers: {
          host: options.host ?? '127.0.0.1:8080',
          ...(options.forwarded === undefined ? {} : { 'x-forwarded-for': options.forwarded }),
        },
        remoteAddress: options.remoteAddress ?? '127.0.0.1',
      });
      return answer.statusCode;
    };
    expect(await ask({})).toBe(200);
    expect(await ask({ host: 'localhost:8080' })).toBe(200);
    expect(await ask({ remoteAddress: '192.0.2.7' })).toBe(403);
    expect(await ask({ host: 'bids.example.com' })).toBe(403);
    expect(await ask({ forwarded: '192.0.2.7' })).toBe(403);
  });

  it('with a token asks everybody for it, by header or by the cookie that ?token= leaves', async () => {
    const pageRoot = mkdtempSync(path.join(dataDir, 'page-'));
    const { mkdirSync, writeFileSync } = await import('node:fs');
    mkdirSync(path.join(pageRoot, 'assets'));
    writeFileSync(path.join(pageRoot, 'index.html'), '<title>Bidloop</title>');
    const app = await start({ apiToken: 'a-long-random-token', pageRoot });
    const remoteAddress = '192.0.2.7';
    const status = async (headers: Record<string, string>) =>
      (
        await app.inject({
          url: '/api/status',
          headers: { host: 'bids.example.com', ...headers },
          remoteAddress,
        })
      ).statusCode;
    expect(await status({})).toBe(401);
    expect(await status({ authorization: 'Bearer another-token-here' })).toBe(401);
    expect(await status({ authorization: 'Bearer a-long-random-token' })).toBe(200);

    const signIn = await app.inject({ url: '/?token=a-long-random-token&workspace=sample' });
    expect([signIn.statusCode, signIn.headers.location]).toEqual([303, '/?workspace=sample']);
    const cookie = String(signIn.headers['set-cookie']);
    expect(cookie).toContain('HttpOnly');
    expect(await status({ cookie: cookie.split(';')[0] ?? '' })).toBe(200);
    expect((await app.inject({ url: '/', remoteAddress })).headers['content-security-policy']).toContain(
      "default-src 'self'",
    );
  });

  it('says how to build the page when it is not there', async () => {
    const app = await start();
    const answer = await app.inject({ url: '/' });
    expect(answer.statusCode).toBe(503);
    expect(answer.body).toContain('npm run build:web');
  });
});

describe('the live stream', () => {
  it('begins with a snapshot and goes on with what changes', async () => {
    const app = await start();
    const client = await follow(app);
    const first = await client.until((message) => message.event === 'snapshot');
    expect(liveSnapshotSchema.parse(first.data).state.workspace?.id).toBe('sample');

    await seedPostback(database.db, {
      sourceId: market.sourceId,
      workspaceId: 'sample',
      outcome: 'counted',
      amount: 31.2,
      wallMs: Date.now(),
      adId: market.ads['Yoga 15s']!,
    });
    const news = await client.until(linesWith('$31.20'));
    expect(liveLinesSchema.parse(news.data).map((line) => line.text)).toEqual([
      '$31.20 purchase ← Yoga 15s (Meta)',
    ]);

    await database.db
      .updateTable('object')
      .set({ status: 'paused' })
      .where('name', '=', 'Broad 25–44')
      .execute();
    const state = await client.until((message) => message.event === 'state');
    const row = liveStateSchema.parse(state.data).adSets.find((adSet) => adSet.name === 'Broad 25–44');
    expect(row?.status.label).toBe('paused');
    client.leave();
  });

  it('sends a client that comes back only what it missed', async () => {
    const app = await start();
    const keeper = await follow(app);
    const client = await follow(app);
    const seen = await client.until((message) => message.event === 'snapshot');
    client.leave();
    await seedPostback(database.db, {
      sourceId: market.sourceId,
      workspaceId: 'sample',
      outcome: 'duplicate',
      amount: 77,
      wallMs: Date.now(),
    });
    await keeper.until(linesWith('$77.00'));

    const again = await follow(app, seen.id);
    await again.until(linesWith('$77.00'));
    expect(again.messages.map((message) => message.event)).not.toContain('snapshot');

    const stranger = await follow(app, 'otherprocess-12');
    await stranger.until((message) => message.event === 'snapshot');
    for (const one of [keeper, again, stranger]) one.leave();
  });

  it('keeps what was shown while the database is away, and says that it is', async () => {
    const other = await testDatabase();
    await seedLiveMarket(other.db, wallOrigin, 'other');
    const app = await start({ url: other.url });
    const client = await follow(app);
    await client.until((message) => message.event === 'snapshot');
    await other.drop();
    const told = await client.until(
      (message) => message.event === 'state' && JSON.stringify(message.data).includes('database'),
    );
    const state = liveStateSchema.parse(told.data);
    expect(state.outage).toContain('The database does not answer');
    expect(state.adSets).toHaveLength(4);
    client.leave();
  });

  it('says of a workspace that is not there that it is not there', async () => {
    const app = await start();
    const client = await follow(app, undefined, '?workspace=sampel');
    const first = liveSnapshotSchema.parse(
      (await client.until((message) => message.event === 'snapshot')).data,
    );
    expect(first.state.outage).toBe('There is no workspace "sampel" here.');
    expect(first.state.workspaces.map((one) => one.id)).toContain('sample');
    client.leave();
  });

  it('lets the server close while pages are open', async () => {
    const app = await start();
    const client = await follow(app);
    await client.until((message) => message.event === 'snapshot');
    running.splice(running.indexOf(app), 1);
    await app.close();
    await expect.poll(client.isEnded).toBe(true);
  });

  it('refuses strangers before any stream begins', async () => {
    const app = await start();
    const answer = await app.inject({ url: '/api/live', headers: local, remoteAddress: '192.0.2.7' });
    expect([answer.statusCode, answer.json().reason]).toEqual([403, 'local_only']);
  });
});
