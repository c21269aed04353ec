import { sql } from 'kysely';
import type { ObjectId } from '../../core/object.ts';
import type { Db } from '../connection.ts';

/** A visit or conversion that names an object no sync has brought yet. */
export interface WaitingRow {
  readonly workspaceId: string;
  /** The deepest id it names. */
  readonly networkId: string;
  readonly kind: 'visit' | 'conversion';
  /** Click id or conversion id. */
  readonly id: string;
  /** When it was clicked, or its first postback received. */
  readonly at: Date;
  /** Where it is counted meanwhile. */
  readonly objectId: ObjectId | null;
}

/** Remembers what waits for its object; see resolveLateObjects. */
export async function addWaiting(trx: Db, rows: readonly WaitingRow[]): Promise<void> {
  if (rows.length === 0) return;
  await sql`
    insert into waiting_for_object (workspace_id, network_id, kind, id, at, object_id)
    select * from unnest(
      ${rows.map((r) => r.workspaceId)}::text[], ${rows.map((r) => r.networkId)}::text[],
      ${rows.map((r) => r.kind)}::text[], ${rows.map((r) => r.id)}::text[],
      ${rows.map((r) => r.at.toISOString())}::timestamptz[], ${rows.map((r) => r.objectId)}::bigint[])
    on conflict do nothing`.execute(trx);
}
