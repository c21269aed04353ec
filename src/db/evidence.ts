import { sql } from 'kysely';
import type { AccountFacts, DataHealth, Evidence, PastChange, WindowMetrics } from '../core/decision.ts';
import type { Micros } from '../core/money.ts';
import type { Level, LeverState, ObjectFacts, ObjectId } from '../core/object.ts';
import type { CompiledStrategy } from '../core/rules/compile.ts';
import { readWindow, windowBounds } from '../core/windows.ts';
import type { Db } from './connection.ts';
import { loadWindowMetrics } from './metrics.ts';

/** A strategy version that may decide. */
export interface StrategyInForce {
  readonly id: string;
  readonly version: number;
  readonly compiled: CompiledStrategy;
}

export interface EvidenceInput {
  readonly accountId: string;
  /** Campaign object ids, or all of the account's. */
  readonly campaignIds: 'all' | readonly ObjectId[];
  readonly strategies: readonly StrategyInForce[];
  /** Workspace time. */
  readonly nowMs: number;
  /** Smallest step of a bid or budget on this network in this currency. */
  readonly moneyStepMicros: Micros;
  /** Workspace milliseconds after which postbacks that wait in the inbox make conversions unknown. */
  readonly inboxPatienceMs: number;
}

export interface StrategyEvidence {
  readonly strategy: StrategyInForce;
  readonly evidence: readonly Evidence[];
}

/** Our clicks under this share of the network's mean that our tracking is broken, not that the ads are. */
const LEAST_TRACKED_SHARE = 0.5;
/** Fewer clicks than this say nothing about the share. */
const LEAST_CLICKS_TO_COMPARE = 20;

/**
 * Everything the strategies need to judge the objects of some campaigns, gathered set-based: one query for the objects,
 * one for their history, one set of window queries per level.
 *
 * @returns per strategy, the evidence of each object in its scope, in order of object id; nothing at all while the
 * account's network has not reported any spend.
 */
export async function loadEvidence(db: Db, input: EvidenceInput): Promise<readonly StrategyEvidence[]> {
  const account = await db
    .selectFrom('ad_account')
    .selectAll()
    .where('id', '=', input.accountId)
    .executeTakeFirst();
  const asOfMs = account?.spend_as_of?.getTime();
  const none = input.strategies.map((strategy) => ({ strategy, evidence: [] }));
  if (account === undefined || asOfMs === undefined) return none;
  const facts: AccountFacts = {
    id: account.id,
    name: account.name,
    network: account.network,
    currency: account.currency,
    timeZone: account.time_zone,
    moneyStepMicros: input.moneyStepMicros,
  };

  const objects = await loadObjects(db, input.accountId, input.campaignIds);
  const byId = new Map(objects.map((object) => [object.id, object]));
  const scoped = input.strategies.map((strategy) => ({
    strategy,
    objects: objects.filter((object) =>
      strategy.compiled.matches(object, parent(byId, object.campaignId), parent(byId, object.adsetId), facts),
    ),
  }));
  const wanted = scoped.flatMap((scope) => scope.objects.map((object) => object.id));
  if (wanted.length === 0) return none;

  const [metrics, history, backlog] = await Promise.all([
    loadMetrics(db, { input, scoped, asOfMs, zone: account.time_zone }),
    loadHistory(db, [...new Set(wanted)]),
    oldestWaiting(db),
  ]);
  const trackingSinceMs = account.tracking_since?.getTime() ?? null;
  const behind =
    backlog !== null && input.nowMs - backlog > input.inboxPatienceMs
      ? 'postbacks wait to be counted'
      : undefined;

  return scoped.map((scope) => ({
    strategy: scope.strategy,
    evidence: scope.objects.map((object): Evidence => {
      const windows = pick(metrics.get(object.id) ?? {}, scope.strategy.compiled.needs.windows);
      const undefinedBecause = behind ?? trackingGap(metrics.get(object.id) ?? {}, trackingSinceMs);
      const health: DataHealth = {
        trackingSinceMs,
        ...(undefinedBecause === undefined ? {} : { conversionsUndefined: undefinedBecause }),
      };
      return {
        object,
        campaign: parent(byId, object.campaignId),
        adset: parent(byId, object.adsetId),
        account: facts,
        strategyId: scope.strategy.id,
        asOfMs,
        nowMs: input.nowMs,
        windows,
        health,
        history: history.get(object.id) ?? [],
      };
    }),
  }));
}

function parent(byId: ReadonlyMap<ObjectId, ObjectFacts>, id: ObjectId | null): ObjectFacts | null {
  return id === null ? null : (byId.get(id) ?? null);
}

async function loadObjects(
  db: Db,
  accountId: string,
  campaignIds: 'all' | readonly ObjectId[],
): Promise<readonly ObjectFacts[]> {
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
  const rows = await query.execute();
  return rows.map((row) => ({
    id: row.id,
    level: row.level,
    networkId: row.network_id,
    name: row.name,
    status: row.status,
    delivery: row.delivery,
    bidStrategy: row.bid_strategy,
    bidMicros: row.bid_micros,
    dailyBudgetMicros: row.daily_budget_micros,
    lifetimeBudgetMicros: row.lifetime_budget_micros,
    learning: row.learning,
    labels: row.labels,
    campaignId: row.campaign_id,
    adsetId: row.adset_id,
    createdAtMs: (row.network_created_at ?? row.first_seen_at).getTime(),
  }));
}

