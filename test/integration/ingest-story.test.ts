import { sql } from 'kysely';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Db } from '../../src/db/connection.ts';
import { resolveLateObjects } from '../../src/db/ingest/resolve-late-objects.ts';
import { testDatabase, type TestDatabase } from '../support/database.ts';
import {
  addClick,
  addObject,
  addPostback,
  type SeededAccount,
  T0,
  totalsThatDiffer,
} from '../support/ingest-facts.ts';
import { IngestFixture } from '../support/ingest-fixture.ts';

const HOUR = 3_600_000;
const DAY = 24 * HOUR;
const TRIAL = T0 + 3 * HOUR;
const PAID = TRIAL + 29 * DAY;

let database: TestDatabase;
let db: Db;
let facts: IngestFixture;

beforeAll(async () => {
  database = await testDatabase();
  db = database.db;
  facts = new IngestFixture(db);
});
afterAll(() => database.drop());

/** A second account beside the shop's, of a network for native ads. */
async function nativeAccount(shop: SeededAccount): Promise<SeededAccount> {
  const accountId = `${shop.workspaceId}-native`;
  await sql`
    insert into ad_account (id, workspace_id, network, network_account_id, name, currency, time_zone, created_at)
    select ${accountId}, workspace_id, 'taboola', 'native', 'native', currency, time_zone, created_at
    from ad_account where id = ${shop.accountId}`.execute(db);
  const native = { ...shop, accountId, objects: new Map() };
  await addObject(db, native, { level: 'campaign', networkId: 'n' });
  await addObject(db, native, { level: 'ad', networkId: 'yoga', campaign: 'n' });
  return native;
}

/** Everything that is summed of an ad, by event and type. */
async function sums(objectId: number | undefined) {
  const { rows } = await sql<{ what: string; conversions: number; value: number }>`
    select distinct on (event, event_type) event || '/' || event_type as what, conversions::int,
           value_micros::float8 / 1e6 as value
    from event_day where object_id = ${objectId ?? 0} order by event, event_type, day desc`.execute(db);
  return rows;
}

describe('a trial at $0 and a payment 29 days later, with default settings', () => {
  it('are both on the ad that brought the user, native and social, and a re-engagement between is kept apart', async () => {
    const shop = await facts.fresh();
    const native = await nativeAccount(shop);
    // The native one is known by its click id, as a shop's backend sends it.
    const clicked = await addClick(db, native, { atMs: T0, ad: 'yoga', network: 'taboola', deviceId: 'd1' });
    const trial = { event: 'trial_start', amount: 0 };
    await addPostback(db, shop, { ...trial, atMs: TRIAL, clickId: clicked, deviceId: 'd1', key: 't1' });
    // The social one by its device alone, as a measurement partner does.
    await addClick(db, shop, { atMs: T0 + HOUR, ad: 'a1', deviceId: 'd2' });
    await addPostback(db, shop, { ...trial, atMs: TRIAL + HOUR, deviceId: 'd2', key: 't2' });
    await facts.drain();

    // Day 20: both come back for a retargeting ad.
    for (const deviceId of ['d1', 'd2'])
      await addClick(db, shop, { atMs: T0 + 20 * DAY, ad: 'a3', deviceId, retargeting: true });
    const back = { atMs: T0 + 20 * DAY + HOUR, amount: null };
    await addPostback(db, shop, { ...back, event: 'open', eventType: 're-engagement', deviceId: 'd1' });
    await addPostback(db, shop, {
      ...back,
      event: 'install',
      eventType: 'install',
      deviceId: 'd2',
      reEngagement: true,
    });
    await facts.drain();

    const paid = { event: 'purchase', amount: 13.99 };
    await addPostback(db, shop, { ...paid, atMs: PAID, clickId: clicked, deviceId: 'd1', key: 'p1' });
    await addPostback(db, shop, { ...paid, atMs: PAID + HOUR, deviceId: 'd2', key: 'p2' });
    await facts.drain();

    expect(await sums(native.objects.get('yoga'))).toEqual([
      { what: 'purchase/event', conversions: 1, value: 13.99 },
      { what: 'trial_start/event', conversions: 1, value: 0 },
    ]);
    expect(await sums(shop.objects.get('a1'))).toEqual([
      { what: 'purchase/event', conversions: 1, value: 13.99 },
      { what: 'trial_start/event', conversions: 1, value: 0 },
    ]);
    // Nothing here by which an install could be counted.
    expect(await sums(shop.objects.get('a3'))).toEqual([
      { what: 'open/re-engagement', conversions: 1, value: 0 },
      { what: 're-attribution/re-attribution', conversions: 1, value: 0 },
    ]);
    const rows = new Map((await facts.conversions()).map((row) => [row.txid, row]));
    expect(rows.get('p1')?.attribution).toBe(
      'Taboola ad name of yoga drove purchase p1 29 days after the click',
    );
    expect(rows.get('p2')).toMatchObject({
      follows_id: rows.get('t2')?.id,
      match: 'follows',
      retargeting: false,
      attribution: 'Meta ad name of a1 drove purchase p2: it follows the trial_start credited there',
    });
    expect(rows.get('p2')?.losers).toMatchObject([
      { reason: 'retargeting_apart', objectId: shop.objects.get('a3') },
      { reason: 'earlier_credit', objectId: shop.objects.get('a1') },
    ]);
    expect((await facts.conversions()).filter((row) => row.retargeting)).toHaveLength(2);
    expect(await totalsThatDiffer(db)).toEqual([]);
  });

  it('keeps a view apart from clicks, in sums that a rule can leave out', async () => {
    const shop = await facts.fresh();
    await addClick(db, shop, { atMs: T0, ad: 'a1', deviceId: 'v', kind: 'view' });
    await addPostback(db, shop, { atMs: T0 + HOUR, deviceId: 'v', amount: 5, key: 'seen' });
    await facts.drain();
    expect(await sums(shop.objects.get('a1'))).toEqual([
      { what: 'purchase/view-through', conversions: 1, value: 5 },
    ]);
    expect(await facts.conversions()).toMatchObject([
      {
        view_through: true,
        attribution: expect.stringContaining('60 min after a view, without a click') as unknown,
      },
    ]);
    // A click that was stored late takes it over.
    await addClick(db, shop, { atMs: T0 - DAY, ad: 'a2', deviceId: 'v' });
    await facts.drain();
    expect(await sums(shop.objects.get('a2'))).toEqual([
      { what: 'purchase/event', conversions: 1, value: 5 },
    ]);
    expect(await sums(shop.objects.get('a1'))).toEqual([
      { what: 'purchase/view-through', conversions: 0, value: 0 },
    ]);
    expect(await totalsThatDiffer(db)).toEqual([]);
  });
});

