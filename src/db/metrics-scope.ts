import { type RawBuilder, sql } from 'kysely';
import type { Level, ObjectId } from '../core/object.ts';
import type { Db } from './connection.ts';
import { copyIntegers } from './copy-out.ts';

/** Whose sums: see WindowMetricsInput. */
export interface Scope {
  readonly accountId: string;
  readonly level: Level;
  readonly objectIds?: readonly ObjectId[];
  readonly campaignIds?: readonly ObjectId[];
  readonly events?: readonly string[];
}

/** An event and its type, as conversions are kept by. */
export interface EventPair {
  readonly event: string;
  readonly eventType: string;
}

/** Asked by their ids, more objects than this are picked out of the whole account instead. */
const MOST_LOOKUPS = 5_000;

/** The objects that are asked for, in order of id. */
export async function listTargets(db: Db, scope: Scope): Promise<readonly ObjectId[]> {
  const ids: ObjectId[] = [];
  await copyIntegers(db, sql`${roots(scope)} order by o.id`, (row) => ids.push((row[0] ?? 0) as ObjectId));
  return ids;
}

/**
 * The account's few (event, type) pairs that were ever counted, in order; found by stepping through the index.
 */
export async function listPairs(db: Db, scope: Scope): Promise<readonly EventPair[]> {
  const { rows } = await sql<{ event: string; event_type: string }>`
    with recursive pair as (
      (select event, event_type from event_day where account_id = ${scope.accountId}
       order by event, event_type limit 1)
      union all
      select n.event, n.event_type from pair p cross join lateral (
        select e.event, e.event_type from event_day e
        where e.account_id = ${scope.accountId} and (e.event, e.event_type) > (p.event, p.event_type)
        order by e.event, e.event_type limit 1
      ) n
    )
    select event, event_type from pair`.execute(db);
  return rows
    .filter(({ event }) => scope.events === undefined || scope.events.includes(event))
    .map(({ event, event_type }) => ({ event, eventType: event_type }));
}

/** CTE `target (root, leaf)`: each asked object with itself and everything below it. Values stand in it as literals. */
export function targets(scope: Scope): RawBuilder<unknown> {
  // Not materialized, an ad's id is known to be unique: the planner does not hope to meet one twice.
  if (scope.level === 'ad')
    return sql`target as not materialized (select root, root as leaf from (${roots(scope)}) r)`;
  return sql`chosen as materialized (${roots(scope)}), target as materialized (
    select root, root as leaf from chosen ${below(scope.level)}
  )`;
}

/**
 * For ads, which have nothing below them: `and column = any(…)` where the ids are few, else nothing; rows of other objects
 * are then the reader's to leave out.
 */
export function fewAds(scope: Scope, column: string): RawBuilder<unknown> {
  const { objectIds } = scope;
  return objectIds === undefined || objectIds.length > MOST_LOOKUPS
    ? sql``
    : sql`and ${sql.ref(column)} = any(${literalIds(objectIds)})`;
}

function literalIds(ids: readonly ObjectId[]): RawBuilder<unknown> {
  return sql`${sql.lit(`{${ids.join(',')}}`)}::bigint[]`;
}

/** `select id as root`: the asked objects of the level. */
function roots(scope: Scope): RawBuilder<unknown> {
  const { accountId, level, objectIds, campaignIds } = scope;
  const chosen = objectIds === undefined ? sql`` : sql`and o.id = any(${literalIds(objectIds)})`;
  return sql`select o.id as root from object o
    where o.account_id = ${sql.lit(accountId)} and o.level = ${sql.lit(level)} ${chosen}
      ${inCampaigns(level, campaignIds)}`;
}

function inCampaigns(level: Level, campaignIds: readonly ObjectId[] | undefined): RawBuilder<unknown> {
  if (campaignIds === undefined) return sql``;
  const asked = sql`any(${literalIds(campaignIds)})`;
  switch (level) {
    case 'campaign':
      return sql`and o.id = ${asked}`;
    case 'adset':
    case 'ad':
      return sql`and o.campaign_id = ${asked}`;
    case 'creative':
      return sql`and o.id in (select a.creative_id from object a
        where a.campaign_id = ${asked} and a.level = 'ad')`;
  }
}

function below(level: Level): RawBuilder<unknown> {
  switch (level) {
    case 'campaign':
      return sql`union all select c.root, o.id from chosen c
        join object o on o.campaign_id = c.root and o.level in ('adset', 'ad')`;
    case 'adset':
      return sql`union all select c.root, o.id from chosen c join object o on o.adset_id = c.root and o.level = 'ad'`;
    case 'creative':
      return sql`union all select c.root, o.id from chosen c
        join object o on o.creative_id = c.root and o.level = 'ad'`;
    case 'ad':
      return sql``;
  }
}
