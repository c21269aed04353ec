import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { decide } from '../../../src/core/decide.ts';
import type { Evidence, PastChange, WindowMetrics } from '../../../src/core/decision.ts';
import type { ObjectFacts } from '../../../src/core/object.ts';
import { dayBounds } from '../../../src/core/zone.ts';
import {
  AS_OF_MS,
  type EvidencePart,
  evidenceOf,
  objectFacts,
  strategyFromYaml,
  strategyOf,
  usd,
  ZONE,
} from '../../support/evidence.ts';

const HOUR_MS = 3_600_000;
const spent = { today: { spend: 62 } };
const winning = { '7d': { spend: 200, clicks: 100, events: { purchase: [12, 360] } } } as const;

function past(part: Partial<PastChange>): PastChange {
  return {
    kind: 'pause',
    rule: 'rule',
    strategyId: 'sample/test',
    atMs: AS_OF_MS - HOUR_MS,
    from: objectFacts(),
    ...part,
  };
}

describe('sentences a marketer can read', () => {
  test('a pause says what was spent and that nothing was bought', () => {
    const decision = decide(
      strategyOf('conversions("today") == 0 && spend("today") >= 60'),
      evidenceOf({ windows: spent }),
    );
    expect(decision.verdict).toEqual({ kind: 'pause' });
    expect(decision.reason).toEqual({ rule: 'rule', code: 'rule_held' });
    expect(decision.sentence).toBe('pause Zen C: no purchase today, $62.00 spent');
  });

  test('a bid says from and to, what was bought, and the target', () => {
    const decision = decide(
      strategyOf('conversions("7d") >= 10 && roas("7d") > target.roas', { scale: '10 %', upTo: '4.00 USD' }),
      evidenceOf({ windows: winning }),
    );
    expect(decision.verdict).toEqual({ kind: 'set_bid', toMicros: 1_320_000 });
    expect(decision.sentence).toBe('bid $1.20 → $1.32: 12 purchases in 7 days, ROAS 1.8 over target 1.5');
  });

  test('a threshold on the left is turned round', () => {
    expect(decide(strategyOf('1.5 < roas("7d")'), evidenceOf({ windows: winning })).sentence).toBe(
      'pause Zen C: ROAS 1.8 in 7 days over 1.5',
    );
  });

  test('a keep names the nearest number', () => {
    const decision = decide(
      strategyOf('conversions("today") == 0 && spend("today") > 30'),
      evidenceOf({ windows: { today: { spend: 26 } } }),
    );
    expect(decision.reason).toMatchObject({ rule: null, code: 'no_rule_held' });
    expect(decision.nearest).toMatchObject({
      rule: 'rule',
      expression: 'spend("today")',
      value: 26,
      threshold: 30,
      text: 'spend today $26.00, $4.00 short of $30.00',
    });
    expect(decision.sentence).toBe(
      'keep Zen C: no rule holds; nearest: spend today $26.00, $4.00 short of $30.00',
    );
  });

  test('a rate lies below or over, a sum falls short', () => {
    const evidence = evidenceOf({ windows: { '7d': { spend: 25, events: { purchase: [1] } } } });
    expect(decide(strategyOf('cpa("7d") > 30'), evidence).nearest?.text).toBe(
      'CPA in 7 days $25.00, $5.00 below $30.00',
    );
    expect(decide(strategyOf('cpa("7d") < 20'), evidence).nearest?.text).toBe(
      'CPA in 7 days $25.00, $5.00 over $20.00',
    );
  });

  test('the nearest of a rule is the farthest of what it lacks, and no number is near when a name is wrong', () => {
    const evidence = evidenceOf({ windows: { today: { spend: 27, clicks: 10 } } });
    expect(
      decide(strategyOf('spend("today") > 30 && clicks("today") > 100'), evidence).nearest?.expression,
    ).toBe('clicks("today")');
    expect(
      decide(strategyOf('spend("today") > 30 || clicks("today") > 100'), evidence).nearest?.expression,
    ).toBe('spend("today")');
    expect(decide(strategyOf('spend("today") > 30 && name == "other"'), evidence).nearest).toBeUndefined();
    expect(decide(strategyOf('spend("today") > 30 && cpa("today") > 3'), evidence).nearest).toBeUndefined();
  });
});

