import { sql } from 'kysely';
import { PILOT_RULES } from '../core/autopilot/stage.ts';
import type { ChangedSince, PastChange } from '../core/decision.ts';
import type { LeverState, ObjectId } from '../core/object.ts';
import type { Db } from './connection.ts';

/**
 * The newest change of each kind, counted from its write, and the newest notice. A bid or budget that was sent and never
 * seen may have been set: it rests too. A pause counts only when it was seen, and no longer once it has been lifted, even
 * if somebody paused the object again: it is not ours then. A probation of the autopilot tells what it came down from.
 */
export async function loadHistory(
  db: Db,
  objectIds: readonly ObjectId[],
): Promise<ReadonlyMap<ObjectId, readonly PastChange[]>> {
  const { rows } = await sql<{
    object_id: ObjectId;
    verdict: PastChange['kind'];
    rule: string | null;
    strategy_id: string;
    at: Date;
    plan: { readonly expected: LeverState } | null;
    evidence: { readonly input?: { readonly object: LeverState } };
    to_value: string | null;
    full_micros: number | null;
  }>`
    select distinct on (d.object_id, d.verdict) d.object_id, d.verdict, d.rule, d.strategy_id, change.at, d.plan,
           case when d.plan is null then d.evidence else '{}'::jsonb end as evidence, d.to_value,
           case when d.rule = ${PILOT_RULES.probation} and d.undoes is null
                then (d.evidence #>> '{output,judgement,fullMicros}')::float8 end as full_micros
    from decision d
    left join lateral (
      select coalesce(a.verified_at, a.answered_at, a.intended_at) as at, a.state from action a
      where a.decision_id = d.id and a.state not in ('refused', 'not_applied')
      order by a.attempt desc limit 1
    ) sent on true
    cross join lateral (select coalesce(sent.at, d.closed_at, d.decided_at) as at) change
    where d.object_id = any(${sql.val(objectIds)}::bigint[])
      and d.verdict <> 'keep'
      and (d.outcome = 'applied' or (d.verdict = 'notify' and d.outcome = 'notified')
           or sent.state = 'verified' or (sent.state is not null and d.verdict in ('set_bid', 'set_budget')))
      and not (d.verdict = 'pause' and exists (
        select 1 from object_version v
        where v.object_id = d.object_id and v.known_from > change.at and v.status <> 'paused'))
    order by d.object_id, d.verdict, d.decided_at desc`.execute(db);
  const history = new Map<ObjectId, PastChange[]>();
  for (const row of rows) {
    const from = row.plan?.expected ?? row.evidence.input?.object;
    if (from === undefined) continue;
    const changes = history.get(row.object_id) ?? [];
    changes.push({
      kind: row.verdict,
      rule: row.rule,
      strategyId: row.strategy_id,
      atMs: row.at.getTime(),
      from: {
        status: from.status,
        bidStrategy: from.bidStrategy,
        bidMicros: from.bidMicros,
        dailyBudgetMicros: from.dailyBudgetMicros,
        lifetimeBudgetMicros: from.lifetimeBudgetMicros,
      },
      ...(row.to_value !== null && (row.verdict === 'set_bid' || row.verdict === 'set_budget')
        ? { toMicros: Number(row.to_value) }
        : {}),
      ...(row.full_micros === null ? {} : { fullMicros: row.full_micros }),
    });
    history.set(row.object_id, changes);
  }
  return history;
}

/** What was changed on these objects after `asOfMs`, by anybody: their versions tell. */
export async function loadChangedSince(
  db: Db,
  objectIds: readonly ObjectId[],
  asOfMs: number,
): Promise<ReadonlyMap<ObjectId, ChangedSince>> {
  if (objectIds.length === 0) return new Map();
  const { rows } = await sql<{
    object_id: ObjectId;
    resumed: Date | null;
    bid: Date | null;
    budget: Date | null;
  }>`
    select v.object_id,
           max(v.known_from) filter (where v.status = 'active' and was.status <> 'active') as resumed,
           max(v.known_from) filter (where (v.bid_strategy, v.bid_micros)
                                     is distinct from (was.bid_strategy, was.bid_micros)) as bid,
           max(v.known_from) filter (where (v.daily_budget_micros, v.lifetime_budget_micros)
                                     is distinct from (was.daily_budget_micros, was.lifetime_budget_micros)) as budget
    from object_version v
    cross join lateral (
      select p.* from object_version p
      where p.object_id = v.object_id and p.known_from < v.known_from
      order by p.known_from desc limit 1
    ) was
    where v.object_id = any(${sql.val(objectIds)}::bigint[]) and v.known_from > ${new Date(asOfMs)}
    group by v.object_id`.execute(db);
  return new Map(
    rows.flatMap(({ object_id, resumed, bid, budget }) =>
      resumed === null && bid === null && budget === null
        ? []
        : [
            [
              object_id,
              {
                ...(resumed === null ? {} : { resumedMs: resumed.getTime() }),
                ...(bid === null ? {} : { bidMs: bid.getTime() }),
                ...(budget === null ? {} : { budgetMs: budget.getTime() }),
              },
            ] as const,
          ],
    ),
  );
}
