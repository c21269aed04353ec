import type { Change, Evidence, PastChange, ReasonCode, Verdict } from '../decision.ts';
import { hasSeenSince } from '../estimated-spend.ts';
import { DEFAULT_REST_MS, limitValue } from '../guardrails.ts';
import { majorUnits, type Micros } from '../money.ts';
import type { BidStrategy, ObjectFacts } from '../object.ts';
import { dayOf } from '../zone.ts';
import type { CompiledRule, CompiledStrategy } from './compile.ts';
import { moneyText } from './phrases.ts';

/** What a rule that holds comes to for this object: a change, or the reason why there is none. */
export type Plan =
  | {
      readonly ok: true;
      readonly verdict: Exclude<Verdict, { kind: 'keep' }>;
      /** "bid $1.20 → $1.32" */ readonly lead: string;
    }
  | { readonly ok: false; readonly code: ReasonCode; readonly detail: string };

const BID_WORD: Readonly<Record<BidStrategy, string>> = {
  auto: 'bid',
  bid_cap: 'bid',
  cost_cap: 'cost cap',
  min_roas: 'bid',
  manual_cpc: 'bid',
};

/** Bid strategies that have an amount to move. */
const HAS_BID: ReadonlySet<BidStrategy> = new Set(['bid_cap', 'cost_cap', 'manual_cpc']);

function refused(code: ReasonCode, detail: string): Plan {
  return { ok: false, code, detail };
}

/** What is planned: a rule that held, or a change of the autopilot, which has no condition. */
export type PlannedRule = Pick<CompiledRule, 'does'> & Partial<Pick<CompiledRule, 'when'>>;

/** The plan of one rule for one object, with every per-object limit applied. */
export function planAction(strategy: CompiledStrategy, rule: PlannedRule, evidence: Evidence): Plan {
  const { action, limits } = rule.does;
  switch (action.kind) {
    case 'pause': {
      if (evidence.object.status === 'paused') return refused('already_so', 'it is paused already');
      const untilMs =
        action.until === null
          ? null
          : action.until === 'tomorrow'
            ? dayOf(evidence.nowMs, evidence.account.timeZone).endMs
            : evidence.nowMs + action.until.ms;
      const change: Change = untilMs === null ? { kind: 'pause' } : { kind: 'pause', untilMs };
      const until =
        action.until === null
          ? ''
          : action.until === 'tomorrow'
            ? ' until tomorrow'
            : ` for ${durationText(action.until.ms)}`;
      return (
        rested(strategy, evidence, 'pause', limits.restMs ?? 0) ??
        unseen(unseenResume(rule, evidence), 'it was resumed') ?? {
          ok: true,
          verdict: change,
          lead: `pause ${evidence.object.name}${until}`,
        }
      );
    }
    case 'resume': {
      const pause = newest(evidence.history, (past) => past.kind === 'pause');
      const lifted = newest(evidence.history, (past) => past.kind === 'resume');
      const ours =
        pause !== undefined &&
        pause.strategyId === evidence.strategyId &&
        (lifted === undefined || lifted.atMs < pause.atMs);
      if (!ours) return refused('not_ours_to_resume', 'this strategy did not pause it');
      if (action.pausedBy !== null && (pause.rule === null || !action.pausedBy.includes(pause.rule)))
        return refused(
          'not_ours_to_resume',
          `it was paused by rule "${pause.rule ?? ''}", not by ${action.pausedBy.join(' or ')}`,
        );
      return (
        rested(strategy, evidence, 'resume', limits.restMs ?? 0) ?? {
          ok: true,
          verdict: { kind: 'resume' },
          lead: `resume ${evidence.object.name}`,
        }
      );
    }
    case 'notify':
      return (
        rested(strategy, evidence, 'notify', limits.restMs ?? DEFAULT_REST_MS) ?? {
          ok: true,
          verdict: { kind: 'notify', message: action.message },
          lead: `${evidence.object.name}: ${action.message}`,
        }
      );
    case 'move':
      return planMove(strategy, rule, evidence);
  }
}

function planMove(strategy: CompiledStrategy, rule: PlannedRule, evidence: Evidence): Plan {
  const { action, limits } = rule.does;
  if (action.kind !== 'move') return refused('rule_error', 'not a change of a lever');
  const { object, account } = evidence;
  const guardrails = strategy.guardrails;
  const lever = chooseLever(object, action.lever);
  if (lever === null) return refused('no_such_lever', noLever(object, action.lever));
  if (guardrails.holdWhileLearning && object.learning?.toLowerCase() === 'learning')
    return refused(
      'learning_phase',
      'the network says it is learning; its bid and budget rest until that is over',
    );
  const kind = lever.lever === 'bid' ? 'set_bid' : 'set_budget';
  const resting = rested(strategy, evidence, kind, limits.restMs ?? DEFAULT_REST_MS);
  if (resting !== null) return resting;
  const { changedSince } = evidence;
  const fresh = unseen(
    lever.lever === 'bid' ? changedSince?.bidMs : changedSince?.budgetMs,
    `its ${lever.word} was moved`,
  );
  if (fresh !== null) return fresh;

  const from = lever.micros;
  const wanted =
    action.move.kind === 'to'
      ? action.move.micros
      : from +
        action.move.sign *
          (action.move.amount.kind === 'share' ? from * action.move.amount.share : action.move.amount.micros);
  const outer =
    lever.lever === 'bid'
      ? { floor: guardrails.bidFloor, ceiling: guardrails.bidCeiling }
      : { floor: guardrails.budgetFloor, ceiling: guardrails.budgetCeiling };
  const limited = limitValue(from, wanted, {
    floor: tighter(limits.floor, outer.floor, Math.max),
    ceiling: tighter(limits.ceiling, outer.ceiling, Math.min),
    maxStep: guardrails.maxStep,
    stepMicros: account.moneyStepMicros,
    currency: account.currency,
  });
  if (!limited.ok) return refused(limited.code, `${lever.word}: ${limited.detail}`);
  const verdict: Change =
    lever.lever === 'bid'
      ? { kind: 'set_bid', toMicros: limited.toMicros }
      : { kind: 'set_budget', toMicros: limited.toMicros, budget: lever.budget };
  const note = limited.limitedBy === null ? '' : ` (kept to the ${limited.limitedBy} limit)`;
  const text = (value: Micros) => moneyText(majorUnits(value), account.currency);
  return { ok: true, verdict, lead: `${lever.word} ${text(from)} → ${text(limited.toMicros)}${note}` };
}

