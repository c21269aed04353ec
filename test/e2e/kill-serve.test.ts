import { type ChildProcess, fork } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import http from 'node:http';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { freePort } from '../../src/runtime/free-port.ts';
import { testDatabase, type TestDatabase } from '../support/database.ts';
import { KEY, seedTracking, until } from '../support/tracking.ts';

const MAIN = fileURLToPath(new URL('../../src/main.ts', import.meta.url));
const POSTBACKS = 5_000;
const CONNECTIONS = 200;

let database: TestDatabase;
let port: number;
let serve: ChildProcess | undefined;
const dataDir = mkdtempSync(path.join(tmpdir(), 'bidloop-kill-'));

beforeAll(async () => {
  database = await testDatabase();
  await seedTracking(database.db);
  port = await freePort();
});

afterAll(async () => {
  serve?.kill('SIGKILL');
  await database.drop();
  rmSync(dataDir, { recursive: true, force: true });
});

/** The real `serve` process, ready. */
async function startServe(): Promise<ChildProcess> {
  const child = fork(MAIN, ['serve'], {
    env: {
      ...process.env,
      DATABASE_URL: database.url,
      BIDLOOP_DATA_DIR: dataDir,
      BIDLOOP_HTTP_PORT: String(port),
      BIDLOOP_LOG_LEVEL: 'error',
    },
    stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
  });
  await new Promise<void>((resolve, reject) => {
    child.once('message', () => resolve());
    child.once('exit', (code) => reject(new Error(`serve ended with ${code}`)));
  });
  return child;
}

/** Status, body and location, or null when the connection broke. */
function get(
  agent: http.Agent,
  address: string,
): Promise<{ status: number; body: string; location: string } | null> {
  return new Promise((resolve) => {
    const request = http.get({ host: '127.0.0.1', port, path: address, agent }, (response) => {
      let body = '';
      response.setEncoding('utf8');
      response.on('data', (chunk: string) => (body += chunk));
      response.on('end', () =>
        resolve({ status: response.statusCode ?? 0, body, location: response.headers.location ?? '' }),
      );
      response.on('error', () => resolve(null));
      response.on('aborted', () => resolve(null));
    });
    request.on('error', () => resolve(null));
  });
}

it('kill -9 under load loses no postback that was answered 200 and no click that was redirected', async () => {
  serve = await startServe();
  const killed = serve;
  const agent = new http.Agent({ keepAlive: true, maxSockets: CONNECTIONS });
  const killAt = 1_000 + Math.floor(Math.random() * 2_500);
  const acknowledged = new Map<number, string>();
  const clicks: string[] = [];
  let unanswered: number[] = [];

  const visitors = Array.from({ length: 300 }, async (_, i) => {
    const answer = await get(agent, `/c/shoes?ad_id=${i}`);
    if (answer?.status === 302) clicks.push(new URL(answer.location).searchParams.get('cid') ?? '');
  });
  const senders = Array.from({ length: POSTBACKS }, async (_, i) => {
    const answer = await get(agent, `/p/shop/${KEY}?click_id=K${i}&event=purchase&txid=${i}&amount=1`);
    if (answer?.status === 200) {
      acknowledged.set(i, (JSON.parse(answer.body) as { id: string }).id);
      if (acknowledged.size === killAt) killed.kill('SIGKILL');
    } else unanswered.push(i);
  });
  await Promise.all([...visitors, ...senders]);
  agent.destroy();
  expect(acknowledged.size).toBeGreaterThanOrEqual(killAt);
  expect(unanswered.length).toBeGreaterThan(0);
  expect(clicks.length).toBeGreaterThan(0);

  const rows = await database.db.selectFrom('postback').select(['id', 'outcome']).execute();
  const accepted = new Set(rows.filter((row) => row.outcome === 'accepted').map((row) => row.id));
  const lost = [...acknowledged.values()].filter((id) => !accepted.has(id));
  expect(lost).toEqual([]);
  const inbox = await database.db.selectFrom('inbox').select('postback_id').execute();
  expect(new Set(inbox.map((row) => row.postback_id))).toEqual(accepted);

  // The senders come again with what was not answered: each postback counts once, whatever became of its first try.
  serve = await startServe();
  const again = new http.Agent({ keepAlive: true, maxSockets: CONNECTIONS });
  const repeats = await Promise.all(
    unanswered.map((i) => get(again, `/p/shop/${KEY}?click_id=K${i}&event=purchase&txid=${i}&amount=1`)),
  );
  expect(repeats.filter((answer) => answer?.status !== 200 && answer?.status !== 409)).toEqual([]);
  unanswered = [];
  again.destroy();
  const counted = await database.db
    .selectFrom('postback')
    .select(['txid', ({ fn }) => fn.countAll<number>().as('times')])
    .where('outcome', '=', 'accepted')
    .groupBy('txid')
    .execute();
  expect(counted).toHaveLength(POSTBACKS);
  expect(counted.every((row) => row.times === 1)).toBe(true);

  const stored = await until(async () => {
    const ids = new Set((await database.db.selectFrom('click').select('id').execute()).map((row) => row.id));
    return clicks.every((id) => ids.has(id)) ? ids : undefined;
  }, 'every redirected click stored');
  expect(stored.size).toBeGreaterThanOrEqual(clicks.length);
});

it('SIGTERM answers what waits and ends by itself', async () => {
  serve ??= await startServe();
  const ending = serve;
  const agent = new http.Agent({ keepAlive: true, maxSockets: 50 });
  const senders = Promise.all(
    Array.from({ length: 500 }, (_, i) =>
      get(agent, `/p/shop/${KEY}?click_id=T${i}&event=purchase&txid=t${i}`),
    ),
  );
  const ended = new Promise<number | null>((resolve) => ending.once('exit', (code) => resolve(code)));
  setTimeout(() => ending.kill('SIGTERM'), 50);
  const answers = await senders;
  expect(await ended).toBe(0);
  const said = answers.filter((answer) => answer?.status === 200).length;
  const rows = await database.db
    .selectFrom('postback')
    .select('id')
    .where('click_id', 'like', 'T%')
    .execute();
  expect(said).toBeGreaterThan(0);
  // Each row has its answer: nobody was cut off between commit and answer.
  expect(rows.length).toBe(said);
  agent.destroy();
  serve = undefined;
});
