import type { Db } from './connection.ts';

/** A decision that waits for a person's answer. */
export interface WaitingDecision {
  readonly id: string;
  readonly object: string;
  readonly sentence: string;
  readonly strategy: string;
  readonly decidedAt: Date;
  /** Of its account. */
  readonly timeZone: string;
}

/** Decisions that were asked about and have no answer yet, oldest first. */
export async function listWaiting(db: Db): Promise<readonly WaitingDecision[]> {
  const rows = await db
    .selectFrom('decision as d')
    .innerJoin('object as o', 'o.id', 'd.object_id')
    .innerJoin('ad_account as a', 'a.id', 'd.account_id')
    .leftJoin('strategy as s', 's.id', 'd.strategy_id')
    .select(['d.id', 'o.name as object', 'd.sentence', 's.name as strategy', 'd.decided_at', 'a.time_zone'])
    .where('d.mode', '=', 'approve')
    .where('d.needs_workflow', '=', true)
    .where('d.closed_at', 'is', null)
    .where((eb) =>
      eb.not(
        eb.exists(eb.selectFrom('action').select('action.id').whereRef('action.decision_id', '=', 'd.id')),
      ),
    )
    .orderBy('d.decided_at')
    .execute();
  return rows.map((row) => ({
    id: row.id,
    object: row.object,
    sentence: row.sentence,
    strategy: row.strategy ?? 'by hand',
    decidedAt: row.decided_at,
    timeZone: row.time_zone,
  }));
}
