import { sql } from 'kysely';
import { dayOf } from '../core/zone.ts';
import type { Db } from './connection.ts';

/** One unit of `base` is worth `rate` units of `quote`, for events of that day and later, until a newer one. */
export interface Rate {
  readonly base: string;
  readonly quote: string;
  /** Account-local date: 2026-11-05. */
  readonly day: string;
  readonly rate: number;
}

/** Amounts that no rate converts yet. */
export interface WaitingRevenue {
  readonly base: string;
  readonly quote: string;
  readonly amounts: number;
  /** Day of the oldest event among them, in its account's zone. */
  readonly oldestDay: string;
}

/** Stores a rate. @returns the rate of that day it takes the place of, or null. */
export async function storeRate(db: Db, rate: Rate): Promise<number | null> {
  return db.transaction().execute(async (trx) => {
    const before = await trx
      .selectFrom('exchange_rate')
      .select('rate')
      .where('base', '=', rate.base)
      .where('quote', '=', rate.quote)
      .where('day', '=', rate.day)
      .executeTakeFirst();
    await trx
      .insertInto('exchange_rate')
      .values(rate)
      .onConflict((conflict) => conflict.columns(['base', 'quote', 'day']).doUpdateSet({ rate: rate.rate }))
      .execute();
    return before?.rate ?? null;
  });
}

/** Every rate, by currencies, the newest first. */
export async function listRates(db: Db): Promise<readonly Rate[]> {
  return db
    .selectFrom('exchange_rate')
    .selectAll()
    .orderBy('base')
    .orderBy('quote')
    .orderBy('day', 'desc')
    .execute();
}

/** What waits for a rate, by currencies. */
export async function listWaitingRevenue(db: Db): Promise<readonly WaitingRevenue[]> {
  const { rows } = await sql<{ base: string; quote: string; zone: string; amounts: number; oldest: Date }>`
    select c.original_currency as base, a.currency as quote, a.time_zone as zone, count(*)::int as amounts,
           min(c.event_at) as oldest
    from conversion c join ad_account a on a.id = c.account_id
    where c.value_micros is null and c.original_micros is not null and c.attributed_by is not null
    group by 1, 2, 3 order by 1, 2, 3`.execute(db);
  const pairs = new Map<string, WaitingRevenue>();
  for (const { base, quote, zone, amounts, oldest } of rows) {
    const day = dayOf(oldest.getTime(), zone).date;
    const known = pairs.get(`${base} ${quote}`);
    pairs.set(`${base} ${quote}`, {
      base,
      quote,
      amounts: amounts + (known?.amounts ?? 0),
      oldestDay: known === undefined || day < known.oldestDay ? day : known.oldestDay,
    });
  }
  return [...pairs.values()];
}
