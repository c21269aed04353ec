import http from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { removeDestination } from '../../src/db/forwarding/destinations.ts';
import { ownMark } from '../../src/own-addresses.ts';
import { forwardsOf, seedDestination } from '../support/forward-facts.ts';
import { type OutboundFixture, startOutbound } from '../support/outbound-fixture.ts';
import { SECRET_KEY } from '../support/seed-account.ts';

const OURS = ownMark(SECRET_KEY);
const OTHER = 'bbbbbbbbbbbb';

let ours: OutboundFixture;
let relay: http.Server;
let relayUrl: string;
let count = 0;

beforeAll(async () => {
  // The guard knows our address; the forwarder of these tests is not told it, as behind a name that leads to us by a way
  // that the guard cannot see.
  ours = await startOutbound();
  // Somebody's relay: it passes on what stands in the query, under another path, and no header.
  relay = http.createServer((request, response) => {
    const query = (request.url ?? '').split('?')[1] ?? '';
    void fetch(`${ours.base}/p/open?${query}`).then((answer) => response.writeHead(answer.status).end());
  });
  await new Promise<void>((resolve) => relay.listen(0, '127.0.0.1', resolve));
  relayUrl = `http://127.0.0.1:${(relay.address() as AddressInfo).port}/relay`;
});
afterAll(async () => {
  relay.closeAllConnections();
  await new Promise<void>((resolve) => relay.close(() => resolve()));
  await ours.close();
});

let destination: string | null = null;
beforeEach(async () => {
  if (destination !== null) await removeDestination(ours.db, destination, ours.workspace.nowMs);
});

/** Tells everything under another event name: without the mark, each arrival would be a conversion to tell again. */
async function tellTo(base: string): Promise<string> {
  destination = await seedDestination(ours.db, {
    ...ours.workspace,
    url: `${base}?click_id={click_id}&event={event}-told&txid={txid}&amount={amount}`,
    settings: { stages: 'every' },
  });
  return destination;
}

async function purchase(more = '', headers: Readonly<Record<string, string>> = {}): Promise<void> {
  count += 1;
  const clickId = await ours.visit();
  await ours.postback(
    `click_id=${clickId}&event=purchase&txid=order-${count}&amount=10&currency=USD${more}`,
    headers,
  );
}

const outcomes = async (id: string) =>
  (await forwardsOf(ours.db, id)).map((one) => [one.event, one.state, one.reason]);

describe('a destination that leads back to us', () => {
  it('by our own address: told once, received, counted, and told to nobody again', async () => {
    const id = await tellTo(`${ours.base}/p/open`);
    await purchase();
    expect(await ours.settle()).toBe(1);
    expect(await outcomes(id)).toEqual([
      ['purchase', 'sent', null],
      ['purchase-told', 'not_sent', 'came_from_us'],
    ]);
    const stored = await ours.db
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
    expect(await ours.settle()).toBe(1);
    expect(await outcomes(id)).toEqual([
      ['purchase', 'sent', null],
      ['purchase-told', 'not_sent', 'came_from_us'],
    ]);
  });

  it('by another installation, which adds its mark behind ours, in the query or in the header', async () => {
    const id = await tellTo(`${ours.receiver.url}/pb`);
    await purchase(`&bidloop_via=${OURS}%2C${OTHER}`);
    await purchase('', { 'x-bidloop-via': `${OURS},${OTHER}` });
    expect(await ours.settle()).toBe(0);
    expect(await outcomes(id)).toEqual([
      ['purchase', 'not_sent', 'came_from_us'],
      ['purchase', 'not_sent', 'came_from_us'],
    ]);
  });
});

describe('what only passed through somebody else', () => {
  it('goes out, with their mark and ours behind it', async () => {
    const id = await tellTo(`${ours.receiver.url}/pb`);
    const from = ours.receiver.requests.length;
    await purchase(`&bidloop_via=${OTHER}`);
    expect(await ours.settle()).toBe(1);
    expect(await outcomes(id)).toEqual([['purchase', 'sent', null]]);
    const [told] = ours.receiver.requests.slice(from);
    expect(told?.headers['x-bidloop-via']).toBe(`${OTHER},${OURS}`);
    expect(new URL(told?.url ?? '', ours.receiver.url).searchParams.get('bidloop_via')).toBe(
      `${OTHER},${OURS}`,
    );
  });

  it('a change that our own postback brings to a conversion of somebody else is not told; the next real one is', async () => {
    const id = await tellTo(`${ours.receiver.url}/pb`);
    const clickId = await ours.visit();
    const say = (more: string) =>
      ours.postback(`click_id=${clickId}&event=trial&txid=t-1&currency=USD${more}`);
    await say('&amount=10&status=pending');
    expect(await ours.settle()).toBe(1);
    await say(`&amount=10&status=hold&bidloop_via=${OURS}`);
    expect(await ours.settle()).toBe(0);
    await say('&amount=10&status=approved');
    expect(await ours.settle()).toBe(1);
    expect((await forwardsOf(ours.db, id)).map((one) => [one.status, one.state])).toEqual([
      ['pending', 'sent'],
      ['approved', 'sent'],
    ]);
  });
});
