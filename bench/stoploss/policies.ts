import { createVisitWakes } from '../../activities/visit-wakes.ts';
import { decide } from '../../src/core/decide.ts';
import type { Evidence, WindowMetrics } from '../../src/core/decision.ts';
import {
  BASIS_HOURS,
  costPerVisit,
  estimateOpenHours,
  HALF_LIFE_HOURS,
  type OpenHour,
  visitCostSpread,
} from '../../src/core/estimated-spend.ts';
import { micros } from '../../src/core/money.ts';
import type { ObjectId } from '../../src/core/object.ts';
import { type CompiledStrategy, compileStrategy } from '../../src/core/rules/compile.ts';
import type { Reports } from './reports.ts';
import { type AdTrace, DAY_MS, HOUR_MS, spentAt, START_MS, type World } from './world.ts';

/** When each policy would stop an ad on one day; null when it does not. */
export type StopAt = (ad: number, dayStartMs: number) => number | null;

function strategyOf(when: string): CompiledStrategy {
  const result = compileStrategy({
    version: 1,
    strategy: 'stop-loss',
    scope: { level: 'ad' },
    // oxlint-disable-next-line unicorn/no-thenable -- a rule is written when … then; nothing awaits it.
    rules: [{ name: 'the line', when, then: { pause: { until: 'tomorrow' } } }],
    guardrails: { maxSpendAge: '8h' },
  });
  if (!result.ok) throw new Error(result.problems.map((problem) => problem.message).join('; '));
  return result.compiled;
}

/** Evidence of an ad for which nothing but spend matters here. */
function evidenceOf(
  ad: number,
  rest: Pick<Evidence, 'asOfMs' | 'nowMs' | 'windows'> & Partial<Evidence>,
): Evidence {
  return {
    object: {
      id: (ad + 1) as ObjectId,
      level: 'ad',
      networkId: `a${ad}`,
      name: `Ad ${ad}`,
      status: 'active',
      delivery: 'active',
      learning: null,
      labels: [],
      campaignId: null,
      adsetId: null,
      createdAtMs: START_MS,
      bidStrategy: null,
      bidMicros: null,
      dailyBudgetMicros: null,
      lifetimeBudgetMicros: null,
    },
    campaign: null,
    adset: null,
    account: {
      id: 'bench',
      name: 'Bench',
      network: 'bench',
      currency: 'USD',
      timeZone: 'UTC',
      moneyStepMicros: micros(10_000),
    },
    strategyId: 'bench',
    health: { trackingSinceMs: START_MS },
    history: [],
    ...rest,
  };
}

const today = (dayStartMs: number, toMs: number, spend: number): WindowMetrics => ({
  bounds: { fromMs: dayStartMs, toMs },
  spend,
  impressions: 0,
  clicks: 0,
  visits: 0,
  conversions: {},
});

/** A tool that asks for today's reported spend every `everyMs` and stops without delay. */
export function polling(
  world: World,
  reports: Reports,
  options: { readonly line: number; readonly everyMs: number; readonly phaseMs: number },
): StopAt {
  const strategy = strategyOf(`spend("today") >= ${options.line}`);
  return (ad, dayStartMs) => {
    const trace = world.ads[ad];
    if (!trace) return null;
    for (let nowMs = dayStartMs + options.phaseMs; nowMs < dayStartMs + DAY_MS; nowMs += options.everyMs) {
      const knownTo = Math.max(dayStartMs, reports.completeTo(nowMs));
      const spend = (spentAt(trace, knownTo) - spentAt(trace, dayStartMs)) / 1e6;
      const evidence = evidenceOf(ad, {
        asOfMs: knownTo,
        nowMs,
        windows: { today: today(dayStartMs, nowMs, spend) },
      });
      if (decide(strategy, evidence).verdict.kind === 'pause') return nowMs;
    }
    return null;
  };
}

