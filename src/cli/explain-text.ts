import { judgementRows } from '../core/autopilot/judgement-rows.ts';
import { leverWords } from '../core/compare-live.ts';
import { ENGINE_VERSION } from '../core/decide.ts';
import type { Change, ConditionTrace, RuleTrace } from '../core/decision.ts';
import { formatMoney } from '../core/money.ts';
import type { DecisionRecord, EvaluationRecord, findLastChange, ObjectRecord } from '../db/explain.ts';
import { clockOf } from './clock-words.ts';

/** Whether deciding again from the stored evidence gives the stored decision. */
export type Recomputed = 'same' | 'differs' | 'other_engine' | 'not_computed';

export interface Explanation {
  readonly object: ObjectRecord;
  readonly decision: DecisionRecord | undefined;
  readonly recomputed: Recomputed;
  /** The newest decision that acted, when the one explained only keeps. */
  readonly lastChange: Awaited<ReturnType<typeof findLastChange>>;
  readonly evaluations: readonly EvaluationRecord[];
}

/**
 * An explanation for a person: what the object is, what was seen and concluded, what was done, and who looked last. Times
 * are those of the account, as on the page.
 *
 * @param link where its record can be read, when known.
 */
export function explainText(
  { object, decision, recomputed, lastChange, evaluations }: Explanation,
  link: string | null,
): string {
  const money = (micros: ObjectRecord['bidMicros']): string =>
    micros === null ? '' : formatMoney(micros, object.currency);
  const levers = [
    object.status,
    object.bidMicros === null
      ? object.bidStrategy === 'auto'
        ? 'automatic bidding'
        : ''
      : `bid ${money(object.bidMicros)}`,
    object.dailyBudgetMicros === null ? '' : `${money(object.dailyBudgetMicros)} a day`,
  ].filter((part) => part !== '');
  const lines = [
    `${object.name} (${object.level} ${object.networkId}, ${object.accountName}, ${object.network}): ${levers.join(', ')}`,
    '',
  ];
  if (decision === undefined) lines.push('Nothing has been decided for it yet.', '');
  else lines.push(...decisionText(decision, recomputed, object, link), '');
  if (lastChange !== undefined) {
    const came =
      lastChange.mode === 'dry-run' ? 'dry run' : (lastChange.outcome ?? 'open').replaceAll('_', ' ');
    lines.push(`Last change: ${lastChange.sentence} (${came}; decision ${lastChange.id})`, '');
  }
  if (evaluations.length === 0) lines.push('No strategy in force has it in its scope.');
  else lines.push(...evaluations.flatMap((one) => evaluationText(one, clockOf(object.timeZone))));
  return lines.join('\n').trimEnd();
}

function decisionText(
  decision: DecisionRecord,
  recomputed: Recomputed,
  object: ObjectRecord,
  link: string | null,
): string[] {
  const at = clockOf(object.timeZone);
  const who = decision.rule === null ? decision.strategy : `${decision.strategy} / ${decision.rule}`;
  return [
    decision.sentence,
    `  decision ${decision.id}`,
    `  by ${who}, version ${decision.strategyVersion}, ${decision.mode}, at ${at(decision.decidedAtMs)}; cost known up to ${at(decision.asOfMs)}`,
    ...(decision.undoes === null ? [] : [`  takes back decision ${decision.undoes}`]),
    ...(decision.stored === null
      ? []
      : ['', '  What was seen:', ...decision.stored.output.rules.flatMap(ruleText)]),
    ...judgementText(decision, object.currency),
    ...(decision.stored?.output.nearest === undefined
      ? []
      : [`  Nearest: ${decision.stored.output.nearest.text} (${decision.stored.output.nearest.rule})`]),
    '',
    ...doneText(decision, object),
    recomputedText(recomputed, decision),
    ...(link === null ? [] : [`  ${link}`]),
  ];
}

/** The autopilot's numbers, under the names that docs/autopilot.md explains. */
function judgementText(decision: DecisionRecord, currency: string): string[] {
  const judgement = decision.stored?.output.judgement;
  if (judgement === undefined) return [];
  const rows = judgementRows(judgement, currency);
  const width = Math.max(...rows.map(([what]) => what.length));
  return [
    '',
    "  The autopilot's numbers:",
    ...rows.map(([what, value]) => `    ${what.padEnd(width)}  ${value}`),
  ];
}