interface MetricsInput {
  readonly input: EvidenceInput;
  readonly scoped: readonly {
    readonly strategy: StrategyInForce;
    readonly objects: readonly ObjectFacts[];
  }[];
  readonly asOfMs: number;
  readonly zone: string;
}

/** Windows of all strategies at once, one call per level: two strategies that look over "7d" share its sums. */
async function loadMetrics(
  db: Db,
  given: MetricsInput,
): Promise<ReadonlyMap<ObjectId, Record<string, WindowMetrics>>> {
  const levels = new Map<Level, { ids: Set<ObjectId>; windows: Set<string>; events: Set<string> }>();
  for (const { strategy, objects } of given.scoped) {
    const { level, needs } = strategy.compiled;
    const entry = levels.get(level) ?? { ids: new Set(), windows: new Set(), events: new Set() };
    for (const object of objects) entry.ids.add(object.id);
    for (const window of needs.windows) entry.windows.add(window);
    for (const event of needs.events) entry.events.add(event);
    levels.set(level, entry);
  }
  const merged = new Map<ObjectId, Record<string, WindowMetrics>>();
  for (const [level, { ids, windows, events }] of levels) {
    if (ids.size === 0) continue;
    const found = await loadWindowMetrics(db, {
      accountId: given.input.accountId,
      zone: given.zone,
      level,
      objectIds: [...ids],
      asOfMs: given.asOfMs,
      windows: [...windows].map((spelling) => {
        const window = readWindow(spelling);
        if ('problem' in window) throw new Error(window.problem);
        return { spelling, bounds: windowBounds(window, given.asOfMs, given.zone) };
      }),
      ...(events.has('*') || events.size === 0 ? {} : { events: [...events] }),
    });
    for (const [id, byWindow] of found) merged.set(id, byWindow);
  }
  return merged;
}

function pick(
  windows: Readonly<Record<string, WindowMetrics>>,
  spellings: readonly string[],
): Record<string, WindowMetrics> {
  const picked: Record<string, WindowMetrics> = {};
  for (const spelling of spellings) {
    const metrics = windows[spelling];
    if (metrics !== undefined) picked[spelling] = metrics;
  }
  return picked;
}

/** Judged over the widest window that lies wholly in tracked time; wider ones are undefined anyway. */
function trackingGap(
  windows: Readonly<Record<string, WindowMetrics>>,
  trackingSinceMs: number | null,
): string | undefined {
  if (trackingSinceMs === null) return undefined;
  let widest: WindowMetrics | undefined;
  for (const window of Object.values(windows)) {
    if (window.bounds.fromMs < trackingSinceMs) continue;
    if (widest === undefined || window.bounds.fromMs < widest.bounds.fromMs) widest = window;
  }
  if (widest === undefined || widest.clicks < LEAST_CLICKS_TO_COMPARE) return undefined;
  return widest.visits < widest.clicks * LEAST_TRACKED_SHARE
    ? "tracked clicks are under half of the network's"
    : undefined;
}

/** Workspace time of the oldest postback that is not counted yet. */
async function oldestWaiting(db: Db): Promise<number | null> {
  const row = await db
    .selectFrom('inbox')
    .select((eb) => eb.fn.min('received_at').as('oldest'))
    .executeTakeFirst();
  return row?.oldest?.getTime() ?? null;
}

/**
 * The newest applied change of each kind, and the newest notice. A pause that has been lifted since is no longer ours,
 * even if somebody paused the object again.
 */
async function loadHistory(
  db: Db,
  objectIds: readonly ObjectId[],
): Promise<ReadonlyMap<ObjectId, readonly PastChange[]>> {
  const { rows } = await sql<{
    object_id: ObjectId;
    verdict: PastChange['kind'];
    rule: string | null;
    strategy_id: string;
    at: Date;
    plan: { readonly expected: LeverState } | null;
    evidence: { readonly input?: { readonly object: LeverState } };
  }>`
    select distinct on (d.object_id, d.verdict) d.object_id, d.verdict, d.rule, d.strategy_id,
           coalesce(d.closed_at, d.decided_at) as at, d.plan,
           case when d.plan is null then d.evidence else '{}'::jsonb end as evidence
    from decision d
    where d.object_id = any(${sql.val(objectIds)}::bigint[])
      and (d.outcome = 'applied' or (d.verdict = 'notify' and d.outcome = 'notified'))
      and not (d.verdict = 'pause' and exists (
        select 1 from object_version v
        where v.object_id = d.object_id and v.known_from > d.closed_at and v.status <> 'paused'))
    order by d.object_id, d.verdict, d.decided_at desc`.execute(db);
  const history = new Map<ObjectId, PastChange[]>();
  for (const row of rows) {
    const from = row.plan?.expected ?? row.evidence.input?.object;
    if (from === undefined) continue;
    const changes = history.get(row.object_id) ?? [];
    changes.push({
      kind: row.verdict,
      rule: row.rule,
      strategyId: row.strategy_id,
      atMs: row.at.getTime(),
      from: {
        status: from.status,
        bidStrategy: from.bidStrategy,
        bidMicros: from.bidMicros,
        dailyBudgetMicros: from.dailyBudgetMicros,
        lifetimeBudgetMicros: from.lifetimeBudgetMicros,
      },
    });
    history.set(row.object_id, changes);
  }
  return history;
}
