import { sql } from 'kysely';
import type { Db } from './connection.ts';

/** How much an autopilot has learned of the event it steers by, in one ad account. */
export interface LearningFact {
  readonly account: string;
  readonly event: string;
  /** Conversions that its delay curve was learned from; 0 while there is none. */
  readonly conversions: number;
}

/** One fact for every account and event that an autopilot in force has looked at. */
export async function loadLearning(db: Db, workspaceId: string): Promise<readonly LearningFact[]> {
  const { rows } = await sql<LearningFact>`
    with pilot as (
      select s.id, coalesce(v.document #>> '{autopilot,event}', v.document #>> '{target,event}') as event
      from strategy s join strategy_version v on v.strategy_id = s.id and v.version = s.current_version
      where s.workspace_id = ${workspaceId} and s.removed_at is null and v.document -> 'autopilot' is not null
    )
    select distinct a.name as account, p.event, coalesce((l.facts #>> '{curve,conversions}')::float8, 0) as conversions
    from pilot p
    join last_evaluation e on e.strategy_id = p.id
    join ad_account a on a.id = e.account_id
    left join learned l on l.account_id = a.id and l.campaign_id is null and l.event = p.event
    where p.event is not null
    order by account, event`.execute(db);
  return rows;
}
