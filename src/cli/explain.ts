import { isDeepStrictEqual } from 'node:util';
import type { Command } from 'commander';
import { leverWords } from '../core/compare-live.ts';
import { decide, ENGINE_VERSION } from '../core/decide.ts';
import type { Change, ConditionTrace, Decision, RuleTrace } from '../core/decision.ts';
import { formatMoney } from '../core/money.ts';
import type { Db } from '../db/connection.ts';
import {
  type DecisionRecord,
  type EvaluationRecord,
  findDecisionOf,
  findLastChange,
  findLastDecision,
  findObject,
  findObjects,
  loadDecisionRecord,
  loadEvaluations,
  type ObjectRecord,
} from '../db/explain.ts';
import { loadStrategyVersion } from '../db/strategy.ts';
import { OperatorError } from '../errors.ts';
import { decisionLink } from '../runtime/temporal-links.ts';
import type { CliContext } from './command.ts';

/** Whether deciding again from the stored evidence gives the stored decision. */
type Recomputed = 'same' | 'differs' | 'other_engine' | 'not_computed';

interface Explanation {
  readonly object: ObjectRecord;
  readonly decision: DecisionRecord | undefined;
  readonly recomputed: Recomputed;
  /** The newest decision that acted, when the one explained only keeps. */
  readonly lastChange: Awaited<ReturnType<typeof findLastChange>>;
  readonly evaluations: readonly EvaluationRecord[];
}

/** `explain <object|decision|last>`: what was seen, concluded and done; if nothing, why not and what was nearest. */
export function register(program: Command, context: CliContext): void {
  program
    .command('explain')
    .description('why an object was changed, or why it was not')
    .argument('<what>', 'an object by name or network id, a decision by id, or "last"')
    .addHelpText(
      'after',
      '\nExamples:\n  ./bidloop explain last\n  ./bidloop explain "Zen C"\n  ./bidloop explain 23850000000000001 --json',
    )
    .action(async (what: string) => {
      const explanation = await explain(await context.db(), what);
      const ui = context.temporalUi();
      const link =
        ui === null || explanation.decision?.workflowStarted !== true
          ? null
          : decisionLink(ui, context.config.temporalNamespace, explanation.decision.id);
      context.print({ ...explanation, link }, text(explanation, link));
    });
}

/** @throws OperatorError when nothing of that name is known, or several things are. */
export async function explain(db: Db, what: string): Promise<Explanation> {
  const { object, decisionId } = await resolve(db, what);
  const decision = decisionId === undefined ? undefined : await loadDecisionRecord(db, decisionId);
  return {
    object,
    decision,
    recomputed: decision === undefined ? 'not_computed' : await recompute(db, decision),
    lastChange:
      decision === undefined || decision.verdict === 'keep' ? await findLastChange(db, object.id) : undefined,
    evaluations: await loadEvaluations(db, object.id),
  };
}

async function resolve(
  db: Db,
  what: string,
): Promise<{ object: ObjectRecord; decisionId: string | undefined }> {
  if (what === 'last') {
    const last = await findLastDecision(db);
    if (last === undefined) {
      throw new OperatorError('nothing_decided', 'nothing has been decided yet', {
        next: 'Name an object to see why it stays: `./bidloop explain "<name>"`.',
      });
    }
    return { object: await known(db, last.objectId), decisionId: last.id };
  }
  const record = await loadDecisionRecord(db, what);
  if (record !== undefined) return { object: await known(db, record.objectId), decisionId: record.id };
  const found = await findObjects(db, what);
  const [object] = found;
  if (object === undefined) {
    throw new OperatorError(
      'unknown_object',
      `no campaign, ad set, ad, creative or decision is called "${what}"`,
      {
        next: 'Use its name or its id at the network, or a decision id; a new object is known once its account has been read.',
      },
    );
  }
  if (found.length > 1) {
    const list = found
      .map((one) => `  ${one.networkId}  ${one.name} (${one.level}, ${one.accountName})`)
      .join('\n');
    throw new OperatorError('ambiguous_object', `"${what}" is the name of several objects:\n${list}`, {
      next: 'Use the id at the network.',
    });
  }
  return { object, decisionId: (await findDecisionOf(db, object.id))?.id };
}

