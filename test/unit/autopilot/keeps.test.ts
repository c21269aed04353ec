import { describe, expect, test } from 'vitest';
import { decide } from '../../../src/core/decide.ts';
import { AS_OF_MS, usd } from '../../support/evidence.ts';
import { type Bucket, DAY_MS, pilotEvidence, pilotStrategy } from '../../support/pilot.ts';

const careful = pilotStrategy({ caution: 'careful' });
const days = (count: number, part: Bucket): Bucket[] => Array.from({ length: count }, () => part);
const loser = days(6, { spend: 60 });

describe('holdout', () => {
  const pilot = (draw: number) => ({ pilot: { draw, pulse: null } });

  test('a due pause with a draw below the share is held back, with its propensity', () => {
    const found = decide(careful, pilotEvidence(loser, pilot(0.029999)));
    expect(found.verdict).toEqual({ kind: 'keep' });
    expect(found.reason).toMatchObject({ code: 'holdout', rule: 'autopilot: pause' });
    const nowMs = AS_OF_MS + 20 * 60_000;
    expect(found.holdout).toEqual({ propensity: 0.03, untilMs: nowMs + 7 * DAY_MS });
    expect(found.sentence).toMatch(/a pause is due and held back until 2026-11-17, as 3 % of them are/);
  });

  test('at the edge it is executed: the draw is uniform in [0, 1), and 3 % lie below .03', () => {
    expect(decide(careful, pilotEvidence(loser, pilot(0.03))).verdict).toEqual({ kind: 'pause' });
    expect(decide(careful, pilotEvidence(loser, pilot(1))).verdict).toEqual({ kind: 'pause' });
    expect(decide(careful, pilotEvidence(loser, pilot(0))).reason.code).toBe('holdout');
  });

  test('a holdout of 0 % holds nothing back', () => {
    const none = pilotStrategy({ caution: 'careful', holdout: '0 %' });
    expect(decide(none, pilotEvidence(loser, pilot(0))).verdict).toEqual({ kind: 'pause' });
  });

  test('while it is held, it keeps; once that is over, the pause is executed', () => {
    const held = (untilMs: number) => ({
      pilot: { draw: 1, pulse: null, held: { sinceMs: AS_OF_MS - DAY_MS, untilMs, propensity: 0.03 } },
    });
    const during = decide(careful, pilotEvidence(loser, held(AS_OF_MS + DAY_MS)));
    expect(during.reason.code).toBe('holdout');
    expect(during.holdout).toEqual({ propensity: 0.03, untilMs: AS_OF_MS + DAY_MS });
    expect(decide(careful, pilotEvidence(loser, held(AS_OF_MS))).verdict).toEqual({ kind: 'pause' });
  });

  test('what is not due is not held back', () => {
    const found = decide(careful, pilotEvidence(days(2, { spend: 60, conversions: 2 }), pilot(0)));
    expect(found.holdout).toBeUndefined();
    expect(found.reason.code).toBe('on_course');
  });
});

test('a tracking outage stops pauses, and says so', () => {
  const found = decide(
    careful,
    pilotEvidence(loser, { pilot: { draw: 1, pulse: { expected: 40, seen: 2, hours: 6, dispersion: 2 } } }),
  );
  expect(found.verdict).toEqual({ kind: 'keep' });
  expect(found.reason.code).toBe('tracking_outage');
  expect(found.judgement?.outage).toBe(true);
  const chance = { pilot: { draw: 1, pulse: { expected: 6, seen: 3, hours: 6, dispersion: 2 } } };
  expect(decide(careful, pilotEvidence(loser, chance)).verdict).toEqual({ kind: 'pause' });
});

test('while an outage is suspected a due pause waits, and nothing else does', () => {
  const low = { pilot: { draw: 1, pulse: { expected: 40, seen: 18, hours: 6, dispersion: 2 } } };
  const found = decide(careful, pilotEvidence(loser, low));
  expect(found.verdict).toEqual({ kind: 'keep' });
  expect(found.reason.code).toBe('tracking_suspected');
  expect(found.sentence).toMatch(
    /^keep Zen C: a pause is due, and waits: in the last hours so few conversions of the whole account came in/,
  );
  const onItsWay = decide(careful, pilotEvidence(loser.slice(0, 2), low));
  expect(onItsWay.verdict).toEqual(decide(careful, pilotEvidence(loser.slice(0, 2))).verdict);
  expect(onItsWay.verdict.kind).toBe('set_budget');
});

