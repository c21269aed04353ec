import { sql } from 'kysely';
import type { Db } from '../db/connection.ts';
import { loadNow } from '../db/clock.ts';
import { withName } from '../http/sentences.ts';

/** What happened since the last look, one sentence a line, for the terminal of `up`. */
export interface LiveLines {
  /** @param wallMs wall time now. */
  next(wallMs: number): Promise<readonly string[]>;
}

const MOST_DECISIONS = 3;

/** @param sinceMs wall time from which on things are news. */
export function createLiveLines(db: Db, sinceMs: number): LiveLines {
  let lastMs = sinceMs;
  const arrivedUpTo = new Map<string, number>();
  return {
    async next(wallMs) {
      const lines: string[] = [];
      const workspaces = await db.selectFrom('workspace').select(['id', 'time_zone']).orderBy('id').execute();
      const clockOf = new Map<string, (ms: number) => string>();
      for (const { id, time_zone } of workspaces) {
        const clock = hoursAndMinutes(time_zone);
        clockOf.set(id, clock);
        const nowMs = await loadNow(db, id, wallMs);
        const from = arrivedUpTo.get(id) ?? nowMs;
        arrivedUpTo.set(id, nowMs);
        const came = await arrivals(db, { workspaceId: id, fromMs: from, toMs: nowMs });
        if (came !== null) lines.push(`${clock(nowMs)}  ${came}`);
      }
      const decisions = await db
        .selectFrom('decision as d')
        .innerJoin('object as o', 'o.id', 'd.object_id')
        .select(['d.workspace_id', 'd.sentence', 'd.mode', 'd.decided_at', 'o.name'])
        .where('d.decided_wall_at', '>', new Date(lastMs))
        .where('d.decided_wall_at', '<=', new Date(wallMs))
        .where('d.verdict', '!=', 'keep')
        .orderBy('d.decided_wall_at')
        .execute();
      for (const one of decisions.slice(0, MOST_DECISIONS)) {
        const clock = clockOf.get(one.workspace_id);
        lines.push(
          `${clock?.(one.decided_at.getTime()) ?? ''}  ${withName(one.sentence, one.name)}${MODE_WORD[one.mode]}`,
        );
      }
      if (decisions.length > MOST_DECISIONS)
        lines.push(`       and ${decisions.length - MOST_DECISIONS} more`);
      lastMs = wallMs;
      return lines;
    },
  };
}

const MODE_WORD = {
  live: '',
  approve: ' (waits for approval)',
  'dry-run': ' (dry run: nothing is changed)',
} as const;

/** "12 postbacks, 1 refused", or null when none came. Refused ones show first what a newcomer has to mend. */
async function arrivals(
  db: Db,
  at: { workspaceId: string; fromMs: number; toMs: number },
): Promise<string | null> {
  const { rows } = await sql<{ all: number; refused: number }>`
    select count(*) as all, count(*) filter (where outcome = 'refused') as refused
    from postback
    where workspace_id = ${at.workspaceId} and received_at > ${new Date(at.fromMs)} and received_at <= ${new Date(at.toMs)}
  `.execute(db);
  const counts = rows[0];
  if (counts === undefined || counts.all === 0) return null;
  return `${counts.all} ${counts.all === 1 ? 'postback' : 'postbacks'}${counts.refused > 0 ? `, ${counts.refused} refused` : ''}`;
}

/** The workspace's own wall clock: "14:05". */
function hoursAndMinutes(timeZone: string): (ms: number) => string {
  const format = new Intl.DateTimeFormat('en-GB', { timeZone, hour: '2-digit', minute: '2-digit' });
  return (ms) => format.format(ms);
}
