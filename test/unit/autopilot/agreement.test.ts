import fc from 'fast-check';
import { expect, test } from 'vitest';
import { judgeObject } from '../../../src/core/autopilot/judge.ts';
import { pilotInput } from '../../../src/core/autopilot/pilot-input.ts';
import { PILOT_RULES } from '../../../src/core/autopilot/stage.ts';
import { decide } from '../../../src/core/decide.ts';
import type { Evidence } from '../../../src/core/decision.ts';
import { micros } from '../../../src/core/money.ts';
import { DEFAULT_CURVES } from '../../../src/core/statistics/default-curves.ts';
import { usd } from '../../support/evidence.ts';
import { type Bucket, DAY_MS, ourChange, pilotEvidence, pilotStrategy } from '../../support/pilot.ts';

const day: fc.Arbitrary<Bucket> = fc.record({
  spend: fc.double({ min: 0, max: 300, noNaN: true }),
  conversions: fc.integer({ min: 0, max: 5 }),
  value: fc.double({ min: 0, max: 500, noNaN: true }),
  clicks: fc.integer({ min: 0, max: 500 }),
});

const strategies = [
  pilotStrategy({ caution: 'careful' }),
  pilotStrategy({ targetIs: 'average' }, { guardrails: { budgetCeiling: 100 } }),
  pilotStrategy({ roas: 1.5, caution: 'bold' }),
];

const anyEvidence: fc.Arbitrary<Evidence> = fc
  .record({
    days: fc.array(day, { maxLength: 40 }),
    budget: fc.constantFrom(null, 1.2, 20, 60),
    bid: fc.constantFrom(null, 'manual_cpc', 'bid_cap', 'cost_cap'),
    status: fc.constantFrom('active', 'paused'),
    slow: fc.boolean(),
    prior: fc.option(
      fc.record({
        a: fc.double({ min: 0.3, max: 50, noNaN: true }),
        mean: fc.double({ min: 0.1, max: 4, noNaN: true }),
      }),
    ),
    orders: fc.boolean(),
    draw: fc.double({ min: 0, max: 1, noNaN: true }),
    pausedAgo: fc.integer({ min: 0, max: 5 }),
    pulse: fc.option(
      fc.record({
        expected: fc.double({ min: 0, max: 80, noNaN: true }),
        seen: fc.integer({ min: 0, max: 80 }),
      }),
    ),
  })
  .map((part) =>
    pilotEvidence(part.days, {
      object: {
        status: part.status as 'active' | 'paused',
        dailyBudgetMicros: part.budget === null ? null : usd(part.budget),
        bidStrategy: (part.bid as 'manual_cpc' | null) ?? 'auto',
        bidMicros: part.bid === null ? null : usd(1.2),
      },
      history: [
        ourChange('set_budget', PILOT_RULES.probation, 3 * DAY_MS, {
          toMicros: usd(20),
          fullMicros: usd(60),
        }),
        ...(part.status === 'paused' ? [ourChange('pause', PILOT_RULES.pause, part.pausedAgo * DAY_MS)] : []),
      ],
      learned: {
        ...(part.slow ? { curve: DEFAULT_CURVES.purchase } : {}),
        prior:
          part.prior === null
            ? null
            : { a: part.prior.a, b: (part.prior.a / part.prior.mean) * 30, siblings: 20, from: 'campaign' },
        orders: part.orders ? { orders: 500, mean: 40, kappa: 80, cap: 200, cappedShare: 0.9 } : null,
      },
      pilot: {
        draw: part.draw,
        pulse: part.pulse === null ? null : { ...part.pulse, hours: 6, dispersion: 2 },
      },
    }),
  );

test('judgeObject and decide agree, and every number survives JSON', () => {
  fc.assert(
    fc.property(anyEvidence, fc.constantFrom(...strategies), (evidence, strategy) => {
      const decision = decide(strategy, evidence);
      const pilot = strategy.autopilot;
      const { delivery } = evidence;
      const learned = evidence.learned?.['purchase'];
      if (pilot === null || delivery === undefined || learned === undefined)
        throw new Error('not an autopilot');
      const judgement = judgeObject(pilot, pilotInput(evidence, delivery, learned));
      if (decision.judgement === undefined) {
        // Only revenue without any known order cannot be judged.
        expect(judgement).toBeNull();
        expect(decision.reason.code).toBe('not_learned');
        return;
      }
      expect({ ...judgement, interval: null, stageAfter: null }).toEqual({
        ...decision.judgement,
        interval: null,
        stageAfter: null,
      });
      if (decision.verdict.kind !== 'keep') expect(judgement?.action).not.toBe('keep');
      if (judgement?.action === 'keep') expect(decision.verdict.kind).toBe('keep');
      expect(JSON.parse(JSON.stringify(decision))).toEqual(decision);
    }),
    { numRuns: 400, seed: 7 },
  );
});

test('evidence that was stored as JSON decides the same, bit for bit', () => {
  fc.assert(
    fc.property(anyEvidence, fc.constantFrom(...strategies), (evidence, strategy) => {
      const stored: Evidence = JSON.parse(JSON.stringify(evidence));
      expect(JSON.stringify(decide(strategy, stored))).toBe(JSON.stringify(decide(strategy, evidence)));
    }),
    { numRuns: 200, seed: 8 },
  );
});

test('more conversions never turn a keep into a pause, and never lower what it may spend', () => {
  const strategy = strategies[0];
  if (strategy === undefined) throw new Error('no strategy');
  fc.assert(
    fc.property(fc.array(day, { minLength: 1, maxLength: 30 }), (days) => {
      const more = days.map((one, index) =>
        index === 0 ? { ...one, conversions: (one.conversions ?? 0) + 1 } : one,
      );
      const before = decide(strategy, pilotEvidence(days)).judgement;
      const after = decide(strategy, pilotEvidence(more)).judgement;
      if (before === undefined || after === undefined) throw new Error('not judged');
      expect(after.lnEvidence).toBeLessThanOrEqual(before.lnEvidence + 1e-9);
      if (days.length <= 28) expect(after.level).toBeGreaterThanOrEqual(before.level);
    }),
    { numRuns: 200, seed: 9 },
  );
});

test('a bid or budget is asked for in whole, safe micros', () => {
  fc.assert(
    fc.property(anyEvidence, fc.constantFrom(...strategies), (evidence, strategy) => {
      const { verdict } = decide(strategy, evidence);
      if (verdict.kind === 'set_bid' || verdict.kind === 'set_budget')
        expect(micros(verdict.toMicros)).toBeGreaterThan(0);
    }),
    { numRuns: 200, seed: 10 },
  );
});
