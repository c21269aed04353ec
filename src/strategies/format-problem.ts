import type { FileProblem } from './read.ts';

/**
 * A problem as it is shown: where, what, the line with a caret under the place, and what to do.
 *
 * ```
 * strategies/scale.yaml:12:12: there is no metric or function rosa
 *   12 |     when: 'rosa("7d") > 1.5'
 *      |            ^^^^
 *      did you mean roas?
 * ```
 */
export function formatProblem(text: string, fileName: string, problem: FileProblem): string {
  const line = (text.split(/\r?\n/)[problem.line - 1] ?? '').replace(/^\uFEFF/, '');
  const number = String(problem.line).padStart(4);
  const blank = ' '.repeat(number.length);
  // Tabs stay tabs, so that the caret stands under its character however wide they are shown.
  const indent = line.slice(0, problem.column - 1).replace(/[^\t]/g, ' ');
  return [
    `${fileName}:${problem.line}:${problem.column}: ${problem.message}`,
    `${number} | ${line}`,
    `${blank} | ${indent}${'^'.repeat(Math.max(1, problem.length))}`,
    ...(problem.hint === undefined ? [] : [`${blank}   ${problem.hint}`]),
  ].join('\n');
}
