import { dayOf } from '../../core/zone.ts';
import {
  type AdStep,
  adStep,
  impressionsOf,
  marketPrice,
  type Pace,
  stepTime,
  unboundedPace,
  type Visit,
} from './ad-step.ts';
import { type AdMemory, freshMemory, remembers } from './conditions.ts';
import type { AdsetPlan, Levers, MarketPlan } from './plan.ts';

export type { Visit } from './ad-step.ts';

export interface MarketOptions {
  readonly plan: MarketPlan;
  /** Market instant at which the first step begins. */
  readonly startMs: number;
  /** Market milliseconds of one step; minutes. */
  readonly stepMs?: number;
}

/** Everything the next step depends on besides the levers. Plain data: it survives JSON. */
export interface MarketState {
  readonly seed: number;
  readonly plan: MarketPlan;
  readonly stepMs: number;
  /** Everything before this instant has happened. A whole number of steps since the epoch. */
  readonly nowMs: number;
  /** End of the account-local day that `spentToday` counts. */
  readonly dayEndMs: number;
  /** Micros by ad set. */
  readonly spentToday: readonly number[];
  /** By ad, and how each ad set stood in the step before; only in markets whose ads remember. */
  readonly memory?: readonly AdMemory[];
  readonly seen?: readonly Levers['adsets'][number][];
}

/** What one ad got in one step. */
export interface Delivery {
  readonly ad: number;
  readonly fromMs: number;
  readonly spendMicros: number;
  readonly impressions: number;
  readonly clicks: number;
}

export interface MarketEvents {
  readonly deliveries: readonly Delivery[];
  readonly visits: readonly Visit[];
}

/** A market at its first instant. The same seed and options give the same market, draw for draw. */
export function createMarket(seed: number, options: MarketOptions): MarketState {
  const stepMs = options.stepMs ?? 60_000;
  return {
    seed,
    plan: options.plan,
    stepMs,
    nowMs: Math.ceil(options.startMs / stepMs) * stepMs,
    dayEndMs: 0,
    spentToday: options.plan.adsets.map(() => 0),
    ...(remembers(options.plan) ? { memory: options.plan.ads.map(() => freshMemory()) } : {}),
  };
}

/**
 * Lets the market run in whole steps up to `toMs` under one setting of the levers. Pure: the given state stays as it
 * is, and every draw is a function of seed, ad, purpose and step.
 */
export function step(
  state: MarketState,
  toMs: number,
  levers: Levers,
): { readonly state: MarketState; readonly events: MarketEvents } {
  const { plan, stepMs, seed } = state;
  const deliveries: Delivery[] = [];
  const visits: Visit[] = [];
  const budgets = adsetBudgets(plan, levers);
  const memory = state.memory?.map((one) => ({ ...one }));
  if (memory !== undefined && state.nowMs + stepMs <= toMs) forgetAfterEdits(memory, state, levers);
  const spentToday = [...state.spentToday];
  let { nowMs, dayEndMs } = state;
  let dayStartMs = dayEndMs === 0 ? 0 : dayOf(dayEndMs - 1, plan.timeZone).startMs;
  let paces: readonly (Pace | null)[] = [];
  let dayDemand: readonly number[] = [];
  let pacesOfDay = -1;

  while (nowMs + stepMs <= toMs) {
    if (nowMs >= dayEndMs) {
      const day = dayOf(nowMs, plan.timeZone);
      dayStartMs = day.startMs;
      dayEndMs = day.endMs;
      spentToday.fill(0);
    }
    const time = stepTime(nowMs, stepMs, dayStartMs);
    // Prices move by the week, and where the platform learns, with every conversion.
    if (time.dayIndex !== pacesOfDay || plan.drift?.learning !== undefined) {
      paces = plan.ads.map((_, index) =>
        paceOf(plan, index, levers, marketPrice(seed, plan, memory?.[index], time.dayIndex)),
      );
      dayDemand = demandOf(plan, paces);
      pacesOfDay = time.dayIndex;
    }
    for (const [index, ad] of plan.ads.entries()) {
      const pace = paces[index];
      if (!pace) continue;
      const budget = budgets[ad.adset] ?? Infinity;
      const spent = spentToday[ad.adset] ?? 0;
      const asked: AdStep = {
        seed,
        plan,
        index,
        time,
        pace,
        demand: dayDemand[ad.adset] ?? 0,
        budget,
        left: budget - spent,
        memory: memory?.[index],
      };
      const { clicks, spendMicros } = adStep(asked, visits);
      const impressions = impressionsOf(asked, clicks);
      if (impressions === 0) continue;
      spentToday[ad.adset] = spent + spendMicros;
      deliveries.push({ ad: index, fromMs: nowMs, spendMicros, impressions, clicks });
    }
    nowMs += stepMs;
  }
  return {
    state: {
      ...state,
      nowMs,
      dayEndMs,
      spentToday,
      ...(memory === undefined ? {} : { memory, seen: levers.adsets }),
    },
    events: { deliveries, visits },
  };
}

