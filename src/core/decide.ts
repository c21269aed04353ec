import { decidePilot } from './autopilot/decide-pilot.ts';
import { isPilotRule } from './autopilot/stage.ts';
import type { CompiledAutopilot } from './autopilot/compiled.ts';
import type { Decision, Evidence, Nearest, ReasonCode, RuleTrace, Verdict } from './decision.ts';
import { checkReservation } from './guardrails.ts';
import type { CompiledRule, CompiledStrategy } from './rules/compile.ts';
import { evaluateCondition, type LeafOutcome } from './rules/condition.ts';
import type { Scope } from './rules/facts.ts';
import { nearestChange, reasonText } from './rules/phrases.ts';
import { type Plan, planAction } from './rules/plan.ts';
import { conditionTrace } from './rules/trace.ts';
import { isMissing } from './rules/value.ts';

/** Stored with every decision: recomputing from a stored record needs the engine that made it. Raise it when an outcome can change. */
export const ENGINE_VERSION = '2';

const KEEP: Verdict = { kind: 'keep' };

/**
 * What a strategy concludes for one object: the one function behind live runs, dry runs, backtests, explanations and
 * tests. Pure, deterministic and total: whatever the evidence holds, there is a verdict, and a fault keeps.
 *
 * Rules are asked in order, and the first that holds decides. A rule that changes a bid or budget or gives notice is
 * asked only of active objects, a resume only of paused ones; a pause is asked of both, so that it outranks a later
 * resume of the same object. An autopilot is asked when no rule has decided.
 *
 * @param strategy from compileStrategy; whether the object is in its scope is the caller's question (`matches`).
 * @param evidence with every window that `strategy.needs` names.
 */
export function decide(strategy: CompiledStrategy, evidence: Evidence): Decision {
  const still = reasonToKeepStill(strategy, evidence);
  if (still !== null) return keep(evidence, still.code, null, still.detail, []);

  const scope: Scope = {
    object: evidence.object,
    campaign: evidence.campaign,
    adset: evidence.adset,
    account: evidence.account,
    full: evidence,
    constants: strategy.constants,
  };
  const traces: RuleTrace[] = [];
  let nearest: Nearest | undefined;
  let distrusted: string | undefined;
  for (const rule of strategy.rules) {
    if (!isAsked(rule, evidence)) continue;
    const { holds, outcomes } = evaluateCondition(rule.when, scope);
    traces.push({
      rule: rule.name,
      holds,
      conditions: outcomes.map((outcome) => conditionTrace(outcome, scope)),
    });
    if (holds === 'error') {
      const fault = outcomes.find((outcome) => outcome.holds === 'error')?.fault ?? 'unknown fault';
      return keep(evidence, 'rule_error', rule.name, `a condition could not be computed: ${fault}`, traces);
    }
    if (holds === true) return decided(strategy, rule, outcomes, scope, evidence, traces);
    if (holds === 'undefined') distrusted ??= distrustIn(outcomes);
    const near = holds === false ? nearestChange(rule.when.condition, outcomes, scope) : null;
    if (near !== null && (nearest === undefined || near.distance < nearest.distance))
      nearest = { rule: rule.name, ...near };
  }
  if (strategy.autopilot !== null) return piloted(strategy, strategy.autopilot, evidence, traces);
  const { object } = evidence;
  if (traces.length === 0)
    return keep(
      evidence,
      'not_active',
      null,
      `${object.name} is ${object.status}, and no rule here is about that`,
      traces,
    );
  if (distrusted !== undefined)
    return keep(evidence, 'conversions_undefined', null, distrusted, traces, nearest);
  return keep(
    evidence,
    'no_rule_held',
    null,
    nearest === undefined ? undefined : `nearest: ${nearest.text}`,
    traces,
    nearest,
  );
}

/** What the autopilot concludes once no rule has. */
function piloted(
  strategy: CompiledStrategy,
  pilot: CompiledAutopilot,
  evidence: Evidence,
  rules: readonly RuleTrace[],
): Decision {
  const found = decidePilot(strategy, pilot, evidence);
  const traces = [...rules, ...found.traces];
  const judgement = found.judgement === undefined ? {} : { judgement: found.judgement };
  if (!found.acts)
    return {
      ...keep(evidence, found.code, found.rule, found.detail, traces, found.nearest),
      ...judgement,
      ...(found.holdout === undefined ? {} : { holdout: found.holdout }),
    };
  const full = noRoom(strategy, found.verdict, evidence);
  if (full !== null) return { ...keep(evidence, full.code, found.rule, full.detail, traces), ...judgement };
  return {
    objectId: evidence.object.id,
    verdict: found.verdict,
    reason: { rule: found.rule, code: 'rule_held' },
    sentence: found.sentence,
    rules: traces,
    ...judgement,
  };
}

