import { describe, expect, test } from 'vitest';
import { PILOT_RULES, stageOf } from '../../../src/core/autopilot/stage.ts';
import { decide } from '../../../src/core/decide.ts';
import type { ObjectFacts } from '../../../src/core/object.ts';
import { objectFacts, usd } from '../../support/evidence.ts';
import { type Bucket, DAY_MS, ourChange, pilotEvidence, pilotStrategy } from '../../support/pilot.ts';

const strategy = pilotStrategy({ caution: 'careful' });
const days = (...conversions: readonly number[]): Bucket[] =>
  conversions.map((count) => ({ spend: 60, conversions: count }));

/** Ours, three days ago: full $60, now at `to`. */
const probation = (to: number, agoMs = 3 * DAY_MS) =>
  ourChange('set_budget', PILOT_RULES.probation, agoMs, { toMicros: usd(to), fullMicros: usd(60) });
const budget = (amount: number): Partial<ObjectFacts> => ({ dailyBudgetMicros: usd(amount) });

describe('the stage is read from the newest applied changes', () => {
  const levers = objectFacts({ bidStrategy: 'auto', bidMicros: null, dailyBudgetMicros: usd(20) });
  const stage = (history: Parameters<typeof stageOf>[0], object = levers) =>
    stageOf(history, object, 'sample/test').stage;

  test('nothing of ours: normal', () => {
    expect(stage([])).toBe('normal');
  });
  test('lowered by us and still there: probation', () => {
    expect(stage([probation(20)])).toBe('probation');
  });
  test('somebody set another budget since: theirs, and normal', () => {
    expect(stage([probation(10)])).toBe('normal');
  });
  test('a newer change of the budget by another rule: normal', () => {
    expect(stage([probation(20), ourChange('set_budget', 'raise', DAY_MS, { toMicros: usd(20) })])).toBe(
      'normal',
    );
  });
  test("another strategy's probation is not ours", () => {
    expect(stage([{ ...probation(20), strategyId: 'other' }])).toBe('normal');
  });
  test('paused by our autopilot: paused; by a rule of ours or by somebody: normal', () => {
    const paused = { ...levers, status: 'paused' as const };
    expect(stage([ourChange('pause', PILOT_RULES.pause, DAY_MS)], paused)).toBe('paused');
    expect(stage([ourChange('pause', 'stop-loss', DAY_MS)], paused)).toBe('normal');
    expect(stage([], paused)).toBe('normal');
  });
  test('paused by us, resumed since, paused again by somebody: theirs', () => {
    const paused = { ...levers, status: 'paused' as const };
    expect(
      stage([ourChange('pause', PILOT_RULES.pause, 2 * DAY_MS), ourChange('resume', 'x', DAY_MS)], paused),
    ).toBe('normal');
  });
});

