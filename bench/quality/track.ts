import { NOTHING, type Visit } from '../../src/sandbox/market/ad-step.ts';
import { trend, priceLevel } from '../../src/sandbox/market/conditions.ts';
import { postbackArrivals, type PostbackFaults } from '../../src/sandbox/market/postback-fate.ts';
import { stolenWith } from '../../src/sandbox/market/theft.ts';
import { AdRunner, type AdsetLevers, type RunnerWorld, timeOf } from './ad-runner.ts';
import { STEP_MS, STEPS_A_DAY, TARGET } from './scenarios.ts';

/** A conversion as the postbacks tell it. Values in major units. */
export interface Purchase {
  readonly clickMs: number;
  /** Its own time. */
  readonly atMs: number;
  /** When its first postback arrives; Infinity when none ever does. */
  readonly seenMs: number;
  readonly value: number;
}

/**
 * One ad's delivery from some instant on while nobody touches it. Columns by step; sums run from the start and are one
 * longer than there are steps. Shared by all policies: an ad follows it until the first change of one of its levers.
 */
export interface Track {
  readonly startMs: number;
  readonly steps: number;
  readonly cumSpendMicros: Float64Array;
  readonly cumClicks: Float64Array;
  readonly cumExpected: Float64Array;
  /** In order of arrival. */
  readonly purchases: readonly Purchase[];
  /** Major units and clicks by whole hour and day since the start. */
  readonly hours: Buckets;
  readonly days: Buckets;
  /** What the ad is worth each day by all that can be known of it: 1 earns what it costs. */
  readonly worth: readonly number[];
}

export interface Buckets {
  readonly spend: number[];
  readonly clicks: number[];
}

export const STEPS_AN_HOUR = 3_600_000 / STEP_MS;

/** Lets one ad run untouched, or under levers that change by day (the oracle's bids). */
export function makeTrack(
  world: RunnerWorld,
  index: number,
  options: {
    readonly levers: AdsetLevers;
    readonly startMs: number;
    readonly steps: number;
    readonly faults: PostbackFaults | undefined;
    /** Nothing runs before this step; left out: 0. */
    readonly beginsStep?: number;
    readonly leversOfDay?: (dayStartMs: number) => AdsetLevers;
  },
): Track {
  const { startMs, steps } = options;
  const runner = new AdRunner(world, index, options.levers);
  const cumSpendMicros = new Float64Array(steps + 1);
  const cumClicks = new Float64Array(steps + 1);
  const cumExpected = new Float64Array(steps + 1);
  const visits: Visit[] = [];
  const worth: number[] = [];
  for (let k = 0; k < steps; k += 1) {
    const fromMs = startMs + k * STEP_MS;
    if (k % STEPS_A_DAY === 0) {
      worth.push(worthOn(world, index, fromMs, cumSpendMicros, k));
      if (options.leversOfDay !== undefined) runner.change(options.leversOfDay(fromMs));
    }
    const got = k < (options.beginsStep ?? 0) ? NOTHING : runner.run(fromMs, visits);
    cumSpendMicros[k + 1] = (cumSpendMicros[k] ?? 0) + got.spendMicros;
    cumClicks[k + 1] = (cumClicks[k] ?? 0) + got.clicks;
    cumExpected[k + 1] = (cumExpected[k] ?? 0) + got.expected;
  }
  return {
    startMs,
    steps,
    cumSpendMicros,
    cumClicks,
    cumExpected,
    purchases: purchasesOf(world, visits, options.faults),
    hours: bucketsOf(cumSpendMicros, cumClicks, steps, STEPS_AN_HOUR),
    days: bucketsOf(cumSpendMicros, cumClicks, steps, STEPS_A_DAY),
    worth,
  };
}

/** Keeps the draws of stolen conversions' postbacks apart from the others'. */
const STOLEN = 2 ** 40;

/** Visits that buy, and what their source steals besides, in order of arrival. */
export function purchasesOf(
  { seed, theftOf }: RunnerWorld,
  visits: readonly Visit[],
  faults: PostbackFaults | undefined,
): Purchase[] {
  const found: Purchase[] = [];
  const all = visits.flatMap((visit) => {
    const theft = theftOf?.(visit.ad) ?? null;
    const stolen = theft === null ? null : stolenWith(seed, visit, theft);
    return stolen === null ? [visit] : [visit, stolen];
  });
  for (const { ad, atMs, key, purchase } of all) {
    if (purchase === null) continue;
    const [, step = '0', number = '0', stolen] = key.split('-');
    const index = Number(step) * 64 + Number(number) + (stolen === undefined ? 0 : STOLEN);
    const arrivals = postbackArrivals(seed, ad, index, purchase.atMs, faults);
    found.push({
      clickMs: atMs,
      atMs: purchase.atMs,
      // A repeated postback is the same conversion: the first one counts it.
      seenMs: Math.min(...arrivals, Infinity),
      value: purchase.valueMicros / 1e6,
    });
  }
  return found.toSorted((a, b) => a.seenMs - b.seenMs);
}

function bucketsOf(spend: Float64Array, clicks: Float64Array, steps: number, each: number): Buckets {
  const buckets: Buckets = { spend: [], clicks: [] };
  for (let k = 0; k + each <= steps; k += each) {
    buckets.spend.push(((spend[k + each] ?? 0) - (spend[k] ?? 0)) / 1e6);
    buckets.clicks.push((clicks[k + each] ?? 0) - (clicks[k] ?? 0));
  }
  return buckets;
}

/** Efficiency by all that can be known: θ, fatigue, turns, weekends and prices; not the luck of the day. */
function worthOn(
  world: RunnerWorld,
  index: number,
  fromMs: number,
  cumSpendMicros: Float64Array,
  k: number,
): number {
  const ad = world.plan.ads[index];
  if (ad === undefined) return 0;
  const time = timeOf(fromMs);
  const { drift } = world.plan;
  const memory = memoryAt(world, index, fromMs - k * STEP_MS, cumSpendMicros, k);
  return (
    (ad.theta *
      (world.worthOf?.(index) ?? 1) *
      trend(ad, drift, { ...memory, learned: 0 }, fromMs, time.weekday)) /
    priceLevel(world.seed, drift, time.dayIndex)
  );
}

/** What an ad remembers after k untouched steps, but for what its platform has learned. */
export function memoryAt(
  world: RunnerWorld,
  index: number,
  startMs: number,
  cumSpendMicros: Float64Array,
  k: number,
): { readonly spentMicros: number; readonly tiredMs: number | null } {
  const fatigue = world.plan.ads[index]?.fatigue;
  const spentMicros = cumSpendMicros[k] ?? 0;
  if (fatigue === undefined || spentMicros < fatigue.afterMicros) return { spentMicros, tiredMs: null };
  let low = 0;
  let high = k;
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((cumSpendMicros[middle] ?? 0) >= fatigue.afterMicros) high = middle;
    else low = middle + 1;
  }
  // The step that reached it is the one before the sum that holds it.
  return { spentMicros, tiredMs: startMs + (low - 1) * STEP_MS };
}

/** Profit of spend and of the conversions it will make on average, with a conversion worth `value`. Major units. */
export function profitOf(spendMicros: number, expected: number, value = TARGET): number {
  return expected * value - spendMicros / 1e6;
}
