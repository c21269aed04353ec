import { describe, expect, test } from 'vitest';
import { decide } from '../../../src/core/decide.ts';
import { planEffects } from '../../../src/core/plan-decision.ts';
import { oddsText } from '../../../src/core/rules/odds.ts';
import { mixRestarts } from '../../../src/core/statistics/restarts.ts';
import { lnEvidenceAbove } from '../../../src/core/statistics/e-process.ts';
import { deliveryOf, type EvidencePart, evidenceOf, learnedOf, strategyOf } from '../../support/evidence.ts';

const PRIOR = { a: 2.5, b: 75, siblings: 20, from: 'campaign' as const };
const ORDERS = { orders: 500, mean: 45, kappa: 80, cap: 200, cappedShare: 1 };

const spent = (spend: number, conversions: number, value = 0): EvidencePart => ({
  delivery: deliveryOf([[spend, conversions, value], ...Array.from({ length: 10 }, () => [0] as const)]),
  learned: { purchase: learnedOf({ prior: PRIOR, orders: ORDERS }) },
});

function told(when: string, part: EvidencePart, rest: object = {}) {
  return decide(strategyOf(when, { pause: true }, rest), evidenceOf(part));
}

describe('a decision by statistics says what a marketer wants to know', () => {
  test('proven: what came, what was due, the evidence and what the rule needs', () => {
    const ln = mixRestarts([lnEvidenceAbove(2, 9.3)]);
    expect(told('proven.cpaAbove(target.cpa, 0.10)', spent(279, 2)).sentence).toBe(
      `pause Zen C: 2 purchases where 9.3 were due at target; evidence ${oddsText(ln)} that CPA is above $30.00, the rule needs 10 : 1`,
    );
    expect(told('proven.roasBelow(target.roas, 0.20)', spent(1_000, 4, 200)).sentence).toMatch(
      /^pause Zen C: \$200\.00 earned where \$1,500\.00 were due at target; evidence [\d,.]+ : 1 that ROAS is below 1\.5, the rule needs 5 : 1$/,
    );
    expect(told('proven.cpaBelow(40, 0.05)', spent(90, 20)).sentence).toMatch(
      /20 purchases where 2\.3 were due at target; evidence over 10,000 : 1 that CPA is below \$40\.00, the rule needs 20 : 1/,
    );
  });

  test('the example of docs/rules.md', () => {
    const single = lnEvidenceAbove(2, 10);
    expect(single).toBeCloseTo(3.757019, 6);
    expect(Math.exp(mixRestarts([single]))).toBeCloseTo(26.4, 1);
    expect(told('proven.cpaAbove(target.cpa, 0.05)', spent(300, 2)).sentence).toBe(
      'pause Zen C: 2 purchases where 10 were due at target; evidence 26 : 1 that CPA is above $30.00, the rule needs 20 : 1',
    );
  });

  test('a test whose first weeks are no longer looked at keeps the numbers of its restarts', () => {
    const part = spent(300, 2);
    if (part.delivery === undefined) throw new Error('no delivery');
    const later = told('proven.cpaAbove(target.cpa, 0.05)', {
      ...part,
      delivery: { ...part.delivery, weeksBefore: 20 },
    });
    expect(later.verdict).toEqual({ kind: 'keep' });
    expect(later.nearest?.value).toBeCloseTo(Math.exp(mixRestarts([lnEvidenceAbove(2, 10)], 20)), 9);
  });

  test.each<[string, string | RegExp]>([
    ['due.conversions("7d") >= 3', '3.3 purchases due at target in 7 days'],
    ['matured.spend("today") > 50', '$100.00 of matured spend today'],
    ['shrunk.cpa("7d") > target.cpa', 'shrunk CPA $50.00 in 7 days over target $30.00'],
    [
      'probability.cpaAbove(target.cpa, "7d") > 0.8',
      /^probability [\d.]+ % that CPA is above \$30\.00 in 7 days over 80 %$/,
    ],
    [
      '0.8 < probability.cpaAbove(target.cpa, "7d")',
      /^probability [\d.]+ % that CPA is above \$30\.00 in 7 days over 80 %$/,
    ],
    ['shrunk.roas("7d") < target.roas', /^shrunk ROAS 0\.\d+ in 7 days under target 1\.5$/],
    [
      'forecast.cpa("7d") > target.cpa',
      'forecast of CPA $100.00 ($100.00 to $100.00) in 7 days over target $30.00',
    ],
    ['forecast.conversions("7d") <= 1', 'forecast of purchases 1 (1 to 1) in 7 days at 1'],
    ['forecast.cpaLow("7d") > 40', 'forecast of CPA at least $100.00 in 7 days over $40.00'],
    [
      '!proven.cpaAbove(target.cpa, 0.05)',
      /^1 purchase where 3\.3 were due at target; evidence [\d.]+ : 1 that CPA is above \$30\.00, the rule needs 20 : 1$/,
    ],
    ['due.conversions("7d") - 1 > 2', 'due.conversions("7d") - 1 2.33 over 2'],
  ])('%s', (when, sentence) => {
    const said = told(when, spent(100, 1, 30)).sentence.replace('pause Zen C: ', '');
    if (typeof sentence === 'string') expect(said).toBe(sentence);
    else expect(said).toMatch(sentence);
  });

  test('counts beside what was due', () => {
    const part: EvidencePart = { ...spent(120, 0), windows: { today: { spend: 120, events: {} } } };
    expect(told('conversions("today") == 0 && due.conversions("today") >= 3', part).sentence).toBe(
      'pause Zen C: no purchase today, 4 purchases due at target',
    );
  });

  test('by arrival', () => {
    const part: EvidencePart = { windows: { '3d': { spend: 100, arrived: { purchase: [2, 50] } } } };
    expect(told('arrived.cpa("3d") > target.cpa', part).sentence).toBe(
      'pause Zen C: CPA $50.00 by arrival in 3 days over target $30.00',
    );
    expect(told('arrived.conversions("3d") < 3 && arrived.revenue("3d") < 60', part).sentence).toBe(
      'pause Zen C: 2 purchases arrived in 3 days, $50.00 arrived',
    );
  });
});

