import { describe, expect, test } from 'vitest';
import { decide } from '../../../src/core/decide.ts';
import type { Truth } from '../../../src/core/decision.ts';
import { compileStrategy } from '../../../src/core/rules/compile.ts';
import { AS_OF_MS, type EvidencePart, evidenceOf, strategyOf, usd } from '../../support/evidence.ts';

/** How a condition comes out for an ad set. */
function holds(when: string, part: EvidencePart = {}, rest: object = {}): Truth | undefined {
  return decide(strategyOf(when, { pause: true }, rest), evidenceOf(part)).rules[0]?.holds;
}

function problemsOf(
  when: string,
  rest: object = {},
): readonly {
  readonly message: string;
  readonly hint?: string;
  readonly offset?: number;
  readonly length?: number;
}[] {
  const result = compileStrategy({
    version: 1,
    strategy: 'test',
    scope: { level: 'adset' },
    target: { event: 'purchase' },
    // oxlint-disable-next-line unicorn/no-thenable -- a rule is written when … then; nothing awaits it.
    rules: [{ name: 'rule', when, then: { pause: true } }],
    ...rest,
  });
  return result.ok ? [] : result.problems;
}

const windows = {
  '7d': {
    spend: 100,
    impressions: 20_000,
    clicks: 400,
    visits: 380,
    events: { purchase: [5, 180], install: [40], 'install/reinstall': [3] },
  },
} as const;

describe('every metric', () => {
  test.each([
    ['spend("7d")', 100],
    ['impressions("7d")', 20_000],
    ['clicks("7d")', 400],
    ['visits("7d")', 380],
    ['conversions("7d")', 5],
    ['conversions("purchase", "7d")', 5],
    ['conversions("install", "7d")', 40],
    ['conversions("install/reinstall", "7d")', 3],
    ['conversions("refund", "7d")', 0],
    ['revenue("7d")', 180],
    ['revenue("purchase", "7d")', 180],
    ['profit("7d")', 80],
    ['cpa("7d")', 20],
    ['cpa("install", "7d")', 2.5],
    ['roas("7d")', 1.8],
    ['roi("7d")', 0.8],
    ['epc("7d")', 0.45],
    ['cvr("7d")', 0.0125],
    ['cvr("install", "7d")', 0.1],
    ['ctr("7d")', 0.02],
    ['cpc("7d")', 0.25],
    ['cpm("7d")', 5],
  ])('%s is %d', (call, value) => {
    expect(holds(`${call} > ${value} - 0.000001 && ${call} < ${value} + 0.000001`, { windows })).toBe(true);
    expect(holds(`${call} > ${value} + 0.000001`, { windows })).toBe(false);
  });

  test('revenue sums all events once when neither the call nor the target names one', () => {
    const part: EvidencePart = {
      windows: { '7d': { spend: 10, events: { purchase: [1, 30], trial: [1, 5], 'trial/event': [1, 5] } } },
    };
    const strategy = strategyOf('revenue("7d") == 35', { pause: true }, { target: undefined });
    expect(decide(strategy, evidenceOf(part)).rules[0]?.holds).toBe(true);
    expect(strategy.needs.events).toEqual(['*']);
  });
});

describe('every window', () => {
  test.each(['1h', '3h', '72h', 'today', 'yesterday', '1d', '7d', '7d before today', '365d', 'lifetime'])(
    '"%s" is read and asked for',
    (window) => {
      const strategy = strategyOf(`spend("${window}") > 10`);
      expect(strategy.needs.windows).toEqual([window]);
      expect(decide(strategy, evidenceOf({ windows: { [window]: { spend: 11 } } })).verdict.kind).toBe(
        'pause',
      );
      expect(decide(strategy, evidenceOf({ windows: { [window]: { spend: 10 } } })).verdict.kind).toBe(
        'keep',
      );
    },
  );

  test.each(['8x', '0h', '73h', '3h before today', '366d', 'Today', ' 7d', ''])(
    '"%s" is no window',
    (window) => {
      const [problem] = problemsOf(`spend("${window}") > 10`);
      expect(problem?.offset).toBe(6);
      expect(problem?.message).toMatch(/window|hours/);
    },
  );
});

