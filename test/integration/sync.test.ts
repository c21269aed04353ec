import { randomBytes } from 'node:crypto';
import { MockActivityEnvironment } from '@temporalio/testing';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { SyncInput, SyncResult } from '../../activities/contract.ts';
import { createSyncActivities } from '../../activities/sync.ts';
import { openAccountAccess } from '../../src/account-access.ts';
import { setHalt } from '../../src/db/accounts.ts';
import { addAccount, removeAccount } from '../../src/db/account-add.ts';
import { setClockRate, loadClock, resumeClocks } from '../../src/db/clock.ts';
import { createNetworkRegistry } from '../../src/networks/registry.ts';
import { ensureSampleWorkspace, SAMPLE } from '../../src/runtime/sample-workspace.ts';
import { seal } from '../../src/secrets.ts';
import { type TestDatabase, testDatabase } from '../support/database.ts';
import { control, SANDBOX_START_MS, testSandbox, type TestSandbox } from '../support/sandbox.ts';

const HOUR_MS = 3_600_000;
const MINUTE_MS = 60_000;
const key = randomBytes(32);
let database: TestDatabase;
let sandbox: TestSandbox;
let nowMs = SANDBOX_START_MS;
let woken: { accountId: string; campaignIds: readonly number[] }[] = [];

beforeEach(async () => {
  database = await testDatabase();
  sandbox = await testSandbox();
  woken = [];
  await ensureSampleWorkspace(
    database.db,
    { config: { marketRate: 60 }, secretKey: key, sandboxUrl: sandbox.url },
    0,
  );
  // The sandbox of the tests has a token of its own.
  await database.db
    .updateTable('ad_account')
    .set({ credentials_sealed: seal(key, JSON.stringify({ token: 'right-token' }), SAMPLE.accountId) })
    .where('id', '=', SAMPLE.accountId)
    .execute();
});
afterEach(async () => {
  await sandbox.close();
  await database.drop();
});

const networks = createNetworkRegistry();

/** The account that is synced here; the sample workspace has another beside it. */
const ownAccount = () =>
  database.db
    .selectFrom('ad_account')
    .selectAll()
    .where('id', '=', SAMPLE.accountId)
    .executeTakeFirstOrThrow();

async function syncAt(marketMs: number, depth: 'trailing' | 'deep' = 'trailing'): Promise<SyncResult> {
  nowMs = marketMs;
  sandbox.runTo(marketMs);
  const { db } = database;
  const activities = createSyncActivities({
    db,
    networkOf: (id) => networks.get(id),
    openAccess: (id) => openAccountAccess(db, key, id),
    nowOf: () => Promise.resolve(nowMs),
    wakeOptimizer: (accountId, campaignIds) => {
      woken.push({ accountId, campaignIds });
      return Promise.resolve();
    },
  });
  return (await new MockActivityEnvironment().run((input: SyncInput) => activities.syncAccount(input), {
    accountId: SAMPLE.accountId,
    depth,
  })) as SyncResult;
}

async function objectNamed(name: string) {
  return database.db
    .selectFrom('object')
    .selectAll()
    .where('name', '=', name)
    .where('level', '=', 'adset')
    .executeTakeFirstOrThrow();
}

async function spendTotal(): Promise<number> {
  const rows = await database.db.selectFrom('spend_hour').select('spend_micros').execute();
  return rows.reduce((sum, row) => sum + row.spend_micros, 0);
}

