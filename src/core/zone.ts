import { Temporal } from 'temporal-polyfill';

const HOUR_MS = 3_600_000;

/**
 * Hour and day edges of an account's IANA zone, as instants. Every bucket edge in Bidloop comes from here, so that a
 * half-hour zone, a 23-hour day and a 25-hour day mean the same in rollups, windows and reports.
 */

/** By zone and quarter hour (no zone's midnight falls inside one): callers ask again and again for the same few days. */
const dayCache = new Map<
  string,
  { readonly startMs: number; readonly endMs: number; readonly date: string }
>();

/** True for a zone name this machine's zone data knows. */
export function isTimeZone(name: string): boolean {
  try {
    Temporal.Instant.fromEpochMilliseconds(0).toZonedDateTimeISO(name);
    return true;
  } catch {
    return false;
  }
}

/**
 * The instant of a wall clock's reading in a zone, ms. A reading that the zone's clocks skip or repeat is taken as they
 * stood before the change.
 *
 * @param local ISO date and time without a zone, such as 2026-11-23T14:05:00.
 */
export function instantOf(local: string, zone: string): number {
  return Temporal.PlainDateTime.from(local).toZonedDateTime(zone).epochMilliseconds;
}

/** From one change of a zone's clocks to the next. */
interface Stretch {
  readonly fromMs: number;
  readonly toMs: number;
  readonly offsetMs: number;
}

/** By zone: ingest asks for the hour of every click and conversion, and their clocks change twice a year. */
const stretchCache = new Map<string, Stretch[]>();

function stretchAt(ms: number, zone: string): Stretch {
  let known = stretchCache.get(zone);
  if (!known) stretchCache.set(zone, (known = []));
  let stretch = known.find((s) => s.fromMs <= ms && ms < s.toMs);
  if (!stretch) {
    const zoned = Temporal.Instant.fromEpochMilliseconds(Math.floor(ms)).toZonedDateTimeISO(zone);
    // "previous" is before the instant; one that falls on it begins the stretch.
    const fromMs = zoned.add({ nanoseconds: 1 }).getTimeZoneTransition('previous')?.epochMilliseconds;
    const toMs = zoned.getTimeZoneTransition('next')?.epochMilliseconds;
    stretch = {
      fromMs: fromMs ?? -Infinity,
      toMs: toMs ?? Infinity,
      offsetMs: zoned.offsetNanoseconds / 1e6,
    };
    known.push(stretch);
  }
  return stretch;
}

/**
 * Start of the account-local hour that holds the instant. An hour in which the clocks change ends there and another begins,
 * so that hours follow one another without overlap where they change by half an hour too.
 */
export function hourStart(ms: number, zone: string): number {
  const { fromMs, offsetMs } = stretchAt(ms, zone);
  return Math.max(fromMs, Math.floor((ms + offsetMs) / HOUR_MS) * HOUR_MS - offsetMs);
}

/** Start of the account-local hour after the one that holds the instant. */
export function hourEnd(ms: number, zone: string): number {
  const { toMs, offsetMs } = stretchAt(ms, zone);
  return Math.min(toMs, (Math.floor((ms + offsetMs) / HOUR_MS) + 1) * HOUR_MS - offsetMs);
}

/** The account-local day that holds the instant: its first instant, the next day's first instant, and its date. */
export function dayOf(
  ms: number,
  zone: string,
): { readonly startMs: number; readonly endMs: number; readonly date: string } {
  const key = `${zone} ${Math.floor(ms / (HOUR_MS / 4))}`;
  const cached = dayCache.get(key);
  if (cached) return cached;
  const date = Temporal.Instant.fromEpochMilliseconds(Math.floor(ms)).toZonedDateTimeISO(zone).toPlainDate();
  const day = dayBounds(date.toString(), zone);
  if (dayCache.size > 20_000) dayCache.clear();
  dayCache.set(key, day);
  return day;
}

/** First instant of an account-local date ("2026-11-05") and of the next one. */
export function dayBounds(
  date: string,
  zone: string,
): { readonly startMs: number; readonly endMs: number; readonly date: string } {
  const plain = Temporal.PlainDate.from(date);
  return {
    startMs: plain.toZonedDateTime(zone).epochMilliseconds,
    endMs: plain.add({ days: 1 }).toZonedDateTime(zone).epochMilliseconds,
    date: plain.toString(),
  };
}

/** The date `days` after (or before, when negative) a date. */
export function addDays(date: string, days: number): string {
  return Temporal.PlainDate.from(date).add({ days }).toString();
}
