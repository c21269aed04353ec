import { type Selectable, sql } from 'kysely';
import { byteaArray, textArray, timestampArray, uuidArray } from '../binary-arrays.ts';
import type { Db } from '../connection.ts';
import { withinDaysOf } from '../days.ts';
import { columnNames, columnsOf, selectColumns } from '../rows-as-columns.ts';
import type { ConversionTable } from '../tables.ts';
import type { Slots } from './shard.ts';

export type ConversionRow = Selectable<ConversionTable>;

/** One accepted postback, as the drain takes it from the inbox. */
export interface Message {
  readonly id: string;
  readonly received_at: Date;
  readonly wall_at: Date;
  readonly workspace_id: string;
  readonly source_id: string;
  readonly click_id: string | null;
  readonly event: string | null;
  readonly event_type: string | null;
  readonly status: string | null;
  readonly txid: string | null;
  readonly amount_micros: number | null;
  readonly currency: string | null;
  readonly event_at: Date | null;
  readonly device_id: string | null;
  readonly sender_ids: Readonly<Record<string, string>> | null;
  readonly conversion_key: Buffer | null;
  readonly warnings: readonly string[];
  readonly test: boolean;
  /** The sender credits a view. */
  readonly view_through: boolean;
  /** The sender counts it to bringing a user back. */
  readonly re_engagement: boolean;
  readonly user_hash: Buffer | null;
  readonly country: string | null;
  /** Name of the day's table its row lies in. */
  readonly day_table: string;
}

const COLUMNS = sql`p.id, p.received_at, p.wall_at, p.workspace_id, p.source_id, p.click_id, p.event, p.event_type,
  p.status, p.txid, p.amount_micros, p.currency, p.event_at, p.device_id, p.sender_ids, p.conversion_key, p.warnings,
  p.test, p.view_through, p.re_engagement, p.user_hash, p.country, p.tableoid::bigint as day_oid`;

/** Where a row stands in the order of the inbox. */
export type InboxPlace = Pick<Message, 'id' | 'received_at'>;

/**
 * Reads the oldest rows of the inbox, or the oldest behind a place, and leaves them there. No day
 * before the first of them is looked into (see withinDaysOf), so that a long queue costs nothing to read from.
 */
export async function readMessages(
  trx: Db,
  slots: Slots,
  limit: number,
  after: InboxPlace | null = null,
): Promise<readonly Message[]> {
  const ofSlots = sql`slot between ${slots.first} and ${slots.last}`;
  let since = after?.received_at ?? null;
  if (since === null) {
    const { rows } = await sql<{ received_at: Date }>`
      select received_at from inbox where ${ofSlots} order by received_at, postback_id limit 1`.execute(trx);
    since = rows[0]?.received_at ?? null;
  }
  if (since === null) return [];
  const from = sql`received_at >= ${since.toISOString()}::timestamptz`;
  const behind =
    after === null
      ? sql`true`
      : sql`(received_at, postback_id) > (${after.received_at.toISOString()}::timestamptz, ${after.id}::uuid)`;
  const { rows } = await sql<Omit<Message, 'day_table'> & { day_oid: number }>`
    select ${COLUMNS}
    from (
      select postback_id, received_at from inbox where ${ofSlots} and ${from} and ${behind}
      order by received_at, postback_id limit ${limit}
    ) k
    cross join lateral (
      select *, tableoid from postback where id = k.postback_id and received_at = k.received_at and ${from} limit 1
    ) p
    where p.workspace_id is not null
    order by p.received_at, p.id`.execute(trx);
  return withDayTables(trx, rows);
}

/** Names the days' tables once, and not in each of thousands of rows. */
async function withDayTables(
  trx: Db,
  rows: readonly (Omit<Message, 'day_table'> & { readonly day_oid: number })[],
): Promise<readonly Message[]> {
  const oids = [...new Set(rows.map((row) => row.day_oid))];
  if (oids.length === 0) return [];
  const named = await sql<{ oid: number; name: string }>`
    select oid::bigint as oid, oid::regclass::text as name from unnest(${oids}::oid[]) as u (oid)`.execute(
    trx,
  );
  const names = new Map(named.rows.map(({ oid, name }) => [oid, name]));
  return rows.map((row) => Object.assign(row, { day_table: names.get(row.day_oid) ?? 'postback' }));
}

/**
 * Takes messages that were read out of the inbox; they are back in it when the transaction is rolled back.
 *
 * @returns those that were still there: another attempt may have taken some since they were read.
 */
