import { describe, expect, test } from 'vitest';
import { decide } from '../../../src/core/decide.ts';
import type { Truth } from '../../../src/core/decision.ts';
import type { Learned, OrderValues } from '../../../src/core/learned.ts';
import { arrived } from '../../../src/core/statistics/delay-curve.ts';
import { lnEvidenceAbove, lnEvidenceBelow } from '../../../src/core/statistics/e-process.ts';
import { mixRestarts } from '../../../src/core/statistics/restarts.ts';
import {
  AS_OF_MS,
  deliveryOf,
  type EvidencePart,
  evidenceOf,
  learnedOf,
  strategyOf,
} from '../../support/evidence.ts';

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;

/** Half of the conversions come within a day, all within four; careful lines a quarter lower and higher. */
const SLOW: Learned['curve'] = {
  agesMs: [DAY_MS, 4 * DAY_MS],
  share: [0.5, 1],
  lower: [0.25, 1],
  upper: [0.75, 1],
  conversions: 500,
  from: 'account',
};

function holds(when: string, part: EvidencePart, rest: object = {}): Truth | undefined {
  return decide(strategyOf(when, { pause: true }, rest), evidenceOf(part)).rules[0]?.holds;
}

/** The number an expression comes to, found by asking for it. */
function valueOf(expression: string, part: EvidencePart, rest: object = {}): number {
  const decision = decide(strategyOf(`${expression} - 1e300 > 0`, { pause: true }, rest), evidenceOf(part));
  const seen = decision.rules[0]?.conditions[0]?.values[0];
  if (typeof seen?.value !== 'number') throw new Error(`${expression}: ${seen?.why ?? decision.sentence}`);
  return seen.value;
}

function why(expression: string, part: EvidencePart, rest: object = {}): string | undefined {
  const decision = decide(strategyOf(`${expression} > 0`, { pause: true }, rest), evidenceOf(part));
  const [trace] = decision.rules;
  expect(trace?.holds).toBe('undefined');
  return trace?.conditions[0]?.values[0]?.why;
}

/** One ad set with everything it did in one hour two days ago. */
function once(spend: number, conversions: number, value = 0, learned: Partial<Learned> = {}): EvidencePart {
  const hours = Array.from({ length: 48 }, (_, hour) =>
    hour === 0 ? ([spend, conversions, value] as const) : ([0] as const),
  );
  return { delivery: deliveryOf(hours), learned: { purchase: learnedOf(learned) } };
}

/** Evidence of one week that has run, as the rules mix it. */
function mixed(ln: number): number {
  return mixRestarts([ln]);
}

