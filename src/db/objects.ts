import { sql } from 'kysely';
import type { BidStrategy, Level, ObjectId, ObjectStatus } from '../core/object.ts';
import type { Db } from './connection.ts';

/** One object as the network told it; parents by their network ids. Money in micros. */
export interface ObjectFact {
  readonly level: Level;
  readonly networkId: string;
  readonly name: string;
  readonly campaignNetworkId: string | null;
  readonly adsetNetworkId: string | null;
  readonly creativeNetworkId: string | null;
  readonly status: ObjectStatus;
  readonly delivery: string;
  readonly bidStrategy: BidStrategy | null;
  readonly bidMicros: number | null;
  readonly dailyBudgetMicros: number | null;
  readonly lifetimeBudgetMicros: number | null;
  readonly roasFloor: number | null;
  readonly learning: string | null;
  readonly labels: readonly string[];
  readonly createdAtMs: number | null;
}

export interface StoredObjects {
  readonly changed: number;
  /** Campaigns with a new or changed object, theirs or themselves. */
  readonly campaignIds: readonly ObjectId[];
  /** Every ad of the account by network id, with its campaign. */
  readonly ads: ReadonlyMap<string, { readonly id: ObjectId; readonly campaignId: ObjectId | null }>;
}

/** Parents first, so that a child finds their row ids. */
const ORDER: readonly Level[] = ['creative', 'campaign', 'adset', 'ad'];

/**
 * Brings the account's objects to what the network told: new ones, changed ones with a version each, and `deleted`
 * for those no longer listed.
 *
 * @param readAtMs workspace time before the network was asked. A row changed later than that (by an action of ours)
 *   keeps its values: what was read is older.
 */
export async function storeObjects(
  trx: Db,
  input: {
    readonly workspaceId: string;
    readonly accountId: string;
    readonly objects: readonly ObjectFact[];
    readonly readAtMs: number;
    readonly nowMs: number;
  },
): Promise<StoredObjects> {
  const { accountId } = input;
  // Two readings of one account (today's and the deep one) may end at the same time: one after the other.
  await sql`select pg_advisory_xact_lock(hashtextextended(${`objects of ${accountId}`}, 0))`.execute(trx);
  const known = await loadKnown(trx, accountId);
  const at = (level: Level, networkId: string | null): ObjectId | null =>
    networkId === null ? null : (known.get(`${level} ${networkId}`)?.id ?? null);
  const touched: ObjectId[] = [];

  for (const level of ORDER) {
    const rows = input.objects
      .filter((object) => object.level === level)
      .map((object) => ({
        ...columns(object),
        campaign_id: at('campaign', object.campaignNetworkId),
        adset_id: at('adset', object.adsetNetworkId),
        creative_id: at('creative', object.creativeNetworkId),
      }));
    const fresh = rows.filter((row) => !known.has(`${level} ${row.network_id}`));
    const changed = rows.filter((row) => {
      const old = known.get(`${level} ${row.network_id}`);
      return old !== undefined && old.face !== faceOf(row);
    });
    const inserted = await insertObjects(trx, input, fresh);
    for (const row of inserted) {
      known.set(`${level} ${row.network_id}`, { ...row, level, face: '', status: 'active' });
    }
    touched.push(...inserted.map((row) => row.id), ...(await updateObjects(trx, input, level, changed)));
  }
  const listed = new Set(input.objects.map((object) => `${object.level} ${object.networkId}`));
  const gone = [...known]
    .filter(([key, row]) => !listed.has(key) && row.status !== 'deleted')
    .map(([, row]) => row.id);
  touched.push(...(await markDeleted(trx, input, gone)));
  await sql`update object set seen_at = ${iso(input.nowMs)}::timestamptz
            where account_id = ${accountId} and status <> 'deleted'`.execute(trx);
  await addVersions(trx, touched, input.nowMs);

  const ads = new Map<string, { id: ObjectId; campaignId: ObjectId | null }>();
  for (const row of known.values())
    if (row.level === 'ad') ads.set(row.network_id, { id: row.id, campaignId: row.campaign_id });
  return { changed: touched.length, campaignIds: await campaignsOf(trx, touched), ads };
}

type Columns = ReturnType<typeof columns> & {
  readonly campaign_id: ObjectId | null;
  readonly adset_id: ObjectId | null;
  readonly creative_id: ObjectId | null;
};

function columns(object: ObjectFact) {
  return {
    level: object.level,
    network_id: object.networkId,
    name: object.name,
    status: object.status,
    delivery: object.delivery,
    bid_strategy: object.bidStrategy,
    bid_micros: object.bidMicros,
    daily_budget_micros: object.dailyBudgetMicros,
    lifetime_budget_micros: object.lifetimeBudgetMicros,
    roas_floor: object.roasFloor,
    learning: object.learning,
    labels: object.labels,
    network_created_at: object.createdAtMs === null ? null : iso(object.createdAtMs),
  };
}

/** What a change is judged by: everything that can change, in one text. */
function faceOf(row: Omit<Columns, 'level' | 'network_id' | 'network_created_at'>): string {
  return JSON.stringify([
    row.name,
    row.status,
    row.delivery,
    row.bid_strategy,
    row.bid_micros,
    row.daily_budget_micros,
    row.lifetime_budget_micros,
    row.roas_floor,
    row.learning,
    row.labels,
    row.campaign_id,
    row.adset_id,
    row.creative_id,
  ]);
}

interface Known {
  readonly id: ObjectId;
  readonly level: Level;
  readonly network_id: string;
  readonly campaign_id: ObjectId | null;
  readonly status: ObjectStatus;
  readonly face: string;
}

