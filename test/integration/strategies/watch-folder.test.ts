import { mkdir, mkdtemp, rename, rm, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { sql } from 'kysely';
import { afterAll, afterEach, beforeAll, beforeEach, expect, test, vi } from 'vitest';
import type { ObjectId } from '../../../src/core/object.ts';
import { listStrategies, loadCurrentStrategies } from '../../../src/db/strategy.ts';
import { previewStrategy } from '../../../src/strategies/preview.ts';
import {
  type FileReport,
  type StrategyWatch,
  watchStrategies,
} from '../../../src/strategies/watch-folder.ts';
import { testDatabase, type TestDatabase } from '../../support/database.ts';
import { usd } from '../../support/evidence.ts';
import { seedAccount, type SeededAccount, seedObject } from '../../support/seed-account.ts';

let database: TestDatabase;
let account: SeededAccount;
let dir: string;
let watch: StrategyWatch | undefined;
let reports: FileReport[];

beforeAll(async () => {
  database = await testDatabase();
});
afterAll(() => database.drop());
beforeEach(async () => {
  // One workspace at a time: a file at the top belongs to the only one.
  await sql`truncate workspace cascade`.execute(database.db);
  account = await seedAccount(database.db);
  dir = await mkdtemp(path.join(os.tmpdir(), 'bidloop-strategies-'));
  reports = [];
});
afterEach(async () => {
  await watch?.close();
  watch = undefined;
  await rm(dir, { recursive: true, force: true });
});

function text(name: string, when = 'spend("today") > 30'): string {
  return `version: 1\nstrategy: ${name}\nscope: { level: adset }\ntarget: { event: purchase }\nmode: live\nrules:\n  - { name: one, when: '${when}', then: { pause: true } }\n`;
}

const put = (file: string, content: string) => writeFile(path.join(dir, file), content);

async function start(): Promise<void> {
  watch = watchStrategies(dir, {
    db: database.db,
    nowMs: async () => account.nowMs,
    report: (report) => reports.push(report),
    preview: async (workspaceId, strategy) =>
      (
        await previewStrategy(database.db, {
          workspaceId,
          strategy,
          nowMs: account.nowMs,
          moneyStepMicros: () => usd(0.01),
        })
      ).sentence,
  });
  await watch.ready;
}

/** The next report of a kind, which must come within the two seconds that are promised. */
async function told(kind: FileReport['kind'], file: string): Promise<FileReport> {
  return await vi.waitFor(
    () => {
      const found = reports.find((report) => report.kind === kind && report.file === file);
      if (found === undefined)
        throw new Error(
          `not told of ${kind} ${file}: ${JSON.stringify(reports.map((report) => [report.kind, report.text]))}`,
        );
      return found;
    },
    { timeout: 2_000, interval: 20 },
  );
}

const inForce = async () =>
  (await listStrategies(database.db, account.workspaceId)).map((row) => `${row.name} ${row.version}`);

async function seedSpend(objectId: ObjectId, dollars: number): Promise<void> {
  await database.db
    .insertInto('spend_hour')
    .values({
      account_id: account.accountId,
      object_id: objectId,
      hour: new Date(account.asOfMs - 3_600_000),
      spend_micros: usd(dollars),
      impressions: 100,
      clicks: 10,
      reported_at: new Date(account.asOfMs),
    })
    .execute();
  await database.db
    .insertInto('object_day')
    .values({
      account_id: account.accountId,
      object_id: objectId,
      day: '2026-11-10',
      last_fact: '2026-11-10',
      spend_micros: usd(dollars),
      impressions: 100,
      clicks: 10,
      visits: 0,
    })
    .execute();
}

test.each(['no/such/folder', 'file'])(
  'a folder that cannot be one (%s) is told, not waited for',
  async (wrong) => {
    await put('file', '');
    const folder = dir;
    dir = path.join(folder, wrong);
    await start();
    expect((await told('failed', dir)).text).toMatch(/cannot be read.*\n.*BIDLOOP_STRATEGIES_DIR/);
    dir = folder;
  },
);

test('what is there is loaded, and says what it would do', async () => {
  const spends: [string, number][] = [
    ['Yoga A', 12],
    ['Zen C', 26],
    ['Zen D', 62],
    ['Yoga Broad', 31],
  ];
  for (const [name, dollars] of spends) {
    await seedSpend(
      await seedObject(database.db, account, { level: 'adset', networkId: `n-${name}`, name }),
      dollars,
    );
  }
  await put('stop.yaml', text('stop'));
  await start();
  expect((await told('loaded', 'stop.yaml')).text).toBe(
    'stop.yaml: "stop" loaded, version 1, live: would pause 2 of 4 ad sets now (Zen D, Yoga Broad), 2 stay; nearest: Zen C, spend today $26.00, $4.00 short of $30.00',
  );
  expect(await inForce()).toEqual(['stop 1']);
});

test('a saved file is in force within two seconds', async () => {
  await start();
  await put('new.yaml', text('new'));
  await told('loaded', 'new.yaml');
  reports = [];
  await put('new.yaml', text('new', 'spend("today") > 40'));
  expect((await told('loaded', 'new.yaml')).text).toContain('version 2');
  expect(await inForce()).toEqual(['new 2']);
});

test('a mistake keeps the old version running and says so, with its place', async () => {
  await put('stop.yaml', text('stop'));
  await start();
  await put('stop.yaml', text('stop', 'spnd("today") > 40'));
  const { text: said } = await told('refused', 'stop.yaml');
  expect(said).toContain('stop.yaml:7:25: there is no metric or function spnd');
  expect(said).toContain('did you mean spend?');
  expect(said).toContain('the last good version of "stop" keeps running');
  expect(await inForce()).toEqual(['stop 1']);
  await put('other.yaml', 'version: 1\n');
  expect((await told('refused', 'other.yaml')).text).toContain('it is not in force');
});

test('a removed file stops its strategy', async () => {
  await put('stop.yaml', text('stop'));
  await start();
  await rm(path.join(dir, 'stop.yaml'));
  expect((await told('removed', 'stop.yaml')).text).toContain('"stop" no longer decides');
  expect(await loadCurrentStrategies(database.db, account.workspaceId)).toEqual([]);
});

test('a file that went while nobody watched stops its strategy at the next start', async () => {
  await put('gone.yaml', text('gone'));
  await put('stays.yaml', text('stays'));
  await start();
  await watch?.close();
  await rm(path.join(dir, 'gone.yaml'));
  reports = [];
  await start();
  await told('removed', 'gone.yaml');
  expect((await told('unchanged', 'stays.yaml')).text).toContain('version 1');
  expect(await inForce()).toEqual(['stays 1']);
});

test('a renamed file keeps its strategy', async () => {
  await put('one.yaml', text('same'));
  await start();
  await rename(path.join(dir, 'one.yaml'), path.join(dir, 'two.yaml'));
  await vi.waitFor(
    async () =>
      expect((await listStrategies(database.db, account.workspaceId)).map((row) => row.origin)).toEqual([
        'two.yaml',
      ]),
    { timeout: 2_000 },
  );
  expect(await inForce()).toEqual(['same 1']);
});

test('two files of one name: the second is refused', async () => {
  await put('one.yaml', text('same'));
  await start();
  await put('two.yaml', text('same', 'spend("today") > 99'));
  expect((await told('refused', 'two.yaml')).text).toContain('comes from one.yaml');
  expect(await inForce()).toEqual(['same 1']);
});

test('other files are left alone', async () => {
  await put('notes.md', '# notes');
  await put('.hidden.yaml', 'x');
  await put('a.yaml', text('a'));
  await start();
  await told('loaded', 'a.yaml');
  expect(reports.map((report) => report.file)).toEqual(['a.yaml']);
});

test('with several workspaces a file lies in the folder of its own', async () => {
  await sql`update workspace set simulated = false`.execute(database.db);
  const other = await seedAccount(database.db);
  await sql`update workspace set simulated = false`.execute(database.db);
  await put('top.yaml', text('top'));
  await mkdir(path.join(dir, other.workspaceId));
  await put(`${other.workspaceId}/own.yaml`, text('own'));
  await start();
  expect((await told('refused', 'top.yaml')).text).toContain('there are several workspaces');
  expect(await told('loaded', `${other.workspaceId}/own.yaml`)).toMatchObject({
    workspaceId: other.workspaceId,
  });
  expect(await inForce()).toEqual([]);
});

test("money in another currency than the account's is refused", async () => {
  await put('eur.yaml', text('eur').replace('purchase }', 'purchase, cpa: 30 EUR }'));
  await start();
  expect((await told('refused', 'eur.yaml')).text).toContain('"30 EUR" is in EUR, the account is in USD');
});

test('a folder that is not there yet is made', async () => {
  await rm(dir, { recursive: true });
  await start();
  await put('late.yaml', text('late'));
  await told('loaded', 'late.yaml');
});

test('while the database is away nothing stops, and the file is stored when it is back', async () => {
  await start();
  await sql`alter table strategy rename to strategy_away`.execute(database.db);
  await put('wait.yaml', text('wait'));
  expect((await told('failed', 'wait.yaml')).text).toContain('what ran keeps running');
  await sql`alter table strategy_away rename to strategy`.execute(database.db);
  await vi.waitFor(() => expect(reports.some((report) => report.kind === 'loaded')).toBe(true), {
    timeout: 6_000,
  });
  expect(await inForce()).toEqual(['wait 1']);
});
