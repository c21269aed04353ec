import { type Selectable, sql } from 'kysely';
import { textArray } from '../binary-arrays.ts';
import { loadNow } from '../clock.ts';
import type { Db } from '../connection.ts';
import type { ForwardAttemptTable, ForwardTable } from '../tables.ts';
import { listForwardingWorkspaces } from './destinations.ts';
import type { ForwardRow } from './plans.ts';

const DAY_MS = 86_400_000;

export type AttemptRow = Selectable<ForwardAttemptTable>;
export type ForwardState = ForwardTable['state'];

export interface ForwardFilter {
  /** Null: of every workspace. */
  readonly workspaceId: string | null;
  readonly destinationId: string | null;
  readonly states: readonly ForwardState[] | null;
  /** Only those whose receiver has taken them and not judged them yet. */
  readonly awaited?: boolean;
  /** Planned or settled since; workspace time, ms. */
  readonly sinceMs: number;
}

/** A forward with the sender's id of its conversion. */
export interface ListedForward extends ForwardRow {
  readonly source_id: string | null;
  readonly txid: string | null;
}

/** Forwards that were planned or settled lately, newest first. */
export async function listForwards(
  db: Db,
  filter: ForwardFilter & { readonly limit: number },
): Promise<readonly ListedForward[]> {
  const { rows } = await sql<ListedForward>`
    select f.*, c.source_id, c.txid from forward f left join conversion c on c.id = f.conversion_id
    where ${matching(filter)}
    order by greatest(f.planned_at, f.settled_at) desc, f.seq desc limit ${filter.limit}`.execute(db);
  return rows;
}

export interface ForwardCount {
  readonly destination_id: string;
  readonly state: ForwardState;
  readonly reason: string | null;
  readonly verdict: ForwardTable['verdict'];
  readonly count: number;
}

/** How many of each state and reason. */
export async function countForwards(db: Db, filter: ForwardFilter): Promise<readonly ForwardCount[]> {
  const { rows } = await sql<ForwardCount>`
    select f.destination_id, f.state, f.reason, f.verdict, count(*) as count from forward f where ${matching(filter)}
    group by f.destination_id, f.state, f.reason, f.verdict
    order by f.destination_id, count(*) desc, f.state, f.reason, f.verdict`.execute(db);
  return rows;
}

/** Destinations whose postbacks failed or were given up in the last day of their workspace's time, in words. */
export async function listFailing(
  db: Db,
  wallMs: number,
): Promise<readonly { readonly destination: string; readonly words: string }[]> {
  const failing: { destination: string; words: string }[] = [];
  for (const workspaceId of await listForwardingWorkspaces(db)) {
    const counts = await countForwards(db, {
      workspaceId,
      destinationId: null,
      states: ['failed', 'given_up'],
      sinceMs: (await loadNow(db, workspaceId, wallMs)) - DAY_MS,
    });
    for (const { destination_id: destination, count, reason } of counts)
      failing.push({
        destination,
        words: `${count} ${count === 1 ? 'postback' : 'postbacks'} failed in the last day (${reason}): ./bidloop forward list --failed`,
      });
  }
  return failing;
}

function matching({ workspaceId, destinationId, states, awaited = false, sinceMs }: ForwardFilter) {
  return sql<boolean>`
    (${workspaceId}::text is null or f.workspace_id = ${workspaceId})
    and (${destinationId}::text is null or f.destination_id = ${destinationId})
    and (${states === null ? null : textArray(states)}::text[] is null or f.state = any(${textArray(states ?? [])}::text[]))
    and (not ${awaited} or f.verdict = 'awaited')
    and greatest(f.planned_at, f.settled_at) >= ${new Date(sinceMs)}`;
}

/** Forwards by the beginning of their key, or of a conversion by its id. */
export async function findForwards(db: Db, id: string): Promise<readonly ListedForward[]> {
  const { rows } = await sql<ListedForward>`
    select f.*, c.source_id, c.txid from forward f left join conversion c on c.id = f.conversion_id
    where starts_with(f.key, ${id}) or f.conversion_id::text = ${id}
    order by f.seq limit 50`.execute(db);
  return rows;
}

/** Every attempt at these forwards, oldest first. */
export async function attemptsOf(db: Db, keys: readonly string[]): Promise<readonly AttemptRow[]> {
  if (keys.length === 0) return [];
  return await db
    .selectFrom('forward_attempt')
    .selectAll()
    .where('forward_key', 'in', [...keys])
    .orderBy('id')
    .execute();
}

/**
 * Makes forwards due again that failed, were given up or not sent. What is due or on its way already is left alone, so
 * that asking twice sends once; what was delivered is not told again.
 *
 * @returns those that are due now.
 */
export async function replayForwards(
  db: Db,
  input: { readonly keys: readonly string[]; readonly nowMs: number },
): Promise<
  readonly { readonly key: string; readonly destination_id: string; readonly workspace_id: string }[]
> {
  const { rows } = await sql<{ key: string; destination_id: string; workspace_id: string }>`
    with replayed as (
      update forward f set state = 'due', reason = null, message = null, attempts = 0, first_at = null, verdict = null,
        ask_at = null, asks = 0, receipt = null,
        next_at = ${new Date(input.nowMs)}, settled_at = null
      from destination d
      where d.id = f.destination_id and d.removed_at is null
        and f.key = any(${textArray(input.keys)}::text[]) and f.state in ('failed', 'given_up', 'not_sent')
        and not starts_with(f.key, 'none:')
      returning f.key, f.destination_id, f.workspace_id
    ), awake as (
      update destination set rest_until = null where id in (select destination_id from replayed)
    )
    select * from replayed`.execute(db);
  return rows;
}

/** Attempts hold what was sent about people: they go when raw postbacks do. @returns how many went. */
export async function dropAttemptsBefore(db: Db, workspaceId: string, beforeMs: number): Promise<number> {
  const result = await sql`
    delete from forward_attempt a using forward f
    where f.key = a.forward_key and f.workspace_id = ${workspaceId} and a.at < ${new Date(beforeMs)}`.execute(
    db,
  );
  return Number(result.numAffectedRows ?? 0n);
}
