import { readDuration } from '../core/rules/amounts.ts';
import { UsageError } from './command.ts';

/** Reads an option such as `--since 30d` as a length in ms. @throws UsageError with the right spelling. */
export function readSince(text: string): number {
  const read = readDuration(text);
  if (typeof read === 'number') return read;
  throw new UsageError(`--since: ${read.problem}; ${read.hint ?? 'write "24h" or "7d"'}`);
}