describe('undefined is neither true nor false', () => {
  const noSales: EvidencePart = { windows: { '7d': { spend: 100, clicks: 10 } } };
  test.each<[string, Truth]>([
    ['cpa("7d") > 30', 'undefined'],
    ['cpa("7d") <= 30', 'undefined'],
    ['!(cpa("7d") > 30)', 'undefined'],
    ['cpa("7d") > 30 && spend("7d") > 500', false],
    ['spend("7d") > 500 && cpa("7d") > 30', false],
    ['cpa("7d") > 30 && spend("7d") > 50', 'undefined'],
    ['cpa("7d") > 30 || spend("7d") > 50', true],
    ['spend("7d") > 50 || cpa("7d") > 30', true],
    ['cpa("7d") > 30 || spend("7d") > 500', 'undefined'],
    ['(cpa("7d") > 30 && spend("7d") > 50) || spend("7d") == 100', true],
    ['spend("7d") > 500 ? cpa("7d") > 30 : true', true],
    ['min(cpa("7d"), 5) < 10', 'undefined'],
    ['ratio(spend("7d"), conversions("7d")) > 30', 'undefined'],
    ['ratio(spend("7d"), clicks("7d")) == 10', true],
    ['!(spend("7d") > 500 && cpa("7d") > 30)', true],
  ])('%s is %s', (when, expected) => {
    expect(holds(when, noSales)).toBe(expected);
  });

  test.each(['roas', 'roi'])('%s without spend is undefined', (metric) => {
    expect(holds(`${metric}("7d") > 1`, { windows: { '7d': { events: { purchase: [1, 30] } } } })).toBe(
      'undefined',
    );
  });

  test.each(['epc', 'cvr', 'cpc'])('%s without clicks is undefined', (metric) => {
    expect(holds(`${metric}("7d") >= 0`, { windows: { '7d': { spend: 5, impressions: 100 } } })).toBe(
      'undefined',
    );
  });

  test.each(['ctr', 'cpm'])('%s without impressions is undefined', (metric) => {
    expect(holds(`${metric}("7d") >= 0`, { windows: { '7d': { spend: 5, clicks: 1 } } })).toBe('undefined');
  });

  test('a bid that is not set is undefined', () => {
    expect(holds('bid > 0', { object: { bidStrategy: 'auto', bidMicros: null } })).toBe('undefined');
    expect(holds('campaign.name == "x"', { campaign: null })).toBe('undefined');
  });
});

