import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { checkReservation, stoppedPart, limitValue, type StepLimits } from '../../../src/core/guardrails.ts';
import { micros } from '../../../src/core/money.ts';
import { usd } from '../../support/evidence.ts';

const free: StepLimits = {
  floor: null,
  ceiling: null,
  maxStep: null,
  stepMicros: usd(0.01),
  currency: 'USD',
};

describe('one change of a bid or budget', () => {
  test.each<[string, number, number, Partial<StepLimits>, number, string | null]>([
    ["is rounded down to the network's step", 1.25, 1.375, {}, 1.37, null],
    ['is cut to the largest step', 1, 2, { maxStep: 0.3 }, 1.3, 'step'],
    ['is cut to the largest step down', 1, 0.1, { maxStep: 0.3 }, 0.7, 'step'],
    ['a step of exactly the limit is not cut', 1.2, 1.2 * 1.1, { maxStep: 0.1 }, 1.32, null],
    ['stops at the ceiling', 3.9, 4.29, { ceiling: usd(4) }, 4, 'ceiling'],
    ['stops at the floor', 0.5, 0.25, { floor: usd(0.4) }, 0.4, 'floor'],
    ['rounds up where down would pass the floor', 2, 1, { floor: usd(1.005) }, 1.01, 'floor'],
    ['comes down to a ceiling it lies above', 10, 5, { ceiling: usd(8) }, 5, null],
  ])('%s', (_name, from, to, limits, expected, limitedBy) => {
    expect(limitValue(usd(from), to * 1e6, { ...free, ...limits })).toEqual({
      ok: true,
      toMicros: usd(expected),
      limitedBy,
    });
  });

  test.each<[string, number, number, Partial<StepLimits>, string]>([
    ['at the ceiling already', 4, 4.4, { ceiling: usd(4) }, 'ceiling'],
    ['above the ceiling already, never lowered by a raise', 5, 5.5, { ceiling: usd(4) }, 'ceiling'],
    ['at the floor already', 0.4, 0.2, { floor: usd(0.4) }, 'floor'],
    ['rounding would change it by more than 1 %', 0.12, 0.132, {}, 'rounding_refused'],
    ['rounding to nothing', 0.012, 0.006, {}, 'rounding_refused'],
    [
      'no step between floor and ceiling',
      1,
      2,
      { floor: usd(1.502), ceiling: usd(1.508) },
      'rounding_refused',
    ],
    ['the value it has', 2, 2, {}, 'already_so'],
    ["a step smaller than the network's", 2, 3, { maxStep: 0.004 }, 'step_refused'],
  ])('is refused: %s', (_name, from, to, limits, code) => {
    expect(limitValue(usd(from), to * 1e6, { ...free, ...limits })).toMatchObject({ ok: false, code });
  });

  test('a refusal tells its amounts as money', () => {
    expect(limitValue(usd(40), 44e6, { ...free, ceiling: usd(40) })).toMatchObject({
      detail: 'already at or above the ceiling of $40.00',
    });
    expect(limitValue(usd(0.4), 0.2e6, { ...free, floor: usd(0.4) })).toMatchObject({
      detail: 'already at or below the floor of $0.40',
    });
  });

  test('yen have no cents', () => {
    const yen = { ...free, stepMicros: usd(1), currency: 'JPY' };
    expect(limitValue(usd(12), 13.2e6, yen)).toMatchObject({
      ok: false,
      code: 'rounding_refused',
      detail: expect.stringContaining('steps of ¥1: rounding ¥13'),
    });
    expect(limitValue(usd(1200), 1320.7e6, yen)).toMatchObject({ ok: true, toMicros: usd(1320) });
  });

  test('no outcome passes a limit', () => {
    const money = fc.integer({ min: 1, max: 10 ** 12 }).map(micros);
    const share = fc.double({ min: 0.01, max: 2, noNaN: true });
    fc.assert(
      fc.property(
        money,
        fc.double({ min: 0, max: 1e13, noNaN: true }),
        fc.option(money),
        fc.option(money),
        fc.option(share),
        fc.constantFrom(1, 10_000, 1_000_000),
        (from, wanted, a, b, maxStep, step) => {
          const [floor, ceiling] = a !== null && b !== null && a > b ? [b, a] : [a, b];
          const result = limitValue(from, wanted, {
            floor,
            ceiling,
            maxStep,
            stepMicros: micros(step),
            currency: 'USD',
          });
          if (!result.ok) return;
          expect(result.toMicros % step).toBe(0);
          expect(result.toMicros > from).toBe(wanted > from);
          if (ceiling !== null && wanted > from) expect(result.toMicros).toBeLessThanOrEqual(ceiling);
          if (floor !== null && wanted < from) expect(result.toMicros).toBeGreaterThanOrEqual(floor);
        },
      ),
      { seed: 3, numRuns: 5_000 },
    );
  });
});

