import { sql } from 'kysely';
import { MICROS_PER_UNIT } from '../core/money.ts';
import { spendAnomaly } from '../core/statistics/anomaly.ts';
import type { Db } from './connection.ts';

/** Newest reported hours that are looked at together: one hour alone scatters too much. */
const HOURS = 6;
/** Earlier weeks whose same hours say what is usual. */
const WEEKS = 8;

/** An ad account that spends far more just now than at the same time of earlier weeks. */
export interface UnusualSpend {
  readonly account: string;
  readonly name: string;
  /** "240.00 USD in the newest 6 hours, where 60.00 USD is usual at this time of the week". */
  readonly words: string;
}

/**
 * Accounts whose newest six reported hours cost far more than the same hours of the eight weeks before, by their own clock
 * ({@link spendAnomaly}: five robust standard deviations). A sign to look at, which nothing is decided by: what may be spent
 * is bounded by guardrails and stop-losses. An account with spend in fewer than four of those weeks has nothing usual yet.
 */
export async function listUnusualSpend(db: Db): Promise<readonly UnusualSpend[]> {
  const { rows } = await sql<{
    id: string;
    name: string;
    currency: string;
    now: number | null;
    earlier: readonly number[] | null;
  }>`
    select a.id, a.name, a.currency, sum(s.micros) filter (where s.week = 0)::float8 as now,
           array_agg(s.micros::float8) filter (where s.week > 0) as earlier
    from ad_account a
    -- By the account's clock: across a change of clocks the same hours of the week are not whole weeks away.
    cross join lateral (
      select w.week, (a.spend_as_of at time zone a.time_zone - w.week * interval '7 days') at time zone a.time_zone as to_at
      from generate_series(0, ${WEEKS}::int) as w (week)
    ) w
    cross join lateral (
      select w.week, sum(h.spend_micros) as micros from spend_hour h
      where h.account_id = a.id and h.hour >= w.to_at - ${HOURS}::int * interval '1 hour' and h.hour < w.to_at
    ) s
    where a.spend_as_of is not null and s.micros is not null
    group by a.id, a.name, a.currency
    order by a.id`.execute(db);
  return rows.flatMap(({ id, name, currency, now, earlier }) => {
    if (now === null || earlier === null) return [];
    const { unusual, usual } = spendAnomaly({ spend: now, sameHour: earlier });
    if (!unusual || usual === null) return [];
    const money = (micros: number): string => `${(micros / MICROS_PER_UNIT).toFixed(2)} ${currency}`;
    const words = `${money(now)} in the newest ${HOURS} hours, where ${money(usual)} is usual at this time of the week`;
    return [{ account: id, name, words }];
  });
}
