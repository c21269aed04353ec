import { dayBounds } from '../core/zone.ts';
import { UsageError } from './command.ts';

/** A date as people write it on a command line. @throws UsageError when there is no such day. */
export function readDay(text: string): string {
  try {
    if (/^\d{4}-\d{2}-\d{2}$/.test(text)) return dayBounds(text, 'UTC').date;
  } catch {
    // 2026-02-31: said below.
  }
  throw new UsageError(`"${text}" is no date; write it like 2026-11-05`);
}
