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

const BINARY: readonly string[] = ['||', '&&', '==', '!=', '<', '<=', '>', '>=', 'in', '+', '-', '*', '/'];

/**
 * A node's text. `written` is for people, `doubles` for CEL again: there whole numbers carry ".0". Built from the tree,
 * because a node's own range leaves out the parentheses around its parts.
 */
export function render(node: ASTNode, text: string, style: 'written' | 'doubles'): string {
  const part = (child: ASTNode): string => {
    const inner = render(child, text, style);
    return BINARY.includes(child.op) || child.op === '?:' ? `(${inner})` : inner;
  };
  switch (node.op) {
    case 'value': {
      const literal = text.slice(node.start, node.end);
      // Hexadecimal is a whole number too: let JavaScript write it out.
      return style === 'doubles' && typeof node.args === 'number' && /^(\d+|0[xX][0-9a-fA-F]+)$/.test(literal)
        ? `${BigInt(literal)}.0`
        : literal;
    }
    case 'id':
      return node.args;
    case '.':
      return `${part(node.args[0])}.${node.args[1]}`;
    case 'call':
      return `${node.args[0]}(${node.args[1].map((child) => render(child, text, style)).join(', ')})`;
    case 'rcall':
      return `${part(node.args[1])}.${node.args[0]}(${node.args[2].map((child) => render(child, text, style)).join(', ')})`;
    case '!_':
      return `!${part(node.args)}`;
    case '-_':
      return `-${part(node.args)}`;
    case 'list':
      return `[${node.args.map((child) => render(child, text, style)).join(', ')}]`;
    case '?:':
      return `${part(node.args[0])} ? ${part(node.args[1])} : ${part(node.args[2])}`;
    default: {
      const [left, right] = Array.isArray(node.args) ? node.args.filter(isNode) : [];
      if (left === undefined || right === undefined)
        throw new RuleFault(`a condition has an unexpected part: ${node.op}`);
      return `${part(left)} ${node.op} ${part(right)}`;
    }
  }
}
