import { uniformFloat64 } from 'pure-rand/distribution/uniformFloat64';
import { xoroshiro128plus } from 'pure-rand/generator/xoroshiro128plus';
import { probit } from 'simple-statistics';
import { describe, expect, it } from 'vitest';
import type { OrderValues } from '../../../src/core/learned.ts';
import { lnEvidenceAbove, lnEvidenceBelow } from '../../../src/core/statistics/e-process.ts';
import { mixRestarts } from '../../../src/core/statistics/restarts.ts';
import { lnRoasBelow, orderValues } from '../../../src/core/statistics/roas-test.ts';

/**
 * The promise itself, in simulation: an ad exactly on target, looked at without pause. Between two conversions evidence
 * that CPA is above target only grows, so looking just before each conversion and at the end is looking always.
 */
const PATHS = 2000;
const ROAS_PATHS = 600;
const END = 200;

describe('on target, looked at without pause', () => {
  // Published simulation: .044 and .168, .040 and .143.
  it.each([
    ['above target', 11, [0.044, 0.168], (s: number, n: number) => lnEvidenceAbove(n, s)],
    // This evidence grows by conversions: the instant after each.
    ['below target', 12, [0.04, 0.143], (s: number, n: number) => lnEvidenceBelow(n + 1, s)],
    ['above target by fresh tests every twenty targets', 13, [0.03, 0.14], restarted],
  ] as const)('hardly more than α of ads are ever found %s, and not far fewer', (_, seed, published, ln) => {
    const highest = highestEvidence(seed, ln);
    for (const [i, alpha] of [0.05, 0.2].entries()) {
      const rate = crossed(highest, alpha);
      expect(rate).toBeLessThanOrEqual(limit(alpha));
      expect(rate).toBeGreaterThan((published[i] ?? NaN) - 2 * error(alpha));
    }
  });

  it('nor over two years of which the newest 120 days are looked at', () => {
    const { kept, renumbered } = overTwoYears(15);
    expect(kept).toBeLessThanOrEqual(limit(0.2, LONG_PATHS));
    // Were the oldest test still followed always the first one, each week would begin a new promise.
    expect(renumbered).toBeGreaterThan(limit(0.2, LONG_PATHS));
  });

  it('where a test that is repeated as if it were the only one finds many times as many', () => {
    // One look at a Poisson test of 5 %, n below s − 1.65 √s, taken at every instant.
    const highest = highestEvidence(14, (s, n) => (s > 5 && n < s - 1.65 * Math.sqrt(s) ? Infinity : 0));
    expect(crossed(highest, 0.05)).toBeGreaterThan(0.2);
  });
});

describe('ROAS on target, looked at without pause', () => {
  const known = (kappa: number) => () => ({ kappa, cap: Infinity, cappedShare: 1 });

  it.each([0.75, 1, 1.5])('hardly any ad is found below target, orders log-normal with log-sd %d', (sd) => {
    expect(roasCrossings(21, logNormal(sd), known(Math.exp(sd * sd)))).toBeLessThanOrEqual(roasLimit);
  });

  it('the mean order in place of κ breaks the promise', () => {
    expect(roasCrossings(22, logNormal(1), known(1))).toBeGreaterThan(0.1);
  });

  it.each([
    ['log-normal, log-sd .75', 60, logNormal(0.75)],
    ['log-normal, log-sd 1', 300, logNormal(1)],
    ['log-normal, log-sd 1.5', 1000, logNormal(1.5)],
    ['log-normal, log-sd 1.1, with one in a hundred from a Pareto tail of index 1.6', 40, whales(1.1)],
    ['the same', 100, whales(1.1)],
    ['the same', 300, whales(1.1)],
  ])('holds with sizes learned: %s, from %d orders', (_, count, order) => {
    const learned = (draw: Draw): OrderValues => {
      const sizes = orderValues(Array.from({ length: count }, () => order(draw)));
      if (sizes === null) throw new Error('thirty orders teach sizes');
      return sizes;
    };
    expect(roasCrossings(23, order, learned)).toBeLessThanOrEqual(roasLimit);
  });
});

const error = (alpha: number, paths = PATHS): number => Math.sqrt((alpha * (1 - alpha)) / paths);
const limit = (alpha: number, paths = PATHS): number => alpha + 2 * error(alpha, paths);
const roasLimit = limit(0.05, ROAS_PATHS);

type Evidence = (s: number, n: number, times: readonly number[]) => number;