async function known(db: Db, id: ObjectRecord['id']): Promise<ObjectRecord> {
  const object = await findObject(db, id);
  if (object === undefined) throw new Error(`object ${id} of a decision is missing`);
  return object;
}

async function recompute(db: Db, decision: DecisionRecord): Promise<Recomputed> {
  if (decision.stored === null) return 'not_computed';
  if (decision.engineVersion !== ENGINE_VERSION) return 'other_engine';
  const strategy = await loadStrategyVersion(db, decision.strategyId, decision.strategyVersion);
  if (strategy === undefined) return 'not_computed';
  const again: Decision = decide(strategy.compiled, decision.stored.input);
  // Through JSON, as the stored one went: an absent field and an undefined one are the same there.
  return isDeepStrictEqual(JSON.parse(JSON.stringify(again)), decision.stored.output) ? 'same' : 'differs';
}

function text(
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
  else lines.push(...evaluations.flatMap(evaluationText));
  return lines.join('\n').trimEnd();
}

function decisionText(
  decision: DecisionRecord,
  recomputed: Recomputed,
  object: ObjectRecord,
  link: string | null,
): string[] {
  const who = `${decision.strategy} / ${decision.rule ?? '(no rule)'}`;
  return [
    decision.sentence,
    `  decision ${decision.id}`,
    `  by ${who}, version ${decision.strategyVersion}, ${decision.mode}, at ${minute(decision.decidedAtMs)}; cost known up to ${minute(decision.asOfMs)}`,
    ...(decision.undoes === null ? [] : [`  takes back decision ${decision.undoes}`]),
    ...(decision.stored === null
      ? []
      : ['', '  What was seen:', ...decision.stored.output.rules.flatMap(ruleText)]),
    ...(decision.stored?.output.nearest === undefined
      ? []
      : [`  Nearest: ${decision.stored.output.nearest.text} (${decision.stored.output.nearest.rule})`]),
    '',
    ...doneText(decision, object),
    recomputedText(recomputed, decision),
    ...(link === null ? [] : [`  ${link}`]),
  ];
}

function ruleText(rule: RuleTrace): string[] {
  return [`    ${mark(rule.holds)} ${rule.rule}`, ...rule.conditions.map(conditionText)];
}

function conditionText(condition: ConditionTrace): string {
  const values = condition.values.map(
    ({ expression, value, why }) =>
      `${expression} = ${value === null ? `undefined${why ? ` (${why})` : ''}` : String(value)}`,
  );
  return `        ${mark(condition.holds)} ${condition.text}${values.length === 0 ? '' : `   [${values.join(', ')}]`}`;
}

function mark(holds: RuleTrace['holds']): string {
  return holds === true ? 'yes  ' : holds === false ? 'no   ' : holds === 'undefined' ? 'undef' : 'error';
}

function doneText(decision: DecisionRecord, object: ObjectRecord): string[] {
  if (decision.verdict === 'keep') return ['  Nothing was to be done.'];
  if (decision.mode === 'dry-run')
    return ['  Dry run: nothing was started. Set the strategy to `mode: approve` or `mode: live` to act.'];
  const state =
    decision.outcome === null
      ? decision.workflowStarted
        ? '  Being carried out, or waiting for approval.'
        : '  Waits to be started.'
      : `  ${decision.outcome.replaceAll('_', ' ')}${decision.outcomeDetail ? `: ${decision.outcomeDetail}` : ''}${decision.closedAtMs === null ? '' : ` (${minute(decision.closedAtMs)})`}`;
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

function evaluationText({ strategy, entry, evaluatedAtMs, asOfMs }: EvaluationRecord): string[] {
  return [
    `Last looked at by ${strategy} at ${minute(evaluatedAtMs)} (cost up to ${minute(asOfMs)}): ${entry.sentence}`,
    ...(entry.nearest === undefined || entry.sentence.includes(entry.nearest)
      ? []
      : [`  nearest: ${entry.nearest}`]),
    ...(entry.held === undefined ? [] : [`  not started: ${entry.held.detail}`]),
  ];
}

function minute(ms: number): string {
  return `${new Date(ms).toISOString().slice(0, 16).replace('T', ' ')} UTC`;
}
