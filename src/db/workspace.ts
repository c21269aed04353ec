import type { Db } from './connection.ts';

const FOREIGN_KEY_VIOLATION = '23503';

export interface NewWorkspace {
  readonly id: string;
  readonly name: string;
  /** ISO 4217. */
  readonly currency: string;
  /** IANA zone. */
  readonly timeZone: string;
  /** Wall time; a real workspace's clock is the wall's. */
  readonly wallMs: number;
}

/** True for a currency that is in use: the standard's codes for metals, tests and "none" are not. */
export function isCurrency(code: string): boolean {
  return (
    /^[A-Z]{3}$/.test(code) &&
    !/^X(?!AF|OF|PF|CD)/.test(code) &&
    Intl.supportedValuesOf('currency').includes(code)
  );
}

/** Makes a real workspace. @returns false when the id is taken. */
export async function addWorkspace(db: Db, workspace: NewWorkspace): Promise<boolean> {
  const at = new Date(workspace.wallMs);
  const made = await db
    .insertInto('workspace')
    .values({
      id: workspace.id,
      name: workspace.name,
      currency: workspace.currency,
      time_zone: workspace.timeZone,
      simulated: false,
      clock_origin: at,
      clock_wall_origin: at,
      clock_rate: 1,
      clock_stopped_at: null,
      clock_wall_seen_at: null,
      halted_at: null,
      halt_reason: null,
      created_at: at,
    })
    .onConflict((conflict) => conflict.column('id').doNothing())
    .returning('id')
    .executeTakeFirst();
  return made !== undefined;
}

/**
 * Removes a workspace that nothing belongs or ever belonged to: what was counted and decided stays on record.
 *
 * @returns `in_use` when an account, a source, a link or a strategy of it is or was there.
 */
export async function removeWorkspace(db: Db, id: string): Promise<'removed' | 'unknown' | 'in_use'> {
  try {
    const gone = await db.deleteFrom('workspace').where('id', '=', id).returning('id').executeTakeFirst();
    return gone === undefined ? 'unknown' : 'removed';
  } catch (error) {
    if ((error as { code?: string }).code === FOREIGN_KEY_VIOLATION) return 'in_use';
    throw error;
  }
}

export interface WorkspaceOverview {
  readonly id: string;
  readonly name: string;
  readonly currency: string;
  readonly timeZone: string;
  readonly simulated: boolean;
  readonly haltReason: string | null;
  /** Ids of what belongs to it. */
  readonly accounts: readonly string[];
  readonly sources: readonly string[];
  readonly links: readonly string[];
  /** Names. */
  readonly strategies: readonly string[];
}

/** One workspace with what belongs to it, or undefined. */
export async function showWorkspace(db: Db, id: string): Promise<WorkspaceOverview | undefined> {
  const row = await db
    .selectFrom('workspace')
    .select(['id', 'name', 'currency', 'time_zone', 'simulated', 'halted_at', 'halt_reason'])
    .where('id', '=', id)
    .executeTakeFirst();
  if (!row) return undefined;
  const [accounts, sources, links, strategies] = await Promise.all([
    db.selectFrom('ad_account').select('id').where('workspace_id', '=', id).orderBy('id').execute(),
    db
      .selectFrom('source')
      .select('id')
      .where('workspace_id', '=', id)
      .where('removed_at', 'is', null)
      .orderBy('id')
      .execute(),
    db
      .selectFrom('link')
      .select('id')
      .where('workspace_id', '=', id)
      .where('removed_at', 'is', null)
      .orderBy('id')
      .execute(),
    db
      .selectFrom('strategy')
      .select('name as id')
      .where('workspace_id', '=', id)
      .where('removed_at', 'is', null)
      .orderBy('name')
      .execute(),
  ]);
  const ids = (rows: readonly { readonly id: string }[]) => rows.map((one) => one.id);
  return {
    id: row.id,
    name: row.name,
    currency: row.currency,
    timeZone: row.time_zone,
    simulated: row.simulated,
    haltReason: row.halted_at === null ? null : (row.halt_reason ?? 'no reason was given'),
    accounts: ids(accounts),
    sources: ids(sources),
    links: ids(links),
    strategies: ids(strategies),
  };
}
