import { describe, expect, it } from 'vitest';
import { falseRunaways } from '../../../bench/realdata/avito.ts';
import { poissonDeviance, sumsOf, weekPairs } from '../../../bench/realdata/display.ts';
import { replayRules } from '../../../bench/realdata/display-replay.ts';
import { excludesZero, tellApart } from '../../../bench/realdata/hillstrom.ts';
import { replay } from '../../../bench/realdata/ipinyou.ts';
import { capture, live } from '../../../bench/realdata/kag.ts';
import { curveAt, forecastDeals, type Lead } from '../../../bench/realdata/olist.ts';
import { crossingRate, dailyRoas } from '../../../bench/realdata/orders.ts';
import { binomial, draws, gamma, shuffled } from '../../../bench/realdata/random.ts';
import { shareWithin } from '../../../bench/realdata/talkingdata.ts';
import { offPolicyValue, type Shown } from '../../../bench/realdata/zozo.ts';

const DAY_MS = 86_400_000;

describe('draws', () => {
  it('are the same for a seed and unlike for its neighbour', () => {
    const first = (seed: number) => Array.from({ length: 4 }, draws(seed));
    expect(first(1)).toEqual(first(1));
    const means = Array.from({ length: 200 }, (_, seed) => draws(seed)());
    const average = means.reduce((a, b) => a + b) / means.length;
    expect(average).toBeGreaterThan(0.43);
    expect(average).toBeLessThan(0.57);
  });

  it('have the moments of their distributions', () => {
    const draw = draws(2);
    const mean = (values: readonly number[]) => values.reduce((a, b) => a + b) / values.length;
    expect(mean(Array.from({ length: 20_000 }, () => gamma(0.6, draw)))).toBeCloseTo(0.6, 1);
    expect(mean(Array.from({ length: 5_000 }, () => binomial(10, 0.3, draw)))).toBeCloseTo(3, 0);
    expect(shuffled([1, 2, 3, 4], draw).toSorted((a, b) => a - b)).toEqual([1, 2, 3, 4]);
  });
});

describe('the forecast of deals', () => {
  const day = (n: number): number => Date.UTC(2018, 0, 1) + n * DAY_MS;
  /** Ten leads a day for 200 days; of each day's, two sign after half a day, two after ten and a half. */
  const leads: Lead[] = Array.from({ length: 200 }, (_, n) =>
    Array.from({ length: 10 }, (_lead, index) => ({
      contactMs: day(n),
      wonMs: index < 2 ? day(n + 0.5) : index < 4 ? day(n + 10.5) : null,
    })),
  ).flat();

  it('completes what has come by the share that comes by that age', () => {
    const curve = curveAt(leads, day(150));
    expect(curve.share[0]).toBeCloseTo(0.5, 6);
    expect(curve.share[9]).toBeCloseTo(0.5, 6);
    expect(curve.share[10]).toBeCloseTo(1, 6);
    const last = leads.filter((lead) => lead.contactMs >= day(120) && lead.contactMs < day(150));
    // Thirty days of four; the newest eleven have only half of theirs.
    expect(forecastDeals(last, day(150), curve)).toBeCloseTo(120, -1);
  });

  it('knows nothing of deals after the day it is made', () => {
    const early = curveAt(leads, day(9));
    expect(early.conversions).toBe(2 * 9);
    expect(forecastDeals([], day(9), early)).toBe(0);
  });
});

describe('lines of banners', () => {
  it('deviance is zero for a forecast that is right and grows with its error', () => {
    expect(poissonDeviance([{ seen: 3, forecast: 3 }])).toBe(0);
    expect(poissonDeviance([{ seen: 0, forecast: 2 }])).toBe(4);
    expect(poissonDeviance([{ seen: 2, forecast: 1 }])).toBeCloseTo(2 * (2 * Math.log(2) - 1), 12);
    expect(poissonDeviance([{ seen: 2, forecast: 0 }])).toBeCloseTo(2 * (2 * Math.log(20) - 1.9), 12);
  });

  const days = Array.from({ length: 28 }, (_, day) =>
    Array.from({ length: 8 }, (_line, line) => ({
      line: `c ${line}`,
      day,
      cost: 1,
      conversions: line === 7 ? 0 : line % 3,
    })),
  ).flat();

  it('are summed by week and paired with the week after', () => {
    expect(sumsOf(days, 0, 7).get('c 2')).toMatchObject({ conversions: 14, exposure: 7 });
    const pairs = weekPairs(days);
    expect(pairs).toHaveLength(8 * 3);
    expect(pairs[0]?.pooled).toBeCloseTo(6 / 8, 12);
  });

  it('are paused once by each rule that holds, and judged by what they did afterwards', () => {
    const { figures, table } = replayRules(days);
    // Target: the median of the finite costs per conversion (two lines at $0.50, two at $1, four never convert).
    expect(figures['targetCpa']).toBe(1);
    // The four that never convert, and none other, are above it.
    expect(figures['rule1Paused']).toBe(4);
    expect(figures['rule1GoodAfterwards']).toBe(0);
    expect(table.rows).toHaveLength(6);
  });
});

