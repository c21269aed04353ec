import { sql } from 'kysely';
import { textArray, timestampArray } from './binary-arrays.ts';
import type { Db } from './connection.ts';
import { withinDaysOf } from './days.ts';

/** A visitor who went on from the landing page. */
export interface Landing {
  readonly clickId: string;
  /** The instant that the id itself holds. */
  readonly clickedAtMs: number;
}

/**
 * Notes on each click that its visitor went on from the landing page; the first time stands, so that each counts once.
 *
 * @param nowMs workspace time, by workspace.
 * @returns the ids under which there is a click.
 */
export async function storeLandings(
  db: Db,
  landings: readonly Landing[],
  nowMs: (workspaceId: string) => number,
): Promise<ReadonlySet<string>> {
  if (landings.length === 0) return new Set();
  const instants = landings.map((landing) => landing.clickedAtMs);
  const { rows } = await sql<{ id: string; clicked_at: Date; workspace_id: string }>`
    select c.id, c.clicked_at, c.workspace_id
    from unnest(${textArray(landings.map((l) => l.clickId))}::text[], ${timestampArray(instants)}::timestamptz[])
         as k (id, at)
    join click c on c.id = k.id and c.clicked_at = k.at
    where c.kind = 'click' and ${withinDaysOf(sql`c.clicked_at`, instants)}`.execute(db);
  if (rows.length > 0) {
    const clicked = rows.map((row) => row.clicked_at.getTime());
    await sql`
      update click c set landed_at = greatest(v.now, c.clicked_at)
      from unnest(${textArray(rows.map((row) => row.id))}::text[], ${timestampArray(clicked)}::timestamptz[],
                  ${timestampArray(rows.map((row) => nowMs(row.workspace_id)))}::timestamptz[]) as v (id, at, now)
      where c.id = v.id and c.clicked_at = v.at and c.landed_at is null
        and ${withinDaysOf(sql`c.clicked_at`, clicked)}`.execute(db);
  }
  return new Set(rows.map((row) => row.id));
}

/** Clicks of a link since an instant, and how many of their visitors went on from the landing page. */
export async function countLandings(
  db: Db,
  linkId: string,
  sinceMs: number,
): Promise<{ readonly clicks: number; readonly wentOn: number }> {
  const { rows } = await sql<{ clicks: number; went_on: number }>`
    select count(*)::int as clicks, count(landed_at)::int as went_on from click
    where link_id = ${linkId} and kind = 'click' and clicked_at >= ${new Date(sinceMs)}`.execute(db);
  return { clicks: rows[0]?.clicks ?? 0, wentOn: rows[0]?.went_on ?? 0 };
}
