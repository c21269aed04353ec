import { sql } from 'kysely';
import type { Db } from '../connection.ts';
import { standing } from './judge.ts';
import type { ConversionRow } from './messages.ts';
import type { ConversionChange } from './rollups.ts';

/** The first postback of each conversion says what became of it now. */
export async function tellPostbacks(trx: Db, changes: readonly ConversionChange[]): Promise<void> {
  if (changes.length === 0) return;
  const now = changes.map(({ after }) => ({
    id: after.first_postback_id,
    at: after.received_at.toISOString(),
    detail: after.attribution,
    credited: after.attributed_by !== null,
    ...(after.attributed_by === null ? uncredited(after) : standing(after)),
  }));
  await sql`
    update postback p
    set detail = v.detail, outcome = case when p.outcome = 'counted' and v.credited then p.outcome else v.outcome end,
        reason = case when p.outcome = 'counted' and v.credited then p.reason else v.reason end
    from unnest(${now.map((n) => n.id)}::uuid[], ${now.map((n) => n.at)}::timestamptz[],
                ${now.map((n) => n.outcome)}::text[], ${now.map((n) => n.reason)}::text[],
                ${now.map((n) => n.detail)}::text[], ${now.map((n) => n.credited)}::boolean[])
           as v (id, received_at, outcome, reason, detail, credited)
    where p.id = v.id and p.received_at = v.received_at and p.outcome in ('unattributed', 'late', 'counted')`.execute(
    trx,
  );
}

function uncredited(row: ConversionRow): { readonly outcome: string; readonly reason: string } {
  if (row.clicked_at !== null) return { outcome: 'late', reason: 'outside_window' };
  return { outcome: 'unattributed', reason: row.click_id === null ? 'no_click' : 'unknown_click' };
}
