import { describe, expect, test } from 'vitest';
import { formatProblem } from '../../../src/strategies/format-problem.ts';
import { readStrategy } from '../../../src/strategies/read.ts';

function file(when: string, then = '{ pause: true }', extra = ''): string {
  return `version: 1
strategy: test
scope: { level: adset }
target: { event: purchase }
${extra}
rules:
  - name: one
    when: ${when}
    then: ${then}
`;
}

/** Line, column and message of each problem, and the text under the caret. */
function problemsOf(text: string): readonly {
  readonly at: string;
  readonly message: string;
  readonly hint: string | undefined;
  readonly under: string;
}[] {
  const read = readStrategy(text, { fileName: 'test.yaml' });
  if (read.ok) return [];
  return read.problems.map((problem) => ({
    at: `${problem.line}:${problem.column}`,
    message: problem.message,
    hint: problem.hint,
    under: (text.split('\n')[problem.line - 1] ?? '').slice(
      problem.column - 1,
      problem.column - 1 + problem.length,
    ),
  }));
}

describe('conditions stand in quotes or blocks', () => {
  test.each([
    [`'spend("7d") > 3'`],
    [`"spend(\\"7d\\") > 3"`],
    [`|\n      spend("7d") > 3 &&\n      bid > 1`],
    [`>\n      spend("7d") > 3 &&\n      bid > 1`],
    [`'spend("7d") > 3' # a remark`],
  ])('%s is read', (when) => {
    expect(problemsOf(file(when))).toEqual([]);
  });

  test.each<[string, string, string, RegExp]>([
    ['!paused && bid > 1', '8:11', '!paused', /YAML tag/],
    ['!(spend("7d") > 3)', '8:11', '!(spend', /YAML|tag/],
    ['spend("7d") > 3', '8:11', 'spend("7d") > 3', /stands in quotes or in a block/],
    ['spend("7d") > 3 #1 && bid > 2', '8:11', 'spend("7d") > 3', /read as a comment and is lost/],
    ['&bid > 1', '8:11', '&bid', /YAML anchor/],
  ])('%s is an error with its cure', (when, at, under, message) => {
    const [problem] = problemsOf(file(when));
    expect(problem?.at).toBe(at);
    expect(problem?.under.startsWith(under.slice(0, 4))).toBe(true);
    expect(problem?.message).toMatch(message);
    expect(problem?.hint).toMatch(/'/);
  });

  test('a place inside quotes, escapes, blocks and folded blocks', () => {
    expect(problemsOf(file(`'spend("7d") > 3 && rosa("7d") > 2'`))[0]).toMatchObject({
      at: '8:31',
      under: 'rosa',
    });
    expect(problemsOf(file(`"spend(\\"7d\\") > 3 && rosa(\\"7d\\") > 2"`))[0]).toMatchObject({
      at: '8:33',
      under: 'rosa',
    });
    expect(problemsOf(file(`'name == ''x'' && rosa("7d") > 2'`))[0]).toMatchObject({
      at: '8:29',
      under: 'rosa',
    });
    expect(problemsOf(file(`|\n      spend("7d") > 3 &&\n        rosa("7d") > 2`))[0]).toMatchObject({
      at: '10:9',
      under: 'rosa',
    });
    expect(problemsOf(file(`>-\n      spend("7d") > 3 &&\n      rosa("7d") > 2`))[0]).toMatchObject({
      at: '10:7',
      under: 'rosa',
    });
  });

  test('a problem is shown with its line and a caret', () => {
    const text = file(`'rosa("7d") > 1.5'`);
    const read = readStrategy(text, { fileName: 'x.yaml' });
    expect(
      read.ok ? '' : read.problems.map((problem) => formatProblem(text, 'x.yaml', problem)).join('\n'),
    ).toBe(
      `x.yaml:8:12: there is no metric or function rosa
   8 |     when: 'rosa("7d") > 1.5'
     |            ^^^^
       did you mean roas?`,
    );
  });
});

describe('shape', () => {
  test.each<[string, string, string, string | undefined]>([
    [
      'a key with a typo',
      file(`'true'`, '{ pasue: true }'),
      '9:13 there is no pasue here',
      'did you mean pause?',
    ],
    [
      'a top key with a typo',
      file(`'true'`, '{ pause: true }', 'mod: live'),
      '5:1 there is no mod here',
      'did you mean mode?',
    ],
    [
      'a mode that is none',
      file(`'true'`, '{ pause: true }', 'mode: liv'),
      '5:7 mode is one of: dry-run, approve, live',
      undefined,
    ],
    [
      'a percentage without its sign',
      file(`'true'`, '{ scale: 10 }'),
      '9:20 not a percentage; write "10 %"',
      undefined,
    ],
    [
      'an end that is none',
      file(`'true'`, '{ pause: { until: tomorow } }'),
      '9:29 not a time to end; write "tomorrow", "4h" or "2d"',
      undefined,
    ],
    [
      'two verbs',
      file(`'true'`, '{ pause: true, setBid: 3 }'),
      '9:34 a rule does one thing; this one has pause and setBid',
      undefined,
    ],
    ['no verb', file(`'true'`, '{ upTo: 3 }'), '9:11 this rule does nothing', undefined],
    [
      'a ceiling on a pause',
      file(`'true'`, '{ pause: true, upTo: 3 }'),
      '9:32 pause has no ceiling',
      undefined,
    ],
    [
      'a floor above the ceiling',
      file(`'true'`, '{ scale: 10 %, upTo: 3, atLeast: 4 }'),
      '9:44 the floor lies above the ceiling',
      undefined,
    ],
    [
      'raise by nothing',
      file(`'true'`, '{ raiseBid: 0 % }'),
      '9:23 raiseBid by nothing changes nothing',
      undefined,
    ],
    [
      'lower to nothing',
      file(`'true'`, '{ scale: -100 % }'),
      '9:20 scale by -100 % leaves nothing',
      undefined,
    ],
    [
      'set to nothing',
      file(`'true'`, '{ setBudget: 0 }'),
      '9:24 setBudget to 0 is not a way to stop',
      undefined,
    ],
    [
      'what a later version brings',
      file(`'true'`, '{ pause: true }', 'schedule: daily'),
      '5:1 schedule comes with a later version of the rule language',
      undefined,
    ],
    [
      'consent without asking',
      file(`'true'`, '{ pause: true }', 'approval: { within: 4h }'),
      '5:11 approval has no meaning in mode dry-run',
      undefined,
    ],
    ['a condition that is a number', file('5'), '8:11 when should be a text', undefined],
    ['an empty condition', file(`''`), '8:11 a condition is missing', undefined],
    [
      'another version',
      file(`'true'`).replace('version: 1', 'version: 2'),
      '1:10 this Bidloop reads version 1; write "version: 1"',
      undefined,
    ],
    [
      'a name with blanks',
      file(`'true'`).replace('strategy: test', 'strategy: My test'),
      '2:11 a strategy is named in lower-case letters, digits and hyphens, as "us-prospecting"',
      undefined,
    ],
    [
      'no rules',
      'version: 1\nstrategy: test\nscope: { level: ad }\nrules: []\n',
      '4:8 a strategy needs at least one rule, or an autopilot',
      undefined,
    ],
    [
      'rules missing',
      'version: 1\nstrategy: test\nscope: { level: ad }\n',
      '1:1 a strategy needs at least one rule, or an autopilot',
      undefined,
    ],
    ['a list', '- 1\n', '1:1 test.yaml holds no strategy', undefined],
    ['nothing', '', '1:1 test.yaml holds no strategy', undefined],
    [
      'a share above 100 %',
      file(`'true'`, '{ pause: true }', 'guardrails: { maxShareOfSpendPaused: 130 % }'),
      '5:38 maxShareOfSpendPaused of 130 % is out of range',
      undefined,
    ],
    [
      'a resume of a rule that is not there',
      file(`'true'`, '{ resume: { pausedBy: other } }'),
      '9:33 there is no rule "other" in this strategy',
      undefined,
    ],
    [
      'a key twice',
      file(`'true'`, '{ pause: true }', 'mode: live\nmode: live'),
      '6:1 this is not YAML: Map keys must be unique',
      undefined,
    ],
    [
      'an alias',
      file(`'true'`, '{ pause: true }', 'description: *other'),
      '5:14 *other is a YAML alias, which strategy files do not use',
      undefined,
    ],
  ])('%s', (_name, text, expected, hint) => {
    const [problem] = problemsOf(text);
    expect(`${problem?.at} ${problem?.message}`).toBe(expected);
    if (hint !== undefined) expect(problem?.hint).toBe(hint);
  });

  test('two rules of one name', () => {
    const text = `version: 1\nstrategy: test\nscope: { level: ad }\nrules:\n  - { name: a, when: 'true', then: { pause: true } }\n  - { name: a, when: 'true', then: { pause: true } }\n`;
    expect(problemsOf(text)).toMatchObject([{ at: '6:13', message: 'two rules are named "a"' }]);
  });

  test.each(['setBid: 3', 'scale: 10 %', 'raiseBudget: 10 %'])(
    'a creative has no bid or budget: %s',
    (verb) => {
      const text = file(`'true'`, `{ ${verb} }`).replace('adset', 'creative');
      expect(problemsOf(text)[0]?.message).toMatch(/^a creative has no bid or budget/);
    },
  );

  test.each(['pause: true', 'resume: true', 'notify: look'])('a creative can be told: %s', (verb) => {
    expect(problemsOf(file(`'spend("7d") > 3'`, `{ ${verb} }`).replace('adset', 'creative'))).toEqual([]);
  });

  test('broken YAML names the line', () => {
    expect(problemsOf(file(`'true`))[0]?.message).toMatch(/^this is not YAML/);
    expect(problemsOf('version: 1\n\tstrategy: x\n')[0]?.hint).toBe('indent with blanks, not tabs');
    expect(problemsOf('a: [1, 2\nb: 3\n')).toHaveLength(1);
  });

  test('a file of megabytes is refused before it is parsed', () => {
    expect(problemsOf(`a: ${'x'.repeat(300_000)}`)[0]?.message).toMatch(/larger than 256 kB/);
  });

  test('JSON is read too', () => {
    const document = {
      version: 1,
      strategy: 'test',
      scope: { level: 'ad' },
      // oxlint-disable-next-line unicorn/no-thenable -- a rule is written when … then; nothing awaits it.
      rules: [{ name: 'a', when: 'spend("7d") > 3', then: { pause: true } }],
    };
    expect(problemsOf(JSON.stringify(document, null, 2))).toEqual([]);
    expect(problemsOf(JSON.stringify({ ...document, mode: 'liv' }))[0]?.message).toMatch(/^mode is one of/);
  });

  test('a byte order mark and Windows line ends do no harm', () => {
    expect(problemsOf(`\uFEFF${file(`'spend("7d") > 3'`).replaceAll('\n', '\r\n')}`)).toEqual([]);
  });
});

describe('money', () => {
  const inDollars = (text: string) =>
    readStrategy(text, {
      fileName: 'test.yaml',
      accounts: [{ id: 'a', name: 'A', network: 'meta', currency: 'USD' }],
    });
  const messages = (text: string) => {
    const read = inDollars(text);
    return read.ok
      ? []
      : read.problems.map((problem) => `${problem.line}:${problem.column} ${problem.message}`);
  };

  test.each<[string, string]>([
    [
      file(`'true'`, '{ pause: true }').replace('purchase }', 'purchase, cpa: 30 EUR }'),
      '4:33 "30 EUR" is in EUR, the account is in USD',
    ],
    [file(`'true'`, '{ scale: 10 %, upTo: 4 EUR }'), '9:32 "4 EUR" is in EUR, the account is in USD'],
    [file(`'true'`, '{ raiseBid: 0.05 EUR }'), '9:23 "0.05 EUR" is in EUR, the account is in USD'],
    [
      file(`'true'`, '{ pause: true }', 'params: { payout: 12 EUR }'),
      '5:19 "12 EUR" is in EUR, the account is in USD',
    ],
    [
      file(`'true'`, '{ pause: true }', 'guardrails: { bidCeiling: 5 EUR }'),
      '5:27 "5 EUR" is in EUR, the account is in USD',
    ],
  ])("another currency than the account's is refused", (text, expected) => {
    expect(messages(text)).toEqual([expected]);
    expect(messages(text.replaceAll('EUR', 'USD'))).toEqual([]);
    expect(messages(text.replaceAll(' EUR', ''))).toEqual([]);
  });

  test('without an account a strategy must agree with itself', () => {
    const text = file(`'true'`, '{ scale: 10 %, upTo: 4 EUR }', 'guardrails: { bidCeiling: 5 USD }');
    expect(problemsOf(text)).toMatchObject([{ message: 'this amount is in USD, others here are in EUR' }]);
  });

  test('accounts that are not there, and several currencies, are said', () => {
    const accounts = [
      { id: 'a', name: 'A', network: 'meta', currency: 'USD' },
      { id: 'b', name: 'B', network: 'meta', currency: 'EUR' },
    ];
    const warnings = (scope: string) => {
      const read = readStrategy(file(`'true'`).replace('scope: { level: adset }', `scope: ${scope}`), {
        fileName: 't',
        accounts,
      });
      return read.ok ? read.warnings : ['problems'];
    };
    expect(warnings('{ level: adset, accounts: [a] }')).toEqual([]);
    expect(warnings('{ level: adset, accounts: [c] }')).toEqual([
      'there is no account "c" in this workspace; there is: A, B',
      'no account of this workspace is in its scope yet, so it judges nothing',
    ]);
    expect(warnings('{ level: adset }')).toEqual([
      'its accounts are in USD and EUR: it judges only those whose currency its amounts name',
    ]);
  });
});
