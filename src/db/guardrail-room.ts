import { sql } from 'kysely';
import type { Room } from '../core/decision.ts';
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
 * @param pauses objects whose pause is considered.
 */
export async function loadRoom(
  db: Db,
  input: { readonly accountId: string; readonly nowMs: number; readonly pauses: readonly ObjectId[] },
): Promise<AccountRoom> {
  const { accountId, nowMs } = input;
  const { rows: open } = await sql<{ object_id: ObjectId; pauses: boolean; placed: boolean }>`
    select d.object_id, d.verdict = 'pause' as pauses,
           d.undoes is not null or exists (
             select from guardrail_reservation r where r.decision_id = d.id and r.freed_at is null) as placed
    from decision d
    where d.account_id = ${accountId} and d.needs_workflow and d.closed_at is null`.execute(db);
  const coming = open.filter((one) => !one.placed);
  const comingPauses = coming.filter((one) => one.pauses).map((one) => one.object_id);
  const used = await usedPlaces(db, accountId, nowMs);
  const shares = await sharesOfSpend(db, accountId, [...new Set([...input.pauses, ...comingPauses])], nowMs);
  const closed = await whyClosed(db, accountId);
  return {
    ...(closed === undefined ? {} : { closed }),
    actions: used.actions + coming.length,
    pauses: used.pauses + comingPauses.length,
    shareOfSpendPaused: comingPauses.reduce(
      (sum, id) => sum + (shares.get(id) ?? 0),
      used.shareOfSpendPaused,
    ),
    shares,
    open: new Set(open.map((one) => one.object_id)),
  };
}
