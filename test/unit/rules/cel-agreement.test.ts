import { Environment } from '@marcbachmann/cel-js';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { decide } from '../../../src/core/decide.ts';
import { lnEvidenceAbove } from '../../../src/core/statistics/e-process.ts';
import { mixRestarts } from '../../../src/core/statistics/restarts.ts';
import { deliveryOf, evidenceOf, learnedOf, strategyOf, usd } from '../../support/evidence.ts';

/** Expressions as texts; `#` stands behind each whole number, where CEL needs ".0" and rules need nothing. */
const { boolean } = fc.letrec<{ number: string; boolean: string }>((tie) => ({
  number: fc.oneof(
    { maxDepth: 4, depthIdentifier: 'expression' },
    // The first is what is left at the greatest depth.
    fc.oneof(
      fc.nat(9).map((value) => `${value}#`),
      fc.constantFrom('bid', 'budget', 'spend("7d")', 'cpa("7d")', 'shrunk.cpa("7d")', '0.5', '2.25'),
    ),
    fc
      .tuple(tie('number'), fc.constantFrom('+', '-', '*'), tie('number'))
      .map(([a, op, b]) => `(${a} ${op} ${b})`),
    fc
      .tuple(tie('number'), fc.constantFrom('+', '-', '*'), fc.nat(9))
      .map(([a, op, b]) => `${a} ${op} ${b}#`),
    fc.tuple(tie('number'), tie('number')).map(([a, b]) => `max(${a}, ${b})`),
    tie('number').map((a) => `-(${a})`),
    fc.tuple(tie('boolean'), tie('number'), tie('number')).map(([c, a, b]) => `(${c} ? ${a} : ${b})`),
    tie('number').map((a) => `(${a}) / 4#`),
  ),
  boolean: fc.oneof(
    { maxDepth: 4, depthIdentifier: 'expression' },
    fc
      .tuple(tie('number'), fc.constantFrom('<', '<=', '>', '>=', '==', '!='), tie('number'))
      .map(([a, op, b]) => `${a} ${op} ${b}`),
    fc.tuple(tie('boolean'), tie('boolean')).map(([a, b]) => `(${a}) && (${b})`),
    fc.tuple(tie('boolean'), tie('boolean')).map(([a, b]) => `(${a}) || (${b})`),
    fc.tuple(tie('boolean'), tie('boolean'), tie('boolean')).map(([a, b, c]) => `${a} || ${b} && ${c}`),
    tie('boolean').map((a) => `!(${a})`),
    fc.constantFrom('proven.cpaAbove(3#, 0.5)', 'proven.cpaAbove(bid, 0.5)'),
    fc.tuple(tie('boolean'), tie('boolean'), tie('boolean')).map(([a, b, c]) => `((${a}) ? ${b} : ${c})`),
  ),
}));

/** What CEL itself makes of it, all at once; an error is an undefined operand. */
function inCel(
  text: string,
  facts: {
    readonly bid: number | null;
    readonly budget: number;
    readonly spend: number;
    readonly cpa: number | null;
    readonly shrunk: number | null;
    readonly proven: (target: number) => boolean;
  },
): boolean | 'undefined' {
  const known = (value: number | null): number => {
    if (value === null) throw new Error('undefined');
    return value;
  };
  const env = new Environment()
    .registerVariable('budget', 'double')
    .registerFunction('theBid(): double', () => known(facts.bid))
    .registerFunction('spend(string): double', () => facts.spend)
    .registerFunction('cpa(string): double', () => known(facts.cpa))
    .registerFunction('shrunkCpa(string): double', () => known(facts.shrunk))
    .registerFunction('proven(double, double): bool', (target: number) => facts.proven(target))
    .registerFunction('max(double, double): double', (a: number, b: number) => Math.max(a, b));
  try {
    const alone = text
      .replaceAll('#', '.0')
      .replaceAll('bid', 'theBid()')
      .replaceAll('shrunk.cpa', 'shrunkCpa')
      .replaceAll('proven.cpaAbove', 'proven');
    const value: unknown = env.evaluate(alone, { budget: facts.budget });
    return value === true;
  } catch {
    return 'undefined';
  }
}

test('conditions come out as CEL says, split or not, undefined operands included', () => {
  const seen = { true: 0, false: 0, undefined: 0 };
  fc.assert(
    fc.property(
      boolean,
      fc.option(fc.integer({ min: 1, max: 9 })),
      fc.nat(9),
      fc.nat(3),
      (text, bid, spend, purchases) => {
        const evidence = evidenceOf({
          object: bid === null ? { bidStrategy: 'auto', bidMicros: null } : { bidMicros: usd(bid) },
          windows: { '7d': { spend, events: { purchase: [purchases] } } },
          delivery: deliveryOf([[spend, purchases]]),
          learned: { purchase: learnedOf() },
        });
        const expected = inCel(text, {
          bid,
          budget: 200,
          spend,
          cpa: purchases === 0 ? null : spend / purchases,
          // Shape 2 around the target of $30, and all of the spend has matured.
          shrunk: spend === 0 ? null : (60 + spend) / (2 + purchases),
          proven: (target) => mixRestarts([lnEvidenceAbove(purchases, spend / target)]) >= Math.log(2),
        });
        const decision = decide(strategyOf(text.replaceAll('#', '')), evidence);
        expect(decision.rules[0]?.holds, text).toBe(expected);
        seen[`${expected}`] += 1;
      },
    ),
    { seed: 7, numRuns: 2_000 },
  );
  for (const count of Object.values(seen)) expect(count).toBeGreaterThan(100);
});
