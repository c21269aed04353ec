import type { Selectable } from 'kysely';
import type { Db } from '../connection.ts';
import type { DestinationTable } from '../tables.ts';

export type DestinationRow = Selectable<DestinationTable>;

/** What a destination's secrets are sealed for. */
export function destinationSecretsContext(id: string): string {
  return `destination ${id}`;
}

interface Contents {
  readonly name: string;
  readonly settings: Readonly<Record<string, unknown>>;
  readonly secretsSealed: Buffer | null;
  readonly secretNames: readonly string[];
  readonly enabled: boolean;
  /** Workspace time, ms. */
  readonly nowMs: number;
}

/** @returns false when there is (or was) one of that id. */
export async function addDestination(
  db: Db,
  destination: Contents & { readonly id: string; readonly workspaceId: string; readonly kind: string },
): Promise<boolean> {
  const at = new Date(destination.nowMs);
  const result = await db
    .insertInto('destination')
    .values({
      id: destination.id,
      workspace_id: destination.workspaceId,
      kind: destination.kind,
      ...columns(destination),
      created_at: at,
      removed_at: null,
    })
    .onConflict((conflict) => conflict.column('id').doNothing())
    .executeTakeFirst();
  return (result.numInsertedOrUpdatedRows ?? 0n) > 0n;
}

/** Everything that can change about one. */
export async function changeDestination(db: Db, id: string, contents: Contents): Promise<void> {
  await db.updateTable('destination').set(columns(contents)).where('id', '=', id).execute();
}

function columns(contents: Contents) {
  return {
    name: contents.name,
    settings: JSON.stringify(contents.settings),
    secrets_sealed: contents.secretsSealed,
    secret_names: [...contents.secretNames],
    enabled: contents.enabled,
    // Whoever changes it wants to see what comes of it.
    rest_until: null,
    changed_at: new Date(contents.nowMs),
  };
}

export async function listDestinations(db: Db): Promise<readonly DestinationRow[]> {
  return await db
    .selectFrom('destination')
    .selectAll()
    .where('removed_at', 'is', null)
    .orderBy('id')
    .execute();
}

export async function findDestination(db: Db, id: string): Promise<DestinationRow | undefined> {
  return await db
    .selectFrom('destination')
    .selectAll()
    .where('id', '=', id)
    .where('removed_at', 'is', null)
    .executeTakeFirst();
}

/** Destinations in use of a workspace. Inside a transaction with `lock` no other planner runs beside this one. */
export async function destinationsInUse(
  db: Db,
  workspaceId: string,
  lock = false,
): Promise<readonly DestinationRow[]> {
  const query = db
    .selectFrom('destination')
    .selectAll()
    .where('workspace_id', '=', workspaceId)
    .where('enabled', '=', true)
    .where('removed_at', 'is', null)
    .orderBy('id');
  return await (lock ? query.forNoKeyUpdate() : query).execute();
}

/** Takes one out of use for good; what waits for it is not sent, its log stays. */
export async function removeDestination(db: Db, id: string, nowMs: number): Promise<number> {
  const at = new Date(nowMs);
  return await db.transaction().execute(async (trx) => {
    await trx
      .updateTable('destination')
      .set({ removed_at: at, enabled: false, secrets_sealed: null })
      .where('id', '=', id)
      .where('removed_at', 'is', null)
      .execute();
    await trx
      .updateTable('forward')
      .set({
        verdict: 'unknown',
        message: 'The destination was removed before its receiver had said what became of it.',
        ask_at: null,
      })
      .where('destination_id', '=', id)
      .where('verdict', '=', 'awaited')
      .execute();
    const dropped = await trx
      .updateTable('forward')
      .set({
        state: 'not_sent',
        reason: 'destination_removed',
        message: 'The destination was removed before it was sent.',
        next_at: null,
        settled_at: at,
      })
      .where('destination_id', '=', id)
      .where('state', '=', 'due')
      .executeTakeFirst();
    return Number(dropped.numUpdatedRows);
  });
}

/** Workspaces with a destination in use. */
export async function listForwardingWorkspaces(db: Db): Promise<readonly string[]> {
  const rows = await db
    .selectFrom('destination')
    .select('workspace_id')
    .distinct()
    .where('enabled', '=', true)
    .where('removed_at', 'is', null)
    .orderBy('workspace_id')
    .execute();
  return rows.map((row) => row.workspace_id);
}
