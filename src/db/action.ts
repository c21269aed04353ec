import { sql } from 'kysely';
import type { LeverState } from '../core/object.ts';
import type { Db } from './connection.ts';

/** What came back from one write, added to its intent row. */
export interface ActionAnswer {
  readonly state: 'accepted' | 'refused' | 'unknown' | 'not_applied';
  readonly requestId: string | null;
  readonly errorClass: string | null;
  readonly error: string | null;
}

/** Adds a write's answer. A row that was verified since is left as it is: the activity may be a late repeat. */
export async function recordActionAnswer(
  db: Db,
  actionId: string,
  answer: ActionAnswer,
  nowMs: number,
): Promise<void> {
  await db
    .updateTable('action')
    .set({
      state: answer.state,
      request_id: answer.requestId,
      error_class: answer.errorClass,
      error: answer.error,
      answered_at: new Date(nowMs),
    })
    .where('id', '=', actionId)
    .where('state', '<>', 'verified')
    .execute();
}

/** Marks a write as read back, and makes the object row and its version say what the network now says. */
export async function recordVerified(
  db: Db,
  input: {
    readonly actionId: string;
    readonly objectId: number;
    readonly live: LeverState;
    readonly nowMs: number;
  },
): Promise<void> {
  await db.transaction().execute(async (trx) => {
    await trx
      .updateTable('action')
      .set({ state: 'verified', seen: JSON.stringify(input.live), verified_at: new Date(input.nowMs) })
      .where('id', '=', input.actionId)
      .execute();
    await storeLiveState(trx, input.objectId, input.live, input.nowMs);
  });
}

/**
 * Keeps a live value that was just read on the object row, with a version from now on when it differs: the next
 * decision sees it without waiting for the next sync.
 */
export async function storeLiveState(
  db: Db,
  objectId: number,
  live: LeverState,
  nowMs: number,
): Promise<void> {
  const now = new Date(nowMs);
  await sql`
    with changed as (
      update object set
        status = ${live.status},
        -- Delivery above the object's own status (parents, review) is the network's to say; only our own lever is known.
        delivery = case when ${live.status} <> 'active' then ${live.status}
                        when status <> 'active' then 'active' else delivery end,
        bid_strategy = ${live.bidStrategy}, bid_micros = ${live.bidMicros},
        daily_budget_micros = ${live.dailyBudgetMicros}, lifetime_budget_micros = ${live.lifetimeBudgetMicros},
        changed_at = ${now}
      where id = ${objectId} and (
        status <> ${live.status}
        or bid_strategy is distinct from ${live.bidStrategy}
        or bid_micros is distinct from ${live.bidMicros}::bigint
        or daily_budget_micros is distinct from ${live.dailyBudgetMicros}::bigint
        or lifetime_budget_micros is distinct from ${live.lifetimeBudgetMicros}::bigint)
      returning *)
    insert into object_version (object_id, known_from, name, status, delivery, bid_strategy, bid_micros, daily_budget_micros,
                                lifetime_budget_micros, roas_floor, learning, labels)
    select id, ${now}, name, status, delivery, bid_strategy, bid_micros, daily_budget_micros,
           lifetime_budget_micros, roas_floor, learning, labels
    from changed
    on conflict (object_id, known_from) do update set
      status = excluded.status, delivery = excluded.delivery, bid_strategy = excluded.bid_strategy, bid_micros = excluded.bid_micros,
      daily_budget_micros = excluded.daily_budget_micros, lifetime_budget_micros = excluded.lifetime_budget_micros`.execute(
    db,
  );
}
