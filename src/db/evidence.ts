import type { AccountFacts, ChangedSince, DataHealth, Evidence, PastChange } from '../core/decision.ts';
import type { SpendEstimate } from '../core/estimated-spend.ts';
import type { Micros } from '../core/money.ts';
import type { ObjectFacts, ObjectId } from '../core/object.ts';
import type { CompiledStrategy } from '../core/rules/compile.ts';
import { loadArrivals, withArrivals } from './arrived.ts';
import type { Db } from './connection.ts';
import { loadEstimates } from './estimated-spend.ts';
import { conversionsInDoubt, trackingGap } from './evidence-health.ts';
import { type EvidenceWindows, loadEvidenceWindows } from './evidence-windows.ts';
import { loadChangedSince, loadHistory } from './evidence-history.ts';
import { loadAdsOf, type LoadedObject, loadObjects } from './evidence-objects.ts';
import { loadDrawsOf } from './holdout.ts';
import { loadStatistics, statisticsOf } from './learning/load-statistics.ts';
import { outageInDoubt } from './learning/watch.ts';

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
  /** Windows of these strategies' objects where they are loaded already; of another `asOfMs` they are loaded anew. */
  readonly windows?: EvidenceWindows;
}

export interface StrategyEvidence {
  readonly strategy: StrategyInForce;
  readonly evidence: readonly Evidence[];
}

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

  const loaded = await loadObjects(db, input.accountId, input.campaignIds);
  const objects = loaded.map((one) => one.facts);
  const byId = new Map(objects.map((object) => [object.id, object]));
  const scoped = input.strategies.map((strategy) => ({
    strategy,
    objects: objects.filter((object) =>
      strategy.compiled.matches(object, parent(byId, object.campaignId), parent(byId, object.adsetId), facts),
    ),
  }));
  const wanted = new Set(scoped.flatMap((scope) => scope.objects.map((object) => object.id)));
  if (wanted.size === 0) return none;
  const creatives = objects.filter((object) => object.level === 'creative' && wanted.has(object.id));
  const ads = await loadAdsOf(
    db,
    input.accountId,
    creatives.map((creative) => creative.id),
  );
  const known = [...loaded.filter((one) => wanted.has(one.facts.id)), ...ads];
  const ids = [...new Set(known.map((one) => one.facts.id))];

  // After the objects: what set a value that they show is in here too.
  const trackingSinceMs = account.tracking_since?.getTime() ?? null;
  const judgedOf = scoped.map(({ strategy, objects: judged }) => ({
    compiled: strategy.compiled,
    objectIds: judged.map((object) => object.id),
  }));
  const [metrics, arrivals, history, changedSince, postbacksInDoubt, outage, statistics, estimates, draws] =
    await Promise.all([
      input.windows?.asOfMs === asOfMs
        ? input.windows
        : loadEvidenceWindows(db, {
            accountId: account.id,
            zone: account.time_zone,
            asOfMs,
            scoped: judgedOf,
          }),
      loadArrivals(db, { accountId: account.id, zone: account.time_zone, asOfMs, scoped: judgedOf }),
      loadHistory(db, ids),
      loadChangedSince(
        db,
        [...new Set(known.filter((one) => one.changedAtMs > asOfMs).map((one) => one.facts.id))],
        asOfMs,
      ),
      conversionsInDoubt(db, { ...input, workspaceId: account.workspace_id }),
      outageInDoubt(db, account.id),
      loadStatistics(db, {
        accountId: account.id,
        zone: account.time_zone,
        asOfMs,
        nowMs: input.nowMs,
        trackingSinceMs,
        wanted: statisticsOf(
          scoped.map(({ strategy, objects: judged }) => ({ compiled: strategy.compiled, objects: judged })),
        ),
      }),
      loadEstimatesOf(db, { input, scoped, asOfMs, zone: account.time_zone, account }),
      loadDrawsOf(db, { workspaceId: account.workspace_id, nowMs: input.nowMs, scoped }),
    ]);
  const inDoubt = postbacksInDoubt ?? outage;

  return scoped.map((scope) => ({
    strategy: scope.strategy,
    evidence: scope.objects.map((object): Evidence => {
      const { needs, autopilot } = scope.strategy.compiled;
      const windows = withArrivals(
        metrics.get(object.id, needs.windows),
        needs.arrived,
        arrivals.get(object.id),
      );
      const undefinedBecause =
        inDoubt ??
        (account.tracking_by === 'sender'
          ? undefined
          : trackingGap(metrics.widestSince(object.id, trackingSinceMs), trackingSinceMs));
      const health: DataHealth = {
        trackingSinceMs,
        ...(undefinedBecause === undefined ? {} : { conversionsUndefined: undefinedBecause }),
      };
      const changed = changedSince.get(object.id);
      const delivery = needs.statistics ? statistics.delivery.get(object.id) : undefined;
      const estimate = needs.estimatedSpend ? estimates.get(object.id) : undefined;
      const evidence: Evidence = {
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
        ...(changed === undefined ? {} : { changedSince: changed }),
        ...(delivery === undefined ? {} : { delivery, learned: statistics.learnedOf(object, needs.events) }),
        ...(autopilot === null
          ? {}
          : {
              pilot: {
                ...(draws.get(scope.strategy.id)?.get(object.id) ?? { draw: 1 }),
                pulse: statistics.pulse,
              },
            }),
        ...(estimate === undefined ? {} : { estimate }),
      };
      return object.level === 'creative' ? withAds(evidence, ads, history, changedSince) : evidence;
    }),
  }));
}

