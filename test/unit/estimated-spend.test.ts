import { describe, expect, it } from 'vitest';
import type { Evidence, WindowMetrics } from '../../src/core/decision.ts';
import {
  costPerVisit,
  estimatedSpend,
  estimateWords,
  estimateOpenHours,
  hasSeenSince,
  readConversionsNow,
  readEstimatedSpend,
  type SpendEstimate,
  visitCostSpread,
} from '../../src/core/estimated-spend.ts';
import { evidenceOf } from '../support/evidence.ts';

const HOUR = 3_600_000;
const MIDNIGHT = Date.UTC(2026, 10, 10);

const metrics = (fromMs: number, toMs: number, rest: Partial<WindowMetrics> = {}): WindowMetrics => ({
  bounds: { fromMs, toMs },
  spend: 0,
  impressions: 0,
  clicks: 0,
  visits: 0,
  conversions: {},
  ...rest,
});

/** Reported to 10:00, now 11:20; $40 known today, of which $2 of the hour from 10:00. */
function estimate(rest: Partial<SpendEstimate> = {}): SpendEstimate {
  return {
    toMs: MIDNIGHT + 11.33 * HOUR,
    windows: {
      today: metrics(MIDNIGHT, MIDNIGHT + 12 * HOUR, {
        spend: 40,
        conversions: { purchase: { conversions: 1, value: 30, unconverted: 0 } },
      }),
      '1h': metrics(MIDNIGHT + 11 * HOUR, MIDNIGHT + 12 * HOUR),
      yesterday: metrics(MIDNIGHT - 24 * HOUR, MIDNIGHT, { spend: 55 }),
    },
    fromMs: [MIDNIGHT + 10 * HOUR, MIDNIGHT + 11 * HOUR],
    visits: [12, 4],
    unreported: [10, 4],
    error: 2,
    costPerVisit: 1,
    ...rest,
  };
}

const evidence = (given: SpendEstimate = estimate()): Evidence => ({ ...evidenceOf(), estimate: given });

describe('cost per visit', () => {
  it('is the campaign’s while the object has no visits, and draws to its own with their number', () => {
    const campaign = { spend: 200, visits: 100 };
    expect(costPerVisit({ spend: 0, visits: 0 }, campaign)).toBe(2);
    expect(costPerVisit({ spend: 25, visits: 25 }, campaign)).toBeCloseTo(1.5, 12);
    expect(costPerVisit({ spend: 10_000, visits: 10_000 }, campaign)).toBeCloseTo(1.0025, 3);
  });

  it('is unknown without a visit anywhere, also when money was spent', () => {
    expect(costPerVisit({ spend: 80, visits: 0 }, { spend: 80, visits: 0 })).toBeNull();
  });

  it('counts spend that brought no visit into the visits that came', () => {
    expect(costPerVisit({ spend: 30, visits: 10 }, { spend: 0, visits: 0 })).toBe(3);
  });
});

describe('spread of a visit’s cost', () => {
  const moments = (hours: readonly (readonly [number, number])[]) => ({
    hours: hours.length,
    ss: hours.reduce((sum, [s]) => sum + s * s, 0),
    sv: hours.reduce((sum, [s, v]) => sum + s * v, 0),
    vv: hours.reduce((sum, [, v]) => sum + v * v, 0),
    s: hours.reduce((sum, [s]) => sum + s, 0),
    v: hours.reduce((sum, [, v]) => sum + v, 0),
  });

  it('is the ratio estimator’s variance over the mean cost squared', () => {
    // c = 60/30 = 2; residuals 12-10·2 = -8, 28-10·2 = 8, 20-10·2 = 0 → 128; 3/2 · 128 / (4 · 30) = 1.6.
    expect(
      visitCostSpread(
        moments([
          [12, 10],
          [28, 10],
          [20, 10],
        ]),
      ),
    ).toBeCloseTo(1.6, 12);
  });

  it('stays within bounds, and is that of auction prices while hours are few or empty', () => {
    expect(
      visitCostSpread(
        moments([
          [10, 10],
          [10, 10],
          [10, 10],
        ]),
      ),
    ).toBe(0.05);
    expect(
      visitCostSpread(
        moments([
          [1, 100],
          [900, 1],
          [3, 100],
        ]),
      ),
    ).toBe(4);
    expect(
      visitCostSpread(
        moments([
          [10, 10],
          [10, 10],
        ]),
      ),
    ).toBe(0.9);
    expect(
      visitCostSpread(
        moments([
          [0, 0],
          [0, 0],
          [0, 0],
        ]),
      ),
    ).toBe(0.9);
  });
});

