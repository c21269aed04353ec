import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { clickPrice, winShare } from '../../../src/sandbox/market/auction.ts';
import { arrivedShare, drawDelay } from '../../../src/sandbox/market/delay.ts';
import { drawnPlan } from '../../../src/sandbox/market/drawn-plan.ts';
import { createMarket, type MarketEvents, step } from '../../../src/sandbox/market/market.ts';
import {
  conversionRate,
  type Levers,
  type MarketPlan,
  startingLevers,
} from '../../../src/sandbox/market/plan.ts';
import { poisson, PURPOSE, stream } from '../../../src/sandbox/market/random.ts';
import { samplePlan } from '../../../src/sandbox/market/sample-plan.ts';

const START_MS = Date.UTC(2026, 10, 10, 5);
const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;
const plan = samplePlan(7);

function run(levers: Levers, options: { toMs?: number; of?: MarketPlan; seed?: number } = {}): MarketEvents {
  const market = createMarket(options.seed ?? 7, { plan: options.of ?? plan, startMs: START_MS });
  return step(market, START_MS + (options.toMs ?? DAY_MS), levers).events;
}

function withAdset(index: number, change: Partial<Levers['adsets'][number]>): Levers {
  const levers = startingLevers(plan);
  return {
    ...levers,
    adsets: levers.adsets.map((adset, at) => (at === index ? { ...adset, ...change } : adset)),
  };
}

const ofAdset = (events: MarketEvents, adset: number, of = plan): MarketEvents => ({
  deliveries: events.deliveries.filter((delivery) => of.ads[delivery.ad]?.adset === adset),
  visits: events.visits.filter((visit) => of.ads[visit.ad]?.adset === adset),
});
const spend = (events: MarketEvents): number =>
  events.deliveries.reduce((sum, delivery) => sum + delivery.spendMicros, 0);

describe('market', () => {
  it('is the same for the same seed and another for another seed', () => {
    expect(run(startingLevers(plan))).toEqual(run(startingLevers(plan)));
    expect(run(startingLevers(plan), { seed: 8 })).not.toEqual(run(startingLevers(plan)));
  });

  it('comes out the same however its time is cut into calls', () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 1, max: 6 * 60 }), { minLength: 1, maxLength: 6 }), (cuts) => {
        const levers = startingLevers(plan);
        let state = createMarket(7, { plan, startMs: START_MS });
        const visits = [];
        let toMs = START_MS;
        for (const minutes of cuts) {
          toMs += minutes * 60_000 + 17;
          const next = step(state, toMs, levers);
          state = next.state;
          visits.push(...next.events.visits);
        }
        expect(visits).toEqual(
          step(createMarket(7, { plan, startMs: START_MS }), toMs, levers).events.visits,
        );
      }),
      { numRuns: 15 },
    );
  });

  it('leaves the given state as it was', () => {
    const market = createMarket(7, { plan, startMs: START_MS });
    const copy = structuredClone(market);
    step(market, START_MS + DAY_MS, startingLevers(plan));
    expect(market).toEqual(copy);
  });

  it('survives JSON between two steps', () => {
    const levers = startingLevers(plan);
    const half = step(createMarket(7, { plan, startMs: START_MS }), START_MS + DAY_MS / 2, levers);
    const restored = JSON.parse(JSON.stringify(half.state)) as typeof half.state;
    expect(step(restored, START_MS + DAY_MS, levers).events).toEqual(
      step(half.state, START_MS + DAY_MS, levers).events,
    );
  });

  it('draws the same for everybody else when one ad set is paused or bids otherwise', () => {
    const untouched = run(startingLevers(plan));
    for (const touched of [run(withAdset(3, { on: false })), run(withAdset(2, { bidMicros: 28_000_000 }))]) {
      for (const other of [0, 1, 4, 5, 6, 7])
        expect(ofAdset(touched, other)).toEqual(ofAdset(untouched, other));
    }
    expect(ofAdset(run(withAdset(3, { on: false })), 3).deliveries).toEqual([]);
  });

  it('gives a raised cap more clicks, none of the old ones lost', () => {
    const before = ofAdset(run(startingLevers(plan)), 2);
    const after = ofAdset(run(withAdset(2, { bidMicros: 28_000_000 })), 2);
    expect(after.visits.length).toBeGreaterThan(before.visits.length * 1.3);
    const keys = new Set(after.visits.map((visit) => visit.key));
    expect(before.visits.every((visit) => keys.has(visit.key))).toBe(true);
  });

  it('never spends more than the daily budget, and spends what it can of it', () => {
    const broad = 3;
    const budget = plan.adsets[broad]?.dailyBudgetMicros ?? 0;
    const spent = spend(ofAdset(run(startingLevers(plan)), broad));
    expect(spent).toBeLessThanOrEqual(budget);
    expect(spent).toBeGreaterThan(budget * 0.85);
    const halved = spend(ofAdset(run(withAdset(broad, { dailyBudgetMicros: budget / 2 })), broad));
    expect(halved).toBeLessThanOrEqual(budget / 2);
  });

  it('shares a campaign budget in whole cents', () => {
    const levers = startingLevers(plan);
    const tight = {
      ...levers,
      campaigns: levers.campaigns.map((one) => ({
        ...one,
        dailyBudgetMicros: one.dailyBudgetMicros === null ? null : 100_000_000,
      })),
    };
    const events = run(tight);
    const calm = plan.adsets.flatMap((adset, index) =>
      adset.campaign === 2 ? [spend(ofAdset(events, index))] : [],
    );
    expect(calm).toHaveLength(3);
    for (const spent of calm) {
      expect(spent % 10_000).toBe(0);
      expect(spent).toBeLessThanOrEqual(33_330_000);
      // Some twenty clicks each: a day's luck is a fifth either way.
      expect(spent).toBeGreaterThan(15_000_000);
    }
    expect(calm.reduce((sum, spent) => sum + spent, 0)).toBeGreaterThan(70_000_000);
  });

  it('shows a newcomer two clear losers and two clear winners', () => {
    const events = run(startingLevers(plan), { toMs: 14 * HOUR_MS });
    for (const name of ['Yoga Broad', 'Zen C']) {
      const loser = ofAdset(
        events,
        plan.adsets.findIndex((adset) => adset.name === name),
      );
      expect(spend(loser)).toBeGreaterThan(250_000_000);
      expect(loser.visits.filter((visit) => visit.purchase).length).toBeLessThanOrEqual(1);
    }
    for (const name of ['Yoga C', 'Zen B']) {
      const winner = ofAdset(
        events,
        plan.adsets.findIndex((adset) => adset.name === name),
      );
      const value = winner.visits.reduce((sum, visit) => sum + (visit.purchase?.valueMicros ?? 0), 0);
      expect(value).toBeGreaterThan(2 * spend(winner));
    }
  });

  it('recovers the hidden efficiency over a long run', () => {
    const of = drawnPlan(3, {
      campaigns: 1,
      adsPerCampaign: 2,
      targetMicros: 30_000_000,
      valueMicros: 30_000_000,
      valueLogSd: 0.7,
      delay: 'slow',
      shape: 2.5,
      dayNoise: 0,
      budgetInTargets: 20,
      theta: 1.25,
    });
    const market = createMarket(3, { plan: of, startMs: START_MS, stepMs: 600_000 });
    const { events } = step(market, START_MS + 200 * DAY_MS, startingLevers(of));
    const purchases = events.visits.filter((visit) => visit.purchase).length;
    // θ = target × conversions ÷ spend; 7,000 conversions make a standard error of 1.2 %.
    expect((30_000_000 * purchases) / spend(events)).toBeGreaterThan(1.19);
    expect((30_000_000 * purchases) / spend(events)).toBeLessThan(1.31);
    expect(purchases).toBeGreaterThan(3_000);
    expect(conversionRate(of.ads[0]!, of.targetMicros)).toBeGreaterThan(0);
  }, 60_000);

  it('gives every ad an id beyond 2^53, each once', () => {
    const ids = [...plan.campaigns, ...plan.adsets, ...plan.ads, ...plan.creatives].map(
      (object) => object.id,
    );
    expect(new Set(ids).size).toBe(ids.length);
    expect(ids.every((id) => BigInt(id) > 2n ** 53n)).toBe(true);
    expect(plan.creatives.length).toBeLessThan(plan.ads.length);
  });
});

