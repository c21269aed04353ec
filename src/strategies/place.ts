import { type Document, isMap, isPair, isScalar, isSeq, type LineCounter, type Node, Scalar } from 'yaml';
import type { RuleProblem } from '../core/rules/document.ts';

/** A place in a file, both counted from 1, and how many characters of that line it covers. */
export interface Place {
  readonly line: number;
  readonly column: number;
  readonly length: number;
}

/** A node by its path, or the nearest node above it when the path leads nowhere (a missing key). */
export function nodeAt(
  document: Document,
  path: readonly (string | number)[],
): { readonly node: Node | null; readonly key: Node | null; readonly whole: boolean } {
  let node: Node | null = document.contents;
  let key: Node | null = null;
  for (const step of path) {
    const found: { key: Node | null; node: Node | null } | undefined = child(node, step);
    if (found === undefined) return { node, key, whole: false };
    key = found.key;
    node = found.node;
  }
  return { node, key, whole: true };
}

function child(
  node: Node | null,
  step: string | number,
): { key: Node | null; node: Node | null } | undefined {
  if (isMap(node)) {
    const pair = node.items.find(
      (item) => isPair(item) && isScalar(item.key) && String(item.key.value) === String(step),
    );
    if (pair === undefined) return undefined;
    return { key: isScalar(pair.key) ? pair.key : null, node: isNodeLike(pair.value) ? pair.value : null };
  }
  if (isSeq(node) && typeof step === 'number') {
    const item = node.items[step];
    return item === undefined ? undefined : { key: null, node: isNodeLike(item) ? item : null };
  }
  return undefined;
}

function isNodeLike(value: unknown): value is Node {
  return typeof value === 'object' && value !== null && 'range' in value;
}

/**
 * Where a problem stands in the file. With an offset it is inside the value of a text, which quotes, escapes, folding
 * and indentation have moved: the two texts are walked side by side.
 */
export function placeOf(text: string, lines: LineCounter, document: Document, problem: RuleProblem): Place {
  const { path, offset, length } = problem;
  const { node, key, whole } = nodeAt(document, path);
  const target = whole && problem.at !== 'key' ? (node ?? key) : (key ?? node);
  const range = target?.range;
  if (range === null || range === undefined) return { line: 1, column: 1, length: 1 };
  let start = range[0];
  let size = Math.max(1, range[1] - range[0]);
  if (isScalar(target) && typeof target.value === 'string' && offset !== undefined) {
    const positions = rawPositions(text, target, target.value);
    start = positions[Math.min(offset, positions.length - 1)] ?? start;
    const last = positions[Math.min(offset + Math.max(1, length ?? 1) - 1, positions.length - 1)] ?? start;
    size = Math.max(1, last - start + 1);
  }
  return placeAt(text, lines, start, size);
}

/** A stretch of the file as a place; it ends with its line. */
export function placeAt(text: string, lines: LineCounter, start: number, size: number): Place {
  const { line, col } = lines.linePos(start);
  const lineEnd = text.indexOf('\n', start);
  const most = (lineEnd === -1 ? text.length : lineEnd) - start;
  return { line: Math.max(1, line), column: Math.max(1, col), length: Math.max(1, Math.min(size, most)) };
}

/** For each character of a scalar's value, and for its end, the place of its source in the file. */
function rawPositions(text: string, scalar: Scalar, value: string): number[] {
  const range = scalar.range ?? [0, 0, 0];
  const block = scalar.type === Scalar.BLOCK_LITERAL || scalar.type === Scalar.BLOCK_FOLDED;
  const quoted = scalar.type === Scalar.QUOTE_DOUBLE || scalar.type === Scalar.QUOTE_SINGLE;
  // A block's range begins with its "|" line.
  let raw = block ? text.indexOf('\n', range[0]) + 1 : range[0] + (quoted ? 1 : 0);
  const end = range[1];
  const positions: number[] = [];
  for (const character of value) {
    raw = skipTo(text, raw, end, character, scalar.type === Scalar.QUOTE_DOUBLE);
    for (let unit = 0; unit < character.length; unit += 1) positions.push(Math.min(raw + unit, end));
    raw += character.length;
  }
  positions.push(Math.min(raw, Math.max(end - 1, range[0])));
  return positions;
}

/** The next place of a character, over quotes, backslashes, line breaks and indentation that YAML takes away. */
function skipTo(text: string, from: number, end: number, character: string, escapes: boolean): number {
  let at = from;
  while (at < end) {
    if (text.startsWith(character, at)) {
      // Folding turns a line break into a blank: a blank before the break is not the one.
      return at;
    }
    const here = text[at] ?? '';
    if (/\s/.test(character) && here === '\n') return at;
    if (!/[\s'"\\]/.test(here)) return escapes && text[at - 1] === '\\' ? at : from;
    at += 1;
  }
  return from;
}
