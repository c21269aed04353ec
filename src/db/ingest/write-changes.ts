import { sql } from 'kysely';
import type { ObjectId } from '../../core/object.ts';
import {
  bigintArray,
  booleanArray,
  byteaArray,
  doubleArray,
  smallintArray,
  textArray,
  timestampArray,
  uuidArray,
} from '../binary-arrays.ts';
import type { Db } from '../connection.ts';
import { noteForForwarding } from '../forwarding/inbox.ts';
import { addToEventDays } from '../running-totals.ts';
import type { Ground } from './accounts.ts';
import { noteCohorts } from './cohorts.ts';
import type { ConversionRow } from './messages.ts';
import { type ConversionChange, type HourDelta, isCounted, isWorth, rollupDeltas } from './rollups.ts';

export interface CampaignRef {
  readonly accountId: string;
  readonly campaignId: ObjectId;
}

/**
 * Writes changes of conversions and everything that sums over them: conversion rows, their dated deltas, hours, running
 * totals, the campaigns that have news, the days of clicks to count anew and the conversions to forward. The caller holds the accounts' totals (lockTotals).
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
  await noteCohorts(trx, ground, changes);
  await noteForForwarding(trx, changes);
  return deltas.campaigns;
}

/** The last state of each conversion, in one statement. */
async function upsertConversions(trx: Db, changes: readonly ConversionChange[]): Promise<void> {
  const last = new Map<string, ConversionRow>();
  for (const { after } of changes) last.set(after.id, after);
  const rows = [...last.values()];
  const text = (pick: (row: ConversionRow) => string | null) => sql`${textArray(rows.map(pick))}::text[]`;
  const uuid = (pick: (row: ConversionRow) => string | null) => sql`${uuidArray(rows.map(pick))}::uuid[]`;
  const boolean = (pick: (row: ConversionRow) => boolean) => sql`${booleanArray(rows.map(pick))}::boolean[]`;
  const bigint = (pick: (row: ConversionRow) => number | null) =>
    sql`${bigintArray(rows.map(pick))}::bigint[]`;
  const instant = (pick: (row: ConversionRow) => Date | null) =>
    sql`${timestampArray(rows.map((row) => pick(row)?.getTime() ?? null))}::timestamptz[]`;
  await sql`
    insert into conversion (id, workspace_id, source_id, account_id, object_id, campaign_id, click_id, clicked_at,
      placement, event, event_type, status, status_at, value_micros, original_micros, original_currency, rate, txid,
      device_id, event_at, received_at, attributed_by, attribution, follows_id, counted, excluded, first_postback_id,
      last_postback_id, correction, match, view_through, retargeting, user_hash, losers, payout_micros, payout_currency,
      sent_click_id, same_as_id, relation, relation_of_id)
    select * from unnest(
      ${uuid((r) => r.id)}, ${text((r) => r.workspace_id)}, ${text((r) => r.source_id)}, ${text((r) => r.account_id)},
      ${bigint((r) => r.object_id)}, ${bigint((r) => r.campaign_id)}, ${text((r) => r.click_id)},
      ${instant((r) => r.clicked_at)}, ${text((r) => r.placement)}, ${text((r) => r.event)},
      ${text((r) => r.event_type)}, ${text((r) => r.status)}, ${instant((r) => r.status_at)},
      ${bigint((r) => r.value_micros)}, ${bigint((r) => r.original_micros)}, ${text((r) => r.original_currency)},
      ${doubleArray(rows.map((r) => r.rate))}::float8[], ${text((r) => r.txid)}, ${text((r) => r.device_id)},
      ${instant((r) => r.event_at)}, ${instant((r) => r.received_at)}, ${text((r) => r.attributed_by)},
      ${text((r) => r.attribution)}, ${uuid((r) => r.follows_id)},
      ${boolean((r) => r.counted)}, ${text((r) => r.excluded)},
      ${uuid((r) => r.first_postback_id)}, ${uuid((r) => r.last_postback_id)},
      ${boolean((r) => r.correction)}, ${text((r) => r.match)}, ${boolean((r) => r.view_through)},
      ${boolean((r) => r.retargeting)}, ${byteaArray(rows.map((r) => r.user_hash))}::bytea[],
      ${textArray(rows.map((r) => (r.losers === null ? null : JSON.stringify(r.losers))))}::text[]::jsonb[],
      ${bigint((r) => r.payout_micros)}, ${text((r) => r.payout_currency)},
      ${text((r) => r.sent_click_id)}, ${uuid((r) => r.same_as_id)}, ${text((r) => r.relation)},
      ${uuid((r) => r.relation_of_id)})
    on conflict (id) do update set
      account_id = excluded.account_id, object_id = excluded.object_id, campaign_id = excluded.campaign_id,
      click_id = excluded.click_id, clicked_at = excluded.clicked_at, placement = excluded.placement,
      status = excluded.status, status_at = excluded.status_at, value_micros = excluded.value_micros,
      original_micros = excluded.original_micros, original_currency = excluded.original_currency,
      rate = excluded.rate, attributed_by = excluded.attributed_by, attribution = excluded.attribution,
      follows_id = excluded.follows_id, counted = excluded.counted, excluded = excluded.excluded,
      event_at = excluded.event_at, last_postback_id = excluded.last_postback_id,
      correction = excluded.correction, match = excluded.match, view_through = excluded.view_through,
      retargeting = excluded.retargeting, losers = excluded.losers, payout_micros = excluded.payout_micros,
      payout_currency = excluded.payout_currency, sent_click_id = excluded.sent_click_id,
      same_as_id = excluded.same_as_id, relation = excluded.relation, relation_of_id = excluded.relation_of_id`.execute(
    trx,
  );
}