describe('order and status', () => {
  const yaml = (rules: string) =>
    strategyFromYaml(
      `version: 1\nstrategy: test\nscope: { level: adset }\ntarget: { event: purchase }\nrules:\n${rules}`,
    );
  const both = yaml(`
  - { name: off, when: 'spend("today") > 60', then: { pause: true } }
  - { name: on, when: 'conversions("today") > 0', then: { resume: true } }
  - { name: up, when: 'conversions("today") > 0', then: { raiseBid: 10 % } }`);
  const sold: EvidencePart['windows'] = { today: { spend: 10, events: { purchase: [2] } } };
  const ours = [past({ rule: 'off' })];

  test('the first rule that holds decides', () => {
    const decision = decide(
      both,
      evidenceOf({ windows: { today: { spend: 70, events: { purchase: [2] } } } }),
    );
    expect(decision.reason.rule).toBe('off');
    expect(decision.rules.map((rule) => rule.rule)).toEqual(['off']);
  });

  test('a resume is asked only of a paused object, a bid only of an active one', () => {
    expect(decide(both, evidenceOf({ windows: sold })).reason.rule).toBe('up');
    expect(
      decide(both, evidenceOf({ windows: sold, object: { status: 'paused' }, history: ours })).verdict,
    ).toEqual({ kind: 'resume' });
  });

  test('a pause that still holds outranks a later resume', () => {
    const decision = decide(
      both,
      evidenceOf({
        windows: { today: { spend: 70, events: { purchase: [2] } } },
        object: { status: 'paused' },
        history: ours,
      }),
    );
    expect(decision.verdict.kind).toBe('keep');
    expect(decision.reason).toMatchObject({ rule: 'off', code: 'already_so' });
  });

  test.each<[string, readonly PastChange[]]>([
    ['nothing is known to have paused it', []],
    ['another strategy paused it', [past({ strategyId: 'sample/other' })]],
    ['our pause was lifted since', [past({}), past({ kind: 'resume', atMs: AS_OF_MS })]],
  ])('not resumed when %s', (_why, history) => {
    expect(
      decide(both, evidenceOf({ windows: sold, object: { status: 'paused' }, history })).reason.code,
    ).toBe('not_ours_to_resume');
  });

  test('a resume can be limited to what named rules paused', () => {
    const strategy = yaml(`
  - { name: off, when: 'spend("today") > 60', then: { pause: true } }
  - { name: too dear, when: 'spend("today") > 90', then: { pause: true } }
  - { name: on, when: 'true', then: { resume: { pausedBy: off } } }`);
    const part = { windows: sold, object: { status: 'paused' } } as const;
    expect(decide(strategy, evidenceOf({ ...part, history: [past({ rule: 'off' })] })).verdict.kind).toBe(
      'resume',
    );
    expect(decide(strategy, evidenceOf({ ...part, history: [past({ rule: 'too dear' })] })).reason.code).toBe(
      'not_ours_to_resume',
    );
  });

  test.each<[string, EvidencePart, string]>([
    ['archived', { object: { status: 'archived' } }, 'not_active'],
    ['its campaign paused', { campaign: { status: 'paused' } }, 'parent_paused'],
    ['its ad set paused', { object: { level: 'ad' }, adset: { status: 'paused' } }, 'parent_paused'],
    ['spend older than three hours', { nowMs: AS_OF_MS + 3 * HOUR_MS + 1 }, 'stale_spend'],
  ])('%s keeps before any rule', (_name, part, code) => {
    const decision = decide(strategyOf('true'), evidenceOf({ windows: spent, ...part }));
    expect(decision.verdict.kind).toBe('keep');
    expect(decision.reason.code).toBe(code);
  });

  test('maxSpendAge says how old is too old', () => {
    const evidence = evidenceOf({ nowMs: AS_OF_MS + 5 * HOUR_MS });
    expect(
      decide(strategyOf('true', { pause: true }, { guardrails: { maxSpendAge: '6h' } }), evidence).verdict
        .kind,
    ).toBe('pause');
  });

  test('a paused object without a rule about it is not active', () => {
    expect(
      decide(strategyOf('true', { raiseBid: '10 %' }), evidenceOf({ object: { status: 'paused' } })).reason
        .code,
    ).toBe('not_active');
  });
});

