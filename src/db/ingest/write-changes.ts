import { type RawBuilder, sql } from 'kysely';
import type { ObjectId } from '../../core/object.ts';
import { bigintArray, textArray, timestampArray } from '../binary-arrays.ts';
import type { Db } from '../connection.ts';
import { noteForForwarding } from '../forwarding/inbox.ts';
import { columnNames, columnsOf, selectColumns } from '../rows-as-columns.ts';
import { addToEventDays } from '../running-totals.ts';
import type { Ground } from './accounts.ts';
import { type Cohort, cohortsOf, noteCohorts } from './cohorts.ts';
import type { ConversionRow } from './messages.ts';
import {
  type ConversionChange,
  type HourDelta,
  isCounted,
  isWorth,
  type RollupDeltas,
  rollupDeltas,
} from './rollups.ts';

export interface CampaignRef {
  readonly accountId: string;
  readonly campaignId: ObjectId;
}

/**
 * Writes changes of conversions and everything that sums over them. The caller holds the accounts' totals (lockTotals).
 *
 * @returns the campaigns whose counts changed.
 */
export async function writeChanges(
  trx: Db,
  ground: Ground,
  changes: readonly ConversionChange[],
): Promise<readonly CampaignRef[]> {
  for (const statement of conversionStatements(changes)) await statement.execute(trx);
  return addSums(trx, ground, sumsOf(ground, changes));
}

/**
 * What stores conversions and their dated deltas, ready to be run in this order. New ones cannot be there yet: leaving out
 * what would happen if they were saves a quarter of the time.
 */
export function conversionStatements(changes: readonly ConversionChange[]): readonly RawBuilder<unknown>[] {
  const begun = new Set(changes.flatMap(({ before, after }) => (before === null ? [after.id] : [])));
  const fresh = changes.filter(({ after }) => begun.has(after.id));
  const known = changes.filter(({ after }) => !begun.has(after.id));
  return [
    ...(fresh.length === 0 ? [] : [insertConversions(fresh), insertChanges(fresh)]),
    ...(known.length === 0
      ? []
      : [sql`${insertConversions(known)} ${OR_REPLACE}`, sql`${insertChanges(known)} ${OR_ADD}`]),
  ];
}

/** What changes of conversions add to everything that sums over them. */
export interface Sums extends RollupDeltas {
  readonly cohorts: readonly Cohort[];
  readonly changes: readonly ConversionChange[];
}

export function sumsOf(ground: Ground, changes: readonly ConversionChange[]): Sums {
  return { ...rollupDeltas(changes, ground), cohorts: cohortsOf(ground, changes), changes };
}

/**
 * Adds changes to what sums over conversions: hours, running totals, the campaigns that have news, the days of clicks to
 * count anew and the conversions to forward. The caller holds the accounts' totals (lockTotals).
 *
 * @returns the campaigns whose counts changed.
 */
export async function addSums(trx: Db, ground: Ground, sums: Sums): Promise<readonly CampaignRef[]> {
  await addToHours(trx, sums.hours);
  await addToEventDays(trx, sums.days);
  await noteNews(trx, ground, sums.campaigns);
  await noteCohorts(trx, ground, sums.cohorts);
  await noteForForwarding(trx, sums.changes);
  return sums.campaigns;
}

/** The last state of each conversion, in one statement. */
function insertConversions(changes: readonly ConversionChange[]): RawBuilder<unknown> {
  const last = new Map<string, ConversionRow>();
  for (const { after } of changes) last.set(after.id, after);
  const rows = [...last.values()];
  const { uuid, text, bigint, boolean, instant, double, bytea, json } = columnsOf(rows);
  const columns = [
    uuid('id', (r) => r.id),
    text('workspace_id', (r) => r.workspace_id),
    text('source_id', (r) => r.source_id),
    text('account_id', (r) => r.account_id),
    bigint('object_id', (r) => r.object_id),
    bigint('campaign_id', (r) => r.campaign_id),
    text('click_id', (r) => r.click_id),
    instant('clicked_at', (r) => r.clicked_at),
    text('placement', (r) => r.placement),
    text('event', (r) => r.event),
    text('event_type', (r) => r.event_type),
    text('status', (r) => r.status),
    instant('status_at', (r) => r.status_at),
    bigint('value_micros', (r) => r.value_micros),
    bigint('original_micros', (r) => r.original_micros),
    text('original_currency', (r) => r.original_currency),
    double('rate', (r) => r.rate),
    text('txid', (r) => r.txid),
    text('device_id', (r) => r.device_id),
    instant('event_at', (r) => r.event_at),
    instant('received_at', (r) => r.received_at),
    text('attributed_by', (r) => r.attributed_by),
    text('attribution', (r) => r.attribution),
    uuid('follows_id', (r) => r.follows_id),
    boolean('counted', (r) => r.counted),
    text('excluded', (r) => r.excluded),
    uuid('first_postback_id', (r) => r.first_postback_id),
    uuid('last_postback_id', (r) => r.last_postback_id),
    boolean('correction', (r) => r.correction),
    text('match', (r) => r.match),
    boolean('view_through', (r) => r.view_through),
    boolean('retargeting', (r) => r.retargeting),
    bytea('user_hash', (r) => r.user_hash),
    json('losers', (r) => r.losers),
    bigint('payout_micros', (r) => r.payout_micros),
    text('payout_currency', (r) => r.payout_currency),
    text('sent_click_id', (r) => r.sent_click_id),
    uuid('same_as_id', (r) => r.same_as_id),
    text('relation', (r) => r.relation),
    uuid('relation_of_id', (r) => r.relation_of_id),
  ];
  return sql`insert into conversion (${columnNames(columns)}) ${selectColumns(columns)}`;
}

function insertChanges(changes: readonly ConversionChange[]): RawBuilder<unknown> {
  const { uuid, text, bigint, smallint, instant } = columnsOf(changes);
  const columns = [
    uuid('conversion_id', (c) => c.after.id),
    instant('known_from', (c) => c.knownFrom),
    uuid('postback_id', (c) => c.postbackId),
    text('status', (c) => c.after.status),
    smallint('counted_delta', ({ before, after }) => countOf(after) - countOf(before)),
    bigint('value_delta_micros', ({ before, after }) => valueOf(after) - valueOf(before)),
  ];
  return sql`insert into conversion_change (${columnNames(columns)}) ${selectColumns(columns)}`;
}

const OR_REPLACE = sql`
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
      same_as_id = excluded.same_as_id, relation = excluded.relation, relation_of_id = excluded.relation_of_id`;

/** Several steps by one postback are one. */
const OR_ADD = sql`
    on conflict (conversion_id, known_from, postback_id) do update
    set status = excluded.status, counted_delta = conversion_change.counted_delta + excluded.counted_delta,
        value_delta_micros = conversion_change.value_delta_micros + excluded.value_delta_micros`;

function countOf(row: ConversionRow | null): number {
  return row !== null && isCounted(row) ? 1 : 0;
}

function valueOf(row: ConversionRow | null): number {
  return row !== null && isWorth(row) ? (row.value_micros ?? 0) : 0;
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