describe('a market of small ads', () => {
  it('an ad that is never paused spends its plan, a paused one what it had, a trickle its share', () => {
    expect(live(1, 5, () => 1, draws(1))).toMatchObject({ spent: expect.closeTo(5, 9), paused: false });
    const stopped = live(1, 5, (_n, s) => (s >= 2 ? 0 : 1), draws(1));
    expect(stopped.paused).toBe(true);
    expect(stopped.spent).toBeCloseTo(2, 9);
    expect(live(1, 5, () => 0.05, draws(1)).spent).toBeCloseTo(0.25, 9);
  });

  it('captures the share of a perfect judge’s profit', () => {
    const lives = [
      { theta: 2, planned: 4, spent: 4, paused: false },
      { theta: 0.5, planned: 4, spent: 2, paused: true },
    ];
    expect(capture(lives)).toBe((4 - 1) / 4);
  });
});

describe('orders', () => {
  it('evidence that never grows never crosses, evidence that is there at once always does', () => {
    expect(crossingRate([1, 2, 3], () => 0, draws(1))).toBe(0);
    expect(crossingRate([1, 2, 3], () => 10, draws(1))).toBe(1);
  });

  it('a day’s ROAS needs revenue and cost', () => {
    const orders =
      'order_time,revenue\n2017-06-01 10:00:00,30\n2017-06-01 11:00:00,6\n2017-06-02 09:00:00,5\n';
    const costs = 'date,costs\n2017-06-01,9\n2017-06-01,9\n2017-06-02,0\n2017-06-03,4\n';
    expect(dailyRoas(orders, costs)).toEqual([2]);
  });
});

describe('arms of an experiment', () => {
  it('are told apart when all conversions are of one, and later by evidence than by an impatient test', () => {
    const told = tellApart(
      Array.from({ length: 40 }, () => true),
      [100, 100],
    );
    expect(told.byRepeatedTest).toBe(10 / 40);
    expect(told.byEvidence).toBeGreaterThan(told.byRepeatedTest ?? 1);
    expect(tellApart([true, false, true, false], [100, 100])).toEqual({
      byEvidence: null,
      byRepeatedTest: null,
    });
  });

  it('a mean far from zero is seen, one at zero is not, and no variation says nothing', () => {
    const wave = Array.from({ length: 4_000 }, (_, index) => (index % 2 === 0 ? 1 : -1));
    expect(excludesZero(wave)).toBe(false);
    expect(excludesZero(wave.map((value) => value + 1))).toBe(true);
    expect(excludesZero(wave.map(() => 3))).toBe(false);
  });
});

describe('logs and auctions', () => {
  const shown = (item: string, click: number): Shown => ({
    day: '2019-11-24',
    item,
    position: '1',
    click,
    propensity: 0.5,
  });

  it('a policy’s value on a random log is what its items earned', () => {
    const log = [shown('a', 1), shown('a', 1), shown('b', 0), shown('b', 0)];
    expect(offPolicyValue(log, ({ item }) => (item === 'a' ? 1 : 0)).value).toBe(1);
    expect(offPolicyValue(log, () => 0.5).value).toBe(0.5);
    expect(offPolicyValue(log, ({ item }) => (item === 'b' ? 1 : 0))).toEqual({ value: 0, low: 0, high: 0 });
  });

  it('a bid wins what is not dearer, and pays the price that had to be beaten', () => {
    const auctions = [
      { click: 1, price: 10 },
      { click: 0, price: 20 },
      { click: 1, price: 30 },
    ];
    expect(replay(auctions, 20)).toEqual({ won: 2, cost: 30, clicks: 1 });
  });

  it('shares of delays and hours that look like a runaway', () => {
    expect(
      shareWithin(
        [
          { app: 'x', delayMs: 1_000 },
          { app: 'x', delayMs: 9_000 },
        ],
        1_000,
      ),
    ).toBe(0.5);
    // All of a day's spend in its first hour: above 1.5 times a straight line until two thirds of the day are over.
    expect(falseRunaways([1, ...Array.from({ length: 23 }, () => 0)], (hour) => (hour + 1) / 24)).toBe(15);
  });
});
