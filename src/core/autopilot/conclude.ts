import { maturedSpend } from '../statistics/exposure.ts';
import { bidStep, valuesClicks } from './bid-step.ts';
import { raisedBudget } from './budget-step.ts';
import type { CompiledAutopilot } from './compiled.ts';
import type { Judgement, PilotAction, PilotInput, PilotReason, Stage } from './judgement.ts';
import { lnEvidenceGood, type PilotNumbers } from './numbers.ts';
import { hasBid, newest, probationLever } from './stage.ts';
import type { Units } from './units.ts';

const DAY_MS = 24 * 3_600_000;
/** A due pause that the draw holds back is observed for a week. */
const HOLDOUT_MS = 7 * DAY_MS;
/** Exposure, in targets, that must have matured since a pause before evidence short of a proof lifts it. */
const REDEEMED_BY = 2;
/**
 * A bid per click is cut instead of paused on while its value is above this share of it: the next steps reach it, and the
 * evidence was earned at the higher bid.
 */
const WORTH_A_BID = 0.35;
/** A bid is lowered to this share of it on probation: volume falls faster than the bid, and a tenth of it buys nothing. */
const LEAST_BID = 0.5;
/** After this long a bid moves again even if little has matured: a bid that is far too low brings nothing to wait for. */
const LONGEST_REST_MS = 7 * DAY_MS;
/** What has matured since a change lets the next one come before its rest is over, but not within the hours of a report or two. */
const LEAST_REST_MS = 3 * 3_600_000;
const SEEN_BY = 10;
/** Evidence that a raised budget needs, as 1/α: money that nobody has asked for is spent only on a proof. */
const RAISE_EVIDENCE = Math.log(20);

/** What a judgement comes to beside its numbers. */
export interface Conclusion {
  readonly action: PilotAction;
  readonly reason: PilotReason;
  readonly stage?: Stage;
  readonly lever?: Judgement['lever'];
  readonly toMicros?: number;
  readonly fullMicros?: number | null;
  readonly holdout?: Judgement['holdout'];
  readonly lnEvidenceGood?: number;
}

/** The order of one judgement: outage, what was paused, a due pause, probation, the bid, the budget. */
export function conclude(pilot: CompiledAutopilot, input: PilotInput, numbers: PilotNumbers): Conclusion {
  if (input.levers.status !== 'active' && numbers.stage.stage !== 'paused') return keep('not_ours');
  if (input.outage) return keep('tracking_outage');
  if (numbers.stage.stage === 'paused') return whilePaused(pilot, input, numbers);
  if (input.held !== undefined && input.nowMs < input.held.untilMs)
    return {
      ...keep('holdout'),
      holdout: { propensity: input.held.propensity, untilMs: input.held.untilMs },
    };

  const perClick = paidPerClick(input);
  const bid = hasBid(input.levers)
    ? bidStep(pilot, input, numbers.units, {
        lower: numbers.recentLower,
        share: numbers.recent,
        upper: numbers.recentUpper,
      })
    : null;
  if (numbers.lnEvidence >= numbers.lnThreshold) {
    const isWorthABid =
      perClick && bid !== null && bid.wantedMicros >= WORTH_A_BID * (input.levers.bidMicros ?? 0);
    if (!isWorthABid) return duePause(pilot, input);
  }
  if (!perClick) {
    const probation = probationStep(input, numbers);
    if (probation !== null) return probation;
    // A budget too small to be lowered stays, and so does what is set beside it.
    if (numbers.level < 1) return nothing(pilot, numbers);
  }
  if (bid !== null && bid.toMicros !== null)
    return restingOr(pilot, input, numbers, 'set_bid', {
      action: 'bid',
      reason: 'value_of_bid',
      lever: 'bid',
      toMicros: bid.toMicros,
    });
  return raiseBudget(pilot, input, numbers) ?? nothing(pilot, numbers);
}

function keep(reason: PilotReason): Conclusion {
  return { action: 'keep', reason };
}

/** Where the numbers ask for nothing: why there is nothing yet, or that all is well. */
function nothing(pilot: CompiledAutopilot, { verdictDays, stage }: PilotNumbers): Conclusion {
  if (stage.stage === 'probation') return keep('on_probation');
  return keep(
    verdictDays !== null && verdictDays * DAY_MS > pilot.horizonMs ? 'too_little_volume' : 'on_course',
  );
}

/**
 * Lifts our own pause with hysteresis: when late conversions have taken all evidence away (E < 1), or have taken the proof
 * away, the object would not be on the trickle, and two targets' worth of spend has matured since the pause.
 */