function ruleText(rule: RuleTrace): string[] {
  return [`    ${mark(rule.holds)} ${rule.rule}`, ...rule.conditions.map(conditionText)];
}

function conditionText(condition: ConditionTrace): string {
  const values = condition.values.map(
    ({ expression, value, why, said }) =>
      `${expression} = ${value === null ? `undefined${why ? ` (${why})` : ''}` : shown(value)}${said === undefined ? '' : ` – ${said}`}`,
  );
  return `        ${mark(condition.holds)} ${condition.text}${values.length === 0 ? '' : `   [${values.join(', ')}]`}`;
}

/** Six digits tell it; all of them are in --json. */
function shown(value: unknown): string {
  return typeof value === 'number' ? String(Number(value.toPrecision(6))) : String(value);
}

function mark(holds: RuleTrace['holds']): string {
  return holds === true ? 'yes  ' : holds === false ? 'no   ' : holds === 'undefined' ? 'undef' : 'error';
}

function doneText(decision: DecisionRecord, object: ObjectRecord): string[] {
  const at = clockOf(object.timeZone);
  if (decision.verdict === 'keep') return ['  Nothing was to be done.'];
  if (decision.mode === 'dry-run')
    return ['  Dry run: nothing was started. Set the strategy to `mode: approve` or `mode: live` to act.'];
  const state =
    decision.outcome === null
      ? decision.workflowStarted
        ? '  Being carried out, or waiting for approval.'
        : '  Waits to be started.'
      : `  ${decision.outcome.replaceAll('_', ' ')}${decision.outcomeDetail ? `: ${decision.outcomeDetail}` : ''}${decision.closedAtMs === null ? '' : ` (${at(decision.closedAtMs)})`}`;
  return [
    state,
    ...decision.actions.map((action) => {
      const seen =
        action.seen === null
          ? ''
          : `; read back: ${leverWords(changeOf(decision), action.seen, object.currency)}`;
      const request = action.requestId === null ? '' : `, request ${action.requestId}`;
      return `    attempt ${action.attempt}: ${action.state}${request}${action.error === null ? '' : ` (${action.error})`}${seen}`;
    }),
  ];
}

/** The lever a decision moved, as far as its kind tells. */
function changeOf(decision: DecisionRecord): Change {
  const verdict = decision.stored?.output.verdict;
  if (verdict !== undefined && verdict.kind !== 'keep' && verdict.kind !== 'notify') return verdict;
  if (decision.verdict === 'set_bid') return { kind: 'set_bid', toMicros: 0 as never };
  if (decision.verdict === 'set_budget') return { kind: 'set_budget', toMicros: 0 as never, budget: 'daily' };
  return { kind: 'pause' };
}

function recomputedText(recomputed: Recomputed, decision: DecisionRecord): string {
  switch (recomputed) {
    case 'same':
      return `  Computed again from the stored evidence: the same decision (engine ${ENGINE_VERSION}).`;
    case 'differs':
      return '  Computed again from the stored evidence: ANOTHER decision. This is a fault; please report it with --json.';
    case 'other_engine':
      return `  Decided by engine ${decision.engineVersion}; this is engine ${ENGINE_VERSION}, which may conclude otherwise.`;
    case 'not_computed':
      return decision.undoes === null
        ? '  It cannot be computed again: its strategy version is gone.'
        : "  A person's word, not a conclusion.";
  }
}

function evaluationText(
  { strategy, entry, evaluatedAtMs, asOfMs }: EvaluationRecord,
  at: (ms: number) => string,
): string[] {
  return [
    `Last looked at by ${strategy} at ${at(evaluatedAtMs)} (cost up to ${at(asOfMs)}): ${entry.sentence}`,
    ...(entry.nearest === undefined || entry.sentence.includes(entry.nearest)
      ? []
      : [`  nearest: ${entry.nearest}`]),
    ...(entry.held === undefined ? [] : [`  not started: ${entry.held.detail}`]),
  ];
}
