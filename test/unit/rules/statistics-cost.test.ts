import { describe, expect, test } from 'vitest';
import { decide } from '../../../src/core/decide.ts';
import { compileStrategy } from '../../../src/core/rules/compile.ts';
import { evaluateCondition } from '../../../src/core/rules/condition.ts';
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
/** A new object each time: what is kept per evidence must not make this look cheap. */
const fresh = () => evidenceOf({ delivery: { ...delivery }, learned });

/** Microseconds of one evaluation in the quietest of many short runs: other work on the machine only adds. */
function cost(when: string): number {
  const { rules, constants } = strategyOf(when);
  const [rule] = rules;
  if (rule === undefined) throw new Error('no rule');
  let best = Number.POSITIVE_INFINITY;
  for (let run = 0; run < 25; run++) {
    const all = Array.from({ length: 60 }, fresh);
    const start = performance.now();
    for (const { object, campaign, adset, account, ...rest } of all) {
      const full = { object, campaign, adset, account, ...rest };
      evaluateCondition(rule.when, { object, campaign, adset, account, full, constants });
    }
    best = Math.min(best, ((performance.now() - start) * 1_000) / all.length);
  }
  return best;
}

describe('a rule of statistics costs at most 15 µs', () => {
  const examples = [...FAMILIES]
    .filter(([family]) => family !== 'arrived' && family !== 'est')
    .flatMap(([, methods]) => [...methods.values()]);
  test.each(examples)('$example', ({ example, type }) => {
    expect(cost(type === 'bool' ? example : `${example} < 0`)).toBeLessThan(15);
  });
});

test('functions on the same object share what they look at', () => {
  const one = 'shrunk.cpa("7d") > 1000';
  const many = [
    one,
    'matured.spend("7d") < 0',
    'due.conversions("7d") > 1000',
    'forecast.conversions("7d") < 0',
    'shrunk.cpa("7d") > 2000',
  ];
  // Alone, each adds up the buckets of its window.
  const alone = many.reduce((sum, when) => sum + cost(when), 0);
  expect(cost(many.join(' || '))).toBeLessThan(alone);
});

test('a thousand rule texts compile within a second', () => {
  const rules = Array.from({ length: 1_000 }, (_, index) => ({
    name: `rule ${index}`,
    when: `spend("7d") > ${index} && cpa("7d") > target.cpa && proven.cpaAbove(${index + 1}, 0.05) && due.conversions("7d") >= 3`,
    // oxlint-disable-next-line unicorn/no-thenable -- a rule is written when … then; nothing awaits it.
    then: { pause: true as const },
  }));
  const document = {
    version: 1 as const,
    strategy: 'test',
    scope: { level: 'adset' as const },
    target: { event: 'purchase', cpa: 30 },
  };
  const start = performance.now();
  expect(compileStrategy({ ...document, rules }).ok).toBe(true);
  expect(performance.now() - start).toBeLessThan(1_000);
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
