import { randomUUID } from 'node:crypto';
import { sql } from 'kysely';
import type { Decision, Evidence } from '../core/decision.ts';
import type { DecisionPlan } from '../core/decision-plan.ts';
import { evaluationEntry, type EvaluationEntry, sameConclusion, wantedValue } from '../core/evaluation.ts';
import type { ObjectId } from '../core/object.ts';
import { ENGINE_VERSION } from '../core/decide.ts';
import { type Effect, sentenceWithName } from '../core/plan-decision.ts';
import type { Db } from './connection.ts';
import { type DecisionRow, insertDecisions } from './decision-insert.ts';
import { holdBack, loadBusy, type Settled } from './decision-busy.ts';
import type { StrategyInForce } from './evidence.ts';
import { valueText } from './follow-up.ts';
import { type DuePause, duePauses, storeDuePauses } from './holdout.ts';

export interface Judged {
  readonly strategy: StrategyInForce;
  readonly evidence: Evidence;
  readonly decision: Decision;
  /** What the verdict changes, and what each workflow is given: one for the object, or one for each ad of a creative. */
  readonly effects: readonly Effect[];
}

export interface StoreInput {
  readonly workspaceId: string;
  readonly accountId: string;
  readonly asOfMs: number;
  readonly nowMs: number;
  readonly wallMs: number;
  readonly judged: readonly Judged[];
  /** From {@link loadSettled}, before the evidence was loaded. */
  readonly settledBefore: Settled;
  /** Objects that a decision of this pass already moves, with the strategy's name; added to. Kept across its batches. */
  readonly taken?: Map<ObjectId, string>;
}

export interface StoreResult {
  /** Evaluations written; those of a campaign that was judged later meanwhile are not. */
  readonly evaluated: number;
  readonly kept: number;
  /** Decisions stored whose verdict changes or says something. */
  readonly acted: number;
  readonly reasons: Readonly<Record<string, number>>;
  /** Sentences of what acts, for the workflow's page. */
  readonly sentences: readonly string[];
  /** Decisions that wait for approval while a pause of the same object takes their place. */
  readonly superseded: readonly { readonly decisionId: string; readonly by: string }[];
}

/**
 * Stores one pass under the account row's lock: the last evaluation of every object, and a decision row for each verdict
 * that acts and for each keep whose verdict or reason changed. Evidence that is older than what is stored is refused:
 * two passes may overlap, and the later one has the better facts.
 */
export async function storeDecisions(db: Db, input: StoreInput): Promise<StoreResult> {
  return db.transaction().execute(async (trx) => {
    await trx
      .selectFrom('ad_account')
      .select('id')
      .where('id', '=', input.accountId)
      .forUpdate()
      .executeTakeFirstOrThrow();
    const groups = groupByCampaign(input.judged);
    const previous = await loadPrevious(
      trx,
      input.accountId,
      groups.map((group) => group.campaignId),
    );
    const busy = await loadBusy(trx, input);

    const rows: DecisionRow[] = [];
    const due: DuePause[] = [];
    const evaluations: { group: Group; entries: EvaluationEntry[] }[] = [];
    const reasons: Record<string, number> = {};
    const sentences: string[] = [];
    // Those of earlier passes again: telling their workflows may have failed.
    const superseded = [...busy.overtaken];
    const taken = input.taken ?? new Map<ObjectId, string>();
    let evaluated = 0;
    let acted = 0;

    for (const group of groups) {
      const before = previous.get(group.key);
      if (before !== undefined && (before.asOfMs > input.asOfMs || before.evaluatedAtMs > input.nowMs))
        continue;
      const known = new Map(
        before?.version === group.strategy.version
          ? before.entries.map((entry) => [entry.objectId, entry])
          : [],
      );
      const entries: EvaluationEntry[] = [];
      for (const judged of group.judged) {
        const { decision, strategy } = judged;
        evaluated += 1;
        count(reasons, decision.reason.code);
        const carriedOut = judged.effects.length > 0 && strategy.compiled.mode !== 'dry-run';
        const holds = carriedOut
          ? judged.effects.map(({ object }) =>
              holdBack({ objectId: object.id, verdict: decision.verdict.kind }, busy, taken, input),
            )
          : [];
        const free = judged.effects.filter((_, index) => holds[index] === undefined);
        const held = carriedOut && free.length === 0 ? holds[0] : undefined;
        const entry = evaluationEntry(decision, held);
        entries.push(entry);
        const last = known.get(decision.objectId);
        if (held !== undefined) continue;
        // What is not carried out says the same at every look: once is enough.
        if (!carriedOut && last !== undefined && sameConclusion(last, entry)) continue;
        const { object } = judged.evidence;
        if (!carriedOut) {
          const row = decisionRow(judged, input, { object, sentence: decision.sentence, plan: null });
          rows.push(row);
          due.push(...duePauses(judged, input, row.id));
        }
        if (decision.verdict.kind === 'keep') continue;
        acted += 1;
        sentences.push(sentenceWithName(object.name, decision.sentence));
        if (!carriedOut) continue;
        for (const effect of free) {
          const row = decisionRow(judged, input, effect);
          rows.push(row);
          due.push(...duePauses(judged, input, row.id));
          taken.set(effect.object.id, strategy.compiled.name);
          const waiting = busy.open.get(effect.object.id);
          if (waiting !== undefined) superseded.push({ decisionId: waiting.id, by: row.id });
        }
      }
      evaluations.push({ group, entries });
    }

    await insertDecisions(trx, rows);
    await storeDuePauses(trx, due, input.nowMs);
    await upsertEvaluations(trx, input, evaluations);
    if (acted > 0) {
      await sql`select pg_notify('live', ${JSON.stringify({ account: input.accountId, decisions: acted })})`.execute(
        trx,
      );
    }
    return { evaluated, kept: evaluated - acted, acted, reasons, sentences, superseded };
  });
}

