import { addDays, dayBounds, dayOf, hourStart } from './zone.ts';

const HOUR_MS = 3_600_000;

/** Half-open stretch of time [fromMs, toMs), in ms since the epoch; edges are hour edges of the account's zone. */
export interface WindowBounds {
  readonly fromMs: number;
  readonly toMs: number;
}

/** A window as rules spell it, read once. */
export type WindowSpec =
  | { readonly kind: 'hours'; readonly hours: number }
  /** `offset` 0 counts today in; 1 ends with yesterday. */
  | { readonly kind: 'days'; readonly days: number; readonly offset: number }
  | { readonly kind: 'lifetime' };

/** Hour windows reach back at most this far: hours beyond it exist only as days. */
export const MAX_HOURS = 72;
export const MAX_DAYS = 365;

const PATTERN = /^(\d{1,3})(h|d)( before today)?$/;

/**
 * Reads a window's spelling.
 *
 * - `3h`: the three newest closed hours
 * - `today`, `yesterday`
 * - `7d`: today and the six days before
 * - `7d before today`: the seven whole days before today
 * - `lifetime`
 *
 * @returns the window, or a sentence that says what is wrong and what would be right.
 */
export function readWindow(spelling: string): WindowSpec | { readonly problem: string } {
  if (spelling === 'today') return { kind: 'days', days: 1, offset: 0 };
  if (spelling === 'yesterday') return { kind: 'days', days: 1, offset: 1 };
  if (spelling === 'lifetime') return { kind: 'lifetime' };
  const match = PATTERN.exec(spelling);
  if (!match) {
    return {
      problem: `"${spelling}" is not a window; write "3h", "today", "yesterday", "7d", "7d before today" or "lifetime"`,
    };
  }
  const count = Number(match[1]);
  if (match[2] === 'h') {
    if (match[3]) return { problem: `"${spelling}": hours cannot leave today out; write "${count}h"` };
    if (count < 1 || count > MAX_HOURS) {
      return {
        problem: `"${spelling}": hour windows reach from 1h to ${MAX_HOURS}h; use days beyond that ("${Math.ceil(count / 24)}d")`,
      };
    }
    return { kind: 'hours', hours: count };
  }
  if (count < 1 || count > MAX_DAYS)
    return { problem: `"${spelling}": day windows reach from 1d to ${MAX_DAYS}d, or "lifetime"` };
  return { kind: 'days', days: count, offset: match[3] ? 1 : 0 };
}

/**
 * The window's edges. Every window ends at `asOfMs`, the end of the newest hour whose spend the network has reported,
 * or earlier where it leaves today out; no window cuts an hour.
 *
 * "Today" is the account-local day that holds the last reported hour, so that at 00:20 with spend reported to midnight
 * "today" is still the day that has facts.
 */
export function windowBounds(window: WindowSpec, asOfMs: number, zone: string): WindowBounds {
  switch (window.kind) {
    case 'lifetime':
      return { fromMs: 0, toMs: asOfMs };
    case 'hours':
      // Where clocks were moved by half an hour in between, the first hour is counted whole.
      return { fromMs: hourStart(asOfMs - window.hours * HOUR_MS, zone), toMs: asOfMs };
    case 'days': {
      const today = dayOf(asOfMs - 1, zone);
      const first = addDays(today.date, -(window.offset + window.days - 1));
      return {
        fromMs: dayBounds(first, zone).startMs,
        toMs: window.offset === 0 ? asOfMs : today.startMs,
      };
    }
  }
}
