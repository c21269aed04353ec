import { codeOf } from '../errors.ts';

/**
 * True when the fault lies in the values of a row and will not pass by itself: SQLSTATE classes 22 (data), 23
 * (constraint) and 54 (too large, for an index for instance), and errors of our own arithmetic. One sender's odd row
 * must then be taken out from among the others; any other error is the database's and passes.
 */
export function isRowFault(error: unknown): boolean {
  if (error instanceof TypeError || error instanceof RangeError) return true;
  const code = codeOf(error) ?? '';
  return code === 'money_range' || /^(?:22|23|54)[0-9A-Z]{3}$/.test(code);
}
