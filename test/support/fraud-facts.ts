import { randomUUID } from 'node:crypto';
import type { Insertable } from 'kysely';
import type { Db } from '../../src/db/connection.ts';
import type { ConversionTable } from '../../src/db/tables.ts';
import { addObject, type SeededAccount } from './ingest-facts.ts';

const DAY_S = 86_400;

/** A stream of numbers in [0, 1) that is the same every time (mulberry32). */
export function stream(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** Seconds from click to install of people: log-normal around `medianS`; 2 % under 10 s, 3 % later than a day. */
export function healthyTimes(random: () => number, n: number, medianS = 420): number[] {
  return Array.from({ length: n }, () => {
    const normal = Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random());
    return Math.min(20 * DAY_S, medianS * Math.exp(1.9 * normal));
  });
}

/** 30 % under 10 s, the rest as people's: clicks sent while the app already installs. */
export function injectedTimes(random: () => number, n: number): number[] {
  const fast = Math.round(n * 0.3);
  return [...Array.from({ length: fast }, () => 1 + 8.9 * random()), ...healthyTimes(random, n - fast)];
}

/** Spread evenly over a week: stray clicks that happened to come before. */
export function floodedTimes(random: () => number, n: number): number[] {
  return Array.from({ length: n }, () => 7 * DAY_S * random());
}

export interface CampaignFacts {
  readonly name: string;
  readonly times: readonly number[];
  /** Our visits. */
  readonly clicks: number;
  readonly placement?: string;
  readonly rejected?: number;
  /** Every install on this device. */
  readonly deviceId?: string;
}

/** A campaign with installs of these click-to-install times, received at `atMs`, and its visits in one hour. @returns its installs' ids. */
export async function addCampaign(
  db: Db,
  shop: SeededAccount,
  facts: CampaignFacts,
  atMs: number,
): Promise<readonly string[]> {
  const campaignId = await addObject(db, shop, { level: 'campaign', networkId: facts.name });
  const rejected = facts.rejected ?? 0;
  const rows = facts.times.map((seconds, index): Insertable<ConversionTable> => {
    const id = randomUUID();
    const eventAtMs = atMs - (index % 3_600) * 1000;
    return {
      id,
      workspace_id: shop.workspaceId,
      source_id: shop.sourceId,
      account_id: shop.accountId,
      object_id: campaignId,
      campaign_id: campaignId,
      click_id: null,
      clicked_at: new Date(eventAtMs - Math.round(seconds * 1000)),
      placement: facts.placement ?? null,
      event: 'install',
      event_type: 'install',
      status: index < rejected ? 'rejected' : 'approved',
      status_at: null,
      value_micros: null,
      original_micros: null,
      original_currency: null,
      rate: null,
      txid: null,
      device_id: facts.deviceId ?? null,
      event_at: new Date(eventAtMs),
      received_at: new Date(atMs),
      attributed_by: 'sender',
      attribution: `campaign ${facts.name} drove install`,
      follows_id: null,
      counted: index >= rejected,
      excluded: null,
      first_postback_id: id,
      last_postback_id: id,
    };
  });
  if (rows.length > 0) await db.insertInto('conversion').values(rows).execute();
  await db
    .insertInto('visit_hour')
    .values({
      account_id: shop.accountId,
      object_id: campaignId,
      hour: new Date(Math.floor(atMs / 3_600_000) * 3_600_000 - 3_600_000),
      visits: facts.clicks,
    })
    .execute();
  return rows.map((row) => row.id);
}