describe('hours that the network has not reported', () => {
  it('cost their visits, and never less than what is reported of them already', () => {
    const found = estimateOpenHours(
      [
        { fromMs: 0, visits: 10, reported: 4 },
        { fromMs: HOUR, visits: 3, reported: 9 },
      ],
      1.5,
      { visits: 75, spread: 1 },
    );
    expect(found.unreported).toEqual([11, 0]);
    // v = 13, V + k = 100: 1.5 · √(13 + 169/100).
    expect(found.error).toBeCloseTo(1.5 * Math.sqrt(14.69), 12);
  });

  it('cost nothing beyond the report while no visit has a known cost', () => {
    expect(
      estimateOpenHours([{ fromMs: 0, visits: 0, reported: 4 }], null, { visits: 0, spread: 0.9 }),
    ).toMatchObject({ unreported: [0], error: 0, costPerVisit: null });
  });
});

describe('est.spend', () => {
  it('adds the unreported to what is known of the window as it stands now', () => {
    expect(readEstimatedSpend('today', evidence())).toBe(54);
    expect(estimatedSpend('today', evidence())).toEqual({
      spend: 54,
      unreported: 14,
      low: 54 - 1.645 * 2,
      high: 54 + 1.645 * 2,
    });
  });

  it('takes only the hours of the window, and their share of the error', () => {
    expect(readEstimatedSpend('1h', evidence())).toBe(4);
    expect(estimatedSpend('1h', evidence())).toMatchObject({ high: 4 + 1.645 * 0.5 });
    expect(estimatedSpend('yesterday', evidence())).toEqual({ spend: 55, unreported: 0, low: 55, high: 55 });
  });

  it('never lies below what is reported', () => {
    expect(estimatedSpend('today', evidence(estimate({ error: 100 })))).toMatchObject({ low: 40 });
  });

  it('is undefined, not zero, where nothing can be estimated', () => {
    const why = 'no click of this account has been tracked yet';
    expect(readEstimatedSpend('today', evidence(estimate({ why })))).toEqual({ missing: 'data', why });
  });

  it('is a fault when the evidence has no estimate, no such window, or a number that is none', () => {
    expect(() => readEstimatedSpend('today', evidenceOf())).toThrow('no estimate');
    expect(() => readEstimatedSpend('7d', evidence())).toThrow('"7d"');
    expect(() => readEstimatedSpend('today', evidence(estimate({ unreported: [NaN, 1] })))).toThrow(
      'not a number',
    );
  });
});

describe('the words of an estimate', () => {
  it('say what it was made of', () => {
    expect(estimateWords(evidence())).toBe(
      'Since then 16 visits came, at about $1.00 each: est. $14.00 that is not reported yet, give or take $3.29.',
    );
  });

  it('say nothing where nothing was estimated', () => {
    expect(estimateWords(evidenceOf())).toBeNull();
    expect(estimateWords(evidence(estimate({ visits: [0, 0] })))).toBeNull();
    expect(estimateWords(evidence(estimate({ why: 'none' })))).toBeNull();
  });
});

describe('est.conversions', () => {
  it('counts the conversions of clicks up to now', () => {
    expect(readConversionsNow('purchase', 'today', evidence())).toBe(1);
    expect(readConversionsNow('lead', 'today', evidence())).toBe(0);
  });

  it('is undefined where conversions are', () => {
    const doubted = { ...evidence(), health: { trackingSinceMs: 0, conversionsUndefined: 'silent' } };
    expect(readConversionsNow('purchase', 'today', doubted)).toEqual({ missing: 'data', why: 'silent' });
  });
});

describe('whether an estimate has seen an object since it was resumed', () => {
  it('has, once an hour after the resume brought visits', () => {
    expect(hasSeenSince(['today'], evidence(), MIDNIGHT + 10.75 * HOUR)).toBe(true);
    expect(hasSeenSince(['today'], evidence(), MIDNIGHT + 11.1 * HOUR)).toBe(false);
  });

  it('has from the first visit on when its window begins with the resume, as after a night’s pause', () => {
    const night = estimate({
      windows: { today: metrics(MIDNIGHT, MIDNIGHT + HOUR) },
      fromMs: [MIDNIGHT - HOUR, MIDNIGHT],
      visits: [0, 9],
      unreported: [0, 9],
    });
    expect(hasSeenSince(['today'], evidence(night), MIDNIGHT + 5_000)).toBe(true);
    expect(hasSeenSince(['today'], evidence({ ...night, visits: [9, 0] }), MIDNIGHT + 5_000)).toBe(false);
    // A wider window holds what was spent before the pause.
    const wide = { ...night, windows: { '7d': metrics(MIDNIGHT - 144 * HOUR, MIDNIGHT + HOUR) } };
    expect(hasSeenSince(['7d'], evidence(wide), MIDNIGHT + 5_000)).toBe(false);
  });

  it('has not without an estimate', () => {
    expect(hasSeenSince(['today'], evidenceOf(), 0)).toBe(false);
    expect(hasSeenSince(['today'], evidence(estimate({ why: 'none' })), 0)).toBe(false);
  });
});
