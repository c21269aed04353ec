import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { micros } from '../../src/core/money.ts';
import type { Db } from '../../src/db/connection.ts';
import { type PayoutLine, storePayout } from '../../src/db/payout.ts';
import { testDatabase, type TestDatabase } from '../support/database.ts';
import {
  addClick,
  addObject,
  addPostback,
  clickIdAt,
  T0,
  totalsThatDiffer,
} from '../support/ingest-facts.ts';
import { IngestFixture } from '../support/ingest-fixture.ts';

const MAIN = fileURLToPath(new URL('../../src/main.ts', import.meta.url));
const HOUR = 3_600_000;
const DAY = 24 * HOUR;

let database: TestDatabase;
let db: Db;
let facts: IngestFixture;

beforeAll(async () => {
  database = await testDatabase();
  db = database.db;
  facts = new IngestFixture(db);
});
afterAll(() => database.drop());

function pays(amount: number, line: Partial<PayoutLine> = {}) {
  return storePayout(
    db,
    facts.shop.workspaceId,
    {
      event: null,
      linkId: null,
      campaignId: null,
      country: null,
      validFromMs: T0 - 30 * DAY,
      micros: micros(amount * 1e6),
      currency: 'USD',
      ...line,
    },
    T0,
  );
}

const values = async () => (await facts.conversions()).map((row) => row.value_micros);

describe('the payout table', () => {
  it('pays what a postback leaves open, never where it says 0, by the line that says most', async () => {
    await facts.fresh();
    await pays(1);
    await pays(2, { event: 'lead' });
    await pays(3, { event: 'lead', country: 'DE' });
    await pays(4, { event: 'lead', linkId: 'shoes' });
    await pays(5, { event: 'lead', validFromMs: T0 + DAY });
    const clickId = await addClick(db, facts.shop, { atMs: T0, ad: 'a1' });
    const shoes = await addClick(db, facts.shop, { atMs: T0 + 1, ad: 'a1', linkId: 'shoes' });
    const german = await addClick(db, facts.shop, { atMs: T0 + 2, ad: 'a1', params: { country: 'de' } });
    const lead = { event: 'lead', amount: null, currency: null };
    await addPostback(db, facts.shop, { ...lead, atMs: T0 + HOUR, clickId, event: 'other', key: '1' });
    await addPostback(db, facts.shop, { ...lead, atMs: T0 + HOUR + 1, clickId, key: '2' });
    await addPostback(db, facts.shop, { ...lead, atMs: T0 + HOUR + 2, clickId, country: 'DE', key: '3' });
    await addPostback(db, facts.shop, { ...lead, atMs: T0 + HOUR + 3, clickId: german, key: '4' });
    await addPostback(db, facts.shop, {
      ...lead,
      atMs: T0 + HOUR + 4,
      clickId: shoes,
      country: 'DE',
      key: '5',
    });
    await addPostback(db, facts.shop, { ...lead, atMs: T0 + HOUR + 5, clickId, amount: 0, key: '6' });
    await addPostback(db, facts.shop, { ...lead, atMs: T0 + 2 * DAY, clickId, key: '7' });
    await facts.drain();
    expect(await values()).toEqual([1e6, 2e6, 3e6, 3e6, 4e6, 0, 5e6]);
    expect(await totalsThatDiffer(db)).toEqual([]);
  });

  it('gives way to an amount that is named later, and is what a reversal takes back', async () => {
    await facts.fresh();
    await pays(7, { currency: 'EUR' });
    await db
      .insertInto('exchange_rate')
      .values({ base: 'EUR', quote: 'USD', day: '2026-03-01', rate: 2 })
      .onConflict((conflict) => conflict.doNothing())
      .execute();
    const clickId = await addClick(db, facts.shop, { atMs: T0, ad: 'a1' });
    const base = { clickId, amount: null, currency: null };
    await addPostback(db, facts.shop, { ...base, atMs: T0 + 1, key: 'named', status: 'pending' });
    await addPostback(db, facts.shop, { ...base, atMs: T0 + 1, key: 'back' });
    await facts.drain();
    expect(await values()).toEqual([14e6, 14e6]);
    const approved = { ...base, atMs: T0 + 2, amount: 12, currency: 'USD' };
    await addPostback(db, facts.shop, { ...approved, key: 'named', status: 'approved' });
    await addPostback(db, facts.shop, { ...base, atMs: T0 + 2, key: 'back', status: 'reversed' });
    await facts.drain();
    const rows = new Map((await facts.conversions()).map((row) => [row.txid, row]));
    expect(rows.get('named')).toMatchObject({ value_micros: 12e6, rate: null, counted: true });
    expect(rows.get('back')).toMatchObject({ status: 'reversed', counted: false, rate: 2 });
    expect(await totalsThatDiffer(db)).toEqual([]);
  });

  it('pays by the campaign that a click or a sync brings later', async () => {
    await facts.fresh();
    await pays(1);
    await pays(9, { campaignId: facts.shop.objects.get('c2') ?? null });
    const id = clickIdAt(T0);
    const open = { amount: null, currency: null };
    await addPostback(db, facts.shop, { ...open, atMs: T0 + 1, clickId: id, senderIds: { ad: 'a1' } });
    await facts.drain();
    expect(await values()).toEqual([1e6]);
    await addClick(db, facts.shop, { atMs: T0, id, ad: 'a3' });
    await facts.drain();
    expect(await facts.conversions()).toMatchObject([
      { value_micros: 9e6, campaign_id: facts.shop.objects.get('c2') },
    ]);
    await addPostback(db, facts.shop, { ...open, atMs: T0 + 2, senderIds: { campaign: 'name of c2' } });
    await facts.drain();
    expect(await values()).toEqual([9e6, 9e6]);
    expect(await totalsThatDiffer(db)).toEqual([]);
  });
});

