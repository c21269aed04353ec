import type { ASTNode } from '@marcbachmann/cel-js';
import { RuleFault } from './value.ts';

export function isNode(value: unknown): value is ASTNode {
  return typeof value === 'object' && value !== null && 'op' in value && 'start' in value;
}

/** The parts of a node that are expressions themselves. */
export function childrenOf(node: ASTNode): readonly ASTNode[] {
  if (node.op === 'call') return node.args[1];
  if (node.op === 'rcall') return [node.args[1], ...node.args[2]];
  if (node.op === '!_' || node.op === '-_') return [node.args];
  return Array.isArray(node.args) ? node.args.filter(isNode) : [];
}

/** How tightly operators bind; a part that binds less than its place needs parentheses. */
const BINDS: Readonly<Record<string, number>> = {
  '?:': 0,
  '||': 1,
  '&&': 2,
  '==': 3,
  '!=': 3,
  '<': 4,
  '<=': 4,
  '>': 4,
  '>=': 4,
  in: 4,
  '+': 5,
  '-': 5,
  '*': 6,
  '/': 6,
  '!_': 7,
  '-_': 7,
};
const TIGHTEST = 8;

function binds(node: ASTNode): number {
  return BINDS[node.op] ?? TIGHTEST;
}

/**
 * A node's text. `written` is for people, `doubles` for CEL again: there whole numbers carry ".0". Built from the tree,
 * because a node's own range leaves out the parentheses around its parts.
 */
export function render(node: ASTNode, text: string, style: 'written' | 'doubles'): string {
  const bare = (child: ASTNode): string => render(child, text, style);
  const part = (child: ASTNode, least: number): string =>
    binds(child) < least ? `(${bare(child)})` : bare(child);
  if (node.op === 'value') return literal(node, text, style);
  if (node.op === 'id') return node.args;
  if (node.op === '.') return `${part(node.args[0], TIGHTEST)}.${node.args[1]}`;
  if (node.op === 'call') return `${node.args[0]}(${node.args[1].map(bare).join(', ')})`;
  if (node.op === 'rcall')
    return `${part(node.args[1], TIGHTEST)}.${node.args[0]}(${node.args[2].map(bare).join(', ')})`;
  if (node.op === '!_') return `!${part(node.args, 7)}`;
  if (node.op === '-_') return `-${part(node.args, 7)}`;
  if (node.op === 'list') return `[${node.args.map(bare).join(', ')}]`;
  if (node.op === '?:') return `${part(node.args[0], 1)} ? ${bare(node.args[1])} : ${bare(node.args[2])}`;
  const [left, right] = childrenOf(node);
  if (left === undefined || right === undefined)
    throw new RuleFault(`a condition has an unexpected part: ${node.op}`);
  return `${part(left, binds(node))} ${node.op} ${part(right, binds(node) + 1)}`;
}

function literal(node: ASTNode & { op: 'value' }, text: string, style: 'written' | 'doubles'): string {
  const written = text.slice(node.start, node.end);
  // Hexadecimal is a whole number too: let JavaScript write it out.
  const whole = typeof node.args === 'number' && /^(\d+|0[xX][0-9a-fA-F]+)$/.test(written);
  return style === 'doubles' && whole ? `${BigInt(written)}.0` : written;
}

/** The text of a literal in quotes; empty for every other node. */
export function literalText(node: ASTNode): string {
  return node.op === 'value' && typeof node.args === 'string' ? node.args : '';
}
