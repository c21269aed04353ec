import { sql } from 'kysely';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { countBetween, ctitHistogram } from '../../src/core/fraud/ctit-histogram.ts';
import { sourceReport } from '../../src/core/fraud/source-report.ts';
import type { Db } from '../../src/db/connection.ts';
import type { Grouping } from '../../src/contract/fraud-settings.ts';
import { loadFraudCounts } from '../../src/db/fraud-counts.ts';
import { type Cli, testCli } from '../support/cli.ts';
import { testDatabase, type TestDatabase } from '../support/database.ts';
import { addCampaign, floodedTimes, healthyTimes, injectedTimes, stream } from '../support/fraud-facts.ts';
import { addClick, addPostback, type SeededAccount, seedAccount, T0 } from '../support/ingest-facts.ts';
import { IngestFixture } from '../support/ingest-fixture.ts';

const DAY = 86_400_000;
const NOW = T0 + 10 * DAY;
const HONEST = ['h1', 'h2', 'h3', 'h4', 'h5', 'h6', 'h7', 'h8'];

let database: TestDatabase;
let cli: Cli;
let db: Db;
let shop: SeededAccount;

beforeAll(async () => {
  database = await testDatabase();
  cli = testCli(database.url);
  db = database.db;
  shop = await seedAccount(db, { name: 'shop' });
  // The shop's clock stands ten days after everything began.
  await db
    .updateTable('workspace')
    .set({ clock_stopped_at: new Date(NOW) })
    .execute();
  const random = stream(7);
  for (const [index, name] of HONEST.entries()) {
    const times = healthyTimes(random, 200, 300 + 40 * index);
    await addCampaign(db, shop, { name, times, clicks: 8_000, placement: `p-${name}` }, NOW - DAY);
  }
  const injected = { name: 'injecting', times: injectedTimes(random, 200), clicks: 8_000, deviceId: 'farm' };
  const flooding = { name: 'flooding', times: floodedTimes(random, 200), clicks: 400_000 };
  await addCampaign(db, shop, { ...injected, placement: 'p-inject' }, NOW - DAY);
  await addCampaign(db, shop, { ...flooding, placement: 'p-flood' }, NOW - DAY);
  await addCampaign(db, shop, { name: 'young', times: healthyTimes(random, 12), clicks: 500 }, NOW - DAY);
});
afterAll(async () => {
  cli.remove();
  await database.drop();
});

const counts = (by: Grouping, more: { event?: string; fromMs?: number; accountId?: string } = {}) =>
  loadFraudCounts(db, {
    workspaceId: shop.workspaceId,
    accountId: more.accountId ?? null,
    event: more.event ?? null,
    by,
    fromMs: more.fromMs ?? NOW - 30 * DAY,
    toMs: NOW,
  });

async function bidloop(...args: string[]): Promise<{ readonly code: number; readonly text: string }> {
  const { code, out, err } = await cli.run(args);
  return { code, text: out + err };
}

