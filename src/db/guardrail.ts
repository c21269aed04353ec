import { randomUUID } from 'node:crypto';
import { type Selectable, sql } from 'kysely';
import type { Change, Room } from '../core/decision.ts';
import type { DecisionPlan } from '../core/decision-plan.ts';
import {
  checkReservation,
  type Guardrails,
  type ReservationLimits,
  stoppedPart,
} from '../core/guardrails.ts';
import type { ObjectId } from '../core/object.ts';
import type { Db } from './connection.ts';
import type { DecisionTable } from './tables.ts';

const DAY_MS = 86_400_000;

export type ReserveResult =
  | { readonly reserved: true; readonly actionId: string }
  | {
      readonly reserved: false;
      readonly outcome: 'guardrail' | 'halted' | 'writes_not_allowed' | 'out_of_date';
      readonly words: string;
    };

/** The limits that are checked at the moment of the effect. */
export type EffectLimits = ReservationLimits & Pick<Guardrails, 'maxSpendAgeMs'>;

export interface ReserveInput {
  readonly decisionId: string;
  readonly attempt: number;
  readonly nowMs: number;
  /** The strategy version's limits; null for taking back what was done: only halts and permission hold that back, and it takes no place. */
  readonly limits: EffectLimits | null;
}

/**
 * Immediately before a write: one transaction that locks the account row, checks halts, permission and the limits of the
 * rolling 24 h, takes the place in them and commits the intent row. Two workflows cannot both take the last place.
 * A repeat of the same decision keeps the place it has.
 */
export async function reserve(db: Db, input: ReserveInput): Promise<ReserveResult> {
  return db.transaction().execute(async (trx) => {
    const decision = await trx
      .selectFrom('decision')
      .selectAll()
      .where('id', '=', input.decisionId)
      .executeTakeFirstOrThrow();
    const account = await trx
      .selectFrom('ad_account')
      .select('id')
      .where('id', '=', decision.account_id)
      .forUpdate()
      .executeTakeFirstOrThrow();
    const closed = await whyClosed(trx, account.id);
    if (closed !== undefined) return { reserved: false, outcome: closed.code, words: closed.words };
    const now = new Date(input.nowMs);
    const verdict = decision.verdict;
    if (verdict === 'keep' || verdict === 'notify')
      throw new Error(`a ${verdict} is never carried out: decision ${decision.id}`);
    if (input.limits !== null) {
      const refused = await takePlace(trx, decision, verdict, input.limits, input.nowMs);
      if (refused !== null) return refused;
    }
    const actionId = await intend(trx, decision, input.attempt, now);
    return { reserved: true, actionId };
  });
}

/** Takes the decision's place in the limits; a repeat keeps the one it has. @returns why there is none, or null. */
async function takePlace(
  trx: Db,
  decision: Selectable<DecisionTable>,
  verdict: Change['kind'],
  limits: EffectLimits,
  nowMs: number,
): Promise<Extract<ReserveResult, { reserved: false }> | null> {
  const plan = decision.plan as DecisionPlan | null;
  const ageMs = nowMs - decision.as_of.getTime();
  // A person who was given four hours to answer may use them.
  if (ageMs > limits.maxSpendAgeMs + (plan?.approval?.withinMs ?? 0)) {
    return {
      reserved: false,
      outcome: 'out_of_date',
      words: `it was decided on costs that are ${Math.round(ageMs / 360_000) / 10} hours old by now, more than maxSpendAge`,
    };
  }
  const own = await trx
    .selectFrom('guardrail_reservation')
    .select('freed_at')
    .where('decision_id', '=', decision.id)
    .executeTakeFirst();
  if (own?.freed_at === null) return null;
  const used = await usedPlaces(trx, decision.account_id, nowMs);
  const part = stoppedPart({ verdict, rule: decision.rule, delta: plan?.delta ?? null });
  const shares =
    part > 0 ? await sharesOfSpend(trx, decision.account_id, [decision.object_id], nowMs) : undefined;
  const share = part * (shares?.get(decision.object_id) ?? 0);
  const check = checkReservation(limits, { ...used, verdict, addsActions: 1, addsShare: share });
  if (!check.ok) return { reserved: false, outcome: 'guardrail', words: check.sentence };
  await trx
    .insertInto('guardrail_reservation')
    .values({
      decision_id: decision.id,
      account_id: decision.account_id,
      strategy_id: decision.strategy_id,
      object_id: decision.object_id,
      campaign_id: decision.campaign_id,
      verdict,
      spend_share: share,
      reserved_at: new Date(nowMs),
      freed_at: null,
    })
    .onConflict((conflict) =>
      conflict
        .column('decision_id')
        .doUpdateSet({ reserved_at: new Date(nowMs), freed_at: null, spend_share: share }),
    )
    .execute();
  return null;
}

