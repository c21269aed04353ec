import { instantOf } from '../core/zone.ts';
import type { DateOrder } from './profile.ts';

const FIRST_MS = Date.UTC(2010, 0, 1);
const LAST_MS = Date.UTC(2101, 0, 1);
const EPOCH = /^\d{10}(?:\.\d+)?$|^\d{13}$|^\d{16}$/;
const CLOCK = String.raw`(?:[T +]+(\d{1,2}):(\d{2})(?::(\d{2})(?:[.,](\d{1,9}))?)?\s*([AP]M)?)?`;
const ZONE = String.raw`\s*(Z|UTC|GMT|[+-]\d{2}(?::?\d{2})?)?`;
const YEAR_FIRST = new RegExp(String.raw`^(\d{4}|\d{2})-(\d{1,2})-(\d{1,2})${CLOCK}${ZONE}$`, 'i');
const YEAR_LAST = new RegExp(String.raw`^(\d{1,2})[/.-](\d{1,2})[/.-](\d{4})${CLOCK}${ZONE}$`, 'i');

export interface TimeWriting {
  /** IANA zone of times that name none. */
  readonly zone: string;
  readonly dateOrder: DateOrder;
}

const PLAIN: TimeWriting = { zone: 'UTC', dateOrder: 'ymd' };

/**
 * Reads an event's time: epoch in seconds, milliseconds or microseconds by magnitude, ISO 8601, or
 * `yyyy-mm-dd hh:mm:ss[.sss]`. 11/23/2026 is read only where the writing says which number is the month.
 *
 * @returns ms since the epoch, UTC; undefined outside 2010–2100 and for text that is no time.
 */
export function readTime(text: string, writing: TimeWriting = PLAIN): number | undefined {
  const value = text.trim();
  const ms = EPOCH.test(value) ? epochMs(value) : textMs(value, writing);
  return ms !== undefined && ms >= FIRST_MS && ms < LAST_MS ? ms : undefined;
}

function epochMs(text: string): number {
  if (text.length === 13 && !text.includes('.')) return Number(text);
  if (text.length === 16 && !text.includes('.')) return Math.floor(Number(text) / 1000);
  return Math.round(Number(text) * 1000);
}

function textMs(text: string, writing: TimeWriting): number | undefined {
  const match = YEAR_FIRST.exec(text) ?? (writing.dateOrder === 'ymd' ? null : YEAR_LAST.exec(text));
  if (match === null) return undefined;
  const [, first = '', second = '', third = '', h = '0', mi = '0', s = '0', fraction = '', half, zone] =
    match;
  const [y, month, day] = dateParts([first, second, third], writing.dateOrder);
  const hour = hourOf(Number(h), half);
  const [minute, seconds] = [Number(mi), Number(s)];
  if (month < 1 || month > 12 || hour > 23 || minute > 59 || seconds > 60) return undefined;
  const millis = Number(fraction.slice(0, 3).padEnd(3, '0'));
  const utc = Date.UTC(y, month - 1, day, hour, minute, seconds, millis);
  // 31 April must not become 1 May.
  if (new Date(Date.UTC(y, month - 1, day)).getUTCDate() !== day) return undefined;
  if (zone !== undefined) return utc - zoneOffsetMs(zone);
  return writing.zone === 'UTC' ? utc : instantOf(new Date(utc).toISOString().slice(0, -1), writing.zone);
}

/** Year, month and day; a year of two digits is of this century. */
function dateParts(parts: readonly [string, string, string], order: DateOrder): [number, number, number] {
  const [first, second, third] = parts;
  if (third.length === 4) {
    const [month, day] = order === 'mdy' ? [first, second] : [second, first];
    return [Number(third), Number(month), Number(day)];
  }
  return [first.length === 2 ? 2000 + Number(first) : Number(first), Number(second), Number(third)];
}

function hourOf(hour: number, half: string | undefined): number {
  if (half === undefined) return hour;
  if (hour < 1 || hour > 12) return NaN;
  return (hour % 12) + (half.toUpperCase() === 'PM' ? 12 : 0);
}

function zoneOffsetMs(zone: string): number {
  if (/^[A-Z]/i.test(zone)) return 0;
  const digits = zone.slice(1).replace(':', '');
  const minutes = Number(digits.slice(0, 2)) * 60 + Number(digits.slice(2));
  return (zone.startsWith('-') ? -1 : 1) * minutes * 60_000;
}
