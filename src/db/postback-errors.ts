import { sql } from 'kysely';
import type { Db } from './connection.ts';

/** What became of requests with this code: not taken, taken but earned by nobody, or taken with something odd. */
export type ErrorKind = 'refused' | 'not_counted' | 'warning';

/** One reason or warning of one source. */
export interface PostbackError {
  /** As the address named it, which may be no source of ours. */
  readonly sourceId: string;
  readonly kind: ErrorKind;
  /** A reason, or a warning with the parameter it was found in. */
  readonly code: string;
  readonly count: number;
  readonly firstMs: number;
  readonly lastMs: number;
  /** What the newest one said of itself. */
  readonly detail: string | null;
  /** Counts in equal parts of the time asked for, oldest first. */
  readonly overTime: readonly number[];
}

export interface ErrorQuestion {
  /** Null for requests that belong to no workspace: an unknown source. */
  readonly workspaceId: string | null;
  readonly sourceId: string | null;
  /** Workspace time, ms. */
  readonly fromMs: number;
  readonly toMs: number;
}

/** Parts that {@link loadPostbackErrors} counts by. */
export const ERROR_PARTS = 24;

/** Reasons and warnings by source, the most frequent first. */
export async function loadPostbackErrors(db: Db, question: ErrorQuestion): Promise<readonly PostbackError[]> {
  const { workspaceId, sourceId, fromMs, toMs } = question;
  const { rows } = await sql<{
    source_id: string;
    kind: ErrorKind;
    code: string;
    part: number;
    count: number;
    first: Date;
    last: Date;
    detail: string | null;
  }>`
    with asked as (
      select source_id, outcome, reason, detail, warnings, received_at,
        least(${ERROR_PARTS}::int, width_bucket(extract(epoch from received_at)::float8,
          ${fromMs / 1000}::float8, ${toMs / 1000}::float8, ${ERROR_PARTS}::int)) as part
      from postback
      where received_at >= ${new Date(fromMs)} and received_at <= ${new Date(toMs)}
        and workspace_id is not distinct from ${workspaceId}
        and (${sourceId}::text is null or source_id = ${sourceId})
    ), told as (
      select source_id, case outcome when 'refused' then 'refused' else 'not_counted' end as kind,
        coalesce(reason, outcome) as code, part, received_at, detail
      from asked where outcome in ('refused', 'unattributed', 'late', 'quarantined')
      union all
      select source_id, 'warning', warning, part, received_at, null
      from asked, unnest(warnings) as warning
      where not (outcome = 'refused' and warning like 'near_miss:%')
    )
    select source_id, kind, code, part, count(*) as count, min(received_at) as first, max(received_at) as last,
      (array_agg(detail order by received_at desc))[1] as detail
    from told group by source_id, kind, code, part order by last`.execute(db);
  const found = new Map<string, PostbackError & { readonly overTime: number[] }>();
  for (const row of rows) {
    const key = `${row.source_id}\0${row.kind}\0${row.code}`;
    const before = found.get(key);
    const overTime = before?.overTime ?? Array.from({ length: ERROR_PARTS }, () => 0);
    overTime[row.part - 1] = (overTime[row.part - 1] ?? 0) + row.count;
    found.set(key, {
      sourceId: row.source_id,
      kind: row.kind,
      code: row.code,
      count: (before?.count ?? 0) + row.count,
      firstMs: Math.min(before?.firstMs ?? Infinity, row.first.getTime()),
      lastMs: Math.max(before?.lastMs ?? -Infinity, row.last.getTime()),
      // Rows come by time: the newest part's word is the last.
      detail: row.detail ?? before?.detail ?? null,
      overTime,
    });
  }
  return [...found.values()].toSorted((a, b) => b.count - a.count || (a.code < b.code ? -1 : 1));
}

/** How many requests each source got in that time, whatever became of them. */
export async function countPostbacks(db: Db, question: ErrorQuestion): Promise<ReadonlyMap<string, number>> {
  const { workspaceId, sourceId, fromMs, toMs } = question;
  const { rows } = await sql<{ source_id: string; count: number }>`
    select source_id, count(*) as count from postback
    where received_at >= ${new Date(fromMs)} and received_at <= ${new Date(toMs)}
      and workspace_id is not distinct from ${workspaceId}
      and (${sourceId}::text is null or source_id = ${sourceId})
    group by source_id`.execute(db);
  return new Map(rows.map((row) => [row.source_id, row.count]));
}

/** Requests of strangers that were counted and not kept, since a wall instant. */
export async function countDropped(db: Db, fromWallMs: number): Promise<number> {
  const { dropped } = await db
    .selectFrom('unauthenticated_count')
    .select(({ fn }) => fn.sum<number | null>('dropped').as('dropped'))
    .where('minute', '>=', new Date(fromWallMs))
    .executeTakeFirstOrThrow();
  return Number(dropped ?? 0);
}