describe('probation', () => {
  // At $60 a day over 30 days the boundary lies at 1.5 targets without a conversion, at 6 with four.
  test('down to 45 % once it is worth less than it costs', () => {
    const found = decide(strategy, pilotEvidence(days(1, 1, 1, 1).map((day) => ({ ...day, spend: 54 }))));
    expect(found.reason.rule).toBe(PILOT_RULES.probation);
    expect(found.verdict).toEqual({ kind: 'set_budget', budget: 'daily', toMicros: usd(27) });
    expect(found.judgement).toMatchObject({
      stageBefore: 'normal',
      stageAfter: 'probation',
      fullMicros: usd(60),
    });
    expect(found.sentence).toMatch(
      /^daily budget \$60\.00 → \$27\.00: 4 purchases where 7\.2 were due at target; the chance that CPA is above \$30\.00 is 90 %, so it keeps 45 % until it has shown more$/,
    );
  });

  test('down to the trickle once it is hardly a good one any more', () => {
    const found = decide(strategy, pilotEvidence(days(0, 0)));
    expect(found.verdict).toEqual({ kind: 'set_budget', budget: 'daily', toMicros: usd(1.2) });
  });

  test('from part of it to the trickle, the full budget remembered', () => {
    const found = decide(
      strategy,
      pilotEvidence(days(0, 0), { object: budget(20), history: [probation(20)] }),
    );
    expect(found.verdict).toEqual({ kind: 'set_budget', budget: 'daily', toMicros: usd(1.2) });
    expect(found.judgement?.fullMicros).toBe(usd(60));
  });

  test('stays while nothing changes, and says so', () => {
    const found = decide(
      strategy,
      pilotEvidence(days(0, 0), { object: budget(1.2), history: [probation(1.2)] }),
    );
    expect(found.verdict).toEqual({ kind: 'keep' });
    expect(found.reason.code).toBe('on_probation');
    expect(found.sentence).toContain(
      'on probation with 2 % of its budget: no purchase where 4 were due at target',
    );
  });

  test('back to the full budget when late conversions redeem it', () => {
    const found = decide(
      strategy,
      pilotEvidence(days(2, 2), { object: budget(1.2), history: [probation(1.2)] }),
    );
    expect(found.reason.rule).toBe(PILOT_RULES.endProbation);
    expect(found.verdict).toEqual({ kind: 'set_budget', budget: 'daily', toMicros: usd(60) });
    expect(found.judgement).toMatchObject({ stageBefore: 'probation', stageAfter: 'normal' });
    expect(found.sentence).toContain('finding out still pays, so it gets all of it back');
  });

  test('a curve learned anew gives nothing back: nine tenths of the boundary hold it', () => {
    const at = (due: number, onProbation: boolean) =>
      decide(
        strategy,
        pilotEvidence(
          [{ spend: 30 * due }],
          onProbation ? { object: budget(27), history: [probation(27)] } : {},
        ),
      );
    const boundary = at(1.4, true).judgement?.boundary ?? 0;
    expect(boundary).toBeGreaterThan(1.4);
    expect(at(1.4, false).judgement?.level).toBe(1);
    expect(at(1.4, true).verdict).toEqual({ kind: 'keep' });
    expect(at(1.4, true).reason.code).toBe('on_probation');
    expect(at(1.4, true).rules[1]?.conditions[0]?.text).toContain('still over nine tenths of what profit');
    expect(at(0.89 * boundary, true).reason.rule).toBe(PILOT_RULES.endProbation);
  });

  test('evidence that rounds to what pausing needs is told as just under it', () => {
    const found = decide(
      strategy,
      pilotEvidence([{ spend: 168.5 }], { object: budget(1.2), history: [probation(1.2)] }),
    );
    expect(Math.exp(found.judgement?.lnEvidence ?? 0)).toBeGreaterThan(19.5);
    expect(found.judgement?.lnEvidence).toBeLessThan(Math.log(20));
    expect(found.sentence).toContain('evidence just under 20 : 1');
  });

  test('cost that a network took back leaves nothing due, not less than nothing', () => {
    const found = decide(strategy, pilotEvidence([{ spend: -5 }]));
    expect(found.sentence).toContain('no purchase where 0 were due at target');
  });

  test('a budget that somebody set meanwhile is never restored over', () => {
    const found = decide(
      strategy,
      pilotEvidence(days(2, 2), { object: budget(100), history: [probation(1.2)] }),
    );
    expect(found.verdict).toEqual({ kind: 'keep' });
    expect(found.judgement?.stageBefore).toBe('normal');
  });

  test('no second step on the same facts', () => {
    const found = decide(
      strategy,
      pilotEvidence(days(2, 2), {
        object: budget(1.2),
        history: [probation(1.2, -60_000)],
        changedSince: { budgetMs: 1 },
      }),
    );
    expect(found.verdict).toEqual({ kind: 'keep' });
    expect(found.reason.code).toBe('no_facts_since_change');
  });

  test('never under the floor of the guardrails', () => {
    const floored = pilotStrategy({ caution: 'careful' }, { guardrails: { budgetFloor: 5 } });
    const found = decide(floored, pilotEvidence(days(0, 0)));
    expect(found.verdict).toEqual({ kind: 'set_budget', budget: 'daily', toMicros: usd(5) });
    const there = decide(floored, pilotEvidence(days(0, 0), { object: budget(5), history: [probation(5)] }));
    expect(there.verdict).toEqual({ kind: 'keep' });
  });

  test('never under the step of the network', () => {
    const found = decide(strategy, pilotEvidence(days(0, 0), { account: { moneyStepMicros: usd(5) } }));
    expect(found.verdict).toEqual({ kind: 'keep' });
    expect(found.reason.code).toBe('on_course');
  });

  test('never under a hundred steps, a dollar where a step is a cent', () => {
    const small = { object: budget(20) };
    const found = decide(strategy, pilotEvidence(days(0, 0), small));
    expect(found.verdict).toEqual({ kind: 'set_budget', budget: 'daily', toMicros: usd(1) });
    const there = decide(
      strategy,
      pilotEvidence(days(0, 0), {
        object: budget(1),
        history: [
          ourChange('set_budget', PILOT_RULES.probation, 3 * DAY_MS, {
            toMicros: usd(1),
            fullMicros: usd(20),
          }),
        ],
      }),
    );
    expect(there.reason.code).toBe('on_probation');
  });

  test('without a daily budget the bid is halved', () => {
    const found = decide(
      strategy,
      pilotEvidence(days(0, 0), {
        object: { dailyBudgetMicros: null, bidStrategy: 'cost_cap', bidMicros: usd(30) },
      }),
    );
    expect(found.reason.rule).toBe(PILOT_RULES.probation);
    expect(found.verdict).toEqual({ kind: 'set_bid', toMicros: usd(15) });
  });

  test('with neither, it keeps and says what is missing', () => {
    const found = decide(strategy, pilotEvidence(days(0, 0), { object: { dailyBudgetMicros: null } }));
    expect(found.verdict).toEqual({ kind: 'keep' });
    expect(found.reason.code).toBe('no_such_lever');
    expect(found.sentence).toContain('neither a daily budget nor a bid is set on it');
  });

  test('the largest step of the guardrails holds for probation too', () => {
    const stepped = pilotStrategy({ caution: 'careful' }, { guardrails: { maxStep: '20 %' } });
    const found = decide(stepped, pilotEvidence(days(0, 0)));
    expect(found.verdict).toEqual({ kind: 'set_budget', budget: 'daily', toMicros: usd(48) });
    expect(found.judgement?.fullMicros).toBe(usd(60));
  });
});

