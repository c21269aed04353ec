import { describe, expect, it } from 'vitest';
import { micros } from '../../../src/core/money.ts';
import type { DecisionFact, PostbackFact } from '../../../src/db/live-lines.ts';
import { decisionLine, minutesAndSeconds, postbackLine } from '../../../src/http/sentences.ts';

const postback: PostbackFact = {
  id: 'p1',
  sourceId: 'keitaro',
  workspaceId: 'w',
  wallAtMs: 1,
  atMs: 2,
  outcome: 'counted',
  reason: null,
  detail: null,
  event: 'purchase',
  status: 'approved',
  amountMicros: micros(31_200_000),
  currency: 'USD',
  clickId: 'c1',
  test: false,
  objectName: 'Yoga 15s',
  relation: null,
  network: 'meta',
};

const decision: DecisionFact = {
  id: 'd1',
  wallAtMs: 1,
  atMs: 2,
  verdict: 'set_bid',
  reason: 'rule_held',
  sentence: 'bid $1.20 → $1.32: 12 purchases, ROAS 1.8 over target 1.5',
  mode: 'live',
  rule: 'scale what buys',
  strategy: 'us-prospecting',
  outcome: null,
  outcomeDetail: null,
  workflowStarted: true,
  undoes: null,
  objectId: 7,
  objectName: 'Zen C',
  level: 'adset',
  network: 'meta',
};

const told = (fact: Partial<PostbackFact>) => {
  const line = postbackLine({ ...postback, ...fact });
  return [line.text, line.badge?.label ?? null, line.detail];
};

describe('a postback as a sentence', () => {
  it.each<[string, Partial<PostbackFact>, (string | null)[]]>([
    ['counted', {}, ['$31.20 purchase ← Yoga 15s (Meta)', null, null]],
    [
      'stored, not yet judged',
      { outcome: 'accepted', objectName: null, network: null },
      ['$31.20 purchase from keitaro', 'kept, not yet judged', null],
    ],
    [
      'of a status nobody knows',
      { outcome: 'duplicate', reason: 'status_unmapped', detail: 'strange', status: 'pending' },
      [
        '$31.20 purchase from keitaro again',
        'counted once',
        'its status "strange" is not known and counts as pending',
      ],
    ],
    [
      'at an address that names no source',
      {
        sourceId: '',
        workspaceId: null,
        outcome: 'refused',
        reason: 'unknown_source',
        detail: 'The address names no source.',
      },
      ['Refused a postback: unknown source', 'refused', 'The address names no source.'],
    ],
    [
      'without an amount',
      { amountMicros: null, event: 'install' },
      ['install ← Yoga 15s (Meta)', null, null],
    ],
    ['a free purchase', { amountMicros: micros(0) }, ['$0.00 purchase ← Yoga 15s (Meta)', null, null]],
    ['a renewal', { relation: 'rebill' }, ['$31.20 purchase, a rebill ← Yoga 15s (Meta)', null, null]],
    ['a repeat', { outcome: 'duplicate' }, ['$31.20 purchase from keitaro again', 'counted once', null]],
    [
      'a change of status',
      { outcome: 'updated', status: 'reversed' },
      ['$31.20 purchase ← Yoga 15s (Meta)', 'now reversed', null],
    ],
    [
      'an unknown click',
      { outcome: 'unattributed', reason: 'unknown_click', objectName: null },
      ['$31.20 purchase from keitaro: no ad to credit', 'not attributed', 'unknown click'],
    ],
    [
      'refused with a reason and what to do',
      {
        outcome: 'refused',
        reason: 'missing_click_id',
        detail: 'Add click_id to the address.',
        event: null,
        amountMicros: null,
      },
      ['Refused a postback from keitaro: missing click id', 'refused', 'Add click_id to the address.'],
    ],
    ['a test', { outcome: 'test' }, ['Test $31.20 purchase from keitaro', 'test, not counted', null]],
    [
      'an outcome that came with a later version',
      { outcome: 'parked_for_now' },
      ['$31.20 purchase from keitaro', 'parked for now', null],
    ],
    ['a currency nobody knows', { currency: 'BITS' }, ['31.2 BITS purchase ← Yoga 15s (Meta)', null, null]],
  ])('%s', (_title, fact, expected) => {
    expect(told(fact)).toEqual(expected);
  });
});

describe('a decision as a sentence', () => {
  const badge = (fact: Partial<DecisionFact>) => decisionLine({ ...decision, ...fact }, null).badge?.label;

  it('names the object, the change and the rule', () => {
    const line = decisionLine(decision, 'http://ui/x');
    expect(line.text).toBe('Zen C: bid $1.20 → $1.32: 12 purchases, ROAS 1.8 over target 1.5');
    expect(line.detail).toBe('Meta · rule “scale what buys” of us-prospecting');
    expect(line.link).toBe('http://ui/x');
  });

  it('names the object once when the sentence does so itself', () => {
    const sentence = 'pause Zen C until tomorrow: no purchase today, $180.36 spent over $90.00';
    expect(decisionLine({ ...decision, verdict: 'pause', sentence }, null).text).toBe(sentence);
  });

  it('warns of what takes an ad set its money: a pause, and probation', () => {
    const tone = (fact: Partial<DecisionFact>) => decisionLine({ ...decision, ...fact }, null).tone;
    expect(tone({})).toBe('good');
    expect(tone({ verdict: 'pause' })).toBe('warn');
    expect(tone({ verdict: 'set_budget', rule: 'autopilot: probation' })).toBe('warn');
    expect(tone({ verdict: 'set_budget', rule: 'autopilot: end probation' })).toBe('good');
    expect(tone({ outcome: 'network_refused' })).toBe('bad');
  });

  it('says how far it got', () => {
    expect(badge({ workflowStarted: false })).toBe('about to start');
    expect(badge({})).toBe('under way');
    expect(badge({ mode: 'approve' })).toBe('waiting for approval');
    expect(badge({ outcome: 'applied' })).toBe('done');
    expect(badge({ mode: 'dry-run' })).toBe('dry run, nothing touched');
    expect(badge({ outcome: 'applied', undoes: 'd0' })).toBe('undo, done');
    expect(badge({ outcome: 'new_outcome' })).toBe('new outcome');
  });

  it('gives the reason of what was not carried out instead of the rule', () => {
    const line = decisionLine(
      { ...decision, outcome: 'superseded', outcomeDetail: 'The bid is $1.50 now.' },
      null,
    );
    expect(line.detail).toBe('The bid is $1.50 now.');
  });
});

it('tells a wait in minutes and seconds', () => {
  expect([160, 59.6, 0, -4].map(minutesAndSeconds)).toEqual(['2:40', '1:00', '0:00', '0:00']);
});
