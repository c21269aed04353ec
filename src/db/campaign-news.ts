import { sql } from 'kysely';
import type { ObjectId } from '../core/object.ts';
import type { Db } from './connection.ts';

/** Marks campaigns as having news at `nowMs` (workspace time), for the optimizer's next look. */
export async function addCampaignNews(
  trx: Db,
  accountId: string,
  campaignIds: readonly ObjectId[],
  nowMs: number,
): Promise<void> {
  if (campaignIds.length === 0) return;
  await sql`
    insert into campaign_news (account_id, campaign_id, news_at)
    select ${accountId}, campaign, ${new Date(nowMs).toISOString()}::timestamptz from unnest(${campaignIds}::bigint[]) as u (campaign)
    on conflict (account_id, campaign_id) do update set news_at = greatest(campaign_news.news_at, excluded.news_at)`.execute(
    trx,
  );
}

/** A campaign that has news. */
export interface News {
  readonly accountId: string;
  readonly campaignId: ObjectId;
}

/** News as it was read, so that it alone is forgotten. */
export interface ReadNews extends News {
  /** The row's version: instants may repeat, and a clock may stand still. */
  readonly version: string;
}

/** Every campaign with news, of accounts that are still there. */
export async function listNews(db: Db): Promise<readonly News[]> {
  const { rows } = await sql<News>`
    select n.account_id as "accountId", n.campaign_id as "campaignId"
    from campaign_news n join ad_account a on a.id = n.account_id`.execute(db);
  return rows;
}

export async function readNews(db: Db, accountId: string): Promise<readonly ReadNews[]> {
  const { rows } = await sql<ReadNews>`
    select account_id as "accountId", campaign_id as "campaignId", xmin::text as version
    from campaign_news where account_id = ${accountId}`.execute(db);
  return rows;
}

/**
 * Deletes what was looked at; a row that was written again since it was read stays, and so does one that a transaction
 * is writing just now.
 */
export async function forgetNews(db: Db, looked: readonly ReadNews[]): Promise<void> {
  if (looked.length === 0) return;
  await sql`
    with looked as (
      select n.account_id, n.campaign_id
      from campaign_news n
      join unnest(${looked.map((l) => l.accountId)}::text[], ${looked.map((l) => l.campaignId)}::bigint[],
                  ${looked.map((l) => l.version)}::text[]) as u (account_id, campaign_id, version)
        on n.account_id = u.account_id and n.campaign_id = u.campaign_id and n.xmin::text = u.version
      for update of n skip locked
    )
    delete from campaign_news n using looked l
    where n.account_id = l.account_id and n.campaign_id = l.campaign_id`.execute(db);
}
