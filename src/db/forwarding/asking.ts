import { sql } from 'kysely';
import type { Db } from '../connection.ts';
import type { ForwardRow } from './plans.ts';
import { awakeWith } from './sending.ts';

/** Destinations in use that are to be asked now what became of something they took. */
export async function listToAsk(db: Db, workspaceId: string, nowMs: number): Promise<readonly string[]> {
  return awakeWith(db, { workspaceId, nowMs }, sql`f.verdict = 'awaited' and f.ask_at <= ${new Date(nowMs)}`);
}

/**
 * Takes forwards about which a destination is to be asked. Until `againMs` another worker passes them by; should this one
 * end before it kept the answer, they are asked about again then: asking changes nothing at the receiver.
 */
export async function takeToAsk(
  db: Db,
  input: {
    readonly workspaceId: string;
    readonly destinationId: string;
    readonly nowMs: number;
    readonly againMs: number;
    readonly limit: number;
  },
): Promise<readonly ForwardRow[]> {
  const { rows } = await sql<ForwardRow>`
    update forward f set ask_at = ${new Date(input.againMs)}, asks = asks + 1
    from (
      select key from forward
      where workspace_id = ${input.workspaceId} and destination_id = ${input.destinationId} and verdict = 'awaited'
        and ask_at <= ${new Date(input.nowMs)}
      order by ask_at, seq limit ${input.limit} for update skip locked
    ) d
    where f.key = d.key
    returning f.*`.execute(db);
  return rows.toSorted((a, b) => a.seq - b.seq);
}

/** What asking came to. */
export interface AskEnd {
  readonly key: string;
  /** Which question it was, from 1: a forward that was told anew meanwhile is left alone. */
  readonly ask: number;
  readonly atMs: number;
  readonly nowMs: number;
  readonly wallMs: number;
  readonly method: string;
  readonly url: string;
  readonly status: number | null;
  readonly answer: string;
  readonly latencyMs: number | null;
  readonly why: string | null;
  readonly outcome:
    | { readonly kind: 'awaited'; readonly nextMs: number }
    | { readonly kind: 'confirmed' }
    /** Nobody will say any more. */
    | { readonly kind: 'unknown'; readonly message: string }
    | { readonly kind: 'refused'; readonly message: string };
}

/** Keeps an answer about a forward in its log and, if it is one, as the verdict: one statement, so that they never differ. */
export async function endAsk(db: Db, end: AskEnd): Promise<void> {
  const { outcome } = end;
  const next = outcome.kind === 'awaited' ? new Date(outcome.nextMs) : null;
  const message = outcome.kind === 'unknown' || outcome.kind === 'refused' ? outcome.message : null;
  const refused = outcome.kind === 'refused';
  await sql`
    with f as (
      update forward set verdict = ${outcome.kind}, ask_at = ${next}, message = ${message},
        state = case when ${refused} then 'failed' else state end,
        reason = case when ${refused} then 'refused_later' else reason end,
        settled_at = case when ${refused} then ${new Date(end.nowMs)}::timestamptz else settled_at end
      where key = ${end.key} and verdict = 'awaited' and asks = ${end.ask}
      returning key
    )
    insert into forward_attempt (forward_key, kind, attempt, at, wall_at, method, url, status, answer, latency_ms, verdict,
      why, next_at)
    select key, 'ask', ${end.ask}::int, ${new Date(end.atMs)}::timestamptz, ${new Date(end.wallMs)}::timestamptz,
      ${end.method}, ${end.url}, ${end.status}::int, ${end.answer}, ${end.latencyMs}::int, ${outcome.kind},
      ${end.why}::text, ${next}::timestamptz
    from f`.execute(db);
}
