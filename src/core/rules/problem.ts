import type { Unreadable } from './amounts.ts';
import type { RuleProblem } from './document.ts';

/** A number that was read, or null after its problem has been added at its path. */
export function accept<T extends number>(
  value: T | Unreadable,
  path: readonly (string | number)[],
  problems: RuleProblem[],
): T | null {
  if (typeof value === 'number') return value;
  problems.push({ path, message: value.problem, ...(value.hint === undefined ? {} : { hint: value.hint }) });
  return null;
}