describe('why not', () => {
  test('nearest to a proof is the evidence that is missing', () => {
    const decision = told('proven.cpaAbove(target.cpa, 0.05)', spent(180, 1));
    expect(decision.verdict.kind).toBe('keep');
    expect(decision.nearest?.text).toMatch(/^evidence [\d.]+ : 1 of 20 : 1 that CPA is above \$30\.00$/);
    expect(decision.nearest?.threshold).toBe(20);
    expect(decision.nearest?.value).toBeCloseTo(Math.exp(mixRestarts([lnEvidenceAbove(1, 6)])), 9);
    expect(decision.nearest?.distance).toBeCloseTo(1 - (decision.nearest?.value ?? 0) / 20, 9);
    expect(decision.sentence).toBe(`keep Zen C: no rule holds; nearest: ${decision.nearest?.text ?? ''}`);
  });

  test('what rounds to enough is told to be just under it', () => {
    const needed = (1.001 * Math.exp(mixRestarts([lnEvidenceAbove(1, 6)]))).toPrecision(6);
    const decision = told(`proven.cpaAbove(target.cpa, ${1 / Number(needed)})`, spent(180, 1));
    expect(decision.nearest?.text).toMatch(/^evidence just under [\d.]+ : 1 that CPA is above \$30\.00$/);
  });

  test('evidence for the other side is next to nothing', () => {
    expect(told('proven.cpaAbove(target.cpa, 0.05)', spent(300, 30)).nearest?.text).toMatch(
      /^evidence 1 : [\d.]+ of 20 : 1|^evidence under 1 : 100 of 20 : 1/,
    );
  });

  test('numbers of statistics say how far they are', () => {
    expect(told('due.conversions("7d") >= 4', spent(100, 0)).nearest?.text).toBe(
      'purchases due in 7 days 3.33, 0.67 short of 4',
    );
    expect(told('shrunk.cpa("7d") > 60', spent(100, 1)).nearest?.text).toBe(
      'shrunk CPA in 7 days $50.00, $10.00 below $60.00',
    );
    expect(told('probability.cpaAbove(target.cpa, "7d") > 0.99', spent(60, 0)).nearest?.text).toBe(
      'probability that CPA is above $30.00 in 7 days 89.09 %, 9.91 % below 99 %',
    );
  });

  test('what has no value has no distance', () => {
    const decision = told('proven.cpaAbove(params.none, 0.05)', spent(100, 0), { params: { none: 0 } });
    expect(decision.nearest).toBeUndefined();
    expect(decision.rules[0]?.conditions[0]?.values[0]).toEqual({
      expression: 'proven.cpaAbove(params.none, 0.05)',
      value: null,
      why: 'the target is not above 0',
    });
  });
});

test('the trace of a condition carries the words beside the value, and the details page shows them', () => {
  const strategy = strategyOf(
    'proven.cpaAbove(target.cpa, 0.10) && due.conversions("7d") > 3',
    { pause: true },
    { mode: 'live' },
  );
  const evidence = evidenceOf(spent(279, 2));
  const decision = decide(strategy, evidence);
  const [proof, due] = decision.rules[0]?.conditions ?? [];
  expect(proof?.values).toEqual([
    {
      expression: 'proven.cpaAbove(target.cpa, 0.10)',
      value: true,
      said: expect.stringContaining('2 purchases where 9.3 were due at target; evidence ') as string,
    },
  ]);
  expect(due?.values[0]).toMatchObject({ said: '9.3 purchases due at target in 7 days' });
  const [effect] = planEffects(strategy, evidence, decision);
  expect(effect?.plan.details).toContain('2 purchases where 9.3 were due at target');
  expect(effect?.plan.details).toContain('9.3 purchases due at target in 7 days');
});

test('from a stored record the same decision comes again, bit for bit', () => {
  const strategy = strategyOf(
    'proven.roasBelow(target.roas, 0.5) || forecast.cpaHigh("7d") > 100 || probability.roasBelow(1.5, "7d") > 0.99',
  );
  const evidence = evidenceOf(spent(279, 2, 70));
  const stored: typeof evidence = JSON.parse(JSON.stringify(evidence));
  expect(decide(strategy, stored)).toEqual(decide(strategy, evidence));
});

test.each([
  [0, '1 : 1'],
  [Math.log(26.999), '27 : 1'],
  [Math.log(1.84), '1.8 : 1'],
  [-Math.log(4), '1 : 4'],
  [Math.log(1234), '1,234 : 1'],
  [Math.log(9.96), '10 : 1'],
  [800, 'over 10,000 : 1'],
  [Number.NEGATIVE_INFINITY, 'under 1 : 100'],
])('odds of e^%d are %s', (ln, text) => {
  expect(oddsText(ln)).toBe(text);
});
