import { sql } from 'kysely';
import { attributionWindowHours } from '../../core/attribution.ts';
import { VIEW_THROUGH } from '../../core/conversion.ts';
import type { Db } from '../connection.ts';
import { loadGround } from '../ingest/accounts.ts';
import { type Excluded, loadOutages } from './outages.ts';

const HOUR_MS = 3_600_000;

/** What learning needs to know of an account before it looks at a single fact. */
export interface LearningAccount {
  readonly id: string;
  readonly workspaceId: string;
  /** IANA zone. */
  readonly zone: string;
  readonly nowMs: number;
  /** End of the newest hour whose spend is known. */
  readonly asOfMs: number;
  readonly trackingSinceMs: number;
  readonly outages: readonly Excluded[];
  readonly events: readonly LearnedEvent[];
}

export interface LearnedEvent {
  readonly name: string;
  readonly types: readonly string[];
  /** The longest attribution window that any source of the workspace gives it. */
  readonly windowMs: number;
}

/** Null while nothing can be learned: no such account, no cost report yet, nothing tracked yet, or no conversion at all. */
export async function loadLearningAccount(
  db: Db,
  accountId: string,
  nowMs: number,
): Promise<LearningAccount | null> {
  const account = await db
    .selectFrom('ad_account')
    .select(['id', 'workspace_id', 'time_zone', 'spend_as_of', 'tracking_since'])
    .where('id', '=', accountId)
    .executeTakeFirst();
  if (account === undefined || account.spend_as_of === null || account.tracking_since === null) return null;
  const events = await loadEvents(db, account.id, account.workspace_id);
  if (events.length === 0) return null;
  return {
    id: account.id,
    workspaceId: account.workspace_id,
    zone: account.time_zone,
    nowMs,
    asOfMs: account.spend_as_of.getTime(),
    trackingSinceMs: account.tracking_since.getTime(),
    outages: await loadOutages(db, account.id, nowMs),
    events,
  };
}

/** The account's events, found by stepping through the index of their pairs with a type. */
async function loadEvents(db: Db, accountId: string, workspaceId: string): Promise<readonly LearnedEvent[]> {
  const { rows } = await sql<{ event: string; event_type: string }>`
    with recursive pair as (
      (select event, event_type from event_day where account_id = ${accountId}
       order by event, event_type limit 1)
      union all
      select n.event, n.event_type from pair p cross join lateral (
        select e.event, e.event_type from event_day e
        where e.account_id = ${accountId} and (e.event, e.event_type) > (p.event, p.event_type)
        order by e.event, e.event_type limit 1
      ) n
    )
    select * from pair`.execute(db);
  const sources = await db
    .selectFrom('source')
    .select('id')
    .where('workspace_id', '=', workspaceId)
    .execute();
  const ids = sources.map((source) => source.id);
  const ground = await loadGround(db, [workspaceId], ids, 0);
  const types = new Map<string, string[]>();
  for (const { event, event_type } of rows) types.set(event, [...(types.get(event) ?? []), event_type]);
  return [...types].map(([name, ofEvent]) => {
    // A view's window is the shortest of an event's; what follows it is of some other type too.
    const clicked = ofEvent.filter((type) => type !== VIEW_THROUGH);
    const hours = (clicked.length === 0 ? ['event'] : clicked).flatMap((type) => [
      attributionWindowHours(name, type),
      ...ids.map((id) => attributionWindowHours(name, type, ground.windowsOf(id).clicks)),
    ]);
    return { name, types: ofEvent, windowMs: Math.max(...hours) * HOUR_MS };
  });
}
