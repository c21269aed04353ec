import { randomUUID } from 'node:crypto';
import { sql } from 'kysely';
import type { DecisionPlan } from '../core/decision-plan.ts';
import { checkReservation, type ReservationLimits } from '../core/guardrails.ts';
import type { Db } from './connection.ts';

const DAY_MS = 86_400_000;

export type ReserveResult =
  | { readonly reserved: true; readonly actionId: string }
  | {
      readonly reserved: false;
      readonly outcome: 'guardrail' | 'halted' | 'writes_not_allowed';
      readonly words: string;
    };

export interface ReserveInput {
  readonly decisionId: string;
  readonly attempt: number;
  readonly nowMs: number;
  /** The strategy version's limits; null for what a person asked for by hand: only halts and permission hold it back. */
  readonly limits: ReservationLimits | null;
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
      .select(['id', 'name', 'workspace_id', 'writes_allowed'])
      .where('id', '=', decision.account_id)
      .forUpdate()
      .executeTakeFirstOrThrow();
    const halt = await readHalt(trx, account.id);
    if (halt !== null) return { reserved: false, outcome: 'halted', words: halt };
    if (!account.writes_allowed) {
      return {
        reserved: false,
        outcome: 'writes_not_allowed',
        words: `${account.name} is read-only; allow changes with: bidloop account allow-writes ${account.id}`,
      };
    }
    const now = new Date(input.nowMs);
    const verdict = decision.verdict;
    if (verdict === 'keep' || verdict === 'notify')
      throw new Error(`a ${verdict} is never carried out: decision ${decision.id}`);
    const own = await trx
      .selectFrom('guardrail_reservation')
      .select('freed_at')
      .where('decision_id', '=', decision.id)
      .executeTakeFirst();
    if (own?.freed_at !== null) {
      const share =
        verdict === 'pause' ? await shareOfSpend(trx, account.id, decision.object_id, input.nowMs) : 0;
      if (input.limits !== null) {
        const since = new Date(input.nowMs - DAY_MS);
        const used = await trx
          .selectFrom('guardrail_reservation')
          .select((eb) => [
            eb.fn.countAll<number>().as('actions'),
            eb.fn.coalesce(eb.fn.sum<number>('spend_share'), sql<number>`0`).as('share'),
          ])
          .where('account_id', '=', account.id)
          .where('strategy_id', '=', decision.strategy_id)
          .where('freed_at', 'is', null)
          .where('reserved_at', '>', since)
          .where('decision_id', '<>', decision.id)
          .executeTakeFirstOrThrow();
        const check = checkReservation(input.limits, {
          actions: used.actions,
          shareOfSpendPaused: Number(used.share),
          verdict,
          addsShare: share,
        });
        if (!check.ok) return { reserved: false, outcome: 'guardrail', words: check.sentence };
      }
      await trx
        .insertInto('guardrail_reservation')
        .values({
          decision_id: decision.id,
          account_id: account.id,
          strategy_id: decision.strategy_id,
          object_id: decision.object_id,
          campaign_id: decision.campaign_id,
          verdict,
          spend_share: share,
          reserved_at: now,
          freed_at: null,
        })
        .onConflict((conflict) =>
          conflict
            .column('decision_id')
            .doUpdateSet({ reserved_at: now, freed_at: null, spend_share: share }),
        )
        .execute();
    }
    const actionId = await intend(trx, decision, input.attempt, now);
    return { reserved: true, actionId };
  });
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

/** Why nothing may be written to this account now, or null. Read in the reservation and again just before each write. */
export async function readHalt(db: Db, accountId: string): Promise<string | null> {
  const row = await db
    .selectFrom('ad_account as a')
    .innerJoin('workspace as w', 'w.id', 'a.workspace_id')
    .select([
      'a.name',
      'a.halted_at',
      'a.halt_reason',
      'w.halted_at as workspace_halted_at',
      'w.halt_reason as workspace_halt_reason',
    ])
    .where('a.id', '=', accountId)
    .executeTakeFirst();
  if (row === undefined) return `the ad account ${accountId} is gone`;
  if (row.workspace_halted_at !== null) return `the workspace is halted${because(row.workspace_halt_reason)}`;
  if (row.halted_at !== null) return `${row.name} is halted${because(row.halt_reason)}`;
  return null;
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

/** Share of the account's spend of the last 24 reported hours that the object and what is below it spent. */
async function shareOfSpend(db: Db, accountId: string, objectId: number, nowMs: number): Promise<number> {
  const { rows } = await sql<{ all_spend: number | null; own_spend: number | null }>`
    select sum(h.spend_micros) as all_spend,
           sum(h.spend_micros) filter (
             where o.id = ${objectId} or o.adset_id = ${objectId} or o.campaign_id = ${objectId} or o.creative_id = ${objectId}
           ) as own_spend
    from spend_hour h join object o on o.id = h.object_id join ad_account a on a.id = h.account_id
    where h.account_id = ${accountId}
      and h.hour >= coalesce(a.spend_as_of, ${new Date(nowMs)}) - interval '24 hours'`.execute(db);
  const row = rows[0];
  if (!row?.all_spend) return 0;
  return (row.own_spend ?? 0) / row.all_spend;
}
