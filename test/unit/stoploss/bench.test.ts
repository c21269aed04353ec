import { describe, expect, it } from 'vitest';
import { LAGS, withLag } from '../../../bench/stoploss/networks.ts';
import { estimating, polling } from '../../../bench/stoploss/policies.ts';
import { reportsOf } from '../../../bench/stoploss/reports.ts';
import {
  type AdTrace,
  DAY_MS,
  HOUR_MS,
  makeWorld,
  MINUTE_MS,
  spentAt,
  START_MS,
} from '../../../bench/stoploss/world.ts';

/** An ad that gets one visit a minute at a dollar, all day. */
function steadyAd(days: number): AdTrace {
  const minutes = days * 1440;
  return {
    campaign: 0,
    spent: Float64Array.from({ length: minutes + 1 }, (_, minute) => minute * 1e6),
    visits: Array.from({ length: minutes }, (_, minute) => START_MS + (minute + 0.5) * MINUTE_MS),
    visitsBefore: Int32Array.from({ length: days * 24 + 1 }, (_, hour) => hour * 60),
  };
}

const world = { days: 2, ads: [steadyAd(2)] };
const dayMs = START_MS + DAY_MS;
const exact = reportsOf({ network: 'x', fromMinutes: 10, toMinutes: 10, verified: false }, 1);

describe('the stop-loss bench', () => {
  it('knows what was spent at any instant', () => {
    const ad = steadyAd(1);
    expect(spentAt(ad, START_MS + 90 * MINUTE_MS)).toBe(90e6);
    expect(spentAt(ad, START_MS + 90.25 * MINUTE_MS)).toBe(90.25e6);
    expect(spentAt(ad, START_MS + 9 * DAY_MS)).toBe(1440e6);
    expect(spentAt(ad, START_MS - HOUR_MS)).toBe(0);
  });

  it('reports are complete up to the lag, and an hour counts once it has settled', () => {
    expect(exact.completeTo(dayMs + 95 * MINUTE_MS)).toBe(dayMs + 85 * MINUTE_MS);
    expect(exact.asOf(dayMs + 70 * MINUTE_MS)).toBe(dayMs);
    expect(exact.asOf(dayMs + 75 * MINUTE_MS)).toBe(dayMs + HOUR_MS);
  });

  it('reports never run backwards', () => {
    const late = reportsOf({ network: 'y', fromMinutes: 0, toMinutes: 180, verified: false }, 3);
    let before = -Infinity;
    for (let minute = 0; minute < 1440; minute += 5) {
      const to = late.completeTo(dayMs + minute * MINUTE_MS);
      expect(to).toBeGreaterThanOrEqual(before);
      expect(to).toBeLessThanOrEqual(dayMs + minute * MINUTE_MS);
      before = to;
    }
  });

  it('polling stops at the first poll whose report is over the line', () => {
    // $60 are spent at minute 60, reported at 70, polled every 30 minutes from 5 past on: 95.
    const stop = polling(world, exact, { line: 60, everyMs: 30 * MINUTE_MS, phaseMs: 5 * MINUTE_MS });
    expect(stop(0, dayMs)).toBe(dayMs + 95 * MINUTE_MS);
  });

  it('estimated spend stops with the visit that reaches the line, and its reaction', async () => {
    const stop = estimating(world, exact, { line: 60, reactionMs: 2_000 });
    const at = (await stop(0, dayMs)) ?? 0;
    // The sixtieth visit of the day comes half a minute before the hour; looks are a twentieth of the hour's visits apart.
    expect(at).toBeGreaterThanOrEqual(dayMs + 59.5 * MINUTE_MS + 2_000);
    expect(at).toBeLessThanOrEqual(dayMs + 62.5 * MINUTE_MS + 2_000);
  });

  it('neither stops an ad that stays under the line', async () => {
    expect(await estimating(world, exact, { line: 2_000, reactionMs: 0 })(0, dayMs)).toBeNull();
    expect(polling(world, exact, { line: 2_000, everyMs: HOUR_MS, phaseMs: 0 })(0, dayMs)).toBeNull();
  });

  it('draws the same market for a seed, its visits no more than its clicks could be', () => {
    const options = { seed: 5, ads: 3, days: 1, lineMicros: 60e6, priceDrift: 0.3 };
    const [one, two] = [makeWorld(options), makeWorld(options)];
    expect(one).toEqual(two);
    const [ad] = one.ads;
    expect(ad?.visits.length).toBe(ad?.visitsBefore.at(-1));
    expect(ad?.spent.at(-1)).toBeGreaterThan(0);
  });

  it('takes a network’s lag from the command line, and refuses what is none', () => {
    expect(withLag(LAGS, 'google=5-9')?.find((lag) => lag.network === 'google')).toEqual({
      network: 'google',
      fromMinutes: 5,
      toMinutes: 9,
      verified: false,
    });
    expect(withLag(LAGS, 'google=9-5')).toBeNull();
    expect(withLag(LAGS, 'nobody=1-2')).toBeNull();
  });
});
