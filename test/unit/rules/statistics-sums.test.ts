import { describe, expect, test } from 'vitest';
import { decide } from '../../../src/core/decide.ts';
import { FAMILIES } from '../../../src/core/rules/families.ts';
import { evidenceOf, learnedOfMonth, monthOfDelivery, strategyOf } from '../../support/evidence.ts';

const delivery = monthOfDelivery();
const learned = learnedOfMonth();
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
