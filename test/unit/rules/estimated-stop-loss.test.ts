import { describe, expect, it } from 'vitest';
import { decide } from '../../../src/core/decide.ts';
import type { Evidence, WindowMetrics } from '../../../src/core/decision.ts';
import type { SpendEstimate } from '../../../src/core/estimated-spend.ts';
import { AS_OF_MS, evidenceOf, strategyOf, windowMetrics, type WindowPart } from '../../support/evidence.ts';

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const DAY_START_MS = AS_OF_MS - 15 * HOUR;

/** Reported to 15:00; at 15:40, 24 visits at a dollar each. */
function estimate(rest: Partial<SpendEstimate> & { readonly today?: WindowPart } = {}): SpendEstimate {
  const { today = { spend: 40 }, ...other } = rest;
  const bounds: WindowMetrics['bounds'] = { fromMs: DAY_START_MS, toMs: AS_OF_MS + HOUR };
  return {
    toMs: AS_OF_MS + 40 * MINUTE,
    windows: { today: { ...windowMetrics('today', today), bounds } },
    fromMs: [AS_OF_MS],
    visits: [24],
    unreported: [24],
    error: 3,
    costPerVisit: 1,
    ...other,
  };
}

const stopLoss = strategyOf('est.spend("today") >= 60 && est.conversions("today") == 0', {
  pause: { until: 'tomorrow' },
});
const judged = (part: Partial<Evidence> = {}) =>
  decide(stopLoss, {
    ...evidenceOf({ nowMs: AS_OF_MS + 40 * MINUTE }),
    estimate: estimate(),
    ...part,
  });

describe('a stop-loss over estimated spend', () => {
  it('acts before the network has reported the spend, and says that it is an estimate', () => {
    const decision = judged();
    expect(decision.verdict).toEqual({ kind: 'pause', untilMs: DAY_START_MS + 24 * HOUR });
    expect(decision.sentence).toBe(
      'pause Zen C until tomorrow: est. $64.00 spent today ($24.00 of it not reported yet), no purchase up to now',
    );
  });

  it('keeps when a click of the last half hour bought', () => {
    const bought = estimate({ today: { spend: 40, events: { purchase: [1] } } });
    expect(judged({ estimate: bought }).verdict.kind).toBe('keep');
  });

  it('keeps, and says why, when there are no visits to estimate from', () => {
    const decision = judged({ estimate: estimate({ why: 'no click of this account has been tracked yet' }) });
    expect(decision.reason).toMatchObject({
      code: 'conversions_undefined',
      detail: 'no click of this account has been tracked yet',
    });
  });

  it('does not outlive maxSpendAge: a cost per visit of long ago says nothing of now', () => {
    expect(judged({ nowMs: AS_OF_MS + 3 * HOUR + 1 }).reason.code).toBe('stale_spend');
  });

  it('leaves a pause that a person lifted alone until an hour after it has brought visits', () => {
    const changedSince = { resumedMs: AS_OF_MS + 20 * MINUTE };
    expect(judged({ changedSince }).reason.code).toBe('no_facts_since_change');
    const later = estimate({ fromMs: [AS_OF_MS, AS_OF_MS + HOUR], visits: [24, 2], unreported: [24, 2] });
    expect(judged({ changedSince, estimate: later }).verdict.kind).toBe('pause');
  });

  it('stops an ad that runs away after midnight, though its resume is not in any report yet', () => {
    const midnightMs = DAY_START_MS + 24 * HOUR;
    const night: Partial<Evidence> = {
      asOfMs: midnightMs - HOUR,
      nowMs: midnightMs + 25 * MINUTE,
      changedSince: { resumedMs: midnightMs + 4_000 },
      estimate: {
        ...estimate(),
        windows: {
          today: { ...windowMetrics('today', {}), bounds: { fromMs: midnightMs, toMs: midnightMs + HOUR } },
        },
        fromMs: [midnightMs],
        visits: [70],
        unreported: [70],
      },
    };
    expect(judged(night).verdict).toEqual({ kind: 'pause', untilMs: midnightMs + 24 * HOUR });
  });

  it('trusts a resume’s visits only to rules that ask nothing of the reports', () => {
    const mixed = strategyOf('est.spend("today") >= 60 || spend("today") >= 30');
    const evidence = {
      ...evidenceOf({ nowMs: AS_OF_MS + 40 * MINUTE, windows: { today: { spend: 40 } } }),
      estimate: estimate({ fromMs: [AS_OF_MS, AS_OF_MS + HOUR], visits: [24, 2], unreported: [24, 2] }),
      changedSince: { resumedMs: AS_OF_MS + 20 * MINUTE },
    };
    expect(decide(mixed, evidence).reason.code).toBe('no_facts_since_change');
  });

  it('comes out the same from a stored record', () => {
    const evidence: Evidence = { ...evidenceOf({ nowMs: AS_OF_MS + 40 * MINUTE }), estimate: estimate() };
    expect(decide(stopLoss, JSON.parse(JSON.stringify(evidence)))).toEqual(decide(stopLoss, evidence));
  });
});
