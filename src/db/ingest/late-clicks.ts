import { sql } from 'kysely';
import { attribute, attributionWindowHours, type Touch } from '../../core/attribution.ts';
import type { Db } from '../connection.ts';
import { loadGround } from './accounts.ts';
import { type ClickRow, namedByClick } from './clicks.ts';
import { withAttribution } from './conversion-rows.ts';
import { loadConvert } from './exchange.ts';
import { creditFollowers } from './followers.ts';
import { clickTouch } from './lookups.ts';
import type { ConversionRow } from './messages.ts';
import { objectFinder } from './object-finder.ts';
import type { ConversionChange } from './rollups.ts';
import { tellPostbacks } from './tell-postbacks.ts';
import { addWaiting, type WaitingRow } from './waiting.ts';
import { type CampaignRef, writeChanges } from './write-changes.ts';

/**
 * Credits conversions that came before their click was stored: clicks wait on disk while the database is away, and a
 * tracker may be faster. Their postbacks answered "unknown click" and now say what they earned; what meanwhile only the
 * sender's ids credited goes to the click, which wins.
 *
 * @param clicks clicks just taken from the click inbox.
 */
export async function creditLateClicks(
  trx: Db,
  clicks: readonly ClickRow[],
  wallMs: number,
): Promise<readonly CampaignRef[]> {
  const byId = new Map<string, ClickRow>();
  for (const click of clicks) {
    if (click.network_click_id !== null) byId.set(`${click.workspace_id} ${click.network_click_id}`, click);
    byId.set(`${click.workspace_id} ${click.id}`, click);
  }
  const ids = clicks.flatMap((click) => [click.id, click.network_click_id]).filter((id) => id !== null);
  if (ids.length === 0) return [];
  const { rows } = await sql<ConversionRow>`
    select * from conversion
    where click_id = any(${ids}::text[]) and clicked_at is null and follows_id is null and excluded is null
    order by received_at, id for update`.execute(trx);
  if (rows.length === 0) return [];

  const ground = await loadGround(
    trx,
    [...new Set(rows.map((r) => r.workspace_id))],
    [...new Set(rows.map((r) => r.source_id))],
    wallMs,
  );
  const find = await objectFinder(trx, ground, clicks.map(namedByClick));
  const convert = await loadConvert(
    trx,
    ground,
    rows.map((r) => r.original_currency),
  );
  const senders = await loadSenderTouches(trx, rows);
  const changes: ConversionChange[] = [];
  const waiting: WaitingRow[] = [];
  for (const before of rows) {
    const click = byId.get(`${before.workspace_id} ${before.click_id ?? ''}`);
    if (!click) continue;
    const { touch, missing } = clickTouch(click, find);
    const attribution = attribute({
      event: before.event,
      eventType: before.event_type,
      atMs: before.event_at.getTime(),
      windowHours: attributionWindowHours(
        before.event,
        before.event_type,
        ground.windowsOf(before.source_id),
      ),
      sentClickId: before.click_id,
      click: touch,
      deviceClick: null,
      anchor: null,
      sender: senders.get(before.id) ?? null,
    });
    // Outside its window the click earns nothing: the sender's word stands.
    if (before.attributed_by !== null && (attribution.kind !== 'attributed' || attribution.by !== 'click'))
      continue;
    if (missing !== null && attribution.kind === 'attributed') {
      waiting.push({
        workspaceId: before.workspace_id,
        networkId: missing,
        kind: 'conversion',
        id: before.id,
        at: before.received_at,
        objectId: attribution.object?.id ?? null,
      });
    }
    changes.push({
      before,
      after: withAttribution(before, attribution, { ground, convert }),
      postbackId: before.last_postback_id,
      knownFrom: new Date(ground.nowMs(before.workspace_id)),
    });
  }
  await tellPostbacks(trx, changes);
  await addWaiting(trx, waiting);
  const campaigns = await writeChanges(trx, ground, changes);
  return [...campaigns, ...(await creditFollowers(trx, ground, new Set(ground.accounts.keys()), changes))];
}

/** What the sender's ids credited these conversions to, by conversion id. */
async function loadSenderTouches(
  trx: Db,
  rows: readonly ConversionRow[],
): Promise<ReadonlyMap<string, Touch>> {
  const credited = rows.filter((row) => row.attributed_by === 'sender' && row.object_id !== null);
  if (credited.length === 0) return new Map();
  const objects = await trx
    .selectFrom('object as o')
    .innerJoin('ad_account as a', 'a.id', 'o.account_id')
    .select(['o.id', 'o.level', 'o.name', 'o.campaign_id as campaignId', 'o.account_id', 'a.network'])
    .where(
      'o.id',
      'in',
      credited.map((row) => row.object_id),
    )
    .execute();
  const byId = new Map(objects.map((object) => [object.id, object]));
  const touches = new Map<string, Touch>();
  for (const row of credited) {
    const object = row.object_id === null ? undefined : byId.get(row.object_id);
    if (object) touches.set(row.id, { network: object.network, accountId: object.account_id, object });
  }
  return touches;
}