describe('pauses that end', () => {
  test('tomorrow is the next midnight of the account', () => {
    const decision = decide(strategyOf('true', { pause: { until: 'tomorrow' } }), evidenceOf());
    expect(decision.verdict).toEqual({ kind: 'pause', untilMs: dayBounds('2026-11-11', ZONE).startMs });
    expect(decision.sentence).toMatch(/^pause Zen C until tomorrow: /);
  });

  test('a length of time counts from now', () => {
    expect(decide(strategyOf('true', { pause: { until: '4h' } }), evidenceOf()).verdict).toEqual({
      kind: 'pause',
      untilMs: AS_OF_MS + 20 * 60_000 + 4 * HOUR_MS,
    });
  });
});

describe('levers', () => {
  const auto = { bidStrategy: 'auto', bidMicros: null } as const;

  test.each<[string, object, Partial<ObjectFacts>, object]>([
    [
      'scale moves the cap where there is one',
      { scale: '10 %' },
      {},
      { kind: 'set_bid', toMicros: usd(1.32) },
    ],
    [
      'scale moves a cost cap',
      { scale: '-25 %' },
      { bidStrategy: 'cost_cap', bidMicros: usd(32) },
      { kind: 'set_bid', toMicros: usd(24) },
    ],
    [
      'scale moves the budget under automatic bidding',
      { scale: '20 %' },
      auto,
      { kind: 'set_budget', toMicros: usd(240), budget: 'daily' },
    ],
    [
      'scale moves a lifetime budget',
      { scale: '20 %' },
      { ...auto, dailyBudgetMicros: null, lifetimeBudgetMicros: usd(1000) },
      { kind: 'set_budget', toMicros: usd(1200), budget: 'lifetime' },
    ],
    ['raiseBid by a sum', { raiseBid: '0.05 USD' }, {}, { kind: 'set_bid', toMicros: usd(1.25) }],
    ['lowerBid by a sum', { lowerBid: 0.2 }, {}, { kind: 'set_bid', toMicros: usd(1) }],
    ['setBid', { setBid: '2 USD' }, {}, { kind: 'set_bid', toMicros: usd(2) }],
    ['raiseBudget', { raiseBudget: '15 %' }, {}, { kind: 'set_budget', toMicros: usd(230), budget: 'daily' }],
    ['lowerBudget', { lowerBudget: '50 %' }, {}, { kind: 'set_budget', toMicros: usd(100), budget: 'daily' }],
    ['setBudget', { setBudget: 333 }, {}, { kind: 'set_budget', toMicros: usd(333), budget: 'daily' }],
  ])('%s', (_name, then, object, verdict) => {
    expect(decide(strategyOf('true', then), evidenceOf({ object })).verdict).toEqual(verdict);
  });

  test.each<[string, object, Partial<ObjectFacts>, string]>([
    [
      'a bid under automatic bidding',
      { raiseBid: '10 %' },
      auto,
      'the network bids automatically, so there is no bid to move; there is its daily budget',
    ],
    [
      'a budget that lies on the campaign',
      { raiseBudget: '10 %' },
      { dailyBudgetMicros: null },
      'no budget is set on this adset, it may lie on its parent; there is its bid',
    ],
    [
      'anything where nothing is set',
      { scale: '10 %' },
      { ...auto, dailyBudgetMicros: null },
      'neither a bid, a cap nor a budget is set on this adset; it can be paused and resumed',
    ],
  ])('%s: no such lever', (_name, then, object, detail) => {
    const decision = decide(strategyOf('true', then), evidenceOf({ object }));
    expect(decision.verdict.kind).toBe('keep');
    expect(decision.reason).toEqual({ rule: 'rule', code: 'no_such_lever', detail });
  });

  test('a notice changes nothing and says what it says', () => {
    const decision = decide(
      strategyOf('spend("today") > 60', { notify: 'look at this' }),
      evidenceOf({ windows: spent }),
    );
    expect(decision.verdict).toEqual({ kind: 'notify', message: 'look at this' });
    expect(decision.sentence).toBe('Zen C: look at this: $62.00 spent today');
  });
});

