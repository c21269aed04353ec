import { sql } from 'kysely';
import type { Db } from '../connection.ts';
import { type Installs, SAME_INSTALL } from './installs.ts';
import { standing } from './judge.ts';
import type { ConversionRow } from './messages.ts';
import type { ConversionChange } from './rollups.ts';

/** The first postback of each conversion says what became of it now. */
export async function tellPostbacks(
  trx: Db,
  changes: readonly ConversionChange[],
  installs: Installs,
): Promise<void> {
  if (changes.length === 0) return;
  const last = new Map(changes.map(({ after }) => [after.id, after])).values();
  const now = [...last].map((after) => {
    const same = after.same_as_id === null ? null : installs.sentenceOf(after.id);
    const told = { id: after.first_postback_id, at: after.received_at.toISOString() };
    if (same !== null) {
      const detail = `${same}; ${after.attribution}`;
      return { ...told, detail, keeps: false, outcome: 'duplicate', reason: SAME_INSTALL };
    }
    const credited = after.attributed_by !== null;
    const outcome = credited ? standing(after) : uncredited(after);
    return { ...told, detail: after.attribution, keeps: credited, ...outcome };
  });
  await sql`
    update postback p
    set detail = v.detail, outcome = case when p.outcome = 'counted' and v.keeps then p.outcome else v.outcome end,
        reason = case when p.outcome = 'counted' and v.keeps then p.reason else v.reason end
    from unnest(${now.map((n) => n.id)}::uuid[], ${now.map((n) => n.at)}::timestamptz[],
                ${now.map((n) => n.outcome)}::text[], ${now.map((n) => n.reason)}::text[],
                ${now.map((n) => n.detail)}::text[], ${now.map((n) => n.keeps)}::boolean[])
           as v (id, received_at, outcome, reason, detail, keeps)
    where p.id = v.id and p.received_at = v.received_at
      and (p.outcome in ('unattributed', 'late', 'counted') or p.reason = ${SAME_INSTALL})`.execute(trx);
}

function uncredited(row: ConversionRow): { readonly outcome: string; readonly reason: string } {
  if (row.clicked_at !== null) return { outcome: 'late', reason: 'outside_window' };
  return { outcome: 'unattributed', reason: row.click_id === null ? 'no_click' : 'unknown_click' };
}