type Lever = { readonly word: string; readonly micros: Micros } & (
  | { readonly lever: 'bid' }
  | { readonly lever: 'budget'; readonly budget: 'daily' | 'lifetime' }
);

function chooseLever(object: ObjectFacts, wanted: 'bid' | 'budget' | 'any'): Lever | null {
  const { bidStrategy, bidMicros, dailyBudgetMicros, lifetimeBudgetMicros } = object;
  if (
    wanted !== 'budget' &&
    bidStrategy !== null &&
    HAS_BID.has(bidStrategy) &&
    bidMicros !== null &&
    bidMicros > 0
  )
    return { lever: 'bid', word: BID_WORD[bidStrategy], micros: bidMicros };
  if (wanted === 'bid') return null;
  if (dailyBudgetMicros !== null && dailyBudgetMicros > 0)
    return { lever: 'budget', budget: 'daily', word: 'daily budget', micros: dailyBudgetMicros };
  if (lifetimeBudgetMicros !== null && lifetimeBudgetMicros > 0)
    return { lever: 'budget', budget: 'lifetime', word: 'lifetime budget', micros: lifetimeBudgetMicros };
  return null;
}

/** Says what is missing and names what there is. */
function noLever(object: ObjectFacts, wanted: 'bid' | 'budget' | 'any'): string {
  const budget = chooseLever(object, 'budget');
  const bid = chooseLever(object, 'bid');
  const has = [bid?.word, budget?.word].filter((word) => word !== undefined);
  const there = has.length === 0 ? 'it can be paused and resumed' : `there is its ${has.join(' and its ')}`;
  if (wanted === 'bid')
    return `${object.bidStrategy === 'auto' ? 'the network bids automatically, so there is no bid to move' : 'no bid or cap is set here'}; ${there}`;
  if (wanted === 'budget')
    return `no budget is set on this ${object.level}, it may lie on its parent; ${there}`;
  return `neither a bid, a cap nor a budget is set on this ${object.level}; ${there}`;
}

function tighter(
  a: Micros | null,
  b: Micros | null,
  choose: (a: number, b: number) => number,
): Micros | null {
  if (a === null) return b;
  if (b === null) return a;
  return choose(a, b) === a ? a : b;
}

function newest(
  history: readonly PastChange[],
  wanted: (past: PastChange) => boolean,
): PastChange | undefined {
  let found: PastChange | undefined;
  for (const past of history)
    if (wanted(past) && (found === undefined || past.atMs > found.atMs)) found = past;
  return found;
}

/** The cooldown that still runs, as a refusal; null when the lever is free. */
function rested(
  strategy: CompiledStrategy,
  evidence: Evidence,
  kind: PastChange['kind'],
  restMs: number,
): Plan | null {
  const sameKind = newest(evidence.history, (past) => past.kind === kind);
  const any = newest(evidence.history, (past) => past.kind !== 'notify');
  const waits = [
    sameKind === undefined ? 0 : sameKind.atMs + restMs - evidence.nowMs,
    any === undefined || kind === 'notify' ? 0 : any.atMs + strategy.guardrails.cooldownMs - evidence.nowMs,
  ];
  const left = Math.max(...waits);
  return left > 0
    ? refused('cooldown', `changed a short while ago; free again in ${durationText(left)}`)
    : null;
}

/**
 * A step on evidence from before the last one would compound, a pause on evidence from before a resume would undo it, and
 * either would overrule the person who made that change. A pause does not wait for facts about a moved bid, and a resume
 * waits for nothing: a late conversion is a fact about clicks of before.
 */
function unseen(changedMs: number | undefined, what: string): Plan | null {
  return changedMs === undefined
    ? null
    : refused('no_facts_since_change', `${what} after the newest hour whose cost is known`);
}

/**
 * When the object was resumed without the evidence having seen it since. A rule that asks `est.*` alone sees the visits of
 * this minute: what a night's pause ended at midnight may be stopped again before the network reports the first hour.
 */
function unseenResume({ when }: PlannedRule, evidence: Evidence): number | undefined {
  const resumedMs = evidence.changedSince?.resumedMs;
  if (resumedMs === undefined || when === undefined || when.windows.size > 0 || when.statistics)
    return resumedMs;
  return hasSeenSince([...when.estimated], evidence, resumedMs) ? undefined : resumedMs;
}

function durationText(ms: number): string {
  const minutes = Math.ceil(ms / 60_000);
  if (minutes < 120) return `${minutes} min`;
  const hours = Math.ceil(ms / 3_600_000);
  return hours < 72 ? `${hours} h` : `${Math.ceil(hours / 24)} days`;
}
