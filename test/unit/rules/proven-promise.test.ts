import { uniformFloat64 } from 'pure-rand/distribution/uniformFloat64';
import { xoroshiro128plus } from 'pure-rand/generator/xoroshiro128plus';
import { describe, expect, test } from 'vitest';
import { evaluateCondition } from '../../../src/core/rules/condition.ts';
import { delayAges, type DelayCurve } from '../../../src/core/statistics/delay-curve.ts';
import type { CompiledStrategy } from '../../../src/core/rules/compile.ts';
import { evidenceOf, learnedOf, strategyOf } from '../../support/evidence.ts';

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;
const DAYS = 30;
const WINDOW_MS = 14 * DAY_MS;
/** Two thirds within a day or so, the rest over a week. */
const arrivedBy = (ageMs: number): number => {
  const within = (ms: number) => 1 - 0.6 * Math.exp(-ms / (8 * HOUR_MS)) - 0.4 * Math.exp(-ms / (4 * DAY_MS));
  return ageMs >= WINDOW_MS ? 1 : within(ageMs) / within(WINDOW_MS);
};
const agesMs = delayAges(WINDOW_MS);
const share = agesMs.map(arrivedBy);
const curve: DelayCurve = { agesMs, share, lower: share, upper: share, conversions: 9_999, from: 'account' };

/** Age at which a share has arrived: the curve read the other way round. */
function ageAt(part: number): number {
  const next = share.findIndex((value) => value >= part);
  const [from, to] = [share[next - 1] ?? 0, share[next] ?? 1];
  const [young, old] = [agesMs[next - 1] ?? 0, agesMs[next] ?? WINDOW_MS];
  return young + ((old - young) * (part - from)) / (to - from);
}

interface Path {
  /** Bucket of the click and instant of arrival, both from the beginning. */
  readonly conversions: readonly { readonly hour: number; readonly atMs: number }[];
}

/** An ad set of $10 an hour whose conversions truly cost `cpa`. */
function draw(seed: number, cpa: number): Path {
  const generator = xoroshiro128plus(seed);
  const uniform = () => uniformFloat64(generator);
  const conversions: { hour: number; atMs: number }[] = [];
  for (let hour = 0; hour < DAYS * 24; hour++) {
    // Poisson by waiting times.
    for (let wait = -Math.log(1 - uniform()); wait < 10 / cpa; wait -= Math.log(1 - uniform())) {
      const ageMs = ageAt(uniform());
      conversions.push({ hour, atMs: (hour + uniform()) * HOUR_MS + ageMs });
    }
  }
  return { conversions };
}

const START_MS = Date.UTC(2026, 9, 5, 4);

/** What the rules see at the end of an hour: hours of three days, whole days before. */
function seen(path: Path, hours: number, spendAnHour: number) {
  const nowMs = hours * HOUR_MS;
  const firstHour = Math.max(0, Math.floor((hours - 72) / 24) * 24);
  const buckets = [
    ...Array.from({ length: firstHour / 24 }, (_, day) => day * 24),
    ...Array.from({ length: hours - firstHour }, (_, hour) => firstHour + hour),
  ];
  const bucketOf = (hour: number) =>
    hour < firstHour ? Math.floor(hour / 24) : firstHour / 24 + hour - firstHour;
  const counts = buckets.map(() => 0);
  let week = 0;
  for (const { hour, atMs } of path.conversions) {
    if (hour >= hours || atMs > nowMs) continue;
    const bucket = bucketOf(hour);
    counts[bucket] = (counts[bucket] ?? 0) + 1;
    if (hour >= hours - 168) week += 1;
  }
  const spend = buckets.map((from) => (from < firstHour ? 24 : 1) * spendAnHour);
  const toMs = START_MS + nowMs;
  return {
    ...evidenceOf({
      object: { createdAtMs: START_MS },
      nowMs: toMs,
      delivery: {
        fromMs: buckets.map((hour) => START_MS + hour * HOUR_MS),
        toMs,
        spend,
        clicks: spend,
        events: { purchase: { conversions: counts, value: counts } },
      },
      learned: { purchase: learnedOf({ curve }) },
      windows: { '7d': { spend: Math.min(168, hours) * spendAnHour, events: { purchase: [week] } } },
    }),
    asOfMs: toMs,
  };
}

/** Share of ad sets for which a rule holds at some look, two looks a day for thirty days. */
function everHeld(when: string, cpa: number, count: number): number {
  const strategy: CompiledStrategy = strategyOf(when);
  const [rule] = strategy.rules;
  if (rule === undefined) throw new Error('no rule');
  let held = 0;
  for (let seed = 1; seed <= count; seed++) {
    const path = draw(seed, cpa);
    for (let hours = 12; hours <= DAYS * 24; hours += 12) {
      const full = seen(path, hours, 10);
      const { object, campaign, adset, account } = full;
      const scope = { object, campaign, adset, account, full, constants: strategy.constants };
      if (evaluateCondition(rule.when, scope).holds !== true) continue;
      held += 1;
      break;
    }
  }
  return held / count;
}

describe('an ad set exactly on target, looked at sixty times', () => {
  const COUNT = 100;
  const twoErrors = (alpha: number) => 2 * Math.sqrt((alpha * (1 - alpha)) / COUNT);

  test.each([0.05, 0.2])('is ever proven too dear in at most %d of cases', (alpha) => {
    expect(everHeld(`proven.cpaAbove(target.cpa, ${alpha})`, 30, COUNT)).toBeLessThanOrEqual(
      alpha + twoErrors(alpha),
    );
    expect(everHeld(`proven.cpaBelow(target.cpa, ${alpha})`, 30, COUNT)).toBeLessThanOrEqual(
      alpha + twoErrors(alpha),
    );
  });

  test('is paused by the plain rule nearly always', () => {
    expect(
      everHeld('spend("7d") > 2 * target.cpa && spend("7d") > conversions("7d") * target.cpa', 30, 40),
    ).toBeGreaterThan(0.9);
  });
});

test('an ad set at twice the target is proven too dear within the month, one at half of it never', () => {
  expect(everHeld('proven.cpaAbove(target.cpa, 0.05)', 60, 40)).toBeGreaterThan(0.95);
  expect(everHeld('proven.cpaAbove(target.cpa, 0.05)', 15, 40)).toBe(0);
});
