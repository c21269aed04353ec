import { sql } from 'kysely';
import type { PilotEntry } from '../core/evaluation.ts';
import type { Micros } from '../core/money.ts';
import type { BidStrategy, ObjectId, ObjectStatus } from '../core/object.ts';
import { windowBounds } from '../core/windows.ts';
import { leverStateOf } from './lever-state.ts';
import type { Db } from './connection.ts';
import { loadWindowMetrics } from './metrics.ts';

/** What the table shows of one ad set. Money in micros where it is set, in major units where it is measured. */
export interface AdSetFact {
  readonly id: number;
  readonly name: string;
  readonly campaign: string | null;
  readonly network: string;
  readonly account: string;
  readonly currency: string;
  readonly status: ObjectStatus;
  readonly delivery: string;
  readonly bidStrategy: BidStrategy | null;
  readonly bidMicros: Micros | null;
  readonly dailyBudgetMicros: Micros | null;
  readonly lifetimeBudgetMicros: Micros | null;
  readonly roasFloor: number | null;
  readonly spend: number;
  readonly conversions: number;
  /** Major units per conversion; null while undefined. */
  readonly cpa: number | null;
  readonly roas: number | null;
  readonly last: LastVerdict | null;
}

export interface LastVerdict {
  readonly verdict: string;
  readonly reason: string;
  readonly sentence: string;
  readonly nearest: string | null;
  readonly pilot: PilotEntry | null;
  readonly atMs: number;
}

export interface AdSetTable {
  /** Ad accounts connected. */
  readonly accounts: number;
  /** Those that a person has halted. */
  readonly halted: readonly { readonly id: string; readonly name: string; readonly reason: string | null }[];
  readonly event: string | null;
  /** Active ones first, then by spend of today. */
  readonly adSets: readonly AdSetFact[];
}

interface AccountRow {
  readonly id: string;
  readonly name: string;
  readonly halted_at: Date | null;
  readonly halt_reason: string | null;
  readonly network: string;
  readonly currency: string;
  readonly time_zone: string;
  readonly spend_as_of: Date | null;
  readonly tracking_since: Date | null;
}

/** Every ad set of a workspace with its day so far, as far as its network has reported. */
export async function loadAdSetTable(db: Db, workspaceId: string): Promise<AdSetTable> {
  const accounts = await db
    .selectFrom('ad_account')
    .select([
      'id',
      'name',
      'halted_at',
      'halt_reason',
      'network',
      'currency',
      'time_zone',
      'spend_as_of',
      'tracking_since',
    ])
    .where('workspace_id', '=', workspaceId)
    .orderBy('name')
    .execute();
  if (accounts.length === 0) return { accounts: 0, halted: [], event: null, adSets: [] };
  const [event, verdicts] = await Promise.all([mainEvent(db, workspaceId), lastVerdicts(db, workspaceId)]);
  const perAccount = await Promise.all(
    accounts.map((account) => accountAdSets(db, account, event, verdicts)),
  );
  const adSets = perAccount
    .flat()
    .sort((a, b) => rank(a) - rank(b) || b.spend - a.spend || a.name.localeCompare(b.name) || a.id - b.id);
  const halted = accounts
    .filter((account) => account.halted_at !== null)
    .map(({ id, name, halt_reason }) => ({ id, name, reason: halt_reason }));
  return { accounts: accounts.length, halted, event, adSets };
}

function rank(adSet: AdSetFact): number {
  return { active: 0, paused: 1, archived: 2, deleted: 3 }[adSet.status];
}

async function accountAdSets(
  db: Db,
  account: AccountRow,
  event: string | null,
  verdicts: ReadonlyMap<number, LastVerdict>,
): Promise<readonly AdSetFact[]> {
  const rows = await db
    .selectFrom('object as o')
    .leftJoin('object as c', 'c.id', 'o.campaign_id')
    .select([
      'o.id',
      'o.name',
      'c.name as campaign',
      'o.status',
      'o.delivery',
      'o.bid_strategy',
      'o.bid_micros',
      'o.daily_budget_micros',
      'o.lifetime_budget_micros',
      'o.roas_floor',
    ])
    .where('o.account_id', '=', account.id)
    .where('o.level', '=', 'adset')
    .where('o.status', 'in', ['active', 'paused'])
    .execute();
  const metrics = await todayOf(
    db,
    account,
    rows.map((row) => row.id),
    event,
  );
  return rows.map((row) => {
    const today = metrics.get(row.id);
    const spend = today?.spend ?? 0;
    const conversions = today?.conversions ?? 0;
    // Before tracking began no conversion could be seen: a CPA would be a lie (it is undefined, not high).
    const believed = today?.believed === true;
    return {
      id: row.id,
      name: row.name,
      campaign: row.campaign,
      network: account.network,
      account: account.name,
      currency: account.currency,
      ...leverStateOf(row),
      delivery: row.delivery,
      roasFloor: row.roas_floor,
      spend,
      conversions,
      cpa: believed && conversions > 0 ? spend / conversions : null,
      roas: believed && spend > 0 && today.unconverted === 0 ? today.value / spend : null,
      last: verdicts.get(row.id) ?? null,
    };
  });
}