describe('proven', () => {
  test('is the e-process over matured spend in targets, restarts mixed', () => {
    const part = once(279, 2);
    const ln = mixed(lnEvidenceAbove(2, 9.3));
    expect(Math.exp(lnEvidenceAbove(2, 9.3))).toBeCloseTo(26.999, 3);
    const risk = Math.exp(-ln);
    expect(holds(`proven.cpaAbove(target.cpa, ${risk * 1.0001})`, part)).toBe(true);
    expect(holds(`proven.cpaAbove(target.cpa, ${risk * 0.9999})`, part)).toBe(false);
  });

  test('the other direction, another target, another event', () => {
    const part = once(100, 12);
    const ln = mixed(lnEvidenceBelow(12, 2.5));
    expect(holds(`proven.cpaBelow(40, ${Math.exp(-ln) * 1.0001})`, part)).toBe(true);
    expect(holds(`proven.cpaBelow(40, ${Math.exp(-ln) * 0.9999})`, part)).toBe(false);
    expect(holds(`proven.cpaBelow(target.cpa * 4 / 3, ${Math.exp(-ln) * 1.0001})`, part)).toBe(true);
    const trials: EvidencePart = {
      delivery: deliveryOf([[400, 0]], 'trial'),
      learned: { trial: learnedOf({ event: 'trial' }), purchase: learnedOf() },
    };
    expect(holds('proven.cpaAbove("trial", 10, 0.05)', trials)).toBe(true);
    expect(holds('proven.cpaBelow("trial", 10, 0.05)', trials)).toBe(false);
  });

  test('believes delays long against an object and short for it', () => {
    const part = once(300, 0, 0, { curve: SLOW });
    const age = 20 * 60_000 + 47.5 * HOUR_MS;
    const lower = arrived(SLOW, age, 'lower');
    const upper = arrived(SLOW, age, 'upper');
    expect(lower).toBeLessThan(upper);
    const above = Math.exp(-mixed(lnEvidenceAbove(0, (300 * lower) / 30)));
    expect(holds(`proven.cpaAbove(30, ${above * 1.0001})`, part)).toBe(true);
    expect(holds(`proven.cpaAbove(30, ${above * 0.9999})`, part)).toBe(false);
    const good = once(60, 20, 0, { curve: SLOW });
    const below = Math.exp(-mixed(lnEvidenceBelow(20, (60 * upper) / 30)));
    expect(holds(`proven.cpaBelow(30, ${below * 1.0001})`, good)).toBe(true);
    expect(holds(`proven.cpaBelow(30, ${below * 0.9999})`, good)).toBe(false);
  });

  test('clustered conversions weigh less', () => {
    const ln = mixed(lnEvidenceAbove(1, 4.65));
    const part = once(279, 2, 0, { dispersion: 2 });
    expect(holds(`proven.cpaAbove(30, ${Math.exp(-ln) * 1.0001})`, part)).toBe(true);
    expect(holds(`proven.cpaAbove(30, ${Math.exp(-ln) * 0.9999})`, part)).toBe(false);
  });

  test('a good past does not excuse a bad present: fresh tests every week', () => {
    const days = 28;
    const buckets = Array.from({ length: days }, (_, day) => AS_OF_MS - (days - day) * DAY_MS);
    const delivery = {
      fromMs: buckets,
      toMs: AS_OF_MS,
      spend: buckets.map(() => 60),
      clicks: buckets.map(() => 60),
      events: {
        purchase: {
          // Two targets a day: five purchases a day for two weeks, none since.
          conversions: buckets.map((_, day) => (day < 14 ? 5 : 0)),
          value: buckets.map(() => 0),
        },
      },
    };
    const part: EvidencePart = { delivery, learned: { purchase: learnedOf() } };
    const alone = lnEvidenceAbove(70, 56);
    expect(alone).toBeLessThan(0);
    const weeks = [
      lnEvidenceAbove(70, 56),
      lnEvidenceAbove(35, 42),
      lnEvidenceAbove(0, 28),
      lnEvidenceAbove(0, 14),
    ];
    // The fifth begins with the twenty minutes since the newest report: nothing has been spent in it.
    const ln = mixRestarts([...weeks, 0]);
    expect(holds(`proven.cpaAbove(30, 0.01)`, part)).toBe(true);
    const said = decide(strategyOf('proven.cpaAbove(30, 0.01)'), evidenceOf(part)).sentence;
    expect(ln).toBeGreaterThan(Math.log(10_000));
    expect(said).toContain('70 purchases where 56 were due at target; evidence over 10,000 : 1');
  });

  test('spend before tracking began is no evidence', () => {
    const hours = Array.from({ length: 48 }, (_, hour) => (hour < 24 ? ([100] as const) : ([1] as const)));
    const part: EvidencePart = {
      delivery: deliveryOf(hours),
      learned: { purchase: learnedOf() },
      health: { trackingSinceMs: AS_OF_MS - 24 * HOUR_MS },
    };
    expect(holds('proven.cpaAbove(30, 0.5)', part)).toBe(false);
    expect(holds('proven.cpaAbove(30, 0.5)', { ...part, health: { trackingSinceMs: 0 } })).toBe(true);
  });

  const orders: OrderValues = { orders: 500, mean: 50, kappa: 80, cap: 200, cappedShare: 0.9 };
  test('ROAS: revenue in units of κ, the target lowered by what the cap takes', () => {
    const part = once(800, 4, 189.96, { orders });
    const ln = mixed(lnEvidenceAbove(189.96 / 80, (800 * 1.2 * 0.9) / 80));
    expect(holds(`proven.roasBelow(1.2, ${Math.exp(-ln) * 1.0001})`, part)).toBe(true);
    expect(holds(`proven.roasBelow(1.2, ${Math.exp(-ln) * 0.9999})`, part)).toBe(false);
    const good = once(400, 20, 2_000, { orders });
    const up = mixed(lnEvidenceBelow(2_000 / 200, (400 * 1.2) / 200));
    expect(holds(`proven.roasAbove(1.2, ${Math.exp(-up) * 1.0001})`, good)).toBe(true);
    expect(holds(`proven.roasAbove(1.2, ${Math.exp(-up) * 0.9999})`, good)).toBe(false);
  });

  test('ROAS of trials: each counts as what it will be worth', () => {
    const trial = { paidEvent: 'purchase', trials: 200, paid: 60, rate: 0.3, price: 40 };
    // Worth $12 each: at ROAS 1.5 a trial may cost $8.
    const part = once(160, 3, 0, { trial });
    const ln = mixed(lnEvidenceAbove(3, 20));
    expect(holds(`proven.roasBelow(1.5, ${Math.exp(-ln) * 1.0001})`, part)).toBe(true);
    expect(holds(`proven.roasBelow(1.5, ${Math.exp(-ln) * 0.9999})`, part)).toBe(false);
    expect(holds('proven.roasAbove(1.5, 0.5)', part)).toBe(false);
  });

  test('where more cost was taken back than spent nothing is due', () => {
    const decision = decide(
      strategyOf('proven.cpaAbove(target.cpa, 0.05)', { pause: true }),
      evidenceOf(once(-45, 1)),
    );
    expect(decision.rules[0]?.conditions[0]?.values[0]?.said).toMatch(
      /^1 purchase where 0 were due at target;/,
    );
    expect(valueOf('due.conversions("7d")', once(-45, 0))).toBe(0);
  });

  test('is false, not undefined, while there is no evidence yet', () => {
    const empty: EvidencePart = {
      delivery: { fromMs: [], toMs: AS_OF_MS, spend: [], clicks: [], events: {} },
      learned: { purchase: learnedOf({ orders }) },
    };
    for (const call of ['cpaAbove(30', 'cpaBelow(30', 'roasBelow(1.5', 'roasAbove(1.5'])
      expect(holds(`proven.${call}, 0.05)`, empty)).toBe(false);
    expect(holds('proven.cpaAbove(30, 0.05)', once(0, 0))).toBe(false);
  });

  test.each(['proven.cpaAbove(30, 0.05)', 'proven.roasBelow(1.5, 0.05)'])(
    '%s is undefined where conversions must not be believed',
    (when) => {
      const part = once(400, 1, 30, { orders });
      expect(holds(when, { ...part, health: { trackingSinceMs: null } })).toBe('undefined');
      const decision = decide(
        strategyOf(when),
        evidenceOf({ ...part, health: { trackingSinceMs: 0, conversionsUndefined: 'the source is silent' } }),
      );
      expect(decision.reason.code).toBe('conversions_undefined');
      expect(decision.sentence).toContain('the source is silent');
    },
  );

  test('ROAS is undefined without orders and while revenue waits for a rate', () => {
    expect(
      why('probability.roasBelow(1.5, "7d")', {
        ...once(400, 0),
        health: { trackingSinceMs: AS_OF_MS - 9 * DAY_MS },
      }),
    ).toBe('no order with a value is known in this account yet');
    expect(holds('proven.roasBelow(1.5, 0.05)', once(400, 1, 30))).toBe('undefined');
    const part = once(400, 1, 30, { orders });
    const waiting: EvidencePart = {
      ...part,
      delivery: {
        ...(part.delivery ?? deliveryOf([])),
        events: { purchase: { conversions: [1], value: [0], unconverted: 1 } },
      },
    };
    expect(holds('proven.roasBelow(1.5, 0.05)', waiting)).toBe('undefined');
    expect(why('shrunk.roas("7d")', waiting)).toBe('1 conversions wait for an exchange rate');
    expect(holds('proven.cpaAbove(30, 0.05)', waiting)).toBe(true);
  });

  test('a target from a parameter that is not above 0, or a bid that is not set, has no value', () => {
    expect(holds('proven.cpaAbove(params.none, 0.05)', once(400, 0), { params: { none: 0 } })).toBe(
      'undefined',
    );
    expect(
      holds('proven.cpaAbove(bid * 25, 0.05)', {
        ...once(400, 0),
        object: { bidStrategy: 'auto', bidMicros: null },
      }),
    ).toBe('undefined');
    expect(holds('proven.cpaAbove(bid * 25, 0.05)', once(400, 0))).toBe(true);
  });
});

