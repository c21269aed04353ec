import http from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { removeDestination } from '../../src/db/forwarding/destinations.ts';
import { drainBatch } from '../../src/db/ingest/drain-batch.ts';
import { ownMark } from '../../src/own-addresses.ts';
import { testDatabase, type TestDatabase } from '../support/database.ts';
import { forwardsOf, seedDestination } from '../support/forward-facts.ts';
import { type Forwarder, testForwarder } from '../support/forwarder.ts';
import { type Receiver, startReceiver } from '../support/receiver.ts';
import { SECRET_KEY } from '../support/seed-account.ts';
import { MARKET_MS, seedTracking, startTestServer, type TestServer, until } from '../support/tracking.ts';

const OURS = ownMark(SECRET_KEY);
const OTHER = 'bbbbbbbbbbbb';

let database: TestDatabase;
let server: TestServer;
let relay: http.Server;
let relayUrl: string;
let receiver: Receiver;
let forwarder: Forwarder;
let count = 0;

beforeAll(async () => {
  database = await testDatabase();
  await seedTracking(database.db);
  server = await startTestServer(database.url);
  receiver = await startReceiver();
  // Somebody's relay: it passes on what stands in the query, under another path, and no header.
  relay = http.createServer((request, response) => {
    const query = (request.url ?? '').split('?')[1] ?? '';
    void fetch(`${server.base}/p/open?${query}`).then((answer) => response.writeHead(answer.status).end());
  });
  await new Promise<void>((resolve) => relay.listen(0, '127.0.0.1', resolve));
  relayUrl = `http://127.0.0.1:${(relay.address() as AddressInfo).port}/relay`;
  // The guard knows our address; here it is not told, as behind a name that leads to us by a way it cannot see.
  forwarder = testForwarder(database.db, 'w1', { nowMs: Date.now() });
});
afterAll(async () => {
  relay.closeAllConnections();
  await new Promise<void>((resolve) => relay.close(() => resolve()));
  await receiver.close();
  await server.close();
  await database.drop();
});

let destination: string | null = null;
beforeEach(async () => {
  if (destination !== null) await removeDestination(database.db, destination, MARKET_MS);
});

/** Tells everything under another event name: without the mark, each arrival would be a conversion to tell again. */
async function tellTo(base: string): Promise<string> {
  destination = await seedDestination(database.db, {
    workspaceId: 'w1',
    nowMs: MARKET_MS,
    url: `${base}?click_id={click_id}&event={event}-told&txid={txid}&amount={amount}`,
    settings: { stages: 'every' },
  });
  return destination;
}

async function visit(): Promise<string> {
  const answer = await fetch(`${server.base}/c/shoes`, { redirect: 'manual' });
  const clickId = new URL(answer.headers.get('location') ?? '').searchParams.get('cid') ?? '';
  await until(
    async () => database.db.selectFrom('click').select('id').where('id', '=', clickId).executeTakeFirst(),
    'the click',
  );
  return clickId;
}

async function purchase(more = '', headers: Readonly<Record<string, string>> = {}): Promise<void> {
  count += 1;
  const clickId = await visit();
  const query = `click_id=${clickId}&event=purchase&txid=order-${count}&amount=10&currency=USD${more}`;
  const answer = await fetch(`${server.base}/p/open?${query}`, { headers });
  expect(answer.status).toBe(200);
}

/** Drains and forwards in turn, as long as anything moves. @returns postbacks sent in all. */
async function settle(): Promise<number> {
  let sent = 0;
  for (let round = 0; round < 12; round += 1) {
    await drainBatch(database.db, { shard: 'all', limit: 1_000, wallMs: Date.now() });
    forwarder.clock.nowMs = Date.now();
    const result = await forwarder.pass();
    sent += result.sent;
    if (result.changes === 0 && result.sent === 0) return sent;
  }
  return sent;
}

const outcomes = async (id: string) =>
  (await forwardsOf(database.db, id)).map((one) => [one.event, one.state, one.reason]);

describe('a destination that leads back to us', () => {
  it('by our own address: told once, received, counted, and told to nobody again', async () => {
    const id = await tellTo(`${server.base}/p/open`);
    await purchase();
    expect(await settle()).toBe(1);
    expect(await outcomes(id)).toEqual([
      ['purchase', 'sent', null],
      ['purchase-told', 'not_sent', 'came_from_us'],
    ]);
    const stored = await database.db
      .selectFrom('postback')
      .select(['event', 'via'])
      .where('source_id', '=', 'open')
      .orderBy('received_at')
      .execute();
    expect(stored).toEqual([
      { event: 'purchase', via: null },
      { event: 'purchase-told', via: OURS },
    ]);
  });

  it('by a relay that copies the query', async () => {
    const id = await tellTo(relayUrl);
    await purchase();
    expect(await settle()).toBe(1);
    expect(await outcomes(id)).toEqual([
      ['purchase', 'sent', null],
      ['purchase-told', 'not_sent', 'came_from_us'],
    ]);
  });

  it('by another installation, which adds its mark behind ours, in the query or in the header', async () => {
    const id = await tellTo(`${receiver.url}/pb`);
    await purchase(`&bidloop_via=${OURS}%2C${OTHER}`);
    await purchase('', { 'x-bidloop-via': `${OURS},${OTHER}` });
    expect(await settle()).toBe(0);
    expect(await outcomes(id)).toEqual([
      ['purchase', 'not_sent', 'came_from_us'],
      ['purchase', 'not_sent', 'came_from_us'],
    ]);
  });
});

describe('what only passed through somebody else', () => {
  it('goes out, with their mark and ours behind it', async () => {
    const id = await tellTo(`${receiver.url}/pb`);
    const from = receiver.requests.length;
    await purchase(`&bidloop_via=${OTHER}`);
    expect(await settle()).toBe(1);
    expect(await outcomes(id)).toEqual([['purchase', 'sent', null]]);
    const [told] = receiver.requests.slice(from);
    expect(told?.headers['x-bidloop-via']).toBe(`${OTHER},${OURS}`);
    expect(new URL(told?.url ?? '', receiver.url).searchParams.get('bidloop_via')).toBe(`${OTHER},${OURS}`);
  });

  it('a change that our own postback brings to a conversion of somebody else is not told; the next real one is', async () => {
    const id = await tellTo(`${receiver.url}/pb`);
    const clickId = await visit();
    const say = async (more: string) => {
      const query = `click_id=${clickId}&event=trial&txid=t-1&currency=USD${more}`;
      expect((await fetch(`${server.base}/p/open?${query}`)).status).toBe(200);
    };
    await say('&amount=10&status=pending');
    expect(await settle()).toBe(1);
    await say(`&amount=10&status=hold&bidloop_via=${OURS}`);
    expect(await settle()).toBe(0);
    await say('&amount=10&status=approved');
    expect(await settle()).toBe(1);
    expect((await forwardsOf(database.db, id)).map((one) => [one.status, one.state])).toEqual([
      ['pending', 'sent'],
      ['approved', 'sent'],
    ]);
  });
});