/** A platform begins to learn anew when an ad set is switched on or its bid or budget moves by more than a fifth. */
const SIGNIFICANT = 0.2;

/** Whether a change of an ad set makes its platform learn anew. */
export function isSignificantEdit(
  before: Levers['adsets'][number],
  after: Levers['adsets'][number],
): boolean {
  const moved = (from: number | null, to: number | null): boolean =>
    from === null || to === null ? from !== to : Math.abs(to - from) > SIGNIFICANT * from;
  return (
    (!before.on && after.on) ||
    moved(before.bidMicros, after.bidMicros) ||
    moved(before.dailyBudgetMicros, after.dailyBudgetMicros)
  );
}

function forgetAfterEdits(memory: readonly AdMemory[], state: MarketState, levers: Levers): void {
  for (const [index, ad] of state.plan.ads.entries()) {
    const before = state.seen?.[ad.adset];
    const after = levers.adsets[ad.adset];
    const own = memory[index];
    if (before && after && own && isSignificantEdit(before, after)) own.learned = 0;
  }
}

function paceOf(plan: MarketPlan, index: number, levers: Levers, level: number): Pace | null {
  const ad = plan.ads[index];
  const adset = ad && levers.adsets[ad.adset];
  const adsetPlan: AdsetPlan | undefined = ad && plan.adsets[ad.adset];
  const campaign = adsetPlan && levers.campaigns[adsetPlan.campaign];
  if (!ad || !levers.ads[index]?.on || !adset?.on || !campaign?.on) return null;
  return unboundedPace(ad, plan.targetMicros, adset, level);
}

/** Spend a day by ad set were budgets endless. */
function demandOf(plan: MarketPlan, paces: readonly (Pace | null)[]): readonly number[] {
  const demand = plan.adsets.map(() => 0);
  for (const [index, ad] of plan.ads.entries()) {
    const pace = paces[index];
    if (pace) demand[ad.adset] = (demand[ad.adset] ?? 0) + pace.clicks * pace.cpcMicros;
  }
  return demand;
}

/** Daily budget by ad set; a campaign's budget is shared evenly by its ad sets that are on. */
function adsetBudgets(plan: MarketPlan, levers: Levers): readonly number[] {
  const sharers = plan.campaigns.map(() => 0);
  for (const [index, adset] of plan.adsets.entries()) {
    if (levers.adsets[index]?.on) sharers[adset.campaign] = (sharers[adset.campaign] ?? 0) + 1;
  }
  return plan.adsets.map((adset, index) => {
    const own = levers.adsets[index]?.dailyBudgetMicros ?? null;
    if (own !== null) return own;
    const shared = levers.campaigns[adset.campaign]?.dailyBudgetMicros ?? null;
    if (shared === null) return Infinity;
    // Whole cents, as everything that is spent.
    return Math.floor(shared / Math.max(1, sharers[adset.campaign] ?? 0) / 10_000) * 10_000;
  });
}
