import { readFileSync } from 'node:fs';
import { Readable, Writable } from 'node:stream';
import { describe, expect, test } from 'vitest';
import { type Answer, answerLine, decideLines } from '../../../src/cli/decide.ts';
import { observationJsonSchema } from '../../../src/contract/observation.ts';
import { decide } from '../../../src/core/decide.ts';
import type { Evidence } from '../../../src/core/decision.ts';
import type {
  Observation,
  ObservedConversion,
  ObservedHour,
} from '../../../src/core/observation/observation.ts';
import { pilotStrategy } from '../../support/pilot.ts';
import { strategyOf } from '../../support/evidence.ts';

const NOW = Date.UTC(2026, 10, 23, 14, 20);
const HOUR_MS = 3_600_000;
const strategy = pilotStrategy({ caution: 'careful' });

/** Hours up to the last full one, $2.50 each. */
function hours(count: number, spend = 2.5): ObservedHour[] {
  return Array.from({ length: count }, (_, index) => ({
    at: Math.floor(NOW / HOUR_MS) * HOUR_MS - (count - index) * HOUR_MS,
    spend,
    clicks: 2,
  }));
}

function purchases(count: number, value = 40): ObservedConversion[] {
  return Array.from({ length: count }, (_, index) => ({
    event: 'purchase',
    clickAt: NOW - (index + 2) * HOUR_MS,
    at: NOW - (index + 2) * HOUR_MS + 60_000,
    value,
  }));
}

const observation = (part: Partial<Observation> = {}): Observation => ({
  now: NOW,
  levers: { status: 'active', dailyBudget: 60 },
  hours: hours(240),
  conversions: purchases(2),
  curve: { hours: [0.001, 1], share: [1, 1] },
  ...part,
});

function answered(part: Partial<Observation> = {}, by = strategy): Extract<Answer, { engine: string }> {
  const answer = answerLine(JSON.stringify(observation(part)), by);
  if ('error' in answer) throw new Error(`${answer.error.path}: ${answer.error.message}`);
  return answer;
}

function refused(line: unknown, by = strategy): string {
  const answer = answerLine(typeof line === 'string' ? line : JSON.stringify(line), by);
  if (!('error' in answer)) throw new Error('it was answered');
  const { code, path, message, hint } = answer.error;
  expect(hint ?? code).not.toBe('');
  return `${code} ${path}: ${message}`;
}

test('the published schema is the one that is used (./bidloop decide --schema > docs/observation.schema.json)', () => {
  const text = readFileSync(new URL('../../../docs/observation.schema.json', import.meta.url), 'utf8');
  expect(JSON.parse(text)).toEqual(observationJsonSchema());
});

