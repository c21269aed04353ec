import type { ASTNode } from '@marcbachmann/cel-js';
import { readWindow } from '../windows.ts';
import type { Findings, Vocabulary } from './analyze.ts';
import { typeWord } from './cel-problem.ts';
import { FAMILIES } from './families.ts';
import { familyCall, isText, literalNumber, type MethodCallNode } from './family-call.ts';
import { LATER } from './language.ts';
import { type EventUse, METRICS } from './metrics.ts';
import type { Part, Statistic } from './statistic.ts';
import { suggestion } from './suggest.ts';
import { childrenOf, literalText } from './tree.ts';

/** Where a call's findings go. */
export interface CallContext {
  readonly vocabulary: Vocabulary;
  readonly findings: Findings;
  readonly problem: (node: Place, message: string, hint?: string) => void;
}

interface Place {
  readonly start: number;
  readonly end: number;
}

const WRITTEN_OUT =
  'windows and events are written out in quotes, so that what a rule needs is known before it runs';

export function exampleCall(name: string): string {
  return METRICS.get(name)?.event === 'one' ? `${name}("purchase", "7d")` : `${name}("7d")`;
}

function refusedInScope(name: string, node: Place, { problem }: CallContext): void {
  problem(
    node,
    `${name} cannot be asked in scope.where`,
    'scope.where says which objects are meant; metrics belong in a rule\'s "when"',
  );
}

/** Checks a metric's window and event and notes what it needs. */
export function checkMetricCall(
  node: ASTNode,
  name: string,
  args: readonly ASTNode[],
  context: CallContext,
): void {
  const { vocabulary, findings, problem } = context;
  const metric = METRICS.get(name);
  if (metric === undefined) return;
  if (!vocabulary.metrics) {
    refusedInScope(name, node, context);
    return;
  }
  const most = metric.event === 'none' ? 1 : 2;
  if (args.length === 0 || args.length > most) {
    problem(
      node,
      `${name} takes ${most === 1 ? 'a window' : 'a window, or an event and a window'}, not ${args.length} values`,
      `write ${exampleCall(name)}`,
    );
    return;
  }
  for (const argument of args) {
    if (isText(argument)) continue;
    problem(argument, WRITTEN_OUT, `write ${exampleCall(name)}`);
    return;
  }
  const texts = args.map(literalText);
  const windowNode = args[args.length - 1];
  const spelling = texts[texts.length - 1] ?? '';
  if (windowNode !== undefined && checkWindow(windowNode, context)) findings.windows.add(spelling);
  noteEvent(node, texts.length === 2 ? (texts[0] ?? '') : null, metric.event, context, () => [
    name,
    `${name}("purchase", "${spelling}")`,
  ]);
}

function checkWindow(node: ASTNode, { problem }: CallContext): boolean {
  const window = readWindow(literalText(node));
  if (!('problem' in window)) return true;
  problem(node, window.problem);
  return false;
}

/** Notes the event that is named or meant, or asks which one. */
function noteEvent(
  node: Place,
  named: string | null,
  use: EventUse,
  { vocabulary, findings, problem }: CallContext,
  words: () => readonly [name: string, example: string],
): void {
  if (use === 'none') return;
  const event = named ?? vocabulary.defaultEvent;
  if (event !== null) findings.events.add(event);
  else if (use === 'one-or-all') findings.events.add('*');
  else {
    const [name, example] = words();
    problem(node, `${name} of which event?`, `name it, ${example}, or add target: { event: purchase }`);
  }
}

const PART_WORDS: Readonly<Record<Part, string>> = {
  target: 'a target',
  risk: 'a risk',
  window: 'a window',
  'cpa?': 'a target CPA',
};

function listed(words: readonly string[]): string {
  const last = words[words.length - 1] ?? '';
  return words.length < 2 ? last : `${words.slice(0, -1).join(', ')} and ${last}`;
}

/** "a target and a risk, with an event before them if you like" */
function partsText({ parts, event }: Statistic): string {
  const must = parts.filter((part) => part !== 'cpa?').map((part) => PART_WORDS[part]);
  const may = parts.length > must.length ? `, a target CPA behind ${must.length > 1 ? 'them' : 'it'}` : '';
  return `${listed(must)}${event === 'none' ? '' : ` (an event before ${must.length > 1 ? 'them' : 'it'}${may} if you like)`}`;
}

/**
 * Checks `proven.cpaAbove(…)` and its like and notes what it needs.
 *
 * @returns the target's expression, still to be checked by the caller, where there is one.
 */
