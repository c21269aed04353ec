import { type RawBuilder, sql } from 'kysely';
import type { CreditAnchor } from '../../core/attribution-facts.ts';
import { isAnchor } from '../../core/attribution.ts';
import type { Level } from '../../core/object.ts';
import { byteaArray, textArray } from '../binary-arrays.ts';
import type { Db } from '../connection.ts';
import { Installs } from './installs.ts';
import type { ConversionRow } from './messages.ts';
import { MOST_PAYMENTS, Payments } from './payments.ts';

/** By what a conversion is somebody's. */
export interface PersonKeys {
  readonly workspaceId: string;
  readonly deviceId: string | null;
  readonly userHash: Buffer | null;
  /** The click's own id where one was found, and the id as sent: what the sender alone credits is known by that. */
  readonly clickIds: readonly (string | null)[];
}

type Sql = RawBuilder<unknown>;
type AnchorPlace = Pick<CreditAnchor, 'network' | 'object'>;

/** Attributed conversions that others follow, by device, user and click, including those of the batch itself as it is worked through. */
export class Anchors {
  readonly #byPerson = new Map<string, string[]>();
  readonly #anchors = new Map<string, CreditAnchor>();
  readonly #places = new Map<string, AnchorPlace>();

  /**
   * Remembers an attributed conversion when others may follow it, or what it is by now. What would follow a repeated report
   * of an install follows the report that counts.
   *
   * @param place left out where it is as before.
   */
  add(row: ConversionRow, place = this.#places.get(row.id)): void {
    if (!isAnchor(row.event, row.event_type) || place === undefined) return;
    this.#places.set(row.id, place);
    this.#anchors.delete(row.id);
    if (row.same_as_id !== null) return this.#lead(row, row.same_as_id);
    if (row.attributed_by === null || row.excluded !== null) return;
    this.#anchors.set(row.id, {
      ...place,
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
    this.#lead(row, row.id);
  }

  #lead(row: ConversionRow, anchorId: string): void {
    for (const key of keysOf(personOf(row))) {
      const list = this.#byPerson.get(key);
      if (!list) this.#byPerson.set(key, [anchorId]);
      else if (!list.includes(anchorId)) list.push(anchorId);
    }
  }

  /** What this person's events may follow. */
  of(person: PersonKeys, exceptId: string | null): readonly CreditAnchor[] {
    if (this.#anchors.size === 0) return [];
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

/** Whose conversions are looked for, and whether by what they pay too. */
export interface PersonWanted extends PersonKeys {
  readonly pays: boolean;
}

/** What is on record of some persons. */
export interface Persons {
  readonly anchors: Anchors;
  readonly installs: Installs;
  readonly payments: Payments;
}

/**
 * Reads, in one statement, what these persons' events may follow, which installs of theirs are known with all that repeat them,
 * and what they have paid.
 */
export async function loadPersons(trx: Db, wanted: readonly PersonWanted[]): Promise<Persons> {
  const persons = { anchors: new Anchors(), installs: new Installs(), payments: new Payments() };
  const workspaces = [...new Set(wanted.map((person) => person.workspaceId))];
  const ofWorkspaces = sql`workspace_id = any(${workspaces}::text[])`;
  const paying = wanted.filter((person) => person.pays);
  const found = [
    ...keyed(wanted).map(
      ({ column, ids }) => sql`
      select * from conversion where ${column} = any(${ids}) and ${ofWorkspaces} and ${IS_ANCHOR}`,
    ),
    ...keyed(paying).map(
      ({ column, ids }) => sql`
      select p.* from unnest(${ids}) as k (id) cross join lateral (
        select * from conversion where ${column} = k.id and ${ofWorkspaces} order by event_at desc limit ${MOST_PAYMENTS}
      ) p where p.event_type = 'event' and (p.original_micros is not null or p.event ilike '%trial%')`,
    ),
  ];
  if (found.length === 0) return persons;
  const { rows } = await sql<AnchorRow>`
    with found as materialized (${sql.join(found, sql` union all `)})
    select c.*, a.network, o.level, o.name
    from (
      select * from found
      union all select c.* from found f join conversion c on c.id = f.same_as_id
      union all select c.* from found f join conversion c on c.same_as_id = coalesce(f.same_as_id, f.id)
      where f.event_type = 'install'
    ) c
    left join ad_account a on a.id = c.account_id
    left join object o on o.id = c.object_id
    where c.excluded is distinct from 'test'`.execute(trx);
  for (const { network, level, name, ...row } of new Map(rows.map((one) => [one.id, one])).values()) {
    persons.anchors.add(row, { network: network ?? 'unknown', object: objectOf(row, level, name) });
    persons.installs.put(row);
    persons.payments.put(row);
  }
  return persons;
}

/** By what conversions of these persons are found, each with its values. */
function keyed(persons: readonly PersonKeys[]): readonly { readonly column: Sql; readonly ids: Sql }[] {
  const devices = present(persons.map((person) => person.deviceId));
  const users = distinctHashes(persons.map((person) => person.userHash));
  const clicks = present(persons.flatMap((person) => person.clickIds));
  return [
    { column: sql.ref('device_id'), ids: sql`${textArray(devices)}::text[]`, size: devices.length },
    { column: sql.ref('user_hash'), ids: sql`${byteaArray(users)}::bytea[]`, size: users.length },
    { column: sql.ref('click_id'), ids: sql`${textArray(clicks)}::text[]`, size: clicks.length },
  ].filter(({ size }) => size > 0);
}

function objectOf(row: ConversionRow, level: Level | null, name: string | null): CreditAnchor['object'] {
  if (row.object_id === null || level === null) return null;
  return { id: row.object_id, level, name: name ?? '', campaignId: row.campaign_id };
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
