import { randomBytes } from 'node:crypto';
import { sql } from 'kysely';
import { micros } from '../../src/core/money.ts';
import type { BidStrategy, LeverState, ObjectId, ObjectStatus, Level } from '../../src/core/object.ts';
import type { Db } from '../../src/db/connection.ts';
import { seal } from '../../src/secrets.ts';
import type { FakeNetwork } from './fake-network.ts';

export const SECRET_KEY = Buffer.alloc(32, 7);
export const HOUR_MS = 3_600_000;

export interface SeededAccount {
  readonly workspaceId: string;
  readonly accountId: string;
  readonly campaignId: ObjectId;
  readonly campaignNetworkId: string;
  /** Network ids of its objects end in this. */
  readonly suffix: string;
  /** Workspace time at the seed; the clock runs at rate 1 from there. */
  readonly nowMs: number;
  readonly asOfMs: number;
}

/** A workspace with one USD account in UTC on a fake network, writes allowed, spend known up to the last full hour. */
export async function seedAccount(
  db: Db,
  options: { readonly network?: FakeNetwork; readonly rate?: number; readonly wallMs?: number } = {},
): Promise<SeededAccount> {
  const suffix = randomBytes(4).toString('hex');
  const workspaceId = `ws-${suffix}`;
  const accountId = `acc-${suffix}`;
  const nowMs = Date.UTC(2026, 10, 10, 15, 30);
  const asOfMs = Date.UTC(2026, 10, 10, 15);
  await db
    .insertInto('workspace')
    .values({
      id: workspaceId,
      name: 'Test',
      currency: 'USD',
      time_zone: 'UTC',
      simulated: true,
      clock_origin: new Date(nowMs),
      clock_wall_origin: new Date(options.wallMs ?? Date.now()),
      clock_rate: options.rate ?? 1,
      clock_stopped_at: null,
      clock_wall_seen_at: null,
      halted_at: null,
      halt_reason: null,
      created_at: new Date(nowMs),
    })
    .execute();
  await db
    .insertInto('ad_account')
    .values({
      id: accountId,
      workspace_id: workspaceId,
      network: options.network?.id ?? 'fake',
      network_account_id: `act_${suffix}`,
      name: `Account ${suffix}`,
      currency: 'USD',
      time_zone: 'UTC',
      base_url: null,
      credentials_sealed: seal(
        SECRET_KEY,
        JSON.stringify({ token: 'test-token-never-in-a-history' }),
        accountId,
      ),
      writes_allowed: true,
      halted_at: null,
      halt_reason: null,
      spend_as_of: new Date(asOfMs),
      tracking_since: new Date(nowMs - 60 * 24 * HOUR_MS),
      synced_at: new Date(nowMs),
      sync_error: null,
      created_at: new Date(nowMs - 60 * 24 * HOUR_MS),
    })
    .execute();
  const campaignNetworkId = `c-${suffix}`;
  const seeded = { workspaceId, accountId, nowMs, asOfMs, campaignNetworkId, suffix };
  const campaignId = await seedObject(
    db,
    { ...seeded, campaignId: 0 as ObjectId },
    { level: 'campaign', networkId: campaignNetworkId, name: 'US Prospecting' },
    options.network,
  );
  return { ...seeded, campaignId };
}

export interface SeedObject {
  readonly level: Level;
  readonly networkId: string;
  readonly name: string;
  readonly status?: ObjectStatus;
  readonly bidStrategy?: BidStrategy;
  readonly bidMicros?: number | null;
  readonly adsetId?: ObjectId;
  /** What an ad shows. */
  readonly creative?: { readonly id: ObjectId; readonly networkId: string };
}

/** One object; with `network`, its live twin stands in the fake network's books. */
export async function seedObject(
  db: Db,
  account: SeededAccount,
  object: SeedObject,
  network?: FakeNetwork,
): Promise<ObjectId> {
  const seenAt = new Date(account.nowMs - 30 * 24 * HOUR_MS);
  const lever: LeverState = {
    status: object.status ?? 'active',
    bidStrategy: object.bidStrategy ?? (object.level === 'adset' ? 'bid_cap' : null),
    bidMicros:
      object.bidMicros === null || object.level !== 'adset' ? null : micros(object.bidMicros ?? 1_200_000),
    dailyBudgetMicros: object.level === 'adset' ? micros(100_000_000) : null,
    lifetimeBudgetMicros: null,
  };
  const row = await db
    .insertInto('object')
    .values({
      workspace_id: account.workspaceId,
      account_id: account.accountId,
      level: object.level,
      network_id: object.networkId,
      name: object.name,
      campaign_id: object.level === 'campaign' || object.level === 'creative' ? null : account.campaignId,
      adset_id: object.adsetId ?? null,
      creative_id: object.creative?.id ?? null,
      status: lever.status,
      delivery: lever.status,
      bid_strategy: lever.bidStrategy,
      bid_micros: lever.bidMicros,
      daily_budget_micros: lever.dailyBudgetMicros,
      lifetime_budget_micros: null,
      roas_floor: null,
      learning: null,
      network_created_at: seenAt,
      first_seen_at: seenAt,
      seen_at: seenAt,
      changed_at: seenAt,
    })
    .returning('id')
    .executeTakeFirstOrThrow();
  await sql`
    insert into object_version (object_id, known_from, name, status, delivery, bid_strategy, bid_micros, daily_budget_micros,
                                lifetime_budget_micros, roas_floor, learning, labels)
    select id, first_seen_at, name, status, delivery, bid_strategy, bid_micros, daily_budget_micros, lifetime_budget_micros,
           roas_floor, learning, labels from object where id = ${row.id}`.execute(db);
  network?.state.set(object.networkId, lever);
  network?.objects.set(object.networkId, {
    level: object.level,
    networkId: object.networkId,
    name: object.name,
    delivery: lever.status,
    campaignNetworkId:
      object.level === 'campaign' || object.level === 'creative' ? null : account.campaignNetworkId,
    adsetNetworkId: null,
    creativeNetworkId: object.creative?.networkId ?? null,
    roasFloor: null,
    learning: null,
    labels: [],
    createdAtMs: seenAt.getTime(),
  });
  return row.id;
}