/** The highest ln of the evidence of each path; `ln` is asked just before conversion n + 1 at s. */
function highestEvidence(seed: number, ln: Evidence): number[] {
  const draw = uniform(seed);
  return Array.from({ length: PATHS }, () => {
    const times: number[] = [];
    let [s, highest] = [0, 0];
    // Beyond the strictest threshold nothing more is asked.
    while (s < END && highest < Math.log(20)) {
      s = Math.min(END, s - Math.log(1 - draw()));
      highest = Math.max(highest, ln(s, times.length, times));
      times.push(s);
    }
    return highest;
  });
}

const crossed = (highest: readonly number[], alpha: number): number =>
  highest.filter((ln) => ln >= -Math.log(alpha)).length / PATHS;

/** A fresh test every twenty targets. */
function restarted(s: number, n: number, times: readonly number[]): number {
  const each: number[] = [];
  let earlier = 0;
  for (let start = 0; start < s; start += 20) {
    while (earlier < n && (times[earlier] ?? 0) <= start) earlier += 1;
    each.push(lnEvidenceAbove(n - earlier, s - start));
  }
  return mixRestarts(each);
}

const LONG_PATHS = 300;

/**
 * Two years on target at one conversion every three days, seen every third day, with weekly restarts of the last 17 weeks:
 * share of ads ever found at α .20, with the restarts' own numbers and with numbers that begin at the oldest still followed.
 */
function overTwoYears(seed: number): { readonly kept: number; readonly renumbered: number } {
  const draw = uniform(seed);
  const [perDay, days, followed] = [1 / 3, 730, 120];
  let [kept, renumbered] = [0, 0];
  for (let path = 0; path < LONG_PATHS; path += 1) {
    const counts = [0];
    let next = -Math.log(1 - draw()) / perDay;
    const highest = { kept: 0, renumbered: 0 };
    for (let day = 1; day <= days; day += 1) {
      let count = counts[day - 1] ?? 0;
      for (; next < day; next -= Math.log(1 - draw()) / perDay) count += 1;
      counts.push(count);
      if (day % 3 !== 0) continue;
      const before = Math.max(0, Math.ceil((day - followed) / 7));
      const each: number[] = [];
      for (let start = before * 7; start <= day; start += 7) {
        each.push(lnEvidenceAbove(count - (counts[start] ?? 0), (day - start) * perDay));
      }
      highest.kept = Math.max(highest.kept, mixRestarts(each, before));
      highest.renumbered = Math.max(highest.renumbered, mixRestarts(each));
    }
    if (highest.kept >= Math.log(5)) kept += 1;
    if (highest.renumbered >= Math.log(5)) renumbered += 1;
  }
  return { kept: kept / LONG_PATHS, renumbered: renumbered / LONG_PATHS };
}

/** The same for revenue: orders of mean 1, one per dollar, target ROAS 1, until 400 are due; at α .05. */
function roasCrossings(
  seed: number,
  order: (draw: Draw) => number,
  sizesOf: (draw: Draw) => Pick<OrderValues, 'kappa' | 'cap' | 'cappedShare'>,
): number {
  const draw = uniform(seed);
  let found = 0;
  for (let path = 0; path < ROAS_PATHS; path += 1) {
    const sizes = sizesOf(draw);
    let [matured, revenueCapped] = [0, 0];
    while (matured < 400) {
      matured -= Math.log(1 - draw());
      if (lnRoasBelow({ revenueCapped, matured, target: 1 }, sizes) >= Math.log(20)) {
        found += 1;
        break;
      }
      revenueCapped += Math.min(sizes.cap, order(draw));
    }
  }
  return found / ROAS_PATHS;
}

/** A log-normal order of mean 1. */
function logNormal(sd: number): (draw: Draw) => number {
  return (draw) => Math.exp(sd * probit(draw()) - (sd * sd) / 2);
}

/** Log-normal up to its 99th percentile, Pareto with index 1.6 beyond, mean 1. */
function whales(sd: number): (draw: Draw) => number {
  const index = 1.6;
  const top = Math.exp(sd * probit(0.99));
  const value = (u: number): number =>
    u < 0.99 ? Math.exp(sd * probit(u)) : top * ((1 - u) / 0.01) ** (-1 / index);
  let body = 0;
  for (let i = 0; i < 10_000; i += 1) body += value((0.99 * (i + 0.5)) / 10_000) / 10_000;
  const mean = 0.99 * body + (0.01 * top * index) / (index - 1);
  return (draw) => value(draw()) / mean;
}

type Draw = () => number;

function uniform(seed: number): Draw {
  const generator = xoroshiro128plus(seed);
  return () => uniformFloat64(generator);
}
