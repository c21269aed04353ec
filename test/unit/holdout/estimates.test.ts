import { describe, expect, it } from 'vitest';
import { estimateHoldout, type HeldPause } from '../../../src/core/holdout.ts';
import { holdoutSentences } from '../../../src/core/holdout-words.ts';
import { rateInterval } from '../../../src/core/rate-interval.ts';
import { confidenceSequence } from '../../../src/core/statistics/confidence-sequence.ts';
import { DEFAULT_WEIGHT } from '../../../src/core/statistics/e-process.ts';

const held = (part: Partial<HeldPause> = {}): HeldPause => ({
  propensity: 0.03,
  count: 2,
  due: 10,
  perConversion: 30,
  ended: true,
  ...part,
});

/** A small generator of its own, so that a draw is the same on every machine. */
function draws(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return state / 2 ** 32;
  };
}

describe('an interval for a rate that holds at all times', () => {
  it('is all of [0, 1] without trials, and reaches to an end that was always seen', () => {
    expect(rateInterval(0, 0, 0.05)).toEqual({ low: 0, high: 1 });
    expect(rateInterval(0, 12, 0.05).low).toBe(0);
    expect(rateInterval(12, 12, 0.05).high).toBe(1);
  });

  it('ends where the beta-binomial mixture reaches 1/α', () => {
    // With no success in n, e(r) = B(½, ½ + n) ÷ B(½, ½) ÷ (1 − r)^n; for n = 1 that is ½ ÷ (1 − r), which is 20 at r = 0.975.
    expect(rateInterval(0, 1, 0.05).high).toBeCloseTo(0.975, 9);
    expect(rateInterval(1, 1, 0.05).low).toBeCloseTo(0.025, 9);
    // n = 2, no success: B(½, 2½)/B(½, ½) = 3/8, so (1 − r)² = 3/160.
    expect(rateInterval(0, 2, 0.05).high).toBeCloseTo(1 - Math.sqrt(3 / 160), 9);
  });

  it('holds the rate seen, is symmetric and narrows with trials', () => {
    const narrow = rateInterval(20, 200, 0.05);
    const wide = rateInterval(2, 20, 0.05);
    for (const { low, high } of [narrow, wide]) {
      expect(low).toBeLessThan(0.1);
      expect(high).toBeGreaterThan(0.1);
    }
    expect(narrow.high - narrow.low).toBeLessThan((wide.high - wide.low) / 2);
    const mirrored = rateInterval(18, 20, 0.05);
    expect(mirrored.low).toBeCloseTo(1 - wide.high, 9);
    expect(mirrored.high).toBeCloseTo(1 - wide.low, 9);
  });

  it('is left by the true rate in at most one of twenty series, however often one looks', () => {
    const draw = draws(7);
    const series = 400;
    let left = 0;
    for (let one = 0; one < series; one += 1) {
      let successes = 0;
      for (let trial = 1; trial <= 120; trial += 1) {
        if (draw() < 0.2) successes += 1;
        const { low, high } = rateInterval(successes, trial, 0.05);
        if (0.2 < low || 0.2 > high) {
          left += 1;
          break;
        }
      }
    }
    expect(left / series).toBeLessThanOrEqual(0.05 + 2 * Math.sqrt((0.05 * 0.95) / series));
    expect(left).toBeGreaterThan(0);
  });
});

