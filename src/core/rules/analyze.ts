import type { ASTNode } from '@marcbachmann/cel-js';
import { type CallContext, checkFamilyCall, checkMetricCall, exampleCall } from './calls.ts';
import type { Fact } from './facts.ts';
import { FAMILIES } from './families.ts';
import { familyCall, literalNumber } from './family-call.ts';
import { FUNCTIONS, LATER, METHODS } from './language.ts';
import { METRICS } from './metrics.ts';
import { childrenOf } from './tree.ts';
import { suggestion } from './suggest.ts';

/** What a condition may speak of. */
export interface Vocabulary {
  readonly facts: ReadonlyMap<string, Fact>;
  /** False in `scope.where`, which only says which objects are meant. */
  readonly metrics: boolean;
  readonly defaultEvent: string | null;
  readonly targetCpa: boolean;
  readonly targetRoas: boolean;
}

/** Something wrong inside a condition, by its place in the text. */
export interface ConditionProblem {
  readonly offset: number;
  readonly length: number;
  readonly message: string;
  readonly hint?: string;
}

export interface Findings {
  readonly problems: ConditionProblem[];
  readonly windows: Set<string>;
  /** Events named or meant; "*" where a metric sums all of them. */
  readonly events: Set<string>;
  /** Windows asked by the time of the conversion; also in `windows`. */
  readonly arrived: Set<string>;
  /** Windows asked up to this minute; also in `windows`. */
  readonly estimated: Set<string>;
  statistics: boolean;
  estimatedSpend: boolean;
}

/**
 * Walks a parsed condition once: turns whole numbers into doubles, collects windows and events, and says in the
 * marketer's words what the type check would say in CEL's or could not say at all.
 *
 * The numbers are changed in the tree itself, so that every later message still points at the text as it was written.
 */
