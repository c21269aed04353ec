import { type Selectable, sql } from 'kysely';
import type { ClickOfConversion, ConversionWithClick } from '../../core/conversion-with-click.ts';
import { textArray, timestampArray, uuidArray } from '../binary-arrays.ts';
import type { Db } from '../connection.ts';
import { withinDaysOf } from '../days.ts';
import type { ConversionTable } from '../tables.ts';

type ConversionColumns = Pick<
  Selectable<ConversionTable>,
  | 'id'
  | 'workspace_id'
  | 'source_id'
  | 'event'
  | 'status'
  | 'txid'
  | 'original_micros'
  | 'original_currency'
  | 'event_at'
  | 'received_at'
  | 'clicked_at'
  | 'click_id'
  | 'placement'
  | 'excluded'
  | 'first_postback_id'
>;

interface ConversionRow extends ConversionColumns {
  readonly campaign_network_id: string | null;
  readonly adset_network_id: string | null;
  readonly ad_network_id: string | null;
  readonly consent: ConversionWithClick['consent'];
}

type MessageFacts = Pick<ConversionWithClick, 'visitorIp' | 'userHash' | 'via'>;

const NO_MESSAGE: MessageFacts = { visitorIp: null, userHash: null, via: null };

/** Conversions with everything a destination may want to know of them; three statements however many. */
export async function loadForForwarding(
  db: Db,
  ids: readonly string[],
): Promise<ReadonlyMap<string, ConversionWithClick>> {
  if (ids.length === 0) return new Map();
  // Money taken back of a conversion that nobody knows is news to nobody.
  const { rows } = await sql<ConversionRow>`
    select c.id, c.workspace_id, c.source_id, c.event, c.status, c.txid, c.original_micros, c.original_currency,
      c.event_at, c.received_at, c.clicked_at, c.click_id, c.placement,
      case when c.correction and c.excluded is null then 'correction' else c.excluded end as excluded, c.first_postback_id,
      campaign.network_id as campaign_network_id, adset.network_id as adset_network_id,
      case when o.level = 'ad' then o.network_id end as ad_network_id,
      case when k.conversion_id is not null then
        jsonb_build_object('adUserData', k.ad_user_data, 'adPersonalization', k.ad_personalization) end as consent
    from conversion c
    left join object o on o.id = c.object_id
    left join object adset on adset.id = case when o.level = 'adset' then o.id else o.adset_id end
    left join object campaign on campaign.id = c.campaign_id
    left join conversion_consent k on k.conversion_id = c.id
    where c.id = any(${uuidArray([...new Set(ids)])}::uuid[])`.execute(db);
  const [clicks, messages] = [await loadClicks(db, rows), await loadMessages(db, rows)];
  return new Map(
    rows.map((row) => [
      row.id,
      {
        id: row.id,
        workspaceId: row.workspace_id,
        sourceId: row.source_id,
        event: row.event,
        status: row.status,
        txid: row.txid,
        amountMicros: row.original_micros,
        currency: row.original_currency,
        eventAtMs: row.event_at.getTime(),
        clickedAtMs: row.clicked_at?.getTime() ?? null,
        clickId: row.click_id,
        placement: row.placement,
        excluded: row.excluded,
        campaignNetworkId: row.campaign_network_id,
        adsetNetworkId: row.adset_network_id,
        adNetworkId: row.ad_network_id,
        consent: row.consent,
        ...(messages.get(row.id) ?? NO_MESSAGE),
        click: clicks.get(row.id) ?? null,
      },
    ]),
  );
}

async function loadClicks(
  db: Db,
  rows: readonly ConversionColumns[],
): Promise<ReadonlyMap<string, ClickOfConversion>> {
  const keys = rows.flatMap(({ id, workspace_id, click_id, clicked_at }) =>
    click_id === null || clicked_at === null
      ? []
      : [{ id, workspaceId: workspace_id, clickId: click_id, atMs: clicked_at.getTime() }],
  );
  if (keys.length === 0) return new Map();
  const found = await sql<ClickOfConversion & { conversion_id: string }>`
    select k.conversion_id, c.network_click_id as "networkClickId", c.network_click_param as "networkClickParam", c.creative,
      host(c.ip) as ip, c.user_agent as "userAgent", c.params, l.target_url as "targetUrl"
    from unnest(${uuidArray(keys.map((k) => k.id))}::uuid[], ${textArray(keys.map((k) => k.workspaceId))}::text[],
      ${textArray(keys.map((k) => k.clickId))}::text[], ${timestampArray(keys.map((k) => k.atMs))}::timestamptz[])
      as k (conversion_id, workspace_id, click_id, at)
    cross join lateral (
      select * from click
      where id = k.click_id and clicked_at = k.at and workspace_id = k.workspace_id
        and ${withinDaysOf(
          sql`clicked_at`,
          keys.map((k) => k.atMs),
        )}
      limit 1
    ) c
    left join link l on l.id = c.link_id and l.workspace_id = c.workspace_id`.execute(db);
  return new Map(found.rows.map(({ conversion_id: id, ...click }) => [id, click]));
}

async function loadMessages(
  db: Db,
  rows: readonly ConversionColumns[],
): Promise<ReadonlyMap<string, MessageFacts>> {
  if (rows.length === 0) return new Map();
  const instants = rows.map((row) => row.received_at.getTime());
  const found = await sql<MessageFacts & { conversion_id: string }>`
    select k.conversion_id, host(p.visitor_ip) as "visitorIp", p.user_hash as "userHash", p.via
    from unnest(${uuidArray(rows.map((r) => r.id))}::uuid[], ${uuidArray(rows.map((r) => r.first_postback_id))}::uuid[],
      ${timestampArray(instants)}::timestamptz[]) as k (conversion_id, postback_id, at)
    cross join lateral (
      select visitor_ip, user_hash, via from postback
      where id = k.postback_id and received_at = k.at and ${withinDaysOf(sql`received_at`, instants)}
      limit 1
    ) p`.execute(db);
  return new Map(found.rows.map(({ conversion_id: id, ...message }) => [id, message]));
}