interface Today {
  readonly spend: number;
  readonly conversions: number;
  readonly value: number;
  readonly unconverted: number;
  readonly believed: boolean;
}

async function todayOf(
  db: Db,
  account: AccountRow,
  objectIds: readonly ObjectId[],
  event: string | null,
): Promise<ReadonlyMap<number, Today>> {
  const asOfMs = account.spend_as_of?.getTime();
  if (asOfMs === undefined || objectIds.length === 0) return new Map();
  const bounds = windowBounds({ kind: 'days', days: 1, offset: 0 }, asOfMs, account.time_zone);
  const found = await loadWindowMetrics(db, {
    accountId: account.id,
    zone: account.time_zone,
    level: 'adset',
    objectIds,
    windows: [{ spelling: 'today', bounds }],
    asOfMs,
  });
  const believed = account.tracking_since !== null && account.tracking_since.getTime() <= bounds.fromMs;
  const today = new Map<number, Today>();
  for (const [id, byWindow] of found) {
    const metrics = byWindow['today'];
    if (!metrics) continue;
    const events = event === null ? undefined : metrics.conversions[event];
    today.set(id, {
      spend: metrics.spend,
      conversions: events?.conversions ?? 0,
      value: events?.value ?? 0,
      unconverted: events?.unconverted ?? 0,
      believed,
    });
  }
  return today;
}

/** The event the workspace steers by: the target of its strategies, else the event that has earned most. */
async function mainEvent(db: Db, workspaceId: string): Promise<string | null> {
  const { rows } = await sql<{ event: string | null }>`
    select coalesce(
      (select v.document->'target'->>'event'
       from strategy s join strategy_version v on v.strategy_id = s.id and v.version = s.current_version
       where s.workspace_id = ${workspaceId} and s.removed_at is null and v.document->'target'->>'event' is not null
       order by s.name limit 1),
      (select h.event from conversion_hour h join ad_account a on a.id = h.account_id
       where a.workspace_id = ${workspaceId} group by h.event
       order by sum(h.value_micros) desc, sum(h.conversions) desc limit 1)
    ) as event`.execute(db);
  return rows[0]?.event ?? null;
}

/**
 * What the last pass said about each ad set. Where several strategies look at one, the verdict that acts speaks, else
 * a rule that held and was held back, else the condition that was nearest; last one that has no rule about it as it stands.
 */
async function lastVerdicts(db: Db, workspaceId: string): Promise<ReadonlyMap<number, LastVerdict>> {
  const { rows } = await sql<{
    object_id: number;
    verdict: string;
    reason: string;
    sentence: string;
    nearest: string | null;
    held: string | null;
    pilot: PilotEntry | null;
    evaluated_at: Date;
  }>`
    select distinct on (e."objectId") e."objectId" as object_id, e.verdict, e.reason, e.sentence, e.nearest,
      e.held->>'detail' as held, e.pilot, le.evaluated_at
    from last_evaluation le
    join strategy s on s.id = le.strategy_id and s.removed_at is null
    cross join lateral jsonb_to_recordset(le.objects)
      as e("objectId" bigint, verdict text, reason text, sentence text, nearest text, distance double precision, held jsonb,
            pilot jsonb)
    join object o on o.id = e."objectId" and o.level = 'adset'
    where s.workspace_id = ${workspaceId}
    order by e."objectId", (e.verdict = 'keep'), (e.reason = 'not_active' and e.pilot is null), (e.reason in ('no_rule_held', 'conversions_undefined')),
      e.distance nulls last, le.strategy_id`.execute(db);
  return new Map(
    rows.map((row) => [
      row.object_id,
      {
        verdict: row.verdict,
        reason: row.reason,
        sentence: row.held === null ? row.sentence : `${row.sentence} (${row.held})`,
        nearest: row.nearest,
        pilot: row.pilot,
        atMs: row.evaluated_at.getTime(),
      },
    ]),
  );
}

/** Workspaces of this installation; real ones first, so that the sample makes way once there is something of one's own. */
export async function listWorkspaces(db: Db) {
  return db
    .selectFrom('workspace')
    .select(['id', 'name', 'currency', 'time_zone', 'simulated', 'halted_at', 'halt_reason', 'created_at'])
    .orderBy('simulated')
    .orderBy('created_at')
    .orderBy('id')
    .execute();
}

/** The address the workspace's simulated network answers at; null for real workspaces. */
export async function sandboxAddress(db: Db, workspaceId: string): Promise<string | null> {
  const row = await db
    .selectFrom('ad_account as a')
    .innerJoin('workspace as w', 'w.id', 'a.workspace_id')
    .select('a.base_url')
    .where('w.id', '=', workspaceId)
    .where('w.simulated', '=', true)
    .where('a.base_url', 'is not', null)
    .limit(1)
    .executeTakeFirst();
  return row?.base_url ?? null;
}