describe('data health', () => {
  const sold: EvidencePart['windows'] = {
    '7d': { spend: 100, clicks: 400, visits: 380, events: { purchase: [5, 180] } },
    today: { spend: 10, events: { purchase: [1, 30] } },
  };

  test.each([
    'conversions("7d") >= 0',
    'visits("7d") >= 0',
    'revenue("7d") >= 0',
    'cpa("7d") > 0',
    'roas("7d") > 0',
  ])('%s is undefined while conversions must not be believed', (when) => {
    expect(
      holds(when, {
        windows: sold,
        health: { trackingSinceMs: 0, conversionsUndefined: 'the source is silent' },
      }),
    ).toBe('undefined');
    expect(holds(when, { windows: sold, health: { trackingSinceMs: null } })).toBe('undefined');
  });

  test('spend and network clicks stay defined', () => {
    expect(
      holds('spend("7d") == 100 && clicks("7d") == 400', {
        windows: sold,
        health: { trackingSinceMs: null },
      }),
    ).toBe(true);
  });

  test('a window that begins before tracking is undefined, a later one is not', () => {
    const health = { trackingSinceMs: AS_OF_MS - 24 * 3_600_000 };
    expect(holds('conversions("7d") == 5', { windows: sold, health })).toBe('undefined');
    expect(holds('conversions("today") == 1', { windows: sold, health })).toBe(true);
  });

  test('an object born after tracking began has a whole life', () => {
    const health = { trackingSinceMs: AS_OF_MS - 48 * 3_600_000 };
    expect(
      holds('conversions("7d") == 5', {
        windows: sold,
        health,
        object: { createdAtMs: AS_OF_MS - 47 * 3_600_000 },
      }),
    ).toBe(true);
  });

  test('foreign revenue without a rate makes revenue undefined, not conversions', () => {
    const part: EvidencePart = { windows: { '7d': { spend: 10, events: { purchase: [2, 30, 1] } } } };
    expect(holds('revenue("7d") > 0', part)).toBe('undefined');
    expect(holds('conversions("7d") == 2', part)).toBe(true);
  });

  test('the reason is told', () => {
    const decision = decide(
      strategyOf('conversions("7d") == 0 && spend("7d") > 50'),
      evidenceOf({
        windows: sold,
        health: { trackingSinceMs: 0, conversionsUndefined: 'the source is silent' },
      }),
    );
    expect(decision.verdict.kind).toBe('keep');
    expect(decision.reason.code).toBe('conversions_undefined');
    expect(decision.sentence).toContain('the source is silent');
    expect(decision.rules[0]?.conditions[0]?.values[0]).toEqual({
      expression: 'conversions("7d")',
      value: null,
      why: 'the source is silent',
    });
  });
});

describe('facts', () => {
  const part: EvidencePart = {
    object: {
      name: 'US Yoga',
      labels: ['test', 'q4'],
      createdAtMs: AS_OF_MS + 20 * 60_000 - 36 * 3_600_000,
      bidMicros: usd(1.25),
    },
    campaign: { name: 'US Prospecting', labels: ['prospecting'], dailyBudgetMicros: usd(500) },
  };
  test.each<[string, Truth]>([
    ['name == "US Yoga"', true],
    ['name.startsWith("US") && name.endsWith("Yoga") && name.contains(" Yo")', true],
    ['name.lowerAscii() == "us yoga"', true],
    ['status == "active" && level == "adset"', true],
    ['bid == 1.25', true],
    ['budget == 200', true],
    ['bidStrategy == "bid_cap"', true],
    ['"test" in labels && !("dead" in labels)', true],
    ['labels.exists(label, label.startsWith("q"))', true],
    ['labels.all(label, label == "test")', false],
    ['ageHours == 36 && ageDays == 1.5', true],
    ['campaign.name == "US Prospecting" && campaign.budget == 500', true],
    ['"prospecting" in campaign.labels', true],
    ['account.network == "meta" && account.currency == "USD" && account.id == "meta-1"', true],
    ['target.cpa == 30 && target.roas == 1.5', true],
    ['now.hour == 15 && now.minute == 20 && now.weekday == "tue"', true],
    ['now.weekday in ["mon", "wed", "fri"]', false],
    ['params.payout == 12.5 && params.geo == "US" && params.armed', true],
    ['10 == 10.0 && 1 + 1 == 2.0 && 0x10 == 16 && -3 < 2', true],
    ['(1 + 2) * 3 == 9 && 10 / 4 == 2.5 && 2 * (3 + 4) - 1 == 13', true],
    ['max(1, 2) == 2 && min(1, 2) == 1 && abs(-3) == 3', true],
    ['bid > 1 ? true : false', true],
  ])('%s is %s', (when, expected) => {
    expect(holds(when, part, { params: { payout: '12.50 USD', geo: 'US', armed: true } })).toBe(expected);
  });

  test('age counts on while the spend report stands still', () => {
    expect(holds('ageDays > 1.5', { ...part, nowMs: AS_OF_MS + 60 * 60_000 })).toBe(true);
  });
});

