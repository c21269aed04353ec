import { execFile, spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { drainBatch } from '../../src/db/ingest/drain-batch.ts';
import { snippets } from '../../src/sources/snippets.ts';
import { testDatabase, type TestDatabase } from '../support/database.ts';
import { addObject, type SeededAccount } from '../support/ingest-facts.ts';
import {
  KEY,
  MARKET_MS,
  seedTrackedAccount,
  seedTracking,
  startTestServer,
  type TestServer,
  until,
} from '../support/tracking.ts';
import { seedStrategy } from '../support/seed-strategy.ts';

const MAIN = fileURLToPath(new URL('../../src/main.ts', import.meta.url));
let database: TestDatabase;
let server: TestServer;
const account: SeededAccount = {
  workspaceId: 'w1',
  accountId: 'acc',
  sourceId: 'open',
  zone: 'UTC',
  objects: new Map(),
};

beforeAll(async () => {
  database = await testDatabase();
  const { db } = database;
  await seedTracking(db);
  await seedTrackedAccount(db);
  await addObject(db, account, { level: 'campaign', networkId: 'c1' });
  await addObject(db, account, { level: 'ad', networkId: 'a1', campaign: 'c1' });
  await seedStrategy(db, {
    workspaceId: 'w1',
    nowMs: MARKET_MS,
    text: `
version: 1
strategy: keep-buyers
scope: { level: campaign }
rules:
  - name: stop
    when: 'conversions("purchase", "7d") + conversions("trial", "7d") == 0'
    then: { pause: true }
`,
  });
  server = await startTestServer(database.url);
});
afterAll(async () => {
  await server.close();
  await database.drop();
});

const env = () => ({ ...process.env, DATABASE_URL: database.url, PUBLIC_URL: server.base });

function bidloop(...args: string[]): Promise<string> {
  return new Promise((resolve) => {
    execFile(process.execPath, [MAIN, ...args], { env: env() }, (_, out, err) => resolve(out + err));
  });
}
const drain = () => drainBatch(database.db, { shard: 'all', limit: 100, wallMs: Date.now() });

/** A source of another workspace. */
async function seedOther(db: TestDatabase['db']): Promise<void> {
  const created = new Date(MARKET_MS);
  await db
    .insertInto('workspace')
    .values({
      id: 'w2',
      name: 'Other',
      currency: 'USD',
      time_zone: 'UTC',
      simulated: true,
      clock_origin: created,
      clock_wall_origin: new Date(),
      clock_rate: 1,
      created_at: created,
    })
    .execute();
  await db
    .insertInto('source')
    .values({
      id: 'elsewhere',
      workspace_id: 'w2',
      profile: 'generic',
      name: 'Elsewhere',
      settings: '{}',
      created_at: created,
    })
    .execute();
}

async function visit(url = `${server.base}/c/shoes?campaign_id=c1&ad_id=a1`): Promise<string> {
  const response = await fetch(url, { redirect: 'manual' });
  return new URL(response.headers.get('location') ?? '').searchParams.get('cid') ?? '';
}

describe('the day before launch', () => {
  it('says what has come, what is waited for, what went wrong, and what to paste', async () => {
    const clickId = await visit();
    await until(
      () => database.db.selectFrom('click').select('id').where('id', '=', clickId).executeTakeFirst(),
      'the click is stored',
    );
    await fetch(`${server.base}/p/open?click_id=${clickId}&event=purchase&txid=o-1&amount=12`);
    await fetch(`${server.base}/p/open?click_id=${clickId}&event=purchase&txid=o-2&amount=twelve`);
    await drain();
    const text = await bidloop('launch-check', '--source', 'open', '--link', 'shoes', '--no-wait');
    expect(text).toMatch(/purchase: 1, 1 counted, 1 with an amount, last .*; counted by keep-buyers/);
    expect(text).toContain('trial: none, and keep-buyers waits for it');
    expect(text).toContain('1 × refused, amount_unparsed');
    expect(text).toContain(`${server.base}/c/shoes`);
    expect(text).toMatch(/[█▀▄]{7}/);
    const json = JSON.parse(await bidloop('--json', 'launch-check', '--source', 'open'));
    expect(json).toMatchObject({ goals: { purchase: ['keep-buyers'] }, visitUrl: null });
  });

  it('follows one visit from click to conversion, through the address in the QR code itself', async () => {
    // As a marketer has it: the link belongs to the account, and the device opens what the page shows.
    await database.db.updateTable('link').set({ account_id: 'acc' }).where('id', '=', 'shoes').execute();
    const child = spawn(process.execPath, [MAIN, 'launch-check', '--source', 'open', '--link', 'shoes'], {
      env: env(),
    });
    let text = '';
    const ended = new Promise<number | null>((resolve) => child.on('close', resolve));
    child.stdout.on('data', (part: Buffer) => (text += part.toString()));
    child.stderr.on('data', (part: Buffer) => (text += part.toString()));
    const says = (what: string) => until(async () => (text.includes(what) ? true : undefined), what);
    await says('Waiting for the visit');
    // An ad that is only seen is no visit.
    await fetch(`${server.base}/v/shoes`);
    const shown = /^ +(http\S+\/c\/shoes\?campaign_id=c1&ad_id=a1)$/m.exec(text)?.[1] ?? '';
    const clickId = await visit(`${shown}&adsetid=3`);
    await says(`Click ${clickId}`);
    expect(text).toContain('"adsetid" is read by nobody. Did you mean "adset_id"?');
    // The conversion comes with a macro in the place of the id, then with somebody else's, then right.
    await fetch(`${server.base}/p/open?click_id=%7Bclickid%7D&event=purchase&amount=12`);
    await says('Another postback came, without this click: refused (unresolved_macro)');
    await fetch(`${server.base}/p/open?click_id=never-given&event=purchase&amount=12`);
    await drain();
    await says('unattributed (unknown_click)');
    await fetch(`${server.base}/p/open?click_id=${clickId}&event=purchase&txid=o-9&amount=12`);
    await drain();
    expect(await ended, text).toBe(0);
    expect(text).toMatch(/Matched: .*name of a1.*Ready to launch\./);
  });

  it('says what keeps a visit from being credited, before it is made', async () => {
    const { db } = database;
    await db.updateTable('link').set({ account_id: null }).where('id', '=', 'shoes').execute();
    const page = await bidloop('launch-check', '--source', 'open', '--link', 'shoes', '--no-wait');
    expect(page).toContain('The link belongs to no ad account');
    expect(page).toContain('near_miss:adsetid:adset_id');
    expect(page).toContain('campaign_id={{campaign.id}}');
    await seedOther(db);
    const other = await bidloop('launch-check', '--source', 'elsewhere', '--link', 'shoes', '--no-wait');
    expect(other).toContain("never meet that source's postbacks");
  });

  it('says why when what comes does not match, and what is wrong with a call', async () => {
    expect(await bidloop('launch-check', '--source', 'open', '--link', 'shoos')).toContain(
      'there is no link "shoos"; did you mean "shoes"?',
    );
    expect(await bidloop('launch-check', '--source', 'opne')).toContain('did you mean "open"?');
    expect(await bidloop('launch-check', '--source', 'open', '--minutes', '0')).toContain('write 1 to 1440');
    expect(
      await bidloop('launch-check', '--source', 'open', '--link', 'shoes', '--minutes', '0.01'),
    ).toContain('no visit of "shoes" came');
  });
});

describe('the code for the developer', () => {
  it('sends a purchase that is understood', async () => {
    const node = snippets(`${server.base}/p/shop/${KEY}`).find(({ language }) => language === 'node');
    const script = `const clickId = 'click-of-node', orderId = 'order-of-node';\n${node?.code}`;
    const run = () =>
      new Promise<string>((resolve) => {
        execFile(process.execPath, ['--input-type=module', '-e', script], (error, out, err) =>
          resolve(error === null ? out : err),
        );
      });
    expect(await run()).toBe('');
    // Sent again: 409, which is no error.
    expect(await run()).toBe('');
    const [row] = await database.db
      .selectFrom('postback')
      .select(['click_id', 'event', 'txid', 'amount_micros', 'currency'])
      .where('txid', '=', 'order-of-node')
      .where('outcome', '!=', 'duplicate')
      .execute();
    expect(row).toEqual({
      click_id: 'click-of-node',
      event: 'purchase',
      txid: 'order-of-node',
      amount_micros: 49_900_000,
      currency: 'USD',
    });
  });

  it('names the same parameters in every language, and cannot be ended early by an address', () => {
    for (const { code } of snippets("https://example.com/p/s/it's\\ me")) {
      for (const name of ['click_id', 'event', 'txid', 'amount', 'currency']) expect(code).toContain(name);
      expect(code).toContain("'https://example.com/p/s/it%27s%5C%20me'");
    }
  });
});