/** A creative as the sum of the ads that show it: their status, their history, what was changed on them. */
function withAds(
  evidence: Evidence,
  all: readonly LoadedObject[],
  history: ReadonlyMap<ObjectId, readonly PastChange[]>,
  changedSince: ReadonlyMap<ObjectId, ChangedSince>,
): Evidence {
  const ads = all
    .filter((ad) => ad.creativeId === evidence.object.id)
    .map(({ facts }) => ({ object: facts, history: history.get(facts.id) ?? [] }));
  const resumed = ads.flatMap((ad) => changedSince.get(ad.object.id)?.resumedMs ?? []);
  return {
    ...evidence,
    object: {
      ...evidence.object,
      status: ads.some((ad) => ad.object.status === 'active') ? 'active' : 'paused',
    },
    ads,
    history: [...evidence.history, ...ads.flatMap((ad) => ad.history)],
    ...(resumed.length === 0 ? {} : { changedSince: { resumedMs: Math.max(...resumed) } }),
  };
}

function parent(byId: ReadonlyMap<ObjectId, ObjectFacts>, id: ObjectId | null): ObjectFacts | null {
  return id === null ? null : (byId.get(id) ?? null);
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

/** Spend up to this minute, of the objects whose strategies ask for it. */
async function loadEstimatesOf(
  db: Db,
  given: MetricsInput & {
    readonly account: {
      readonly tracking_since: Date | null;
      readonly tracking_by: 'click' | 'sender' | null;
    };
  },
): Promise<ReadonlyMap<ObjectId, SpendEstimate>> {
  const { input, asOfMs, zone, account } = given;
  const asking = given.scoped.filter(({ strategy }) => strategy.compiled.needs.estimatedSpend);
  const merged = new Map<ObjectId, SpendEstimate>();
  for (const [level, scopes] of Map.groupBy(asking, ({ strategy }) => strategy.compiled.level)) {
    const found = await loadEstimates(db, {
      accountId: input.accountId,
      zone,
      level,
      objectIds: [...new Set(scopes.flatMap(({ objects }) => objects.map((object) => object.id)))],
      windows: [...new Set(scopes.flatMap(({ strategy }) => strategy.compiled.needs.estimated))],
      asOfMs,
      nowMs: input.nowMs,
      trackingSinceMs: account.tracking_since?.getTime() ?? null,
      trackingBy: account.tracking_by,
    });
    for (const [id, estimate] of found) merged.set(id, estimate);
  }
  return merged;
}
