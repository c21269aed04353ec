import { describe, expect, test } from 'vitest';
import { compileStrategy } from '../../../src/core/rules/compile.ts';
import { FAMILIES } from '../../../src/core/rules/families.ts';

function problemsOf(when: string, rest: object = {}) {
  const result = compileStrategy({
    version: 1,
    strategy: 'test',
    scope: { level: 'adset' },
    target: { event: 'purchase', cpa: 30, roas: 1.5 },
    // oxlint-disable-next-line unicorn/no-thenable -- a rule is written when … then; nothing awaits it.
    rules: [{ name: 'rule', when, then: { pause: true } }],
    ...rest,
  });
  return result.ok ? [] : result.problems;
}

const ALL = [...FAMILIES].flatMap(([family, methods]) =>
  [...methods].map(([method, statistic]) => ({ name: `${family}.${method}`, statistic })),
);

describe.each(ALL)('$name', ({ name, statistic }) => {
  const condition = (call: string) => (statistic.type === 'bool' ? call : `${call} > 0.5`);
  const { example } = statistic;

  test('is asked as its example says, with and without an event', () => {
    expect(problemsOf(condition(example))).toEqual([]);
    const named = example.replace('(', '("trial", ');
    if (statistic.event === 'none') expect(problemsOf(condition(named))).toHaveLength(1);
    else expect(problemsOf(condition(named), { target: { cpa: 30, roas: 1.5 } })).toEqual([]);
  });

  test('asks which event where none is meant', () => {
    const problems = problemsOf(condition(example), { target: { cpa: 30, roas: 1.5 } });
    if (statistic.event !== 'one') expect(problems).toEqual([]);
    else
      expect(problems[0]).toMatchObject({
        message: `${name} of which event?`,
        hint: `name it, ${example.replace('(', '("purchase", ')}, or add target: { event: purchase }`,
      });
  });

  test('is refused without arguments, with too many, and in scope.where', () => {
    const [none] = problemsOf(condition(`${name}()`));
    expect(none?.message).toContain(`${name} takes a `);
    expect(none?.message).toContain('not 0 values');
    expect(none?.hint).toBe(`write ${example}`);
    const [many] = problemsOf(condition(`${name}("purchase", "7d", 30, 40, 50)`));
    expect(many?.hint).toBe(`write ${example}`);
    const [where] = problemsOf('true', { scope: { level: 'adset', where: condition(example) } });
    expect(where?.message).toBe(`${name} cannot be asked in scope.where`);
  });

  test('knows windows', () => {
    if (!statistic.parts.includes('window')) return;
    const wrong = example.replace(/"\w+"\)/, '"8x")');
    const [problem] = problemsOf(condition(wrong));
    expect(problem?.message).toContain('"8x" is not a window');
    expect(wrong.slice(problem?.offset, (problem?.offset ?? 0) + (problem?.length ?? 0))).toBe('"8x"');
    const [open] = problemsOf(condition(example.replace(/"\w+"\)/, 'name)')));
    expect(open?.message).toContain('written out in quotes');
  });
});

