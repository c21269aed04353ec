import { createHash } from 'node:crypto';
import fc from 'fast-check';
import { sql } from 'kysely';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type InstallReport, oneInstall } from '../../src/core/attribution-same-install.ts';
import type { Db } from '../../src/db/connection.ts';
import { putBack, keepOut } from '../../src/db/fraud-apply.ts';
import { testDatabase, type TestDatabase } from '../support/database.ts';
import {
  addClick,
  addPostback,
  clickIdAt,
  type PostbackFacts,
  type SeededAccount,
  T0,
  totalsThatDiffer,
} from '../support/ingest-facts.ts';
import { IngestFixture } from '../support/ingest-fixture.ts';
import { runs } from '../support/property-runs.ts';

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
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

/** The shop with another sender beside its own. */
async function sender(shop: SeededAccount, name: string): Promise<SeededAccount> {
  const sourceId = `${shop.workspaceId}-${name}`;
  await sql`
    insert into source (id, workspace_id, profile, name, settings, created_at)
    select ${sourceId}, workspace_id, profile, ${name}, settings, created_at from source where id = ${shop.sourceId}
    on conflict do nothing`.execute(db);
  return { ...shop, sourceId };
}

const install = (own: PostbackFacts): PostbackFacts => ({ event: 'install', eventType: 'install', ...own });

async function told() {
  const { rows } = await sql<{ source: string; outcome: string; reason: string | null; detail: string }>`
    select source_id as source, outcome, reason, detail from postback
    where workspace_id = ${facts.shop.workspaceId} order by received_at, id`.execute(db);
  return rows;
}

async function installsOf(ad: string): Promise<number> {
  const { rows } = await sql<{ n: number }>`
    select coalesce(max(conversions), 0)::int as n from event_day
    where object_id = ${facts.shop.objects.get(ad) ?? 0} and event = 'install'`.execute(db);
  return rows[0]?.n ?? 0;
}

describe('an install that two senders report', () => {
  it('counts once, and the other report says whose repeat it is', async () => {
    const shop = await facts.fresh();
    const mmp = await sender(shop, 'mmp');
    const clickId = await addClick(db, shop, { atMs: T0, ad: 'a1', deviceId: 'd' });
    await addPostback(db, shop, install({ atMs: T0 + HOUR, clickId, key: 'tracker' }));
    const device = { deviceId: 'd', eventAtMs: T0 + HOUR + 20_000, senderIds: { ad: 'a2' } };
    await addPostback(db, mmp, install({ ...device, atMs: T0 + HOUR + MINUTE, key: 'mmp' }));
    await facts.drain();
    expect(await installsOf('a1')).toBe(1);
    expect(await installsOf('a2')).toBe(0);
    const [first, second] = await told();
    expect(first).toMatchObject({ outcome: 'counted', reason: null });
    expect(second).toMatchObject({ outcome: 'duplicate', reason: 'same_install' });
    expect(second?.detail).toBe(
      `the same install as from source "${shop.sourceId}", of the same click, dated 20 s apart; ` +
        'Meta ad name of a1 drove install mmp 60 min after the click, matched by device; the sender names Meta ad name of a2 instead',
    );
    expect(await totalsThatDiffer(db)).toEqual([]);
  });

  it('is counted by the report that knows the click, though it comes second, with what followed the first', async () => {
    const shop = await facts.fresh();
    const mmp = await sender(shop, 'mmp');
    const clickId = await addClick(db, shop, { atMs: T0, ad: 'a1' });
    const device = { deviceId: 'd', senderIds: { ad: 'a2' } };
    await addPostback(db, mmp, install({ ...device, atMs: T0 + HOUR, eventAtMs: T0 + HOUR, key: 'mmp' }));
    const bought = { atMs: T0 + DAY, eventAtMs: T0 + DAY, deviceId: 'd', amount: 9 };
    await addPostback(db, mmp, { ...bought, key: 'p1' });
    await facts.drain();
    expect([await installsOf('a1'), await installsOf('a2')]).toEqual([0, 1]);
    await addPostback(
      db,
      shop,
      install({ atMs: T0 + DAY + 1, eventAtMs: T0 + HOUR, clickId, deviceId: 'd', key: 'tracker' }),
    );
    await addPostback(db, mmp, { ...bought, atMs: T0 + DAY + 2, key: 'p2' });
    await facts.drain();
    expect([await installsOf('a1'), await installsOf('a2')]).toEqual([1, 0]);
    const rows = await facts.conversions();
    const counts = rows.find(({ txid }) => txid === 'tracker');
    expect(rows.filter(({ event }) => event === 'purchase')).toMatchObject([
      { object_id: shop.objects.get('a1'), follows_id: counts?.id },
      { object_id: shop.objects.get('a1'), follows_id: counts?.id },
    ]);
    expect(rows.find(({ txid }) => txid === 'mmp')).toMatchObject({
      counted: false,
      excluded: 'same_install',
      same_as_id: counts?.id,
    });
    expect((await told())[0]).toMatchObject({ outcome: 'duplicate', reason: 'same_install' });
    expect(await totalsThatDiffer(db)).toEqual([]);
  });

  it('stays one when a person releases what was kept out', async () => {
    const shop = await facts.fresh();
    const mmp = await sender(shop, 'mmp');
    const clickId = await addClick(db, shop, { atMs: T0, ad: 'a1' });
    await addPostback(db, shop, install({ atMs: T0 + 1, clickId, key: 'tracker' }));
    await addPostback(db, mmp, install({ atMs: T0 + 2, clickId, key: 'mmp' }));
    await facts.drain();
    const repeat = (await facts.conversions()).find(({ same_as_id: same }) => same !== null);
    const where = { workspaceId: shop.workspaceId, nowMs: T0 + DAY, wallMs: T0 + DAY };
    const id = repeat?.id ?? '';
    expect(await keepOut(db, where, [{ id, treatment: 'exclude', text: 'odd' }])).toBe(1);
    expect(await putBack(db, where, [id])).toBe(1);
    expect(await installsOf('a1')).toBe(1);
    expect((await told())[1]).toMatchObject({ outcome: 'duplicate', reason: 'same_install' });
    expect(await totalsThatDiffer(db)).toEqual([]);
  });
});

