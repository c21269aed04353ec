import { type RawBuilder, sql } from 'kysely';
import { textArray } from '../binary-arrays.ts';
import type { Db } from '../connection.ts';
import type { ForwardAttemptTable } from '../tables.ts';
import type { ForwardRow } from './plans.ts';

/** Destinations in use for which something is due now. */
export async function listDue(db: Db, workspaceId: string, nowMs: number): Promise<readonly string[]> {
  return awakeWith(db, { workspaceId, nowMs }, sql`f.state = 'due' and f.next_at <= ${new Date(nowMs)}`);
}

/**
 * Destinations in use, and not at rest, that have forwards of a kind.
 *
 * @param kind of a forward under the alias `f`.
 */
export async function awakeWith(
  db: Db,
  at: { readonly workspaceId: string; readonly nowMs: number },
  kind: RawBuilder<unknown>,
): Promise<readonly string[]> {
  const { rows } = await sql<{ id: string }>`
    select id from destination d
    where workspace_id = ${at.workspaceId} and enabled and removed_at is null
      and (rest_until is null or rest_until <= ${new Date(at.nowMs)})
      and exists (select from forward f where f.workspace_id = ${at.workspaceId} and f.destination_id = d.id and ${kind})
    order by id`.execute(db);
  return rows.map((row) => row.id);
}

/** How many forwards are under way at destinations in use, and the instants that somebody must look at them next. */
export async function waitingForwards(
  db: Db,
  workspaceId: string,
): Promise<{
  readonly waiting: number;
  /** Workspace time of the next that is due. */
  readonly nextMs: number | null;
  /** Of those sent: their receivers have not said yet what became of them. */
  readonly awaited: number;
  /** Wall time at which the first of those taken for sending was taken. */
  readonly takenWallMs: number | null;
}> {
  const { rows } = await sql<{
    next_at: Date | null;
    taken_at: Date | null;
    waiting: number;
    awaited: number;
  }>`
    select min(greatest(f.next_at, d.rest_until)) as next_at, min(f.taken_at) as taken_at, sum(f.waiting)::int as waiting,
      sum(f.awaited)::int as awaited
    from (
      select destination_id, min(next_at) as next_at, null as taken_at, count(*) as waiting, 0 as awaited
      from forward where workspace_id = ${workspaceId} and state = 'due' group by destination_id
      union all
      select destination_id, null, min(taken_wall_at), count(*), 0
      from forward where workspace_id = ${workspaceId} and state = 'sending' group by destination_id
      union all
      select destination_id, min(ask_at), null, 0, count(*)
      from forward where workspace_id = ${workspaceId} and verdict = 'awaited' group by destination_id
    ) f join destination d on d.id = f.destination_id and d.enabled and d.removed_at is null`.execute(db);
  const [row] = rows;
  return {
    waiting: row?.waiting ?? 0,
    awaited: row?.awaited ?? 0,
    nextMs: row?.next_at?.getTime() ?? null,
    takenWallMs: row?.taken_at?.getTime() ?? null,
  };
}

/** Takes due forwards of a destination for sending; another worker passes them by. */
export async function takeDue(
  db: Db,
  input: {
    readonly workspaceId: string;
    readonly destinationId: string;
    readonly nowMs: number;
    readonly wallMs: number;
    readonly limit: number;
  },
): Promise<readonly ForwardRow[]> {
  const { rows } = await sql<ForwardRow>`
    update forward f set state = 'sending', taken_wall_at = ${new Date(input.wallMs)}, next_at = null
    from (
      select key from forward
      where workspace_id = ${input.workspaceId} and destination_id = ${input.destinationId} and state = 'due'
        and next_at <= ${new Date(input.nowMs)}
      order by next_at, seq limit ${input.limit} for update skip locked
    ) d
    where f.key = d.key
    returning f.*`.execute(db);
  return rows.toSorted((a, b) => a.seq - b.seq);
}

/** Puts back what was taken and not sent, not to be taken before `nextMs`. */
export async function putBack(db: Db, keys: readonly string[], nextMs: number): Promise<void> {
  if (keys.length === 0) return;
  await sql`
    update forward set state = 'due', next_at = ${new Date(nextMs)}, taken_wall_at = null
    where key = any(${textArray(keys)}::text[]) and state = 'sending'`.execute(db);
}

/** Lets a destination rest: nothing is sent to it before `untilMs`. */
export async function restDestination(db: Db, id: string, untilMs: number): Promise<void> {
  await sql`
    update destination set rest_until = greatest(rest_until, ${new Date(untilMs)}) where id = ${id}`.execute(
    db,
  );
}