describe('sync', () => {
  it('brings objects with their parents, spend to the newest closed hour, and news of every campaign', async () => {
    const result = await syncAt(SANDBOX_START_MS + 10 * HOUR_MS + 30 * MINUTE_MS);
    expect(result).toMatchObject({
      objects: 55,
      changedObjects: 55,
      restatedRows: 0,
      asOfMs: SANDBOX_START_MS + 10 * HOUR_MS,
    });
    const account = await ownAccount();
    expect(account.spend_as_of?.getTime()).toBe(SANDBOX_START_MS + 10 * HOUR_MS);
    expect(account.synced_at?.getTime()).toBe(nowMs);
    const ad = await database.db
      .selectFrom('object')
      .selectAll()
      .where('level', '=', 'ad')
      .where('name', '=', 'Zen 20s')
      .executeTakeFirstOrThrow();
    const parents = await database.db
      .selectFrom('object')
      .select(['level', 'name'])
      .where(
        'id',
        'in',
        [ad.campaign_id, ad.adset_id, ad.creative_id].filter((id) => id !== null),
      )
      .orderBy('level')
      .execute();
    expect(parents).toEqual([
      { level: 'adset', name: 'Zen B' },
      { level: 'campaign', name: 'US Zen App Sales' },
      { level: 'creative', name: 'Zen 20s' },
    ]);
    expect(await spendTotal()).toBeGreaterThan(400_000_000);
    expect(woken).toHaveLength(1);
    expect(woken[0]?.campaignIds).toHaveLength(3);
    expect(await database.db.selectFrom('campaign_news').selectAll().execute()).toHaveLength(3);
  });

  it('lets two readings of one account end at the same time', async () => {
    const at = SANDBOX_START_MS + 3 * HOUR_MS;
    const results = await Promise.all([syncAt(at), syncAt(at, 'deep'), syncAt(at)]);
    expect(results.map((result) => result.changedObjects).sort((a, b) => a - b)).toEqual([0, 0, 55]);
  });

  it('changes nothing and wakes nobody when nothing is new', async () => {
    const at = SANDBOX_START_MS + 10 * HOUR_MS + 30 * MINUTE_MS;
    await syncAt(at);
    woken = [];
    expect(await syncAt(at + 5 * MINUTE_MS)).toMatchObject({ changedObjects: 0, restatedRows: 0 });
    expect(woken).toEqual([]);
    const versions = await database.db.selectFrom('object_version').selectAll().execute();
    expect(versions).toHaveLength(55);
  });

  it('keeps a version of what a person changed at the network', async () => {
    const at = SANDBOX_START_MS + 10 * HOUR_MS + 30 * MINUTE_MS;
    await syncAt(at);
    const before = await objectNamed('Yoga C');
    await control(sandbox, 'human-edit', { id: before.network_id, bidMicros: 20_000_000, status: 'PAUSED' });
    // The ad set itself and what is now true of its two ads.
    expect(await syncAt(at + 5 * MINUTE_MS)).toMatchObject({ changedObjects: 3 });
    expect(await objectNamed('Yoga C')).toMatchObject({ status: 'paused', bid_micros: 20_000_000 });
    const versions = await database.db
      .selectFrom('object_version')
      .select(['known_from', 'bid_micros', 'status'])
      .where('object_id', '=', before.id)
      .orderBy('known_from')
      .execute();
    expect(versions.map((version) => [version.bid_micros, version.status])).toEqual([
      [14_000_000, 'active'],
      [20_000_000, 'paused'],
    ]);
    expect(woken.at(-1)?.campaignIds).toEqual([before.campaign_id]);
  });

  it('does not put an older reading over what an action has just changed', async () => {
    const at = SANDBOX_START_MS + 10 * HOUR_MS;
    await syncAt(at);
    const target = await objectNamed('Yoga C');
    await database.db
      .updateTable('object')
      .set({ bid_micros: 15_400_000 as never, changed_at: new Date(at + 10 * MINUTE_MS) })
      .where('id', '=', target.id)
      .execute();
    await syncAt(at + 5 * MINUTE_MS);
    expect((await objectNamed('Yoga C')).bid_micros).toBe(15_400_000);
    // The next reading began after the change: what the network says stands.
    await syncAt(at + 15 * MINUTE_MS);
    expect((await objectNamed('Yoga C')).bid_micros).toBe(14_000_000);
  });

  it('keeps restatements as new versions and the totals equal to the hours', async () => {
    await syncAt(SANDBOX_START_MS + 20 * HOUR_MS);
    const first = await spendTotal();
    await control(sandbox, 'restate', {
      fromMs: SANDBOX_START_MS,
      toMs: SANDBOX_START_MS + 12 * HOUR_MS,
      factor: 1.1,
    });
    const result = await syncAt(SANDBOX_START_MS + 20 * HOUR_MS + 10 * MINUTE_MS);
    expect(result.restatedRows).toBeGreaterThan(50);
    expect(await spendTotal()).toBeGreaterThan(first);
    const versions = await database.db
      .selectFrom('spend_version')
      .select(({ fn }) => fn.countAll<number>().as('count'))
      .executeTakeFirstOrThrow();
    const hours = await database.db
      .selectFrom('spend_hour')
      .select(({ fn }) => fn.countAll<number>().as('count'))
      .executeTakeFirstOrThrow();
    expect(versions.count).toBe(hours.count + result.restatedRows);
    const days = await database.db
      .selectFrom('object_day')
      .select('spend_micros')
      .where('day', '=', '2026-11-10')
      .execute();
    expect(days.reduce((sum, row) => sum + row.spend_micros, 0)).toBe(await spendTotal());
  });

  it('reads far back only when deep', async () => {
    await syncAt(SANDBOX_START_MS + 3 * 24 * HOUR_MS);
    const near = await spendTotal();
    await syncAt(SANDBOX_START_MS + 3 * 24 * HOUR_MS, 'deep');
    expect(await spendTotal()).toBeGreaterThan(near * 1.3);
  });

  it('never takes spend as reported that is older than what is known', async () => {
    await syncAt(SANDBOX_START_MS + 10 * HOUR_MS);
    await syncAt(SANDBOX_START_MS + 8 * HOUR_MS);
    const account = await ownAccount();
    expect(account.spend_as_of?.getTime()).toBe(SANDBOX_START_MS + 9 * HOUR_MS);
  });

  it('marks what the network no longer has as deleted', async () => {
    await syncAt(SANDBOX_START_MS + HOUR_MS);
    const target = await objectNamed('Zen D');
    await control(sandbox, 'human-edit', { id: target.network_id, status: 'DELETED' });
    await syncAt(SANDBOX_START_MS + 2 * HOUR_MS);
    expect((await objectNamed('Zen D')).status).toBe('deleted');
  });

  it('tells a fault to the account and to Temporal, without the token, and clears it afterwards', async () => {
    await control(sandbox, 'faults', { kind: 'auth', on: 'read' });
    await expect(syncAt(SANDBOX_START_MS + HOUR_MS)).rejects.toMatchObject({
      type: 'AUTH_DEAD',
      nonRetryable: true,
    });
    const failed = await ownAccount();
    expect(failed.sync_error).toContain('190');
    expect(failed.sync_error).not.toContain('right-token');
    await control(sandbox, 'faults', { kind: 'rate', on: 'read' });
    await expect(syncAt(SANDBOX_START_MS + HOUR_MS)).rejects.toMatchObject({
      type: 'RATE',
      nonRetryable: false,
    });
    await syncAt(SANDBOX_START_MS + HOUR_MS);
    expect((await ownAccount()).sync_error).toBeNull();
  });
});