test('strategies that share their words keep their own events, targets and parameters', () => {
  const one = strategyOf('max(conversions("7d"), 0) == 5 && target.cpa == 30 && params.n == 1', undefined, {
    params: { n: 1 },
  });
  const other = strategyOf('max(conversions("7d"), 0) == 40 && target.cpa == 7 && params.n == 2', undefined, {
    target: { event: 'install', cpa: 7 },
    params: { n: 2 },
  });
  for (const strategy of [one, other, one])
    expect(decide(strategy, evidenceOf({ windows })).rules[0]?.holds).toBe(true);
});

describe('a fault keeps, absorbed or not', () => {
  test.each([
    'spend("7d") > 1 || spend("today") > 1',
    'spend("today") > 1 || spend("7d") > 1',
    'spend("7d") > 100 && spend("today") > 1',
    '!(spend("today") > 1 || spend("7d") > 1)',
    'labels.exists(l, spend("7d") > 1 || spend("today") > 1)',
  ])('a window that was not loaded in %s', (when) => {
    const decision = decide(
      strategyOf(when),
      evidenceOf({ object: { labels: ['x'] }, windows: { today: { spend: 5 } } }),
    );
    expect(decision.verdict.kind).toBe('keep');
    expect(decision.reason).toMatchObject({ rule: 'rule', code: 'rule_error' });
    expect(decision.sentence).toContain('7d');
  });

  test('a number that is none', () => {
    expect(
      decide(strategyOf('spend("7d") > 1 || true'), evidenceOf({ windows: { '7d': { spend: Number.NaN } } }))
        .reason.code,
    ).toBe('rule_error');
    expect(
      decide(strategyOf('spend("7d") * 1e308 * 10 > 1'), evidenceOf({ windows: { '7d': { spend: 1e10 } } }))
        .reason.code,
    ).toBe('rule_error');
  });

  test('a time zone the machine does not know', () => {
    expect(
      decide(strategyOf('now.hour > 3'), evidenceOf({ account: { timeZone: 'Mars/Olympus' } })).reason.code,
    ).toBe('rule_error');
  });
});

