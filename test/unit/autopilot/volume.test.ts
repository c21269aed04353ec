import { expect, test } from 'vitest';
import { verdictDays, verdictSpend } from '../../../src/core/autopilot/volume.ts';

const weight = { a: 2, b: 2 };

test('twice the spend a day takes half as long', () => {
  const days = verdictDays(0.2, weight, 1 / 30, 15);
  expect(days).toBeCloseTo(verdictSpend(0.2, weight) / 0.5, 9);
  expect(verdictDays(0.2, weight, 1 / 30, 30)).toBeCloseTo((days ?? 0) / 2, 9);
});

test.each([
  ['no spend is planned', 0],
  ['so little is planned that the days are beyond counting', 5e-324],
  ['the plan is no number', NaN],
  ['the plan is infinite', Infinity],
])('there is no time to wait for when %s', (_, planned) => {
  expect(verdictDays(0.2, weight, 1 / 30, planned)).toBeNull();
});
