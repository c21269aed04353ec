import { hash, randomBytes } from 'node:crypto';
import { sql } from 'kysely';
import { seal } from '../secrets.ts';
import type { Db } from './connection.ts';

export interface NewSource {
  /** Stands in the address: lower-case letters, digits, dashes. */
  readonly id: string;
  readonly workspaceId: string;
  /** Id of a dialect in src/sources. */
  readonly profile: string;
  readonly name: string;
  /** What its sender must show; null accepts anyone. */
  readonly key: string | null;
  /** Seals the key, so that its address can be shown again; null keeps only the hash. */
  readonly secretKey: Buffer | null;
  readonly settings?: Readonly<Record<string, unknown>>;
  /** What its sender signs with, sealed for {@link signatureContext}. */
  readonly signatureSealed?: Buffer | null;
  /** Workspace time, ms. */
  readonly nowMs: number;
}

/** 144 random bits that need no escaping in an address. */
export function newSourceKey(): string {
  return randomBytes(18).toString('base64url');
}

/** What a source's key is sealed for. */
export function sourceKeyContext(sourceId: string): string {
  return `source ${sourceId}`;
}

/** What the secret of a source's signatures is sealed for. */
export function signatureContext(sourceId: string): string {
  return `signature of source ${sourceId}`;
}

/**
 * Adds a source, known to every running server a moment later.
 *
 * @returns false when there is (or was) one of that id.
 */
export async function addSource(db: Db, source: NewSource): Promise<boolean> {
  const { key, secretKey } = source;
  const result = await db
    .insertInto('source')
    .values({
      id: source.id,
      workspace_id: source.workspaceId,
      profile: source.profile,
      name: source.name,
      key_hash: key === null ? null : hash('sha256', key, 'buffer'),
      key_sealed:
        key === null || secretKey === null ? null : seal(secretKey, key, sourceKeyContext(source.id)),
      settings: JSON.stringify(source.settings ?? {}),
      signature_sealed: source.signatureSealed ?? null,
      created_at: new Date(source.nowMs),
    })
    .onConflict((conflict) => conflict.column('id').doNothing())
    .executeTakeFirst();
  await sql`select pg_notify('source_changed', ${source.id})`.execute(db);
  return (result.numInsertedOrUpdatedRows ?? 0n) > 0n;
}

export async function listSources(db: Db) {
  return await db.selectFrom('source').selectAll().where('removed_at', 'is', null).orderBy('id').execute();
}

export async function findSource(db: Db, id: string) {
  return await db
    .selectFrom('source')
    .selectAll()
    .where('id', '=', id)
    .where('removed_at', 'is', null)
    .executeTakeFirst();
}

/**
 * Changes what a source was set to, known to every running server a moment later.
 *
 * @param change settings as a whole; a signature's secret only where it changes, null to forget it.
 */
export async function changeSource(
  db: Db,
  id: string,
  change: {
    readonly settings: Readonly<Record<string, unknown>>;
    readonly signatureSealed?: Buffer | null;
    readonly name?: string;
  },
): Promise<void> {
  const { settings, signatureSealed, name } = change;
  await db
    .updateTable('source')
    .set({
      settings: JSON.stringify(settings),
      ...(signatureSealed === undefined ? {} : { signature_sealed: signatureSealed }),
      ...(name === undefined ? {} : { name }),
    })
    .where('id', '=', id)
    .execute();
  await sql`select pg_notify('source_changed', ${id})`.execute(db);
}

/** Its postbacks stay; later ones are refused as unknown. @returns false when there is no such source. */
export async function removeSource(db: Db, id: string, nowMs: number): Promise<boolean> {
  const result = await db
    .updateTable('source')
    .set({ removed_at: new Date(nowMs) })
    .where('id', '=', id)
    .where('removed_at', 'is', null)
    .executeTakeFirst();
  await sql`select pg_notify('source_changed', ${id})`.execute(db);
  return result.numUpdatedRows > 0n;
}

/** The newest postbacks of a source, newest first. */
export async function recentPostbacks(db: Db, sourceId: string, limit: number) {
  return await db
    .selectFrom('postback')
    .select([
      'id',
      'received_at',
      'wall_at',
      'outcome',
      'reason',
      'detail',
      'click_id',
      'event',
      'status',
      'txid',
      'amount_micros',
      'currency',
      'device_id',
      'warnings',
    ])
    .where('source_id', '=', sourceId)
    .orderBy('received_at', 'desc')
    .limit(limit)
    .execute();
}