describe('the source report over the database', () => {
  it('has the injecting and the flooding campaign first, and calls no honest one', async () => {
    const rows = sourceReport(await counts('campaign'));
    const called = rows.filter((row) => row.patterns.some((found) => found.failing));
    expect(called.map((row) => row.source).toSorted()).toEqual(['name of flooding', 'name of injecting']);
    expect(rows.slice(0, 2).map((row) => row.source)).toEqual(
      expect.arrayContaining(called.map((row) => row.source)),
    );
    const failing = (name: string) =>
      rows
        .find((row) => row.source === name)
        ?.patterns.flatMap((found) => (found.failing ? [found.pattern] : []));
    expect(failing('name of injecting')).toEqual(['injection']);
    expect(failing('name of flooding')).toEqual(['late_flat_tail', 'clicks_per_install']);
    expect(rows.find((row) => row.source === 'name of flooding')?.mayExclude).toBe(true);
    expect(rows.find((row) => row.source === 'name of young')?.text).toContain('not judged, 12 installs');
  });

  it('puts each time into the bin that the core would', async () => {
    const rows = await db
      .selectFrom('conversion')
      .innerJoin('object', 'object.id', 'conversion.campaign_id')
      .select(['object.name', 'clicked_at', 'event_at'])
      .execute();
    const found = await counts('campaign');
    expect(found).toHaveLength(HONEST.length + 3);
    for (const one of found) {
      const times = rows
        .filter((row) => row.name === one.source)
        .map((row) => (row.event_at.getTime() - (row.clicked_at?.getTime() ?? NaN)) / 1000);
      expect(one.histogram).toEqual(ctitHistogram(times));
    }
  });

  it('counts what repeats, and clicks of the same stretch only', async () => {
    const found = await counts('campaign');
    const of = (name: string) => found.find((one) => one.source === `name of ${name}`);
    expect(of('injecting')).toMatchObject({ ofRepeatedDevices: 200, clicks: 8_000 });
    expect(of('h1')).toMatchObject({ ofRepeatedDevices: 0 });
    const later = await counts('campaign', { fromMs: NOW - DAY / 2 });
    expect(later).toEqual([]);
  });

  it('sources and placements are told apart as asked; sites where postbacks name none are not', async () => {
    // All of the account's clicks, to be shown; nothing is compared by them.
    const visits = 8_000 * (HONEST.length + 1) + 400_000 + 500;
    expect(
      (await counts('source')).map((one) => [one.source, one.clicks, one.clicksSeen, one.clicksShared]),
    ).toEqual([['shop-source', null, visits, true]]);
    const placements = await counts('placement');
    expect(placements.map((one) => one.source)).toContain('p-flood');
    expect(placements.every((one) => one.clicks === null)).toBe(true);
    expect(await counts('site')).toEqual([]);
    expect(await counts('campaign', { accountId: 'another' })).toEqual([]);
  });

  it('reads sites, rejections and addresses of real postbacks, and leaves tests out', async () => {
    const facts = new IngestFixture(db);
    const other = await facts.fresh();
    for (let n = 0; n < 6; n += 1) {
      const clickId = await addClick(db, other, { atMs: T0 + n, ad: 'a1' });
      await sql`update click set ip_hash = ${Buffer.alloc(16, n < 4 ? 1 : n)}, placement = 'feed',
        params = ${JSON.stringify(n < 4 ? { zoneid: 'zone-1' } : {})} where id = ${clickId}`.execute(db);
      const id = await addPostback(db, other, {
        atMs: T0 + 60_000 + n,
        clickId,
        eventType: 'install',
        event: 'install',
        status: n === 0 ? 'rejected' : 'approved',
        key: `k${n}`,
        test: n === 5,
      });
      await sql`update postback set site = 'zone-1' where id = ${id}`.execute(db);
    }
    await facts.drain();
    const [site, ...others] = await loadFraudCounts(db, {
      workspaceId: other.workspaceId,
      accountId: null,
      event: null,
      by: 'site',
      fromMs: T0 - DAY,
      toMs: NOW,
    });
    expect(others).toEqual([]);
    expect(site).toMatchObject({
      source: 'zone-1',
      rejected: 1,
      ofOneAddress: 4,
      withAddress: 5,
      clicks: 4,
      clicksSeen: 4,
      clicksShared: false,
    });
    expect(countBetween(site?.histogram ?? [], 0)).toBe(4);
    const placements = await loadFraudCounts(db, {
      workspaceId: other.workspaceId,
      accountId: other.accountId,
      event: 'install',
      by: 'placement',
      fromMs: T0 - DAY,
      toMs: NOW,
    });
    expect(placements).toMatchObject([{ source: 'feed', clicks: 6, rejected: 1 }]);
  });
});

describe('fraud report', () => {
  it('tells a person which sources stand out, with their times beside the others’', async () => {
    const { code, text } = await bidloop('fraud', 'report', '--by', 'campaign', '--workspace', 'shop');
    expect(code).toBe(0);
    expect(text).toContain('install of the last 30d by campaign: 2 of 11 stand out.');
    expect(text).toMatch(/name of injecting: \d+ of 200 installs \(3\d %\) came within 10 s of the click/);
    expect(text).toContain('two patterns fail: a policy may keep its conversions out');
    expect(text).toContain('200 on devices that repeat');
    expect(text).toMatch(/ {3}under 10 s +3\d % +\d+ %/);
    expect(text).toContain('8 with nothing unusual.');
    expect(text).toContain('1 not judged');
    for (const name of HONEST) expect(text).not.toContain(`name of ${name}:`);
    expect(text).toMatch(/^campaign +clicks +conversions +CVR +rejected$/m);
    expect(text).toMatch(/^name of h1 +8000 +200 +2\.50 % +0$/m);
    const bySource = await bidloop('fraud', 'report', '--workspace', 'shop');
    expect(bySource.text).toMatch(/^shop-source +472500 +2012 +0\.43 % +0$/m);
    expect(bySource.text).toContain("Clicks are all of the account's");
  });

  it('gives the histogram to programs', async () => {
    const { text } = await bidloop('--json', 'fraud', 'report', '--by', 'campaign', '--workspace', 'shop');
    const rows = JSON.parse(text) as {
      source: string;
      rank: number;
      histogram: { label: string; installs: number }[];
      conversionRate: number;
    }[];
    expect(rows.map((row) => row.rank)).toEqual(rows.map((_, at) => at + 1));
    expect(rows[0]?.histogram[4]?.label).toBe('5 s to 10 s');
    expect(rows.find((row) => row.source === 'name of h1')?.conversionRate).toBeCloseTo(0.025, 10);
    expect(rows[0]?.histogram.reduce((sum, bin) => sum + bin.installs, 0)).toBe(200);
  });

  it.each([
    [['--by', 'campain'], 2, 'did you mean "campaign"?'],
    [['--since', 'long'], 2, '--since'],
    [['--account', 'nobody'], 1, 'there is no ad account "nobody"'],
    [
      ['--workspace', 'shop', '--event', 'purchase'],
      0,
      'There is no purchase with a source in the last 30d. There are: install.',
    ],
  ])('%j is answered with what is right', async (args, code, answer) => {
    const said = await bidloop('fraud', 'report', ...args);
    expect(said.code).toBe(code);
    expect(said.text).toContain(answer);
  });
});
