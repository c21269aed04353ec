import { describe, expect, test } from 'vitest';
import { decide } from '../../../src/core/decide.ts';
import type { BidStrategy } from '../../../src/core/object.ts';
import { usd } from '../../support/evidence.ts';
import { type Bucket, pilotEvidence, pilotStrategy } from '../../support/pilot.ts';

const limit = pilotStrategy({});
const average = pilotStrategy({ targetIs: 'average' });
const judged = (strategy: typeof limit, bidStrategy: BidStrategy, cap: number, days: readonly Bucket[]) =>
  decide(strategy, pilotEvidence(days, { object: { bidStrategy, bidMicros: usd(cap) } })).verdict;

describe('a cap per conversion', () => {
  test('stays where a person set it until one target has matured: there is nothing to follow yet', () => {
    for (const bidStrategy of ['bid_cap', 'cost_cap'] as const)
      for (const strategy of [limit, average])
        for (const cap of [3, 14, 30, 60])
          expect(judged(strategy, bidStrategy, cap, [{ spend: 29, conversions: 0 }])).toEqual({
            kind: 'keep',
          });
  });

  test('rises towards what a conversion is worth, a step at a time, where purchases cost less and the target is a limit', () => {
    const verdict = judged(limit, 'bid_cap', 14, [{ spend: 60, conversions: 5 }]);
    expect(verdict).toEqual({ kind: 'set_bid', toMicros: usd(16.8) });
    expect(judged(limit, 'bid_cap', 28, [{ spend: 60, conversions: 5 }])).toEqual({ kind: 'keep' });
  });

  test('comes down to what a conversion is worth from above', () => {
    expect(judged(limit, 'bid_cap', 40, [{ spend: 60, conversions: 5 }])).toEqual({
      kind: 'set_bid',
      toMicros: usd(32),
    });
  });

  test('comes down where purchases cost more than they are worth, though it lies below that', () => {
    // Shrunk: 9 on $360, so $40 each; the cap follows by (30 ÷ 40)^(½ ÷ 0.7) = 0.814.
    const days = [2, 1, 2, 1, 1].map((conversions) => ({ spend: 60, conversions }));
    expect(judged(limit, 'bid_cap', 20, days)).toEqual({ kind: 'set_bid', toMicros: usd(16.28) });
  });

  test('follows the average cost where that is what the network caps, or what the target says', () => {
    const cheap = [{ spend: 60, conversions: 5 }];
    expect(judged(average, 'bid_cap', 40, cheap)).toMatchObject({ kind: 'set_bid', toMicros: usd(48) });
    expect(judged(average, 'cost_cap', 30, cheap)).toMatchObject({ kind: 'set_bid', toMicros: usd(36) });
  });
});