interface Group {
  readonly key: string;
  readonly campaignId: ObjectId;
  readonly strategy: StrategyInForce;
  readonly judged: Judged[];
}

/** One group per strategy and campaign, strategies in order of name: the first that acts on an object has it. */
function groupByCampaign(judged: readonly Judged[]): readonly Group[] {
  const groups = new Map<string, Group>();
  for (const one of judged) {
    const campaignId = one.evidence.object.campaignId ?? one.evidence.object.id;
    const key = `${one.strategy.id} ${campaignId}`;
    const group = groups.get(key) ?? { key, campaignId, strategy: one.strategy, judged: [] };
    group.judged.push(one);
    groups.set(key, group);
  }
  return [...groups.values()].sort(
    (a, b) => compare(a.strategy.compiled.name, b.strategy.compiled.name) || a.campaignId - b.campaignId,
  );
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

interface Previous {
  readonly version: number;
  readonly asOfMs: number;
  readonly evaluatedAtMs: number;
  readonly entries: readonly EvaluationEntry[];
}

async function loadPrevious(
  db: Db,
  accountId: string,
  campaignIds: readonly ObjectId[],
): Promise<ReadonlyMap<string, Previous>> {
  const rows = await db
    .selectFrom('last_evaluation')
    .selectAll()
    .where('account_id', '=', accountId)
    .where(sql<boolean>`campaign_id = any(${sql.val(campaignIds)}::bigint[])`)
    .execute();
  return new Map(
    rows.map((row) => [
      `${row.strategy_id} ${row.campaign_id}`,
      {
        version: row.strategy_version,
        asOfMs: row.as_of.getTime(),
        evaluatedAtMs: row.evaluated_at.getTime(),
        entries: row.objects as readonly EvaluationEntry[],
      },
    ]),
  );
}

function decisionRow(
  { decision, evidence, strategy }: Judged,
  input: StoreInput,
  { object, sentence, plan }: Omit<Effect, 'plan'> & { readonly plan: DecisionPlan | null },
): DecisionRow {
  const { verdict } = decision;
  const told = verdict.kind === 'notify' && strategy.compiled.mode !== 'dry-run';
  const changed =
    verdict.kind === 'keep' || verdict.kind === 'notify' ? null : valueText(verdict.kind, object);
  return {
    id: randomUUID(),
    workspace_id: input.workspaceId,
    account_id: input.accountId,
    campaign_id: object.campaignId ?? (object.level === 'campaign' ? object.id : null),
    object_id: object.id,
    level: object.level,
    strategy_id: strategy.id,
    strategy_version: strategy.version,
    rule: decision.reason.rule,
    verdict: verdict.kind,
    reason: decision.reason.code,
    sentence,
    mode: strategy.compiled.mode,
    from_value: changed,
    to_value: wantedValue(decision) ?? null,
    until: verdict.kind === 'pause' && verdict.untilMs !== undefined ? new Date(verdict.untilMs) : null,
    evidence: { input: evidence, output: decision },
    plan,
    engine_version: ENGINE_VERSION,
    as_of: new Date(evidence.asOfMs),
    decided_at: new Date(input.nowMs),
    decided_wall_at: new Date(input.wallMs),
    undoes: null,
    needs_workflow: plan !== null,
    workflow_started_at: null,
    outcome: told ? 'notified' : null,
    outcome_detail: null,
    closed_at: told ? new Date(input.nowMs) : null,
  };
}

async function upsertEvaluations(
  db: Db,
  input: StoreInput,
  evaluations: readonly { readonly group: Group; readonly entries: readonly EvaluationEntry[] }[],
): Promise<void> {
  if (evaluations.length === 0) return;
  await db
    .insertInto('last_evaluation')
    .values(
      evaluations.map(({ group, entries }) => ({
        account_id: input.accountId,
        campaign_id: group.campaignId,
        strategy_id: group.strategy.id,
        strategy_version: group.strategy.version,
        as_of: new Date(input.asOfMs),
        evaluated_at: new Date(input.nowMs),
        objects: JSON.stringify(entries),
      })),
    )
    .onConflict((conflict) =>
      conflict.columns(['account_id', 'campaign_id', 'strategy_id']).doUpdateSet((eb) => ({
        strategy_version: eb.ref('excluded.strategy_version'),
        as_of: eb.ref('excluded.as_of'),
        evaluated_at: eb.ref('excluded.evaluated_at'),
        objects: eb.ref('excluded.objects'),
      })),
    )
    .execute();
}

function count(reasons: Record<string, number>, code: string): void {
  reasons[code] = (reasons[code] ?? 0) + 1;
}
