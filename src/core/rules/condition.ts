import type { ASTNode } from '@marcbachmann/cel-js';
import type { Truth } from '../decision.ts';
import { analyze, type ConditionProblem } from './analyze.ts';
import type { Scope } from './facts.ts';
import { celProblem, typeWord } from './cel-problem.ts';
import { collectOperands, type Operand, type OperandLanguage } from './operand.ts';
import { subProgram } from './sub-program.ts';
import { isNode, render } from './tree.ts';
import { isMissing, type Missing, type OperandValue, RuleFault, UNDEFINED, type Unit } from './value.ts';

/** One side of a comparison of numbers. */
export interface Side {
  readonly text: string;
  /** The operand that the side is, or null for a number or a calculation. */
  readonly operand: Operand | null;
  /** The unit people read: the side's own, or that of the first operand in it. */
  readonly unit: Unit;
  /** @throws UNDEFINED or a fault, as CEL does. */
  readonly value: (scope: Scope) => number;
}

export type ComparisonOperator = '<' | '<=' | '>' | '>=' | '==' | '!=';

export interface Comparison {
  readonly operator: ComparisonOperator;
  readonly left: Side;
  readonly right: Side;
}

export interface Leaf {
  readonly kind: 'leaf';
  readonly text: string;
  readonly operands: readonly Operand[];
  readonly comparison: Comparison | null;
  readonly holds: (scope: Scope) => boolean;
}

/** A condition, split at its outer `&&` and `||`: what lies inside a leaf is CEL's. */
export type Condition =
  | Leaf
  | { readonly kind: 'and' | 'or'; readonly parts: readonly [Condition, Condition] };

export interface CompiledCondition {
  readonly text: string;
  readonly condition: Condition;
  readonly leaves: readonly Leaf[];
  readonly windows: ReadonlySet<string>;
  readonly events: ReadonlySet<string>;
  /** Windows asked by the time of the conversion (`arrived.*`). */
  readonly arrived: ReadonlySet<string>;
  /** Windows asked up to this minute (`est.*`). */
  readonly estimated: ReadonlySet<string>;
  /** Whether it asks delivery and what was learned. */
  readonly statistics: boolean;
  readonly estimatedSpend: boolean;
}

export type Language = OperandLanguage;

const COMPARISONS: readonly string[] = ['<', '<=', '>', '>=', '==', '!='];

function isComparison(operator: string): operator is ComparisonOperator {
  return COMPARISONS.includes(operator);
}

/**
 * Reads one condition: parsed and type-checked by CEL, its operands collected.
 *
 * @returns the condition, or every problem found with its place in the text.
 */
export function compileCondition(
  text: string,
  language: Language,
):
  | { readonly ok: true; readonly compiled: CompiledCondition }
  | { readonly ok: false; readonly problems: readonly ConditionProblem[] } {
  let program;
  try {
    program = language.env.parse(text);
  } catch (error) {
    return { ok: false, problems: [celProblem(error, text)] };
  }
  const findings = analyze(program.ast, language.vocabulary);
  if (findings.problems.length > 0) return { ok: false, problems: findings.problems };
  const checked = program.check();
  if (!checked.valid) return { ok: false, problems: [celProblem(checked.error, text)] };
  if (checked.type !== 'bool') {
    const hint =
      checked.type === 'double'
        ? `compare it: ${text.trim()} > 10`
        : 'write a comparison, as spend("7d") > 10';
    return {
      ok: false,
      problems: [
        {
          offset: 0,
          length: text.length,
          message: `a condition is true or false; this is ${typeWord(checked.type ?? '')}`,
          hint,
        },
      ],
    };
  }
  const leaves: Leaf[] = [];
  const condition = split(program.ast, text, language, leaves);
  const { windows, events, arrived, estimated, statistics, estimatedSpend } = findings;
  return {
    ok: true,
    compiled: { text, condition, leaves, windows, events, arrived, estimated, statistics, estimatedSpend },
  };
}

function split(node: ASTNode, text: string, language: Language, leaves: Leaf[]): Condition {
  if (node.op === '&&' || node.op === '||') {
    const parts: [Condition, Condition] = [
      split(node.args[0], text, language, leaves),
      split(node.args[1], text, language, leaves),
    ];
    return { kind: node.op === '&&' ? 'and' : 'or', parts };
  }
  const leaf = readLeaf(node, text, language);
  leaves.push(leaf);
  return leaf;
}

