import { readdirSync, readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { decide } from '../../../src/core/decide.ts';
import { readStrategy } from '../../../src/strategies/read.ts';
import {
  AS_OF_MS,
  deliveryOf,
  type EvidencePart,
  evidenceOf,
  learnedOf,
  usd,
  type WindowPart,
} from '../../support/evidence.ts';

const FOLDER = new URL('../../../bench/quality/strategies/', import.meta.url);
const FILES = readdirSync(FOLDER).toSorted();

function read(id: string) {
  return readStrategy(readFileSync(new URL(`${id}.yaml`, FOLDER), 'utf8'), { fileName: `${id}.yaml` });
}

function decided(id: string, part: EvidencePart): string {
  const result = read(id);
  if (!result.ok) throw new Error(JSON.stringify(result.problems));
  const { reason, verdict } = decide(result.compiled, evidenceOf(part));
  return reason.code === 'rule_held' ? `${verdict.kind}: ${reason.rule}` : reason.code;
}

/** One window, the same by click and by arrival unless given. */
const window = (spend: number, sales: number, arrived = sales): WindowPart => ({
  spend,
  clicks: spend,
  events: { purchase: [sales, sales * 30] },
  arrived: { purchase: [arrived, arrived * 30] },
});
/** The same for every window that the set of rules asks. */
const everywhere = (spend: number, sales: number, arrived = sales): EvidencePart => ({
  windows: Object.fromEntries(
    ['today', '3d', '7d', '14d', '7d before today', 'lifetime'].map((spelling) => [
      spelling,
      window(spend, sales, arrived),
    ]),
  ),
});
const paused = (part: EvidencePart, rule: string): EvidencePart => ({
  ...part,
  object: { status: 'paused' },
  history: [
    {
      kind: 'pause',
      rule,
      strategyId: 'sample/test',
      atMs: AS_OF_MS - 7_200_000,
      from: {
        status: 'active',
        bidStrategy: 'bid_cap',
        bidMicros: usd(1.2),
        dailyBudgetMicros: usd(200),
        lifetimeBudgetMicros: null,
      },
    },
  ],
});
/** Wednesday 2026-11-11, 09:10 in New York, and the Sunday before. */
const NINE = AS_OF_MS + 18 * 3_600_000 + 600_000;
const fresh = { maxSpendAge: AS_OF_MS };

describe('policies of the quality bench, as rules', () => {
  test('there is one for each practitioner', () => {
    expect(FILES).toEqual(
      expect.arrayContaining([
        'A.yaml',
        'B1.yaml',
        'B2.yaml',
        'B3.yaml',
        'B4.yaml',
        'D.yaml',
        'R10.yaml',
        'R11.yaml',
        'clicks.yaml',
        'person.yaml',
      ]),
    );
  });

  test.each(FILES)('%s compiles', (file) => {
    const result = read(file.replace('.yaml', ''));
    expect(result.ok ? [] : result.problems).toEqual([]);
  });

  test.each<[string, string, EvidencePart]>([
    ['A', 'pause: too dear over three days', everywhere(31, 2, 1)],
    ['A', 'pause: too dear over three days', everywhere(30, 0)],
    ['A', 'no_rule_held', everywhere(29, 0)],
    ['A', 'no_rule_held', everywhere(60, 0, 2)],
    ['B1', 'pause: over target', everywhere(61, 2)],
    ['B1', 'no_rule_held', everywhere(59, 0)],
    ['B1', 'no_rule_held', everywhere(60, 2)],
    ['B2', 'pause: a fifth over target', everywhere(90, 2)],
    ['B2', 'no_rule_held', everywhere(108, 3)],
    ['B3', 'pause: a fifth over target in two weeks', everywhere(150, 4)],
    ['B3', 'no_rule_held', everywhere(149, 0)],
    ['B4', 'pause: nothing at all', everywhere(90, 0)],
    ['B4', 'pause: a fifth over target', everywhere(150, 4)],
    ['B4', 'set_budget: cheaper than target', everywhere(40, 2)],
    ['B4', 'set_budget: dearer than target', everywhere(66, 2)],
    ['B4', 'no_rule_held', everywhere(54, 2)],
    ['R10', 'pause: nothing today', everywhere(37, 1, 0)],
    ['R10', 'pause: dear today', everywhere(31, 0, 1)],
    ['R10', 'no_rule_held', everywhere(30, 0, 1)],
    ['R10', 'resume: good after all today', paused(everywhere(20, 0, 1), 'nothing today')],
    ['R11', 'pause: spent and lost', { ...everywhere(151, 4), object: { createdAtMs: AS_OF_MS - 864e5 } }],
    ['R11', 'no_rule_held', { ...everywhere(151, 4), object: { createdAtMs: AS_OF_MS - 15 * 864e5 } }],
    ['R11', 'no_rule_held', { ...everywhere(149, 0), object: { createdAtMs: AS_OF_MS - 864e5 } }],
    ['R11', 'resume: late sales', paused(everywhere(151, 5), 'spent and lost')],
    ['clicks', 'no_rule_held', everywhere(100, 0)],
    ['clicks', 'pause: dear clicks', { windows: { '3d': { spend: 37, clicks: 30 } } }],
    ['person', 'no_rule_held', everywhere(500, 0)],
  ])('%s: %s', (id, expected, part) => {
    expect(decided(id, part)).toBe(expected);
  });

  test('R10 gives a second chance at night only', () => {
    const part = paused(
      { windows: { ...everywhere(100, 0, 5).windows, today: window(0, 0) } },
      'dear this week',
    );
    expect(decided('R10', part)).toBe('no_rule_held');
    // 00:10 in New York.
    const result = read('R10');
    if (!result.ok) throw new Error('R10');
    const patient = {
      ...result.compiled,
      guardrails: { ...result.compiled.guardrails, maxSpendAgeMs: fresh.maxSpendAge },
    };
    const night = decide(patient, evidenceOf({ ...part, nowMs: AS_OF_MS + 9 * 3_600_000 + 600_000 }));
    expect(night.reason).toMatchObject({ rule: 'nightly second chance', code: 'rule_held' });
  });

  test('a person looks on weekdays at nine', () => {
    const result = read('person');
    if (!result.ok) throw new Error('person');
    const patient = {
      ...result.compiled,
      guardrails: { ...result.compiled.guardrails, maxSpendAgeMs: fresh.maxSpendAge },
    };
    const at = (nowMs: number, part: EvidencePart) =>
      decide(patient, evidenceOf({ ...part, nowMs })).reason.rule;
    expect(at(NINE, everywhere(90, 0))).toBe('nothing sold');
    expect(at(NINE, everywhere(120, 3))).toBe('too dear');
    expect(at(NINE, everywhere(100, 3))).toBe(null);
    expect(at(NINE - 86_400_000 * 3, everywhere(90, 0))).toBe(null);
  });

  test('D pauses what is proven and nothing else', () => {
    const at = (spend: number): EvidencePart => ({
      delivery: deliveryOf([[spend, 0]]),
      learned: { purchase: learnedOf() },
    });
    expect(decided('D', at(150))).toBe('pause: proven loser');
    expect(decided('D', at(80))).toBe('no_rule_held');
  });
});
