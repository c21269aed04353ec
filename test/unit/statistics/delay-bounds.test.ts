import { uniformFloat64 } from 'pure-rand/distribution/uniformFloat64';
import { xoroshiro128plus } from 'pure-rand/generator/xoroshiro128plus';
import { describe, expect, it } from 'vitest';
import { defaultCurve } from '../../../src/core/statistics/default-curves.ts';
import { arrived, blendCurves, type CurveLine, delayAges } from '../../../src/core/statistics/delay-curve.ts';
import { type DelayCohort, fitDelayCurve } from '../../../src/core/statistics/fit-delay-curve.ts';

const HOUR = 3_600_000;
const DAY = 24 * HOUR;
const WINDOW = 28 * DAY;
const AGES = delayAges(WINDOW);
const PARENT = defaultCurve('purchase', WINDOW);
const ACCOUNTS = 100;

type Mixture = readonly (readonly [share: number, meanMs: number])[];

/** What accounts may really be like, beside a default of 35 % within the hour and half within a day. */
const accounts: Record<string, Mixture> = {
  'far quicker than the default': [
    [0.78, 0.2 * HOUR],
    [0.16, 6 * HOUR],
    [0.06, 2 * DAY],
  ],
  'like the default': [
    [0.36, HOUR / 3],
    [0.13, 8 * HOUR],
    [0.51, 10.5 * DAY],
  ],
  'far slower than the default': [
    [0.1, HOUR / 3],
    [0.1, 8 * HOUR],
    [0.8, 14 * DAY],
  ],
};

describe('bounds of a learned delay curve, over matured spend of thirty days', () => {
  const cases = Object.entries(accounts).flatMap(([name, mixture]) =>
    [
      [1, 10],
      [1, 45],
      [5, 45],
      [40, 10],
    ].map(([perDay, days]) => [name, perDay ?? 0, days ?? 0, mixture] as const),
  );

  it.each(cases)(
    'hold in an account %s, with %d conversions on each of %d days',
    (_, perDay, days, mixture) => {
      const draw = uniform(31);
      const truth = maturedShare((age) => within(mixture, age) / within(mixture, WINDOW));
      let [longEnough, shortEnough] = [0, 0];
      for (let account = 0; account < ACCOUNTS; account += 1) {
        const cohorts = Array.from({ length: days }, (__, day) => cohortOf(mixture, day + 1, perDay, draw));
        const own = fitDelayCurve({ agesMs: AGES, cohorts, from: 'account', parent: PARENT });
        const curve = blendCurves(own, PARENT);
        const matured = (line: CurveLine): number => maturedShare((age) => arrived(curve, age, line));
        if (matured('lower') <= truth) longEnough += 1;
        if (matured('upper') >= truth) shortEnough += 1;
      }
      // Each is a one-sided 90 % bound; two standard errors of a hundred accounts are .06.
      expect(longEnough / ACCOUNTS).toBeGreaterThanOrEqual(0.84);
      expect(shortEnough / ACCOUNTS).toBeGreaterThanOrEqual(0.84);
    },
  );
});

/** Conversions of the clicks of one day that ended `age` days ago, as far as they have come. */
function cohortOf(mixture: Mixture, age: number, clicks: number, draw: () => number): DelayCohort {
  const counts = AGES.map(() => 0);
  for (let click = 0; click < clicks; click += 1) {
    const delay = delayOf(mixture, draw);
    if (delay > (age + draw()) * DAY) continue;
    const bin = AGES.findIndex((upTo) => delay <= upTo);
    counts[bin] = (counts[bin] ?? 0) + 1;
  }
  return { ageMs: age * DAY, counts };
}

function delayOf(mixture: Mixture, draw: () => number): number {
  for (;;) {
    let u = draw();
    for (const [share, meanMs] of mixture) {
      if (u < share) {
        const delay = -meanMs * Math.log(1 - draw());
        if (delay < WINDOW) return delay;
        break;
      }
      u -= share;
    }
  }
}

const within = (mixture: Mixture, age: number): number =>
  mixture.reduce((sum, [share, meanMs]) => sum - share * Math.expm1(-age / meanMs), 0);

/** Matured share of thirty days of even spend. */
function maturedShare(share: (ageMs: number) => number): number {
  let sum = 0;
  for (let hour = 0; hour < 720; hour += 3) sum += Math.min(1, share((hour + 1.5) * HOUR));
  return sum / 240;
}

function uniform(seed: number): () => number {
  const generator = xoroshiro128plus(seed);
  return () => uniformFloat64(generator);
}
