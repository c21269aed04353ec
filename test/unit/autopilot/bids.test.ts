import { describe, expect, test } from 'vitest';
import { decide } from '../../../src/core/decide.ts';
import type { ObjectFacts } from '../../../src/core/object.ts';
import { usd } from '../../support/evidence.ts';
import {
  type Bucket,
  DAY_MS,
  HOUR_MS,
  learnedOf,
  ourChange,
  pilotEvidence,
  pilotStrategy,
} from '../../support/pilot.ts';

const limit = pilotStrategy({ caution: 'careful' });
const average = pilotStrategy({ caution: 'careful', targetIs: 'average' });
const perClick = (bid: number): { object: Partial<ObjectFacts>; account: { network: string } } => ({
  object: { bidStrategy: 'manual_cpc', bidMicros: usd(bid) },
  account: { network: 'taboola' },
});
const cap = (amount: number, bidStrategy: 'cost_cap' | 'bid_cap' = 'cost_cap') => ({
  object: { bidStrategy, bidMicros: usd(amount) },
});
const clickPrior = { a: 2.5, b: 75, siblings: 20, from: 'campaign' } as const;
/** 150 clicks, six purchases, all matured: $180 where $180 were due. */
const facts: Bucket[] = [
  { spend: 90, clicks: 75, conversions: 3 },
  { spend: 90, clicks: 75, conversions: 3 },
];

describe('a bid per click goes to the value of a click', () => {
  test('(2.5 + 6) / (75 + 150) × $30 = $1.13, from $1.40 within one step', () => {
    const found = decide(limit, pilotEvidence(facts, { ...perClick(1.4), learned: { clickPrior } }));
    expect(found.reason.rule).toBe('autopilot: bid');
    // 1.1333 lies within 30 % of 1.40; the network's step is a cent, rounded down.
    expect(found.verdict).toEqual({ kind: 'set_bid', toMicros: usd(1.13) });
    expect(found.sentence).toMatch(
      /^bid \$1\.40 → \$1\.13: 6 purchases where 6 were due at target; a conversion likely costs \$30\.00, and \$30\.00 is the limit of what it is worth$/,
    );
  });

  test('not for less than the dead band', () => {
    const found = decide(limit, pilotEvidence(facts, { ...perClick(1.2), learned: { clickPrior } }));
    expect(found.verdict).toEqual({ kind: 'keep' });
  });

  test('by at most one step', () => {
    const found = decide(limit, pilotEvidence(facts, { ...perClick(4), learned: { clickPrior } }));
    expect(found.verdict).toEqual({ kind: 'set_bid', toMicros: usd(2.8) });
    const up = decide(limit, pilotEvidence(facts, { ...perClick(0.5), learned: { clickPrior } }));
    expect(up.verdict).toEqual({ kind: 'set_bid', toMicros: usd(0.65) });
  });

  test('while no click prior is learned: from the prior per dollar and what a click costs', () => {
    // a = 2 on 2 × $30 of spend at $1.20 a click = 50 clicks: (2 + 6) / (50 + 150) × 30 = 1.20.
    const found = decide(limit, pilotEvidence(facts, perClick(1.2)));
    expect(found.verdict).toEqual({ kind: 'keep' });
    // Nothing of its own: nothing to go by.
    const young = decide(limit, pilotEvidence([{ spend: 20, clicks: 40 }], perClick(1.2)));
    expect(young.verdict).toEqual({ kind: 'keep' });
  });

  test('the next step, either way, waits for a day and nothing else: what a click is worth does not depend on its bid', () => {
    const at = (agoMs: number, bid: number) =>
      decide(
        limit,
        // $10 since the change: a third of a target.
        pilotEvidence([...facts, { spend: 10, clicks: 8 }], {
          ...perClick(bid),
          learned: { clickPrior },
          history: [ourChange('set_bid', 'autopilot: bid', agoMs, { toMicros: usd(bid) })],
        }),
      );
    for (const bid of [0.5, 4]) {
      expect(at(23 * HOUR_MS, bid).reason.code).toBe('cooldown');
      expect(at(DAY_MS, bid).verdict.kind).toBe('set_bid');
    }
  });

  test('it is taken on the delay curve itself, not on either of its bounds', () => {
    const curve = { ...learnedOf().curve, lower: learnedOf().curve.share.map((share) => share / 2) };
    const at = (bid: number) =>
      decide(limit, pilotEvidence(facts, { ...perClick(bid), learned: { clickPrior, curve } }));
    expect(at(1.4).verdict).toEqual({ kind: 'set_bid', toMicros: usd(1.13) });
    expect(at(0.9).verdict).toEqual({ kind: 'set_bid', toMicros: usd(1.13) });
  });

  test('ten targets of spend since the last change end the day early', () => {
    const at = (spend: number) => {
      const evidence = pilotEvidence([{ spend, clicks: spend, conversions: spend / 15 }], {
        ...perClick(0.5),
        learned: { clickPrior },
        history: [ourChange('set_bid', 'autopilot: bid', 4 * HOUR_MS, { toMicros: usd(0.5) })],
      });
      const { delivery } = evidence;
      if (delivery === undefined) throw new Error('no delivery');
      return decide(limit, {
        ...evidence,
        delivery: { ...delivery, fromMs: [delivery.toMs - 3.5 * HOUR_MS] },
      });
    };
    expect(at(270).reason.code).toBe('cooldown');
    expect(at(330).verdict.kind).toBe('set_bid');
  });

  test('it is cut instead of paused on while its value is near, and paused on when it cannot go lower', () => {
    const loser: Bucket[] = Array.from({ length: 8 }, (_, index) => ({
      spend: 60,
      clicks: 50,
      conversions: index < 2 ? 1 : 0,
    }));
    // 4.5 of 475 clicks: worth 28 cents.
    const cut = decide(limit, pilotEvidence(loser, { ...perClick(0.5), learned: { clickPrior } }));
    expect(cut.judgement?.lnEvidence).toBeGreaterThan(Math.log(20));
    expect(cut.verdict).toEqual({ kind: 'set_bid', toMicros: usd(0.35) });
    const far = decide(limit, pilotEvidence(loser, { ...perClick(1.2), learned: { clickPrior } }));
    expect(far.verdict).toEqual({ kind: 'pause' });
    const floored = pilotStrategy({ caution: 'careful' }, { guardrails: { bidFloor: 0.5 } });
    const cornered = decide(floored, pilotEvidence(loser, { ...perClick(0.5), learned: { clickPrior } }));
    expect(cornered.verdict).toEqual({ kind: 'pause' });
    expect(cornered.sentence).toContain('its bid cannot go lower');
  });

  test('no probation beside a bid per click', () => {
    const poor: Bucket[] = [
      { spend: 70, clicks: 60 },
      { spend: 30, clicks: 25 },
    ];
    const found = decide(limit, pilotEvidence(poor, { ...perClick(1), learned: { clickPrior } }));
    expect(found.judgement?.level).toBeLessThan(1);
    expect(found.reason.rule).toBe('autopilot: bid');
  });
});

