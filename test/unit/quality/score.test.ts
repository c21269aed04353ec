import { describe, expect, it } from 'vitest';
import { readOptions } from '../../../bench/quality/options.ts';
import type { AdRow } from '../../../bench/quality/row.ts';
import { bootstrap, pairedCapture, scoreOf } from '../../../bench/quality/score.ts';

const ROW: AdRow = {
  kind: 'drawn',
  fast: true,
  theta: 1,
  running: 1,
  whole: 1,
  days: 30,
  planned: 10,
  plannedExpected: 10,
  spend: 10,
  expected: 10,
  oracle: 0,
  oracleWithMargin: 3,
  paused: false,
  stopDay: -1,
  stopSpend: 0,
  stoppedAtEnd: false,
  changes: 0,
  bigChanges: 0,
  flips: 0,
  inOutage: false,
};
const good: AdRow = { ...ROW, theta: 2, running: 2, whole: 2, plannedExpected: 20, expected: 20, oracle: 10 };
const loser: AdRow = { ...ROW, theta: 0.4, running: 0.4, whole: 0.4, plannedExpected: 4, expected: 4 };

describe('a score', () => {
  it('is worked out by hand', () => {
    const score = scoreOf([
      good,
      { ...good, paused: true, spend: 1, expected: 2, stopDay: 3, stopSpend: 1, changes: 3, bigChanges: 1 },
      { ...loser, paused: true, spend: 5, expected: 2, stopDay: 6, stopSpend: 5, changes: 1 },
      loser,
    ]);
    expect(score.falsePause).toBe(0.5);
    expect(score.starved).toBe(0.5);
    expect(score.loserSpend).toBe(7.5);
    expect(score.losersStopped).toBe(0.5);
    expect(score.loserSpendToStop).toBe(5);
    expect(score.wasted).toBeCloseTo((3 + 6) / 20, 12);
    expect(score.lost).toBeCloseTo(9 / 20, 12);
    // 10 + 1 − 3 − 6 of 20.
    expect(score.capture).toBeCloseTo(2 / 20, 12);
    expect(score.changesPerAdDay).toBeCloseTo(4 / 120, 12);
  });

  it('counts an ad as good only while it ran on target', () => {
    expect(scoreOf([{ ...loser, paused: true }, good]).falsePause).toBe(0);
  });

  it('is 1 for the oracle and has no error where nothing varies', () => {
    const rows = [good, good, good];
    expect(scoreOf(rows).capture).toBe(1);
    expect(scoreOf(rows).captureSe).toBeCloseTo(0, 12);
  });

  it('is total where there are no ads', () => {
    expect(scoreOf([]).falsePause).toBe(0);
    expect(scoreOf([]).loserDays).toBeNull();
  });

  it('has the standard error of a mean, by bootstrap', () => {
    const rows = Array.from({ length: 400 }, (_, i) => ({ ...ROW, spend: i % 2, oracle: 1 }));
    const error = bootstrap(
      rows,
      (row) => row.spend,
      () => 1,
    );
    expect(Math.abs(error - 0.5 / 20)).toBeLessThan(0.005);
  });

  it('compares two policies ad by ad', () => {
    const { difference, low, high } = pairedCapture([good, good], [{ ...good, expected: 15 }, good]);
    expect(difference).toBeCloseTo(5 / 20, 12);
    // Draws of two ads: both the one, both the other, or one of each.
    expect([low, high]).toEqual([0, 0.5]);
    expect(() => pairedCapture([good], [good, good])).toThrow('only the same ads');
  });
});

describe('options of the bench', () => {
  it('name what is wrong and what there is', () => {
    expect(readOptions(['--scenarios', 'S1,S99'])).toMatchObject({
      problem: expect.stringMatching(/no scenario "S99"; there are S0, S1/),
    });
    expect(readOptions(['--policies', 'Q'])).toMatchObject({
      problem: expect.stringMatching(/no policy "Q"/),
    });
    for (const ads of ['0', '-3', '2.5', 'many', '9999999999'])
      expect(readOptions([`--ads=${ads}`])).toEqual({ problem: '--ads is a whole number above 0' });
    expect(readOptions(['--profile', 'slow'])).toMatchObject({
      problem: expect.stringMatching(/quick or full/),
    });
    expect(readOptions(['--nonsense'])).toMatchObject({ problem: expect.any(String) });
    expect(readOptions(['--help'])).toBe('help');
    expect(readOptions([])).toMatchObject({ policies: expect.not.arrayContaining(['G-prior']), ads: 300 });
    expect(readOptions(['--profile', 'full'])).toMatchObject({
      policies: expect.arrayContaining(['G', 'G-prior']),
      ads: 1_800,
    });
  });

  it('take the profile’s sizes unless told otherwise', () => {
    expect(readOptions(['--', '--profile', 'full'])).toMatchObject({
      ads: 1_800,
      seeds: [1_000, 1_001, 1_002, 1_003],
      eager: true,
      report: true,
    });
    expect(readOptions([])).toMatchObject({
      ads: 300,
      seeds: [1],
      scenarios: ['S0', 'S1', 'S2'],
      eager: false,
    });
  });
});
