import type { EventMetrics, WindowMetrics } from '../core/decision.ts';
import { MICROS_PER_UNIT } from '../core/money.ts';
import type { ObjectId } from '../core/object.ts';
import type { WindowBounds } from '../core/windows.ts';
import type { IdIndex } from './id-index.ts';
import { EVENTS, TRAFFIC } from './metrics-queries.ts';
import type { EventPair } from './metrics-scope.ts';

/** One sum that windows are put together from: whole numbers, so that differences of running totals stay exact. */
export interface Part {
  /** By column of {@link TRAFFIC}, then by object. */
  readonly traffic: readonly Float64Array[];
  /** By pair, then by column of {@link EVENTS}, then by object. */
  readonly events: readonly (readonly Float64Array[])[];
}

/** A part of a window: added, or taken away. */
export interface PartUse {
  readonly part: Part;
  readonly sign: 1 | -1;
}

export interface WindowColumns {
  readonly spelling: string;
  readonly bounds: WindowBounds;
  readonly parts: readonly PartUse[];
}

export function newPart(objects: number, pairs: number): Part {
  const columns = (of: readonly string[]) => of.map(() => new Float64Array(objects));
  return { traffic: columns(TRAFFIC), events: Array.from({ length: pairs }, () => columns(EVENTS)) };
}

/**
 * Sums of many objects in several windows, as columns: 56 bytes for each object and day edge, with one event, instead of an object
 * for each object and window. What a rule looks at is made when it is asked for.
 */
export class WindowTable {
  readonly ids: readonly ObjectId[];
  readonly spellings: readonly string[];
  readonly #index: IdIndex;
  readonly #windows: ReadonlyMap<string, WindowColumns>;
  /** Pairs that conversions are summed over, and the names they are found under: an event of one type has two. */
  readonly #sums: readonly { readonly pairs: readonly number[]; readonly names: readonly string[] }[];

  constructor(index: IdIndex, windows: readonly WindowColumns[], pairs: readonly EventPair[]) {
    this.ids = index.ids;
    this.spellings = windows.map((window) => window.spelling);
    this.#index = index;
    this.#windows = new Map(windows.map((window) => [window.spelling, window]));
    const names = new Map<string, number[]>();
    pairs.forEach(({ event, eventType }, no) => {
      for (const name of [event, `${event}/${eventType}`]) names.set(name, [...(names.get(name) ?? []), no]);
    });
    const sorted = [...names].sort(([a], [b]) => (a < b ? -1 : 1));
    this.#sums = [...Map.groupBy(sorted, ([, numbers]) => numbers.join()).values()].map((same) => ({
      pairs: same[0]?.[1] ?? [],
      names: same.map(([name]) => name),
    }));
  }

  get size(): number {
    return this.ids.length;
  }

  /** @returns one window of one object, money in major units; undefined where either was not asked for. */
  read(id: ObjectId, spelling: string): WindowMetrics | undefined {
    const at = this.#index.placeOf(id);
    const window = this.#windows.get(spelling);
    if (at === undefined || window === undefined) return undefined;
    const { parts, bounds } = window;
    const conversions: Record<string, EventMetrics> = {};
    for (const { pairs, names } of this.#sums) {
      const counted = sumOf(parts, pairs, 0, at);
      const value = sumOf(parts, pairs, 1, at);
      const unconverted = sumOf(parts, pairs, 2, at);
      if (counted === 0 && value === 0 && unconverted === 0) continue;
      const event = { conversions: counted, value: value / MICROS_PER_UNIT, unconverted };
      for (const name of names) conversions[name] = event;
    }
    return {
      bounds,
      spend: trafficOf(parts, 0, at) / MICROS_PER_UNIT,
      impressions: trafficOf(parts, 1, at),
      clicks: trafficOf(parts, 2, at),
      visits: trafficOf(parts, 3, at),
      conversions,
    };
  }

  /** Windows of one object by spelling; undefined where the object was not asked for. */
  get(
    id: ObjectId,
    spellings: readonly string[] = this.spellings,
  ): Record<string, WindowMetrics> | undefined {
    if (this.#index.placeOf(id) === undefined) return undefined;
    const windows: Record<string, WindowMetrics> = {};
    for (const spelling of spellings) {
      const window = this.read(id, spelling);
      if (window !== undefined) windows[spelling] = window;
    }
    return windows;
  }

  /** Spelling of the widest window that begins at an instant or later. */
  widestSince(sinceMs: number): string | undefined {
    let widest: WindowColumns | undefined;
    for (const window of this.#windows.values()) {
      if (window.bounds.fromMs < sinceMs) continue;
      if (widest === undefined || window.bounds.fromMs < widest.bounds.fromMs) widest = window;
    }
    return widest?.spelling;
  }

  keys(): readonly ObjectId[] {
    return this.ids;
  }

  *[Symbol.iterator](): IterableIterator<[ObjectId, Record<string, WindowMetrics>]> {
    for (const id of this.ids) yield [id, this.get(id) ?? {}];
  }
}

function trafficOf(parts: readonly PartUse[], column: number, at: number): number {
  let sum = 0;
  for (const { part, sign } of parts) sum += sign * (part.traffic[column]?.[at] ?? 0);
  return sum;
}

function sumOf(parts: readonly PartUse[], pairs: readonly number[], column: number, at: number): number {
  let sum = 0;
  for (const pair of pairs)
    for (const { part, sign } of parts) sum += sign * (part.events[pair]?.[column]?.[at] ?? 0);
  return sum;
}
