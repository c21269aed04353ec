import type { CompiledAutopilot } from './compiled.ts';
import { conclude } from './conclude.ts';
import type { Judgement, PilotInput } from './judgement.ts';
import { pilotNumbers } from './numbers.ts';
import { probationLever } from './stage.ts';
import { countOf, dueOf, unitsOf } from './units.ts';

/**
 * Judges one object: numbers in, numbers out, for decide() and for simulations alike. Asked in this order: a tracking
 * outage stops everything; a pause is due when the evidence that the object is worse than its target reaches 1/α;
 * probation when it is worth less than it costs over the horizon; then the bid; then a larger budget.
 *
 * Pure and total. Evidence of pausing uses the delay curve's lower line (delays assumed long) and a fresh test every week,
 * mixed; probability, probation and what is shown use the middle line over the newest four to five weeks.
 *
 * @returns null when a ROAS target meets an event whose order values are not known yet.
 */
export function judgeObject(pilot: CompiledAutopilot, input: PilotInput): Judgement | null {
  const units = unitsOf(pilot.target, input.learned);
  if (units === null) return null;
  const facts = pilotNumbers(pilot, input, units);
  const conclusion = conclude(pilot, input, facts);
  const { whole, recent, stage } = facts;
  return {
    action: conclusion.action,
    reason: conclusion.reason,
    stageBefore: stage.stage,
    stageAfter: conclusion.stage ?? stage.stage,
    toMicros: conclusion.toMicros ?? null,
    lever: conclusion.lever ?? null,
    fullMicros: conclusion.fullMicros === undefined ? stage.fullMicros : conclusion.fullMicros,
    conversions: recent.conversions,
    revenue: recent.value,
    clicks: recent.clicks,
    spend: recent.spend,
    sinceMs: facts.sinceMs,
    matured: recent.matured,
    test: {
      sinceMs: input.testSinceMs,
      conversions: whole.conversions,
      revenue: whole.value,
      spend: whole.spend,
      matured: whole.matured,
      count: countOf(units, whole),
      due: dueOf(units, whole) * units.testShare,
    },
    counts: units.counts,
    unitSpend: 1 / units.perSpend,
    perConversion: units.perConversion,
    count: facts.count,
    due: facts.due,
    lnEvidence: facts.lnEvidence,
    lnThreshold: facts.lnThreshold,
    lnEvidenceGood: conclusion.lnEvidenceGood ?? null,
    prior: {
      ...units.prior,
      from: input.learned.prior?.from ?? 'default',
      siblings: input.learned.prior?.siblings ?? 0,
    },
    curve: { from: input.learned.curve.from, learnedAtMs: input.learned.learnedAtMs },
    probabilityWorse: facts.probabilityWorse,
    efficiency: facts.efficiency,
    boundary: facts.boundary,
    probationLever: leverWord(probationLever(input.levers)?.lever),
    interval: null,
    level: facts.level,
    verdictDays: facts.verdictDays,
    outage: input.outage,
    holdout: conclusion.holdout ?? null,
  };
}

function leverWord(lever: 'bid' | 'daily' | undefined): Judgement['probationLever'] {
  return lever === undefined ? null : lever === 'daily' ? 'budget' : 'bid';
}
