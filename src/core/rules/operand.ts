import type { ASTNode } from '@marcbachmann/cel-js';
import type { Vocabulary } from './analyze.ts';
import type { Fact, Scope } from './facts.ts';
import { type FamilyCall, familyCall, literalNumber, literalsOf } from './family-call.ts';
import { METRICS, readMetric } from './metrics.ts';
import { type FullScope, fullScope, readStatistic, type Statistic, type StatisticCall } from './statistic.ts';
import { type ProgramLanguage, subProgram } from './sub-program.ts';
import { childrenOf, literalText, render } from './tree.ts';
import { isMissing, type Missing, type OperandValue, RuleFault, UNDEFINED, type Unit } from './value.ts';

/** A metric call, a statistic or a fact inside a condition, readable by itself for explanations. */
export interface Operand {
  /** As it stands in the rule: `cpa("7d")`, `campaign.name`. */
  readonly text: string;
  readonly unit: Unit;
  readonly metric: { readonly name: string; readonly event: string | null; readonly window: string } | null;
  readonly statistic: OperandStatistic | null;
  read(scope: Scope): OperandValue | Missing;
}

/** What explanations ask of a statistic. */
export interface OperandStatistic {
  readonly function: Statistic;
  /** The call as it stands for this object, its target worked out. */
  readonly call: (scope: Scope) => StatisticCall;
  readonly scope: (scope: Scope) => FullScope;
}

/** What operands are read with: the words and CEL. */
export interface OperandLanguage extends ProgramLanguage {
  readonly vocabulary: Vocabulary;
}

/** Every metric call, statistic and fact inside a node, in order of appearance. */
export function collectOperands(
  node: ASTNode,
  text: string,
  language: OperandLanguage,
  into: Operand[],
): void {
  const { vocabulary } = language;
  if (node.op === 'id' || node.op === '.') {
    const path =
      node.op === 'id' ? node.args : node.args[0].op === 'id' ? `${node.args[0].args}.${node.args[1]}` : '';
    const fact = vocabulary.facts.get(path);
    if (fact !== undefined) {
      into.push(factOperand(path, fact));
      return;
    }
  }
  if (node.op === 'call' && METRICS.has(node.args[0])) {
    into.push(metricOperand(node, text, vocabulary));
    return;
  }
  const called = familyCall(node);
  if (called !== null) {
    into.push(statisticOperand(node, called, text, language));
    return;
  }
  for (const child of childrenOf(node)) collectOperands(child, text, language, into);
}

function factOperand(path: string, fact: Fact): Operand {
  return {
    text: path,
    unit: fact.unit,
    metric: null,
    statistic: null,
    read: (scope) => fact.read(scope),
  };
}

function metricOperand(node: ASTNode & { op: 'call' }, text: string, vocabulary: Vocabulary): Operand {
  const [name, args] = node.args;
  const metric = METRICS.get(name);
  const texts = args.map(literalText);
  const window = texts[texts.length - 1] ?? '';
  const event =
    metric?.event === 'none' ? null : texts.length === 2 ? (texts[0] ?? null) : vocabulary.defaultEvent;
  return {
    text: render(node, text, 'written'),
    unit: metric?.unit ?? 'none',
    metric: { name, event, window },
    statistic: null,
    read: ({ full }) => {
      if (full === null) throw new RuleFault('a metric was read without evidence');
      return readMetric(name, event, window, full);
    },
  };
}

function statisticOperand(
  node: ASTNode,
  called: FamilyCall,
  text: string,
  language: OperandLanguage,
): Operand {
  const { statistic, target } = called;
  const literals = literalsOf(called);
  const fixed = {
    ...literals,
    event: statistic.event === 'none' ? null : (literals.event ?? language.vocabulary.defaultEvent),
  };
  const targetOf = target === null ? () => null : readNumber(target, text, language);
  const call = (scope: Scope): StatisticCall => ({ ...fixed, target: targetOf(scope) });
  return {
    text: render(node, text, 'written'),
    unit: statistic.unit,
    metric: null,
    statistic: { function: statistic, call, scope: fullScope },
    read(scope) {
      let asked: StatisticCall;
      try {
        asked = call(scope);
      } catch (error) {
        if (error === UNDEFINED) return { missing: 'value', why: 'its target has no value' };
        throw error;
      }
      return readStatistic(statistic, asked, fullScope(scope));
    },
  };
}

/** A number that stands in a call: a literal, a fact, or whatever CEL makes of it. */
function readNumber(node: ASTNode, text: string, language: OperandLanguage): (scope: Scope) => number {
  const literal = literalNumber(node);
  if (literal !== undefined) return () => literal;
  const operands: Operand[] = [];
  collectOperands(node, text, language, operands);
  const [only] = operands;
  if (only === undefined || only.text !== render(node, text, 'written'))
    return subProgram(node, text, language, 'number');
  return (scope) => {
    const value = only.read(scope);
    if (typeof value === 'number') return value;
    if (typeof value === 'object' && isMissing(value)) throw UNDEFINED;
    throw new RuleFault(`${only.text} is not a number`);
  };
}