const CLICKS = 3;

/** Three installs of people of their own, told of by three senders; clicks and reports arrive in any order, in any batches. */
const world = fc
  .record({
    told: fc.uniqueArray(
      fc.record({
        install: fc.nat(CLICKS - 1),
        source: fc.nat(2),
        device: fc.boolean(),
        user: fc.nat(3).map((n) => n === 0),
        click: fc.boolean(),
        senderAd: fc.boolean(),
        offSeconds: fc.nat(25),
      }),
      { minLength: 3, maxLength: 8, selector: ({ install: of, source }) => `${of} ${source}` },
    ),
    clickHasDevice: fc.boolean(),
  })
  .chain((one) => {
    const size = CLICKS + one.told.length;
    return fc.record({
      told: fc.constant(one.told),
      clickHasDevice: fc.constant(one.clickHasDevice),
      order: fc.shuffledSubarray(
        Array.from({ length: size }, (_, i) => i),
        { minLength: size },
      ),
      drains: fc.array(fc.nat(2), { minLength: size, maxLength: size }),
    });
  });

describe('any installs by any senders in any order', () => {
  it('count as often as oneInstall() says of all reports, on the ad of the surest', async () => {
    let repeats = 0;
    await fc.assert(
      fc.asyncProperty(world, async ({ told: list, clickHasDevice, order, drains }) => {
        const shop = await facts.fresh();
        const clickedAt = (n: number): number => T0 + n * 3 * HOUR;
        const ids = Array.from({ length: CLICKS }, (_, n) => clickIdAt(clickedAt(n)));
        const userOf = (n: number): Buffer =>
          createHash('sha256').update(`${shop.workspaceId} ${n}`).digest();
        const deviceOf = (n: number): string => `${shop.workspaceId} device ${n}`;
        for (const [step, number] of order.entries()) {
          const one = list[number - CLICKS];
          if (number < CLICKS) {
            await addClick(db, shop, {
              atMs: clickedAt(number),
              id: ids[number] ?? '',
              ad: `a${number + 1}`,
              deviceId: clickHasDevice ? deviceOf(number) : null,
            });
          } else if (one) {
            await addPostback(
              db,
              await sender(shop, `sender-${one.source}`),
              install({
                atMs: T0 + DAY + step,
                eventAtMs: clickedAt(one.install) + HOUR + one.offSeconds * 1000,
                clickId: one.click ? (ids[one.install] ?? '') : null,
                deviceId: one.device ? deviceOf(one.install) : null,
                userHash: one.user ? userOf(one.install) : null,
                senderIds: one.senderAd ? { ad: `a${one.install + 1}` } : null,
                key: `${one.install} ${one.source}`,
              }),
            );
          }
          if (drains[step] === 0) await facts.drain(2);
        }
        for (let turn = 0; turn < 8; turn += 1) await facts.drain(3);

        const rows = await facts.conversions();
        const reports = rows.map((row): InstallReport => ({
          id: row.id,
          sourceId: row.source_id,
          deviceId: row.device_id,
          user: row.user_hash?.toString('hex') ?? null,
          clickIds: row.click_id === null ? [] : [row.click_id],
          atMs: row.event_at.getTime(),
          dated: true,
          receivedAtMs: row.received_at.getTime(),
          match: row.attributed_by === null ? null : row.match,
          viewThrough: row.view_through,
          sameAsId: null,
        }));
        const wanted = oneInstall(reports);
        const got = rows.map((row) => [row.txid, row.same_as_id, row.excluded]);
        expect(got).toEqual(
          rows.map((row) => {
            const same = wanted.get(row.id)?.id ?? null;
            return [row.txid, same, same === null ? null : 'same_install'];
          }),
        );
        repeats += rows.filter((row) => row.same_as_id !== null).length;
        for (const ad of ['a1', 'a2', 'a3']) {
          const counting = rows.filter(
            (row) =>
              row.same_as_id === null && row.attributed_by !== null && row.object_id === shop.objects.get(ad),
          );
          expect(await installsOf(ad)).toBe(counting.length);
        }
        const outcomes = new Map((await told()).map((one, i) => [i, one]));
        for (const [index, row] of rows.entries())
          expect(outcomes.get(index)?.reason === 'same_install').toBe(row.same_as_id !== null);
        expect(await totalsThatDiffer(db)).toEqual([]);
      }),
      { numRuns: runs(25) },
    );
    expect(repeats).toBeGreaterThan(10);
  });
});
