import { type Selectable, sql } from 'kysely';
import type { ObjectFacts, ObjectId } from '../core/object.ts';
import { leverStateOf } from './lever-state.ts';
import type { Db } from './connection.ts';
import type { ObjectTable } from './tables.ts';

/** An object as rules see it, and when its row last changed. */
export interface LoadedObject {
  readonly facts: ObjectFacts;
  readonly changedAtMs: number;
  /** Of an ad: what it shows. */
  readonly creativeId: ObjectId | null;
}

/** What can be judged of an account, or of some of its campaigns, in order of id. */
export async function loadObjects(
  db: Db,
  accountId: string,
  campaignIds: 'all' | readonly ObjectId[],
): Promise<readonly LoadedObject[]> {
  let query = db
    .selectFrom('object')
    .selectAll()
    .where('account_id', '=', accountId)
    .where('status', 'in', ['active', 'paused'])
    .orderBy('id');
  if (campaignIds !== 'all') {
    if (campaignIds.length === 0) return [];
    // A creative belongs to no one campaign: it is judged when any campaign that shows it has news.
    query = query.where((eb) =>
      eb.or([
        eb('id', 'in', campaignIds),
        eb('campaign_id', 'in', campaignIds),
        eb(
          'id',
          'in',
          eb
            .selectFrom('object as ad')
            .select('ad.creative_id')
            .where('ad.campaign_id', 'in', campaignIds)
            .where('ad.creative_id', 'is not', null)
            .$castTo<{ creative_id: ObjectId }>(),
        ),
      ]),
    );
  }
  return (await query.execute()).map(loaded);
}

/** Every ad of the account that shows one of these creatives, wherever it stands. */
export async function loadAdsOf(
  db: Db,
  accountId: string,
  creativeIds: readonly ObjectId[],
): Promise<readonly LoadedObject[]> {
  if (creativeIds.length === 0) return [];
  const rows = await db
    .selectFrom('object')
    .selectAll()
    .where('account_id', '=', accountId)
    .where('level', '=', 'ad')
    .where('status', 'in', ['active', 'paused'])
    .where(sql<boolean>`creative_id = any(${sql.val(creativeIds)}::bigint[])`)
    .orderBy('id')
    .execute();
  return rows.map(loaded);
}

function loaded(row: Selectable<ObjectTable>): LoadedObject {
  const facts: ObjectFacts = {
    id: row.id,
    level: row.level,
    networkId: row.network_id,
    name: row.name,
    ...leverStateOf(row),
    delivery: row.delivery,
    learning: row.learning,
    labels: row.labels,
    campaignId: row.campaign_id,
    adsetId: row.adset_id,
    createdAtMs: (row.network_created_at ?? row.first_seen_at).getTime(),
  };
  return { facts, changedAtMs: row.changed_at.getTime(), creativeId: row.creative_id };
}
