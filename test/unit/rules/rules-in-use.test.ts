import { readdirSync, readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { decide } from '../../../src/core/decide.ts';
import type { PastChange } from '../../../src/core/decision.ts';
import { dayBounds } from '../../../src/core/zone.ts';
import { readStrategy } from '../../../src/strategies/read.ts';
import { AS_OF_MS, type EvidencePart, evidenceOf, objectFacts, usd, ZONE } from '../../support/evidence.ts';

const FOLDER = new URL('../../fixtures/strategies/', import.meta.url);

function files(kind: 'wild' | 'later'): string[] {
  return readdirSync(new URL(`${kind}/`, FOLDER)).toSorted();
}

function read(kind: 'wild' | 'later', file: string) {
  return readStrategy(readFileSync(new URL(`${kind}/${file}`, FOLDER), 'utf8'), { fileName: file });
}

function decided(file: string, part: EvidencePart): string {
  const result = read('wild', file);
  if (!result.ok) throw new Error(JSON.stringify(result.problems));
  const decision = decide(result.compiled, evidenceOf(part));
  return decision.reason.code === 'rule_held'
    ? `${decision.verdict.kind}: ${decision.reason.rule}`
    : decision.reason.code;
}

describe('rules that practitioners publish', () => {
  test.each(files('wild'))('%s can be said', (file) => {
    const result = read('wild', file);
    expect(result.ok ? [] : result.problems).toEqual([]);
  });

  test.each(files('later'))('%s is refused by name', (file) => {
    const result = read('later', file);
    expect(result.ok).toBe(false);
    if (!result.ok) expect(result.problems[0]?.message).toMatch(/comes? with a later version/);
  });

  const lifetime = (spend: number, sales: number): EvidencePart => ({
    windows: { lifetime: { spend, events: { purchase: [sales] } } },
  });
  test.each<[string, string, EvidencePart]>([
    ['pause: sold but too dear', 'two-part-lifetime-stop-loss.yaml', lifetime(90, 2)],
    ['pause: never sold', 'two-part-lifetime-stop-loss.yaml', lifetime(41, 0)],
    ['no_rule_held', 'two-part-lifetime-stop-loss.yaml', lifetime(40, 0)],
    ['no_rule_held', 'two-part-lifetime-stop-loss.yaml', lifetime(80, 2)],
    [
      'pause: dearer than the payout bears',
      'same-day-guards.yaml',
      { windows: { today: { spend: 30, events: { lead: [1] } } } },
    ],
    [
      'pause: most of the budget is gone',
      'same-day-guards.yaml',
      { object: { dailyBudgetMicros: usd(30) }, windows: { today: { spend: 25, events: { lead: [2] } } } },
    ],
    [
      'no_rule_held',
      'same-day-guards.yaml',
      { object: { dailyBudgetMicros: usd(20) }, windows: { today: { spend: 19, events: { lead: [2] } } } },
    ],
    [
      'pause: nothing over a long look',
      'lookback-cascade.yaml',
      {
        windows: {
          '90d': { spend: 29 },
          '60d': { spend: 29 },
          '30d': { spend: 29 },
          '14d': { spend: 29 },
          '7d': { spend: 80 },
        },
      },
    ],
    [
      'set_budget: far below',
      'winner-tiers.yaml',
      {
        windows: {
          '3d': { spend: 210, events: { purchase: [21] } },
          '7d': { spend: 400, impressions: 1, events: { purchase: [30] } },
        },
      },
    ],
    [
      'set_budget: far above',
      'winner-tiers.yaml',
      { windows: { '3d': { spend: 210 }, '7d': { spend: 400, impressions: 1, events: { purchase: [4] } } } },
    ],
    [
      'pause: judged',
      'deepest-step-with-data.yaml',
      { windows: { '7d': { spend: 125, events: { front_end_sale: [1], lead: [50] } } } },
    ],
    [
      'no_rule_held',
      'deepest-step-with-data.yaml',
      { windows: { '7d': { spend: 115, events: { front_end_sale: [1], lead: [1] } } } },
    ],
    [
      'pause: judged',
      'deepest-step-with-data.yaml',
      { windows: { '7d': { spend: 30, events: { lead: [1] } } } },
    ],
    ['no_rule_held', 'deepest-step-with-data.yaml', { windows: { '7d': { spend: 24 } } }],
  ])('%s: %s', (expected, file, part) => {
    expect(decided(file, part)).toBe(expected);
  });

  test('the switchboard goes on and off by its order', () => {
    const pausedBy = (rule: string): EvidencePart => {
      const history: PastChange[] = [
        { kind: 'pause', rule, strategyId: 'sample/test', atMs: AS_OF_MS - 1, from: objectFacts() },
      ];
      return { object: { status: 'paused' }, history };
    };
    const windows = (today: [number, number], week: [number, number]): EvidencePart => ({
      windows: {
        today: { spend: today[0], events: { lead: [today[1]] } },
        '7d': { spend: week[0], events: { lead: [week[1]] } },
        lifetime: { spend: week[0], events: { lead: [week[1]] } },
      },
    });
    expect(decided('switchboard.yaml', windows([15, 0], [100, 10]))).toBe('pause: nothing today');
    expect(decided('switchboard.yaml', windows([10, 1], [130, 10]))).toBe('pause: dear this week');
    // Dear over the week but good today: the rule that stands first wins, and the object comes back.
    expect(
      decided('switchboard.yaml', { ...windows([10, 1], [130, 10]), ...pausedBy('dear this week') }),
    ).toBe('resume: good after all today');
    expect(
      decided('switchboard.yaml', { ...windows([15, 0], [100, 10]), ...pausedBy('nothing today') }),
    ).toBe('already_so');
    const night = dayBounds('2026-11-11', ZONE).startMs + 20 * 60_000;
    expect(
      decided('switchboard.yaml', {
        ...windows([5, 0], [100, 10]),
        ...pausedBy('dear today'),
        nowMs: AS_OF_MS + 60_000,
      }),
    ).toBe('no_rule_held');
    const result = read('wild', 'switchboard.yaml');
    if (!result.ok) throw new Error('does not compile');
    const late = evidenceOf({ ...windows([5, 0], [100, 10]), ...pausedBy('dear today') });
    expect(decide(result.compiled, { ...late, asOfMs: night - 30 * 60_000, nowMs: night }).reason).toEqual({
      rule: 'nightly second chance',
      code: 'rule_held',
    });
  });
});