describe('windows of the statistics', () => {
  const slow = once(100, 1, 45, { curve: SLOW });
  const share = arrived(SLOW, 20 * 60_000 + 47.5 * HOUR_MS, 'share');

  test('matured.spend and due.conversions', () => {
    expect(valueOf('matured.spend("3d")', slow)).toBeCloseTo(100 * share, 9);
    expect(valueOf('due.conversions("3d")', slow)).toBeCloseTo((100 * share) / 30, 9);
    expect(valueOf('due.conversions("3d", 20)', slow)).toBeCloseTo((100 * share) / 20, 9);
    expect(
      valueOf('due.conversions("purchase", "3d", params.dear)', slow, { params: { dear: 50 } }),
    ).toBeCloseTo((100 * share) / 50, 9);
    expect(valueOf('due.conversions("today")', slow)).toBe(0);
    expect(valueOf('matured.spend("40h")', slow)).toBe(0);
    expect(valueOf('matured.spend("48h")', slow)).toBeCloseTo(100 * share, 9);
    expect(valueOf('matured.spend("lifetime")', slow)).toBeCloseTo(100 * share, 9);
    expect(valueOf('matured.spend("2d before today")', slow)).toBeCloseTo(100 * share, 9);
  });

  test('shrunk.cpa pulls toward the siblings, or toward the target until they have taught anything', () => {
    const prior = { a: 2.5, b: 75, siblings: 20, from: 'campaign' as const };
    expect(valueOf('shrunk.cpa("3d")', once(90, 1, 0, { prior }))).toBeCloseTo(47.142857, 6);
    expect(valueOf('shrunk.cpa("3d")', once(90, 1))).toBeCloseTo((60 + 90) / 3, 9);
    expect(why('shrunk.cpa("3d")', once(90, 1), { target: { event: 'purchase' } })).toBe(
      'nothing has been learned about this account yet, and there is no target to begin with',
    );
    const worth = { orders: 500, mean: 45, kappa: 80, cap: 200, cappedShare: 0.9 };
    // ROAS 1.5 on orders of $45: an order may cost $30.
    expect(
      valueOf('shrunk.cpa("3d")', once(90, 1, 45, { orders: worth }), {
        target: { event: 'purchase', roas: 1.5 },
      }),
    ).toBeCloseTo(50, 9);
  });

  test('probability', () => {
    const prior = { a: 2.5, b: 75, siblings: 20, from: 'campaign' as const };
    expect(valueOf('probability.cpaAbove(30, "3d")', once(90, 1, 0, { prior }))).toBeCloseTo(0.861381, 6);
    expect(valueOf('probability.cpaAbove(30, "3d")', once(90, 6, 0, { prior }))).toBeCloseTo(0.143436, 6);
    expect(valueOf('probability.cpaBelow(30, "3d")', once(60, 0, 0, { prior }))).toBeCloseTo(1 - 0.890936, 6);
    // Thirty orders of $45 speak for the account and the object's own are the same: ROAS 1.5 is a CPA of $30.
    const orders = { orders: 500, mean: 45, kappa: 80, cap: 200, cappedShare: 1 };
    expect(valueOf('probability.roasBelow(1.5, "3d")', once(90, 1, 45, { prior, orders }))).toBeCloseTo(
      0.861381,
      6,
    );
    expect(valueOf('probability.roasAbove(1.5, "3d")', once(90, 6, 270, { prior, orders }))).toBeCloseTo(
      1 - 0.143436,
      6,
    );
    expect(valueOf('shrunk.roas("3d")', once(90, 1, 45, { prior, orders }))).toBeCloseTo(45 / 47.142857, 6);
  });

  test.each(['shrunk.cpa("3d")', 'shrunk.roas("3d")', 'probability.cpaAbove(30, "3d")'])(
    '%s is undefined without spend',
    (call) => {
      expect(why(call, once(0, 0))).toBe('no spend in this window');
    },
  );

  test('a window that begins before tracking is undefined, as for every metric', () => {
    const health = { trackingSinceMs: AS_OF_MS - 30 * HOUR_MS };
    expect(why('due.conversions("3d")', { ...slow, health })).toBe('the window begins before tracking did');
    expect(valueOf('due.conversions("24h")', { ...slow, health })).toBe(0);
    expect(
      valueOf('matured.spend("3d")', { ...slow, health, object: { createdAtMs: AS_OF_MS - 29 * HOUR_MS } }),
    ).toBeCloseTo(100 * share, 9);
  });

  test('evidence without delivery or what was learned is a fault, never a quiet 0', () => {
    for (const call of ['due.conversions("3d") >= 0', 'proven.cpaAbove(30, 0.05)'])
      for (const part of [{}, { delivery: deliveryOf([[1]]) }]) {
        const decision = decide(strategyOf(`${call} || true`), evidenceOf(part));
        expect(decision.reason.code).toBe('rule_error');
      }
  });

  test.each([
    'proven.cpaAbove(30, 0.05)',
    'proven.roasBelow(1.5, 0.05)',
    'matured.spend("3d") >= 0',
    'max(shrunk.cpa("3d"), 1) > 0',
    'forecast.conversions("3d") >= 0',
  ])('a number that is none is a fault in %s', (call) => {
    const broken = once(Number.NaN, 1, 0, {
      orders: { orders: 500, mean: 45, kappa: 80, cap: 200, cappedShare: 1 },
    });
    expect(decide(strategyOf(`${call} || true`), evidenceOf(broken)).reason.code).toBe('rule_error');
  });

  test('in calculations CEL reads the same numbers', () => {
    expect(
      holds('conversions("3d") < 0.5 * due.conversions("3d")', {
        ...slow,
        windows: { '3d': { spend: 100, events: { purchase: [1] } } },
      }),
    ).toBe(1 < (0.5 * 100 * share) / 30);
    expect(holds('due.conversions("3d") * 30 - matured.spend("3d") == 0', slow)).toBe(true);
    expect(holds('!proven.cpaAbove(target.cpa, 0.05) && max(due.conversions("3d"), 7) == 7', slow)).toBe(
      true,
    );
    expect(holds('max(shrunk.cpa("3d"), 5) > 1', once(0, 0))).toBe('undefined');
  });
});

