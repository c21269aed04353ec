import { sql } from 'kysely';
import type { ObjectId } from '../core/object.ts';
import type { Db } from './connection.ts';
import type { StrategyInForce } from './evidence.ts';

/** What is judged and stored together. */
export interface Batch {
  readonly strategies: readonly StrategyInForce[];
  /** Campaigns; of a strategy for creatives: the creatives. */
  readonly campaignIds: 'all' | readonly ObjectId[];
}

/** The evidence of so many objects is in memory at once. */
export const BATCH_OBJECTS = 4_000;

/**
 * Cuts a pass into batches. One that is small stays whole. Else strategies come one after the other in order of their
 * names, each over the campaigns in order of their ids: as within one batch, the first strategy that acts on an object has
 * it, and takes what the account's limits leave before the next one is asked. A campaign is never cut.
 *
 * @param campaignIds of the pass.
 * @param most objects of one batch; a larger campaign is a batch of its own.
 */
export async function batchesOf(
  db: Db,
  accountId: string,
  campaignIds: 'all' | readonly ObjectId[],
  strategies: readonly StrategyInForce[],
  most: number = BATCH_OBJECTS,
): Promise<readonly Batch[]> {
  const asked = campaignIds === 'all' ? sql`` : sql`where campaign = any(${sql.val(campaignIds)}::bigint[])`;
  const { rows: campaigns } = await sql<{ id: ObjectId; objects: number }>`
    select campaign as id, count(*)::int as objects
    from (select coalesce(campaign_id, id) as campaign from object
          where account_id = ${accountId} and level <> 'creative' and status in ('active', 'paused')) o
    ${asked} group by campaign order by campaign`.execute(db);
  const objects = campaigns.reduce((sum, one) => sum + one.objects, 0);
  if (objects <= most) return [{ strategies, campaignIds }];
  const { rows: creatives } = strategies.some(({ compiled }) => compiled.level === 'creative')
    ? await sql<{ id: ObjectId; objects: number }>`
        select creative_id as id, count(*)::int as objects
        from object
        where account_id = ${accountId} and level = 'ad' and creative_id is not null
          and campaign_id = any(${campaigns.map((one) => one.id)}::bigint[])
        group by creative_id order by creative_id`.execute(db)
    : { rows: [] };
  return [...strategies]
    .sort((a, b) => (a.compiled.name < b.compiled.name ? -1 : 1))
    .flatMap((strategy) =>
      chunks(strategy.compiled.level === 'creative' ? creatives : campaigns, most).map((ids) => ({
        strategies: [strategy],
        campaignIds: ids,
      })),
    );
}

function chunks(
  units: readonly { readonly id: ObjectId; readonly objects: number }[],
  most: number,
): readonly (readonly ObjectId[])[] {
  const found: ObjectId[][] = [];
  let room = 0;
  for (const { id, objects } of units) {
    if (objects > room || found.length === 0) {
      found.push([]);
      room = most;
    }
    found.at(-1)?.push(id);
    room -= objects;
  }
  return found;
}
