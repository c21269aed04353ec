import { sql } from 'kysely';
import type { Db } from '../connection.ts';
import type { LearningAccount } from './account.ts';

const DAY_MS = 86_400_000;
/** Large orders are rare: sizes need a longer look back than rates. */
const DAYS = 180;
/** Enough for any quantile that is used, and little enough for a thousand resamples. */
const MOST_ORDERS = 5_000;

/**
 * Values of counted orders of one event in the last 180 days, major units: all of them, or as many as a thousandth more
 * would change nothing, chosen by their ids and thus the same ones every time. Orders whose currency has no rate yet are
 * left out.
 */
export async function loadOrderValues(
  db: Db,
  account: LearningAccount,
): Promise<ReadonlyMap<string, readonly number[]>> {
  const since = new Date(Math.max(account.trackingSinceMs, account.nowMs - DAYS * DAY_MS)).toISOString();
  const { rows } = await sql<{ event: string; values: string }>`
    select event, array_agg(value_micros order by id)::text as values
    from (
      select c.id, c.event, c.value_micros,
             row_number() over (partition by c.event order by hashtextextended(c.id::text, 0)) as no
      from object o
      -- Offset: campaign by campaign, whatever the planner hopes of their sizes.
      cross join lateral (
        select c.* from conversion c
        where c.campaign_id = o.id and coalesce(c.clicked_at, c.event_at) >= ${since}::timestamptz
          and c.counted and c.value_micros is not null and c.original_micros is not null
          and c.account_id = ${account.id}
        offset 0
      ) c
      where o.account_id = ${account.id} and o.level = 'campaign'
    ) sample
    where no <= ${MOST_ORDERS}
    group by event
    having max(value_micros) > 0`.execute(db);
  return new Map(
    rows.map(({ event, values }) => [
      event,
      values
        .slice(1, -1)
        .split(',')
        .map((micros) => Number(micros) / 1e6),
    ]),
  );
}
