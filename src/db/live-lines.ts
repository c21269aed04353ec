import { sql } from 'kysely';
import type { Relation } from '../core/conversion-relation.ts';
import type { Micros } from '../core/money.ts';
import type { Db } from './connection.ts';

/** One postback as the live page tells it: what was sent, what became of it, and whose it was. */
export interface PostbackFact {
  readonly id: string;
  readonly sourceId: string;
  /** Null when its source is unknown: `atMs` is then wall time. */
  readonly workspaceId: string | null;
  readonly wallAtMs: number;
  readonly atMs: number;
  readonly outcome: string;
  readonly reason: string | null;
  readonly detail: string | null;
  readonly event: string | null;
  readonly status: string | null;
  readonly amountMicros: Micros | null;
  readonly currency: string | null;
  readonly clickId: string | null;
  readonly test: boolean;
  /** The deepest object it was attributed to, when it was. */
  readonly objectName: string | null;
  readonly network: string | null;
  /** What its conversion is to earlier payments; null for the first, and without one. */
  readonly relation: Exclude<Relation, 'first'> | null;
}

/** One acting decision and how far it got. */
export interface DecisionFact {
  readonly id: string;
  readonly wallAtMs: number;
  readonly atMs: number;
  readonly verdict: 'pause' | 'resume' | 'set_bid' | 'set_budget' | 'notify' | 'keep';
  readonly reason: string;
  readonly sentence: string;
  readonly mode: 'dry-run' | 'approve' | 'live';
  readonly rule: string | null;
  readonly strategy: string;
  readonly outcome: string | null;
  readonly outcomeDetail: string | null;
  readonly workflowStarted: boolean;
  readonly undoes: string | null;
  readonly objectId: number;
  readonly objectName: string;
  readonly level: string;
  readonly network: string;
}

interface PostbackRow {
  id: string;
  source_id: string;
  workspace_id: string | null;
  wall_at: Date;
  received_at: Date;
  outcome: string;
  reason: string | null;
  detail: string | null;
  event: string | null;
  status: string | null;
  amount_micros: Micros | null;
  currency: string | null;
  click_id: string | null;
  test: boolean;
  object_name: string | null;
  network: string | null;
  relation: PostbackFact['relation'];
}

/**
 * The workspace's newest postbacks, and those that belong to no workspace because their source is unknown (a mistyped
 * address is the first thing that goes wrong, and must be seen).
 *
 * Walks the newest rows of each source's index, so that the cost is the limit and not the table.
 */
export async function recentPostbacks(
  db: Db,
  workspaceId: string,
  limit: number,
): Promise<readonly PostbackFact[]> {
  const { rows } = await sql<PostbackRow>`
    with newest as (
      select p.* from source s cross join lateral (
        select id, source_id, workspace_id, wall_at, received_at, outcome, reason, detail, event, status, amount_micros, currency,
               click_id, test, conversion_id
        from postback where source_id = s.id and workspace_id = s.workspace_id order by received_at desc limit ${limit}
      ) p where s.workspace_id = ${workspaceId}
      union all
      (select id, source_id, workspace_id, wall_at, received_at, outcome, reason, detail, event, status, amount_micros, currency,
              click_id, test, conversion_id
       from postback where workspace_id is null order by received_at desc limit ${limit})
    ), cut as (select * from newest order by wall_at desc, id desc limit ${limit})
    select cut.id, cut.source_id, cut.workspace_id, cut.wall_at, cut.received_at, cut.outcome, cut.reason, cut.detail, cut.event, cut.status,
           cut.amount_micros, cut.currency, cut.click_id, cut.test, o.name as object_name, a.network, c.relation
    from cut
    left join conversion c on c.id = cut.conversion_id
    left join object o on o.id = c.object_id
    left join ad_account a on a.id = o.account_id
    order by cut.wall_at desc, cut.id desc`.execute(db);
  return rows.map((row) => ({
    id: row.id,
    sourceId: row.source_id,
    workspaceId: row.workspace_id,
    wallAtMs: row.wall_at.getTime(),
    atMs: row.received_at.getTime(),
    outcome: row.outcome,
    reason: row.reason,
    detail: row.detail,
    event: row.event,
    status: row.status,
    amountMicros: row.amount_micros,
    currency: row.currency,
    clickId: row.click_id,
    test: row.test,
    objectName: row.object_name,
    network: row.network,
    relation: row.relation,
  }));
}

export interface DecisionFilter {
  readonly limit: number;
  /** Keeps are many: left out unless asked for. */
  readonly keeps: boolean;
  readonly objectId?: number;
}

/** The workspace's newest decisions with their objects, newest first. */
export async function recentDecisions(
  db: Db,
  workspaceId: string,
  filter: DecisionFilter,
): Promise<readonly DecisionFact[]> {
  let query = db
    .selectFrom('decision as d')
    .innerJoin('object as o', 'o.id', 'd.object_id')
    .innerJoin('ad_account as a', 'a.id', 'd.account_id')
    .leftJoin('strategy as s', 's.id', 'd.strategy_id')
    .select([
      'd.id',
      'd.decided_wall_at',
      'd.decided_at',
      'd.verdict',
      'd.reason',
      'd.sentence',
      'd.mode',
      'd.rule',
      'd.strategy_id',
      's.name as strategy_name',
      'd.outcome',
      'd.outcome_detail',
      'd.workflow_started_at',
      'd.undoes',
      'o.id as object_id',
      'o.name as object_name',
      'd.level',
      'a.network',
    ])
    .where('d.workspace_id', '=', workspaceId)
    .orderBy('d.decided_at', 'desc')
    .orderBy('d.id', 'desc')
    .limit(filter.limit);
  if (!filter.keeps) query = query.where('d.verdict', '<>', 'keep');
  const objectId = filter.objectId;
  if (objectId !== undefined) query = query.where(sql<boolean>`d.object_id = ${objectId}`);
  const rows = await query.execute();
  return rows.map((row) => ({
    id: row.id,
    wallAtMs: row.decided_wall_at.getTime(),
    atMs: row.decided_at.getTime(),
    verdict: row.verdict,
    reason: row.reason,
    sentence: row.sentence,
    mode: row.mode,
    rule: row.rule,
    strategy: row.strategy_name ?? row.strategy_id,
    outcome: row.outcome,
    outcomeDetail: row.outcome_detail,
    workflowStarted: row.workflow_started_at !== null,
    undoes: row.undoes,
    objectId: row.object_id,
    objectName: row.object_name,
    level: row.level,
    network: row.network,
  }));
}
