import { standardDeviation } from 'simple-statistics';
import { thompsonShares } from '../../src/core/statistics/allocation.ts';
import { fitGammaPrior } from '../../src/core/statistics/prior.ts';
import { type Backtest, percent, rounded } from './backtest.ts';
import { numberOf, readCsv } from './csv.ts';

/** Days of the random log that teach the allocation; the rest judges it. */
const LEARN_UNTIL = '2019-11-28';

export interface Shown {
  readonly day: string;
  readonly item: string;
  readonly position: string;
  readonly click: number;
  /** With what probability the logged policy showed this item. */
  readonly propensity: number;
}

export function readLog(text: string): readonly Shown[] {
  return readCsv(text, ['timestamp', 'item_id', 'position', 'click', 'propensity_score']).map(
    ([at = '', item = '', position = '', click, propensity]) => ({
      day: at.slice(0, 10),
      item,
      position,
      click: numberOf(click),
      propensity: numberOf(propensity),
    }),
  );
}

export interface Value {
  readonly value: number;
  readonly low: number;
  readonly high: number;
}

/**
 * Clicks per impression that a policy would have had on a log, by inverse propensity: mean of click · π(item) / p(item),
 * with its 95 % interval (Horvitz & Thompson 1952).
 */
export function offPolicyValue(log: readonly Shown[], share: (shown: Shown) => number): Value {
  const weighted = log.map((shown) => (shown.click * share(shown)) / shown.propensity);
  const value = weighted.reduce((sum, one) => sum + one, 0) / weighted.length;
  const error = standardDeviation(weighted) / Math.sqrt(weighted.length);
  return { value, low: Math.max(0, value - 1.96 * error), high: value + 1.96 * error };
}

/** What an allocation learned from random impressions would have earned on later ones, and whether that estimate can be trusted. */
export const zozo: Backtest = {
  name: 'zozo',
  folder: 'zozo-open-bandit',
  files: ['random-men.csv', 'bts-men.csv'],
  title: 'Thompson allocation judged on a random log',
  run(read) {
    const random = readLog(read('random-men.csv'));
    const logged = readLog(read('bts-men.csv'));
    const items = [...new Set(random.map((shown) => shown.item))];
    const learn = random.filter((shown) => shown.day < LEARN_UNTIL);
    const judge = random.filter((shown) => shown.day >= LEARN_UNTIL);
    const facts = items.map((item) => {
      const of = learn.filter((shown) => shown.item === item);
      return { conversions: of.reduce((sum, shown) => sum + shown.click, 0), exposure: of.length };
    });
    const prior = fitGammaPrior(facts);
    if (prior === null) throw new Error('no prior can be fitted over these items');
    const shares = thompsonShares(
      facts.map(({ conversions, exposure }) => ({ a: prior.a + conversions, b: prior.b + exposure })),
    );
    const byItem = new Map(items.map((item, index) => [item, shares[index] ?? 0]));
    const thompson = offPolicyValue(judge, (shown) => byItem.get(shown.item) ?? 0);
    const uniform = offPolicyValue(judge, () => 1 / items.length);

    // The logged bandit's own allocation, valued on the random log: its truth is known from its own log.
    const counts = new Map<string, number>();
    const perPosition = new Map<string, number>();
    for (const { item, position } of logged) {
      counts.set(`${position} ${item}`, (counts.get(`${position} ${item}`) ?? 0) + 1);
      perPosition.set(position, (perPosition.get(position) ?? 0) + 1);
    }
    const bandit = offPolicyValue(
      random,
      ({ item, position }) => (counts.get(`${position} ${item}`) ?? 0) / (perPosition.get(position) ?? 1),
    );
    const clicks = logged.reduce((sum, shown) => sum + shown.click, 0);
    const rate = clicks / logged.length;
    const consistent = rate >= bandit.low && rate <= bandit.high;
    const fine = (value: number): string => `${(value * 100).toFixed(2)} %`;
    const row = (name: string, { value, low, high }: Value): (string | number)[] => [
      name,
      fine(value),
      `${fine(low)} to ${fine(high)}`,
    ];
    return {
      tables: [
        {
          caption: `Clicks per impression (${items.length} items; ${learn.length} random impressions to learn from, ${judge.length} to judge on)`,
          columns: ['allocation', 'value', '95 % interval'],
          rows: [
            row('all items alike, on the later days', uniform),
            row('Thompson, learned on the first days, on the later days', thompson),
            row("the logged bandit's allocation, valued on the random log", bandit),
            ['the logged bandit as it was', fine(rate), `${clicks} clicks`],
          ],
        },
      ],
      shows: [
        `The value of the logged bandit estimated from random impressions ${consistent ? 'agrees' : 'does not agree'} with what the bandit really had: the estimator can be trusted as far as its interval goes.`,
        `${learn.reduce((sum, shown) => sum + shown.click, 0)} clicks teach an allocation over ${items.length} items next to nothing: the largest share is ${percent(Math.max(...shares))}, and the interval of its value holds that of no allocation at all. That is the honest answer for a log of this size.`,
      ],
      figures: {
        uniform: uniform.value,
        thompson: thompson.value,
        thompsonLow: thompson.low,
        thompsonHigh: thompson.high,
        banditEstimated: bandit.value,
        banditSeen: rate,
        consistent: Number(consistent),
        priorShape: rounded(prior.a),
      },
    };
  },
};