function bidloop(...args: string[]): Promise<{ readonly code: number; readonly text: string }> {
  const env = { ...process.env, DATABASE_URL: database.url };
  return new Promise((resolve) => {
    execFile(process.execPath, [MAIN, ...args], { env }, (error, out, err) =>
      resolve({ code: error === null ? 0 : Number(error.code), text: out + err }),
    );
  });
}

describe('the payout command', () => {
  const add = (...args: readonly string[]) => bidloop('payout', 'add', ...args, '--workspace', 'payouts');
  beforeAll(async () => {
    const shop = await facts.fresh({ name: 'payouts' });
    await addObject(db, shop, { level: 'campaign', networkId: 'c9' });
  });

  it('adds a line and says what it pays, from when on', async () => {
    const { text } = await add('4.20', 'usd', '--event', 'lead', '--country', 'de', '--from', '2026-03-01');
    expect(text).toMatch(/^Payout \d+: lead pays .*4\.20.*, DE, from 2026-03-01T00:00:00Z\./);
  });

  it('replaces the amount of a line about the same', async () => {
    const { text } = await add('5', 'USD', '--event', 'lead', '--country', 'DE', '--from', '2026-03-01');
    expect(text).toContain('It replaces');
  });

  it('lists and removes lines', async () => {
    await add('6', 'EUR', '--campaign', 'name of c9', '--from', '2026-03-01');
    const listed = JSON.parse((await bidloop('--json', 'payout', 'list')).text) as {
      id: number;
      workspace: string;
    }[];
    const own = listed.filter((line) => line.workspace === 'payouts');
    expect(own).toMatchObject([
      { event: 'lead', country: 'DE', micros: 5e6, currency: 'USD' },
      { event: null, campaign: 'name of c9', micros: 6e6, currency: 'EUR' },
    ]);
    expect((await bidloop('payout', 'remove', `${own[0]?.id}`)).text).toContain('is removed');
    expect(await bidloop('payout', 'remove', `${own[0]?.id}`)).toMatchObject({ code: 1 });
  });

  it.each([
    [['x', 'USD'], '"x" is no amount'],
    [['1', 'EURO'], 'no ISO 4217 currency'],
    [['1', 'USD', '--country', 'Germany'], 'is no country'],
    [['1', 'USD', '--from', '2026-02-31'], 'is no date'],
    [['1', 'USD', '--campaign', 'name of c8'], 'did you mean "name of c'],
    [['1', 'USD', '--link', 'shoos'], 'there is no link "shoos"'],
  ])('refuses %j and says what is right', async (args, problem) => {
    const answer = await add(...args);
    expect(answer.code).toBeGreaterThan(0);
    expect(answer.text).toContain(problem);
  });
});
