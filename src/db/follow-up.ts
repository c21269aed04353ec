import { randomUUID } from 'node:crypto';
import { sql } from 'kysely';
import { changeWords, relativeDelta, reverseChange, stateAfter } from '../core/compare-live.ts';
import type { DecisionPlan } from '../core/decision-plan.ts';
import { formatMoney, type Micros } from '../core/money.ts';
import type { LeverState } from '../core/object.ts';
import { ENGINE_VERSION } from '../core/decide.ts';
import { OperatorError } from '../errors.ts';
import type { Db } from './connection.ts';
import { loadDecisionTarget } from './decision.ts';

/**
 * Stores the decision that puts a change back: an ordinary decision whose expected value is the one Bidloop set, so that
 * only what nobody has moved since is undone.
 *
 * @param by who asks: a name, or the rule that set an end to its own pause.
 * @returns the new decision's id. It waits to be started.
 * @throws OperatorError when there is nothing to undo.
 */
export async function storeUndo(
  db: Db,
  input: {
    readonly decisionId: string;
    readonly by: string;
    /** `undo`, when a person says so: the same change then rests like a rejected one. */
    readonly reason?: 'undo' | 'pause_ended';
    readonly nowMs: number;
    readonly wallMs: number;
  },
): Promise<{ readonly id: string; readonly accountId: string; readonly sentence: string }> {
  return db.transaction().execute(async (trx) => {
    const original = await trx
      .selectFrom('decision')
      .selectAll()
      .where('id', '=', input.decisionId)
      .forUpdate()
      .executeTakeFirst();
    if (original === undefined) {
      throw new OperatorError('no_such_decision', `there is no decision ${input.decisionId}`, {
        next: 'Take the id from `./bidloop explain last` or from the Temporal workflow id after "act:".',
      });
    }
    if (original.outcome !== 'applied') {
      throw new OperatorError(
        'nothing_to_undo',
        `decision ${original.id} changed nothing (${original.verdict === 'keep' ? 'it kept things as they were' : (original.outcome ?? 'still open')})`,
        {
          next: 'Only an applied change can be undone; `./bidloop explain <object>` shows what was done.',
        },
      );
    }
    const again = await trx
      .selectFrom('decision')
      .select(['id', 'outcome'])
      .where('undoes', '=', original.id)
      .where((eb) => eb.or([eb('outcome', 'is', null), eb('outcome', 'in', ['applied', 'already_so'])]))
      .executeTakeFirst();
    if (again !== undefined) {
      throw new OperatorError(
        'already_undone',
        `decision ${original.id} is undone already, by decision ${again.id}`,
        {
          next: `See \`./bidloop explain ${again.id}\`.`,
        },
      );
    }
    const { plan, currency, objectName } = await loadDecisionTarget(trx, original.id);
    const action = await trx
      .selectFrom('action')
      .select(['seen', 'expected'])
      .where('decision_id', '=', original.id)
      .where('state', '=', 'verified')
      .orderBy('attempt', 'desc')
      .executeTakeFirst();
    const before = (action?.expected ?? plan.expected) as unknown as LeverState;
    const after = (action?.seen ?? stateAfter(plan.change, before)) as unknown as LeverState;
    const change = reverseChange(plan.change, before);
    if (change === undefined) {
      throw new OperatorError(
        'nothing_to_undo',
        `${objectName} had no value to go back to before decision ${original.id}`,
        {
          next: 'Set it by hand at the network.',
        },
      );
    }
    const words = changeWords(change, after, currency);
    const ended = input.reason === 'pause_ended';
    const sentence = ended
      ? `${words} ${objectName}: its pause was to last until now`
      : `undo: ${words}, asked by ${input.by}`;
    const undoPlan: DecisionPlan = {
      change,
      expected: after,
      changeWords: words,
      summary: (ended ? sentence : `undo ${objectName}: ${words}`).slice(0, 180),
      details: [
        `Takes back decision \`${original.id}\`: ${original.sentence}`,
        `Asked by ${input.by}. Done only if the value is still the one Bidloop set.`,
      ].join('\n\n'),
      approval: null,
      checkAfterMs: null,
      delta: relativeDelta(change, after),
    };
    const id = randomUUID();
    await trx
      .insertInto('decision')
      .values({
        id,
        workspace_id: original.workspace_id,
        account_id: original.account_id,
        campaign_id: original.campaign_id,
        object_id: original.object_id,
        level: original.level,
        strategy_id: original.strategy_id,
        strategy_version: original.strategy_version,
        rule: original.rule,
        verdict: change.kind,
        reason: input.reason ?? 'undo',
        sentence,
        mode: 'live',
        from_value: valueText(plan.change.kind, after),
        to_value: valueText(plan.change.kind, before),
        until: null,
        evidence: JSON.stringify({ undoes: original.id, by: input.by }),
        plan: JSON.stringify(undoPlan),
        engine_version: ENGINE_VERSION,
        as_of: original.as_of,
        decided_at: new Date(input.nowMs),
        decided_wall_at: new Date(input.wallMs),
        undoes: original.id,
        needs_workflow: true,
        workflow_started_at: null,
        outcome: null,
        outcome_detail: null,
        closed_at: null,
      })
      .execute();
    return { id, accountId: original.account_id, sentence: ended ? sentence : `${objectName}: ${sentence}` };
  });
}

