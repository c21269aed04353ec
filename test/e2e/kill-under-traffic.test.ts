import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, expect, it, vi } from 'vitest';
import { connect, type Db } from '../../src/db/connection.ts';
import { addSource, newSourceKey } from '../../src/db/sources.ts';
import { signal } from '../../src/runtime/processes.ts';
import { SAMPLE } from '../../src/runtime/sample-workspace.ts';
import { type Installation, installation } from '../support/installation.ts';

const SOURCE = 'kill-test';

let place: Installation;
let db: Db;
beforeAll(async () => {
  place = await installation();
});
afterAll(async () => {
  await db?.destroy();
  await place.remove();
});

/** One visitor through the sample link. @returns his click id, or what he got instead of the page. */
async function visit(adId: string): Promise<{ clickId: string } | { instead: string }> {
  const answer = await fetch(`${place.pageUrl}/c/${SAMPLE.linkId}?ad_id=${adId}`, { redirect: 'manual' });
  const location = answer.headers.get('location') ?? '';
  const clickId = location.startsWith('https://shop.example/')
    ? new URL(location).searchParams.get('click_id')
    : null;
  return answer.status === 302 && clickId ? { clickId } : { instead: `${answer.status} ${location}` };
}

/** Sends one postback as a tracker does: again after a 5xx. @returns the statuses seen, the last one final. */
async function convert(key: string, clickId: string, txid: string): Promise<readonly number[]> {
  const statuses: number[] = [];
  for (;;) {
    const answer = await fetch(
      `${place.pageUrl}/p/${SOURCE}/${key}?click_id=${clickId}&event=lead&txid=${txid}&amount=2&currency=USD`,
    );
    await answer.arrayBuffer();
    statuses.push(answer.status);
    if (answer.status < 500) return statuses;
    await sleep(200);
  }
}

it('PostgreSQL and Temporal killed and back: visitors redirected throughout, nothing lost, nothing twice', async () => {
  const up = place.up();
  await up.says('The optimizer is ready.');
  db = connect({ url: place.run().databaseUrl, name: 'kill-servers' });
  const key = newSourceKey();
  await addSource(db, {
    id: SOURCE,
    workspaceId: SAMPLE.workspaceId,
    profile: 'generic',
    name: 'Kill test',
    key,
    secretKey: Buffer.alloc(32, 1),
    nowMs: 0,
  });
  const ad = await vi.waitFor(
    () =>
      db
        .selectFrom('object')
        .selectAll()
        .where('level', '=', 'ad')
        // The one whose link the visitors take.
        .where('account_id', '=', SAMPLE.accountId)
        .limit(1)
        .executeTakeFirstOrThrow(),
    { timeout: 30_000, interval: 200 },
  );
  await vi.waitFor(
    async () => {
      const answer = await fetch(`${place.pageUrl}/p/${SOURCE}/${key}`);
      expect(answer.status, 'the source is known, the click id is missing').toBe(400);
    },
    { timeout: 20_000, interval: 200 },
  );

  let sending = true;
  const visitors: string[] = [];
  const notRedirected: string[] = [];
  const senders: Promise<readonly number[]>[] = [];
  const traffic = (async (): Promise<void> => {
    while (sending) {
      const visitor = await visit(ad.network_id);
      if ('clickId' in visitor) {
        senders.push(convert(key, visitor.clickId, `T${visitors.length}`));
        visitors.push(visitor.clickId);
      } else notRedirected.push(visitor.instead);
      await sleep(15);
    }
  })();

  await sleep(1_000);
  signal(place.run().children['postgres']?.pid ?? 0, 'SIGKILL');
  await up.says('PostgreSQL is back');
  await sleep(1_000);
  signal(place.run().children['temporal']?.pid ?? 0, 'SIGKILL');
  await up.says('Temporal is back');
  await sleep(1_000);
  sending = false;
  const statuses = await traffic.then(
    () => Promise.all(senders),
    (error: unknown) => {
      throw new Error(`the HTTP server left a request alone:\n${up.output()}`, { cause: error });
    },
  );

  expect(notRedirected).toEqual([]);
  expect(visitors.length).toBeGreaterThan(100);
  expect(statuses.flat(), 'the outage was felt').toContain(503);
  // 409: the first message was kept although its answer never came.
  expect([200, 409]).toEqual(expect.arrayContaining([...new Set(statuses.map((seen) => seen.at(-1)))]));

  await vi.waitFor(
    async () => {
      const rows = await db
        .selectFrom('conversion')
        .select(['txid', 'click_id', 'counted', 'attributed_by'])
        .where('source_id', '=', SOURCE)
        .execute();
      const byTxid = new Map(rows.map((row) => [row.txid, row]));
      expect(rows).toHaveLength(visitors.length);
      for (const [index, clickId] of visitors.entries())
        expect(byTxid.get(`T${index}`)).toMatchObject({
          click_id: clickId,
          counted: true,
          attributed_by: 'click',
        });
      const { total } = await db
        .selectFrom('conversion_hour')
        .select((eb) => eb.fn.sum<number>('conversions').as('total'))
        .where('event', '=', 'lead')
        .executeTakeFirstOrThrow();
      expect(total).toBe(visitors.length);
    },
    { timeout: 60_000, interval: 500 },
  );

  up.process.kill('SIGINT');
  expect(await up.ended()).toBe(0);
});