/** A taken forward is not sent, or cannot be, for a reason found while its request was built. */
export async function settleUnsent(
  db: Db,
  input: {
    readonly key: string;
    readonly state: 'not_sent' | 'failed';
    readonly reason: string;
    readonly message: string;
    readonly nowMs: number;
  },
): Promise<void> {
  await sql`
    update forward set state = ${input.state}, reason = ${input.reason}, message = ${input.message}, next_at = null,
      taken_wall_at = null, settled_at = ${new Date(input.nowMs)}
    where key = ${input.key} and state = 'sending'`.execute(db);
}

export interface OpenAttempt {
  readonly id: number;
  readonly attempt: number;
  readonly firstAtMs: number;
}

/**
 * Writes an attempt down before it is made: should this process end before the answer is kept, the log says that the
 * receiver may have got it.
 *
 * @returns null when the forward is no longer this worker's.
 */
export async function beginAttempt(
  db: Db,
  input: {
    readonly key: string;
    readonly takenWallAt: Date | null;
    readonly method: string;
    readonly url: string;
    readonly body: string | null;
    readonly nowMs: number;
    readonly wallMs: number;
  },
): Promise<OpenAttempt | null> {
  const at = new Date(input.nowMs);
  const { rows } = await sql<{ id: number; attempt: number; first_at: Date }>`
    with f as (
      update forward set attempts = attempts + 1, first_at = coalesce(first_at, ${at})
      where key = ${input.key} and state = 'sending' and taken_wall_at = ${input.takenWallAt}
      returning key, attempts, first_at
    ), a as (
      insert into forward_attempt (forward_key, attempt, at, wall_at, method, url, body)
      select key, attempts, ${at}, ${new Date(input.wallMs)}, ${input.method}, ${input.url}, ${input.body} from f
      returning id
    )
    select a.id, f.attempts as attempt, f.first_at from a cross join f`.execute(db);
  const [row] = rows;
  return row === undefined ? null : { id: row.id, attempt: row.attempt, firstAtMs: row.first_at.getTime() };
}

/** What an attempt came to, and what becomes of its forward. */
export interface AttemptEnd {
  readonly key: string;
  readonly attempt: OpenAttempt;
  readonly verdict: NonNullable<ForwardAttemptTable['verdict']>;
  readonly status: number | null;
  readonly answer: string;
  readonly latencyMs: number | null;
  readonly why: string | null;
  readonly state: 'due' | 'sent' | 'failed' | 'given_up';
  /** Of a forward that is not due again. */
  readonly reason: string | null;
  readonly message: string | null;
  readonly nextMs: number | null;
  readonly receipt: string | null;
  /** When to ask what its receiver made of it, of one that takes first and judges later. */
  readonly askMs: number | null;
  readonly nowMs: number;
}

/** Keeps what came back, in one statement: log and state never differ. */
export async function endAttempt(db: Db, end: AttemptEnd): Promise<void> {
  const next = end.nextMs === null ? null : new Date(end.nextMs);
  const ask = end.askMs === null ? null : new Date(end.askMs);
  await sql`
    with a as (
      update forward_attempt set verdict = ${end.verdict}, status = ${end.status}, answer = ${end.answer},
        latency_ms = ${end.latencyMs}, why = ${end.why}, next_at = ${next}
      where id = ${end.attempt.id} and verdict is null
    )
    update forward set state = ${end.state}, reason = ${end.reason}, message = ${end.message}, next_at = ${next},
      taken_wall_at = null, receipt = coalesce(${end.receipt}, receipt),
      verdict = ${ask === null ? null : 'awaited'}, ask_at = ${ask}, asks = 0,
      settled_at = ${end.state === 'due' ? null : new Date(end.nowMs)}
    where key = ${end.key} and state = 'sending' and attempts = ${end.attempt.attempt}`.execute(db);
}

export interface Abandoned {
  readonly key: string;
  readonly destination_id: string;
  /** The attempt that was begun; null when the worker ended before it began one. */
  readonly attempt_id: number | null;
  readonly attempts: number;
  readonly first_at: Date | null;
}

/** Forwards taken before a wall instant and neither settled nor put back: their worker has ended. */
export async function listAbandoned(
  db: Db,
  workspaceId: string,
  beforeWallMs: number,
): Promise<readonly Abandoned[]> {
  const { rows } = await sql<Abandoned>`
    select f.key, f.destination_id, f.attempts, f.first_at,
      (select max(a.id) from forward_attempt a where a.forward_key = f.key and a.verdict is null) as attempt_id
    from forward f
    where f.workspace_id = ${workspaceId} and f.state = 'sending' and f.taken_wall_at < ${new Date(beforeWallMs)}
    order by f.seq`.execute(db);
  return rows;
}
