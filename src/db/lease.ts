import { sql } from 'kysely';
import type { Db } from './connection.ts';

/**
 * Takes the one lease of a decision's target object. Without expiry: a workflow that is alive may rest for as long as
 * the network makes it wait; one that is closed is swept by {@link listLeases} and {@link releaseLease}.
 *
 * @returns whether it is ours now (also when it already was), else the decision that holds it.
 */
export async function takeLease(
  db: Db,
  input: { readonly decisionId: string; readonly workflowId: string; readonly nowMs: number },
): Promise<{ readonly taken: boolean; readonly heldBy: string | null }> {
  await sql`
    insert into lease (account_id, level, network_id, decision_id, workflow_id, taken_at)
    select d.account_id, o.level, o.network_id, d.id, ${input.workflowId}, ${new Date(input.nowMs)}
    from decision d join object o on o.id = d.object_id
    where d.id = ${input.decisionId}
    on conflict (account_id, level, network_id) do nothing`.execute(db);
  const { rows } = await sql<{ decision_id: string }>`
    select l.decision_id from lease l
    join object o on o.account_id = l.account_id and o.level = l.level and o.network_id = l.network_id
    join decision d on d.object_id = o.id
    where d.id = ${input.decisionId}`.execute(db);
  const heldBy = rows[0]?.decision_id ?? null;
  return { taken: heldBy === input.decisionId, heldBy };
}

/** Releases a decision's lease; harmless when it holds none. */
export async function releaseLease(db: Db, decisionId: string): Promise<void> {
  await db.deleteFrom('lease').where('decision_id', '=', decisionId).execute();
}

/** Every lease of an account, for the sweep. */
export async function listLeases(
  db: Db,
  accountId: string,
): Promise<readonly { readonly decisionId: string; readonly workflowId: string }[]> {
  const rows = await db
    .selectFrom('lease')
    .select(['decision_id', 'workflow_id'])
    .where('account_id', '=', accountId)
    .execute();
  return rows.map((row) => ({ decisionId: row.decision_id, workflowId: row.workflow_id }));
}
