import { describe, expect, it } from 'vitest';
import type { PilotEntry } from '../../../src/core/evaluation.ts';
import { micros } from '../../../src/core/money.ts';
import type { AdSetFact, LastVerdict } from '../../../src/db/live-table.ts';
import { adSetRow } from '../../../src/http/ad-set-row.ts';

const fact = (last: Partial<LastVerdict> | null, part: Partial<AdSetFact> = {}): AdSetFact => ({
  id: 1,
  name: 'Zen C',
  campaign: 'US Zen',
  network: 'meta',
  account: 'Calm & Co',
  currency: 'USD',
  status: 'active',
  delivery: 'active',
  bidStrategy: 'auto',
  bidMicros: null,
  dailyBudgetMicros: micros(100_000_000),
  lifetimeBudgetMicros: null,
  roasFloor: null,
  spend: 62,
  conversions: 0,
  cpa: null,
  roas: 0,
  last:
    last === null
      ? null
      : {
          verdict: 'keep',
          reason: 'on_course',
          sentence: 'keep Zen C: 2 purchases where 4.1 were due at target; evidence 3 : 1 of 5 : 1',
          nearest: 'evidence 3 : 1 of 5 : 1',
          pilot: null,
          atMs: 0,
          ...last,
        },
  ...part,
});

const pilot = (part: Partial<PilotEntry> = {}): PilotEntry => ({
  stage: 'normal',
  evidence: 3,
  needed: 5,
  ...part,
});

describe('an ad set that an autopilot looks after', () => {
  it('shows how far its evidence has come, on the scale on which evidence adds up, instead of a nearest number', () => {
    const { verdict, stage } = adSetRow(fact({ pilot: pilot() }), false);
    expect(verdict?.nearest).toBeNull();
    expect(verdict?.evidence?.words).toBe('evidence 3 : 1, pausing needs 5 : 1');
    expect(verdict?.evidence?.share).toBeCloseTo(Math.log(3) / Math.log(5), 12);
    expect(stage).toBeNull();
  });

  it('tells evidence in the words of its sentence, also where it rounds to the proof or speaks for the ad set', () => {
    const words = (evidence: number) =>
      adSetRow(fact({ pilot: pilot({ evidence }) }), false).verdict?.evidence?.words;
    expect(words(4.98)).toBe('evidence just under 5 : 1, pausing needs 5 : 1');
    expect(words(0.47)).toBe('evidence 1 : 2.1, pausing needs 5 : 1');
    expect(words(0)).toBe('evidence under 1 : 100, pausing needs 5 : 1');
  });

  it('shows nothing of a bar below 1 : 1, and a full one at the proof and beyond', () => {
    const share = (evidence: number) =>
      adSetRow(fact({ pilot: pilot({ evidence }) }), false).verdict?.evidence?.share;
    expect(share(0)).toBe(0);
    expect(share(1)).toBe(0);
    expect(share(5)).toBe(1);
    expect(share(1e12)).toBe(1);
  });

  it('names its stage, and that a pause is held back', () => {
    const stage = (part: Partial<PilotEntry>) => adSetRow(fact({ pilot: pilot(part) }), false).stage?.label;
    expect(stage({ stage: 'probation' })).toBe('probation');
    expect(stage({ heldUntilMs: 5, evidence: 9 })).toBe('pause held back');
    expect(stage({ stage: 'paused' })).toBeUndefined();
  });

  it('has no bar once it is paused: there is nothing left to come', () => {
    expect(adSetRow(fact({ pilot: pilot({ stage: 'paused' }) }), false).verdict?.evidence).toBeNull();
  });
});

describe('an ad set that rules look after', () => {
  it('shows its nearest number and no stage, and its account only where there are several', () => {
    const alone = adSetRow(fact({}), false);
    expect(alone).toMatchObject({ account: null, stage: null });
    expect(alone.verdict).toMatchObject({ nearest: 'evidence 3 : 1 of 5 : 1', evidence: null });
    expect(adSetRow(fact(null), true)).toMatchObject({ account: 'Calm & Co', verdict: null });
  });
});
