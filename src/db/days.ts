import { type RawBuilder, sql } from 'kysely';

const DAY_MS = 86_400_000;

/**
 * True for rows of the UTC days that some instants lie in, and of those between. click and postback are parted by such
 * days: a statement that finds its rows by key alone is planned for every day that is kept, one that says which days it
 * is about for these only.
 *
 * @param instants ms since the epoch; at least one.
 */
export function withinDaysOf(column: RawBuilder<unknown>, instants: readonly number[]): RawBuilder<boolean> {
  let first = Infinity;
  let last = -Infinity;
  for (const instant of instants) {
    if (instant < first) first = instant;
    if (instant > last) last = instant;
  }
  const seconds = (day: number) => sql`to_timestamp(${(day * DAY_MS) / 1_000}::float8)`;
  return sql`${column} >= ${seconds(Math.floor(first / DAY_MS))}
    and ${column} < ${seconds(Math.floor(last / DAY_MS) + 1)}`;
}
