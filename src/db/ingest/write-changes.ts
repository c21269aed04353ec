import { sql } from 'kysely';
import type { ObjectId } from '../../core/object.ts';
import type { Db } from '../connection.ts';
import { addToEventDays } from '../running-totals.ts';
import type { Ground } from './accounts.ts';
import type { ConversionRow } from './messages.ts';
import { type ConversionChange, type HourDelta, isCounted, rollupDeltas } from './rollups.ts';

export interface CampaignRef {
  readonly accountId: string;
  readonly campaignId: ObjectId;
}

/**
 * Writes changes of conversions and everything that sums over them: conversion rows, their dated deltas, hours, running
 * totals, and the campaigns that have news. The caller holds the accounts' totals (lockTotals).
 *
 * @returns the campaigns whose counts changed.
 */
export async function writeChanges(
  trx: Db,
  ground: Ground,
  changes: readonly ConversionChange[],
): Promise<readonly CampaignRef[]> {
  if (changes.length === 0) return [];
  const deltas = rollupDeltas(changes, ground);
  await upsertConversions(trx, changes);
  await insertChanges(trx, changes);
  await addToHours(trx, deltas.hours);
  await addToEventDays(trx, deltas.days);
  await noteNews(trx, ground, deltas.campaigns);
  return deltas.campaigns;
}

/** The last state of each conversion, in one statement; json_populate_recordset gives the table's own columns and types. */
async function upsertConversions(trx: Db, changes: readonly ConversionChange[]): Promise<void> {
  const last = new Map<string, ConversionRow>();
  for (const { after } of changes) last.set(after.id, after);
  await sql`
    insert into conversion
    select r.* from json_populate_recordset(null::conversion, ${JSON.stringify([...last.values()])}::json) r
    on conflict (id) do update set
      account_id = excluded.account_id, object_id = excluded.object_id, campaign_id = excluded.campaign_id,
      click_id = excluded.click_id, clicked_at = excluded.clicked_at, placement = excluded.placement,
      status = excluded.status, status_at = excluded.status_at, value_micros = excluded.value_micros,
      original_micros = excluded.original_micros, original_currency = excluded.original_currency,
      rate = excluded.rate, attributed_by = excluded.attributed_by, attribution = excluded.attribution,
      follows_id = excluded.follows_id, counted = excluded.counted, last_postback_id = excluded.last_postback_id`.execute(
    trx,
  );
}

async function insertChanges(trx: Db, changes: readonly ConversionChange[]): Promise<void> {
  const rows = changes.map(({ before, after, postbackId, knownFrom }) => ({
    conversion_id: after.id,
    known_from: knownFrom,
    postback_id: postbackId,
    status: after.status,
    counted_delta: Number(isCounted(after)) - Number(before !== null && isCounted(before)),
    value_delta_micros: countedValue(after) - (before === null ? 0 : countedValue(before)),
  }));
  await sql`
    insert into conversion_change (conversion_id, known_from, postback_id, status, counted_delta, value_delta_micros)
    select conversion_id, known_from, postback_id, status, counted_delta, value_delta_micros
    from json_populate_recordset(null::conversion_change, ${JSON.stringify(rows)}::json)
    on conflict (conversion_id, known_from, postback_id) do update
    set status = excluded.status, counted_delta = conversion_change.counted_delta + excluded.counted_delta,
        value_delta_micros = conversion_change.value_delta_micros + excluded.value_delta_micros`.execute(trx);
}

function countedValue(row: ConversionRow): number {
  return isCounted(row) ? (row.value_micros ?? 0) : 0;
}

async function addToHours(trx: Db, deltas: readonly HourDelta[]): Promise<void> {
  if (deltas.length === 0) return;
  await sql`
    insert into conversion_hour
      (account_id, object_id, event, event_type, status, hour, conversions, value_micros, unconverted)
    select * from unnest(
      ${deltas.map((d) => d.accountId)}::text[], ${deltas.map((d) => d.objectId)}::bigint[],
      ${deltas.map((d) => d.event)}::text[], ${deltas.map((d) => d.eventType)}::text[],
      ${deltas.map((d) => d.status)}::text[], ${deltas.map((d) => new Date(d.hourMs).toISOString())}::timestamptz[],
      ${deltas.map((d) => d.conversions)}::bigint[], ${deltas.map((d) => d.valueMicros)}::bigint[],
      ${deltas.map((d) => d.unconverted)}::bigint[])
    on conflict (object_id, event, event_type, status, hour) do update
    set conversions = conversion_hour.conversions + excluded.conversions,
        value_micros = conversion_hour.value_micros + excluded.value_micros,
        unconverted = conversion_hour.unconverted + excluded.unconverted`.execute(trx);
}

/** One row per campaign; the optimizer compares its instant with when it last looked. */
async function noteNews(trx: Db, ground: Ground, campaigns: readonly CampaignRef[]): Promise<void> {
  if (campaigns.length === 0) return;
  const sorted = [...campaigns].sort((a, b) => a.campaignId - b.campaignId);
  const at = sorted.map(({ accountId }) =>
    new Date(ground.nowMs(ground.accounts.get(accountId)?.workspaceId ?? '')).toISOString(),
  );
  await sql`
    insert into campaign_news (account_id, campaign_id, news_at)
    select * from unnest(${sorted.map((c) => c.accountId)}::text[], ${sorted.map((c) => c.campaignId)}::bigint[],
                         ${at}::timestamptz[])
    on conflict (account_id, campaign_id) do update set news_at = greatest(campaign_news.news_at, excluded.news_at)`.execute(
    trx,
  );
}