async function insertChanges(trx: Db, changes: readonly ConversionChange[]): Promise<void> {
  const counted = changes.map(
    ({ before, after }) => Number(isCounted(after)) - Number(before !== null && isCounted(before)),
  );
  const value = changes.map(
    ({ before, after }) => countedValue(after) - (before === null ? 0 : countedValue(before)),
  );
  await sql`
    insert into conversion_change (conversion_id, known_from, postback_id, status, counted_delta, value_delta_micros)
    select * from unnest(
      ${uuidArray(changes.map((c) => c.after.id))}::uuid[],
      ${timestampArray(changes.map((c) => c.knownFrom.getTime()))}::timestamptz[],
      ${uuidArray(changes.map((c) => c.postbackId))}::uuid[], ${textArray(changes.map((c) => c.after.status))}::text[],
      ${smallintArray(counted)}::smallint[], ${bigintArray(value)}::bigint[])
    on conflict (conversion_id, known_from, postback_id) do update
    set status = excluded.status, counted_delta = conversion_change.counted_delta + excluded.counted_delta,
        value_delta_micros = conversion_change.value_delta_micros + excluded.value_delta_micros`.execute(trx);
}

function countedValue(row: ConversionRow): number {
  return isWorth(row) ? (row.value_micros ?? 0) : 0;
}

async function addToHours(trx: Db, deltas: readonly HourDelta[]): Promise<void> {
  if (deltas.length === 0) return;
  await sql`
    insert into conversion_hour
      (account_id, object_id, event, event_type, status, hour, conversions, value_micros, unconverted)
    select * from unnest(
      ${textArray(deltas.map((d) => d.accountId))}::text[], ${bigintArray(deltas.map((d) => d.objectId))}::bigint[],
      ${textArray(deltas.map((d) => d.event))}::text[], ${textArray(deltas.map((d) => d.eventType))}::text[],
      ${textArray(deltas.map((d) => d.status))}::text[],
      ${timestampArray(deltas.map((d) => d.hourMs))}::timestamptz[],
      ${bigintArray(deltas.map((d) => d.conversions))}::bigint[],
      ${bigintArray(deltas.map((d) => d.valueMicros))}::bigint[],
      ${bigintArray(deltas.map((d) => d.unconverted))}::bigint[])
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