/** Bidloop with `est.spend`: looks when visits come, as the ingest activity wakes it, and stops after `reactionMs`. */
export function estimating(
  world: World,
  reports: Reports,
  options: { readonly line: number; readonly reactionMs: number },
): (ad: number, dayStartMs: number) => Promise<number | null> {
  const strategy = strategyOf(`est.spend("today") >= ${options.line}`);
  const costs = new Map<string, ReturnType<typeof costOf>>();
  return async (ad, dayStartMs) => {
    const trace = world.ads[ad];
    if (!trace) return null;
    // A fresh gate a day; the wall clock stands still, so it asks once who listens.
    const wakes = createVisitWakes({ listening: async () => new Set(['bench']), nowMs: () => 0 });
    const first = trace.visitsBefore[Math.floor((dayStartMs - START_MS) / HOUR_MS)] ?? 0;
    for (let index = first; index < trace.visits.length; index += 1) {
      const nowMs = trace.visits[index] ?? Infinity;
      if (nowMs >= dayStartMs + DAY_MS) return null;
      const woken = await wakes.wakenBy([
        {
          workspaceId: 'bench',
          accountId: 'bench',
          objectId: (ad + 1) as ObjectId,
          campaignId: (trace.campaign + 1) as ObjectId,
          visits: 1,
          newestMs: nowMs,
        },
      ]);
      if (woken.length === 0) continue;
      const asOfMs = reports.asOf(nowMs);
      const key = `${ad} ${asOfMs}`;
      let cost = costs.get(key);
      if (cost === undefined) costs.set(key, (cost = costOf(world, trace, asOfMs)));
      const evidence = evidenceOf(ad, {
        asOfMs,
        nowMs,
        windows: {},
        estimate: {
          toMs: nowMs,
          ...known(trace, dayStartMs, nowMs, reports),
          ...estimateOpenHours(openHours(trace, asOfMs, index, nowMs, reports), cost.cost, cost),
        },
      });
      if (decide(strategy, evidence).verdict.kind === 'pause') return nowMs + options.reactionMs;
    }
    return null;
  };
}

/** Today's spend as the newest sync brought it, hours reported in part included. */
function known(
  trace: AdTrace,
  dayStartMs: number,
  nowMs: number,
  reports: Reports,
): { readonly windows: Readonly<Record<string, WindowMetrics>> } {
  const knownTo = Math.max(dayStartMs, reports.completeTo(reports.syncBefore(nowMs)));
  const spend = (spentAt(trace, knownTo) - spentAt(trace, dayStartMs)) / 1e6;
  return { windows: { today: today(dayStartMs, Math.floor(nowMs / HOUR_MS) * HOUR_MS + HOUR_MS, spend) } };
}

/** Hours from `asOf` to now with their visits, the one of now counted up to the visit at hand. */
function openHours(
  trace: AdTrace,
  asOfMs: number,
  index: number,
  nowMs: number,
  reports: Reports,
): readonly OpenHour[] {
  const knownTo = reports.completeTo(reports.syncBefore(nowMs));
  const hours: OpenHour[] = [];
  for (let fromMs = Math.max(asOfMs, START_MS); fromMs <= nowMs; fromMs += HOUR_MS) {
    const hour = Math.round((fromMs - START_MS) / HOUR_MS);
    const before = trace.visitsBefore[hour] ?? 0;
    const visits = Math.min(index + 1, trace.visitsBefore[hour + 1] ?? 0) - before;
    const reportedTo = Math.min(Math.max(fromMs, knownTo), fromMs + HOUR_MS);
    hours.push({ fromMs, visits, reported: (spentAt(trace, reportedTo) - spentAt(trace, fromMs)) / 1e6 });
  }
  return hours;
}

/** Cost per visit in the newest reported hours, as src/db/estimated-spend.ts sums it. */
function costOf(world: World, trace: AdTrace, asOfMs: number) {
  const sumsOf = (ads: readonly AdTrace[]) => {
    const sum = { spend: 0, visits: 0, hours: 0, ss: 0, sv: 0, vv: 0, s: 0, v: 0 };
    for (let age = 1; age <= BASIS_HOURS; age += 1) {
      const hour = Math.round((asOfMs - START_MS) / HOUR_MS) - age;
      if (hour < 0) break;
      let [s, v] = [0, 0];
      for (const ad of ads) {
        s += ((ad.spent[(hour + 1) * 60] ?? 0) - (ad.spent[hour * 60] ?? 0)) / 1e6;
        v += (ad.visitsBefore[hour + 1] ?? 0) - (ad.visitsBefore[hour] ?? 0);
      }
      const weight = 0.5 ** (age / HALF_LIFE_HOURS);
      sum.spend += weight * s;
      sum.visits += weight * v;
      if (v > 0) sum.hours += 1;
      sum.ss += s * s;
      sum.sv += s * v;
      sum.vv += v * v;
      sum.s += s;
      sum.v += v;
    }
    return sum;
  };
  const own = sumsOf([trace]);
  const campaign = sumsOf(world.ads.filter((ad) => ad.campaign === trace.campaign));
  return { cost: costPerVisit(own, campaign), visits: own.visits, spread: visitCostSpread(campaign) };
}
