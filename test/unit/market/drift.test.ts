import { createHash } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { dayLuck, learningPrice, priceLevel, trend } from '../../../src/sandbox/market/conditions.ts';
import { type DrawnOptions, drawnPlan } from '../../../src/sandbox/market/drawn-plan.ts';
import { createMarket, isSignificantEdit, step } from '../../../src/sandbox/market/market.ts';
import { type MarketPlan, startingLevers } from '../../../src/sandbox/market/plan.ts';
import {
  outageAround,
  postbackArrivals,
  type PostbackFaults,
  USUAL_FAULTS,
} from '../../../src/sandbox/market/postback-fate.ts';
import { samplePlan } from '../../../src/sandbox/market/sample-plan.ts';

const START_MS = Date.UTC(2026, 8, 7);
const DAY_MS = 86_400_000;

const OPTIONS: DrawnOptions = {
  campaigns: 1,
  adsPerCampaign: 1,
  targetMicros: 30_000_000,
  valueMicros: 30_000_000,
  valueLogSd: 0.7,
  delay: 'fast',
  shape: 2.5,
  dayNoise: 0,
  budgetInTargets: 20,
  theta: 1.5,
};

function purchases(plan: MarketPlan, days: number, seed = 3): { bought: number[]; spentMicros: number } {
  const market = createMarket(seed, { plan, startMs: START_MS, stepMs: 600_000 });
  const { events } = step(market, START_MS + days * DAY_MS, startingLevers(plan));
  return {
    bought: events.visits.flatMap(({ atMs, purchase }) => (purchase === null ? [] : [atMs])),
    spentMicros: events.deliveries.reduce((sum, delivery) => sum + delivery.spendMicros, 0),
  };
}

describe('the sample market', () => {
  it('draws what it has always drawn', () => {
    const plan = samplePlan(7);
    const startMs = Date.UTC(2026, 9, 29);
    const run = step(createMarket(7, { plan, startMs }), startMs + 20 * DAY_MS, startingLevers(plan));
    expect(createHash('sha1').update(JSON.stringify(run)).digest('hex')).toBe(
      '3390554bb1d2d01b4ea6c5f3b60c8ef4b978174c',
    );
  });
});

