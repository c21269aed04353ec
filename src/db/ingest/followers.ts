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
 * Credits what follows an install or trial whose credit is new or has moved. Postbacks arrive out of order, an install may
 * earn its credit only when its click is stored, and a sync may bring its ad later: what follows it goes along.
 *
 * @param held accounts whose totals this transaction holds; nothing is credited to others.
 * @param changes just written.
 * @param done conversions already settled on the way here: two trials of one instant must not pass each other on for ever.
 */
export async function creditFollowers(
  trx: Db,
  ground: Ground,
  held: ReadonlySet<string>,
  changes: readonly ConversionChange[],
  done: ReadonlySet<string> = new Set(),
): Promise<readonly CampaignRef[]> {
  const anchors = changes.filter(
    ({ before, after }) =>
      isCredited(after) && !(before && isCredited(before) && before.object_id === after.object_id),
  );
  if (anchors.length === 0) return [];
  const workspaceIds = [...new Set(anchors.map(({ after }) => after.workspace_id))];
  const rows = await loadCandidates(
    trx,
    anchors.map(({ after }) => after),
  );
  if (rows.length === 0) return [];

  const known = await loadAnchors(
    trx,
    workspaceIds,
    present(rows.map((row) => row.device_id)),
    present(rows.map((row) => row.click_id)),
  );
  const convert = await loadConvert(
    trx,
    ground,
    rows.map((row) => row.original_currency),
  );
  const knownFromMs = Math.max(...anchors.map((anchor) => anchor.knownFrom.getTime()));
  const credited: ConversionChange[] = [];
  for (const before of rows) {
    if (done.has(before.id)) continue;
    const atMs = before.event_at.getTime();
    const attribution = attribute({
      event: before.event,
      eventType: before.event_type,
      atMs,
      windowHours: 0,
      sentClickId: before.click_id,
      click: null,
      deviceClick: null,
      anchor: known.find(before.workspace_id, before.device_id, [before.click_id], atMs, before.id),
      sender: null,
    });
    if (attribution.kind !== 'attributed' || !held.has(attribution.accountId ?? '')) continue;
    const after = withAttribution(before, attribution, { ground, convert });
    if (before.follows_id === after.follows_id && before.object_id === after.object_id) continue;
    const knownFrom = new Date(Math.max(knownFromMs, before.received_at.getTime()));
    credited.push({ before, after, postbackId: before.last_postback_id, knownFrom });
  }
  await tellPostbacks(trx, credited);
  const campaigns = await writeChanges(trx, ground, credited);
  // A trial that follows an install has followers of its own.
  const seen = new Set([...done, ...[...anchors, ...credited].map(({ after }) => after.id)]);
  return [...campaigns, ...(await creditFollowers(trx, ground, held, credited, seen))];
}

/** What may follow these: nothing credited yet, of the same device or click, or credited by following them. */
async function loadCandidates(trx: Db, anchors: readonly ConversionRow[]): Promise<readonly ConversionRow[]> {
  const { rows } = await sql<ConversionRow>`
    select * from conversion where id in (
      select id from conversion
      where device_id = any(${present(anchors.map((a) => a.device_id))}::text[])
        and attributed_by is null
      union
      select id from conversion
      where click_id = any(${present(anchors.map((a) => a.click_id))}::text[])
        and clicked_at is null and attributed_by is null
      union
      select id from conversion where follows_id = any(${anchors.map((a) => a.id)}::uuid[])
    ) and workspace_id = any(${anchors.map((a) => a.workspace_id)}::text[]) and excluded is null
    order by received_at, id for update`.execute(trx);
  return rows;
}

function isCredited(row: ConversionRow): boolean {
  return row.attributed_by !== null && row.excluded === null && isAnchor(row.event, row.event_type);
}

function present(ids: readonly (string | null)[]): readonly string[] {
  return [...new Set(ids)].filter((id) => id !== null);
}