test('too little volume says what would be needed', () => {
  const found = decide(
    careful,
    pilotEvidence(days(2, { spend: 8 }), { object: { dailyBudgetMicros: usd(8) } }),
  );
  expect(found.reason.code).toBe('too_little_volume');
  expect(found.sentence).toMatch(
    /^keep Zen C: too little volume to judge: at \$8\.00 a day a verdict at 2 × target takes about 15 weeks; \$61\.38 a day would take 2$/,
  );
});

describe('what cannot be judged', () => {
  test('unhealthy conversions', () => {
    const found = decide(
      careful,
      pilotEvidence(loser, { health: { trackingSinceMs: 0, conversionsUndefined: 'the source is silent' } }),
    );
    expect(found.reason).toMatchObject({ code: 'conversions_undefined', detail: 'the source is silent' });
  });
  test('stale cost', () => {
    expect(decide(careful, pilotEvidence(loser, { nowMs: AS_OF_MS + DAY_MS })).reason.code).toBe(
      'stale_spend',
    );
  });
  test('a paused campaign', () => {
    expect(decide(careful, pilotEvidence(loser, { campaign: { status: 'paused' } })).reason.code).toBe(
      'parent_paused',
    );
  });
  test('nothing delivered, nothing learned', () => {
    const { delivery: _, ...without } = pilotEvidence(loser);
    expect(decide(careful, without).reason.code).toBe('not_learned');
    const { learned: __, ...unlearned } = pilotEvidence(loser);
    expect(decide(careful, unlearned).reason.code).toBe('not_learned');
  });
  test('a ROAS target before any order has a known value', () => {
    const found = decide(pilotStrategy({ roas: 1.5 }), pilotEvidence(loser));
    expect(found.reason.code).toBe('not_learned');
    expect(found.sentence).toContain('no order with a value is known');
  });
  test('a ROAS target while revenue waits for a rate', () => {
    const evidence = pilotEvidence(loser, {
      learned: { orders: { orders: 500, mean: 40, kappa: 80, cap: 200, cappedShare: 0.9 } },
    });
    const purchase = evidence.delivery?.events['purchase'];
    if (evidence.delivery === undefined || purchase === undefined) throw new Error('no delivery');
    const found = decide(pilotStrategy({ roas: 1.5 }), {
      ...evidence,
      delivery: { ...evidence.delivery, events: { purchase: { ...purchase, unconverted: 2 } } },
    });
    expect(found.reason).toMatchObject({
      code: 'conversions_undefined',
      detail: '2 conversions wait for an exchange rate',
    });
  });
});

describe('degenerate facts keep, and never throw', () => {
  test.each<[string, Bucket[]]>([
    ['no bucket at all', []],
    ['no spend, no conversions', days(10, { spend: 0 })],
    ['conversions without spend', days(3, { spend: 0, conversions: 5 })],
    ['spend that was taken back', [{ spend: 100 }, { spend: -150 }]],
    ['spend that is no number', [{ spend: Number.NaN }]],
    ['conversions that are no number', [{ spend: 100, conversions: Number.NaN }]],
  ])('%s', (_, given) => {
    const found = decide(careful, pilotEvidence(given));
    expect(found.verdict).toEqual({ kind: 'keep' });
    expect(found.sentence).not.toMatch(/NaN|Infinity/);
    expect(JSON.parse(JSON.stringify(found))).toEqual(found);
  });

  test('huge values: a pause, with finite numbers', () => {
    const found = decide(careful, pilotEvidence(days(30, { spend: 1e9 })));
    expect(found.verdict).toEqual({ kind: 'pause' });
    expect(JSON.stringify(found.judgement)).not.toContain('null,"lnThreshold"');
    expect(Number.isFinite(found.judgement?.lnEvidence)).toBe(true);
  });

  test('a prior, a dispersion and a curve that are no numbers fall back', () => {
    const found = decide(
      careful,
      pilotEvidence(loser, {
        learned: {
          prior: { a: Number.NaN, b: -1, siblings: 3, from: 'campaign' },
          dispersion: Number.NaN,
        },
      }),
    );
    expect(found.judgement?.prior).toMatchObject({ a: 2, b: 2 });
    expect(found.verdict).toEqual({ kind: 'pause' });
  });
});
