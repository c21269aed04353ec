import { execFile } from 'node:child_process';
import { hash } from 'node:crypto';
import { fileURLToPath } from 'node:url';
import { sql } from 'kysely';
import { beforeEach, describe, expect, it } from 'vitest';
import { explain } from '../../src/cli/explain.ts';
import type { ObjectId } from '../../src/core/object.ts';
import { drainBatch } from '../../src/db/ingest/drain-batch.ts';
import { addPostback, clickIdAt } from '../support/ingest-facts.ts';
import { spend } from '../support/loop.ts';
import { PassFixture } from '../support/pass-fixture.ts';
import { HOUR_MS } from '../support/seed-account.ts';

const MAIN = fileURLToPath(new URL('../../src/main.ts', import.meta.url));
const ANN = { email: 'Ann@Example.com', device: 'device-of-ann-0001', network: 'fbclid-of-ann-0001' };
const HASH = hash('sha256', 'ann@example.com', 'buffer');
const BOB = 'device-of-bob-0001';

const bench = new PassFixture();
let adset: ObjectId;
let click: string;

async function addClick(deviceId: string, networkClickId: string): Promise<string> {
  const { accountId, workspaceId, suffix, nowMs } = bench.account;
  const at = new Date(nowMs - 2 * HOUR_MS);
  const id = clickIdAt(at.getTime());
  await bench.db
    .insertInto('click')
    .values({
      id,
      workspace_id: workspaceId,
      account_id: accountId,
      network: 'fake',
      adset_network_id: `Zen-${suffix}`,
      network_click_id: networkClickId,
      network_click_param: 'fbclid',
      device_id: deviceId,
      ip: '192.0.2.7',
      user_agent: `browser of ${deviceId}`,
      params: JSON.stringify({ sub1: networkClickId }),
      clicked_at: at,
      wall_at: at,
    })
    .execute();
  await bench.db.insertInto('click_inbox').values({ click_id: id, clicked_at: at }).execute();
  return id;
}

/** Everything that stands in the tables of facts, as one text. */
async function everything(): Promise<string> {
  const texts = await Promise.all(
    [
      'click',
      'postback',
      'conversion',
      'conversion_message',
      'conversion_change',
      'conversion_signal',
      'waiting_for_object',
    ].map(async (table) => {
      const { rows } = await sql<{ text: string }>`
          select coalesce(string_agg(to_jsonb(t)::text, ' '), '') as text from ${sql.table(table)} t`.execute(
        bench.db,
      );
      return rows[0]?.text ?? '';
    }),
  );
  return texts.join(' ');
}

function bidloop(...args: string[]): Promise<string> {
  const env = { ...process.env, DATABASE_URL: bench.url };
  return new Promise((resolve) => {
    execFile(process.execPath, [MAIN, ...args], { env }, (_, out, err) => resolve(out + err));
  });
}
const forget = (...args: string[]) => bidloop('forget', '--workspace', bench.account.workspaceId, ...args);