describe('draws', () => {
  it('are spread evenly and do not depend on neighbours', () => {
    const bins = Array.from({ length: 10 }, () => 0);
    for (let index = 0; index < 20_000; index += 1) {
      const bin = Math.floor(stream(1, index % 7, PURPOSE.clicks, index)() * 10);
      bins[bin] = (bins[bin] ?? 0) + 1;
    }
    // 2,000 each, standard deviation 42.
    for (const count of bins) expect(Math.abs(count - 2_000)).toBeLessThan(220);
  });

  it('make a Poisson of the right mean that grows with its mean', () => {
    const uniforms = Array.from({ length: 20_000 }, (_, index) => stream(2, 0, PURPOSE.price, index)());
    const mean = uniforms.reduce((sum, u) => sum + poisson(3.7, u), 0) / uniforms.length;
    expect(Math.abs(mean - 3.7)).toBeLessThan(0.06);
    fc.assert(
      fc.property(
        fc.double({ min: 0, max: 0.999999, noNaN: true }),
        fc.double({ min: 0, max: 50, noNaN: true }),
        fc.double({ min: 0, max: 10, noNaN: true }),
        (u, small, more) => {
          expect(poisson(small + more, u)).toBeGreaterThanOrEqual(poisson(small, u));
        },
      ),
    );
  });

  it('follow the delay curves', () => {
    expect(arrivedShare('fast', HOUR_MS)).toBeCloseTo(0.8, 1);
    expect(arrivedShare('slow', HOUR_MS)).toBeCloseTo(0.36, 1);
    expect(arrivedShare('slow', 28 * DAY_MS)).toBe(1);
    const draw = stream(5, 0, PURPOSE.visit, 0);
    const delays = Array.from({ length: 20_000 }, () => drawDelay('slow', draw));
    const within = delays.filter((delay) => delay <= DAY_MS).length / delays.length;
    expect(Math.abs(within - arrivedShare('slow', DAY_MS))).toBeLessThan(0.05);
    expect(Math.max(...delays)).toBeLessThanOrEqual(28 * DAY_MS);
  });
});

describe('auction', () => {
  it('wins half at the median price and pays less than it bids', () => {
    expect(winShare(1, 1)).toBeCloseTo(0.5, 6);
    fc.assert(
      fc.property(fc.double({ min: 0.05, max: 20, noNaN: true }), (bid) => {
        expect(clickPrice(bid, 1)).toBeLessThanOrEqual(bid);
        expect(winShare(bid * 1.1, 1)).toBeGreaterThanOrEqual(winShare(bid, 1));
      }),
    );
    expect(winShare(0, 1)).toBe(0);
  });
});
