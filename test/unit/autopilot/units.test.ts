import { describe, expect, test } from 'vitest';
import { unitsOf } from '../../../src/core/autopilot/units.ts';
import { decide } from '../../../src/core/decide.ts';
import { lnRoasBelow } from '../../../src/core/statistics/roas-test.ts';
import { learnedOf, pilotEvidence, pilotStrategy } from '../../support/pilot.ts';

const CPA = { kind: 'cpa', cpa: 30 } as const;
const ROAS = { kind: 'roas', roas: 1.2 } as const;
const ORDERS = { orders: 900, mean: 40, kappa: 80, cap: 250, cappedShare: 0.9 };

describe('what is counted, and what is due', () => {
  test('a CPA target counts conversions: one is due per target', () => {
    expect(unitsOf(CPA, learnedOf())).toEqual({
      counts: 'conversions',
      perCount: 1,
      perSpend: 1 / 30,
      testShare: 1,
      perConversion: 30,
      prior: { a: 2, b: 2 },
    });
  });

  test('clusters of two halve both', () => {
    expect(unitsOf(CPA, learnedOf({ dispersion: 2 }))).toMatchObject({ perCount: 0.5, perSpend: 1 / 60 });
    // As in the rules' `proven`: however large the clusters are, and never sharper than single conversions.
    expect(unitsOf(CPA, learnedOf({ dispersion: 4 }))?.perCount).toBe(1 / 4);
    expect(unitsOf(CPA, learnedOf({ dispersion: 0.5 }))?.perCount).toBe(1);
    expect(unitsOf(CPA, learnedOf({ dispersion: NaN }))?.perCount).toBe(1);
  });

  test('a prior per dollar becomes one in target units', () => {
    const prior = { a: 3, b: 120, siblings: 12, from: 'campaign' } as const;
    expect(unitsOf(CPA, learnedOf({ prior }))?.prior).toEqual({ a: 3, b: 4 });
  });

  test('a ROAS target counts capped revenue in κ, against a target lowered by what the cap takes', () => {
    const units = unitsOf(ROAS, learnedOf({ orders: ORDERS }));
    expect(units).toMatchObject({ counts: 'cappedValue', perCount: 1 / 80, perConversion: 40 / 1.2 });
    expect(units?.perSpend).toBeCloseTo((1.2 * 0.9) / 80, 12);
  });

  test('a ROAS target on a trial is a CPA target: rate × price ÷ ROAS', () => {
    const trial = { paidEvent: 'purchase', trials: 12, paid: 3, rate: 0.3125, price: 13.99 };
    const units = unitsOf({ kind: 'roas', roas: 1.25 }, learnedOf({ trial }));
    expect(units?.counts).toBe('conversions');
    expect(units?.perConversion).toBeCloseTo(4.371875 / 1.25, 9);
  });

  test('without any order of known value there is nothing to count', () => {
    expect(unitsOf(ROAS, learnedOf())).toBeNull();
    expect(unitsOf(ROAS, learnedOf({ orders: { ...ORDERS, kappa: 0 } }))).toBeNull();
  });
});

test('the evidence of a ROAS target is that of the ROAS test', () => {
  const strategy = pilotStrategy({ roas: 1.2, caution: 'careful' });
  const days = [
    { spend: 200, conversions: 2, value: 90 },
    { spend: 200, conversions: 2, value: 99.96 },
  ];
  const found = decide(strategy, pilotEvidence(days, { learned: { orders: ORDERS } }));
  const alone = lnRoasBelow({ revenueCapped: 189.96, matured: 400, target: 1.2 }, ORDERS);
  const share = 6 / Math.PI ** 2;
  expect(found.judgement?.lnEvidence).toBeCloseTo(Math.log(share * Math.exp(alone) + 1 - share), 9);
  expect(found.sentence).toContain('$189.96 earned where $480.00 were due at target');
  expect(found.sentence).toContain('ROAS is below 1.2');

  // What is told as due is what the test asked for: less, where the share under the cap is in doubt.
  const doubtful = { ...ORDERS, cappedShareLow: 0.8 };
  const { judgement } = decide(strategy, pilotEvidence(days, { learned: { orders: doubtful } }));
  expect(judgement?.test.due).toBeCloseTo((1.2 * 0.8 * 400) / 80, 9);
});

test('a trial says what it is worth', () => {
  const trial = { paidEvent: 'purchase', trials: 12, paid: 3, rate: 0.3, price: 20 };
  const found = decide(
    pilotStrategy({ event: 'trial', roas: 1.5 }),
    pilotEvidence(
      [
        { spend: 4, conversions: 1 },
        { spend: 4, conversions: 1 },
      ],
      { learned: { event: 'trial', trial } },
    ),
  );
  expect(found.sentence).toContain('2 trials where 2 were due at target (one is worth $6.00)');
});