describe('an answer', () => {
  test('decides, says what stands afterwards, and what to give back', () => {
    const { decision, levers, nextState, engine } = answered();
    expect(engine).toMatch(/^\d+$/);
    expect(decision.verdict).toEqual({ kind: 'pause' });
    expect(decision.sentence).toContain('2 purchases where 20 were due at target');
    expect(levers.status).toBe('paused');
    expect(nextState.history).toEqual([
      {
        kind: 'pause',
        rule: 'autopilot: pause',
        atMs: NOW,
        from: { status: 'active', bidStrategy: 'auto', bid: null, dailyBudget: 60, lifetimeBudget: null },
      },
    ]);
  });

  test('its evidence decides the same again, bit for bit', () => {
    const { decision, evidence } = answered({ siblings: [{ hours: hours(48), conversions: purchases(3) }] });
    const stored: Evidence = JSON.parse(JSON.stringify(evidence));
    expect(JSON.stringify(decide(strategy, stored))).toBe(JSON.stringify(decision));
  });

  test('probation down and up again, by giving the state back', () => {
    const down = answered({ hours: hours(48, 2.5), conversions: [] });
    expect(down.decision.reason.rule).toBe('autopilot: probation');
    expect(down.levers.dailyBudget).toBe(1.2);
    expect(down.nextState.history).toMatchObject([{ to: 1.2, full: 60 }]);
    const later = NOW + 2 * HOUR_MS;
    const up = answered({
      now: later,
      levers: down.levers,
      state: down.nextState,
      hours: hours(48, 2.5),
      conversions: purchases(4),
    });
    expect(up.decision.reason.rule).toBe('autopilot: end probation');
    expect(up.levers.dailyBudget).toBe(60);
  });

  test('a due pause that is held back keeps, and its state is given back until it is over', () => {
    const held = answered({ draw: 0 });
    expect(held.decision.reason.code).toBe('holdout');
    expect(held.nextState.held).toEqual({ sinceMs: NOW, untilMs: NOW + 7 * 24 * HOUR_MS, propensity: 0.03 });
    const during = answered({ state: held.nextState });
    expect(during.decision.reason.code).toBe('holdout');
    expect(during.nextState.held).toEqual(held.nextState.held);
    const over = answered({ state: { history: [], held: { sinceMs: 0, untilMs: NOW, propensity: 0.03 } } });
    expect(over.decision.verdict).toEqual({ kind: 'pause' });
    expect(over.nextState.held).toBeUndefined();
  });

  test('what was held back its time is not held again, whatever is drawn', () => {
    const held = { sinceMs: 0, untilMs: NOW - HOUR_MS, propensity: 0.03 };
    const over = answered({ draw: 0, state: { history: [], held } });
    expect(over.decision.verdict).toEqual({ kind: 'pause' });
    // Not due just now: it is remembered until a pause is carried out.
    const notDue = answered({ draw: 0, conversions: purchases(20), state: { history: [], held } });
    expect(notDue.decision.verdict).toEqual({ kind: 'keep' });
    expect(notDue.nextState.held).toEqual(held);
  });

  test('a resume begins a new test', () => {
    const resumedAt = NOW - 24 * HOUR_MS;
    const from = { status: 'paused', dailyBudget: 60 } as const;
    const resume = { kind: 'resume', rule: null, atMs: resumedAt, from } as const;
    const { decision } = answered({ state: { history: [resume] } });
    expect(decision.judgement?.test.sinceMs).toBe(Math.ceil(resumedAt / HOUR_MS) * HOUR_MS);
    expect(decision.judgement?.test.spend).toBe(23 * 2.5);
    const given = answered({ testSince: NOW - 48 * HOUR_MS, state: { history: [resume] } });
    expect(given.decision.judgement?.test).toEqual(decision.judgement?.test);
    expect(answered().decision.judgement?.test.spend).toBe(240 * 2.5);
  });

  test('an outage is seen in the shortest stretch that tells, not in a whole morning', () => {
    // Ten objects with a purchase each hour, the last at `untilMs`.
    const siblings = (untilMs: number) =>
      Array.from({ length: 10 }, () => ({
        hours: hours(240),
        conversions: Array.from({ length: 240 }, (_, index) => ({
          event: 'purchase',
          clickAt: NOW - (index + 0.1) * HOUR_MS,
          at: NOW - (index + 0.1) * HOUR_MS + 60_000,
          value: 40,
        })).filter(({ at }) => at <= untilMs),
      }));
    const pulse = (untilMs: number) => {
      const { decision, evidence } = answered({ conversions: [], siblings: siblings(untilMs) });
      return { code: decision.reason.code, pulse: evidence?.pilot?.pulse };
    };
    expect(pulse(NOW).code).not.toBe('tracking_outage');
    const silent = pulse(NOW - 3 * HOUR_MS);
    expect(silent.code).toBe('tracking_outage');
    expect(silent.pulse).toMatchObject({ hours: 2, seen: 0 });
    // Ten objects less: nothing could be told from so few.
    expect(answered().evidence?.pilot?.pulse).toBeNull();
  });

  test('trials that bring nothing themselves are worth what others of them paid', () => {
    const trials = Array.from({ length: 12 }, (_, index) => ({
      ...purchases(12, 0)[index]!,
      event: 'trial',
    }));
    const by = pilotStrategy({ event: 'trial', roas: 1 });
    const { decision } = answered({ conversions: trials }, by);
    expect(decision.verdict).toEqual({ kind: 'keep' });
    // 600 spent on 12 trials: 50 each. Of 1,000 trials 350 paid 20: 7 each.
    const poor = answered({ conversions: trials, trial: { trials: 1_000, paid: 350, price: 20 } }, by);
    expect(poor.decision.verdict).toEqual({ kind: 'pause' });
    // Four in five paid 100: 80 each, and nothing is wrong with it.
    const rich = answered({ conversions: trials, trial: { trials: 1_000, paid: 800, price: 100 } }, by);
    expect(rich.decision.verdict.kind).not.toBe('pause');
    expect(rich.evidence?.learned?.['trial']?.trial).toMatchObject({ paidEvent: 'purchase', price: 100 });
    expect(refused(observation({ trial: { trials: 1, paid: 2, price: 20 } }), by)).toContain(
      'trial.paid: 2 of 1 trials paid',
    );
  });

  test('what comes later than its attribution window does not count', () => {
    const clickAt = NOW - 200 * HOUR_MS;
    const late = (days: number) => ({
      event: 'purchase',
      clickAt,
      at: clickAt + days * 24 * HOUR_MS,
      value: 40,
    });
    const of = (part: Partial<Observation>) =>
      answered({ conversions: [late(1), late(5)], ...part }).decision.judgement?.test.conversions;
    expect(of({ curve: 'default', attributionWindow: '7d' })).toBe(2);
    expect(of({ curve: 'default', attributionWindow: '3d' })).toBe(1);
    expect(of({ curve: { hours: [1, 72], share: [0.5, 1] } })).toBe(1);
    const rule = strategyOf('conversions("lifetime") >= 2');
    expect(
      answered({ conversions: [late(1), late(5)], attributionWindow: '3d', curve: 'default' }, rule).decision
        .verdict,
    ).toEqual({ kind: 'keep' });
  });

  test('siblings teach the prior, the curve and the order values', () => {
    const siblings = Array.from({ length: 8 }, (_, index) => ({
      hours: hours(200),
      conversions: purchases(10 + index),
    }));
    const { evidence } = answered({ siblings, curve: 'default' });
    const learned = evidence?.learned?.['purchase'];
    expect(learned?.prior?.siblings).toBe(9);
    expect(learned?.curve.conversions).toBeGreaterThan(50);
    expect(learned?.orders?.mean).toBeCloseTo(40, 6);
  });

  test('a silent account is an outage, not a reason to pause', () => {
    const siblings = Array.from({ length: 12 }, () => ({
      hours: hours(200, 20),
      conversions: purchases(100).map((one, index) => ({
        ...one,
        clickAt: NOW - (10 + index) * HOUR_MS,
        at: NOW - (10 + index) * HOUR_MS + 60_000,
      })),
    }));
    const { decision } = answered({ siblings });
    expect(decision.reason.code).toBe('tracking_outage');
  });

  test('rules are asked too, windows computed from hours and conversions', () => {
    const rules = strategyOf('spend("3h") >= 7.5 && conversions("2d") == 2 && cpa("2d") < 200');
    const { decision } = answered({}, rules);
    expect(decision.verdict).toEqual({ kind: 'pause' });
    const keeps = strategyOf('spend("today") > 1000');
    expect(answered({}, keeps).decision.reason.code).toBe('no_rule_held');
  });

  test('hours that are left out cost nothing', () => {
    const all = hours(240).map((hour, index) => (index % 3 === 0 ? hour : { ...hour, spend: 0, clicks: 0 }));
    const sparse = all.filter((hour) => hour.spend > 0);
    const curve = { hours: [24, 240], share: [0.5, 1] };
    const a = answered({ hours: all, curve, testSince: all[0]?.at }).decision.judgement;
    const b = answered({ hours: sparse, curve, testSince: all[0]?.at }).decision.judgement;
    expect(b?.matured).toBeCloseTo(a?.matured ?? 0, 9);
  });

  test('clustered conversions are learned as such, and prove less', () => {
    const every = (hour: number, many: number): ObservedConversion[] =>
      hours(240).flatMap(({ at }, index) =>
        index % hour === 0
          ? Array.from({ length: many }, () => ({ event: 'purchase', clickAt: at, at: Number(at) + 60_000 }))
          : [],
      );
    // Forty purchases over ten days either way: one every six hours, or ten at once every two days and a half.
    const even = answered({ conversions: every(6, 1) });
    const clustered = answered({ conversions: every(60, 10) });
    expect(even.evidence?.learned?.purchase?.dispersion).toBe(1);
    expect(clustered.evidence?.learned?.purchase?.dispersion).toBe(3);
    expect(clustered.decision.judgement?.test.due).toBeCloseTo(
      (even.decision.judgement?.test.due ?? 0) / 3,
      9,
    );
  });

  test('nothing at all: keeps', () => {
    const { decision } = answered({ hours: [], conversions: [] });
    expect(decision.verdict).toEqual({ kind: 'keep' });
  });
});

