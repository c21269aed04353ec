import type { ASTNode } from '@marcbachmann/cel-js';
import { FAMILIES } from './families.ts';
import type { Part, Statistic } from './statistic.ts';
import { literalText } from './tree.ts';

export type MethodCallNode = ASTNode & { op: 'rcall' };

/** A call of a statistical function, its arguments in their places; what is not there is null. */
export interface FamilyCall {
  readonly family: string;
  readonly method: string;
  readonly statistic: Statistic;
  readonly event: ASTNode | null;
  readonly window: ASTNode | null;
  readonly risk: ASTNode | null;
  readonly target: ASTNode | null;
  /** What was given, in order, without the event. */
  readonly given: readonly ASTNode[];
}

/** Reads `proven.cpaAbove(…)`; null when it is no statistical function. How many arguments there are is not checked. */
export function familyCall(node: ASTNode): FamilyCall | null {
  if (node.op !== 'rcall') return null;
  const [method, receiver, args] = node.args;
  if (receiver.op !== 'id') return null;
  const statistic = FAMILIES.get(receiver.args)?.get(method);
  if (statistic === undefined) return null;
  const { parts } = statistic;
  const [first, second] = args;
  // A text in front is the event, unless it is the window that is expected there.
  const named =
    statistic.event !== 'none' &&
    first !== undefined &&
    isText(first) &&
    (parts[0] !== 'window' || (second !== undefined && isText(second)));
  const given = named ? args.slice(1) : args;
  const at = (...wanted: readonly Part[]): ASTNode | null =>
    given[parts.findIndex((part) => wanted.includes(part))] ?? null;
  return {
    family: receiver.args,
    method,
    statistic,
    event: named ? first : null,
    window: at('window'),
    risk: at('risk'),
    target: at('target', 'cpa?'),
    given,
  };
}

/** A literal in quotes. */
export function isText(node: ASTNode): boolean {
  return node.op === 'value' && typeof node.args === 'string';
}

/** A number written out, after `analyze` has made doubles of all of them; undefined for everything else. */
export function literalNumber(node: ASTNode | null): number | undefined {
  if (node === null || node.op !== 'value') return undefined;
  return typeof node.args === 'number' || typeof node.args === 'bigint' ? Number(node.args) : undefined;
}

/** What a call is read with besides its target, which may be a calculation. */
export function literalsOf(call: FamilyCall): {
  readonly event: string | null;
  readonly window: string | null;
  readonly risk: number | null;
} {
  return {
    event: call.event === null ? null : literalText(call.event),
    window: call.window === null ? null : literalText(call.window),
    risk: literalNumber(call.risk) ?? null,
  };
}
