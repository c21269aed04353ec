import { sql } from 'kysely';
import type { ObjectId } from '../../core/object.ts';
import type { Db } from '../connection.ts';
import type { StoredLearned } from './stored.ts';

/** What was learned of one event, of the account as a whole (`campaignId` null) or of one campaign. */
export interface LearnedRow {
  readonly event: string;
  readonly campaignId: ObjectId | null;
  readonly facts: StoredLearned;
}

const ROWS_AT_ONCE = 500;

/**
 * Replaces what is known of an account by what was learned now, in one transaction. A row whose facts are the same keeps
 * its version; a campaign that has too few conversions of its own any more loses its row, and is the account again.
 * What an earlier round comes with when a later one has stored its own is left: an activity that was given up may go on.
 *
 * @returns how many rows are new or changed.
 */
export async function storeLearned(
  db: Db,
  input: { readonly accountId: string; readonly nowMs: number; readonly rows: readonly LearnedRow[] },
): Promise<number> {
  const at = new Date(input.nowMs).toISOString();
  return db.transaction().execute(async (trx) => {
    // One learner at a time, as in counting.
    await sql`select pg_advisory_xact_lock(hashtextextended('learn ' || ${input.accountId}, 0))`.execute(trx);
    const later = await trx
      .selectFrom('learned')
      .select('learned_at')
      .where('account_id', '=', input.accountId)
      .where('learned_at', '>', new Date(input.nowMs))
      .limit(1)
      .executeTakeFirst();
    if (later !== undefined) return 0;
    let changed = 0;
    for (let from = 0; from < input.rows.length; from += ROWS_AT_ONCE) {
      const rows = input.rows.slice(from, from + ROWS_AT_ONCE);
      const { numAffectedRows } = await sql`
        insert into learned (account_id, campaign_id, event, version, learned_at, facts)
        select ${input.accountId}, u.campaign_id, u.event, 1, ${at}::timestamptz, u.facts
        from unnest(${rows.map((row) => row.campaignId)}::bigint[], ${rows.map((row) => row.event)}::text[],
                    ${rows.map((row) => JSON.stringify(row.facts))}::jsonb[]) as u (campaign_id, event, facts)
        on conflict (account_id, event, campaign_id) do update
        set version = learned.version + 1, learned_at = excluded.learned_at, facts = excluded.facts
        where learned.facts <> excluded.facts`.execute(trx);
      changed += Number(numAffectedRows ?? 0);
    }
    await sql`
      delete from learned l where l.account_id = ${input.accountId} and not exists (
        select from unnest(${input.rows.map((row) => row.campaignId)}::bigint[],
                           ${input.rows.map((row) => row.event)}::text[]) as u (campaign_id, event)
        where u.event = l.event and u.campaign_id is not distinct from l.campaign_id)`.execute(trx);
    return changed;
  });
}
