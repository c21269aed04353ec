import { sql } from 'kysely';
import { attribute, isAnchor } from '../../core/attribution.ts';
import type { Db } from '../connection.ts';
import type { Ground } from './accounts.ts';
import { loadAnchors } from './anchors.ts';
import { withAttribution } from './conversion-rows.ts';
import { loadConvert } from './exchange.ts';
import type { ConversionRow } from './messages.ts';
import type { ConversionChange } from './rollups.ts';
import { tellPostbacks } from './tell-postbacks.ts';
import { type CampaignRef, writeChanges } from './write-changes.ts';

/**
 * Credits what follows an install or trial and came before it: postbacks arrive out of order, and an install may earn
 * its credit only when its click is stored.
 *
 * @param changes just written; the installs and trials among them that are credited since.
 */
export async function creditFollowers(
  trx: Db,
  ground: Ground,
  changes: readonly ConversionChange[],
): Promise<readonly CampaignRef[]> {
  const anchors = changes.filter(({ before, after }) => isCredited(after) && !(before && isCredited(before)));
  if (anchors.length === 0) return [];
  const workspaceIds = [...new Set(anchors.map(({ after }) => after.workspace_id))];
  const deviceIds = present(anchors.map(({ after }) => after.device_id));
  const clickIds = present(anchors.map(({ after }) => after.click_id));
  const { rows } = await sql<ConversionRow>`
    select * from conversion where id in (
      select id from conversion
      where device_id = any(${deviceIds}::text[]) and workspace_id = any(${workspaceIds}::text[])
        and attributed_by is null
      union
      select id from conversion
      where click_id = any(${clickIds}::text[]) and clicked_at is null and attributed_by is null
    ) and excluded is null
    order by received_at, id for update`.execute(trx);
  if (rows.length === 0) return [];

  const known = await loadAnchors(trx, workspaceIds, deviceIds, clickIds);
  const convert = await loadConvert(
    trx,
    ground,
    rows.map((row) => row.original_currency),
  );
  const credited: ConversionChange[] = [];
  for (const before of rows) {
    const atMs = before.event_at.getTime();
    const attribution = attribute({
      event: before.event,
      eventType: before.event_type,
      atMs,
      windowHours: 0,
      sentClickId: before.click_id,
      click: null,
      deviceClick: null,
      anchor: known.find(before.workspace_id, before.device_id, [before.click_id], atMs),
      sender: null,
    });
    if (attribution.kind !== 'attributed') continue;
    credited.push({
      before,
      after: withAttribution(before, attribution, { ground, convert }),
      postbackId: before.last_postback_id,
      knownFrom: new Date(Math.max(ground.nowMs(before.workspace_id), before.received_at.getTime())),
    });
  }
  await tellPostbacks(trx, credited);
  return writeChanges(trx, ground, credited);
}

function isCredited(row: ConversionRow): boolean {
  return row.attributed_by !== null && row.excluded === null && isAnchor(row.event, row.event_type);
}

function present(ids: readonly (string | null)[]): readonly string[] {
  return [...new Set(ids)].filter((id) => id !== null);
}
