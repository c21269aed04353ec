import { micros } from '../../src/core/money.ts';
import type { ObjectId } from '../../src/core/object.ts';
import type { Db } from '../../src/db/connection.ts';

/** Market time of the fixture: Tuesday 3 November 2026, 10:40 in New York; spend is reported to 10:00. */
export const MARKET_NOW = Date.UTC(2026, 10, 3, 15, 40);
const HOUR = 3_600_000;
export const AS_OF = MARKET_NOW - 40 * 60_000;

export interface LiveMarket {
  readonly workspaceId: string;
  readonly sourceId: string;
  /** By name. */
  readonly adSets: Readonly<Record<string, ObjectId>>;
  readonly ads: Readonly<Record<string, ObjectId>>;
}

interface Plan {
  readonly adSet: string;
  readonly ad: string;
  readonly bid: number | null;
  readonly status: 'active' | 'paused';
  readonly spend: number;
  readonly purchases: number;
  readonly value: number;
}

const PLANS: readonly Plan[] = [
  {
    adSet: 'Lookalike 1 %',
    ad: 'Yoga 15s',
    bid: 1.2,
    status: 'active',
    spend: 210.4,
    purchases: 12,
    value: 378.72,
  },
  { adSet: 'Interest yoga', ad: 'Zen C', bid: 0.9, status: 'active', spend: 61.95, purchases: 0, value: 0 },
  {
    adSet: 'Broad 25–44',
    ad: 'Morning flow',
    bid: null,
    status: 'active',
    spend: 148,
    purchases: 5,
    value: 151.2,
  },
  {
    adSet: 'Retargeting 7 days',
    ad: 'Come back',
    bid: 2.1,
    status: 'paused',
    spend: 18.2,
    purchases: 0,
    value: 0,
  },
];

/**
 * A small simulated workspace with facts written as ingest and sync write them: for tests of what reads them.
 *
 * @param wallMs wall instant at which market time is {@link MARKET_NOW}.
 */
export async function seedLiveMarket(db: Db, wallMs: number, id = 'sample'): Promise<LiveMarket> {
  const at = new Date(MARKET_NOW);
  await db
    .insertInto('workspace')
    .values({
      id,
      name: 'Sample shop',
      currency: 'USD',
      time_zone: 'America/New_York',
      simulated: true,
      clock_origin: at,
      clock_wall_origin: new Date(wallMs),
      clock_rate: 60,
      clock_stopped_at: null,
      clock_wall_seen_at: null,
      halted_at: null,
      halt_reason: null,
      created_at: at,
    })
    .execute();
  await db
    .insertInto('ad_account')
    .values({
      id: `${id}-account`,
      workspace_id: id,
      network: 'meta',
      network_account_id: 'act_1',
      name: 'Sample account',
      currency: 'USD',
      time_zone: 'America/New_York',
      base_url: null,
      credentials_sealed: null,
      halted_at: null,
      halt_reason: null,
      spend_as_of: new Date(AS_OF),
      tracking_since: new Date(MARKET_NOW - 72 * HOUR),
      synced_at: at,
      sync_error: null,
      created_at: at,
    })
    .execute();
  const sourceId = `${id}-tracker`;
  await db
    .insertInto('source')
    .values({
      id: sourceId,
      workspace_id: id,
      profile: 'generic',
      name: 'Tracker',
      key_hash: null,
      key_sealed: null,
      settings: '{}',
      created_at: at,
      removed_at: null,
    })
    .execute();

  const add = objectAdder(db, id, at);
  const campaign = await add({ level: 'campaign', name: 'US prospecting' });
  const adSets: Record<string, ObjectId> = {};
  const ads: Record<string, ObjectId> = {};
  for (const plan of PLANS) {
    const adSet = await add({
      level: 'adset',
      name: plan.adSet,
      campaign_id: campaign,
      status: plan.status,
      delivery: plan.status,
      bid_strategy: plan.bid === null ? 'auto' : 'bid_cap',
      bid_micros: plan.bid === null ? null : micros(Math.round(plan.bid * 1e6)),
      daily_budget_micros: micros(400_000_000),
    });
    const ad = await add({ level: 'ad', name: plan.ad, campaign_id: campaign, adset_id: adSet });
    adSets[plan.adSet] = adSet;
    ads[plan.ad] = ad;
    await seedDay(db, `${id}-account`, ad, plan);
  }
  return { workspaceId: id, sourceId, adSets, ads };
}

function objectAdder(db: Db, workspaceId: string, at: Date) {
  let count = 0;
  return async (values: {
    level: 'campaign' | 'adset' | 'ad';
    name: string;
    campaign_id?: ObjectId;
    adset_id?: ObjectId;
    status?: 'active' | 'paused';
    delivery?: string;
    bid_strategy?: 'auto' | 'bid_cap';
    bid_micros?: ReturnType<typeof micros> | null;
    daily_budget_micros?: ReturnType<typeof micros>;
  }): Promise<ObjectId> => {
    count += 1;
    const row = await db
      .insertInto('object')
      .values({
        workspace_id: workspaceId,
        account_id: `${workspaceId}-account`,
        network_id: `12021000000000${count}`,
        status: 'active',
        delivery: 'active',
        campaign_id: null,
        adset_id: null,
        creative_id: null,
        bid_strategy: null,
        bid_micros: null,
        daily_budget_micros: null,
        lifetime_budget_micros: null,
        roas_floor: null,
        learning: null,
        network_created_at: at,
        first_seen_at: at,
        seen_at: at,
        changed_at: at,
        ...values,
      })
      .returning('id')
      .executeTakeFirstOrThrow();
    return row.id;
  };
}

/** The hour before `AS_OF` holds everything, in the hourly tables and in the running totals. */
async function seedDay(db: Db, accountId: string, objectId: ObjectId, plan: Plan): Promise<void> {
  const hour = new Date(AS_OF - HOUR);
  const spend = micros(Math.round(plan.spend * 1e6));
  const value = micros(Math.round(plan.value * 1e6));
  const traffic = {
    account_id: accountId,
    object_id: objectId,
    spend_micros: spend,
    impressions: 9_000,
    clicks: 180,
  };
  await db
    .insertInto('spend_hour')
    .values({ ...traffic, hour, reported_at: hour })
    .execute();
  await db
    .insertInto('object_day')
    .values({ ...traffic, day: '2026-11-03', last_fact: '2026-11-03', visits: 170 })
    .execute();
  if (plan.purchases === 0) return;
  const event = { account_id: accountId, object_id: objectId, event: 'purchase', event_type: 'event' };
  await db
    .insertInto('conversion_hour')
    .values({ ...event, status: 'approved', hour, conversions: plan.purchases, value_micros: value })
    .execute();
  await db
    .insertInto('event_day')
    .values({
      ...event,
      day: '2026-11-03',
      last_fact: '2026-11-03',
      conversions: plan.purchases,
      value_micros: value,
    })
    .execute();
}
