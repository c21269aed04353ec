import { sql } from 'kysely';
import type { AppleOutcomeKind } from '../core/apple/outcome-kinds.ts';
import type { AppleCount } from '../core/apple/report.ts';
import type { Db } from './connection.ts';

/** What is asked for. Instants in ms of workspace time; null app is every app. */
export interface AppleQuestion {
  readonly workspaceId: string;
  readonly appId: string | null;
  readonly fromMs: number;
}

/** Requests with one outcome and reason. Of what has no valid signature no app is known. */
export interface AppleReceived {
  readonly outcome: AppleOutcomeKind;
  readonly reason: string | null;
  readonly postbacks: number;
  readonly lastAt: Date;
}

const ofQuestion = ({ workspaceId, fromMs }: AppleQuestion) =>
  sql`(workspace_id = ${workspaceId} or workspace_id is null) and received_at >= ${new Date(fromMs)}`;

/** The postbacks that count, alike ones together. */
export async function loadAppleCounts(db: Db, question: AppleQuestion): Promise<readonly AppleCount[]> {
  const { rows } = await sql<AppleCount>`
    select app_id as "appId", ad_network_id as "adNetworkId",
           case when source_identifier is null then 'campaign' else 'source' end as "identifiedBy",
           coalesce(source_identifier, campaign_id, '') as identifier, event_type as "eventType",
           sequence_index as "sequenceIndex", fine_value as "fineValue", coarse_value as "coarseValue",
           count(*)::int as postbacks
    from apple_postback
    where ${ofQuestion(question)} and outcome = 'counts'
      and (${question.appId}::text is null or app_id = ${question.appId})
    group by 1, 2, 3, 4, 5, 6, 7, 8`.execute(db);
  return rows;
}

/** Every request, by outcome and reason, the most frequent first. */
export async function loadAppleReceived(db: Db, question: AppleQuestion): Promise<readonly AppleReceived[]> {
  const { rows } = await sql<AppleReceived>`
    select outcome, case when outcome in ('unverifiable', 'refused') then reason end as reason,
           count(*)::int as postbacks, max(received_at) as "lastAt"
    from apple_postback
    where ${ofQuestion(question)}
      and (${question.appId}::text is null or app_id is null or app_id = ${question.appId})
    group by 1, 2 order by 3 desc, 1, 2`.execute(db);
  return rows;
}
