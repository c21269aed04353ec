import { type Document, isAlias, isScalar, type Node, Scalar, visit } from 'yaml';
import type { RuleProblem } from '../core/rules/document.ts';
import { nodeAt } from './place.ts';

/** A problem of the file's syntax, by its offset in the file. */
export interface TextProblem {
  readonly start: number;
  readonly size: number;
  readonly message: string;
  readonly hint?: string;
}

const QUOTE = "put the condition in single quotes: when: '…'";

/**
 * What YAML reads without complaint and not as it was meant: tags, anchors and aliases. `when: !paused && bid > 1`
 * parses as a tag and loses its first word.
 */
export function findTextTraps(document: Document, text: string): TextProblem[] {
  const problems: TextProblem[] = [];
  visit(document, {
    Node(_key, node: Node) {
      const start = node.range?.[0] ?? 0;
      const end = node.range?.[1] ?? start;
      const tell = (written: string, message: string, hint: string): void => {
        // The range begins behind tag and anchor.
        const at = text.lastIndexOf(written, end);
        problems.push({ start: at === -1 ? start : at, size: written.length, message, hint });
      };
      if (isAlias(node))
        tell(
          `*${node.source}`,
          `*${node.source} is a YAML alias, which strategy files do not use`,
          'write the value out, or use params',
        );
      else if (node.tag?.startsWith('!'))
        tell(
          node.tag,
          `${node.tag} is read as a YAML tag, not as text`,
          `if this was meant as a condition, ${QUOTE}`,
        );
      else if ('anchor' in node && typeof node.anchor === 'string')
        tell(
          `&${node.anchor}`,
          `&${node.anchor} is read as a YAML anchor, not as text`,
          `if this was meant as a condition, ${QUOTE}`,
        );
    },
  });
  return problems;
}

/** Conditions must stand in quotes or in a block: unquoted, YAML cuts them at " #" and reads a leading "!" or "&" as its own. */
export function findUnquotedConditions(
  document: Document,
  paths: readonly (readonly (string | number)[])[],
): RuleProblem[] {
  const problems: RuleProblem[] = [];
  for (const path of paths) {
    const { node, whole } = nodeAt(document, path);
    if (!whole || !isScalar(node) || node.type !== Scalar.PLAIN || typeof node.value !== 'string') continue;
    const lost =
      typeof node.comment === 'string'
        ? `; what follows the # ("${node.comment.trim()}") was read as a comment and is lost`
        : '';
    problems.push({
      path,
      message: `a condition stands in quotes or in a block${lost}`,
      hint: `write '${(node.value + (lost === '' ? '' : ` #${node.comment ?? ''}`)).replaceAll("'", "''")}'`,
    });
  }
  return problems;
}
