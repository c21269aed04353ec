import { sql } from 'kysely';
import type { CreditAnchor } from '../../core/attribution-facts.ts';
import { isAnchor } from '../../core/attribution.ts';
import type { Level } from '../../core/object.ts';
import { byteaArray, textArray } from '../binary-arrays.ts';
import type { Db } from '../connection.ts';
import type { ConversionRow } from './messages.ts';

/** By what a conversion is somebody's. */
export interface PersonKeys {
  readonly workspaceId: string;
  readonly deviceId: string | null;
  readonly userHash: Buffer | null;
  /** The click's own id where one was found, and the id as sent: what the sender alone credits is known by that. */
  readonly clickIds: readonly (string | null)[];
}

/** Attributed conversions that others follow, by device, user and click, including those of the batch itself as it is worked through. */
export class Anchors {
  readonly #byPerson = new Map<string, string[]>();
  readonly #anchors = new Map<string, CreditAnchor>();

  /** Remembers an attributed conversion when others may follow it, or what it is by now. */
  add(row: ConversionRow, touch: Pick<CreditAnchor, 'network' | 'object'>): void {
    if (row.attributed_by === null || row.excluded !== null || !isAnchor(row.event, row.event_type)) return;
    this.#anchors.set(row.id, {
      ...touch,
      conversionId: row.id,
      event: row.event,
      by: row.attributed_by,
      accountId: row.account_id,
      clickId: row.click_id,
      clickedAtMs: row.clicked_at?.getTime() ?? null,
      placement: row.placement,
      atMs: row.event_at.getTime(),
      track: row.retargeting ? 'retargeting' : 'acquisition',
      viewThrough: row.view_through,
    });
    for (const key of keysOf(personOf(row))) {
      const list = this.#byPerson.get(key);
      if (!list) this.#byPerson.set(key, [row.id]);
      else if (!list.includes(row.id)) list.push(row.id);
    }
  }

  /** What this person's events may follow. */
  of(person: PersonKeys, exceptId: string | null): readonly CreditAnchor[] {
    const ids = new Set(keysOf(person).flatMap((key) => this.#byPerson.get(key) ?? []));
    return [...ids].flatMap((id) => {
      const anchor = id === exceptId ? undefined : this.#anchors.get(id);
      return anchor ? [anchor] : [];
    });
  }
}

/** Whose a stored conversion is. */
export function personOf(row: ConversionRow): PersonKeys {
  return {
    workspaceId: row.workspace_id,
    deviceId: row.device_id,
    userHash: row.user_hash,
    clickIds: [row.click_id],
  };
}

function keysOf({ workspaceId, deviceId, userHash, clickIds }: PersonKeys): readonly string[] {
  return [
    ...(deviceId === null ? [] : [`device ${workspaceId} ${deviceId}`]),
    ...(userHash === null ? [] : [`user ${workspaceId} ${userHash.toString('hex')}`]),
    ...clickIds.flatMap((id) => (id === null ? [] : [`click ${workspaceId} ${id}`])),
  ];
}

interface AnchorRow extends ConversionRow {
  readonly network: string | null;
  readonly level: Level | null;
  readonly name: string | null;
}

const IS_ANCHOR = sql`(event_type in ('install', 're-engagement', 're-attribution') or event ilike '%trial%')`;

/** Reads what these persons' events may follow. */
export async function loadAnchors(trx: Db, persons: readonly PersonKeys[]): Promise<Anchors> {
  const anchors = new Anchors();
  const workspaces = [...new Set(persons.map((person) => person.workspaceId))];
  const devices = present(persons.map((person) => person.deviceId));
  const users = distinctHashes(persons.map((person) => person.userHash));
  const clicks = present(persons.flatMap((person) => person.clickIds));
  const found = [
    ...(devices.length === 0
      ? []
      : [
          sql`select * from conversion where workspace_id = any(${workspaces}::text[])
                and device_id = any(${textArray(devices)}::text[]) and ${IS_ANCHOR}`,
        ]),
    ...(users.length === 0
      ? []
      : [
          sql`select * from conversion where workspace_id = any(${workspaces}::text[])
                and user_hash = any(${byteaArray(users)}::bytea[]) and ${IS_ANCHOR}`,
        ]),
    ...(clicks.length === 0
      ? []
      : [sql`select * from conversion where click_id = any(${textArray(clicks)}::text[]) and ${IS_ANCHOR}`]),
  ];
  if (found.length === 0) return anchors;
  const { rows } = await sql<AnchorRow>`
    select c.*, a.network, o.level, o.name
    from (${sql.join(found, sql` union all `)}) c
    left join ad_account a on a.id = c.account_id
    left join object o on o.id = c.object_id
    where c.attributed_by is not null and c.excluded is null`.execute(trx);
  for (const row of rows) anchors.add(row, { network: row.network ?? 'unknown', object: objectOf(row) });
  return anchors;
}

function objectOf(row: AnchorRow): CreditAnchor['object'] {
  if (row.object_id === null || row.level === null) return null;
  return { id: row.object_id, level: row.level, name: row.name ?? '', campaignId: row.campaign_id };
}

function present(ids: readonly (string | null)[]): readonly string[] {
  return [...new Set(ids)].filter((id) => id !== null);
}

/** Buffers of equal bytes are different to a Set. */
export function distinctHashes(hashes: readonly (Buffer | null)[]): readonly Buffer[] {
  return [
    ...new Map(hashes.flatMap((hash) => (hash === null ? [] : [[hash.toString('hex'), hash]]))).values(),
  ];
}