describe('a market that drifts', () => {
  it('loses half of an ad’s sales from its turn on', () => {
    const drawn = drawnPlan(3, OPTIONS);
    const plan = {
      ...drawn,
      ads: drawn.ads.map((ad) => ({ ...ad, turn: { atMs: START_MS + 40 * DAY_MS, factor: 0.5 } })),
    };
    const { bought } = purchases(plan, 80);
    const before = bought.filter((atMs) => atMs < START_MS + 40 * DAY_MS).length;
    const share = (bought.length - before) / before;
    expect(before).toBeGreaterThan(200);
    expect(Math.abs(share - 0.5)).toBeLessThan(0.15);
  });

  it('tires an ad by 1 % a day once its spend has passed the mark', () => {
    const ad = { ...drawnPlan(3, OPTIONS).ads[0]!, fatigue: { afterMicros: 1, perDay: 0.01 } };
    const memory = { spentMicros: 5, tiredMs: START_MS, learned: 0 };
    expect(trend(ad, undefined, memory, START_MS + 10 * DAY_MS, 2)).toBeCloseTo(0.99 ** 10, 12);
    expect(trend(ad, undefined, { ...memory, tiredMs: null }, START_MS + 10 * DAY_MS, 2)).toBe(1);
    expect(trend(ad, { weekend: 0.9 }, { ...memory, tiredMs: null }, START_MS, 6)).toBe(0.9);
  });

  it('charges more per click while the platform learns, again after a significant edit', () => {
    const learning = { extra: 0.3, conversions: 25 };
    const price = (learned: number): number =>
      learningPrice({ learning }, { spentMicros: 0, tiredMs: null, learned });
    expect(price(0)).toBeCloseTo(1.3, 12);
    expect(price(100)).toBeLessThan(1.01);
    const levers = startingLevers(drawnPlan(3, OPTIONS)).adsets[0]!;
    const budget = levers.dailyBudgetMicros ?? 0;
    expect(isSignificantEdit(levers, { ...levers, dailyBudgetMicros: budget * 1.15 })).toBe(false);
    expect(isSignificantEdit(levers, { ...levers, dailyBudgetMicros: budget * 1.25 })).toBe(true);
    expect(isSignificantEdit(levers, { ...levers, on: false })).toBe(false);
    expect(isSignificantEdit({ ...levers, on: false }, levers)).toBe(true);
  });

  it('sells less for the same money in its learning phase', () => {
    const plan = drawnPlan(3, { ...OPTIONS, budgetInTargets: 3 });
    const learns = { ...plan, drift: { learning: { extra: 0.3, conversions: 1e9 } } };
    const [usual, learning] = [purchases(plan, 200), purchases(learns, 200)];
    expect(learning.spentMicros / usual.spentMicros).toBeGreaterThan(0.95);
    const share = learning.bought.length / usual.bought.length;
    expect(Math.abs(share - 1 / 1.3)).toBeLessThan(0.06);
  });

  it('moves prices by the week and raises them in its season', () => {
    const prices = { weekly: 0.1, season: 0.15, seasonWeek: 3 };
    expect(priceLevel(1, undefined, 20)).toBe(1);
    const weeks = Array.from({ length: 40 }, (_, week) => priceLevel(1, { prices }, week * 7));
    for (const [week, level] of weeks.entries()) {
      expect(level).toBeGreaterThanOrEqual(week === 3 ? 0.9 * 1.15 : 0.9);
      expect(level).toBeLessThanOrEqual(week === 3 ? 1.1 * 1.15 : 1.1);
      expect(priceLevel(1, { prices }, week * 7 + 6)).toBe(level);
    }
    expect(new Set(weeks).size).toBe(40);
  });

  it('shares part of the day’s luck between ads, mean 1 and variance kept', () => {
    const plan = { ...drawnPlan(3, OPTIONS), dayNoise: 0.2, drift: { sharedNoise: 0.5 } };
    const logs = (ad: number): number[] =>
      Array.from({ length: 4_000 }, (_, day) => Math.log(dayLuck(9, plan, ad, day)) + 0.02);
    const [one, other] = [logs(0), logs(1)];
    const mean = (of: readonly number[]): number => of.reduce((a, b) => a + b, 0) / of.length;
    const covariance = mean(one.map((value, day) => value * (other[day] ?? 0)));
    expect(Math.abs(mean(one))).toBeLessThan(0.01);
    expect(Math.abs(mean(one.map((value) => value ** 2)) - 0.04)).toBeLessThan(0.003);
    expect(Math.abs(covariance / 0.04 - 0.5)).toBeLessThan(0.06);
  });

  it('keeps the mean of order values under a heavy tail', () => {
    const plan = drawnPlan(5, {
      ...OPTIONS,
      budgetInTargets: 400,
      valueLogSd: 1.1,
      valueTail: 1.6,
    });
    const market = createMarket(5, { plan, startMs: START_MS, stepMs: 600_000 });
    const { events } = step(market, START_MS + 60 * DAY_MS, startingLevers(plan));
    const values = events.visits.flatMap(({ purchase }) =>
      purchase === null ? [] : [purchase.valueMicros / 1e6],
    );
    const mean = values.reduce((a, b) => a + b, 0) / values.length;
    expect(values.length).toBeGreaterThan(20_000);
    // Tail index 1.6: the mean of 30,000 orders still scatters by some percent.
    expect(Math.abs(mean / 30 - 1)).toBeLessThan(0.12);
    expect(Math.max(...values)).toBeGreaterThan(30 * 20);
  });
});

describe('postbacks on their way', () => {
  const faults: PostbackFaults = { ...USUAL_FAULTS, fromMs: START_MS };

  it('arrive as they are sent where nothing goes wrong', () => {
    expect(postbackArrivals(1, 0, 7, START_MS + 5, undefined)).toEqual([START_MS + 5]);
  });

  it('are lost, repeated and late as often as the faults say', () => {
    const calm = { ...faults, outageHours: 0 };
    const all = Array.from({ length: 20_000 }, (_, index) =>
      postbackArrivals(1, 0, index, START_MS + index, calm),
    );
    const share = (holds: (arrivals: readonly number[], index: number) => boolean): number =>
      all.filter(holds).length / all.length;
    expect(Math.abs(share((arrivals) => arrivals.length === 0) - 0.03)).toBeLessThan(0.006);
    expect(Math.abs(share((arrivals) => arrivals.length === 2) - 0.0194)).toBeLessThan(0.005);
    expect(
      Math.abs(share(([first], index) => first !== undefined && first > START_MS + index) - 0.0097),
    ).toBeLessThan(0.004);
  });

  it('are silent for six hours once in thirty days, and come afterwards or never', () => {
    let [kept, gone] = [0, 0];
    for (let seed = 1; seed <= 40; seed += 1) {
      const outage = outageAround(seed, faults, START_MS + 3 * DAY_MS);
      expect(outage.toMs - outage.fromMs).toBe(6 * 3_600_000);
      expect(outage.toMs).toBeLessThanOrEqual(START_MS + 30 * DAY_MS);
      const arrivals = Array.from({ length: 200 }, (_, index) =>
        postbackArrivals(seed, 1, index, outage.fromMs + 3_600_000, { ...faults, lost: 0, delayed: 0 }),
      );
      for (const times of arrivals) for (const at of times) expect(at).toBeGreaterThanOrEqual(outage.toMs);
      if (arrivals.every((times) => times.length === 0)) gone += 1;
      else kept += 1;
    }
    expect(kept).toBeGreaterThan(8);
    expect(gone).toBeGreaterThan(8);
  });
});