export function analyze(root: ASTNode, vocabulary: Vocabulary): Findings {
  const findings: Findings = {
    problems: [],
    windows: new Set(),
    events: new Set(),
    arrived: new Set(),
    estimated: new Set(),
    statistics: false,
    estimatedSpend: false,
  };
  const context: CallContext = { vocabulary, findings, problem };
  const roots = new Set([...vocabulary.facts.keys()].map((path) => path.split('.')[0] ?? path));
  const metricNames = [...METRICS.keys()];

  function problem(
    node: { readonly start: number; readonly end: number },
    message: string,
    hint?: string,
  ): void {
    findings.problems.push({
      offset: node.start,
      length: Math.max(1, node.end - node.start),
      message,
      ...(hint === undefined ? {} : { hint }),
    });
  }

  function later(node: ASTNode, name: string): boolean {
    const what = LATER.get(name);
    if (what !== undefined)
      problem(node, `${what} comes with a later version`, 'write this condition without it for now');
    return what !== undefined;
  }

  function identifier(node: ASTNode, name: string, bound: ReadonlySet<string>): void {
    if (bound.has(name) || later(node, name)) return;
    const family = FAMILIES.get(name);
    if (family !== undefined) {
      const calls = [...family.values()].map((statistic) => statistic.example);
      problem(node, `${name} is not a value of its own`, `there is: ${calls.join(', ')}`);
    } else if (METRICS.has(name))
      problem(node, `${name} is a metric and needs a window`, `write ${exampleCall(name)}`);
    else if (!roots.has(name))
      problem(node, `there is no ${name}`, suggestion(name, [...roots, ...metricNames, ...FAMILIES.keys()]));
    else if (!vocabulary.facts.has(name)) {
      const fields = [...vocabulary.facts.keys()].filter((path) => path.startsWith(`${name}.`));
      problem(node, `${name} is not a value of its own`, `there is: ${fields.join(', ')}`);
    }
  }

  function path(node: ASTNode & { op: '.' }, bound: ReadonlySet<string>): void {
    const [receiver, field] = node.args;
    if (receiver.op !== 'id' || bound.has(receiver.args)) {
      walk(receiver, bound);
      return;
    }
    const full = `${receiver.args}.${field}`;
    if (vocabulary.facts.has(full)) {
      if (
        (full === 'target.cpa' && !vocabulary.targetCpa) ||
        (full === 'target.roas' && !vocabulary.targetRoas)
      ) {
        problem(
          receiver,
          `${full} is used, but the strategy has no ${full}`,
          `add it: target: { ${field}: ${field === 'cpa' ? '30 USD' : '1.5'} }`,
        );
      }
      return;
    }
    if (later(receiver, receiver.args)) return;
    if (FAMILIES.has(receiver.args)) {
      const example = FAMILIES.get(receiver.args)?.get(field)?.example;
      if (example === undefined) identifier(receiver, receiver.args, bound);
      else
        problem(
          { start: receiver.start, end: node.end },
          `${full} is asked with brackets`,
          `write ${example}`,
        );
      return;
    }
    if (roots.has(receiver.args)) {
      const fields = [...vocabulary.facts.keys()].filter((known) => known.startsWith(`${receiver.args}.`));
      problem(
        { start: receiver.start, end: node.end },
        `there is no ${full}`,
        fields.length === 0 ? `${receiver.args} has no parts` : suggestion(full, fields),
      );
    } else if (receiver.args === 'params') {
      problem(
        { start: receiver.start, end: node.end },
        `there is no ${full}`,
        `add it: params: { ${field}: … }`,
      );
    } else identifier(receiver, receiver.args, bound);
  }

  function call(node: ASTNode & { op: 'call' }, bound: ReadonlySet<string>): void {
    const [name, args] = node.args;
    const head = { start: node.start, end: node.start + name.length };
    if (METRICS.has(name)) {
      checkMetricCall(node, name, args, context);
      return;
    }
    const known: readonly string[] = FUNCTIONS;
    if (!known.includes(name) && !later(node, name)) {
      const [first] = FAMILIES.get(name)?.values() ?? [];
      problem(
        head,
        `there is no metric or function ${name}`,
        first === undefined ? suggestion(name, [...metricNames, ...FUNCTIONS]) : `write ${first.example}`,
      );
    }
    for (const argument of args) walk(argument, bound);
  }

  function methodCall(node: ASTNode & { op: 'rcall' }, bound: ReadonlySet<string>): void {
    const [name, receiver, args] = node.args;
    if (receiver.op === 'id' && FAMILIES.has(receiver.args) && !bound.has(receiver.args)) {
      const target = checkFamilyCall(node, receiver.args, context);
      if (target !== null) walk(target, bound);
      for (const argument of args) if (argument !== target && argument.op === 'value') walk(argument, bound);
      return;
    }
    if (receiver.op === 'id' && !roots.has(receiver.args) && !bound.has(receiver.args)) {
      identifier(receiver, receiver.args, bound);
      return;
    }
    if (METRICS.has(name)) {
      problem(
        node,
        'metrics of a parent come with a later version',
        `write ${exampleCall(name)} for the object itself`,
      );
      return;
    }
    walk(receiver, bound);
    const known: readonly string[] = METHODS;
    if (!known.includes(name)) {
      problem(node, `there is no .${name}()`, suggestion(name, METHODS));
      return;
    }
    const [variable, predicate] = args;
    if ((name === 'exists' || name === 'all') && variable?.op === 'id' && predicate !== undefined) {
      walk(predicate, new Set([...bound, variable.args]));
      return;
    }
    for (const argument of args) walk(argument, bound);
  }

  function division(node: ASTNode & { op: '/' }): void {
    const divisor = node.args[1].op === '-_' ? node.args[1].args : node.args[1];
    if (divisor.op === 'value' && Number(divisor.args) !== 0) return;
    problem(
      node.args[1],
      'a division needs a number other than 0 on its right',
      'write ratio(a, b) instead of a / b: it is undefined when b is 0',
    );
  }

  /** A share compared with 95 has been written as a percentage: it would never hold, or always. */
  function share(sides: readonly ASTNode[]): void {
    if (!sides.some((side) => familyCall(side)?.family === 'probability')) return;
    for (const side of sides) {
      const limit = literalNumber(side);
      if (limit !== undefined && limit > 1)
        problem(side, 'a probability lies between 0 and 1', `write ${limit / 100} for ${limit} %`);
    }
  }

  function notByPosition(node: ASTNode): void {
    problem(
      node,
      'lists are asked with "in", .exists() or .all(), not by position or key',
      'write "test" in labels',
    );
  }

  function walk(node: ASTNode, bound: ReadonlySet<string>): void {
    switch (node.op) {
      case 'value':
        if (typeof node.args === 'bigint') Object.assign(node, { args: Number(node.args) });
        else if (typeof node.args === 'object')
          problem(
            node,
            'a condition knows numbers, texts in quotes, true and false',
            'leave null, bytes and unsigned numbers out',
          );
        return;
      case 'id':
        identifier(node, node.args, bound);
        return;
      case '.':
        path(node, bound);
        return;
      case 'call':
        call(node, bound);
        return;
      case 'rcall':
        methodCall(node, bound);
        return;
      case '/':
        division(node);
        break;
      case '%':
        problem(node, '% is not a percentage here', 'write 0.1 for 10 %');
        return;
      case '[]':
      case '[?]':
      case '.?':
        // What it asks may be the real mistake: a table of a later version, a word that is none.
        walk(node.args[0], bound);
        if (findings.problems.length === 0) notByPosition(node);
        return;
      case 'map':
        notByPosition(node);
        return;
      case '!_':
      case '-_':
      case 'list':
      case '?:':
      case '||':
      case '&&':
      case '==':
      case '!=':
      case '<':
      case '<=':
      case '>':
      case '>=':
        share(childrenOf(node));
        break;
      case 'in':
      case '+':
      case '-':
      case '*':
        break;
    }
    for (const part of childrenOf(node)) walk(part, bound);
  }

  walk(root, new Set());
  return findings;
}