describe('arrived', () => {
  const part: EvidencePart = {
    windows: {
      '3d': {
        spend: 100,
        events: { purchase: [1, 40], trial: [3, 0] },
        arrived: { purchase: [4, 160], 'purchase/repeat': [1, 20], trial: [2, 10] },
      },
    },
  };
  test('counts by the time of the conversion', () => {
    expect(valueOf('arrived.conversions("3d")', part)).toBe(4);
    expect(valueOf('arrived.conversions("purchase/repeat", "3d")', part)).toBe(1);
    expect(valueOf('arrived.conversions("refund", "3d")', part)).toBe(0);
    expect(valueOf('arrived.cpa("3d")', part)).toBe(25);
    expect(valueOf('arrived.revenue("3d")', part)).toBe(160);
    expect(valueOf('arrived.roas("trial", "3d")', part)).toBe(0.1);
    expect(valueOf('arrived.revenue("3d")', part, { target: undefined })).toBe(170);
    expect(strategyOf('arrived.cpa("3d") > 30 && spend("7d") > 3').needs).toEqual({
      windows: ['3d', '7d'],
      events: ['purchase'],
      arrived: ['3d'],
      statistics: false,
      estimated: [],
      estimatedSpend: false,
    });
  });

  test('undefined as metrics are', () => {
    expect(why('arrived.cpa("3d")', { windows: { '3d': { spend: 9, arrived: {} } } })).toBe(
      'no conversion arrived in this window',
    );
    expect(why('arrived.roas("3d")', { windows: { '3d': { arrived: { purchase: [1, 9] } } } })).toBe(
      'no spend in this window',
    );
    expect(why('arrived.revenue("3d")', { windows: { '3d': { arrived: { purchase: [2, 9, 1] } } } })).toBe(
      '1 conversions wait for an exchange rate',
    );
    expect(why('arrived.conversions("3d")', { ...part, health: { trackingSinceMs: null } })).toContain(
      'tracked',
    );
  });

  test('a window loaded without arrivals is a fault', () => {
    const decision = decide(
      strategyOf('arrived.conversions("3d") >= 0'),
      evidenceOf({ windows: { '3d': { spend: 1 } } }),
    );
    expect(decision.reason.code).toBe('rule_error');
  });
});

test('a strategy says what it needs', () => {
  expect(strategyOf('spend("7d") > 3').needs).toMatchObject({
    statistics: false,
    estimatedSpend: false,
    arrived: [],
  });
  expect(strategyOf('due.conversions("trial", "7d") > 3 && proven.cpaAbove(30, 0.05)').needs).toEqual({
    windows: [],
    events: ['purchase', 'trial'],
    arrived: [],
    statistics: true,
    estimated: [],
    estimatedSpend: false,
  });
  expect(strategyOf('est.spend("today") > 30').needs).toMatchObject({
    windows: [],
    estimated: ['today'],
    estimatedSpend: true,
    statistics: false,
  });
});
