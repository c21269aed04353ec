import type { ObjectId } from '../../core/object.ts';

/** Sums of one object and all below it in some hours or days; numbers by position. */
export interface TrafficRow {
  readonly root: ObjectId;
  /** Days since the grid's first date, or minutes since its first hour. */
  readonly at: readonly number[];
  readonly spendMicros: readonly number[];
  readonly clicks: readonly number[];
}

export interface EventRow {
  readonly root: ObjectId;
  readonly event: string;
  readonly at: readonly number[];
  readonly conversions: readonly number[];
  readonly valueMicros: readonly number[];
  readonly unconverted: readonly number[];
}

/** Rows as they come from PostgreSQL: one of an object, its numbers in one text each. */
export interface Packed {
  readonly root: ObjectId;
  readonly at: string;
  readonly spend: string;
  readonly clicks: string;
  readonly spendBefore?: number | null;
  readonly clicksBefore?: number | null;
}

export interface PackedEvent {
  readonly root: ObjectId;
  readonly event: string;
  readonly at: string;
  readonly conversions: string;
  readonly value: string;
  readonly unconverted: string;
}

export function unpackTraffic(row: Packed): TrafficRow {
  return {
    root: row.root,
    at: numbers(row.at),
    spendMicros: numbers(row.spend),
    clicks: numbers(row.clicks),
  };
}

export function unpackEvent(row: PackedEvent): EventRow {
  return {
    root: row.root,
    event: row.event,
    at: numbers(row.at),
    conversions: numbers(row.conversions),
    valueMicros: numbers(row.value),
    unconverted: numbers(row.unconverted),
  };
}

/** How much each running total is more than the one before it. */
export function steps(totals: readonly number[], before: number): number[] {
  return totals.map((total, no) => total - (no === 0 ? before : (totals[no - 1] ?? 0)));
}

/** An array of whole numbers as PostgreSQL writes it. */
export function numbers(text: string): readonly number[] {
  return text.slice(1, -1).split(',').map(Number);
}
