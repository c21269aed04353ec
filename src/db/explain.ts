import { sql } from 'kysely';
import type { Decision, Evidence } from '../core/decision.ts';
import type { EvaluationEntry } from '../core/evaluation.ts';
import type { LeverState, ObjectId } from '../core/object.ts';
import { OperatorError } from '../errors.ts';
import { type LeverColumns, leverStateOf } from './lever-state.ts';
import type { Db } from './connection.ts';

/** A decision with everything that was kept about it. */
export interface DecisionRecord {
  readonly id: string;
  readonly workspaceId: string;
  readonly strategyId: string;
  readonly strategyVersion: number;
  readonly strategy: string;
  readonly rule: string | null;
  readonly verdict: string;
  readonly reason: string;
  readonly sentence: string;
  readonly mode: string;
  readonly fromValue: string | null;
  readonly toValue: string | null;
  readonly engineVersion: string;
  readonly asOfMs: number;
  readonly decidedAtMs: number;
  readonly undoes: string | null;
  readonly outcome: string | null;
  readonly outcomeDetail: string | null;
  readonly closedAtMs: number | null;
  readonly workflowStarted: boolean;
  /** Null for an undo: a person's word, not a conclusion. */
  readonly stored: { readonly input: Evidence; readonly output: Decision } | null;
  readonly actions: readonly ActionRecord[];
}

export interface ActionRecord {
  readonly attempt: number;
  readonly state: string;
  readonly requestId: string | null;
  readonly error: string | null;
  readonly seen: LeverState | null;
  readonly intendedAtMs: number;
  readonly verifiedAtMs: number | null;
}

export interface ObjectRecord extends LeverState {
  readonly id: ObjectId;
  readonly level: string;
  readonly name: string;
  readonly networkId: string;
  readonly delivery: string;
  readonly accountName: string;
  readonly network: string;
  readonly currency: string;
  /** Of its account. */
  readonly timeZone: string;
}

export interface EvaluationRecord {
  readonly strategy: string;
  readonly strategyVersion: number;
  readonly asOfMs: number;
  readonly evaluatedAtMs: number;
  readonly entry: EvaluationEntry;
}

/** Objects of that network id, else of that name (in any case), else whose name holds the text; at most ten. */
export async function findObjects(db: Db, text: string): Promise<readonly ObjectRecord[]> {
  const { rows } = await sql<ObjectRow>`
    select ${OBJECT_COLUMNS},
           case when o.network_id = ${text} then 0 when lower(o.name) = lower(${text}) then 1 else 2 end as match
    from object o join ad_account a on a.id = o.account_id
    where o.network_id = ${text} or position(lower(${text}) in lower(o.name)) > 0
    order by match, (o.level = 'adset') desc, o.id
    limit 50`.execute(db);
  const best = rows[0]?.match;
  return rows
    .filter((row) => row.match === best)
    .slice(0, 10)
    .map(objectRecord);
}

export async function findObject(db: Db, id: ObjectId): Promise<ObjectRecord | undefined> {
  const { rows } = await sql<ObjectRow>`
    select ${OBJECT_COLUMNS}, 0 as match from object o join ad_account a on a.id = o.account_id where o.id = ${id}`.execute(
    db,
  );
  return rows[0] && objectRecord(rows[0]);
}

interface ObjectRow extends LeverColumns {
  id: ObjectId;
  level: string;
  name: string;
  network_id: string;
  delivery: string;
  account_name: string;
  network: string;
  currency: string;
  time_zone: string;
  match: number;
}

const OBJECT_COLUMNS = sql`o.id, o.level, o.name, o.network_id, o.status, o.delivery, o.bid_strategy, o.bid_micros,
  o.daily_budget_micros, o.lifetime_budget_micros, a.name as account_name, a.network, a.currency, a.time_zone`;

function objectRecord(row: ObjectRow): ObjectRecord {
  return {
    id: row.id,
    level: row.level,
    name: row.name,
    networkId: row.network_id,
    ...leverStateOf(row),
    delivery: row.delivery,
    accountName: row.account_name,
    network: row.network,
    currency: row.currency,
    timeZone: row.time_zone,
  };
}

/** The newest decision that acts, anywhere; its id and object. */
export async function findLastDecision(
  db: Db,
): Promise<{ readonly id: string; readonly objectId: ObjectId } | undefined> {
  const row = await db
    .selectFrom('decision')
    .select(['id', 'object_id'])
    .where('verdict', '<>', 'keep')
    .orderBy('decided_at', 'desc')
    .limit(1)
    .executeTakeFirst();
  return row && { id: row.id, objectId: row.object_id };
}

/** The newest stored decision of an object, keeps included; a keep is stored when its verdict or reason changed. */
export async function findDecisionOf(
  db: Db,
  objectId: ObjectId,
): Promise<{ readonly id: string } | undefined> {
  return (
    db
      .selectFrom('decision')
      .select('id')
      .where('object_id', '=', objectId)
      .orderBy('decided_at', 'desc')
      // Of one pass, what acts tells more than what keeps.
      .orderBy((eb) => eb.case().when('verdict', '=', 'keep').then(1).else(0).end())
      .limit(1)
      .executeTakeFirst()
  );
}