/**
 * The value a decision kind moves, as the decision row keeps it: a status, or micros.
 */
export function valueText(kind: DecisionPlan['change']['kind'], state: LeverState): string | null {
  switch (kind) {
    case 'pause':
    case 'resume':
      return state.status;
    case 'set_bid':
      return state.bidMicros === null ? null : String(state.bidMicros);
    case 'set_budget': {
      const budget = state.dailyBudgetMicros ?? state.lifetimeBudgetMicros;
      return budget === null ? null : String(budget);
    }
  }
}

/**
 * Ends a pause whose time has come, if the object still stands as Bidloop left it.
 *
 * @returns how long to wait, in wall milliseconds, when workspace time is not there yet (a simulated clock stands still
 * while the engine is down); null when there is nothing more to wait for.
 */
export async function endPause(
  db: Db,
  input: {
    readonly decisionId: string;
    readonly nowMs: number;
    readonly wallMs: number;
    readonly rate: number;
  },
): Promise<{ readonly waitMs: number | null; readonly sentence: string }> {
  const { plan, objectId, objectName } = await loadDecisionTarget(db, input.decisionId);
  const untilMs = plan.change.kind === 'pause' ? plan.change.untilMs : undefined;
  if (untilMs === undefined) return { waitMs: null, sentence: `${objectName} stays paused` };
  if (input.nowMs < untilMs) {
    return {
      // A clock that stands still must not be asked twenty times a second.
      waitMs: Math.max(1_000, Math.ceil((untilMs - input.nowMs) / input.rate) + 50),
      sentence: `${objectName} rests until ${new Date(untilMs).toISOString()}`,
    };
  }
  const object = await db
    .selectFrom('object')
    .select('status')
    .where('id', '=', objectId)
    .executeTakeFirstOrThrow();
  if (object.status !== 'paused')
    return { waitMs: null, sentence: `${objectName} was resumed by someone else before its pause ended` };
  if (!(await isStillOurs(db, input.decisionId)))
    return { waitMs: null, sentence: `${objectName} was paused again by someone else: it stays paused` };
  try {
    const undo = await storeUndo(db, {
      decisionId: input.decisionId,
      by: 'the end its rule set',
      reason: 'pause_ended',
      nowMs: input.nowMs,
      wallMs: input.wallMs,
    });
    return { waitMs: null, sentence: undo.sentence };
  } catch (error) {
    if (error instanceof OperatorError) return { waitMs: null, sentence: error.message };
    throw error;
  }
}

/** False when the object's status has changed since the pause: lifted, and perhaps paused again by someone else. */
async function isStillOurs(db: Db, decisionId: string): Promise<boolean> {
  const { rows } = await sql<{ lifted: boolean }>`
    select exists (
      select 1 from object_version v join decision d on d.object_id = v.object_id
      where d.id = ${decisionId} and v.status <> 'paused' and v.known_from > coalesce(
        (select max(a.verified_at) from action a where a.decision_id = d.id), d.closed_at)
    ) as lifted`.execute(db);
  return rows[0]?.lifted === false;
}

/** Micros kept as text on a decision row, for people. */
export function moneyText(value: string | null, currency: string): string {
  return value === null || !/^\d+$/.test(value)
    ? (value ?? 'none')
    : formatMoney(Number(value) as Micros, currency);
}