describe('rests', () => {
  const up = (then: object = {}, guardrails: object = {}) =>
    strategyOf('true', { raiseBid: '10 %', ...then }, { guardrails });
  const at = (hoursAgo: number, kind: PastChange['kind'] = 'set_bid', rule = 'other') =>
    evidenceOf({ history: [past({ kind, rule, atMs: AS_OF_MS + 20 * 60_000 - hoursAgo * HOUR_MS })] });

  test('a bid rests 24 hours when the rule says nothing, whichever rule moved it', () => {
    expect(decide(up(), at(23.9)).reason.code).toBe('cooldown');
    expect(decide(up(), at(24)).verdict.kind).toBe('set_bid');
  });

  test('atMostOnce says otherwise', () => {
    expect(decide(up({ atMostOnce: '1h' }), at(0.9)).reason.code).toBe('cooldown');
    expect(decide(up({ atMostOnce: '1h' }), at(1)).verdict.kind).toBe('set_bid');
  });

  test('a budget change does not make the bid rest, a cooldown does', () => {
    expect(decide(up(), at(0.1, 'set_budget')).verdict.kind).toBe('set_bid');
    expect(decide(up({}, { cooldown: '2h' }), at(1.9, 'set_budget')).reason.code).toBe('cooldown');
  });

  test('a pause waits only for the cooldown', () => {
    expect(decide(strategyOf('true'), at(0.1, 'resume')).verdict.kind).toBe('pause');
    expect(
      decide(strategyOf('true', { pause: true }, { guardrails: { cooldown: '2h' } }), at(1, 'set_bid')).reason
        .code,
    ).toBe('cooldown');
  });

  test('a notice is given once a day', () => {
    const strategy = strategyOf('true', { notify: 'look' });
    expect(decide(strategy, at(23, 'notify')).reason.code).toBe('cooldown');
    expect(decide(strategy, at(24, 'notify')).verdict.kind).toBe('notify');
  });

  test('an object in its learning phase can be left alone', () => {
    const evidence = evidenceOf({ object: { learning: 'learning' } });
    expect(decide(up(), evidence).verdict.kind).toBe('set_bid');
    expect(decide(up({}, { holdWhileLearning: true }), evidence).reason.code).toBe('learning_phase');
    expect(
      decide(strategyOf('true', { pause: true }, { guardrails: { holdWhileLearning: true } }), evidence)
        .verdict.kind,
    ).toBe('pause');
  });
});

