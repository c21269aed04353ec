import type { Decision, Evidence, Nearest, ReasonCode, RuleTrace, Verdict } from '../decision.ts';
import { micros } from '../money.ts';
import type { CompiledAction } from '../rules/action.ts';
import type { CompiledStrategy } from '../rules/compile.ts';
import { distrust } from '../rules/metrics.ts';
import { type Plan, planAction } from '../rules/plan.ts';
import { shrunkRateInterval } from '../statistics/posterior.ts';
import type { CompiledAutopilot } from './compiled.ts';
import { judgeObject } from './judge.ts';
import type { Judgement, PilotAction, PilotReason } from './judgement.ts';
import { pilotInput } from './pilot-input.ts';
import { PILOT_RULES } from './stage.ts';
import { evidenceShort, type Telling, whyWords } from './words.ts';
import { pilotTraces } from './traces.ts';

/** What the autopilot concludes, for decide() to check against the account's limits. */
export type PilotConclusion =
  | {
      readonly acts: true;
      readonly verdict: Exclude<Verdict, { kind: 'keep' }>;
      readonly rule: string;
      readonly sentence: string;
      readonly traces: readonly RuleTrace[];
      readonly judgement: Judgement;
    }
  | {
      readonly acts: false;
      readonly rule: string | null;
      readonly code: ReasonCode;
      readonly detail: string;
      readonly traces: readonly RuleTrace[];
      readonly nearest?: Nearest;
      readonly judgement?: Judgement;
      readonly holdout?: NonNullable<Decision['holdout']>;
    };

/** Keeps that say why nothing is due; all others name a code that rules have too. */
const KEEP_CODES: Readonly<Record<PilotReason, ReasonCode>> = {
  proven_above: 'rule_held',
  costs_more_than_it_earns: 'rule_held',
  worth_full_budget: 'rule_held',
  evidence_gone: 'rule_held',
  value_of_bid: 'rule_held',
  proven_below: 'rule_held',
  on_course: 'on_course',
  on_probation: 'on_probation',
  stays_paused: 'stays_paused',
  too_little_volume: 'too_little_volume',
  tracking_outage: 'tracking_outage',
  tracking_suspected: 'tracking_suspected',
  holdout: 'holdout',
  cooldown: 'cooldown',
  no_facts_since_change: 'no_facts_since_change',
  no_lever: 'no_such_lever',
  not_ours: 'not_active',
};

const RULE_OF: Readonly<Record<Exclude<PilotAction, 'keep'>, string>> = {
  pause: PILOT_RULES.pause,
  resume: PILOT_RULES.resume,
  probation: PILOT_RULES.probation,
  end_probation: PILOT_RULES.endProbation,
  bid: PILOT_RULES.bid,
  raise_budget: PILOT_RULES.budget,
};

/** Level of the interval that is shown beside the shrunk cost of a conversion. */
const SHOWN_LEVEL = 0.9;

/**
 * Asks the autopilot of a strategy about one object. Pure and total: what is missing or unhealthy in the evidence keeps,
 * with its reason.
 */
export function decidePilot(
  strategy: CompiledStrategy,
  pilot: CompiledAutopilot,
  evidence: Evidence,
): PilotConclusion {
  const { delivery } = evidence;
  const learned = evidence.learned?.[pilot.event];
  if (delivery === undefined || learned === undefined)
    return keep('not_learned', `nothing is known about ${pilot.event} of this account yet`);
  const doubt = distrust({ fromMs: delivery.fromMs[0] ?? delivery.toMs, toMs: delivery.toMs }, evidence);
  if (doubt !== null) return keep('conversions_undefined', doubt.why);
  const waiting = delivery.events[pilot.event]?.unconverted ?? 0;
  if (pilot.target.kind === 'roas' && waiting > 0)
    return keep('conversions_undefined', `${waiting} conversions wait for an exchange rate`);

  const input = pilotInput(evidence, delivery, learned);
  const numbers = judgeObject(pilot, input);
  if (numbers === null)
    return keep(
      'not_learned',
      'no order with a value is known in this account yet, so its revenue cannot be judged',
    );
  // The same fault as of a metric in a rule: never a quiet 0.
  if (
    ![
      numbers.spend,
      numbers.conversions,
      numbers.revenue,
      numbers.test.spend,
      numbers.lnEvidence,
      numbers.efficiency,
    ].every(Number.isFinite)
  )
    return keep('rule_error', 'the evidence holds a cost or a count that is no number');
  const judgement = withInterval(numbers);
  const telling: Telling = {
    pilot,
    judgement,
    currency: evidence.account.currency,
    plannedDailySpend: input.plannedDailySpend,
  };
  const traces = pilotTraces(telling);
  if (judgement.action === 'keep') return kept(telling, traces);

  const rule = RULE_OF[judgement.action];
  const plan = planSafely(strategy, actionOf(judgement), evidence);
  if (plan.ok)
    return {
      acts: true,
      verdict: plan.verdict,
      rule,
      sentence: `${plan.lead}: ${whyWords(telling)}`,
      traces,
      judgement,
    };
  // A bid per click that cannot go lower leaves the pause that was due.
  if (isCornered(plan.code, judgement)) return cornered(strategy, evidence, telling, traces);
  return { ...keep(plan.code, plan.detail), rule, traces, judgement: asKept(judgement) };
}

