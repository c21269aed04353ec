import { addDays, dayBounds, dayOf, hourEnd, hourStart } from '../../core/zone.ts';

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;
const WEEK_MS = 7 * DAY_MS;

/** Near now, hours: no fewer than these. Whole days before them. */
const LEAST_HOURS = 72;
/** What lies farther back says little about an object as it is, and a test restarts every week anyway. */
export const LONGEST_TEST_MS = 120 * DAY_MS;

/**
 * The edges that all objects of one question share: account-local days, then the hours of the last days up to `toMs`. No
 * edge cuts an hour of the rollups; a day has as many hours as its zone gives it.
 */
export interface Grid {
  /** Starts of the buckets, ascending: `days` of them days, then hours. */
  readonly fromMs: readonly number[];
  readonly days: number;
  /** Dates of the days, and of the first day that is kept in hours. */
  readonly dates: readonly string[];
  readonly hoursFromMs: number;
  readonly toMs: number;
}

/** The last few grids: pass after pass asks for the same one, until the next report. */
const grids = new Map<string, Grid>();
const MOST_GRIDS = 50;

/** @param toMs the evidence's `asOf`: the start of an hour of the account's zone. */
export function bucketGrid(toMs: number, zone: string): Grid {
  const key = `${zone} ${toMs}`;
  let grid = grids.get(key);
  if (!grid) {
    if (grids.size >= MOST_GRIDS) grids.clear();
    grids.set(key, (grid = makeGrid(toMs, zone)));
  }
  return grid;
}

function makeGrid(toMs: number, zone: string): Grid {
  const firstHours = dayOf(toMs - LEAST_HOURS * HOUR_MS, zone);
  const fromMs: number[] = [];
  const dates: string[] = [];
  let { date } = dayOf(toMs - LONGEST_TEST_MS, zone);
  for (; date < firstHours.date; date = addDays(date, 1)) {
    dates.push(date);
    fromMs.push(dayBounds(date, zone).startMs);
  }
  const days = dates.length;
  dates.push(firstHours.date);
  fromMs.push(...hourStarts(firstHours.startMs, toMs, zone));
  return { fromMs, days, dates, hoursFromMs: firstHours.startMs, toMs };
}

/** Starts of the account's hours from one of them up to `toMs`. */
export function hourStarts(fromMs: number, toMs: number, zone: string): readonly number[] {
  const starts: number[] = [];
  for (let atMs = fromMs; atMs < toMs; atMs = hourEnd(atMs, zone)) starts.push(atMs);
  return starts;
}

/** Number of the bucket that holds an instant; −1 before the first, and past the last one the last one. */
export function bucketOf(grid: Grid, atMs: number): number {
  let low = -1;
  let high = grid.fromMs.length;
  while (high - low > 1) {
    const middle = (low + high) >> 1;
    if ((grid.fromMs[middle] ?? Infinity) <= atMs) low = middle;
    else high = middle;
  }
  return low;
}

/**
 * Where an object's test begins on the grid. A test that would be longer than the grid is cut by whole weeks, and so
 * that its weekly restarts stay where they are.
 *
 * @param sinceMs what is known of it begins here.
 * @returns an instant at the start of an hour, and how many weeks were cut; `grid.toMs` when nothing of it lies before.
 */
export function testStart(grid: Grid, sinceMs: number, zone: string): TestStart {
  const firstMs = grid.fromMs[0] ?? grid.toMs;
  const ceiled = hourCeiling(sinceMs, zone);
  if (ceiled >= grid.toMs) return { startMs: grid.toMs, weeksCut: 0 };
  const weeksCut = Math.max(0, Math.ceil((firstMs - ceiled) / WEEK_MS));
  return { startMs: Math.max(firstMs, hourStart(ceiled + weeksCut * WEEK_MS, zone)), weeksCut };
}

/** Where a test begins on the grid, and how many of its weeks lie before. */
export interface TestStart {
  readonly startMs: number;
  readonly weeksCut: number;
}

/**
 * The same for an object whose first fact came later: on by whole weeks, empty ones left out. They count as cut only where
 * others were: what came before those may have been facts.
 */
export function withoutEmptyWeeks(start: TestStart, firstFactMs: number, zone: string): TestStart {
  const { startMs, weeksCut } = start;
  const weeks = Math.floor((firstFactMs - startMs) / WEEK_MS);
  if (weeks <= 0) return start;
  return {
    startMs: hourStart(startMs + weeks * WEEK_MS, zone),
    weeksCut: weeksCut === 0 ? 0 : weeksCut + weeks,
  };
}

/** The instant itself when an hour begins there, else the start of the next hour. */
export function hourCeiling(ms: number, zone: string): number {
  return hourStart(ms, zone) === ms ? ms : hourEnd(ms, zone);
}