async function loadKnown(trx: Db, accountId: string): Promise<Map<string, Known>> {
  const rows = await trx.selectFrom('object').selectAll().where('account_id', '=', accountId).execute();
  return new Map(
    rows.map((row) => [
      `${row.level} ${row.network_id}`,
      {
        id: row.id,
        level: row.level,
        network_id: row.network_id,
        campaign_id: row.campaign_id,
        status: row.status,
        face: faceOf(row),
      },
    ]),
  );
}

/** A JSON document as rows of the object table's columns: one parameter for any number of rows. */
function recordset(rows: readonly Columns[]) {
  return sql`jsonb_to_recordset(${JSON.stringify(rows)}::jsonb) as r (
    level text, network_id text, name text, status text, delivery text, bid_strategy text, bid_micros bigint,
    daily_budget_micros bigint, lifetime_budget_micros bigint, roas_floor double precision, learning text,
    labels text[], network_created_at timestamptz, campaign_id bigint, adset_id bigint, creative_id bigint)`;
}

async function insertObjects(
  trx: Db,
  input: { readonly workspaceId: string; readonly accountId: string; readonly nowMs: number },
  rows: readonly Columns[],
): Promise<
  readonly { readonly id: ObjectId; readonly network_id: string; readonly campaign_id: ObjectId | null }[]
> {
  if (rows.length === 0) return [];
  const now = iso(input.nowMs);
  const { rows: inserted } = await sql<{ id: ObjectId; network_id: string; campaign_id: ObjectId | null }>`
    insert into object (workspace_id, account_id, level, network_id, name, campaign_id, adset_id, creative_id, status, delivery,
      bid_strategy, bid_micros, daily_budget_micros, lifetime_budget_micros, roas_floor, learning, labels,
      network_created_at, first_seen_at, seen_at, changed_at)
    select ${input.workspaceId}, ${input.accountId}, r.level, r.network_id, r.name, r.campaign_id, r.adset_id, r.creative_id,
      r.status, r.delivery, r.bid_strategy, r.bid_micros, r.daily_budget_micros, r.lifetime_budget_micros, r.roas_floor,
      r.learning, r.labels, r.network_created_at, ${now}::timestamptz, ${now}::timestamptz, ${now}::timestamptz
    from ${recordset(rows)}
    returning id, network_id, campaign_id`.execute(trx);
  return inserted;
}

async function updateObjects(
  trx: Db,
  input: { readonly accountId: string; readonly readAtMs: number; readonly nowMs: number },
  level: Level,
  rows: readonly Columns[],
): Promise<readonly ObjectId[]> {
  if (rows.length === 0) return [];
  const { rows: updated } = await sql<{ id: ObjectId }>`
    update object o set name = r.name, campaign_id = r.campaign_id, adset_id = r.adset_id, creative_id = r.creative_id,
      status = r.status, delivery = r.delivery, bid_strategy = r.bid_strategy, bid_micros = r.bid_micros,
      daily_budget_micros = r.daily_budget_micros, lifetime_budget_micros = r.lifetime_budget_micros,
      roas_floor = r.roas_floor, learning = r.learning, labels = r.labels, changed_at = ${iso(input.nowMs)}::timestamptz
    from ${recordset(rows)}
    where o.account_id = ${input.accountId} and o.level = ${level} and o.network_id = r.network_id
      and o.changed_at <= ${iso(input.readAtMs)}::timestamptz
    returning o.id`.execute(trx);
  return updated.map((row) => row.id);
}

async function markDeleted(
  trx: Db,
  input: { readonly nowMs: number },
  ids: readonly ObjectId[],
): Promise<readonly ObjectId[]> {
  if (ids.length === 0) return [];
  await trx
    .updateTable('object')
    .set({ status: 'deleted', delivery: 'deleted', changed_at: new Date(input.nowMs) })
    .where('id', 'in', [...ids])
    .execute();
  return ids;
}

async function addVersions(trx: Db, ids: readonly ObjectId[], nowMs: number): Promise<void> {
  if (ids.length === 0) return;
  await sql`
    insert into object_version (object_id, known_from, name, status, delivery, bid_strategy, bid_micros, daily_budget_micros,
      lifetime_budget_micros, roas_floor, learning, labels)
    select id, ${iso(nowMs)}::timestamptz, name, status, delivery, bid_strategy, bid_micros, daily_budget_micros,
      lifetime_budget_micros, roas_floor, learning, labels
    from object where id = any(${ids}::bigint[])
    on conflict (object_id, known_from) do update set name = excluded.name, status = excluded.status,
      delivery = excluded.delivery, bid_strategy = excluded.bid_strategy, bid_micros = excluded.bid_micros,
      daily_budget_micros = excluded.daily_budget_micros, lifetime_budget_micros = excluded.lifetime_budget_micros,
      roas_floor = excluded.roas_floor, learning = excluded.learning, labels = excluded.labels`.execute(trx);
}

async function campaignsOf(trx: Db, ids: readonly ObjectId[]): Promise<readonly ObjectId[]> {
  if (ids.length === 0) return [];
  const rows = await trx
    .selectFrom('object')
    .select(({ fn }) => fn.coalesce('campaign_id', 'id').as('campaign'))
    .distinct()
    .where('id', 'in', [...ids])
    .where('level', '<>', 'creative')
    .execute();
  return rows.map((row) => row.campaign);
}

function iso(ms: number): string {
  return new Date(ms).toISOString();
}