/**
 * Places taken in the account's rolling 24 h by all strategies together: a limit that each strategy had for itself would
 * be passed by writing a second one.
 */
export async function usedPlaces(
  db: Db,
  accountId: string,
  nowMs: number,
): Promise<Pick<Room, 'actions' | 'pauses' | 'shareOfSpendPaused'>> {
  const used = await db
    .selectFrom('guardrail_reservation')
    .select((eb) => [
      eb.fn.countAll<number>().as('actions'),
      eb.fn.countAll<number>().filterWhere('verdict', '=', 'pause').as('pauses'),
      eb.fn.coalesce(eb.fn.sum<number>('spend_share'), sql<number>`0`).as('share'),
    ])
    .where('account_id', '=', accountId)
    .where('freed_at', 'is', null)
    .where('reserved_at', '>', new Date(nowMs - DAY_MS))
    .executeTakeFirstOrThrow();
  return { actions: used.actions, pauses: used.pauses, shareOfSpendPaused: Number(used.share) };
}

/** The intent row; the same attempt asked for again (a retried activity) gets the row it has. */
async function intend(
  db: Db,
  decision: {
    readonly id: string;
    readonly account_id: string;
    readonly object_id: number;
    readonly plan: object | null;
  },
  attempt: number,
  now: Date,
): Promise<string> {
  const plan = decision.plan as DecisionPlan | null;
  if (plan === null) throw new Error(`decision ${decision.id} has no plan to carry out`);
  const { rows } = await sql<{ id: string }>`
    insert into action (id, decision_id, account_id, object_id, attempt, change, expected, state, intended_at)
    values (${randomUUID()}, ${decision.id}, ${decision.account_id}, ${decision.object_id}, ${attempt},
            ${JSON.stringify(plan.change)}, ${JSON.stringify(plan.expected)}, 'intended', ${now})
    on conflict (decision_id, attempt) do update set intended_at = excluded.intended_at
    returning id`.execute(db);
  const id = rows[0]?.id;
  if (id === undefined) throw new Error(`no intent row for decision ${decision.id}`);
  return id;
}

/** Why nothing may be written to this account now. Read in the reservation and again just before each write. */
export async function whyClosed(db: Db, accountId: string): Promise<Room['closed']> {
  const row = await db
    .selectFrom('ad_account as a')
    .innerJoin('workspace as w', 'w.id', 'a.workspace_id')
    .select([
      'a.name',
      'a.writes_allowed',
      'a.halted_at',
      'a.halt_reason',
      'w.halted_at as workspace_halted_at',
      'w.halt_reason as workspace_halt_reason',
    ])
    .where('a.id', '=', accountId)
    .executeTakeFirst();
  const halted = (words: string) => ({ code: 'halted', words }) as const;
  if (row === undefined) return halted(`the ad account ${accountId} is gone`);
  if (row.workspace_halted_at !== null)
    return halted(`the workspace is halted${because(row.workspace_halt_reason)}`);
  if (row.halted_at !== null) return halted(`${row.name} is halted${because(row.halt_reason)}`);
  if (row.writes_allowed) return undefined;
  return {
    code: 'writes_not_allowed',
    words: `${row.name} is read-only; allow changes with: bidloop account allow-writes ${accountId}`,
  };
}

function because(reason: string | null): string {
  return reason === null || reason === '' ? '' : `: ${reason}`;
}

/** The write is known not to have happened: its place in the limits is free again. */
export async function freeReservation(db: Db, decisionId: string, nowMs: number): Promise<void> {
  await db
    .updateTable('guardrail_reservation')
    .set({ freed_at: new Date(nowMs) })
    .where('decision_id', '=', decisionId)
    .where('freed_at', 'is', null)
    .execute();
}

/** Share of the account's spend of the last 24 reported hours that each object and what is below it spent. */
export async function sharesOfSpend(
  db: Db,
  accountId: string,
  objectIds: readonly ObjectId[],
  nowMs: number,
): Promise<ReadonlyMap<ObjectId, number>> {
  const { rows } = await sql<{ id: ObjectId; share: number | null }>`
    with recent as (
      select h.object_id, sum(h.spend_micros) as spend
      from spend_hour h join ad_account a on a.id = h.account_id
      where h.account_id = ${accountId}
        and h.hour >= coalesce(a.spend_as_of, ${new Date(nowMs)}) - interval '24 hours'
      group by h.object_id
    )
    select part.id, (sum(r.spend) / nullif((select sum(spend) from recent), 0))::float8 as share
    from recent r
    join object o on o.id = r.object_id
    cross join lateral (values (o.id), (o.adset_id), (o.campaign_id), (o.creative_id)) part (id)
    where part.id = any(${sql.val(objectIds)}::bigint[])
    group by part.id`.execute(db);
  return new Map(rows.map(({ id, share }) => [id, share ?? 0]));
}