/** Reasons that stop every rule before it is asked. */
function reasonToKeepStill(
  strategy: CompiledStrategy,
  evidence: Evidence,
): { readonly code: ReasonCode; readonly detail: string } | null {
  const { object, campaign, adset } = evidence;
  if (object.status !== 'active' && object.status !== 'paused')
    return { code: 'not_active', detail: `${object.name} is ${object.status}` };
  const parent =
    campaign !== null && campaign.status !== 'active'
      ? campaign
      : adset !== null && adset.status !== 'active'
        ? adset
        : null;
  if (parent !== null && parent.id !== object.id)
    return {
      code: 'parent_paused',
      detail: `its ${parent.level === 'adset' ? 'ad set' : parent.level} ${parent.name} is ${parent.status}`,
    };
  const ageMs = evidence.nowMs - evidence.asOfMs;
  // NaN must keep still too, hence the negation.
  if (!(ageMs <= strategy.guardrails.maxSpendAgeMs))
    return {
      code: 'stale_spend',
      detail: `the newest spend is ${Math.round(ageMs / 360_000) / 10} hours old, more than maxSpendAge`,
    };
  return null;
}

function isAsked(rule: CompiledRule, evidence: Evidence): boolean {
  const { kind } = rule.does.action;
  if (kind === 'pause') return true;
  return (kind === 'resume') === (evidence.object.status === 'paused');
}

/** A plan never throws: a time zone or currency that the machine does not know keeps. */
function planSafely(strategy: CompiledStrategy, rule: CompiledRule, evidence: Evidence): Plan {
  try {
    return planAction(strategy, rule, evidence);
  } catch (error) {
    return {
      ok: false,
      code: 'rule_error',
      detail: `the change could not be computed: ${error instanceof Error ? error.message : String(error)}`,
    };
  }
}

function decided(
  strategy: CompiledStrategy,
  rule: CompiledRule,
  outcomes: readonly LeafOutcome[],
  scope: Scope,
  evidence: Evidence,
  traces: readonly RuleTrace[],
): Decision {
  const plan = planSafely(strategy, rule, evidence);
  if (!plan.ok) return keep(evidence, plan.code, rule.name, plan.detail, traces);
  const full = noRoom(strategy, plan.verdict, evidence);
  if (full !== null) return keep(evidence, full.code, rule.name, full.detail, traces);
  return {
    objectId: evidence.object.id,
    verdict: plan.verdict,
    reason: { rule: rule.name, code: 'rule_held' },
    sentence: `${plan.lead}: ${reasonText(outcomes, scope)}`,
    rules: traces,
  };
}

/**
 * Why the account's limits leave no room for a change. Known before the effect so that what cannot be done is said once
 * instead of being tried again and again; the check that counts is the reservation's.
 */
function noRoom(
  strategy: CompiledStrategy,
  verdict: Verdict,
  { room }: Evidence,
): { readonly code: ReasonCode; readonly detail: string } | null {
  if (room === undefined || verdict.kind === 'keep' || verdict.kind === 'notify') return null;
  if (room.closed !== undefined) return { code: room.closed.code, detail: room.closed.words };
  const check = checkReservation(strategy.guardrails, { ...room, verdict: verdict.kind });
  return check.ok ? null : { code: check.refused, detail: check.sentence };
}

function keep(
  evidence: Evidence,
  code: ReasonCode,
  rule: string | null,
  detail: string | undefined,
  rules: readonly RuleTrace[],
  nearest?: Nearest,
): Decision {
  const words =
    code === 'no_rule_held'
      ? 'no rule holds'
      : rule === null || code === 'holdout'
        ? ''
        : isPilotRule(rule)
          ? `${rule} is due, but`
          : `rule "${rule}" holds, but`;
  const why = [words, detail]
    .filter((part) => part !== undefined && part !== '')
    .join(code === 'no_rule_held' ? '; ' : ' ');
  return {
    objectId: evidence.object.id,
    verdict: KEEP,
    reason: { rule, code, ...(detail === undefined ? {} : { detail }) },
    sentence: `keep ${evidence.object.name}: ${code === 'rule_error' ? (detail ?? '') : why}`,
    rules,
    ...(nearest === undefined ? {} : { nearest }),
  };
}

/** Why the first operand of an undefined condition has no value, where the data must not be believed. */
function distrustIn(outcomes: readonly LeafOutcome[]): string | undefined {
  for (const { holds, values } of outcomes) {
    if (holds !== 'undefined') continue;
    for (const value of values) if (isMissing(value) && value.missing === 'data') return value.why;
  }
  return undefined;
}