beforeEach(async () => {
  const { accountId, workspaceId, nowMs } = bench.account;
  adset = await bench.adset('Zen');
  const sourceId = `source-${workspaceId}`;
  await bench.db
    .insertInto('source')
    .values({
      id: sourceId,
      workspace_id: workspaceId,
      profile: 'generic',
      name: 'Shop',
      settings: '{}',
      created_at: new Date(nowMs),
    })
    .execute();
  const seeded = { workspaceId, accountId, sourceId, zone: 'UTC', objects: new Map() };
  click = await addClick(ANN.device, ANN.network);
  const other = await addClick(BOB, 'fbclid-of-bob-0001');
  const ids: string[] = [];
  for (const [index, clickId] of [click, ANN.network, other].entries())
    ids.push(
      await addPostback(bench.db, seeded, {
        atMs: nowMs - HOUR_MS,
        clickId,
        amount: 20,
        key: `order-${index}-${workspaceId}`,
        deviceId: index === 2 ? BOB : ANN.device,
      }),
    );
  await sql`update postback set raw = convert_to('GET /p/shop?cid=' || click_id || '&mail=' || device_id, 'utf8'),
      user_agent = 'browser of ' || device_id, user_hash = ${HASH}
    where id = any(${ids.slice(0, 2)}::uuid[])`.execute(bench.db);
  await drainBatch(bench.db, { shard: 'all', limit: 100, wallMs: Date.now() });
  await spend(bench.db, bench.account, adset, 30);
  await bench.strategy(`
version: 1
strategy: stop
scope: { level: adset }
mode: live
rules:
  - name: enough
    when: 'spend("today") >= 60 && conversions("purchase", "today") >= 3'
    then: { pause: true }
guardrails: { maxShareOfSpendPaused: 100 % }
`);
  await bench.pass();
  const { id } = await bench.db
    .selectFrom('conversion')
    .select('id')
    .where('workspace_id', '=', workspaceId)
    .where('device_id', '=', ANN.device)
    .orderBy('id')
    .limit(1)
    .executeTakeFirstOrThrow();
  await bench.db
    .insertInto('conversion_signal')
    .values({
      conversion_id: id,
      signal: 'hardcoded_id',
      workspace_id: workspaceId,
      source_id: sourceId,
      detail: `${ANN.network} stands on three orders`,
      treatment: 'count',
      found_at: new Date(nowMs),
    })
    .execute();
});

describe('a person who asks to be forgotten', () => {
  it.each([
    ['device', () => ['--device', ANN.device]],
    ['click id, ours', () => ['--click', click]],
    ["click id, the network's", () => ['--click', ANN.network]],
    ['e-mail address', () => ['--user', ANN.email]],
    ['hash of it', () => ['--user', HASH.toString('hex')]],
  ])('is erased everywhere by %s, and what was decided recomputes', async (_, args) => {
    const told = await forget(...args());
    expect(told).toContain('There are 1 click, 2 postbacks, 2 conversions and 0 logged requests to others.');
    expect(await everything()).toContain(ANN.device);

    expect(await forget(...args(), '--yes')).toContain('Erased from 1 click, 2 postbacks, 2 conversions');
    const left = await everything();
    for (const id of [ANN.device, ANN.network, HASH.toString('hex'), 'order-0-', 'order-1-'])
      expect(left).not.toContain(id);
    // What was received is kept as bytes: neither of the two messages is left.
    const { rows } = await sql<{ raw: string }>`
      select convert_from(raw, 'utf8') as raw from postback where workspace_id = ${bench.account.workspaceId}
      order by raw`.execute(bench.db);
    expect(rows.map(({ raw }) => raw)).toEqual(['', 'forgotten', 'forgotten']);
    // Bob is another person.
    expect(left).toContain(BOB);
    expect(left).toContain('fbclid-of-bob-0001');

    const { suffix } = bench.account;
    expect(await explain(bench.db, `Zen-${suffix}`)).toMatchObject({
      recomputed: 'same',
      decision: { verdict: 'pause' },
    });
    // The figures stay as they are, and so does the next decision.
    await bench.pass(bench.account.nowMs + 1_000);
    const counted = await bench.db
      .selectFrom('conversion_hour')
      .select((eb) => eb.fn.sum<number>('conversions').as('sum'))
      .where('account_id', '=', bench.account.accountId)
      .executeTakeFirstOrThrow();
    expect(Number(counted.sum)).toBe(3);
    expect(await forget(...args(), '--yes')).toContain('There is nothing under this id.');
  });

  it('says what is wrong with a call', async () => {
    expect(await forget()).toContain('exactly one of --user, --device and --click');
    expect(await forget('--user', 'a', '--click', 'b')).toContain('exactly one of');
    expect(await forget('--device', 'nobody')).toContain('There is nothing under this id.');
  });
});
