import { sql } from 'kysely';
import type { Db } from './connection.ts';

/** What has come of one event from one source. */
export interface SeenEvent {
  readonly event: string;
  readonly eventType: string;
  readonly conversions: number;
  readonly counted: number;
  /** Of them with an amount. */
  readonly valued: number;
  readonly last: Date;
}

/** Conversions of a source since an instant, by event, the most frequent first. */
export async function seenEvents(db: Db, sourceId: string, sinceMs: number): Promise<readonly SeenEvent[]> {
  const { rows } = await sql<SeenEvent>`
    select event, event_type as "eventType", count(*) as conversions, count(*) filter (where counted) as counted,
      count(original_micros) as valued, max(received_at) as last
    from conversion
    where source_id = ${sourceId} and received_at >= ${new Date(sinceMs)} and excluded is distinct from 'test'
    group by 1, 2 order by 3 desc, 1`.execute(db);
  return rows;
}

export interface Refused {
  readonly outcome: string;
  readonly reason: string;
  readonly count: number;
  /** The newest one's own words. */
  readonly detail: string | null;
}

/** Requests of a source since an instant that did not become counted conversions, by reason. */
export async function uncounted(db: Db, sourceId: string, sinceMs: number): Promise<readonly Refused[]> {
  const { rows } = await sql<Refused>`
    select outcome, coalesce(reason, outcome) as reason, count(*) as count,
      (array_agg(detail order by received_at desc))[1] as detail
    from postback
    where source_id = ${sourceId} and received_at >= ${new Date(sinceMs)}
      and outcome in ('refused', 'unattributed', 'late', 'quarantined')
    group by 1, 2 order by 3 desc, 2`.execute(db);
  return rows;
}

/** The newest click of a link that came at or after a wall instant. */
export async function clickOfLink(
  db: Db,
  linkId: string,
  sinceWallMs: number,
): Promise<{ readonly id: string; readonly flags: readonly string[] } | undefined> {
  return await db
    .selectFrom('click')
    .select(['id', 'flags'])
    .where('link_id', '=', linkId)
    .where('wall_at', '>=', new Date(sinceWallMs))
    .orderBy('wall_at', 'desc')
    .limit(1)
    .executeTakeFirst();
}

/** The newest postback of a source with this click id that ingest has judged. */
export async function postbackOfClick(
  db: Db,
  sourceId: string,
  clickId: string,
): Promise<
  { readonly outcome: string; readonly reason: string | null; readonly detail: string | null } | undefined
> {
  return await db
    .selectFrom('postback')
    .select(['outcome', 'reason', 'detail'])
    .where('source_id', '=', sourceId)
    .where('click_id', '=', clickId)
    .where('outcome', '!=', 'accepted')
    .orderBy('received_at', 'desc')
    .limit(1)
    .executeTakeFirst();
}
