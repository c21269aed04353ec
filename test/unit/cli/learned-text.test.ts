import { describe, expect, it } from 'vitest';
import { learnedText } from '../../../src/cli/learned-text.ts';
import type { Learned } from '../../../src/core/learned.ts';
import type { ObjectId } from '../../../src/core/object.ts';
import type { LearnedAccount } from '../../../src/db/learning/report.ts';

const HOUR = 3_600_000;
const DAY = 24 * HOUR;
const NOON = Date.parse('2026-11-05T12:00:00Z');

const purchase: Learned = {
  event: 'purchase',
  learnedAtMs: NOON,
  curve: {
    agesMs: [HOUR, DAY, 7 * DAY, 30 * DAY],
    share: [0.62, 0.85, 0.974, 1],
    lower: [0.6, 0.83, 0.96, 1],
    upper: [0.64, 0.87, 0.98, 1],
    conversions: 812.4,
    from: 'account',
  },
  prior: { a: 2.05, b: 66.2, siblings: 16, from: 'account' },
  clickPrior: null,
  orders: { orders: 812, mean: 40.1, kappa: 78, cap: 190, cappedShare: 0.973 },
  dispersion: 1.42,
  trial: null,
};
const report: LearnedAccount = {
  account: { id: 'meta-1', name: 'US shop', currency: 'USD', timeZone: 'UTC', trackingSinceMs: 0 },
  events: [{ learned: purchase, campaigns: [] }],
  pulse: { expected: 12.34, seen: 11, hours: 3, dispersion: 2, measuredAtMs: NOON, probability: 0.4 },
  outages: [],
};
const clock = (ms: number) => new Date(ms).toISOString().slice(0, 16);
const text = (more: Partial<LearnedAccount> = {}) => learnedText({ ...report, ...more }, clock);

describe('what was learned, in words', () => {
  it('tells delays, rate, orders and clustering, and from what', () => {
    expect(text().split('\n')).toEqual([
      'US shop (meta-1)',
      '  purchase, learned 2026-11-05T12:00',
      '    delays      62 % within 1 h, 85 % within 1 d, 97 % within 7 d, all within 30 d (812 conversions of the account)',
      '    rate        ads of this account pay $32.29 a conversion, before their own facts speak; worth 2.0 conversions, from 16 ads',
      '    orders      $40.10 on average of 812; counted up to $190.00 each, which leaves 97 % of revenue; $78.00 are as much evidence as one conversion',
      '    clustering  1.42: evidence counts that much less',
      '  pulse         11 conversions in the last 3 h where 12.3 were due',
    ]);
  });

  it('names campaigns with a curve of their own, and what a trial is worth', () => {
    const trial = { paidEvent: 'subscription', trials: 120, paid: 40, rate: 0.33, price: 14 };
    const own = { ...purchase, curve: { ...purchase.curve, from: 'campaign' as const, conversions: 41 } };
    const words = text({
      events: [
        {
          learned: { ...purchase, event: 'trial_started', trial },
          campaigns: [{ id: 7 as ObjectId, name: 'US prospecting', learned: own }],
        },
      ],
    });
    expect(words).toContain('40 of 120 old enough led to subscription at $14.00: worth $4.62 each');
    expect(words).toContain('US prospecting: 62 % within 1 h');
    expect(words).toContain('(41 conversions of the campaign)');
  });

  it('says what stands in while nothing is known, and why', () => {
    expect(text({ events: [], pulse: null })).toContain('it has no conversion');
    expect(
      text({ events: [], pulse: null, account: { ...report.account, trackingSinceMs: null } }),
    ).toContain('no click or conversion of it has been tracked');
    const cold = {
      ...purchase,
      prior: null,
      orders: null,
      dispersion: 1,
      curve: { ...purchase.curve, from: 'default' as const },
    };
    const words = text({ events: [{ learned: cold, campaigns: [] }], pulse: null });
    expect(words).toContain("(the engine's default)");
    expect(words).toContain('not known yet: it takes five ads with whole days of spend');
    expect(words).not.toContain('pulse');
  });

  it('tells an outage that goes on and those that are over', () => {
    const outage = {
      startedAtMs: NOON - 4 * HOUR,
      detectedAtMs: NOON,
      endedAtMs: null,
      endedBy: null,
      expected: 24.6,
      seen: 0,
    };
    expect(text({ outages: [outage], pulse: null })).toContain(
      'since 2026-11-05T08:00: conversions of the account fail to arrive: 0 in the last 4 h where 24.6 were due; nothing is decided by conversions until they are back',
    );
    const over = text({ outages: [{ ...outage, endedAtMs: NOON + HOUR, endedBy: 'recovered' }] });
    expect(over).toContain('2026-11-05T08:00 to 2026-11-05T13:00: no conversions were delivered');
    expect(over).toContain('pulse');
  });
});
