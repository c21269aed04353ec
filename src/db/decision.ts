import { sql } from 'kysely';
import type { DecisionPlan } from '../core/decision-plan.ts';
import type { Level, ObjectId } from '../core/object.ts';
import type { Db } from './connection.ts';

/** A decision that waits to be carried out, with the names its workflow shows. */
export interface DueDecision {
  readonly id: string;
  readonly accountId: string;
  readonly accountName: string;
  readonly network: string;
  readonly level: Level;
  readonly objectId: ObjectId;
  readonly objectName: string;
  readonly objectNetworkId: string;
  readonly campaignName: string | null;
  readonly adsetName: string | null;
  readonly strategy: string;
  readonly rule: string | null;
  readonly sentence: string;
  readonly plan: DecisionPlan;
  readonly asOfMs: number;
  readonly decidedAtMs: number;
  /** Workspace milliseconds per wall millisecond. */
  readonly rate: number;
}

/** Decisions of an account that no workflow was started for yet, oldest first. */
export async function loadDueDecisions(
  db: Db,
  accountId: string,
  limit: number,
): Promise<readonly DueDecision[]> {
  const { rows } = await sql<{
    id: string;
    account_id: string;
    account_name: string;
    network: string;
    level: Level;
    object_id: ObjectId;
    object_name: string;
    network_id: string;
    campaign_name: string | null;
    adset_name: string | null;
    strategy: string | null;
    rule: string | null;
    sentence: string;
    plan: DecisionPlan;
    as_of: Date;
    decided_at: Date;
    clock_rate: number;
  }>`
    select d.id, d.account_id, a.name as account_name, a.network, d.level, d.object_id, o.name as object_name, o.network_id,
           c.name as campaign_name,
           case when o.level = 'adset' then o.name else s.name end as adset_name,
           y.name as strategy, d.rule, d.sentence, d.plan, d.as_of, d.decided_at, w.clock_rate
    from decision d
    join ad_account a on a.id = d.account_id
    join workspace w on w.id = d.workspace_id
    join object o on o.id = d.object_id
    left join object c on c.id = d.campaign_id
    left join object s on s.id = o.adset_id
    left join strategy y on y.id = d.strategy_id
    where d.account_id = ${accountId} and d.needs_workflow and d.workflow_started_at is null and d.plan is not null and d.closed_at is null
    order by d.decided_at, d.id
    limit ${limit}`.execute(db);
  return rows.map((row) => ({
    id: row.id,
    accountId: row.account_id,
    accountName: row.account_name,
    network: row.network,
    level: row.level,
    objectId: row.object_id,
    objectName: row.object_name,
    objectNetworkId: row.network_id,
    campaignName: row.campaign_name,
    adsetName: row.adset_name,
    strategy: row.strategy ?? 'by hand',
    rule: row.rule,
    sentence: row.sentence,
    plan: row.plan,
    asOfMs: row.as_of.getTime(),
    decidedAtMs: row.decided_at.getTime(),
    rate: row.clock_rate,
  }));
}

/** Notes that workflows of these decisions exist. `wallMs`: workflows live in wall time. */
export async function markStarted(db: Db, decisionIds: readonly string[], wallMs: number): Promise<void> {
  if (decisionIds.length === 0) return;
  await db
    .updateTable('decision')
    .set({ workflow_started_at: new Date(wallMs) })
    .where('id', 'in', decisionIds)
    .execute();
}

/** What the records around a write need of a decision. */
export interface DecisionTarget {
  readonly decisionId: string;
  readonly workspaceId: string;
  readonly accountId: string;
  readonly currency: string;
  readonly objectId: ObjectId;
  readonly objectName: string;
  readonly strategyId: string;
  readonly strategyVersion: number;
  readonly undoes: string | null;
  readonly plan: DecisionPlan;
  /** Workspace milliseconds per wall millisecond. */
  readonly rate: number;
}

/** @throws when the decision does not exist or nothing is to be done for it. */
export async function loadDecisionTarget(db: Db, decisionId: string): Promise<DecisionTarget> {
  const row = await db
    .selectFrom('decision as d')
    .innerJoin('ad_account as a', 'a.id', 'd.account_id')
    .innerJoin('object as o', 'o.id', 'd.object_id')
    .innerJoin('workspace as w', 'w.id', 'd.workspace_id')
    .select([
      'd.id',
      'w.clock_rate',
      'd.workspace_id',
      'd.account_id',
      'a.currency',
      'd.object_id',
      'o.name as object_name',
      'd.strategy_id',
      'd.strategy_version',
      'd.undoes',
      'd.plan',
    ])
    .where('d.id', '=', decisionId)
    .executeTakeFirst();
  if (row === undefined) throw new Error(`there is no decision ${decisionId}`);
  if (row.plan === null) throw new Error(`decision ${decisionId} has nothing to carry out`);
  return {
    decisionId: row.id,
    workspaceId: row.workspace_id,
    accountId: row.account_id,
    currency: row.currency,
    objectId: row.object_id,
    objectName: row.object_name,
    strategyId: row.strategy_id,
    strategyVersion: row.strategy_version,
    undoes: row.undoes,
    plan: row.plan as DecisionPlan,
    rate: row.clock_rate,
  };
}

/** Closes a decision with its outcome; the first closing stands. Tells the live page. */
export async function closeDecision(
  db: Db,
  input: {
    readonly decisionId: string;
    readonly outcome: string;
    readonly detail: string;
    readonly nowMs: number;
  },
): Promise<void> {
  await db.transaction().execute(async (trx) => {
    await trx
      .updateTable('decision')
      .set({ outcome: input.outcome, outcome_detail: input.detail, closed_at: new Date(input.nowMs) })
      .where('id', '=', input.decisionId)
      .where('closed_at', 'is', null)
      .execute();
    await sql`select pg_notify('live', ${JSON.stringify({ decision: input.decisionId, outcome: input.outcome })})`.execute(
      trx,
    );
  });
}