describe('resume, with hysteresis', () => {
  const paused = (pausedAgoMs: number) => ({
    object: { status: 'paused' as const },
    history: [ourChange('pause', PILOT_RULES.pause, pausedAgoMs)],
  });

  /** 3 where 5.5 were due: no proof, no trickle. */
  const short = days(1, 1, 1).map((day) => ({ ...day, spend: 55 }));

  test('evidence gone (E < 1): back', () => {
    const found = decide(strategy, pilotEvidence(days(2, 2, 2, 2, 2), paused(DAY_MS)));
    expect(found.reason.rule).toBe(PILOT_RULES.resume);
    expect(found.verdict).toEqual({ kind: 'resume' });
    expect(found.judgement).toMatchObject({ stageBefore: 'paused', stageAfter: 'normal' });
  });

  test('short of a proof but not gone, little matured since the pause: stays', () => {
    const found = decide(strategy, pilotEvidence(short, paused(0)));
    expect(found.judgement?.lnEvidence).toBeGreaterThan(0);
    expect(found.judgement?.lnEvidence).toBeLessThan(Math.log(20));
    expect(found.verdict).toEqual({ kind: 'keep' });
    expect(found.reason.code).toBe('stays_paused');
  });

  test('the same, once two targets of spend have matured since: back', () => {
    const found = decide(strategy, pilotEvidence(short, paused(2 * DAY_MS)));
    expect(found.verdict).toEqual({ kind: 'resume' });
  });

  test('still proven: stays paused', () => {
    const found = decide(strategy, pilotEvidence(days(0, 0, 0, 0), paused(DAY_MS)));
    expect(found.reason.code).toBe('stays_paused');
  });

  test('paused by somebody else: not ours to resume', () => {
    const found = decide(strategy, pilotEvidence(days(5, 5), { object: { status: 'paused' } }));
    expect(found.reason.code).toBe('not_active');
    expect(found.sentence).toContain('not by this autopilot');
  });
});

test('a pause waits for facts after a resume', () => {
  const found = decide(strategy, pilotEvidence(days(0, 0, 0, 0), { changedSince: { resumedMs: 1 } }));
  expect(found.verdict).toEqual({ kind: 'keep' });
  expect(found.reason.code).toBe('no_facts_since_change');
});