/** The change as a rule would ask for it, so that cooldowns, steps, floors and rounding are those of every rule. */
export function actionOf(judgement: Judgement): CompiledAction {
  const limits = { ceiling: null, floor: null, restMs: 0 };
  switch (judgement.action) {
    case 'pause':
      return { action: { kind: 'pause', until: null }, limits };
    case 'keep':
    case 'resume':
      return { action: { kind: 'resume', pausedBy: [PILOT_RULES.pause] }, limits };
    case 'probation':
    case 'end_probation':
    case 'bid':
    case 'raise_budget':
      return {
        action: {
          kind: 'move',
          lever: judgement.lever === 'bid' ? 'bid' : 'budget',
          move: { kind: 'to', micros: micros(Math.round(judgement.toMicros ?? 0)) },
        },
        limits,
      };
  }
}

function planSafely(strategy: CompiledStrategy, does: CompiledAction, evidence: Evidence): Plan {
  try {
    return planAction(strategy, { does }, evidence);
  } catch (error) {
    return {
      ok: false,
      code: 'rule_error',
      detail: `the change could not be computed: ${error instanceof Error ? error.message : String(error)}`,
    };
  }
}

function keep(code: ReasonCode, detail: string): Extract<PilotConclusion, { acts: false }> {
  return { acts: false, rule: null, code, detail, traces: [] };
}

function kept(telling: Telling, traces: readonly RuleTrace[]): PilotConclusion {
  const { judgement } = telling;
  const { holdout } = judgement;
  const needed = Math.exp(judgement.lnThreshold);
  const seen = Math.exp(Math.min(judgement.lnEvidence, 700));
  return {
    ...keep(KEEP_CODES[judgement.reason], whyWords(telling)),
    rule: judgement.reason === 'holdout' ? PILOT_RULES.pause : null,
    traces,
    judgement,
    nearest: {
      rule: PILOT_RULES.pause,
      expression: 'evidence',
      value: seen,
      threshold: needed,
      text: evidenceShort(telling),
      distance: Math.abs(needed - seen) / Math.max(needed, seen),
    },
    ...(holdout === null ? {} : { holdout }),
  };
}

/** Whether a bid was cut instead of the pause that is due, and stands at its floor. */
function isCornered(code: ReasonCode, { action, lnEvidence, lnThreshold, stageBefore }: Judgement): boolean {
  return (
    action === 'bid' &&
    stageBefore !== 'paused' &&
    lnEvidence >= lnThreshold &&
    (code === 'floor' || code === 'rounding_refused' || code === 'step_refused')
  );
}

function cornered(
  strategy: CompiledStrategy,
  evidence: Evidence,
  telling: Telling,
  traces: readonly RuleTrace[],
): PilotConclusion {
  const judgement: Judgement = {
    ...telling.judgement,
    action: 'pause',
    reason: 'proven_above',
    stageAfter: 'paused',
    toMicros: null,
    lever: null,
  };
  const rule = PILOT_RULES.pause;
  const plan = planSafely(strategy, actionOf(judgement), evidence);
  return plan.ok
    ? {
        acts: true,
        verdict: plan.verdict,
        rule,
        sentence: `${plan.lead}: ${whyWords({ ...telling, judgement })}; its bid cannot go lower`,
        traces,
        judgement,
      }
    : { ...keep(plan.code, plan.detail), rule, traces, judgement: asKept(telling.judgement) };
}

/** A change that a limit refuses leaves the object where it is. */
function asKept(judgement: Judgement): Judgement {
  return { ...judgement, stageAfter: judgement.stageBefore };
}

function withInterval(judgement: Judgement): Judgement {
  const { prior, count, due, perConversion } = judgement;
  const rate = shrunkRateInterval(prior, count, due, SHOWN_LEVEL);
  const low = perConversion / rate.high;
  const high = perConversion / rate.low;
  return Number.isFinite(low) && Number.isFinite(high)
    ? { ...judgement, interval: { low, high } }
    : judgement;
}