describe('what a holdout tells', () => {
  it('is nothing without held pauses', () => {
    expect(estimateHoldout([], 0.05)).toEqual({
      held: 0,
      judged: 0,
      onTarget: 0,
      byLuck: 0,
      falsePauses: null,
      efficiency: null,
      savedPerPause: null,
    });
  });

  it('counts as false what came out at target or better, among those that ran to the end with spend enough to tell', () => {
    const found = estimateHoldout(
      [
        held({ count: 10 }),
        held({ count: 9 }),
        held({ count: 0, due: 0.99 }),
        held({ count: 40, ended: false }),
        held({ count: 12 }),
      ],
      0.05,
    );
    expect(found).toMatchObject({ held: 5, judged: 3, onTarget: 2 });
    expect(found.falsePauses).toEqual({ value: 2 / 3, ...rateInterval(2, 3, 0.05) });
    // Pr(Poisson(5) ≥ 10) = 0.0318280573 for each.
    expect(found.byLuck).toBeCloseTo(3 * 0.0318280573, 8);
  });

  it('weighs each by one over the chance with which it was held', () => {
    const found = estimateHoldout(
      [held({ count: 20, propensity: 0.02 }), held({ count: 0, propensity: 0.04 })],
      0.05,
    );
    // The first stands for 50 due pauses, the second for 25.
    expect(found.falsePauses?.value).toBeCloseTo(2 / 3, 12);
    expect(found.falsePauses).toMatchObject(rateInterval(1, 1.5, 0.05));
    // Brought 20 where (10 · 50 + 10 · 25) / 50 = 15 were due in the same weights.
    expect(found.efficiency?.value).toBeCloseTo(20 / 15, 12);
    // Saved (10 − 20) · $30 · 50 + 10 · $30 · 25 over 75 due pauses.
    expect(found.savedPerPause?.value).toBeCloseTo((-10 * 30 * 50 + 10 * 30 * 25) / 75, 9);
  });

  it('takes the intervals of money and of efficiency from one confidence sequence', () => {
    const found = estimateHoldout([held({ count: 2, due: 10 }), held({ count: 1, due: 5 })], 0.05);
    const { low, high } = confidenceSequence(3, 0.05, DEFAULT_WEIGHT);
    expect(found.efficiency).toEqual({ value: 3 / 15, low: low / 15, high: high / 15 });
    expect(found.savedPerPause?.value).toBeCloseTo((30 * 12) / 2, 9);
    expect(found.savedPerPause?.low).toBeCloseTo((30 * (15 - high)) / 2, 9);
    expect(found.savedPerPause?.high).toBeCloseTo((30 * (15 - low)) / 2, 9);
  });

  it('keeps its promise where revenue is counted and one order may be worth many', () => {
    // On target for certain: one target's worth of spend in eight brings an order that counts as eight conversions, the others none.
    const draw = draws(5);
    const series = 300;
    let missed = 0;
    for (let one = 0; one < series; one += 1) {
      let count = 0;
      let isMissed = false;
      for (let order = 1; order <= 60 && !isMissed; order += 1) {
        if (draw() < 1 / 8) count += 8;
        const found = estimateHoldout([held({ count, due: order, largest: 8 })], 0.05);
        isMissed = (found.efficiency?.low ?? 0) > 1 || (found.efficiency?.high ?? 2) < 1;
      }
      if (isMissed) missed += 1;
    }
    expect(missed / series).toBeLessThanOrEqual(0.05 + 2 * Math.sqrt((0.05 * 0.95) / series));
  });

  it('has no figure in money or efficiency where nothing has matured', () => {
    expect(estimateHoldout([held({ count: 0, due: 0 })], 0.05)).toMatchObject({
      held: 1,
      judged: 0,
      falsePauses: null,
      efficiency: null,
      savedPerPause: null,
    });
  });

  it('finds the true false-pause rate and saving from randomly held pauses', () => {
    const draw = draws(11);
    const share = 0.2;
    const poisson = (mean: number): number => {
      let count = 0;
      for (let left = Math.exp(-mean), product = draw(); product > left; product *= draw()) count += 1;
      return count;
    };
    const found: HeldPause[] = [];
    let truth = 0;
    for (let due = 0; due < 4_000; due += 1) {
      // One due pause in ten is of an object at twice its target's efficiency, the others are at three tenths of it.
      const theta = draw() < 0.1 ? 2 : 0.3;
      truth += (1 - theta) * 30 * 30;
      if (draw() < share) found.push(held({ propensity: share, due: 30, count: poisson(30 * theta) }));
    }
    const { falsePauses, savedPerPause } = estimateHoldout(found, 0.05);
    expect(falsePauses?.low).toBeLessThan(0.1);
    expect(falsePauses?.high).toBeGreaterThan(0.1);
    expect(falsePauses!.high - falsePauses!.low).toBeLessThan(0.08);
    expect(Math.abs((savedPerPause?.value ?? 0) - truth / 4_000)).toBeLessThan(60);
  });
});

describe('a holdout in words', () => {
  const counts = { due: 40, held: 2, running: 1, share: 0.03 };

  it('says that nothing was due, and how a strategy asks for it', () => {
    expect(
      holdoutSentences({ due: 0, held: 0, running: 0, share: null }, estimateHoldout([], 0.05), 'USD'),
    ).toEqual([
      'No pause of an autopilot with a holdout was due yet. A strategy that says `holdout: 3 %` holds 3 of 100 back for seven days and watches what they do.',
    ]);
  });

  it('says what is missing while none is held and while none has ended', () => {
    const none = holdoutSentences({ ...counts, held: 0, running: 0 }, estimateHoldout([], 0.05), 'USD');
    expect(none.at(-1)).toBe(
      'None has been held back yet: on average one in 34 is. Nothing is measured until then.',
    );
    const running = holdoutSentences(counts, estimateHoldout([held({ ended: false })], 0.05), 'USD');
    expect(running[0]).toBe(
      '40 pauses were due; 2 of them were held back and observed (3 % by design), 1 of them still runs.',
    );
    expect(running.at(-1)).toContain('there is no false-pause rate yet');
  });

  it('tells rate, efficiency and saving with their intervals, and how much more would narrow them', () => {
    const found = estimateHoldout([held({ count: 2, due: 20 }), held({ count: 2, due: 20 })], 0.05);
    const lines = holdoutSentences({ ...counts, running: 0 }, found, 'USD');
    expect(lines[1]).toMatch(
      /^False pauses: 0 of 2 that ran to the end came out at target or better, 0 % \(95 % interval 0 % to 86\.3 %\)/,
    );
    expect(lines[2]).toMatch(/^What was held back brought 0\.10 \(95 % interval 0\.0\d to 0\.\d+\)/);
    expect(lines[3]).toMatch(
      /^Pausing at once is worth \$540\.00 \(95 % interval \$\d+\.\d\d to \$\d+\.\d\d\) per due pause/,
    );
    expect(lines[4]).toContain('more that are held to the end');
  });

  it('says that pausing loses where what was held back did better than target', () => {
    const found = estimateHoldout([held({ count: 40, due: 20 })], 0.05);
    expect(holdoutSentences({ ...counts, running: 0 }, found, 'USD')[3]).toMatch(
      /^Pausing at once is worth −\$600\.00/,
    );
  });
});
