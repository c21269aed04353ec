import { describe, expect, test } from 'vitest';
import { decide } from '../../../src/core/decide.ts';
import type { Learned } from '../../../src/core/learned.ts';
import { gammaPInverse } from '../../../src/core/statistics/special.ts';
import {
  AS_OF_MS,
  deliveryOf,
  type EvidencePart,
  evidenceOf,
  learnedOf,
  strategyOf,
} from '../../support/evidence.ts';

/** Of what one hour two days ago cost, 90 of 130 has matured by now: the rest is still to convert. */
const CURVE: Learned['curve'] = {
  agesMs: [3_600_000, 28 * 86_400_000 - 1, 28 * 86_400_000],
  share: [90 / 130, 90 / 130, 1],
  lower: [0.1, 0.1, 1],
  upper: [0.9, 0.9, 1],
  conversions: 500,
  from: 'account',
};
const PRIOR = { a: 2.5, b: 75, siblings: 20, from: 'campaign' as const };
const ORDERS = { orders: 500, mean: 45, kappa: 80, cap: 200, cappedShare: 0.9 };

function spent(spend: number, conversions: number, value = 0, learned: Partial<Learned> = {}): EvidencePart {
  const hours = Array.from({ length: 48 }, (_, hour) =>
    hour === 0 ? ([spend, conversions, value] as const) : ([0] as const),
  );
  return {
    delivery: deliveryOf(hours),
    learned: { purchase: learnedOf({ curve: CURVE, prior: PRIOR, ...learned }) },
  };
}

/** Value of an expression, or why it has none. */
function seen(expression: string, part: EvidencePart, rest: object = {}): number | string {
  const decision = decide(strategyOf(`${expression} - 1e300 > 0`, { pause: true }, rest), evidenceOf(part));
  const found = decision.rules[0]?.conditions[0]?.values[0];
  return typeof found?.value === 'number' ? found.value : (found?.why ?? decision.sentence);
}

describe('forecast', () => {
  // Gamma(2.5, 75) and one conversion on $90 matured, $40 to mature: 0.848485 more, Pr(0) .467795, Pr(≤ 2) .927519.
  const part = spent(130, 1, 50);

  test('final conversions are those that have come and those still to come', () => {
    expect(seen('forecast.conversions("3d")', part)).toBeCloseTo(1.848485, 6);
    expect(seen('forecast.conversionsLow("3d")', part)).toBe(1);
    expect(seen('forecast.conversionsHigh("3d")', part)).toBe(4);
  });

  test('final CPA is what was spent by now over all of them, many conversions at its low end', () => {
    expect(seen('forecast.cpa("3d")', part)).toBeCloseTo(130 / 1.848485, 4);
    expect(seen('forecast.cpaLow("3d")', part)).toBeCloseTo(130 / 4, 9);
    expect(seen('forecast.cpaHigh("3d")', part)).toBeCloseTo(130, 9);
  });

  test('a CPA without an upper end, without spend, without a prior', () => {
    expect(seen('forecast.cpaHigh("3d")', spent(130, 0))).toBe('it may stay without a conversion');
    expect(seen('forecast.cpa("3d")', spent(0, 0))).toBe('no spend in this window');
    expect(seen('forecast.roas("3d")', spent(0, 0, 0, { orders: ORDERS }))).toBe('no spend in this window');
    expect(seen('forecast.conversions("3d")', spent(0, 0))).toBe(0);
    expect(
      seen('forecast.cpa("3d")', spent(130, 1, 0, { prior: null }), { target: { event: 'purchase' } }),
    ).toBe('nothing has been learned about this account yet, and there is no target to begin with');
  });

  test('nothing is to come of clicks whose conversions are all there', () => {
    const done = spent(130, 3, 120, { curve: learnedOf().curve });
    for (const end of ['', 'Low', 'High']) {
      expect(seen(`forecast.conversions${end}("3d")`, done)).toBe(3);
      expect(seen(`forecast.cpa${end}("3d")`, done)).toBeCloseTo(130 / 3, 9);
      expect(seen(`forecast.revenue${end}("3d")`, done)).toBe(120);
      expect(seen(`forecast.roas${end}("3d")`, done)).toBeCloseTo(120 / 130, 9);
    }
  });

  test('revenue to come is the account’s mean order, with the object’s own pulled in, and spread as orders are', () => {
    const valued = spent(130, 1, 50, { orders: ORDERS });
    // One order of $50, scaled by what the cap leaves, beside thirty of $45, on the log scale: as the autopilot's bids.
    const worth = Math.exp((Math.log(50 / 0.9) + 30 * Math.log(45)) / 31);
    const mean = 0.848485 * worth;
    expect(seen('forecast.revenue("3d")', valued)).toBeCloseTo(50 + mean, 3);
    expect(seen('forecast.roas("3d")', valued)).toBeCloseTo((50 + mean) / 130, 5);
    const count = 0.848485 * (1 + 40 / 165);
    const variance = 0.848485 * (80 * worth - worth ** 2) + count * worth ** 2;
    const at = (p: number) => 50 + (gammaPInverse(p, mean ** 2 / variance) * variance) / mean;
    expect(seen('forecast.revenueLow("3d")', valued)).toBeCloseTo(at(0.05), 3);
    expect(seen('forecast.revenueHigh("3d")', valued)).toBeCloseTo(at(0.95), 3);
    expect(seen('forecast.roasHigh("3d")', valued)).toBeCloseTo(at(0.95) / 130, 5);
  });

  test('a trial counts as what it will be worth, those that have come too', () => {
    const trial = { paidEvent: 'purchase', trials: 200, paid: 60, rate: 0.3, price: 40 };
    expect(seen('forecast.revenue("3d")', spent(130, 1, 0, { trial }))).toBeCloseTo(12 * 1.848485, 4);
  });

  test('without orders there is no revenue to forecast, unless the object has some', () => {
    expect(seen('forecast.revenue("3d")', spent(130, 0))).toBe(
      'no order with a value is known in this account yet',
    );
    expect(seen('forecast.revenue("3d")', part)).toBeCloseTo(50 * 1.848485, 4);
  });

  test('clicks after the newest report are not in it', () => {
    const { delivery } = part;
    expect(delivery?.toMs).toBe(AS_OF_MS);
    expect(seen('forecast.conversions("today")', part)).toBe(0);
  });
});
