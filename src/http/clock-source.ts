import type { WorkspaceClock } from '../core/clock.ts';
import { workspaceNow } from '../core/clock.ts';
import type { Db } from '../db/connection.ts';

/** Every workspace's clock, in memory, so that time can be told while the database is away. */
export interface ClockSource {
  /** Workspace time now, ms; wall time for a workspace whose clock is not known. */
  nowMs(workspaceId: string): number;
  clock(workspaceId: string): WorkspaceClock | undefined;
  /** Reads the clock rows again. @throws when the database does not answer; what was known stays. */
  refresh(): Promise<void>;
  /** All clocks known, for keeping them in a file. */
  entries(): readonly (readonly [string, WorkspaceClock])[];
  /** Takes clocks kept in a file, until the database answers. */
  restore(entries: readonly (readonly [string, WorkspaceClock])[]): void;
}

/** @param wallNowMs the machine's clock, ms. */
export function createClockSource(db: Db, wallNowMs: () => number): ClockSource {
  let clocks = new Map<string, WorkspaceClock>();
  return {
    nowMs(workspaceId) {
      const clock = clocks.get(workspaceId);
      return clock === undefined ? wallNowMs() : workspaceNow(clock, wallNowMs());
    },
    clock: (workspaceId) => clocks.get(workspaceId),
    async refresh() {
      const rows = await db
        .selectFrom('workspace')
        .select(['id', 'clock_origin', 'clock_wall_origin', 'clock_rate', 'clock_stopped_at'])
        .execute();
      clocks = new Map(
        rows.map((row) => [
          row.id,
          {
            originMs: row.clock_origin.getTime(),
            wallOriginMs: row.clock_wall_origin.getTime(),
            rate: row.clock_rate,
            stoppedAtMs: row.clock_stopped_at?.getTime() ?? null,
          },
        ]),
      );
    },
    entries: () => [...clocks],
    restore(entries) {
      clocks = new Map(entries);
    },
  };
}
