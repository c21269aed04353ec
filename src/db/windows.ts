import { sql } from 'kysely';
import { ADVICE_DAYS, type DelayCounts } from '../core/attribution-advice.ts';
import type { Db } from './connection.ts';

/** Delays of one source's conversions, with the source's own settings beside them. */
export interface SourceDelays extends DelayCounts {
  readonly sourceId: string;
  readonly workspaceId: string;
  readonly eventType: string;
  readonly settings: Readonly<Record<string, unknown>>;
}

/**
 * How long after the click conversions of an event came, by source: those of known clicks that are old enough to have had the
 * whole time, counted or too late for today's window. What follows an install says nothing about a click's window.
 *
 * @param nowMs workspace time.
 * @param accountId of one ad account; null for all.
 */
export async function loadDelays(
  db: Db,
  input: {
    readonly workspaceId: string;
    readonly event: string;
    readonly accountId: string | null;
    readonly nowMs: number;
  },
): Promise<readonly SourceDelays[]> {
  const oldest = new Date(input.nowMs - ADVICE_DAYS * 86_400_000);
  const { rows } = await sql<{
    source_id: string;
    name: string;
    settings: Record<string, unknown>;
    event_type: string;
    day: number;
    conversions: number;
  }>`
    select c.source_id, s.name, s.settings, c.event_type, d.day, count(*)::int as conversions
    from conversion c
    join source s on s.id = c.source_id
    cross join lateral (
      select floor(extract(epoch from c.event_at - c.clicked_at) / 86400)::int as day
    ) d
    where c.workspace_id = ${input.workspaceId} and c.event = ${input.event} and c.clicked_at <= ${oldest}
      and c.follows_id is null and not c.view_through and c.excluded is null
      and d.day between 0 and ${ADVICE_DAYS - 1}
      ${input.accountId === null ? sql`` : sql`and c.account_id = ${input.accountId}`}
    group by c.source_id, s.name, s.settings, c.event_type, d.day
    order by s.name, c.source_id, c.event_type`.execute(db);
  return [...Map.groupBy(rows, (row) => `${row.source_id} ${row.event_type}`).values()].flatMap((of) => {
    const [first] = of;
    if (!first) return [];
    const byDay = Array.from({ length: ADVICE_DAYS }, (_, day) =>
      of.reduce((sum, row) => sum + (row.day === day ? row.conversions : 0), 0),
    );
    return [
      {
        sourceId: first.source_id,
        workspaceId: input.workspaceId,
        source: first.name,
        settings: first.settings,
        event: input.event,
        eventType: first.event_type,
        byDay,
      },
    ];
  });
}

/** Events that conversions of a workspace name. */
export async function listEvents(db: Db, workspaceId: string): Promise<readonly string[]> {
  const { rows } = await sql<{ event: string }>`
    select distinct d.event from event_day d join ad_account a on a.id = d.account_id
    where a.workspace_id = ${workspaceId} order by d.event`.execute(db);
  return rows.map((row) => row.event);
}