describe('mistakes are told in words, at their place', () => {
  test.each<[string, string, string | undefined, string]>([
    ['rosa("7d") > 1.5', 'there is no metric or function rosa', 'did you mean roas?', 'rosa'],
    [
      'spend("7d") > 3 && convesions("7d") > 2',
      'there is no metric or function convesions',
      'did you mean conversions?',
      'convesions',
    ],
    ['bidd > 2', 'there is no bidd', 'did you mean bid?', 'bidd'],
    ['campaign.nme == "x"', 'there is no campaign.nme', 'did you mean campaign.name?', 'campaign.nme'],
    ['spend > 10', 'spend is a metric and needs a window', 'write spend("7d")', 'spend'],
    ['campaign > 1', 'campaign is not a value of its own', undefined, 'campaign'],
    [
      'cpa("7d") > target.cpa',
      'target.cpa is used, but the strategy has no target.cpa',
      'add it: target: { cpa: 30 USD }',
      'target',
    ],
    [
      'spend("7d") / clicks("7d") > 2',
      'a division needs a number other than 0 on its right',
      'write ratio(a, b) instead of a / b: it is undefined when b is 0',
      'clicks("7d")',
    ],
    ['spend("7d") / 0 > 2', 'a division needs a number other than 0 on its right', undefined, '0'],
    ['spend("7d") / -0.0 > 2', 'a division needs a number other than 0 on its right', undefined, '-0.0'],
    [
      'spend("7d")',
      'a condition is true or false; this is a number',
      'compare it: spend("7d") > 10',
      'spend("7d")',
    ],
    ['spend("7d") > "a"', 'a number > a text means nothing', undefined, 'spend("7d") > "a"'],
    ['spend("7d") > 3 and bid > 2', '"and" is not a sign of conditions', 'write &&', 'and'],
    ['spend("7d") = 3', '= compares nothing', 'write == for "is equal to"', '='],
    ['spend("7d") > 3 & bid > 2', 'a single & means nothing', 'write &&', '&'],
    ['spend("7d") % 3 > 2', '% is not a percentage here', 'write 0.1 for 10 %', 'spend("7d") % 3'],
    ['roas("7d") > 50 %', '% is not a percentage here', 'write 0.5 for 50 %', '50 %'],
    ['proven.cpaAbove(30, 5 %)', '% is not a percentage here', 'write 0.05 for 5 %', '5 %'],
    ['spend("7d") > * 3', '"*" is not expected here', undefined, '*'],
    [
      'spend(name) > 2',
      'windows and events are written out in quotes, so that what a rule needs is known before it runs',
      undefined,
      'name',
    ],
    [
      'spend("purchase", "7d") > 1',
      'spend takes a window, not 2 values',
      'write spend("7d")',
      'spend("purchase", "7d")',
    ],
    ['cpa() > 1', 'cpa takes a window, or an event and a window, not 0 values', undefined, 'cpa()'],
    [
      'labels[0] == "x"',
      'lists are asked with "in", .exists() or .all(), not by position or key',
      undefined,
      'labels[0]',
    ],
    ['bid == null', 'a condition knows numbers, texts in quotes, true and false', undefined, 'null'],
    ['params.payout > 2', 'there is no params.payout', 'add it: params: { payout: … }', 'params.payout'],
    [
      'campaign.spend("7d") > 3',
      'metrics of a parent come with a later version',
      undefined,
      'campaign.spend("7d")',
    ],
    ['name.matches("(a+)+$")', 'there is no .matches()', undefined, 'name.matches("(a+)+$")'],
  ])('%s', (when, message, hint, at) => {
    const [problem, ...others] = problemsOf(when);
    expect(others).toEqual([]);
    expect(problem?.message).toBe(message);
    if (hint !== undefined) expect(problem?.hint).toBe(hint);
    const { offset = -1, length = 0 } = problem ?? {};
    expect(when.slice(offset, offset + length)).toBe(at);
  });

  test.each(['spend("7d") >', 'spend("7d" > 3', 'spend("7d', '(bid > 1'])('%s ends too early', (when) => {
    expect(problemsOf(when)).toHaveLength(1);
  });

  test('a condition that is too deep is refused, not run', () => {
    expect(problemsOf(`${'('.repeat(100)}bid > 1${')'.repeat(100)}`)[0]?.hint).toBe(
      'split it into several rules',
    );
    expect(problemsOf(Array.from({ length: 900 }, () => 'bid > 1').join(' && '))[0]?.hint).toBe(
      'split it into several rules',
    );
  });

  test('every mistake of a condition is told at once', () => {
    expect(
      problemsOf('rosa("7d") > 1 && spend("8x") > 1 && bidd > 1').map((problem) => problem.offset),
    ).toEqual([0, 24, 37]);
  });

  test.each([
    'forecast.spend("7d") > 30',
    'siblings.rank("roas", "3d") < 0.25',
    'frequency("7d") < 2',
    'rank("roas", "3d") < 0.25',
  ])('%s comes with a later version', (when) => {
    expect(problemsOf(when)[0]?.message).toMatch(/comes? with a later version/);
  });

  test('a metric without an event and without a target asks which', () => {
    expect(problemsOf('conversions("7d") > 3', { target: undefined })[0]).toMatchObject({
      message: 'conversions of which event?',
    });
    expect(problemsOf('conversions("purchase", "7d") > 3', { target: undefined })).toEqual([]);
  });

  test('scope.where knows objects, not metrics or time', () => {
    const where = (text: string) =>
      problemsOf('true', { scope: { level: 'adset', where: text } })[0]?.message;
    expect(where('campaign.name.startsWith("US") && !("retargeting" in campaign.labels)')).toBeUndefined();
    expect(where('spend("7d") > 3')).toBe('spend cannot be asked in scope.where');
    expect(where('ageDays > 3')).toBe('there is no ageDays');
    expect(where('now.hour > 3')).toBe('there is no now');
  });
});