describe('mistakes are told in words, at their place', () => {
  test.each<[string, string, string | undefined, string]>([
    [
      'proven.cpaAbov(target.cpa, 0.05)',
      'there is no proven.cpaAbov',
      'did you mean proven.cpaAbove?',
      'proven.cpaAbov(target.cpa, 0.05)',
    ],
    ['provn.cpaAbove(target.cpa, 0.05)', 'there is no provn', 'did you mean proven?', 'provn'],
    [
      'proven.cpaAbove(0.05)',
      'proven.cpaAbove takes a target and a risk (an event before them if you like), not 1 value',
      'write proven.cpaAbove(target.cpa, 0.05)',
      'proven.cpaAbove(0.05)',
    ],
    [
      'proven.cpaAbove("purchase", target.cpa)',
      'proven.cpaAbove takes a target and a risk (an event before them if you like), not 2 values',
      undefined,
      'proven.cpaAbove("purchase", target.cpa)',
    ],
    [
      'proven.cpaAbove(target.cpa, 5)',
      'a risk of 5 is none: it lies above 0 and at most at 0.5',
      '0.05 means that of 100 objects on target at most 5 are ever called proven; for 5 % write 0.05',
      '5',
    ],
    [
      'proven.cpaAbove(target.cpa, 0.6)',
      'a risk of 0.6 is none: it lies above 0 and at most at 0.5',
      undefined,
      '0.6',
    ],
    [
      'proven.cpaAbove(target.cpa, 0)',
      'a risk of 0 is none: it lies above 0 and at most at 0.5',
      undefined,
      '0',
    ],
    [
      'proven.cpaAbove(target.cpa, params.risk)',
      'the risk of proven.cpaAbove is a number written out, so that the rule says what it promises',
      'write proven.cpaAbove(target.cpa, 0.05)',
      'params.risk',
    ],
    [
      'proven.cpaAbove(0.05, target.cpa)',
      'the risk of proven.cpaAbove is a number written out, so that the rule says what it promises',
      undefined,
      'target.cpa',
    ],
    ['proven.cpaAbove(0, 0.05)', 'the target of proven.cpaAbove lies above 0', undefined, '0'],
    ['proven.cpaAbove(-30, 0.05)', 'the target of proven.cpaAbove lies above 0', undefined, '-30'],
    [
      'proven.cpaAbove(2 * cpa("30d"), 0.05)',
      'the target of proven.cpaAbove is fixed before it is asked: it cannot be a metric',
      'use target.…, params.… or a number',
      'cpa("30d")',
    ],
    [
      'probability.cpaAbove(shrunk.cpa("30d"), "7d") > 0.9',
      'the target of probability.cpaAbove is fixed before it is asked: it cannot be a metric',
      undefined,
      'shrunk.cpa("30d")',
    ],
    [
      'probability.cpaAbove("7d", target.cpa) > 0.9',
      'probability.cpaAbove takes a target and a window (an event before them if you like), in this order',
      'write probability.cpaAbove(target.cpa, "7d")',
      'probability.cpaAbove("7d", target.cpa)',
    ],
    [
      'probability.cpaAbove(target.cpa, "7d") > 95',
      'a probability lies between 0 and 1',
      'write 0.95 for 95 %',
      '95',
    ],
    [
      'due.conversions("install/reinstall", "7d") > 2',
      'the statistics know events, not their types',
      'write "install", or count the type with conversions("install/reinstall", "7d")',
      '"install/reinstall"',
    ],
    ['proven > 2', 'proven is not a value of its own', undefined, 'proven'],
    ['shrunk.cpa > 2', 'shrunk.cpa is asked with brackets', 'write shrunk.cpa("7d")', 'shrunk.cpa'],
    ['matured("7d") > 2', 'there is no metric or function matured', 'write matured.spend("7d")', 'matured'],
    [
      'est.spend("purchase", "today") > 2',
      'est.spend takes a window, not 2 values',
      'write est.spend("today")',
      'est.spend("purchase", "today")',
    ],
    ['proven.cpaAbove(params.payot, 0.05)', 'there is no params.payot', undefined, 'params.payot'],
    [
      'proven.cpaAbove(name, 0.05)',
      'the target of proven.cpaAbove is a number, this is a text',
      'write proven.cpaAbove(target.cpa, 0.05)',
      'name',
    ],
    [
      'proven.cpaAbove(target.cpa, 0.05) > 3',
      'true or false > a number means nothing',
      undefined,
      'proven.cpaAbove(target.cpa, 0.05) > 3',
    ],
  ])('%s', (when, message, hint, at) => {
    const [problem, ...others] = problemsOf(when, { params: { risk: 0.05 } });
    expect(others).toEqual([]);
    expect(problem?.message).toBe(message);
    if (hint !== undefined) expect(problem?.hint).toBe(hint);
    const { offset = -1, length = 0 } = problem ?? {};
    expect(when.slice(offset, offset + length)).toBe(at);
  });

  test('a target that the strategy lacks', () => {
    const none = { target: { event: 'purchase' } };
    expect(problemsOf('proven.cpaAbove(target.cpa, 0.05)', none)[0]?.message).toBe(
      'target.cpa is used, but the strategy has no target.cpa',
    );
    expect(problemsOf('due.conversions("7d") > 3', none)[0]).toMatchObject({
      message: 'due.conversions counts what is due at a target CPA, but the strategy has no target.cpa',
      hint: 'add it, target: { cpa: 30 USD }, or write due.conversions("today", 30)',
    });
    expect(problemsOf('due.conversions("7d", 30) > 3', none)).toEqual([]);
  });

  test('every mistake of a condition is told at once', () => {
    expect(
      problemsOf('proven.cpaAbov(30, 0.05) && due.conversions("8x") > 1 && proven.cpaAbove(30, 5)').map(
        (problem) => problem.offset,
      ),
    ).toEqual([0, 44, 77]);
  });
});
