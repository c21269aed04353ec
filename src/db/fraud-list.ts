import { sql } from 'kysely';
import type { Signal, Treatment } from '../core/fraud/signals.ts';
import type { Db } from './connection.ts';
import { putBack } from './fraud-apply.ts';

/** A conversion with what speaks against it. */
export interface SuspectConversion {
  readonly id: string;
  readonly sourceId: string;
  readonly accountId: string | null;
  readonly event: string;
  readonly status: string;
  readonly receivedAt: Date;
  /** Why an ad was credited, or none. */
  readonly attribution: string;
  /** null counts (if it is attributed), `quarantine` and `fraud` are kept out. */
  readonly excluded: string | null;
  readonly released: boolean;
  readonly signals: readonly {
    readonly signal: Signal;
    readonly detail: string;
    readonly treatment: Treatment;
  }[];
}

export interface SuspectQuestion {
  readonly workspaceId: string;
  readonly sourceId: string | null;
  readonly signal: string | null;
  /** Only what is kept out of the counts by it. */
  readonly keptOut: boolean;
  /** By when the first sign was found, workspace time. */
  readonly fromMs: number;
  readonly limit: number;
}

/** Conversions with signs of fraud, the newest first. */
export async function listSuspects(db: Db, question: SuspectQuestion): Promise<readonly SuspectConversion[]> {
  const { rows } = await sql<SuspectConversion>`
    select c.id, c.source_id as "sourceId", c.account_id as "accountId", c.event, c.status,
           c.received_at as "receivedAt", c.attribution,
           case when c.excluded in ('quarantine', 'fraud') then c.excluded end as excluded,
           bool_or(s.released_at is not null) as released,
           jsonb_agg(jsonb_build_object('signal', s.signal, 'detail', s.detail, 'treatment', s.treatment)
                     order by s.signal) as signals
    from conversion_signal s join conversion c on c.id = s.conversion_id
    where s.workspace_id = ${question.workspaceId} and s.found_at >= ${new Date(question.fromMs)}
      and (${question.sourceId}::text is null or s.source_id = ${question.sourceId})
      and (not ${question.keptOut}::boolean or c.excluded in ('quarantine', 'fraud'))
    group by c.id
    having ${question.signal}::text is null or bool_or(s.signal = ${question.signal})
    order by max(s.found_at) desc, c.id limit ${question.limit}`.execute(db);
  return rows;
}

/** Conversions by signal: how many have it, and how many of these are kept out. */
export async function countSuspects(
  db: Db,
  question: Pick<SuspectQuestion, 'workspaceId' | 'sourceId' | 'fromMs'>,
): Promise<readonly { readonly signal: string; readonly conversions: number; readonly keptOut: number }[]> {
  const { rows } = await sql<{ signal: string; conversions: number; keptOut: number }>`
    select s.signal, count(*)::int as conversions,
           (count(*) filter (where c.excluded in ('quarantine', 'fraud')))::int as "keptOut"
    from conversion_signal s join conversion c on c.id = s.conversion_id
    where s.workspace_id = ${question.workspaceId} and s.found_at >= ${new Date(question.fromMs)}
      and (${question.sourceId}::text is null or s.source_id = ${question.sourceId})
    group by 1 order by 2 desc, 1`.execute(db);
  return rows;
}

/** What a release found. */
export interface Released {
  /** Conversions with signs that are now called good. */
  readonly conversions: number;
  /** Of these, put back into the counts. */
  readonly putBack: number;
}

/**
 * Calls conversions good: they go back into the counts, from now on, and no policy keeps them out again.
 *
 * @param of one conversion, or everything of a source that is kept out now.
 */
export async function releaseFraud(
  db: Db,
  where: { readonly workspaceId: string; readonly nowMs: number; readonly wallMs: number },
  of: { readonly conversionId: string } | { readonly sourceId: string },
): Promise<Released> {
  const wanted =
    'conversionId' in of
      ? sql`s.conversion_id = ${of.conversionId}::uuid`
      : sql`s.source_id = ${of.sourceId} and c.excluded in ('quarantine', 'fraud')`;
  const { rows } = await sql<{ id: string }>`
    update conversion_signal set released_at = coalesce(released_at, ${new Date(where.nowMs)})
    where conversion_id in (
      select s.conversion_id from conversion_signal s join conversion c on c.id = s.conversion_id
      where s.workspace_id = ${where.workspaceId} and ${wanted})
    returning conversion_id as id`.execute(db);
  const ids = [...new Set(rows.map((row) => row.id))].toSorted();
  return { conversions: ids.length, putBack: await putBack(db, where, ids) };
}
