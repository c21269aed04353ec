import { DEFAULT_WEIGHT, lnEvidenceAbove, lnEvidenceBelow } from '../statistics/e-process.ts';
import { maturedLines, type MaturedTotals } from '../statistics/exposure.ts';
import { probabilityAbove, shrunkRate } from '../statistics/posterior.ts';
import { mixRestarts, restartStarts } from '../statistics/restarts.ts';
import { lnRoasAbove } from '../statistics/roas-test.ts';
import type { CompiledAutopilot } from './compiled.ts';
import type { PilotInput } from './judgement.ts';
import { budgetLevel } from './probation.ts';
import { hasBid, type StageFacts, stageOf } from './stage.ts';
import { countOf, dueOf, type Units } from './units.ts';
import { verdictDays } from './volume.ts';

const DAY_MS = 24 * 3_600_000;
/** Profit is judged by the newest four to five weeks: older facts are about an audience and a market that have changed. */
const PROFIT_MS = 28 * DAY_MS;

/** Everything a judgement computes before it concludes. */
export interface PilotNumbers {
  readonly units: Units;
  readonly stage: StageFacts;
  /** Since the test began, on the lower line. */
  readonly whole: MaturedTotals;
  /** Over the weeks that profit is judged by, on the middle, the lower and the upper line. */
  readonly recent: MaturedTotals;
  readonly recentLower: MaturedTotals;
  readonly recentUpper: MaturedTotals;
  /** Since the test began, on the upper line. */
  readonly wholeUpper: MaturedTotals;
  readonly sinceMs: number;
  readonly count: number;
  readonly due: number;
  readonly lnEvidence: number;
  readonly lnThreshold: number;
  readonly probabilityWorse: number;
  readonly efficiency: number;
  readonly boundary: number | null;
  readonly level: number;
  readonly verdictDays: number | null;
}

const NOTHING: MaturedTotals = {
  spend: 0,
  matured: 0,
  clicks: 0,
  maturedClicks: 0,
  conversions: 0,
  value: 0,
  cappedValue: 0,
};

/** The numbers of one object: its evidence, its posterior, its boundary. */
export function pilotNumbers(pilot: CompiledAutopilot, input: PilotInput, units: Units): PilotNumbers {
  const { delivery, learned, nowMs, testSinceMs } = input;
  const { curve } = learned;
  const startsMs = restartStarts(testSinceMs, nowMs);
  const lines = maturedLines({ delivery, event: pilot.event, curve, nowMs, startsMs });
  const weeks = lines.lower;
  const lnEvidence = mixRestarts(
    weeks.map((week) => lnEvidenceAbove(countOf(units, week), dueOf(units, week) * units.testShare)),
    delivery.weeksBefore,
  );

  // The newest restart that still leaves four weeks to look at, else the beginning.
  let place = 0;
  while ((startsMs[place + 1] ?? Infinity) <= nowMs - PROFIT_MS) place += 1;
  const sinceMs = startsMs[place] ?? testSinceMs;
  const recent = lines.share[place] ?? NOTHING;
  const count = countOf(units, recent);
  const due = dueOf(units, recent);
  const { prior } = units;
  const recentLower = weeks[place] ?? NOTHING;
  const stage = stageOf(input.history, input.levers, input.strategyId);
  const onProbation = stage.stage === 'probation';
  return {
    units,
    stage,
    whole: weeks[0] ?? NOTHING,
    recent,
    recentLower,
    recentUpper: lines.upper[place] ?? NOTHING,
    wholeUpper: lines.upper[0] ?? NOTHING,
    sinceMs,
    count,
    due,
    lnEvidence,
    lnThreshold: -Math.log(pilot.alpha),
    probabilityWorse: probabilityAbove(prior, count, due, 1),
    efficiency: shrunkRate(prior, count, due),
    ...budgetLevel({
      prior,
      count,
      due,
      // A good object must not starve because its conversions are slower than believed.
      worse: probabilityAbove(prior, count, dueOf(units, recentLower), 1),
      plannedTargets: (input.plannedDailySpend * units.perSpend * pilot.horizonMs) / DAY_MS,
      trickle: pilot.trickle,
      onProbation,
      capped: hasBid(input.levers) && input.bidUnit === 'conversion',
    }),
    verdictDays: verdictDays(pilot.alpha, DEFAULT_WEIGHT, units.perSpend, input.plannedDailySpend),
  };
}

/** ln of the evidence that the object is better than its target, on the upper line, over its whole test. */
export function lnEvidenceGood(pilot: CompiledAutopilot, input: PilotInput, numbers: PilotNumbers): number {
  const { units, wholeUpper: whole } = numbers;
  const { orders } = input.learned;
  if (units.counts === 'cappedValue' && orders !== null && pilot.target.kind === 'roas') {
    // Success is counted in units of the cap, not of κ: one whale must not prove it.
    const perFact = units.perCount * orders.kappa;
    const facts = {
      revenueCapped: whole.cappedValue * perFact,
      matured: whole.matured * perFact,
      target: pilot.target.roas,
    };
    return lnRoasAbove(facts, orders);
  }
  return lnEvidenceBelow(countOf(units, whole), dueOf(units, whole));
}