describe('a cap per conversion follows what conversions cost', () => {
  // Six where six were due, prior (2, 2): efficiency 1.
  test('average: on target it stays', () => {
    expect(decide(average, pilotEvidence(facts, cap(30))).verdict).toEqual({ kind: 'keep' });
  });

  test('average: better than target it rises, by at most 20 %', () => {
    const good = facts.map((day) => ({ ...day, conversions: 9 }));
    expect(decide(average, pilotEvidence(good, cap(30))).verdict).toEqual({
      kind: 'set_bid',
      toMicros: usd(36),
    });
  });

  test('limit: the average lies below what a conversion is worth', () => {
    // .65^(.5/.7) = .735: more than one step of 20 %.
    expect(decide(limit, pilotEvidence(facts, cap(30))).verdict).toEqual({
      kind: 'set_bid',
      toMicros: usd(24),
    });
  });

  test('a step waits for a day, and for one target of matured spend', () => {
    const at = (agoMs: number, days = facts) =>
      decide(
        limit,
        pilotEvidence(days, {
          ...cap(30),
          history: [ourChange('set_bid', 'autopilot: bid', agoMs, { toMicros: usd(30) })],
        }),
      );
    expect(at(23 * HOUR_MS).reason.code).toBe('cooldown');
    expect(at(DAY_MS).verdict.kind).toBe('set_bid');
    // $10 since the change: a third of a target.
    const little: Bucket[] = [...facts, { spend: 10, clicks: 8 }];
    expect(at(DAY_MS, little).reason.code).toBe('cooldown');
    expect(at(8 * DAY_MS, little).verdict.kind).toBe('set_bid');
  });

  test('a bid cap is per conversion at Meta, per click elsewhere', () => {
    const meta = decide(average, pilotEvidence(facts, cap(30, 'bid_cap')));
    expect(meta.verdict).toEqual({ kind: 'keep' });
    const elsewhere = decide(
      limit,
      pilotEvidence(facts, {
        ...cap(1.4, 'bid_cap'),
        account: { network: 'outbrain' },
        learned: { clickPrior },
      }),
    );
    expect(elsewhere.verdict).toEqual({ kind: 'set_bid', toMicros: usd(1.13) });
  });
});

describe('budgets', () => {
  const winner: Bucket[] = Array.from({ length: 10 }, () => ({ spend: 60, conversions: 6 }));
  const ceiling = pilotStrategy({ caution: 'careful' }, { guardrails: { budgetCeiling: 100 } });

  test('never above what a person set, without a ceiling', () => {
    expect(decide(limit, pilotEvidence(winner)).verdict).toEqual({ kind: 'keep' });
  });

  test('one step up for what is proven better and spends all it has', () => {
    const found = decide(ceiling, pilotEvidence(winner));
    expect(found.reason.rule).toBe('autopilot: budget');
    expect(found.verdict).toEqual({ kind: 'set_budget', budget: 'daily', toMicros: usd(78) });
  });

  test('not past the ceiling', () => {
    const found = decide(
      ceiling,
      pilotEvidence(
        winner.map((day) => ({ ...day, spend: 90 })),
        { object: { dailyBudgetMicros: usd(90) } },
      ),
    );
    expect(found.verdict).toEqual({ kind: 'set_budget', budget: 'daily', toMicros: usd(100) });
  });

  test('not for what leaves money over, and not on a little luck', () => {
    const idle = winner.map((day) => ({ ...day, spend: 30 }));
    expect(decide(ceiling, pilotEvidence(idle)).verdict).toEqual({ kind: 'keep' });
    const lucky = winner.slice(0, 4).map((day) => ({ ...day, conversions: 3 }));
    expect(decide(ceiling, pilotEvidence(lucky)).verdict).toEqual({ kind: 'keep' });
  });
});