describe('scope', () => {
  const strategy = strategyOf(
    'true',
    { pause: true },
    {
      scope: {
        level: 'adset',
        network: 'meta',
        accounts: ['meta-1', 'Other shop'],
        where: 'campaign.name.startsWith("US") && !("retargeting" in labels)',
      },
    },
  );
  const { account } = evidenceOf();
  const us = objectFacts({ level: 'campaign', name: 'US Zen' });

  test('holds what all of it says', () => {
    expect(strategy.matches(objectFacts(), us, null, account)).toBe(true);
    expect(strategy.matches(objectFacts(), us, null, { ...account, id: 'x', name: 'Other shop' })).toBe(true);
  });

  test.each<[string, Partial<ObjectFacts>, ObjectFacts | null, object]>([
    ['another level', { level: 'ad' }, us, {}],
    ['another network', {}, us, { network: 'tiktok' }],
    ['another account', {}, us, { id: 'x', name: 'y' }],
    ['another campaign', {}, objectFacts({ name: 'UK' }), {}],
    ['a label that is left out', { labels: ['retargeting'] }, us, {}],
    ['no single campaign', {}, null, {}],
  ])('leaves out %s', (_name, object, campaign, other) => {
    expect(strategy.matches(objectFacts(object), campaign, null, { ...account, ...other })).toBe(false);
  });

  test('a strategy that speaks dollars judges no account in euros', () => {
    const dollars = strategyOf('true', { pause: true }, { target: { event: 'purchase', cpa: '30 USD' } });
    expect(dollars.matches(objectFacts(), us, null, account)).toBe(true);
    expect(dollars.matches(objectFacts(), us, null, { ...account, currency: 'EUR' })).toBe(false);
  });
});