describe('payments of one click', () => {
  it('count as conversions of their event with their money, and say what they follow, in any order of arrival', async () => {
    const shop = await facts.fresh();
    const clickId = await addClick(db, shop, { atMs: T0, ad: 'a1' });
    const pay = (key: string, atMs: number, amount: number, event = 'purchase') =>
      addPostback(db, shop, { atMs: atMs + HOUR, eventAtMs: atMs, clickId, event, amount, key });
    await pay('renewal', PAID + 30 * DAY, 13.99);
    await facts.drain();
    await pay('trial', TRIAL, 0, 'trial_start');
    await pay('warranty', PAID + HOUR, 4, 'warranty');
    await pay('paid', PAID, 13.99);
    await facts.drain();
    const rows = await facts.conversions();
    const of = (txid: string) => rows.find((row) => row.txid === txid);
    expect(
      ['trial', 'paid', 'warranty', 'renewal'].map((txid) => [
        of(txid)?.relation,
        rows.find(({ id }) => id === of(txid)?.relation_of_id)?.txid ?? null,
      ]),
    ).toEqual([
      [null, null],
      ['payment_after_trial', 'trial'],
      ['upsell', 'paid'],
      ['rebill', 'paid'],
    ]);
    // The payment counts beside its renewal although that was there before; both are after the window of the click.
    expect(await sums(shop.objects.get('a1'))).toEqual([
      { what: 'purchase/event', conversions: 2, value: 27.98 },
      { what: 'trial_start/event', conversions: 1, value: 0 },
      { what: 'warranty/event', conversions: 1, value: 4 },
    ]);
    const { rows: changes } = await sql<{ txid: string; counted: number; value: number }>`
      select c.txid, sum(x.counted_delta)::int as counted, sum(x.value_delta_micros)::float8 / 1e6 as value
      from conversion_change x join conversion c on c.id = x.conversion_id
      where c.workspace_id = ${shop.workspaceId} group by c.txid order by c.txid`.execute(db);
    expect(changes).toEqual([
      { txid: 'paid', counted: 1, value: 13.99 },
      { txid: 'renewal', counted: 1, value: 13.99 },
      { txid: 'trial', counted: 1, value: 0 },
      { txid: 'warranty', counted: 1, value: 4 },
    ]);
    expect(await totalsThatDiffer(db)).toEqual([]);
  });
});

describe('what only names tell', () => {
  it('is credited by the name, also when a sync brings it later, and by none where two are called so', async () => {
    const shop = await facts.fresh();
    const named = (ad: string) => ({ atMs: T0, senderIds: { campaign: 'name of c1', ad } });
    await addPostback(db, shop, { ...named('name of a2'), key: 'known' });
    await addPostback(db, shop, { ...named('to come'), key: 'later' });
    await facts.drain();
    const where = async () =>
      new Map((await facts.conversions()).map((row) => [row.txid, [row.attributed_by, row.object_id]]));
    expect(await where()).toEqual(
      new Map([
        ['known', ['sender', shop.objects.get('a2')]],
        ['later', ['sender', shop.objects.get('c1')]],
      ]),
    );
    const ad = await addObject(db, shop, { level: 'ad', networkId: 'x1', campaign: 'c1', adset: 's1' });
    await db.updateTable('object').set({ name: 'to come' }).where('id', '=', ad).execute();
    await db.transaction().execute((trx) => resolveLateObjects(trx, shop.accountId));
    expect((await where()).get('later')).toEqual(['sender', ad]);
    await db
      .updateTable('object')
      .set({ name: 'to come' })
      .where('id', '=', shop.objects.get('a1') ?? ad)
      .execute();
    await addPostback(db, shop, { ...named('to come'), atMs: T0 + 1, key: 'twice' });
    await facts.drain();
    expect((await where()).get('twice')).toEqual(['sender', shop.objects.get('c1')]);
    expect(await totalsThatDiffer(db)).toEqual([]);
  });
});
