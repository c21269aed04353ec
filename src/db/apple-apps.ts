import { sql } from 'kysely';
import type pg from 'pg';
import { type AppleAppSettings, appleAppSchema } from '../contract/apple-settings.ts';
import type { Db } from './connection.ts';

export interface AppleApp {
  /** App Store id. */
  readonly appId: string;
  readonly workspaceId: string;
  readonly name: string;
  readonly settings: AppleAppSettings;
}

/** Where Apple's postbacks belong. */
export interface ApplePlaces {
  /** App Store id → workspace; empty where nobody named an app, and then every app is expected. */
  readonly apps: ReadonlyMap<string, string>;
  /** The workspace of what names no app of ours: the only real one, else the only one; null where it could be several. */
  readonly otherwise: string | null;
}

export async function loadApplePlaces(pool: pg.Pool): Promise<ApplePlaces> {
  const { rows } = await pool.query<{ apps: Record<string, string>; otherwise: string | null }>(`
    select coalesce((select jsonb_object_agg(app_id, workspace_id) from apple_app), '{}') as apps,
           (select case when count(*) filter (where not simulated) = 1 then min(id) filter (where not simulated)
                        when count(*) = 1 then min(id) end from workspace) as otherwise`);
  const [row] = rows;
  return { apps: new Map(Object.entries(row?.apps ?? {})), otherwise: row?.otherwise ?? null };
}

/** Every app named here, by name. */
export async function listAppleApps(db: Db): Promise<readonly AppleApp[]> {
  const rows = await db
    .selectFrom('apple_app')
    .select(['app_id', 'workspace_id', 'name', 'settings'])
    .orderBy('name')
    .orderBy('app_id')
    .execute();
  return rows.map((row) => ({
    appId: row.app_id,
    workspaceId: row.workspace_id,
    name: row.name,
    settings: readSettings(row.settings),
  }));
}

/** What a later or broken version wrote is left out: a report without meanings is better than none. */
function readSettings(stored: unknown): AppleAppSettings {
  const parsed = appleAppSchema.safeParse(stored);
  return parsed.success ? parsed.data : {};
}

/**
 * Adds the app or takes its new name and settings. What was received before moves to its workspace and, if its app was not
 * expected then, counts from now on: a report is made from what was signed.
 *
 * @returns how many postbacks count now that did not.
 */
export async function storeAppleApp(db: Db, app: AppleApp, nowMs: number): Promise<number> {
  return await db.transaction().execute(async (trx) => {
    await trx
      .insertInto('apple_app')
      .values({
        app_id: app.appId,
        workspace_id: app.workspaceId,
        name: app.name,
        settings: JSON.stringify(app.settings),
        added_at: new Date(nowMs),
      })
      .onConflict((conflict) =>
        conflict.column('app_id').doUpdateSet((eb) => ({
          workspace_id: eb.ref('excluded.workspace_id'),
          name: eb.ref('excluded.name'),
          settings: eb.ref('excluded.settings'),
        })),
      )
      .execute();
    const { numAffectedRows } = await sql`
      update apple_postback set outcome = case when won is false then 'not_winning' else 'counts' end
      where app_id = ${app.appId} and outcome = 'other_app'`.execute(trx);
    await sql`
      update apple_postback set workspace_id = ${app.workspaceId}
      where app_id = ${app.appId} and workspace_id is distinct from ${app.workspaceId}`.execute(trx);
    return Number(numAffectedRows ?? 0);
  });
}

/** Its postbacks stay. Later ones are of an app that is not expected, as long as others are named. @returns false when it is not there. */
export async function removeAppleApp(db: Db, appId: string): Promise<boolean> {
  const result = await db.deleteFrom('apple_app').where('app_id', '=', appId).executeTakeFirst();
  return result.numDeletedRows > 0n;
}