describe("the account's rolling 24 hours", () => {
  const limits = { maxActionsPerDay: 3, maxShareOfSpendPaused: 0.3 };
  const usage = {
    actions: 2,
    pauses: 2,
    addsActions: 1,
    shareOfSpendPaused: 0.2,
    verdict: 'pause',
    addsShare: 0.1,
  } as const;

  test('the last place and the last share are given', () => {
    expect(checkReservation(limits, usage)).toEqual({ ok: true });
  });

  test('one action too many is refused, whatever it is', () => {
    const check = checkReservation(limits, { ...usage, actions: 3, verdict: 'set_bid', addsShare: 0 });
    expect(check).toEqual({
      ok: false,
      refused: 'max_actions_per_day',
      sentence: 'the account had 3 actions in the last 24 hours, and maxActionsPerDay is 3',
    });
  });

  test('a pause is measured against pauses: many moved bids do not keep a loss from being stopped', () => {
    expect(checkReservation(limits, { ...usage, actions: 90 })).toEqual({ ok: true });
    expect(checkReservation(limits, { ...usage, actions: 90, pauses: 3 })).toMatchObject({
      refused: 'max_actions_per_day',
      sentence: 'the account had 3 pauses in the last 24 hours, and maxActionsPerDay is 3',
    });
  });

  test('what needs several places gets all of them or none', () => {
    expect(checkReservation(limits, { ...usage, pauses: 1, addsActions: 2 })).toEqual({ ok: true });
    expect(checkReservation(limits, { ...usage, addsActions: 2 })).toMatchObject({
      refused: 'max_actions_per_day',
      sentence: expect.stringContaining('this would be 2 more'),
    });
  });

  test('a pause beyond the share is refused, a bid that stops nothing is not', () => {
    const check = checkReservation(limits, { ...usage, addsShare: 0.1101 });
    expect(check).toMatchObject({ ok: false, refused: 'max_share_of_spend_paused' });
    expect(check.ok ? '' : check.sentence).toContain('31 % of the account');
    expect(
      checkReservation(limits, { ...usage, verdict: 'set_bid', shareOfSpendPaused: 0.9, addsShare: 0 }),
    ).toEqual({ ok: true });
  });
});

describe('how much of its spend a change stops', () => {
  const part = (verdict: string, rule: string | null, delta: number | null) =>
    stoppedPart({ verdict, rule, delta });

  test('a pause all of it, whoever decided it', () => {
    expect(part('pause', 'a rule', null)).toBe(1);
    expect(part('pause', 'autopilot: pause', null)).toBe(1);
  });
  test("an autopilot's probation what it takes away, and nothing where it gives back", () => {
    expect(part('set_budget', 'autopilot: probation', -0.98)).toBe(0.98);
    expect(part('set_bid', 'autopilot: probation', -0.5)).toBe(0.5);
    expect(part('set_budget', 'autopilot: probation', 1.5)).toBe(0);
    expect(part('set_budget', 'autopilot: probation', null)).toBe(0);
    expect(part('set_budget', 'autopilot: probation', -7)).toBe(1);
  });
  test('other changes of bids and budgets nothing', () => {
    expect(part('set_budget', 'lower what got dear', -0.3)).toBe(0);
    expect(part('resume', 'autopilot: resume', null)).toBe(0);
  });
  test('what a probation would stop is held to the same share as pauses', () => {
    const limits = { maxActionsPerDay: 50, maxShareOfSpendPaused: 0.3 };
    const usage = {
      actions: 0,
      pauses: 0,
      addsActions: 1,
      shareOfSpendPaused: 0.2,
      verdict: 'set_budget',
    } as const;
    expect(checkReservation(limits, { ...usage, addsShare: 0.05 })).toEqual({ ok: true });
    expect(checkReservation(limits, { ...usage, addsShare: 0.15 })).toMatchObject({
      ok: false,
      refused: 'max_share_of_spend_paused',
      sentence:
        "with this probation 35 % of the account's daily spend would be paused within 24 hours, and maxShareOfSpendPaused is 30 %",
    });
    // A change that stops nothing is not held back by what others have stopped.
    expect(checkReservation(limits, { ...usage, shareOfSpendPaused: 0.9, addsShare: 0 })).toEqual({
      ok: true,
    });
  });
});