export function checkFamilyCall(node: MethodCallNode, family: string, context: CallContext): ASTNode | null {
  const { vocabulary, findings, problem } = context;
  const [method] = node.args;
  const methods = FAMILIES.get(family) ?? new Map<string, Statistic>();
  const call = familyCall(node);
  const later = LATER.get(`${family}.${method}`);
  if (later !== undefined) {
    problem(node, `${later} comes with a later version`, 'write this condition without it for now');
    return null;
  }
  if (call === null) {
    problem(
      node,
      `there is no ${family}.${method}`,
      suggestion(
        `${family}.${method}`,
        [...methods.keys()].map((known) => `${family}.${known}`),
      ),
    );
    return null;
  }
  const name = `${family}.${method}`;
  const { statistic, given } = call;
  const write = `write ${statistic.example}`;
  if (!vocabulary.metrics) {
    refusedInScope(name, node, context);
    return null;
  }
  const least = statistic.parts.filter((part) => part !== 'cpa?').length;
  if (given.length < least || given.length > statistic.parts.length) {
    const [, , args] = node.args;
    const swapped = call.event !== null && !('problem' in readWindow(literalText(call.event)));
    const count = `${args.length} value${args.length === 1 ? '' : 's'}`;
    problem(
      node,
      `${name} takes ${partsText(statistic)}, ${swapped ? 'in this order' : `not ${count}`}`,
      write,
    );
    return null;
  }
  if (call.window !== null) {
    if (!isText(call.window)) {
      const swapped = call.target !== null && isText(call.target);
      problem(
        call.window,
        swapped ? `${name} takes ${partsText(statistic)}, in this order` : WRITTEN_OUT,
        write,
      );
      return null;
    }
    if (checkWindow(call.window, context)) noteWindow(literalText(call.window), statistic, findings);
  }
  if (call.risk !== null && !checkRisk(call.risk, name, write, context)) return null;
  if (call.target !== null && !checkTarget(call.target, name, write, context)) return null;
  if (statistic.needsTarget === 'cpa' && call.target === null && !vocabulary.targetCpa)
    problem(
      node,
      `${name} counts what is due at a target CPA, but the strategy has no target.cpa`,
      `add it, target: { cpa: 30 USD }, or write ${statistic.example.replace(')', ', 30)')}`,
    );
  if (statistic.asks === 'delivery') findings.statistics = true;
  if (statistic.asks === 'estimate') findings.estimatedSpend = true;
  const event = call.event === null ? null : literalText(call.event);
  if (statistic.asks === 'delivery' && (event ?? vocabulary.defaultEvent)?.includes('/')) {
    const whole = (event ?? vocabulary.defaultEvent ?? '').split('/')[0] ?? '';
    problem(
      call.event ?? node,
      'the statistics know events, not their types',
      `write "${whole}", or count the type with conversions("${event ?? vocabulary.defaultEvent ?? ''}", "7d")`,
    );
    return null;
  }
  noteEvent(node, event, statistic.event, context, () => [
    name,
    statistic.example.replace('(', '("purchase", '),
  ]);
  return call.target;
}

function noteWindow(spelling: string, { asks }: Statistic, findings: Findings): void {
  // Delivery brings its own buckets, an estimate its own windows, which end now; the others read the window itself.
  if (asks !== 'delivery' && asks !== 'estimate') findings.windows.add(spelling);
  if (asks === 'arrived') findings.arrived.add(spelling);
  if (asks === 'estimate') findings.estimated.add(spelling);
}

/** A risk is a promise about the rule: it stands in the rule. */
function checkRisk(node: ASTNode, name: string, write: string, { problem }: CallContext): boolean {
  const risk = literalNumber(node);
  if (risk === undefined) {
    problem(
      node,
      `the risk of ${name} is a number written out, so that the rule says what it promises`,
      write,
    );
    return false;
  }
  if (risk > 0 && risk <= 0.5) return true;
  const percent = risk > 0.5 && risk <= 50 && risk !== 1 ? `; for ${risk} % write ${risk / 100}` : '';
  problem(
    node,
    `a risk of ${risk} is none: it lies above 0 and at most at 0.5`,
    `0.05 means that of 100 objects on target at most 5 are ever called proven${percent}`,
  );
  return false;
}

/** A target is known before the facts: what moves with them would promise nothing. */
function checkTarget(
  node: ASTNode,
  name: string,
  write: string,
  { problem, vocabulary }: CallContext,
): boolean {
  if (isText(node)) {
    problem(node, `the target of ${name} is a number, not a text`, write);
    return false;
  }
  const amount =
    literalNumber(node) ?? (node.op === '-_' ? -(literalNumber(node.args) ?? Number.NaN) : undefined);
  if (amount !== undefined && !(amount > 0)) {
    problem(node, `the target of ${name} lies above 0`, write);
    return false;
  }
  const type = vocabulary.facts.get(pathOf(node))?.type ?? 'double';
  if (type !== 'double') {
    problem(node, `the target of ${name} is a number, this is ${typeWord(type)}`, write);
    return false;
  }
  const metric = firstMetric(node);
  if (metric === null) return true;
  problem(
    metric,
    `the target of ${name} is fixed before it is asked: it cannot be a metric`,
    'use target.…, params.… or a number',
  );
  return false;
}

/** `campaign.budget` of a node that is a fact; empty for every other. */
function pathOf(node: ASTNode): string {
  if (node.op === 'id') return node.args;
  return node.op === '.' && node.args[0].op === 'id' ? `${node.args[0].args}.${node.args[1]}` : '';
}

function firstMetric(node: ASTNode): ASTNode | null {
  if ((node.op === 'call' && METRICS.has(node.args[0])) || familyCall(node) !== null) return node;
  for (const child of childrenOf(node)) {
    const found = firstMetric(child);
    if (found !== null) return found;
  }
  return null;
}
