import { hash } from 'node:crypto';
import { mkdtempSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import type { FastifyInstance } from 'fastify';
import { pino } from 'pino';
import type { Db } from '../../src/db/connection.ts';
import { createServerDeps } from '../../src/http/deps.ts';
import { buildServer } from '../../src/http/server.ts';

export const KEY = 'a-key-of-the-tests-0001';
/** The test workspace's clock: a market instant, running at the wall's pace. */
export const MARKET_MS = Date.UTC(2026, 10, 3, 14, 45);

/** A workspace with one source per profile, all with {@link KEY} but `open`, and one link `shoes`. */
export async function seedTracking(db: Db, wallMs = Date.now()): Promise<void> {
  const created = new Date(MARKET_MS);
  await db
    .insertInto('workspace')
    .values({
      id: 'w1',
      name: 'Test',
      currency: 'USD',
      time_zone: 'America/New_York',
      simulated: true,
      clock_origin: created,
      clock_wall_origin: new Date(wallMs),
      clock_rate: 1,
      created_at: created,
    })
    .execute();
  const source = (id: string, profile: string, keyed: boolean, settings = {}) => ({
    id,
    workspace_id: 'w1',
    profile,
    name: id,
    key_hash: keyed ? hash('sha256', KEY, 'buffer') : null,
    settings: JSON.stringify(settings),
    created_at: created,
  });
  await db
    .insertInto('source')
    .values([
      source('shop', 'generic', true),
      source('open', 'generic', false),
      source('af', 'appsflyer', true),
      source('kt', 'keitaro', true),
      source('each', 'generic', false, { repeatsCount: true }),
    ])
    .execute();
  await db
    .insertInto('link')
    .values({
      id: 'shoes',
      workspace_id: 'w1',
      network: 'meta',
      name: 'Shoes',
      target_url: 'https://shop.example.com/shoes?utm_source=meta&cid={click_id}',
      created_at: created,
    })
    .execute();
}

/** The workspace's account on Meta, `acc`, in US dollars. */
export async function seedTrackedAccount(db: Db, timeZone = 'UTC'): Promise<void> {
  await db
    .insertInto('ad_account')
    .values({
      id: 'acc',
      workspace_id: 'w1',
      network: 'meta',
      network_account_id: 'act_1',
      name: 'Shop',
      currency: 'USD',
      time_zone: timeZone,
      created_at: new Date(MARKET_MS),
    })
    .execute();
}

export interface TestServer {
  readonly base: string;
  readonly dataDir: string;
  readonly app: FastifyInstance;
  close(): Promise<void>;
}

/** The real server on a free port, over the given database address. */
export async function startTestServer(
  databaseUrl: string,
  options: { dataDir?: string; fallbackUrl?: string; secretKey?: Buffer } = {},
): Promise<TestServer> {
  const dataDir = options.dataDir ?? mkdtempSync(path.join(tmpdir(), 'bidloop-test-'));
  const app = buildServer(
    createServerDeps({
      databaseUrl,
      dataDir,
      fallbackUrl: options.fallbackUrl ?? null,
      publicUrl: null,
      secretKey: options.secretKey ?? null,
      log: pino({ level: process.env['TEST_LOG'] ?? 'silent' }),
      wallNowMs: () => Date.now(),
    }),
  );
  await app.listen({ host: '127.0.0.1', port: 0 });
  const { port } = app.server.address() as AddressInfo;
  return {
    base: `http://127.0.0.1:${port}`,
    dataDir,
    app,
    async close() {
      await app.close();
      if (options.dataDir === undefined) await rm(dataDir, { recursive: true, force: true });
    },
  };
}

/** Waits until the check gives something other than undefined. */
export async function until<T>(
  check: () => Promise<T | undefined>,
  what: string,
  withinMs = 5_000,
): Promise<T> {
  const end = Date.now() + withinMs;
  for (;;) {
    const found = await check();
    if (found !== undefined) return found;
    if (Date.now() > end) throw new Error(`not within ${withinMs} ms: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}
