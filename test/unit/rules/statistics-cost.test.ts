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

/** Microseconds that one evaluation takes of a core. */
function cost(when: string): number {
  const { rules, constants } = strategyOf(when);
  const [rule] = rules;
  if (rule === undefined) throw new Error('no rule');
  // The thread's own time, which other work on the machine does not lengthen; its ticks are coarse, hence one long run.
  const ask = (all: readonly ReturnType<typeof fresh>[]) => {
    for (const full of all) {
      const { object, campaign, adset, account } = full;
      evaluateCondition(rule.when, { object, campaign, adset, account, full, constants });
    }
  };
  ask(Array.from({ length: 1_000 }, fresh));
  const costs = [1, 2, 3].map(() => {
    const all = Array.from({ length: 3_000 }, fresh);
    const start = process.threadCpuUsage();
    ask(all);
    const { user, system } = process.threadCpuUsage(start);
    return (user + system) / all.length;
  });
  // A collection of garbage may fall into one of them.
  return Math.min(...costs);
}

describe('a rule of statistics costs at most 15 µs', () => {
  test.each([
    'proven.cpaAbove(target.cpa, 0.05)',
    'proven.roasBelow(target.roas, 0.05)',
    'due.conversions("7d") > 1000',
    'shrunk.roas("7d") < 0',
    'probability.roasBelow(target.roas, "7d") < 0',
    'forecast.conversionsHigh("7d") < 0',
    'forecast.roasLow("7d") < 0',
  ])('%s', (when) => {
    expect(cost(when)).toBeLessThan(15);
  });
});

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