/** The newest decision that acted on an object, or would have. */
export async function findLastChange(
  db: Db,
  objectId: ObjectId,
): Promise<
  | { readonly id: string; readonly sentence: string; readonly outcome: string | null; readonly mode: string }
  | undefined
> {
  return db
    .selectFrom('decision')
    .select(['id', 'sentence', 'outcome', 'mode'])
    .where('object_id', '=', objectId)
    .where('verdict', '<>', 'keep')
    .orderBy('decided_at', 'desc')
    .limit(1)
    .executeTakeFirst();
}

/**
 * The first and the last id that begin with this text: a range, which the primary key answers. Eight characters are
 * what every list shows; fewer, or anything that is not the start of an id, could name another decision than the one meant.
 */
function idsThatBegin(text: string): { readonly first: string; readonly last: string } | undefined {
  if (!/^[0-9a-f]{8}(-[0-9a-f-]*)?$/i.test(text)) return undefined;
  const digits = text.replaceAll('-', '').toLowerCase();
  if (digits.length > 32) return undefined;
  return { first: digits.padEnd(32, '0'), last: digits.padEnd(32, 'f') };
}

/**
 * One decision in full. `id` may be the start of an id, eight characters or more.
 *
 * @returns undefined when there is none, and when the text is no such id.
 * @throws OperatorError `ambiguous_decision` when several begin so: a command must never act on another one.
 */
export async function loadDecisionRecord(
  db: Db,
  id: string,
): Promise<(DecisionRecord & { readonly objectId: ObjectId }) | undefined> {
  const ids = idsThatBegin(id);
  if (ids === undefined) return undefined;
  const [row, another] = await db
    .selectFrom('decision as d')
    .leftJoin('strategy as s', 's.id', 'd.strategy_id')
    .selectAll('d')
    .select('s.name as strategy')
    .where('d.id', '>=', ids.first)
    .where('d.id', '<=', ids.last)
    .limit(2)
    .execute();
  if (row === undefined) return undefined;
  if (another !== undefined) {
    throw new OperatorError('ambiguous_decision', `"${id}" is the start of several decision ids`, {
      next: 'Give the whole id.',
    });
  }
  const actions = await db
    .selectFrom('action')
    .selectAll()
    .where('decision_id', '=', row.id)
    .orderBy('attempt')
    .execute();
  const evidence = row.evidence as unknown as { readonly input?: Evidence; readonly output?: Decision };
  return {
    id: row.id,
    workspaceId: row.workspace_id,
    objectId: row.object_id,
    strategyId: row.strategy_id,
    strategyVersion: row.strategy_version,
    strategy: row.strategy ?? row.strategy_id,
    rule: row.rule,
    verdict: row.verdict,
    reason: row.reason,
    sentence: row.sentence,
    mode: row.mode,
    fromValue: row.from_value,
    toValue: row.to_value,
    engineVersion: row.engine_version,
    asOfMs: row.as_of.getTime(),
    decidedAtMs: row.decided_at.getTime(),
    undoes: row.undoes,
    outcome: row.outcome,
    outcomeDetail: row.outcome_detail,
    closedAtMs: row.closed_at?.getTime() ?? null,
    workflowStarted: row.workflow_started_at !== null,
    stored: evidence.input && evidence.output ? { input: evidence.input, output: evidence.output } : null,
    actions: actions.map((action) => ({
      attempt: action.attempt,
      state: action.state,
      requestId: action.request_id,
      error: action.error,
      seen: action.seen as unknown as LeverState | null,
      intendedAtMs: action.intended_at.getTime(),
      verifiedAtMs: action.verified_at?.getTime() ?? null,
    })),
  };
}

/** How each strategy last judged an object. */
export async function loadEvaluations(db: Db, objectId: ObjectId): Promise<readonly EvaluationRecord[]> {
  const { rows } = await sql<{
    strategy: string;
    strategy_version: number;
    as_of: Date;
    evaluated_at: Date;
    entry: EvaluationEntry;
  }>`
    select s.name as strategy, e.strategy_version, e.as_of, e.evaluated_at, entry
    from object o
    join last_evaluation e on e.account_id = o.account_id and e.campaign_id = coalesce(o.campaign_id, o.id)
    join strategy s on s.id = e.strategy_id and s.removed_at is null
    cross join lateral jsonb_array_elements(e.objects) entry
    where o.id = ${objectId} and (entry->>'objectId')::bigint = o.id
    order by s.name`.execute(db);
  return rows.map((row) => ({
    strategy: row.strategy,
    strategyVersion: row.strategy_version,
    asOfMs: row.as_of.getTime(),
    evaluatedAtMs: row.evaluated_at.getTime(),
    entry: row.entry,
  }));
}
