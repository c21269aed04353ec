import { sql } from 'kysely';
import type { Db } from './connection.ts';

/** Something odd in clicks of one link. */
export interface ClickFlag {
  readonly linkId: string;
  /** A code, and after colons where it was found and what was meant. */
  readonly flag: string;
  readonly count: number;
  readonly lastMs: number;
}

export interface ClickFlagQuestion {
  readonly workspaceId: string;
  /** Null is every link. */
  readonly linkId: string | null;
  /** Workspace time, ms. */
  readonly fromMs: number;
  readonly toMs: number;
}

/** What was odd about clicks, by link, the most frequent first. */
export async function loadClickFlags(db: Db, question: ClickFlagQuestion): Promise<readonly ClickFlag[]> {
  const { workspaceId, linkId, fromMs, toMs } = question;
  const { rows } = await sql<{ link_id: string; flag: string; count: number; last: Date }>`
    select link_id, flag, count(*)::int as count, max(clicked_at) as last
    from click, unnest(flags) as flag
    where flags <> '{}' and workspace_id = ${workspaceId} and (${linkId}::text is null or link_id = ${linkId})
      and clicked_at >= ${new Date(fromMs)} and clicked_at <= ${new Date(toMs)}
    group by 1, 2 order by 3 desc, 1, 2`.execute(db);
  return rows.map(({ link_id, flag, count, last }) => ({
    linkId: link_id,
    flag,
    count,
    lastMs: last.getTime(),
  }));
}
