import { clickPrice, winShare } from './auction.ts';
import { type AdMemory, dayLuck, learningPrice, priceLevel, trend } from './conditions.ts';
import { drawDelay } from './delay.ts';
import { type AdPlan, conversionRate, type Levers, type MarketPlan } from './plan.ts';
import { logNormal, poisson, PURPOSE, stream } from './random.ts';
import { trafficShare } from './traffic.ts';

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;

/** One step of market time. */
export interface StepTime {
  readonly fromMs: number;
  readonly stepMs: number;
  /** Steps since the epoch. */
  readonly stepIndex: number;
  /** Account-local days since the epoch. */
  readonly dayIndex: number;
  /** 0 is Sunday. */
  readonly weekday: number;
  /** Share of an average day's traffic. */
  readonly share: number;
}

/** The step that begins at `fromMs` in the account-local day that begins at `dayStartMs`. */
export function stepTime(fromMs: number, stepMs: number, dayStartMs: number): StepTime {
  // Noon is on the same UTC date's weekday in every zone from -11 to +11; a traffic table needs no more.
  const weekday = new Date(dayStartMs + 12 * HOUR_MS).getUTCDay();
  return {
    fromMs,
    stepMs,
    stepIndex: fromMs / stepMs,
    dayIndex: Math.round(dayStartMs / DAY_MS),
    weekday,
    share: trafficShare(Math.floor((fromMs - dayStartMs) / HOUR_MS), weekday) * (stepMs / HOUR_MS),
  };
}

/** How fast an ad would spend were its budget endless. */
export interface Pace {
  /** Clicks a day. */
  readonly clicks: number;
  readonly cpcMicros: number;
}

/** What a click costs an ad set bidding as it does, and how many of them it wins. */
export interface Bidding {
  readonly bidStrategy: Levers['adsets'][number]['bidStrategy'];
  readonly bidMicros: number | null;
}

/** @param level factor on market prices at this time, from `marketPrice`. */
export function unboundedPace(ad: AdPlan, targetMicros: number, bidding: Bidding, level: number): Pace {
  const price = ad.cpcMicros * level;
  if (bidding.bidMicros === null) return { clicks: ad.opportunities, cpcMicros: price };
  // A cap is an amount per conversion; the platform bids it times its own estimate of the conversion rate.
  const bid =
    bidding.bidStrategy === 'manual_cpc'
      ? bidding.bidMicros
      : bidding.bidMicros * conversionRate(ad, targetMicros) * ad.platformBias;
  return { clicks: ad.opportunities * winShare(bid, price), cpcMicros: clickPrice(bid, price) };
}

/** Factor on one ad's click prices: the week's price level, and what learning costs. */
export function marketPrice(
  seed: number,
  plan: MarketPlan,
  memory: AdMemory | undefined,
  dayIndex: number,
): number {
  return priceLevel(seed, plan.drift, dayIndex) * learningPrice(plan.drift, memory);
}

/** What one ad got in one step. The scorer alone reads `expected`. */
export interface StepResult {
  readonly clicks: number;
  readonly spendMicros: number;
  /** Conversions that the step's clicks will make on average. */
  readonly expected: number;
}

export const NOTHING: StepResult = { clicks: 0, spendMicros: 0, expected: 0 };

/** One person who clicked and reached the tracking link, with the purchase that will follow, if any. */
export interface Visit {
  readonly ad: number;
  readonly atMs: number;
  /** Unique in this market, the same in every run of it. */
  readonly key: string;
  readonly purchase: { readonly atMs: number; readonly valueMicros: number } | null;
}

/** Everything one ad's step depends on besides the draws. */
export interface AdStep {
  readonly seed: number;
  readonly plan: MarketPlan;
  readonly index: number;
  readonly time: StepTime;
  readonly pace: Pace;
  /** Demand of its whole ad set a day, and the day's budget and what is left of it, micros. */
  readonly demand: number;
  readonly budget: number;
  readonly left: number;
  readonly memory: AdMemory | undefined;
}

/**
 * Lets one ad run for one step. Every draw is a function of seed, ad, purpose and step, so the outcome depends on
 * nothing but what is given; `memory` is brought up to date.
 */
