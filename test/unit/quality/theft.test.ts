import { describe, expect, it } from 'vitest';
import { makeAccount } from '../../../bench/quality/account.ts';
import { SCENARIOS, theftIn } from '../../../bench/quality/scenarios.ts';
import type { Track } from '../../../bench/quality/track.ts';

const DAY_MS = 86_400_000;
const { S6 } = SCENARIOS;
if (S6 === undefined) throw new Error('no S6');
const thieving = makeAccount(S6, 1000, 0, 300);
const honest = makeAccount({ ...S6, thieves: false }, 1000, 0, 300);
const tracks = (account: typeof honest, theft: ReturnType<typeof theftIn>): readonly Track[] =>
  account.ads.filter(({ campaign }) => theftIn(campaign) === theft).map(({ track }) => track);
const sum = (of: readonly number[]): number => of.reduce((all, one) => all + one, 0);
const conversions = (of: readonly Track[]): number => sum(of.map(({ purchases }) => purchases.length));
const within = (of: readonly Track[], ms: number): number =>
  sum(of.map(({ purchases }) => purchases.filter(({ atMs, clickMs }) => atMs - clickMs < ms).length)) /
  conversions(of);

describe('sources that steal conversions', () => {
  it('leave everybody else as they are, draw for draw', () => {
    expect(tracks(thieving, null)).toEqual(tracks(honest, null));
    expect(tracks(thieving, null)).toHaveLength(260);
  });

  it('inject three conversions in ten within ten seconds of a click', () => {
    const [before, after] = [tracks(honest, 'injection'), tracks(thieving, 'injection')];
    const share = 1 - conversions(before) / conversions(after);
    expect(share).toBeGreaterThan(0.27);
    expect(share).toBeLessThan(0.33);
    expect(within(after, 10_000) - within(before, 10_000) * (1 - share)).toBeCloseTo(share, 10);
  });

  it('flood fifty times the clicks and claim what comes in seven days, evenly', () => {
    const [before, after] = [tracks(honest, 'flooding'), tracks(thieving, 'flooding')];
    const clicks = (of: readonly Track[]): number => sum(of.map(({ cumClicks }) => cumClicks.at(-1) ?? 0));
    expect(clicks(after)).toBe(50 * clicks(before));
    const stolen = conversions(after) - conversions(before);
    // One for each that it earned; of either some postbacks are lost, and those still have no arrival.
    expect(stolen).toBe(conversions(before));
    for (const days of [1, 2, 4, 7]) {
      const share =
        (within(after, days * DAY_MS) * conversions(after) -
          within(before, days * DAY_MS) * conversions(before)) /
        stolen;
      expect(Math.abs(share - days / 7)).toBeLessThan(0.05);
    }
  });

  it('earn nothing by it: profit, spend and the oracle stay', () => {
    for (const [place, ad] of thieving.ads.entries()) {
      const other = honest.ads[place];
      expect(ad.oracle).toBe(other?.oracle);
      expect(ad.track.cumExpected).toEqual(other?.track.cumExpected);
      expect(ad.track.cumSpendMicros).toEqual(other?.track.cumSpendMicros);
    }
  });
});