function readLeaf(node: ASTNode, text: string, language: Language): Leaf {
  const operands: Operand[] = [];
  collectOperands(node, text, language, operands);
  const shared = { kind: 'leaf' as const, text: render(node, text, 'written'), operands };
  if (isComparison(node.op) && Array.isArray(node.args)) {
    const left = readSide(node.args[0], text, language);
    const right = readSide(node.args[1], text, language);
    if (left !== null && right !== null) {
      const comparison = { operator: node.op, left, right };
      return {
        ...shared,
        comparison,
        holds: (scope) => compare(node.op, left.value(scope), right.value(scope)),
      };
    }
  }
  const [only] = operands;
  // A statistic that stands alone needs no CEL: its value is read once, for the decision and its explanation alike.
  if (only !== undefined && only.statistic !== null && only.text === shared.text)
    return { ...shared, comparison: null, holds: (scope) => truthOf(only.read(scope), only.text) };
  return { ...shared, comparison: null, holds: subProgram(node, text, language, 'boolean') };
}

function compare(operator: string, left: number, right: number): boolean {
  switch (operator) {
    case '<':
      return left < right;
    case '<=':
      return left <= right;
    case '>':
      return left > right;
    case '>=':
      return left >= right;
    case '==':
      return left === right;
    default:
      return left !== right;
  }
}

/** One side as a number, or null when it is a text, a list or a truth value. */
function readSide(node: unknown, text: string, language: Language): Side | null {
  if (!isNode(node)) return null;
  if (language.env.parse(render(node, text, 'doubles')).check().type !== 'double') return null;
  const operands: Operand[] = [];
  collectOperands(node, text, language, operands);
  const written = render(node, text, 'written');
  const only = operands.length === 1 && operands[0]?.text === written ? operands[0] : null;
  const unit = operands[0]?.unit ?? 'none';
  if (node.op === 'value' && typeof node.args === 'number') {
    const constant = node.args;
    return { text: written, operand: null, unit: 'none', value: () => constant };
  }
  if (only !== null)
    return { text: written, operand: only, unit, value: (scope) => numberOf(only.read(scope), written) };
  const run = subProgram(node, text, language, 'number');
  return { text: written, operand: null, unit, value: (scope) => numberOf(run(scope), written) };
}

function truthOf(value: OperandValue | Missing, text: string): boolean {
  if (typeof value === 'boolean') return value;
  if (isMissing(value)) throw UNDEFINED;
  throw new RuleFault(`${text} is neither true nor false`);
}

function numberOf(value: OperandValue | Missing, text: string): number {
  if (typeof value === 'number') {
    if (Number.isFinite(value)) return value;
    throw new RuleFault(`${text} is beyond what a number holds`);
  }
  if (typeof value === 'object' && 'missing' in value) throw UNDEFINED;
  throw new RuleFault(`${text} is not a number`);
}

/** How one leaf came out. */
export interface LeafOutcome {
  readonly leaf: Leaf;
  readonly holds: Truth;
  /** Each operand's value, in order of appearance. */
  readonly values: readonly (OperandValue | Missing)[];
  readonly fault?: string;
}

/**
 * Evaluates every leaf, so that explanations never differ from decisions, and joins them as CEL does: false beats
 * undefined in `&&`, true beats it in `||`. A fault anywhere makes the whole an error, absorbed or not.
 */
export function evaluateCondition(
  compiled: CompiledCondition,
  scope: Scope,
): { readonly holds: Truth; readonly outcomes: readonly LeafOutcome[] } {
  const outcomes = compiled.leaves.map((leaf) => evaluateLeaf(leaf, scope));
  if (outcomes.some((outcome) => outcome.holds === 'error')) return { holds: 'error', outcomes };
  let next = 0;
  // Leaves were collected in the order of this walk.
  const join = (condition: Condition): Truth => {
    if (condition.kind === 'leaf') return outcomes[next++]?.holds ?? 'error';
    const decisive = condition.kind === 'or';
    const left = join(condition.parts[0]);
    const right = join(condition.parts[1]);
    if (left === decisive || right === decisive) return decisive;
    return left === 'undefined' || right === 'undefined' ? 'undefined' : !decisive;
  };
  return { holds: join(compiled.condition), outcomes };
}

/** Operands are read first, so that a fault is seen even where CEL would not have come to it. */
function evaluateLeaf(leaf: Leaf, scope: Scope): LeafOutcome {
  const values: (OperandValue | Missing)[] = [];
  try {
    for (const operand of leaf.operands) values.push(operand.read(scope));
    return { leaf, holds: leaf.holds(scope), values };
  } catch (error) {
    if (error === UNDEFINED) return { leaf, holds: 'undefined', values };
    return { leaf, holds: 'error', values, fault: error instanceof Error ? error.message : String(error) };
  }
}