describe('the sample workspace', () => {
  let own: TestDatabase;
  beforeAll(async () => {
    own = await testDatabase();
  });
  afterAll(() => own.drop());

  it('is made once, stands until clocks run, and follows the sandbox to another port', async () => {
    const options = { config: { marketRate: 60 }, secretKey: key, sandboxUrl: 'http://127.0.0.1:8090' };
    expect(await ensureSampleWorkspace(own.db, options, 1_000)).toBe(true);
    expect(
      await ensureSampleWorkspace(own.db, { ...options, sandboxUrl: 'http://127.0.0.1:8099/' }, 2_000),
    ).toBe(true);
    const accounts = await own.db.selectFrom('ad_account').selectAll().orderBy('id').execute();
    expect(accounts.map((account) => account.id)).toEqual(['sample-autopilot', 'sample-meta']);
    for (const account of accounts)
      expect(account).toMatchObject({ base_url: 'http://127.0.0.1:8099/v26.0', writes_allowed: true });
    const standing = await loadClock(own.db, SAMPLE.workspaceId);
    expect(standing.stoppedAtMs).toBe(standing.originMs);
    await resumeClocks(own.db, 5_000);
    expect(await loadClock(own.db, SAMPLE.workspaceId)).toMatchObject({
      originMs: standing.originMs,
      wallOriginMs: 5_000,
      rate: 60,
      stoppedAtMs: null,
    });
    await setClockRate(own.db, SAMPLE.workspaceId, 2_400, 6_000);
    expect(await loadClock(own.db, SAMPLE.workspaceId)).toMatchObject({
      originMs: standing.originMs + 60_000,
      wallOriginMs: 6_000,
      rate: 2_400,
    });
  });

  it('stays away where people have workspaces of their own', async () => {
    const other = await testDatabase();
    await other.db
      .insertInto('workspace')
      .values({
        id: 'acme',
        name: 'Acme',
        currency: 'EUR',
        time_zone: 'Europe/Berlin',
        clock_origin: new Date(0),
        clock_wall_origin: new Date(0),
        created_at: new Date(0),
      })
      .execute();
    expect(
      await ensureSampleWorkspace(
        other.db,
        { config: { marketRate: 60 }, secretKey: key, sandboxUrl: 'http://127.0.0.1:1' },
        0,
      ),
    ).toBe(false);
    await other.drop();
  });
});

describe('accounts', () => {
  it('are read-only at first, keep permission and name when the token is renewed, and forget it when removed', async () => {
    const account = {
      id: 'meta-77',
      workspaceId: SAMPLE.workspaceId,
      network: 'meta',
      networkAccountId: 'act_77',
      name: 'Shop',
      currency: 'USD',
      timeZone: 'UTC',
      baseUrl: null,
      nowMs: 0,
    };
    const sealed = (token: string) => (id: string) => seal(key, JSON.stringify({ token }), id);
    expect(await addAccount(database.db, { ...account, credentialsSealed: sealed('first') })).toEqual({
      id: 'meta-77',
      added: true,
      writesAllowed: false,
    });
    await database.db
      .updateTable('ad_account')
      .set({ writes_allowed: true })
      .where('id', '=', 'meta-77')
      .execute();
    expect(
      await addAccount(database.db, { ...account, id: 'other', credentialsSealed: sealed('second') }),
    ).toEqual({ id: 'meta-77', added: false, writesAllowed: true });
    expect((await openAccountAccess(database.db, key, 'meta-77')).token).toBe('second');
    await expect(openAccountAccess(database.db, randomBytes(32), 'meta-77')).rejects.toMatchObject({
      code: 'secret_unreadable',
    });
    await setHalt(database.db, 'meta-77', { reason: 'test', atMs: 1 });
    await setHalt(database.db, 'meta-77', null);
    await removeAccount(database.db, 'meta-77', 2);
    await expect(openAccountAccess(database.db, key, 'meta-77')).rejects.toMatchObject({
      code: 'no_credentials',
    });
    await expect(openAccountAccess(database.db, key, 'nobody')).rejects.toMatchObject({
      code: 'unknown_account',
    });
  });
});