export async function claimMessages(trx: Db, messages: readonly Message[]): Promise<readonly Message[]> {
  if (messages.length === 0) return [];
  const { rows } = await sql<{ left: readonly string[] | null }>`
    with claimed as (
      delete from inbox using unnest(
        ${uuidArray(messages.map((m) => m.id))}::uuid[],
        ${timestampArray(messages.map((m) => m.received_at.getTime()))}::timestamptz[]) as k (id, at)
      where received_at = k.at and postback_id = k.id
      returning postback_id
    )
    select case when count(*) < ${messages.length} then coalesce(array_agg(postback_id), '{}') end as left from claimed`.execute(
    trx,
  );
  const left = rows[0]?.left ?? null;
  if (left === null) return messages;
  const claimed = new Set(left);
  return messages.filter(({ id }) => claimed.has(id));
}

/** Takes the oldest rows out of the inbox. */
export async function takeMessages(trx: Db, slots: Slots, limit: number): Promise<readonly Message[]> {
  return claimMessages(trx, await readMessages(trx, slots, limit));
}

/** Postbacks by id and receipt, in order of receipt. */
export async function loadMessages(
  trx: Db,
  keys: readonly { readonly id: string; readonly at: Date }[],
): Promise<readonly Message[]> {
  if (keys.length === 0) return [];
  const { rows } = await sql<Omit<Message, 'day_table'> & { day_oid: number }>`
    select ${COLUMNS}
    from unnest(${keys.map((k) => k.id)}::uuid[], ${keys.map((k) => k.at.toISOString())}::timestamptz[]) as k (id, at)
    cross join lateral (
      select *, tableoid from postback
      where id = k.id and received_at = k.at
        and ${withinDaysOf(
          sql`received_at`,
          keys.map((k) => k.at.getTime()),
        )}
      limit 1
    ) p
    where p.workspace_id is not null
    order by p.received_at, p.id`.execute(trx);
  return withDayTables(trx, rows);
}

/**
 * Claims the messages' conversion keys, each for the conversion that its first message begins, and reads the conversions
 * that stand under one of them already. Of two shards that claim a key in the same instant the second waits for the
 * first, and finds it taken.
 *
 * @param seen keys that were claimed or found before in this transaction, which are left out; takes in these.
 * @returns the known ones by {@link conversionKeyOf}.
 */
export async function claimConversions(
  trx: Db,
  messages: readonly Message[],
  seen: Set<string>,
): Promise<ReadonlyMap<string, ConversionRow>> {
  const keyed: Message[] = [];
  for (const message of messages) {
    const key = conversionKeyOf(message);
    if (key === null || seen.has(key)) continue;
    seen.add(key);
    keyed.push(message);
  }
  if (keyed.length === 0) return new Map();
  const { text, bytea, uuid } = columnsOf(keyed);
  const columns = [
    text('source_id', (m) => m.source_id),
    bytea('key', (m) => m.conversion_key),
    uuid('conversion_id', (m) => m.id),
  ];
  // In one order everywhere, so that two shards never wait for each other in a circle.
  const { rows } = await sql<{ conversion_id: string }>`
    with asked (${columnNames(columns)}) as materialized (${selectColumns(columns)}),
    made as (
      insert into conversion_key (${columnNames(columns)}) select * from asked order by 1, 2
      on conflict do nothing returning conversion_id
    )
    select conversion_id from asked where conversion_id not in (select conversion_id from made)`.execute(trx);
  if (rows.length === 0) return new Map();
  const taken = new Set(rows.map((row) => row.conversion_id));
  return loadKnown(
    trx,
    keyed.filter(({ id }) => taken.has(id)),
  );
}

async function loadKnown(trx: Db, keyed: readonly Message[]): Promise<Map<string, ConversionRow>> {
  const { rows } = await sql<ConversionRow & { key_source: string; key: Buffer }>`
    select k.source_id as key_source, k.key, c.*
    from unnest(${textArray(keyed.map((m) => m.source_id))}::text[],
                ${byteaArray(keyed.map((m) => m.conversion_key))}::bytea[]) as u (source_id, key)
    join conversion_key k on k.source_id = u.source_id and k.key = u.key
    join conversion c on c.id = k.conversion_id`.execute(trx);
  return new Map(rows.map(({ key_source: source, key, ...conversion }) => [mapKey(source, key), conversion]));
}

/** The conversion key as a map key; null when every message of its kind is a conversion of its own, and for tests. */
export function conversionKeyOf(message: Message): string | null {
  if (message.conversion_key === null || message.test) return null;
  return mapKey(message.source_id, message.conversion_key);
}

function mapKey(sourceId: string, key: Buffer): string {
  return `${sourceId} ${key.toString('latin1')}`;
}
