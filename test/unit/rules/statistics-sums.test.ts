import { describe, expect, test } from 'vitest';
import { decide } from '../../../src/core/decide.ts';
import { FAMILIES } from '../../../src/core/rules/families.ts';
import { DEFAULT_CURVES } from '../../../src/core/statistics/default-curves.ts';
import { deliveryOf, evidenceOf, learnedOf, strategyOf } from '../../support/evidence.ts';

/** A month of an ad set: days, then three days of hours. */
function month() {
  const hours = deliveryOf(
    Array.from({ length: 72 }, (_, hour) => [2, hour % 20 === 0 ? 1 : 0, hour % 20 === 0 ? 40 : 0] as const),
  );
  const days = 27;
  const [first = 0] = hours.fromMs;
  const before = (value: number) => Array.from({ length: days }, () => value);
  const { conversions = [], value = [] } = hours.events['purchase'] ?? {};
  return {
    fromMs: [...before(0).map((_, day) => first - (days - day) * 86_400_000), ...hours.fromMs],
    toMs: hours.toMs,
    spend: [...before(48), ...hours.spend],
    clicks: [...before(48), ...hours.clicks],
    events: { purchase: { conversions: [...before(1), ...conversions], value: [...before(40), ...value] } },
  };
}

const delivery = month();
const learned = {
  purchase: learnedOf({
    curve: DEFAULT_CURVES.purchase,
    prior: { a: 2, b: 60, siblings: 20, from: 'campaign' },
    orders: { orders: 500, mean: 45, kappa: 80, cap: 200, cappedShare: 0.95 },
  }),
};
/** How often the spend of the buckets is looked at. */
function looks(when: string): number {
  let count = 0;
  const counted = {
    ...delivery,
    get spend() {
      count += 1;
      return delivery.spend;
    },
  };
  decide(strategyOf(when), evidenceOf({ delivery: counted, learned }));
  return count;
}

test.each([
  [
    'due.conversions("7d") < 0',
    'matured.spend("7d") < 0 || due.conversions("7d") < 0 || shrunk.cpa("7d") < 0 || forecast.cpaLow("7d") < 0 || probability.cpaAbove(30, "7d") < 0',
  ],
  [
    'proven.cpaAbove(30, 0.0001)',
    'proven.cpaAbove(30, 0.0001) || proven.cpaAbove(31, 0.0001) || !proven.roasBelow(0.1, 0.5) && false',
  ],
])('functions on the same object add up its buckets once: %s', (one, many) => {
  expect(looks(one)).toBeGreaterThan(0);
  expect(looks(many)).toBe(looks(one));
});

describe('rules of earlier versions mean what they meant', () => {
  test.each([...FAMILIES.keys()])('%s as a name of one’s own', (word) => {
    const labels = { object: { labels: ['x', 'y'] } };
    const held = (when: string) =>
      decide(strategyOf(when, { pause: true }, { params: { [word]: 3 } }), evidenceOf(labels)).rules[0]
        ?.holds;
    expect(held(`labels.exists(${word}, ${word} == "x")`)).toBe(true);
    expect(held(`labels.all(${word}, ${word}.startsWith("x"))`)).toBe(false);
    expect(held(`params.${word} == 3`)).toBe(true);
  });
});
