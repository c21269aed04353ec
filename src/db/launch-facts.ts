import { sql } from 'kysely';
import type { Db } from './connection.ts';

/** What has come of one event from one source. */
export interface SeenEvent {
  readonly event: string;
  readonly eventType: string;
  readonly conversions: number;
  readonly counted: number;
  /** Of them with an amount. */
  readonly valued: number;
  readonly last: Date;
}

/** Conversions of a source since an instant, by event, the most frequent first. */
export async function seenEvents(db: Db, sourceId: string, sinceMs: number): Promise<readonly SeenEvent[]> {
  const { rows } = await sql<SeenEvent>`
    select event, event_type as "eventType", count(*) as conversions, count(*) filter (where counted) as counted,
      count(original_micros) as valued, max(received_at) as last
    from conversion
    where source_id = ${sourceId} and received_at >= ${new Date(sinceMs)} and excluded is distinct from 'test'
    group by 1, 2 order by 3 desc, 1`.execute(db);
  return rows;
}

/** An ad as a link names it in its parameters, by the network's ids. */
export interface AdIds {
  readonly name: string;
  readonly campaign_id: string;
  readonly adset_id: string | null;
  readonly ad_id: string | null;
}

/**
 * The ad of an account that a trial visit may come from: one that runs, the narrowest the network has, the newest first.
 * A visit that names no ad is credited to none.
 */
export async function adToVisit(db: Db, accountId: string): Promise<AdIds | undefined> {
  const { rows } = await sql<AdIds>`
    select o.name, c.network_id as campaign_id, coalesce(s.network_id, case when o.level = 'adset' then o.network_id end) as adset_id,
      case when o.level = 'ad' then o.network_id end as ad_id
    from object o
    left join object s on s.id = o.adset_id
    join object c on c.id = coalesce(o.campaign_id, o.id)
    where o.account_id = ${accountId} and o.level in ('ad', 'adset', 'campaign') and o.status <> 'deleted'
    order by o.level = 'ad' desc, o.level = 'adset' desc, o.status = 'active' desc, o.first_seen_at desc, o.id desc
    limit 1`.execute(db);
  return rows[0];
}

/** From when on the following looks: clicks and postbacks lie by workspace time, and were received by the wall's. */
export interface Since {
  readonly workspaceMs: number;
  readonly wallMs: number;
}

/** The newest click of a link since an instant; an ad that was only seen is none. */
export async function clickOfLink(
  db: Db,
  linkId: string,
  since: Since,
): Promise<{ readonly id: string; readonly flags: readonly string[] } | undefined> {
  return await db
    .selectFrom('click')
    .select(['id', 'flags'])
    .where('link_id', '=', linkId)
    .where('kind', '=', 'click')
    .where('clicked_at', '>=', new Date(since.workspaceMs))
    .where('wall_at', '>=', new Date(since.wallMs))
    .orderBy('wall_at', 'desc')
    .limit(1)
    .executeTakeFirst();
}

/** One postback of a source, as it was judged. */
export interface JudgedPostback {
  readonly id: string;
  readonly outcome: string;
  readonly reason: string | null;
  readonly detail: string | null;
}

/** What became of the newest postback of a source with this click id; undefined while none is judged. */
export async function postbackOfClick(
  db: Db,
  sourceId: string,
  clickId: string,
  since: Since,
): Promise<JudgedPostback | undefined> {
  return await judgedSince(db, sourceId, since)
    .where('click_id', '=', clickId)
    .orderBy('received_at', 'desc')
    .limit(1)
    .executeTakeFirst();
}

/** The newest of a source's postbacks that reached nobody, other than those with this click id. */
export async function strayPostbacks(
  db: Db,
  sourceId: string,
  clickId: string,
  since: Since,
): Promise<readonly JudgedPostback[]> {
  return await judgedSince(db, sourceId, since)
    .where('click_id', 'is distinct from', clickId)
    .where('outcome', 'in', ['refused', 'unattributed', 'late'])
    .orderBy('received_at', 'desc')
    .limit(20)
    .execute();
}

function judgedSince(db: Db, sourceId: string, since: Since) {
  return db
    .selectFrom('postback')
    .select(['id', 'outcome', 'reason', 'detail'])
    .where('source_id', '=', sourceId)
    .where('received_at', '>=', new Date(since.workspaceMs))
    .where('wall_at', '>=', new Date(since.wallMs))
    .where('outcome', '!=', 'accepted');
}
