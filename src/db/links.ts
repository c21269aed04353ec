import { randomBytes } from 'node:crypto';
import { sql } from 'kysely';
import type { Db } from './connection.ts';

export interface NewLink {
  /** Stands in the address: letters, digits, dashes, underscores. */
  readonly id: string;
  readonly workspaceId: string;
  readonly accountId: string | null;
  readonly network: string;
  readonly name: string;
  /** Landing page; may hold {click_id} and other macros. */
  readonly targetUrl: string;
  readonly fallbackUrl: string | null;
  /** Workspace time, ms. */
  readonly nowMs: number;
}

/** Short, and not to be guessed from another one. Never begins with a dash: a command line would take it for an option. */
export function newLinkId(): string {
  return randomBytes(6).toString('base64url').replace(/^[-_]/, 'x');
}

/**
 * Adds a link, known to every running server a moment later.
 *
 * @returns false when there is (or was) one of that id.
 */
export async function addLink(db: Db, link: NewLink): Promise<boolean> {
  const result = await db
    .insertInto('link')
    .values({
      id: link.id,
      workspace_id: link.workspaceId,
      account_id: link.accountId,
      network: link.network,
      name: link.name,
      target_url: link.targetUrl,
      fallback_url: link.fallbackUrl,
      created_at: new Date(link.nowMs),
    })
    .onConflict((conflict) => conflict.column('id').doNothing())
    .executeTakeFirst();
  await sql`select pg_notify('link_changed', ${link.id})`.execute(db);
  return (result.numInsertedOrUpdatedRows ?? 0n) > 0n;
}

export async function listLinks(db: Db) {
  return await db.selectFrom('link').selectAll().where('removed_at', 'is', null).orderBy('name').execute();
}

export async function findLink(db: Db, id: string) {
  return await db
    .selectFrom('link')
    .selectAll()
    .where('id', '=', id)
    .where('removed_at', 'is', null)
    .executeTakeFirst();
}

/** Its visitors are still sent on, their clicks flagged. @returns false when there is no such link. */
export async function removeLink(db: Db, id: string, nowMs: number): Promise<boolean> {
  const result = await db
    .updateTable('link')
    .set({ removed_at: new Date(nowMs) })
    .where('id', '=', id)
    .where('removed_at', 'is', null)
    .executeTakeFirst();
  await sql`select pg_notify('link_changed', ${id})`.execute(db);
  return result.numUpdatedRows > 0n;
}
