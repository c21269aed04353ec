import { describe, expect, test } from 'vitest';
import { readStrategy } from '../../../src/strategies/read.ts';
import { usd } from '../../support/evidence.ts';

const file = (autopilot: string, rest = '') =>
  `version: 1
strategy: pilot
scope: { level: adset }
${rest}autopilot: ${autopilot}
`;

function compiled(text: string) {
  const read = readStrategy(text, { fileName: 'pilot.yaml' });
  if (!read.ok) throw new Error(read.problems.map((problem) => problem.message).join('; '));
  return read.compiled;
}

function problems(text: string): readonly string[] {
  const read = readStrategy(text, { fileName: 'pilot.yaml' });
  return read.ok ? [] : read.problems.map(({ line, column, message }) => `${line}:${column} ${message}`);
}

describe('an autopilot, read', () => {
  test('rules may be left out; what is not said has its default', () => {
    const strategy = compiled(file('{ event: purchase, cpa: 30 USD }'));
    expect(strategy.rules).toEqual([]);
    expect(strategy.autopilot).toEqual({
      event: 'purchase',
      target: { kind: 'cpa', cpa: 30 },
      targetIs: 'limit',
      alpha: 0.2,
      trickle: 0.02,
      horizonMs: 30 * 86_400_000,
      holdoutShare: 0.03,
      bidStep: 0.3,
      deadBand: 0.15,
      restMs: 86_400_000,
      budgetCeilingMicros: null,
    });
    expect(strategy.currency).toBe('USD');
    expect(strategy.needs).toMatchObject({ windows: ['7d'], events: ['purchase'], statistics: true });
  });

  test('everything said', () => {
    const strategy = compiled(
      file(
        '{ event: trial, roas: 1.5, targetIs: average, caution: careful, holdout: 5 %, horizon: 14d }',
        'guardrails: { budgetCeiling: 500 }\n',
      ),
    );
    expect(strategy.autopilot).toMatchObject({
      event: 'trial',
      target: { kind: 'roas', roas: 1.5 },
      targetIs: 'average',
      alpha: 0.05,
      holdoutShare: 0.05,
      horizonMs: 14 * 86_400_000,
      budgetCeilingMicros: usd(500),
    });
  });

  test('event and target may stand under target, where rules use them too', () => {
    const strategy = compiled(file('{ caution: bold }', 'target: { event: purchase, cpa: 20 }\n'));
    expect(strategy.autopilot).toMatchObject({
      event: 'purchase',
      target: { kind: 'cpa', cpa: 20 },
      alpha: 0.5,
    });
  });

  test('beside rules: both', () => {
    const strategy = compiled(
      file(
        '{ event: purchase, cpa: 30 }',
        `rules:\n  - { name: stop, when: 'spend("today") > 100', then: { pause: true } }\n`,
      ),
    );
    expect(strategy.rules).toHaveLength(1);
    expect(strategy.needs.windows).toEqual(['7d', 'today']);
  });
});

describe('what is wrong with it, and where', () => {
  test.each<[string, string, string, string]>([
    [
      'both targets',
      '{ event: purchase, cpa: 30, roas: 1.5 }',
      '',
      '4:46 the autopilot has a target CPA and a target ROAS, and can follow only one',
    ],
    ['no target', '{ event: purchase }', '', '4:12 the autopilot has no target'],
    ['no event', '{ cpa: 30 }', '', '4:12 the autopilot does not say which event counts'],
    [
      'a CPA of 0',
      '{ event: purchase, cpa: 0 }',
      '',
      '4:36 a target CPA of 0 can never be met: every object would be paused',
    ],
    [
      'a ROAS of 0',
      '{ event: purchase, roas: 0 }',
      '',
      '4:37 a target ROAS of 0 can be neither met nor missed',
    ],
    [
      'a negative ROAS',
      '{ event: purchase, roas: -1 }',
      '',
      '4:37 a target ROAS of -1 can be neither met nor missed',
    ],
    ['an event that is none', '{ event: "buy now", cpa: 30 }', '', '4:21 "buy now" is no name of an event'],
    [
      'a holdout beyond measure',
      '{ event: purchase, cpa: 30, holdout: 50 % }',
      '',
      '4:49 a holdout of 50 % is out of range',
    ],
    [
      'a horizon of an hour',
      '{ event: purchase, cpa: 30, horizon: 1h }',
      '',
      '4:49 a horizon of 1h is out of range',
    ],
    [
      'a caution that is none',
      '{ event: purchase, cpa: 30, caution: wild }',
      '',
      '4:49 caution is one of: careful, normal, bold',
    ],
    [
      'a key that is none',
      '{ event: purchase, cpa: 30, cautoin: bold }',
      '',
      '4:40 there is no cautoin here',
    ],
    [
      'two targets under target',
      '{ event: purchase }',
      'target: { cpa: 30, roas: 1.5 }\n',
      '5:12 the autopilot has a target CPA and a target ROAS, and can follow only one',
    ],
  ])('%s', (_, autopilot, rest, expected) => {
    expect(problems(file(autopilot, rest))).toEqual([expected]);
  });

  test('amounts in two currencies', () => {
    expect(problems(file('{ event: purchase, cpa: 30 USD }', 'guardrails: { bidFloor: 1 EUR }\n'))).toEqual([
      expect.stringContaining('this amount is in EUR, others here are in USD'),
    ]);
  });

  test('neither rules nor autopilot', () => {
    expect(problems('version: 1\nstrategy: pilot\nscope: { level: adset }\n')).toEqual([
      expect.stringContaining('a strategy needs at least one rule, or an autopilot'),
    ]);
  });

  test("a rule that is named like one of the autopilot's", () => {
    expect(
      problems(
        file(
          '{ event: purchase, cpa: 30 }',
          `rules:\n  - { name: 'autopilot: pause', when: 'spend("today") > 100', then: { pause: true } }\n`,
        ),
      ),
    ).toEqual([expect.stringContaining("reads like one of the autopilot's own")]);
  });
});
