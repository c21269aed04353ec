import { sql } from 'kysely';
import { textArray, timestampArray, uuidArray } from '../binary-arrays.ts';
import type { Db } from '../connection.ts';

/** What ingest changed, as far as the forwarder needs it. */
export interface ChangedConversion {
  readonly after: { readonly id: string; readonly workspace_id: string };
  readonly postbackId: string;
  readonly knownFrom: Date;
}

/**
 * Notes changed conversions for the forwarder, in the transaction that changes them: where a workspace has a destination
 * in use, one row per change; elsewhere one look into a tiny index and nothing else.
 */
export async function noteForForwarding(trx: Db, changes: readonly ChangedConversion[]): Promise<void> {
  if (changes.length === 0) return;
  const workspaces = [...new Set(changes.map(({ after }) => after.workspace_id))];
  const { rows } = await sql<{ workspace_id: string }>`
    select distinct workspace_id from destination
    where workspace_id = any(${workspaces}::text[]) and enabled and removed_at is null`.execute(trx);
  if (rows.length === 0) return;
  const forwarding = new Set(rows.map((row) => row.workspace_id));
  const noted = changes.filter(({ after }) => forwarding.has(after.workspace_id));
  await sql`
    insert into forward_inbox (workspace_id, conversion_id, postback_id, known_from)
    select * from unnest(
      ${textArray(noted.map((c) => c.after.workspace_id))}::text[], ${uuidArray(noted.map((c) => c.after.id))}::uuid[],
      ${uuidArray(noted.map((c) => c.postbackId))}::uuid[],
      ${timestampArray(noted.map((c) => c.knownFrom.getTime()))}::timestamptz[])`.execute(trx);
}

/** Workspaces with conversions that wait for the forwarder; one probe a workspace, however many wait. */
export async function listToForward(db: Db): Promise<readonly string[]> {
  const { rows } = await sql<{ id: string }>`
    select id from workspace w where exists (select from forward_inbox f where f.workspace_id = w.id)
    order by id`.execute(db);
  return rows.map((row) => row.id);
}
