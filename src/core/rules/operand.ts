import type { ASTNode } from '@marcbachmann/cel-js';
import type { Vocabulary } from './analyze.ts';
import type { Fact, Scope } from './facts.ts';
import { METRICS, readMetric } from './metrics.ts';
import { childrenOf, literalText, render } from './tree.ts';
import { type Missing, type OperandValue, RuleFault, type Unit } from './value.ts';

/** A metric call or a fact inside a condition, readable by itself for explanations. */
export interface Operand {
  /** As it stands in the rule: `cpa("7d")`, `campaign.name`. */
  readonly text: string;
  readonly unit: Unit;
  readonly metric: { readonly name: string; readonly event: string | null; readonly window: string } | null;
  read(scope: Scope): OperandValue | Missing;
}

/** Every metric call and fact inside a node, in order of appearance. */
export function collectOperands(node: ASTNode, text: string, vocabulary: Vocabulary, into: Operand[]): void {
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
  for (const child of childrenOf(node)) collectOperands(child, text, vocabulary, into);
}

function factOperand(path: string, fact: Fact): Operand {
  return { text: path, unit: fact.unit, metric: null, read: (scope) => fact.read(scope) };
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
    read: ({ full }) => {
      if (full === null) throw new RuleFault('a metric was read without evidence');
      return readMetric(name, event, window, full);
    },
  };
}
