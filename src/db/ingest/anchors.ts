import { sql } from 'kysely';
import { type AnchorTouch, isAnchor } from '../../core/attribution.ts';
import type { Level, ObjectId } from '../../core/object.ts';
import type { Db } from '../connection.ts';

type Anchor = AnchorTouch & { readonly atMs: number };

/** Attributed installs and trials by device and by click, including those of the batch itself as it is worked through. */
export class Anchors {
  readonly #byPerson = new Map<string, Anchor[]>();

  /** Remembers a conversion when it is an install or a trial. */
  add(anchor: Anchor, eventType: string, workspaceId: string, deviceId: string | null): void {
    if (!isAnchor(anchor.event, eventType)) return;
    for (const key of keysOf(workspaceId, deviceId, [anchor.clickId])) {
      const list = this.#byPerson.get(key);
      if (list) list.push(anchor);
      else this.#byPerson.set(key, [anchor]);
    }
  }

  /**
   * The newest install or trial of this device or click at or before the instant.
   *
   * @param clickIds the click's own id where one was found, and the id as sent: what the sender alone credits is known
   *   by that.
   * @param exceptId a trial does not follow itself.
   */
  find(
    workspaceId: string,
    deviceId: string | null,
    clickIds: readonly (string | null)[],
    atMs: number,
    exceptId: string | null = null,
  ): AnchorTouch | null {
    let newest: Anchor | null = null;
    for (const key of keysOf(workspaceId, deviceId, clickIds)) {
      for (const anchor of this.#byPerson.get(key) ?? []) {
        if (anchor.conversionId === exceptId) continue;
        if (anchor.atMs <= atMs && (newest === null || anchor.atMs > newest.atMs)) newest = anchor;
      }
    }
    return newest;
  }
}

function keysOf(
  workspaceId: string,
  deviceId: string | null,
  clickIds: readonly (string | null)[],
): readonly string[] {
  return [
    ...(deviceId === null ? [] : [`device ${workspaceId} ${deviceId}`]),
    ...clickIds.flatMap((id) => (id === null ? [] : [`click ${workspaceId} ${id}`])),
  ];
}

interface AnchorRow {
  id: string;
  workspace_id: string;
  account_id: string | null;
  network: string | null;
  object_id: ObjectId | null;
  campaign_id: ObjectId | null;
  level: Level | null;
  name: string | null;
  event: string;
  event_type: string;
  event_at: Date;
  attributed_by: 'click' | 'sender';
  click_id: string | null;
  clicked_at: Date | null;
  placement: string | null;
  device_id: string | null;
}

/** Reads the stored anchors of these devices and clicks. */
export async function loadAnchors(
  trx: Db,
  workspaceIds: readonly string[],
  deviceIds: readonly string[],
  clickIds: readonly string[],
): Promise<Anchors> {
  const anchors = new Anchors();
  if (deviceIds.length === 0 && clickIds.length === 0) return anchors;
  const { rows } = await sql<AnchorRow>`
    select c.id, c.workspace_id, c.account_id, a.network, c.object_id, c.campaign_id, o.level, o.name, c.event,
           c.event_type, c.event_at, c.attributed_by, c.click_id, c.clicked_at, c.placement, c.device_id
    from (
      select * from conversion
      where workspace_id = any(${workspaceIds}::text[]) and device_id = any(${deviceIds}::text[])
        and (event_type = 'install' or event ilike '%trial%')
      union
      select * from conversion
      where click_id = any(${clickIds}::text[]) and (event_type = 'install' or event ilike '%trial%')
    ) c
    left join ad_account a on a.id = c.account_id
    left join object o on o.id = c.object_id
    where c.attributed_by is not null and c.excluded is null
    order by c.event_at, c.id`.execute(trx);
  for (const row of rows) {
    anchors.add(
      {
        conversionId: row.id,
        event: row.event,
        by: row.attributed_by,
        network: row.network ?? 'unknown',
        accountId: row.account_id,
        object:
          row.object_id === null || row.level === null
            ? null
            : { id: row.object_id, level: row.level, name: row.name ?? '', campaignId: row.campaign_id },
        clickId: row.click_id,
        clickedAtMs: row.clicked_at?.getTime() ?? null,
        placement: row.placement,
        atMs: row.event_at.getTime(),
      },
      row.event_type,
      row.workspace_id,
      row.device_id,
    );
  }
  return anchors;
}