export function adStep(step: AdStep, visits: Visit[]): StepResult {
  const { seed, plan, index, time, pace, demand, budget, left, memory } = step;
  const ad = plan.ads[index];
  if (ad === undefined || left <= 0) return NOTHING;
  // The platform spreads a day's budget over the day's traffic instead of spending it all in the morning.
  const pacing = demand > budget ? budget / demand : 1;
  const clicks = poisson(
    pace.clicks * pacing * time.share,
    stream(seed, index, PURPOSE.clicks, time.stepIndex)(),
  );
  if (clicks === 0) return NOTHING;
  const price = pace.cpcMicros * (0.8 + 0.4 * stream(seed, index, PURPOSE.price, time.stepIndex)());
  const spendMicros = Math.min(Math.round((clicks * price) / 10_000) * 10_000, left);
  const rate =
    conversionRate(ad, plan.targetMicros) *
    dayLuck(seed, plan, index, time.dayIndex) *
    trend(ad, plan.drift, memory, time.fromMs, time.weekday);
  const bought = drawVisits(step, ad, clicks, rate, visits);
  if (memory !== undefined) {
    memory.spentMicros += spendMicros;
    memory.learned += bought;
    if (memory.tiredMs === null && ad.fatigue !== undefined && memory.spentMicros >= ad.fatigue.afterMicros)
      memory.tiredMs = time.fromMs;
  }
  return { clicks, spendMicros, expected: clicks * Math.min(rate, 29 / 30) };
}

/** Impressions of a step, the clicked ones among them. */
export function impressionsOf(step: AdStep, clicks: number): number {
  const { seed, plan, index, time, pace, demand, budget, left } = step;
  const ad = plan.ads[index];
  if (ad === undefined || left <= 0) return 0;
  const pacing = demand > budget ? budget / demand : 1;
  return (
    clicks +
    poisson(
      (pace.clicks * pacing * time.share) / ad.ctr,
      stream(seed, index, PURPOSE.impressions, time.stepIndex)(),
    )
  );
}

function drawVisits(step: AdStep, ad: AdPlan, clicks: number, rate: number, into: Visit[]): number {
  const { time, index, plan } = step;
  const draw = stream(step.seed, index, PURPOSE.visit, time.stepIndex);
  const scale = delayScale(plan, ad, time.fromMs);
  let bought = 0;
  for (let number = 0; number < clicks; number += 1) {
    // Six draws for every click, used or not, so that the next click's are always the same.
    const [at, lands, buys, value] = [draw(), draw(), draw(), draw()];
    const delayMs = drawDelay(ad.delay, draw, scale);
    // One click in thirty never reaches the page: closed tabs, accidental taps.
    if (lands < 1 / 30) continue;
    const atMs = time.fromMs + Math.floor(at * time.stepMs);
    const buysIt = buys < rate * (30 / 29);
    if (buysIt) bought += 1;
    const purchase = buysIt ? { atMs: atMs + delayMs, valueMicros: orderValue(ad, value) } : null;
    into.push({ ad: index, atMs, key: `${index}-${time.stepIndex}-${number}`, purchase });
  }
  return bought;
}

/** Factor on an ad's mean delays at one time. */
export function delayScale(plan: MarketPlan, ad: AdPlan, atMs: number): number {
  const own = ad.delayScale ?? 1;
  const drift = plan.drift?.delays;
  if (drift === undefined || atMs <= drift.sinceMs) return own;
  return own * (1 + drift.perDay) ** ((atMs - drift.sinceMs) / DAY_MS);
}

/** z of the 99th percentile, where a Pareto tail begins. */
const Z99 = 2.3263478740408408;
/** Means of tailed values by sigma and tail index: needed for every order. */
const tails = new Map<string, number>();

/** Whole cents, at least one. */
function orderValue(ad: AdPlan, u: number): number {
  const { valueMicros, valueLogSd: sd, valueTail: tail } = ad;
  const median = valueMicros * Math.exp(-(sd ** 2) / 2);
  let value = logNormal(median, sd, u);
  if (tail !== undefined) {
    if (u > 0.99) value = median * Math.exp(sd * Z99) * ((1 - u) / 0.01) ** (-1 / tail);
    value /= tailMean(sd, tail);
  }
  return Math.max(1, Math.round(value / 10_000)) * 10_000;
}

/** Mean of a log-normal with a Pareto tail above its 99th percentile, as a multiple of the plain log-normal's. */
function tailMean(sd: number, tail: number): number {
  const key = `${sd} ${tail}`;
  const known = tails.get(key);
  if (known !== undefined) return known;
  const mean = Math.exp((sd * sd) / 2);
  // Below: by midpoints of u; above: p99 · α / (α − 1).
  let below = 0;
  const parts = 20_000;
  for (let part = 0; part < parts; part += 1)
    below += (logNormal(1, sd, (0.99 * (part + 0.5)) / parts) * 0.99) / parts;
  const multiple = (below + (0.01 * Math.exp(sd * Z99) * tail) / (tail - 1)) / mean;
  tails.set(key, multiple);
  return multiple;
}
