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
const ROAS_PATHS = 1000;
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

  it('where a test that is repeated as if it were the only one finds many times as many', () => {
    // One look at a Poisson test of 5 %, n below s − 1.65 √s, taken at every instant.
    const highest = highestEvidence(14, (s, n) => (s > 5 && n < s - 1.65 * Math.sqrt(s) ? Infinity : 0));
    expect(crossed(highest, 0.05)).toBeGreaterThan(0.2);
  });
});

describe('ROAS on target, orders log-normal, looked at without pause', () => {
  it.each([0.75, 1, 1.5])('hardly any ad is found below target at log-sd %d', (sd) => {
    const kappa = Math.exp(sd * sd);
    const rate = roasCrossings(sd, 21, () => ({ kappa, cap: Infinity, cappedShare: 1 }));
    expect(rate).toBeLessThanOrEqual(limit(0.05, ROAS_PATHS));
  });

  it('the mean order in place of κ breaks the promise', () => {
    expect(roasCrossings(1, 22, () => ({ kappa: 1, cap: Infinity, cappedShare: 1 }))).toBeGreaterThan(0.1);
  });

  it.each([
    [0.75, 60],
    [1, 300],
    [1.5, 100],
    [1.5, 1000],
  ])('holds with sizes learned, log-sd %d, from %d orders', (sd, count) => {
    const rate = roasCrossings(sd, 23, (draw) => {
      const sizes = orderValues(Array.from({ length: count }, () => order(sd, draw)));
      if (sizes === null) throw new Error('more than thirty orders teach sizes');
      return sizes;
    });
    expect(rate).toBeLessThanOrEqual(limit(0.05, ROAS_PATHS));
  });
});

const error = (alpha: number, paths = PATHS): number => Math.sqrt((alpha * (1 - alpha)) / paths);
const limit = (alpha: number, paths = PATHS): number => alpha + 2 * error(alpha, paths);

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

/** The same for revenue: orders of mean 1, one per dollar, target ROAS 1, until 400 are due; at α .05. */
function roasCrossings(
  sd: number,
  seed: number,
  sizesOf: (draw: () => number) => Pick<OrderValues, 'kappa' | 'cap' | 'cappedShare'>,
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
      revenueCapped += Math.min(sizes.cap, order(sd, draw));
    }
  }
  return found / ROAS_PATHS;
}

/** A log-normal order of mean 1. */
const order = (sd: number, draw: () => number): number => Math.exp(sd * probit(draw()) - (sd * sd) / 2);

function uniform(seed: number): () => number {
  const generator = xoroshiro128plus(seed);
  return () => uniformFloat64(generator);
}
