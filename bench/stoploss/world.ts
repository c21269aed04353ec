import { createMarket, step } from '../../src/sandbox/market/market.ts';
import { type MarketPlan, startingLevers } from '../../src/sandbox/market/plan.ts';
import { logNormal, PURPOSE, stream } from '../../src/sandbox/market/random.ts';

export const MINUTE_MS = 60_000;
export const HOUR_MS = 60 * MINUTE_MS;
export const DAY_MS = 24 * HOUR_MS;
/** A Monday, so that its days are ordinary ones. */
export const START_MS = Date.UTC(2026, 10, 2);
const ADS_PER_CAMPAIGN = 20;

/** What happened in a market that nobody stopped: a pause cuts a trajectory off, it never shifts it. */
export interface World {
  readonly days: number;
  readonly ads: readonly AdTrace[];
}

export interface AdTrace {
  readonly campaign: number;
  /** Micros spent before each minute since START_MS; one more than there are minutes. */
  readonly spent: Float64Array;
  /** Instants of the visits that reached the tracking link, ascending. */
  readonly visits: readonly number[];
  /** Visits before each hour since START_MS; one more than there are hours. */
  readonly visitsBefore: Int32Array;
}

/**
 * Ads on automatic bidding whose days would cost three stop-loss lines in the median, some a third, some ten times.
 *
 * @param priceDrift log standard deviation by which the price of a click wanders from hour to hour, for each ad alone: the
 *   sample market's own prices vary by ±20 % from minute to minute and hardly from hour to hour.
 */
export function makeWorld(options: {
  readonly seed: number;
  readonly ads: number;
  readonly days: number;
  readonly lineMicros: number;
  readonly priceDrift: number;
}): World {
  const { seed, days, lineMicros } = options;
  const plan = planOf(seed, options.ads, lineMicros);
  const toMs = START_MS + days * DAY_MS;
  const { events } = step(createMarket(seed, { plan, startMs: START_MS }), toMs, startingLevers(plan));
  const minutes = days * 1440;
  const perMinute = plan.ads.map(() => new Float64Array(minutes + 1));
  for (const { ad, fromMs, spendMicros } of events.deliveries) {
    const minute = Math.floor((fromMs - START_MS) / MINUTE_MS);
    const hour = Math.floor(minute / 60);
    const drift = options.priceDrift;
    const price =
      logNormal(1, drift, stream(seed + 1, ad, PURPOSE.price, hour)()) * Math.exp(-(drift ** 2) / 2);
    const spent = perMinute[ad];
    if (spent) spent[minute + 1] = (spent[minute + 1] ?? 0) + spendMicros * price;
  }
  const visits = plan.ads.map((): number[] => []);
  for (const visit of events.visits) visits[visit.ad]?.push(visit.atMs);
  const ads = perMinute.map((spent, index): AdTrace => {
    for (let minute = 1; minute <= minutes; minute += 1)
      spent[minute] = (spent[minute] ?? 0) + (spent[minute - 1] ?? 0);
    const own = (visits[index] ?? []).toSorted((a, b) => a - b);
    const before = new Int32Array(days * 24 + 1);
    for (const atMs of own) {
      const hour = Math.floor((atMs - START_MS) / HOUR_MS);
      before[hour + 1] = (before[hour + 1] ?? 0) + 1;
    }
    for (let hour = 1; hour < before.length; hour += 1)
      before[hour] = (before[hour] ?? 0) + (before[hour - 1] ?? 0);
    return { campaign: Math.floor(index / ADS_PER_CAMPAIGN), spent, visits: own, visitsBefore: before };
  });
  return { days, ads };
}

/** Micros an ad had spent by an instant, evenly within its minute. */
export function spentAt(ad: AdTrace, atMs: number): number {
  const place = Math.min(ad.spent.length - 1, Math.max(0, (atMs - START_MS) / MINUTE_MS));
  const minute = Math.floor(place);
  const [from, to] = [ad.spent[minute] ?? 0, ad.spent[minute + 1] ?? ad.spent[minute] ?? 0];
  return from + (to - from) * (place - minute);
}

function planOf(seed: number, ads: number, lineMicros: number): MarketPlan {
  const indexes = Array.from({ length: ads }, (_, index) => index);
  return {
    timeZone: 'UTC',
    currency: 'USD',
    targetMicros: lineMicros / 2,
    campaigns: Array.from({ length: Math.ceil(ads / ADS_PER_CAMPAIGN) }, (_, index) => ({
      id: `c${index}`,
      name: `Campaign ${index}`,
      dailyBudgetMicros: null,
    })),
    adsets: indexes.map((index) => ({
      id: `s${index}`,
      name: `Ad set ${index}`,
      campaign: Math.floor(index / ADS_PER_CAMPAIGN),
      bidStrategy: 'auto',
      bidMicros: null,
      dailyBudgetMicros: null,
    })),
    creatives: [{ id: 'k', name: 'Creative' }],
    ads: indexes.map((index) => {
      const draw = stream(seed, index, PURPOSE.plan, 0);
      const cpcMicros = Math.round(logNormal(1_000_000, 0.2, draw()));
      const dayMicros = logNormal(3 * lineMicros, 0.7, draw());
      return {
        id: `a${index}`,
        name: `Ad ${index}`,
        adset: index,
        creative: 0,
        theta: 0.2,
        cpcMicros,
        opportunities: dayMicros / cpcMicros,
        ctr: 0.02,
        valueMicros: 30_000_000,
        valueLogSd: 0.7,
        delay: 'fast',
        platformBias: 1,
      };
    }),
    dayNoise: 0.2,
  };
}
