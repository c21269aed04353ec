import { describe, expect, test } from 'vitest';
import { decide } from '../../../src/core/decide.ts';
import { lnEvidenceAbove } from '../../../src/core/statistics/e-process.ts';
import { mixRestarts } from '../../../src/core/statistics/restarts.ts';
import { pilotEvidence, pilotStrategy } from '../../support/pilot.ts';

/**
 * One decision traced by hand, number by number, as docs/autopilot.md tells it. Target CPA $30, careful (20 : 1), no
 * sibling has taught anything (weight 2, 2), every conversion arrives at once.
 */
describe('a worked example: 2 purchases on $360 in six days, $60 a day', () => {
  const days = [60, 60, 60, 60, 60, 60].map((spend, index) => ({ spend, conversions: index < 2 ? 1 : 0 }));
  const decision = decide(pilotStrategy({ caution: 'careful' }), pilotEvidence(days));
  const judgement = decision.judgement;

  test('due: 360 / 30 = 12 conversions', () => {
    expect(judgement?.test).toMatchObject({ conversions: 2, spend: 360, matured: 360, count: 2, due: 12 });
  });

  test('evidence: ln M⁻(2, 12) by the closed form, mixed with the restarts to come', () => {
    // ln M = s + a ln b − lnΓ(a) + lnΓ(a+N) − (a+N) ln(b+s) = 12 + 2 ln 2 − 0 + ln 6 − 4 ln 14
    const both = 12 + 2 * Math.log(2) + Math.log(6) - 4 * Math.log(14);
    // P(4, 14) = 1 − e^−14 (1 + 14 + 98 + 1372/3), P(2, 2) = 1 − 3 e^−2
    const p4 = 1 - Math.exp(-14) * (1 + 14 + 98 + 1372 / 3);
    const p2 = 1 - 3 * Math.exp(-2);
    const above = both + Math.log(p4) - Math.log(p2);
    expect(lnEvidenceAbove(2, 12)).toBeCloseTo(above, 9);
    // One start so far: γ₁ = 6/π², the processes not started yet count 1.
    const share = 6 / Math.PI ** 2;
    const mixed = Math.log(share * Math.exp(above) + 1 - share);
    expect(judgement?.lnEvidence).toBeCloseTo(mixed, 9);
    expect(Math.exp(mixed)).toBeCloseTo(104.4, 1);
    expect(judgement?.lnThreshold).toBeCloseTo(Math.log(20), 12);
  });

  test('chance that CPA is above $30: P(4, 14) = 99.95 %', () => {
    expect(judgement?.probabilityWorse).toBeCloseTo(1 - Math.exp(-14) * (1 + 14 + 98 + 1372 / 3), 9);
  });

  test('shrunk cost of a conversion: (2 + 12) / (2 + 2) × $30 = $105', () => {
    expect(judgement?.efficiency).toBeCloseTo(4 / 14, 12);
    expect((judgement?.perConversion ?? 0) / (judgement?.efficiency ?? 1)).toBeCloseTo(105, 9);
  });

  test('profit would have allowed $119 for two purchases at full pace', () => {
    expect((judgement?.boundary ?? 0) * 30).toBeCloseTo(119.3, 0);
    expect(judgement?.level).toBe(0.02);
  });

  test('so it is paused, in one sentence', () => {
    expect(decision.verdict).toEqual({ kind: 'pause' });
    expect(decision.reason).toEqual({ rule: 'autopilot: pause', code: 'rule_held' });
    expect(decision.sentence).toBe(
      'pause Zen C: 2 purchases where 12 were due at target; evidence 104 : 1 that CPA is above $30.00, pausing needs 20 : 1',
    );
  });
});

test('a test whose first twenty weeks are no longer looked at goes on with its twenty-first restart', () => {
  const evidence = pilotEvidence([{ spend: 360, conversions: 2 }]);
  const { delivery } = evidence;
  if (delivery === undefined) throw new Error('no delivery');
  const later = decide(pilotStrategy(), { ...evidence, delivery: { ...delivery, weeksBefore: 20 } });
  expect(later.judgement?.lnEvidence).toBeCloseTo(mixRestarts([lnEvidenceAbove(2, 12)], 20), 12);
  expect(later.reason.rule).toBe('autopilot: probation');
});

test('a keep of a good object says that nothing speaks against it', () => {
  const decision = decide(
    pilotStrategy({ caution: 'careful' }),
    pilotEvidence([{ spend: 60, conversions: 4 }]),
  );
  expect(decision.sentence).toMatch(
    /^keep Zen C: 4 purchases where 2 were due at target; no evidence that CPA is above \$30\.00 \(1 : [\d.]+, pausing needs 20 : 1\)$/,
  );
});

test('a keep says what was due and how near the evidence is', () => {
  const decision = decide(
    pilotStrategy({ caution: 'careful' }),
    pilotEvidence(
      [
        { spend: 60, conversions: 1 },
        { spend: 63, conversions: 1 },
      ],
      // Its siblings bring a purchase for $15.
      { learned: { prior: { a: 4, b: 60, siblings: 20, from: 'account' } } },
    ),
  );
  expect(decision.verdict).toEqual({ kind: 'keep' });
  expect(decision.reason.code).toBe('on_course');
  expect(decision.sentence).toBe(
    'keep Zen C: 2 purchases where 4.1 were due at target; evidence 1.3 : 1 of 20 : 1 that CPA is above $30.00',
  );
  expect(decision.nearest?.text).toBe('evidence 1.3 : 1 of 20 : 1');
});
