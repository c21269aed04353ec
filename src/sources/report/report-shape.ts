import { isTimeZone } from '../../core/zone.ts';
import type { DateOrder } from '../profile.ts';
import { readCurrency } from '../values.ts';

/** Reports stand under a title and a date of their making, not under a whole page. */
const MOST_TITLE_LINES = 20;

/**
 * A report's text, whatever its program wrote: UTF-8, UTF-16 by its mark (what Excel calls Unicode text), else
 * Windows-1252, in which every byte is a letter.
 */
export function decodeReport(bytes: Uint8Array): string {
  if (bytes[0] === 0xff && bytes[1] === 0xfe) return new TextDecoder('utf-16le').decode(bytes);
  if (bytes[0] === 0xfe && bytes[1] === 0xff) return new TextDecoder('utf-16be').decode(bytes);
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch {
    return new TextDecoder('windows-1252').decode(bytes);
  }
}

/** Whichever of the usual separators the first lines hold most of. */
export function delimiterOf(text: string): string {
  const lines = text.split(/\r?\n/, MOST_TITLE_LINES).join('\n');
  const count = (separator: string): number => lines.split(separator).length;
  return [',', ';', '\t', '|'].toSorted((a, b) => count(b) - count(a))[0] ?? ',';
}

/** A heading as a parameter's name, and the unit that stands in brackets behind it: "Payout (USD)". */
export interface Heading {
  readonly name: string;
  /** The same with the unit as part of the name. */
  readonly whole: string;
  readonly currency: string | null;
  readonly zone: string | null;
}

export function headingOf(text: string): Heading {
  const trimmed = text.trim();
  const match = /^(.*\S)\s*[([]([^()[\]]+)[)\]]$/.exec(trimmed);
  const unit = match?.[2]?.trim() ?? '';
  const zone = /^(?:utc|gmt)$/i.test(unit) ? 'UTC' : unit.includes('/') && isTimeZone(unit) ? unit : null;
  return {
    name: nameOf(match?.[1] ?? trimmed),
    whole: nameOf(trimmed),
    currency: readCurrency(unit) ?? { $: null, '€': 'EUR', '£': 'GBP' }[unit] ?? null,
    zone,
  };
}

/** "Click ID" is click_id. */
export function nameOf(heading: string): string {
  return heading
    .trim()
    .toLowerCase()
    .replaceAll(/[^\p{L}\p{N}~.-]+/gu, '_')
    .replaceAll(/^_+|_+$/g, '');
}

/** Which of the first lines holds the headings: the one that most is known of, the first where none is known better. */
export function headingLine(
  records: readonly (readonly string[])[],
  isKnown: (heading: string) => boolean,
): number {
  let [best, most] = [0, 0];
  for (const [at, cells] of records.slice(0, MOST_TITLE_LINES).entries()) {
    const known = cells.filter(isKnown).length;
    if (known > most) [best, most] = [at, known];
  }
  return best;
}

/** "Total", "Grand total", "Summe": a line that adds up the others. */
export function isTotals(cells: readonly string[]): boolean {
  const first = cells.find((cell) => cell.trim() !== '')?.trim() ?? '';
  return /^(?:grand |sub)?totals?:?$|^sum(?:me|mary)?:?$|^gesamt:?$/i.test(first);
}

const YEAR_LAST = /^(\d{1,2})([/.-])(\d{1,2})[/.-]\d{4}(?!\d)/;

/**
 * What the dates of one column say themselves about which number is the month: one above 12 is a day, and nobody parts
 * month, day and year by dots. `unclear` where every date could be both.
 */
export function dateOrderOf(values: readonly string[]): DateOrder | 'unclear' {
  let found: DateOrder | 'unclear' = 'ymd';
  for (const value of values) {
    const match = YEAR_LAST.exec(value.trim());
    if (match === null) continue;
    if (Number(match[1]) > 12 || match[2] === '.') return 'dmy';
    if (Number(match[3]) > 12) return 'mdy';
    found = 'unclear';
  }
  return found;
}

/** Whether commas part thousands in a column of amounts: one that also has a point behind its comma says so. */
export function commasPartThousands(values: readonly string[]): boolean {
  return values.some((value) => /\d,\d{3}\.\d/.test(value));
}
