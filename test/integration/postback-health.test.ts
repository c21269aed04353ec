import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { sql } from 'kysely';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { tellAlerts } from '../../activities/alerts.ts';
import { healthAnswerSchema } from '../../src/contract/api.ts';
import { alertContext, listAlerts } from '../../src/db/alerts.ts';
import { open } from '../../src/secrets.ts';
import { type Cli, testCli } from '../support/cli.ts';
import { testDatabase, type TestDatabase } from '../support/database.ts';
import { MARKET_MS, seedTracking, startTestServer, type TestServer } from '../support/tracking.ts';

const HOUR = 3_600_000;
let database: TestDatabase;
let server: TestServer;
let cli: Cli;

beforeAll(async () => {
  database = await testDatabase();
  await seedTracking(database.db);
  cli = testCli(database.url);
  server = await startTestServer(database.url);
});
afterAll(async () => {
  await server.close();
  await database.drop();
  cli.remove();
});
beforeEach(async () => {
  await sql`truncate postback, inbox`.execute(database.db);
});

/** One postback of `open` for each of these hours before the workspace's clock began, as counted. */
async function delivered(hoursAgo: readonly number[], outcome = 'counted', reason: string | null = null) {
  await sql`
    insert into postback (id, workspace_id, source_id, received_at, wall_at, method, path, raw, outcome, reason)
    select gen_random_uuid(), 'w1', 'open', at, at, 'GET', '/p/open', '', ${outcome}, ${reason}
    from unnest(${hoursAgo.map((hours) => new Date(MARKET_MS - hours * HOUR))}::timestamptz[]) at`.execute(
    database.db,
  );
}
const hourly = (from: number, to: number) => Array.from({ length: to - from }, (_, i) => from + i);

async function get(path: string) {
  const response = await fetch(`${server.base}${path}`);
  return { status: response.status, body: (await response.json()) as Record<string, unknown> };
}

describe('the health of what comes in', () => {
  it('names a source that is quiet for longer than its rhythm, and what went wrong, by the hour', async () => {
    await delivered(hourly(5, 120));
    await delivered([0.5, 0.6, 3.5], 'refused', 'missing_click_id');
    const { status, body } = await get('/api/health?workspace=w1');
    expect(status).toBe(200);
    const answer = healthAnswerSchema.parse(body);
    expect(answer).toMatchObject({
      status: 'trouble',
      silent: [{ source: 'open', usualQuietMs: HOUR }],
      errors: [{ source: 'open', kind: 'refused', code: 'missing_click_id', count: 3 }],
    });
    expect(answer.silent[0]?.words).toContain('sent nothing for 5 h');
    expect(answer.errors[0]?.overTime.reduce((sum, n) => sum + n, 0)).toBe(3);
    expect(answer.errors[0]?.overTime.slice(-1)).toEqual([2]);
    expect(answer.errors[0]?.next).toContain('click id');
    expect((await get('/health')).body).toMatchObject({ status: 'up', database: 'up', silentSources: 1 });
    expect((await get('/api/health?workspace=nobody')).status).toBe(404);
  });

  it('says how long postbacks have waited to be judged', async () => {
    await fetch(`${server.base}/p/open?click_id=C1&amount=1`);
    const old = new Date(Date.now() - 900_000);
    await database.db.updateTable('postback').set({ wall_at: old }).execute();
    const answer = healthAnswerSchema.parse((await get('/api/health?workspace=w1')).body);
    expect([answer.status, answer.inbox.waiting]).toEqual(['trouble', 1]);
    expect(answer.inbox.oldestSeconds).toBeGreaterThanOrEqual(900);
  });
});

