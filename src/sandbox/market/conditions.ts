import type { AdPlan, MarketDrift, MarketPlan } from './plan.ts';
import { logNormal, normal, PURPOSE, stream } from './random.ts';

const DAY_MS = 86_400_000;

/** What one ad's past changes about its future. Plain data, kept only in markets that drift. */
export interface AdMemory {
  spentMicros: number;
  /** Instant at which spending tired it; null before. */
  tiredMs: number | null;
  /** Conversions earned since the last significant edit. */
  learned: number;
}

export function freshMemory(): AdMemory {
  return { spentMicros: 0, tiredMs: null, learned: 0 };
}

/**
 * Factor on an ad's efficiency on one day, besides its luck of the day: fatigue, a turn for better or worse, weekends.
 * Never depends on draws.
 */
export function trend(
  ad: AdPlan,
  drift: MarketDrift | undefined,
  memory: AdMemory | undefined,
  fromMs: number,
  weekday: number,
): number {
  let factor = 1;
  if (ad.turn !== undefined && fromMs >= ad.turn.atMs) factor *= ad.turn.factor;
  if (ad.fatigue !== undefined && memory !== undefined && memory.tiredMs !== null)
    factor *= (1 - ad.fatigue.perDay) ** Math.floor((fromMs - memory.tiredMs) / DAY_MS);
  if (drift?.weekend !== undefined && (weekday === 0 || weekday === 6)) factor *= drift.weekend;
  return factor;
}

/** An ad's luck of the day: log-normal with mean 1, part of it shared by all ads where the plan says so. */
export function dayLuck(seed: number, plan: MarketPlan, index: number, dayIndex: number): number {
  const own = stream(seed, index, PURPOSE.day, dayIndex)();
  const shared = plan.drift?.sharedNoise ?? 0;
  const centre = Math.exp(-(plan.dayNoise ** 2) / 2);
  if (shared === 0) return logNormal(1, plan.dayNoise, own) * centre;
  const common = stream(seed, 0, PURPOSE.sharedDay, dayIndex)();
  const z = Math.sqrt(1 - shared) * normal(own) + Math.sqrt(shared) * normal(common);
  return Math.exp(plan.dayNoise * z) * centre;
}

/** Factor on the market's price of a click in one week. */
export function priceLevel(seed: number, drift: MarketDrift | undefined, dayIndex: number): number {
  if (drift?.prices === undefined) return 1;
  const week = Math.floor(dayIndex / 7);
  const { weekly, season, seasonWeek } = drift.prices;
  const luck = 1 + weekly * (2 * stream(seed, 0, PURPOSE.priceWeek, week)() - 1);
  return week === seasonWeek ? luck * (1 + season) : luck;
}

/** Factor on what an ad pays for a click while the platform still learns. */
export function learningPrice(drift: MarketDrift | undefined, memory: AdMemory | undefined): number {
  if (drift?.learning === undefined || memory === undefined) return 1;
  return 1 + drift.learning.extra * Math.exp(-memory.learned / drift.learning.conversions);
}

/** Whether ads of this plan have to remember anything. */
export function remembers(plan: MarketPlan): boolean {
  return plan.drift?.learning !== undefined || plan.ads.some((ad) => ad.fatigue !== undefined);
}
