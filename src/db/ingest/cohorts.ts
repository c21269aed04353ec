import { sql } from 'kysely';
import type { ObjectId } from '../../core/object.ts';
import { dayOf } from '../../core/zone.ts';
import type { Db } from '../connection.ts';
import type { Ground } from './accounts.ts';
import type { ConversionRow } from './messages.ts';
import { type ConversionChange, isCounted } from './rollups.ts';

/** A campaign's clicks of a day. */
export interface Cohort {
  readonly accountId: string;
  readonly campaignId: ObjectId;
  /** Account-local date of the click. */
  readonly day: string;
}

/**
 * The days of clicks whose counted conversions these changes make more or fewer, so that learning counts those days anew and
 * no others; so do changes of the instants a delay runs from and to. Another amount alone is no news: delays are of
 * conversions, not of money.
 */
export function cohortsOf(ground: Ground, changes: readonly ConversionChange[]): readonly Cohort[] {
  const cohorts = new Map<string, Cohort>();
  for (const { before, after } of changes) {
    const [from, to] = [before === null ? null : cohortOf(before, ground), cohortOf(after, ground)];
    const sameDelay = from?.atMs === to?.atMs && before?.event_at.getTime() === after.event_at.getTime();
    if (from?.key === to?.key && sameDelay && before?.event === after.event) continue;
    for (const one of [from, to]) if (one) cohorts.set(one.key, one.cohort);
  }
  // In one order everywhere, so that two writers never wait for each other.
  return [...cohorts].toSorted(([a], [b]) => (a < b ? -1 : 1)).map(([, cohort]) => cohort);
}

/** Notes them for learning. */
export async function noteCohorts(trx: Db, ground: Ground, rows: readonly Cohort[]): Promise<void> {
  if (rows.length === 0) return;
  const at = rows.map(({ accountId }) =>
    new Date(ground.nowMs(ground.accounts.get(accountId)?.workspaceId ?? '')).toISOString(),
  );
  await sql`
    insert into cohort_news (account_id, campaign_id, day, news_at)
    select * from unnest(${rows.map((r) => r.accountId)}::text[], ${rows.map((r) => r.campaignId)}::bigint[],
                         ${rows.map((r) => r.day)}::date[], ${at}::timestamptz[])
    on conflict (account_id, campaign_id, day) do update set news_at = greatest(cohort_news.news_at, excluded.news_at)`.execute(
    trx,
  );
}

/** Where a conversion counts, or null while it does not. */
function cohortOf(
  row: ConversionRow,
  ground: Ground,
): { readonly key: string; readonly atMs: number; readonly cohort: Cohort } | null {
  const account = ground.accounts.get(row.account_id ?? '');
  if (!account || row.campaign_id === null || !isCounted(row)) return null;
  // The same instant that puts it into its hour: the click, or the event where only the sender attributes.
  const atMs = (row.clicked_at ?? row.event_at).getTime();
  const { date } = dayOf(atMs, account.zone);
  const cohort = { accountId: account.id, campaignId: row.campaign_id, day: date };
  return { key: `${account.id} ${row.campaign_id} ${date}`, atMs, cohort };
}