function whilePaused(pilot: CompiledAutopilot, input: PilotInput, numbers: PilotNumbers): Conclusion {
  const { stage, lnEvidence, lnThreshold, units } = numbers;
  const back: Conclusion = { action: 'resume', reason: 'evidence_gone', stage: 'normal' };
  if (lnEvidence < 0) return back;
  if (lnEvidence >= lnThreshold || numbers.level <= pilot.trickle || stage.sinceMs === null)
    return keep('stays_paused');
  const atPause = maturedSpend({
    delivery: input.delivery,
    curve: input.learned.curve,
    line: 'lower',
    nowMs: stage.sinceMs,
    fromMs: input.testSinceMs,
    toMs: stage.sinceMs,
  });
  const since = (numbers.whole.matured - atPause) * units.perSpend;
  return since >= REDEEMED_BY ? back : keep('stays_paused');
}

function duePause(pilot: CompiledAutopilot, input: PilotInput): Conclusion {
  if (input.changedSince?.resumedMs !== undefined) return keep('no_facts_since_change');
  if (input.suspected) return keep('tracking_suspected');
  // What was held its time is not held again.
  if (input.held === undefined && input.draw < pilot.holdoutShare)
    return {
      ...keep('holdout'),
      holdout: { propensity: pilot.holdoutShare, untilMs: input.nowMs + HOLDOUT_MS },
    };
  return { action: 'pause', reason: 'proven_above', stage: 'paused', fullMicros: null };
}

/** Moves the budget (or the bid, where there is no budget) to the level that the numbers give; null when it stands there. */
function probationStep(input: PilotInput, numbers: PilotNumbers): Conclusion | null {
  const lever = probationLever(input.levers);
  const { stage, level } = numbers;
  if (lever === null) return level < 1 ? keep('no_lever') : null;
  const full = stage.fullMicros ?? lever.micros;
  const wanted =
    lever.lever === 'bid'
      ? full * Math.max(level, LEAST_BID)
      : Math.max(full * level, Math.min(full, input.leastBudgetMicros ?? 0));
  // A step of the network's money lies between what was asked for and what stands there.
  if (Math.abs(wanted - lever.micros) <= 0.02 * full) return null;
  const down = wanted < lever.micros;
  const moved = lever.lever === 'bid' ? input.changedSince?.bidMs : input.changedSince?.budgetMs;
  if (moved !== undefined) return keep('no_facts_since_change');
  return level < 1
    ? {
        action: 'probation',
        reason: down ? 'costs_more_than_it_earns' : 'worth_full_budget',
        stage: 'probation',
        lever: lever.lever,
        toMicros: wanted,
        fullMicros: full,
      }
    : {
        action: 'end_probation',
        reason: 'worth_full_budget',
        stage: 'normal',
        lever: lever.lever,
        toMicros: full,
        fullMicros: full,
      };
}

function raiseBudget(pilot: CompiledAutopilot, input: PilotInput, numbers: PilotNumbers): Conclusion | null {
  if (numbers.stage.stage !== 'normal' || numbers.efficiency <= 1) return null;
  const to = raisedBudget(pilot, input);
  if (to === null) return null;
  const good = lnEvidenceGood(pilot, input, numbers);
  if (good < RAISE_EVIDENCE) return null;
  return {
    ...restingOr(pilot, input, numbers, 'set_budget', {
      action: 'raise_budget',
      reason: 'proven_below',
      lever: 'daily',
      toMicros: to,
    }),
    lnEvidenceGood: good,
  };
}

/**
 * A bid or a raised budget waits for its rest and for one target's worth of matured spend since the last change: sooner,
 * a step would be taken on what the one before it is not yet seen to have done. Ten targets' worth end the rest early: in
 * so many a step of a third shows.
 *
 * The value of a click does not depend on what is bid for it, so there the next step waits for nothing but its rest: after a
 * cut a whole target's worth takes weeks to come.
 */
function restingOr(
  pilot: CompiledAutopilot,
  input: PilotInput,
  { units }: PilotNumbers,
  kind: 'set_bid' | 'set_budget',
  step: Conclusion,
): Conclusion {
  const moved = kind === 'set_bid' ? input.changedSince?.bidMs : input.changedSince?.budgetMs;
  if (moved !== undefined) return keep('no_facts_since_change');
  const last = newest(input.history, kind);
  if (last === undefined) return step;
  const restedMs = input.nowMs - last.atMs;
  if (restedMs < pilot.restMs)
    return restedMs >= LEAST_REST_MS && maturedTargets(input, units, last.atMs) >= SEEN_BY
      ? step
      : keep('cooldown');
  if (kind === 'set_bid' && valuesClicks(pilot, input)) return step;
  if (restedMs < LONGEST_REST_MS && maturedTargets(input, units, last.atMs) < 1) return keep('cooldown');
  return step;
}

/** Exposure, in targets, that has matured since an instant. */
function maturedTargets(input: PilotInput, units: Units, fromMs: number): number {
  const { delivery, nowMs } = input;
  return (
    maturedSpend({ delivery, curve: input.learned.curve, line: 'share', nowMs, fromMs }) * units.perSpend
  );
}

function paidPerClick(input: PilotInput): boolean {
  return input.bidUnit === 'click' && hasBid(input.levers);
}