describe('alerts', () => {
  it('tell a receiver of each trouble once until it is over, and again when it comes back', async () => {
    const got: { text: string; alert: { key: string } }[] = [];
    let answer = 503;
    const receiver = createServer((request, response) => {
      let text = '';
      request.on('data', (part: Buffer) => (text += part.toString()));
      request.on('end', () => {
        if (answer === 200) got.push(JSON.parse(text) as (typeof got)[number]);
        response.writeHead(answer).end();
      });
    });
    await new Promise<void>((resolve) => receiver.listen(0, '127.0.0.1', resolve));
    const url = `http://127.0.0.1:${(receiver.address() as AddressInfo).port}/hook/with-its-key`;
    const warnings: string[] = [];
    const run = async () => {
      const { told } = await tellAlerts(
        {
          db: database.db,
          wallNowMs: Date.now,
          openUrl: (id, sealed) => open(cli.secretKey, sealed, alertContext(id)),
          log: { warn: (facts, message) => warnings.push(`${message} ${JSON.stringify(facts)}`) },
        },
        Date.now(),
      );
      return told;
    };
    try {
      await delivered(hourly(5, 120));
      // Nobody asked to be told.
      expect(await run()).toBe(0);
      const set = await cli.run(['alert', 'to', '--workspace', 'w1'], { SECRET_ALERT_URL: url });
      expect(set).toMatchObject({ code: 0, err: '' });
      expect(set.out).not.toContain('with-its-key');

      // A receiver that fails is asked again.
      expect(await run()).toBe(0);
      expect(warnings[0]).toContain('it answered 503');
      expect(warnings[0]).not.toContain('with-its-key');
      answer = 200;
      expect([await run(), await run()]).toEqual([1, 0]);
      expect(got).toMatchObject([{ alert: { key: 'silent_source:open' } }]);
      expect(got[0]?.text).toContain('has sent nothing for 5 h');
      expect((await cli.run(['alert', '--workspace', 'w1'])).out).toContain('(told at ');

      // It is over, then it comes back.
      await delivered([0]);
      expect(await run()).toBe(0);
      expect(await listAlerts(database.db, 'w1')).toEqual([]);
      await database.db.deleteFrom('postback').where('received_at', '=', new Date(MARKET_MS)).execute();
      expect(await run()).toBe(1);

      // Another trouble is another alert.
      await delivered(
        Array.from({ length: 25 }, () => 0.5),
        'refused',
        'wrong_key',
      );
      expect(await run()).toBe(1);
      expect(got.at(-1)).toMatchObject({ alert: { key: 'refusals:open' } });
      expect(got.at(-1)?.text).toContain('25 of the 25 requests');

      expect((await cli.run(['alert', 'off', '--workspace', 'w1'])).code).toBe(0);
      await sql`truncate postback`.execute(database.db);
      expect(await run()).toBe(0);
    } finally {
      receiver.close();
    }
  });

  it('can be tried: one marked test, and what the receiver said to it', async () => {
    const got: string[] = [];
    let answer = { status: 200, text: 'ok' };
    const receiver = createServer((request, response) => {
      let text = '';
      request.on('data', (part: Buffer) => (text += part.toString()));
      request.on('end', () => {
        got.push(text);
        response.writeHead(answer.status).end(answer.text);
      });
    });
    await new Promise<void>((resolve) => receiver.listen(0, '127.0.0.1', resolve));
    const url = `http://127.0.0.1:${(receiver.address() as AddressInfo).port}/services/its-key`;
    const words = ['alert', 'test', '--workspace', 'w1'];
    try {
      const none = await cli.run(words);
      expect([none.code, none.err]).toEqual([1, expect.stringContaining('nobody is told of trouble in w1')]);
      await cli.run(['alert', 'to', '--workspace', 'w1'], { SECRET_ALERT_URL: url });
      const taken = await cli.run(words);
      expect(taken).toMatchObject({ code: 0, err: '' });
      expect(taken.out).toContain('answered 200 "ok"');
      expect(taken.out).not.toContain('its-key');
      expect(JSON.parse(got[0] ?? '')).toMatchObject({
        text: expect.stringContaining('This is a test'),
        alert: { key: 'test' },
      });
      // Nothing is kept of it: it is no trouble.
      expect((await listAlerts(database.db, 'w1')).filter(({ key }) => key === 'test')).toEqual([]);
      answer = { status: 404, text: 'no_service' };
      const refused = await cli.run(words);
      expect([refused.code, refused.err]).toEqual([1, expect.stringContaining('404 "no_service"')]);
      await new Promise((resolve) => receiver.close(resolve));
      const gone = await cli.run(words);
      expect([gone.code, gone.err]).toEqual([1, expect.stringContaining('no answer')]);
    } finally {
      receiver.close();
      await cli.run(['alert', 'off', '--workspace', 'w1']);
    }
  });

  it('answer an unknown word with the nearest one', async () => {
    const wrong = await cli.run(['alert', 'tset', '--workspace', 'w1']);
    expect([wrong.code, wrong.err]).toEqual([2, expect.stringContaining('did you mean "test"?')]);
  });

  it('refuse an address that is none', async () => {
    const wrong = await cli.run(['alert', 'to', '--workspace', 'w1'], {
      SECRET_ALERT_URL: 'hooks.slack.com/x',
    });
    expect([wrong.code, wrong.err]).toEqual([2, expect.stringContaining('https://')]);
  });
});
