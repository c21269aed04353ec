import { expect } from 'vitest';
import type { Db } from '../../src/db/connection.ts';
import { drainBatch } from '../../src/db/ingest/drain-batch.ts';
import { testDatabase } from './database.ts';
import { type Forwarder, testForwarder } from './forwarder.ts';
import { addObject } from './ingest-facts.ts';
import { type Receiver, startReceiver } from './receiver.ts';
import { MARKET_MS, seedTrackedAccount, seedTracking, startTestServer, until } from './tracking.ts';

/** The visitor of {@link OutboundFixture.visit}. */
export const VISITOR = { ip: '203.0.113.7', userAgent: 'Mozilla/5.0 (Linux; Android 14)' } as const;

/** The whole way of workspace `w1`: the real server in front, the forwarder behind, and somebody's server at the far end. */
export interface OutboundFixture {
  readonly db: Db;
  readonly workspace: { readonly workspaceId: string; readonly nowMs: number };
  /** Our own address. */
  readonly base: string;
  readonly receiver: Receiver;
  readonly forwarder: Forwarder;
  /** A visit to the link `shoes` with these parameters. @returns our click id. */
  readonly visit: (params?: string) => Promise<string>;
  /** A postback to the source `open`, which asks for no key. */
  readonly postback: (query: string, headers?: Readonly<Record<string, string>>) => Promise<void>;
  /** Drains and forwards in turn, as long as anything moves. @returns postbacks sent in all. */
  readonly settle: () => Promise<number>;
  readonly close: () => Promise<void>;
}

export async function startOutbound(): Promise<OutboundFixture> {
  const database = await testDatabase();
  const { db } = database;
  await seedTracking(db);
  await seedTrackedAccount(db);
  const account = { workspaceId: 'w1', accountId: 'acc', sourceId: 'open', zone: 'UTC', objects: new Map() };
  await addObject(db, account, { level: 'campaign', networkId: '11' });
  await addObject(db, account, { level: 'adset', networkId: '12', campaign: '11' });
  await addObject(db, account, { level: 'ad', networkId: '13', campaign: '11', adset: '12' });
  const server = await startTestServer(database.url);
  const receiver = await startReceiver();
  const forwarder = testForwarder(db, 'w1', { nowMs: Date.now() });
  return {
    db,
    workspace: { workspaceId: 'w1', nowMs: MARKET_MS },
    base: server.base,
    receiver,
    forwarder,
    async visit(params = '') {
      const answer = await fetch(`${server.base}/c/shoes?campaign_id=11&adset_id=12&ad_id=13&${params}`, {
        redirect: 'manual',
        // A proxy on this machine vouches for the visitor's address.
        headers: { 'user-agent': VISITOR.userAgent, 'x-forwarded-for': VISITOR.ip },
      });
      const clickId = new URL(answer.headers.get('location') ?? '').searchParams.get('cid') ?? '';
      await until(
        async () => db.selectFrom('click').select('id').where('id', '=', clickId).executeTakeFirst(),
        'the click',
      );
      return clickId;
    },
    async postback(query, headers = {}) {
      const answer = await fetch(`${server.base}/p/open?${query}`, { headers });
      expect(answer.status, await answer.text()).toBe(200);
    },
    async settle() {
      let sent = 0;
      for (let round = 0; round < 12; round += 1) {
        await drainBatch(db, { shard: 'all', limit: 1_000, wallMs: forwarder.clock.nowMs });
        const result = await forwarder.pass();
        sent += result.sent;
        if (result.changes === 0 && result.sent === 0) return sent;
      }
      return sent;
    },
    async close() {
      await receiver.close();
      await server.close();
      await database.drop();
    },
  };
}
