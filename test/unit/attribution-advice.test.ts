import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { windowAdvice } from '../../src/core/attribution-advice.ts';

/** A stream of numbers in [0, 1) that is the same every time (mulberry32). */
function stream(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** Days of `n` delays that are exponential with a mean of `meanDays`, cut at 30, and of `flat` that are even over 30 days. */
function days(random: () => number, n: number, meanDays: number, flat = 0): number[] {
  const counts = Array.from({ length: 30 }, () => 0);
  const add = (day: number): void => {
    if (day < 30) counts[Math.floor(day)] = (counts[Math.floor(day)] ?? 0) + 1;
  };
  for (let i = 0; i < n; i += 1) add(-meanDays * Math.log(1 - random()));
  for (let i = 0; i < flat; i += 1) add(30 * random());
  return counts;
}

const advise = (byDay: readonly number[]) => windowAdvice({ source: 'shop', event: 'purchase', byDay });

describe('advice on windows', () => {
  it('says what each window keeps', () => {
    const counts = [60, 6, 4, 2, 2, 1, 1, ...Array.from({ length: 22 }, () => 1), 2];
    const advice = advise(counts);
    expect(advice.kept).toEqual([
      { days: 1, share: 0.6 },
      { days: 3, share: 0.7 },
      { days: 7, share: 0.76 },
      { days: 14, share: 0.83 },
      { days: 30, share: 1 },
    ]);
    expect(advice.text).toBe('shop: 7 d keeps 76 % of purchase, 14 d 83 %, 30 d all; 30 d is enough');
  });

  it('finds click ids that look random behind the ones that do not', () => {
    const advice = advise(days(stream(1), 1500, 1.5, 900));
    expect(advice.flatFromDay).toBeGreaterThanOrEqual(4);
    expect(advice.flatFromDay).toBeLessThanOrEqual(14);
    expect(advice.text).toMatch(/; beyond \d+ d your click ids look random; \d+ d is enough$/);
    expect(advice.windowDays).toBeLessThan(30);
  });

  it('says so when all of them look random', () => {
    const advice = advise(days(stream(2), 0, 1, 1200));
    expect(advice).toMatchObject({ flatFromDay: 0, windowDays: null });
    expect(advice.text).toContain('come evenly over 30 d: your click ids look random');
  });

  it('calls people who take their time random in few of many sources, quick or slow', () => {
    for (const meanDays of [0.5, 3, 8, 15, 30]) {
      for (const n of [300, 1000, 4000]) {
        let called = 0;
        for (let seed = 0; seed < 60; seed += 1) {
          if (advise(days(stream(1000 + seed), n, meanDays)).flatFromDay !== null) called += 1;
        }
        expect(called, `${n} with a mean of ${meanDays} d`).toBeLessThanOrEqual(6);
      }
    }
  });

  it('does not advise on few', () => {
    expect(advise([49])).toMatchObject({ windowDays: null, flatFromDay: null });
    expect(advise([49]).text).toBe('shop: 49 conversions "purchase", fewer than the 50 it takes to advise');
    expect(advise([]).conversions).toBe(0);
  });

  it('keeps ever more with longer windows, and 95 % with the one it advises, whatever comes in', () => {
    fc.assert(
      fc.property(fc.array(fc.oneof(fc.nat({ max: 300 }), fc.double()), { maxLength: 40 }), (byDay) => {
        const { kept, windowDays, flatFromDay } = advise(byDay);
        for (const [i, { share }] of kept.entries())
          expect(share).toBeGreaterThanOrEqual(kept[i - 1]?.share ?? 0);
        const advised = kept.find((window) => window.days === windowDays);
        if (advised && flatFromDay === null) expect(advised.share).toBeGreaterThanOrEqual(0.95);
      }),
    );
  });
});