describe('what is wrong with a line, and where', () => {
  const wrong = (part: object) => ({ ...observation(), ...part });
  test.each<[string, unknown, string]>([
    ['not JSON', '{', 'not_json : this is not JSON'],
    ['no object', '7', 'wrong_shape : an observation is one JSON object, { … }, and this is none'],
    ['a list', '[1]', 'wrong_shape : an observation is one JSON object, { … }, and this is none'],
    [
      'now is missing',
      { levers: { status: 'active' }, hours: [], conversions: [] },
      'wrong_shape now: now is missing',
    ],
    ['an instant without a zone', wrong({ now: '2026-11-23T14:00:00' }), 'wrong_shape now: not an instant'],
    ['an unknown key', wrong({ budget: 3 }), 'wrong_shape : there is no budget here'],
    ['negative clicks', wrong({ hours: [{ at: NOW, spend: 1, clicks: -1 }] }), 'wrong_shape hours[0].clicks'],
    [
      'an hour that begins at ten past',
      wrong({ hours: [{ at: '2026-11-23T13:10:00Z', spend: 1, clicks: 1 }] }),
      'wrong_facts hours[0].at: 2026-11-23T13:10:00Z does not begin an hour',
    ],
    [
      'an hour given twice',
      wrong({ hours: [...hours(1), ...hours(1)] }),
      'wrong_facts hours[1].at: the hour',
    ],
    [
      'a conversion before its click',
      wrong({ conversions: [{ event: 'purchase', clickAt: NOW - 1, at: NOW - 2 }] }),
      'wrong_facts conversions[0].at: this conversion happens before its click',
    ],
    [
      'a conversion of tomorrow',
      wrong({ conversions: [{ event: 'purchase', clickAt: NOW, at: NOW + 1 }] }),
      'wrong_facts conversions[0].at',
    ],
    [
      'a sibling with a wrong hour',
      wrong({ siblings: [{ hours: [{ at: 7, spend: 1, clicks: 1 }], conversions: [] }] }),
      'wrong_facts siblings[0].hours[0].at',
    ],
    ['an asOf after now', wrong({ asOf: NOW + 1 }), 'wrong_facts asOf: asOf lies after now'],
    [
      'a zone that is none',
      wrong({ account: { timeZone: 'Mars/Base' } }),
      'wrong_facts account.timeZone: "Mars/Base" is no time zone',
    ],
    [
      'a curve that falls',
      wrong({ curve: { hours: [1, 2, 3], share: [0.5, 0.4, 1] } }),
      'wrong_facts curve.share: share falls',
    ],
    [
      'a curve that does not arrive',
      wrong({ curve: { hours: [1, 2], share: [0.5, 0.9] } }),
      'wrong_facts curve.share: the last share is not 1',
    ],
    [
      'a curve with a value too few',
      wrong({ curve: { hours: [1, 2], share: [1] } }),
      'wrong_facts curve.share: share has 1 values for 2 ages',
    ],
    [
      'bounds of a curve that are swapped',
      wrong({ curve: { hours: [1, 2], share: [0.5, 1], lower: [0.6, 1], upper: [0.4, 1] } }),
      'wrong_facts curve.lower: lower crosses share',
    ],
    [
      'another level',
      wrong({ object: { level: 'ad' } }),
      'out_of_scope object: the strategy is not for this object: it is for level adset',
    ],
  ])('%s', (_, line, expected) => {
    expect(refused(line)).toContain(expected);
  });

  test('a wrong line takes its id along, the others are answered, and it is counted', async () => {
    const written: string[] = [];
    const output = new Writable({
      write(chunk: Buffer, _encoding, done) {
        written.push(chunk.toString());
        done();
      },
    });
    const lines = [
      JSON.stringify({ ...observation(), id: 'a' }),
      '',
      JSON.stringify({ id: 'b', now: 1 }),
      JSON.stringify(observation()),
    ];
    const failed = await decideLines(Readable.from([lines.join('\n')]), output, strategy, false);
    expect(failed).toBe(1);
    const answers = written.map(
      (text) => JSON.parse(text) as { line: number; id?: string; error?: object; evidence?: object },
    );
    expect(answers.map(({ line, id, error }) => [line, id, error !== undefined])).toEqual([
      [1, 'a', false],
      [3, 'b', true],
      [4, undefined, false],
    ]);
    expect(answers[0]?.evidence).toBeUndefined();
  });
});