describe('whatever the evidence', () => {
  const strategy = strategyFromYaml(`
version: 1
strategy: everything
scope: { level: adset }
target: { event: purchase, cpa: 30, roas: 1.5 }
params: { limit: 20 }
mode: live
rules:
  - { name: loser, when: 'conversions("today") == 0 && spend("today") > params.limit', then: { pause: { until: tomorrow } } }
  - { name: dear, when: 'cpa("7d") > 2 * target.cpa || (ctr("7d") < 0.001 && impressions("7d") > 5000)', then: { pause: true } }
  - { name: back, when: 'conversions("today") > 0 && cpa("today") < target.cpa', then: { resume: true } }
  - { name: up, when: 'roas("7d") > target.roas && conversions("7d") >= 10', then: { scale: 10 %, atMostOnce: 6h } }
  - { name: down, when: 'profit("7d") < 0 && ratio(spend("today"), budget) > 0.5', then: { scale: -20 %, atLeast: 0.1 } }
  - { name: tell, when: 'now.hour >= 9 && ageDays > 3 && bid > 1', then: { notify: look } }
guardrails: { maxStep: 30 %, cooldown: 1h, bidCeiling: 5, budgetCeiling: 1000 }
`);
  const count = fc.oneof(fc.nat(20), fc.nat(1_000_000));
  const amount = fc.oneof(
    fc.constant(0),
    fc.nat(500),
    fc.nat(5_000),
    fc.double({ min: 0, max: 1e6, noNaN: true }),
    fc.constantFrom(Number.NaN, Number.POSITIVE_INFINITY, -1, 5e-324),
  );
  const windowOf: fc.Arbitrary<WindowMetrics> = fc.record({
    bounds: fc.record({ fromMs: fc.nat(), toMs: fc.nat() }),
    spend: amount,
    impressions: count,
    clicks: count,
    visits: count,
    conversions: fc.dictionary(
      fc.constantFrom('purchase', 'install', 'purchase/event'),
      fc.record({ conversions: count, value: amount, unconverted: fc.nat(2) }),
    ),
  });
  const moneyOrNone = fc.option(
    fc.oneof(fc.nat(6_000_000), fc.nat(1_000_000_000), fc.nat(2 ** 40)).map((value) => usd(value / 1e6)),
  );
  const object = fc
    .record({
      status: fc.constantFrom('active', 'active', 'active', 'paused', 'archived'),
      bidStrategy: fc.option(fc.constantFrom('auto', 'bid_cap', 'cost_cap', 'min_roas', 'manual_cpc')),
      bidMicros: moneyOrNone,
      dailyBudgetMicros: moneyOrNone,
      lifetimeBudgetMicros: moneyOrNone,
      createdAtMs: fc.integer(),
      learning: fc.option(fc.string()),
      name: fc.string(),
    })
    .map((part) => objectFacts(part as Partial<ObjectFacts>));
  const evidence: fc.Arbitrary<Evidence> = fc.record({
    object,
    campaign: fc.constantFrom(null, objectFacts(), objectFacts({ status: 'paused' })),
    adset: fc.constant(null),
    account: fc.record({
      id: fc.string(),
      name: fc.string(),
      network: fc.string(),
      currency: fc.constantFrom('USD', 'JPY', 'EUR', 'QQQ', '', 'dollar'),
      timeZone: fc.constantFrom(ZONE, 'Asia/Kolkata', 'Nowhere/At_All', ''),
      moneyStepMicros: fc.constantFrom(usd(0.01), usd(1), usd(0.000001)),
    }),
    strategyId: fc.constantFrom('sample/test', 'other'),
    asOfMs: fc.constant(AS_OF_MS),
    nowMs: fc.oneof(
      { weight: 9, arbitrary: fc.integer({ min: AS_OF_MS, max: AS_OF_MS + 4 * HOUR_MS }) },
      { weight: 1, arbitrary: fc.constant(Number.NaN) },
    ),
    windows: fc.record({ today: windowOf, '7d': windowOf }, { requiredKeys: ['today'] }),
    health: fc.record({ trackingSinceMs: fc.option(fc.nat()) }),
    history: fc.array(
      fc.record({
        kind: fc.constantFrom('pause', 'resume', 'set_bid', 'set_budget', 'notify'),
        rule: fc.option(fc.constant('loser')),
        strategyId: fc.constant('sample/test'),
        atMs: fc.integer({ min: AS_OF_MS - 50 * HOUR_MS, max: AS_OF_MS }),
        from: fc.constant(objectFacts()),
      }),
      { maxLength: 3 },
    ),
  });

  test('there is a verdict, the same one each time, within the limits, and it survives JSON', () => {
    const seen = new Set<string>();
    fc.assert(
      fc.property(evidence, (one) => {
        const decision = decide(strategy, one);
        seen.add(decision.reason.code === 'rule_held' ? decision.verdict.kind : decision.reason.code);
        expect(decide(strategy, one)).toEqual(decision);
        expect(JSON.parse(JSON.stringify(decision))).toEqual(decision);
        expect(decision.sentence).not.toBe('');
        expect(decision.verdict.kind === 'keep').toBe(decision.reason.code !== 'rule_held');
        const from = one.object;
        if (decision.verdict.kind === 'set_bid') {
          const { toMicros } = decision.verdict;
          expect(toMicros % one.account.moneyStepMicros).toBe(0);
          expect(Math.abs(toMicros - (from.bidMicros ?? 0))).toBeLessThanOrEqual(
            (from.bidMicros ?? 0) * 0.31,
          );
          if (toMicros > (from.bidMicros ?? 0)) expect(toMicros).toBeLessThanOrEqual(usd(5));
        }
        if (decision.verdict.kind === 'resume') expect(from.status).toBe('paused');
      }),
      { numRuns: 5_000, seed: 20_261_110 },
    );
    // A property that only ever sees one outcome proves little.
    for (const outcome of [
      'pause',
      'resume',
      'set_bid',
      'set_budget',
      'notify',
      'no_rule_held',
      'rule_error',
      'cooldown',
      'already_so',
    ])
      expect([...seen]).toContain(outcome);
  });

  test('recomputing from stored evidence gives the same decision', () => {
    const one = evidenceOf({ windows: { today: { spend: 62 }, '7d': { spend: 100, clicks: 5 } } });
    expect(decide(strategy, JSON.parse(JSON.stringify(one)) as Evidence)).toEqual(decide(strategy, one));
  });
});
