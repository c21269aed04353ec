import { dayOf } from '../../core/zone.ts';
import { clickPrice, winShare } from './auction.ts';
import { drawDelay } from './delay.ts';
import { type AdPlan, conversionRate, type Levers, type MarketPlan } from './plan.ts';
import { logNormal, poisson, PURPOSE, stream } from './random.ts';
import { trafficShare } from './traffic.ts';

const HOUR_MS = 3_600_000;

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
}

/** What one ad got in one step. */
export interface Delivery {
  readonly ad: number;
  readonly fromMs: number;
  readonly spendMicros: number;
  readonly impressions: number;
  readonly clicks: number;
}

/** One person who clicked and reached the tracking link, with the purchase that will follow, if any. */
export interface Visit {
  readonly ad: number;
  readonly atMs: number;
  /** Unique in this market, the same in every run of it. */
  readonly key: string;
  readonly purchase: { readonly atMs: number; readonly valueMicros: number } | null;
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
  const paces = plan.ads.map((ad, index) => (levers.ads[index]?.on ? unboundedPace(ad, plan, levers) : null));
  const budgets = adsetBudgets(plan, levers);
  const dayDemand = plan.adsets.map(() => 0);
  for (const [index, ad] of plan.ads.entries()) {
    dayDemand[ad.adset] = (dayDemand[ad.adset] ?? 0) + spendPerDay(paces[index]);
  }
  const spentToday = [...state.spentToday];
  let { nowMs, dayEndMs } = state;
  let dayStartMs = dayEndMs === 0 ? 0 : dayOf(dayEndMs - 1, plan.timeZone).startMs;

  while (nowMs + stepMs <= toMs) {
    if (nowMs >= dayEndMs) {
      const day = dayOf(nowMs, plan.timeZone);
      dayStartMs = day.startMs;
      dayEndMs = day.endMs;
      spentToday.fill(0);
    }
    const stepIndex = nowMs / stepMs;
    const dayIndex = Math.round(dayStartMs / (24 * HOUR_MS));
    const share =
      trafficShare(Math.floor((nowMs - dayStartMs) / HOUR_MS), weekday(dayStartMs)) * (stepMs / HOUR_MS);

    for (let index = 0; index < plan.ads.length; index += 1) {
      const ad = plan.ads[index];
      const pace = paces[index];
      if (!ad || !pace) continue;
      const budget = budgets[ad.adset] ?? Infinity;
      const spent = spentToday[ad.adset] ?? 0;
      const demand = dayDemand[ad.adset] ?? 0;
      const left = budget - spent;
      if (left <= 0) continue;
      // The platform spreads a day's budget over the day's traffic instead of spending it all in the morning.
      const pacing = demand > budget ? budget / demand : 1;
      const clicks = poisson(pace.clicks * pacing * share, stream(seed, index, PURPOSE.clicks, stepIndex)());
      const impressions =
        clicks +
        poisson(
          (pace.clicks * pacing * share) / ad.ctr,
          stream(seed, index, PURPOSE.impressions, stepIndex)(),
        );
      if (impressions === 0) continue;
      const price = pace.cpcMicros * (0.8 + 0.4 * stream(seed, index, PURPOSE.price, stepIndex)());
      const spendMicros = Math.min(Math.round((clicks * price) / 10_000) * 10_000, left);
      spentToday[ad.adset] = spent + spendMicros;
      deliveries.push({ ad: index, fromMs: nowMs, spendMicros, impressions, clicks });
      if (clicks > 0) drawVisits({ state, ad, index, clicks, fromMs: nowMs, stepIndex, dayIndex }, visits);
    }
    nowMs += stepMs;
  }
  return { state: { ...state, nowMs, dayEndMs, spentToday }, events: { deliveries, visits } };
}

interface Pace {
  /** Clicks a day were the budget endless. */
  readonly clicks: number;
  readonly cpcMicros: number;
}

function unboundedPace(ad: AdPlan, plan: MarketPlan, levers: Levers): Pace | null {
  const adset = levers.adsets[ad.adset];
  const adsetPlan = plan.adsets[ad.adset];
  const campaign = adsetPlan && levers.campaigns[adsetPlan.campaign];
  if (!adset || !campaign?.on || !adset.on) return null;
  if (adset.bidMicros === null) return { clicks: ad.opportunities, cpcMicros: ad.cpcMicros };
  // A cap is an amount per conversion; the platform bids it times its own estimate of the conversion rate.
  const bid = adset.bidMicros * conversionRate(ad, plan.targetMicros) * ad.platformBias;
  return { clicks: ad.opportunities * winShare(bid, ad.cpcMicros), cpcMicros: clickPrice(bid, ad.cpcMicros) };
}

function spendPerDay(pace: Pace | null | undefined): number {
  return pace ? pace.clicks * pace.cpcMicros : 0;
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

interface ClickedStep {
  readonly state: MarketState;
  readonly ad: AdPlan;
  readonly index: number;
  readonly clicks: number;
  readonly fromMs: number;
  readonly stepIndex: number;
  readonly dayIndex: number;
}

function drawVisits(clicked: ClickedStep, into: Visit[]): void {
  const { state, ad, index, stepIndex } = clicked;
  const { seed, plan } = state;
  const day = logNormal(1, plan.dayNoise, stream(seed, index, PURPOSE.day, clicked.dayIndex)());
  const rate = conversionRate(ad, plan.targetMicros) * day * Math.exp(-(plan.dayNoise ** 2) / 2);
  const draw = stream(seed, index, PURPOSE.visit, stepIndex);
  for (let number = 0; number < clicked.clicks; number += 1) {
    // Six draws for every click, used or not, so that the next click's are always the same.
    const [at, lands, buys, value] = [draw(), draw(), draw(), draw()];
    const delayMs = drawDelay(ad.delay, draw);
    // One click in thirty never reaches the page: closed tabs, accidental taps.
    if (lands < 1 / 30) continue;
    const atMs = clicked.fromMs + Math.floor(at * state.stepMs);
    const purchase =
      buys < rate * (30 / 29) ? { atMs: atMs + delayMs, valueMicros: orderValue(ad, value) } : null;
    into.push({ ad: index, atMs, key: `${index}-${stepIndex}-${number}`, purchase });
  }
}

/** Whole cents, at least one. */
function orderValue(ad: AdPlan, u: number): number {
  const median = ad.valueMicros * Math.exp(-(ad.valueLogSd ** 2) / 2);
  return Math.max(1, Math.round(logNormal(median, ad.valueLogSd, u) / 10_000)) * 10_000;
}

function weekday(dayStartMs: number): number {
  // Noon is on the same UTC date's weekday in every zone from -11 to +11; a traffic table needs no more.
  return new Date(dayStartMs + 12 * HOUR_MS).getUTCDay();
}
