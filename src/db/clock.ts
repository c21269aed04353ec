import { sql } from 'kysely';
import { startClock, stopClock, type WorkspaceClock, workspaceNow } from '../core/clock.ts';
import type { Db } from './connection.ts';

/** The workspace's clock row. @throws when the workspace does not exist. */
export async function loadClock(db: Db, workspaceId: string): Promise<WorkspaceClock> {
  const row = await db
    .selectFrom('workspace')
    .select(['clock_origin', 'clock_wall_origin', 'clock_rate', 'clock_stopped_at'])
    .where('id', '=', workspaceId)
    .executeTakeFirstOrThrow();
  return {
    originMs: row.clock_origin.getTime(),
    wallOriginMs: row.clock_wall_origin.getTime(),
    rate: row.clock_rate,
    stoppedAtMs: row.clock_stopped_at?.getTime() ?? null,
  };
}

/**
 * Lets every simulated workspace's clock run again. One that was not stopped cleanly stands at the wall instant the
 * engine was last seen alive, so that downtime never passes as market time. Real workspaces follow the wall.
 */
export async function resumeClocks(db: Db, wallMs: number): Promise<void> {
  const rows = await db.selectFrom('workspace').selectAll().where('simulated', '=', true).execute();
  for (const row of rows) {
    const clock = await loadClock(db, row.id);
    const seen = row.clock_wall_seen_at?.getTime() ?? wallMs;
    const stopped = clock.stoppedAtMs === null ? stopClock(clock, Math.min(seen, wallMs)) : clock;
    await storeClock(db, row.id, startClock(stopped, wallMs), wallMs);
  }
}

/** Stops every simulated workspace's clock. */
export async function stopClocks(db: Db, wallMs: number): Promise<void> {
  const rows = await db.selectFrom('workspace').select('id').where('simulated', '=', true).execute();
  for (const row of rows) {
    await storeClock(db, row.id, stopClock(await loadClock(db, row.id), wallMs), wallMs);
  }
}

/** Lets a workspace's clock run at another rate from now on; its time does not jump. A clock that stands goes on standing. */
export async function setClockRate(db: Db, workspaceId: string, rate: number, wallMs: number): Promise<void> {
  const clock = await loadClock(db, workspaceId);
  if (clock.rate === rate) return;
  const changed = clock.stoppedAtMs === null ? startClock(clock, wallMs, rate) : { ...clock, rate };
  await storeClock(db, workspaceId, changed, wallMs);
}

/** The engine's sign of life, every few seconds; see {@link resumeClocks}. */
export async function markAlive(db: Db, wallMs: number): Promise<void> {
  await db
    .updateTable('workspace')
    .set({ clock_wall_seen_at: new Date(wallMs) })
    .where('simulated', '=', true)
    .execute();
}

/** Workspace time now. */
export async function loadNow(db: Db, workspaceId: string, wallMs: number): Promise<number> {
  return workspaceNow(await loadClock(db, workspaceId), wallMs);
}

async function storeClock(db: Db, workspaceId: string, clock: WorkspaceClock, wallMs: number): Promise<void> {
  await db
    .updateTable('workspace')
    .set({
      clock_origin: new Date(clock.originMs),
      clock_wall_origin: new Date(clock.wallOriginMs),
      clock_rate: clock.rate,
      clock_stopped_at: clock.stoppedAtMs === null ? null : new Date(clock.stoppedAtMs),
      clock_wall_seen_at: new Date(wallMs),
    })
    .where('id', '=', workspaceId)
    .execute();
  await sql`select pg_notify('clock_changed', ${workspaceId})`.execute(db);
}
