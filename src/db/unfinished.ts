import { sql } from 'kysely';
import { closeDecision } from './decision.ts';
import type { Db } from './connection.ts';
import { freeReservation } from './guardrail.ts';

/** A decision that a workflow still has something to do for. */
export interface Unfinished {
  readonly decisionId: string;
  /** `open`: it has no outcome yet. `pause`: its time to end is over and it has not ended. */
  readonly left: 'open' | 'pause';
}

/** Decisions whose workflow was started and should be running. */
export async function listUnfinished(
  db: Db,
  input: { readonly accountId: string; readonly nowMs: number },
): Promise<readonly Unfinished[]> {
  const { rows } = await sql<{ id: string; open: boolean }>`
    select d.id, d.closed_at is null as open
    from decision d
    where d.account_id = ${input.accountId} and d.needs_workflow and d.closed_at is null
      and d.workflow_started_at is not null
    union all
    select d.id, false
    from decision d join object o on o.id = d.object_id
    where d.account_id = ${input.accountId} and d.until <= ${new Date(input.nowMs)} and d.outcome = 'applied'
      and o.status = 'paused' and not exists (select from decision u where u.undoes = d.id)`.execute(db);
  return rows.map((row) => ({ decisionId: row.id, left: row.open ? 'open' : 'pause' }));
}

/**
 * Closes a decision whose workflow is closed and has not said how it ended: somebody terminated it, or its server was
 * replaced. Otherwise its object would wait for it for ever. A write whose result nobody recorded stays on the books.
 */
export async function closeAbandoned(
  db: Db,
  input: { readonly decisionId: string; readonly nowMs: number },
): Promise<void> {
  const sent = await db
    .selectFrom('action')
    .select('id')
    .where('decision_id', '=', input.decisionId)
    .where('state', 'in', ['intended', 'unknown', 'accepted'])
    .executeTakeFirst();
  const ended = 'its workflow was ended in Temporal before it was done';
  await closeDecision(db, {
    ...input,
    outcome: sent === undefined ? 'cancelled' : 'unverified',
    detail:
      sent === undefined ? ended : `${ended}; a change had been sent: look at the object at the network`,
  });
  if (sent === undefined) await freeReservation(db, input.decisionId, input.nowMs);
}
