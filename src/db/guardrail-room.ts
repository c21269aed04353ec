import { sql } from 'kysely';
import type { Room } from '../core/decision.ts';
import { stoppedPart } from '../core/guardrails.ts';
import type { ObjectId } from '../core/object.ts';
import type { Db } from './connection.ts';
import { sharesOfSpend, usedPlaces, whyClosed } from './guardrail.ts';

/** What an account's limits leave before a pass, and what each object's pause would add. */
export interface AccountRoom extends Omit<Room, 'addsActions' | 'addsShare'> {
  readonly shares: ReadonlyMap<ObjectId, number>;
  /** Objects that a decision is moving already: their place is counted. */
  readonly open: ReadonlySet<ObjectId>;
}

/**
 * The account's rolling 24 h as it will be when everything that is under way has been done.
 *
 * @param stopped objects whose pause or probation is considered.
 */
export async function loadRoom(
  db: Db,
  input: { readonly accountId: string; readonly nowMs: number; readonly stopped: readonly ObjectId[] },
): Promise<AccountRoom> {
  const { accountId, nowMs } = input;
  const { rows: open } = await sql<{
    object_id: ObjectId;
    verdict: string;
    rule: string | null;
    delta: number | null;
    placed: boolean;
  }>`
    select d.object_id, d.verdict, d.rule, (d.plan ->> 'delta')::float8 as delta,
           d.undoes is not null or exists (
             select from guardrail_reservation r where r.decision_id = d.id and r.freed_at is null) as placed
    from decision d
    where d.account_id = ${accountId} and d.needs_workflow and d.closed_at is null`.execute(db);
  const coming = open.filter((one) => !one.placed);
  const stops = coming.map((one) => ({ id: one.object_id, part: stoppedPart(one) }));
  const used = await usedPlaces(db, accountId, nowMs);
  const shares = await sharesOfSpend(
    db,
    accountId,
    [...new Set([...input.stopped, ...stops.flatMap(({ id, part }) => (part > 0 ? [id] : []))])],
    nowMs,
  );
  const closed = await whyClosed(db, accountId);
  return {
    ...(closed === undefined ? {} : { closed }),
    actions: used.actions + coming.length,
    pauses: used.pauses + coming.filter((one) => one.verdict === 'pause').length,
    shareOfSpendPaused: stops.reduce(
      (sum, { id, part }) => sum + part * (shares.get(id) ?? 0),
      used.shareOfSpendPaused,
    ),
    shares,
    open: new Set(open.map((one) => one.object_id)),
  };
}
