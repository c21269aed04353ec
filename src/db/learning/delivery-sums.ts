import type { Delivery, EventDelivery } from '../../core/delivery.ts';
import { MICROS_PER_UNIT } from '../../core/money.ts';
import { bucketOf, type Grid, type TestStart, withoutEmptyWeeks } from './buckets.ts';

/** Sums of one object on a grid, in whole numbers until the last step. */
export class Sums {
  readonly #spendMicros: Float64Array;
  readonly #clicks: Float64Array;
  readonly #events = new Map<string, EventSums>();

  /** @param buckets of the grid. */
  constructor(buckets: number) {
    this.#spendMicros = new Float64Array(buckets);
    this.#clicks = new Float64Array(buckets);
  }

  addTraffic(bucket: number, spendMicros: number, clicks: number): void {
    add(this.#spendMicros, bucket, spendMicros);
    add(this.#clicks, bucket, clicks);
  }

  event(name: string): EventSums {
    let sums = this.#events.get(name);
    if (!sums) this.#events.set(name, (sums = new EventSums(this.#clicks.length)));
    return sums;
  }

  /** Forgets what is in a bucket. */
  clear(bucket: number): void {
    this.#spendMicros[bucket] = 0;
    this.#clicks[bucket] = 0;
    for (const event of this.#events.values()) event.clear(bucket);
  }

  /** From the bucket that holds the start on, in major units; whole empty weeks at the beginning are left out. */
  cut(start: TestStart, grid: Grid, zone: string, caps: ReadonlyMap<string, number> | undefined): Delivery {
    const { startMs } = start;
    const first = this.#firstFact(bucketOf(grid, startMs));
    if (first === null) return { fromMs: [], toMs: grid.toMs, spend: [], clicks: [], events: {} };
    const firstFactMs = Math.max(startMs, grid.fromMs[first] ?? startMs);
    const { startMs: fromMs, weeksCut } = withoutEmptyWeeks(start, firstFactMs, zone);
    const from = bucketOf(grid, fromMs);
    const events: Record<string, EventDelivery> = {};
    for (const [name, sums] of [...this.#events].toSorted(([a], [b]) => (a < b ? -1 : 1))) {
      const cut = sums.cut(from, caps?.has(name) ?? false);
      if (cut !== null) events[name] = cut;
    }
    return {
      fromMs: [fromMs, ...grid.fromMs.slice(from + 1)],
      ...(weeksCut === 0 ? {} : { weeksBefore: weeksCut }),
      toMs: grid.toMs,
      spend: major(this.#spendMicros.subarray(from)),
      clicks: Array.from(this.#clicks.subarray(from)),
      events,
    };
  }

  #firstFact(from: number): number | null {
    for (let bucket = from; bucket < this.#clicks.length; bucket += 1) {
      if (this.#spendMicros[bucket] !== 0 || this.#clicks[bucket] !== 0) return bucket;
      for (const event of this.#events.values()) if (event.isIn(bucket)) return bucket;
    }
    return null;
  }
}

/** Sums of one event. */
export class EventSums {
  readonly #conversions: Float64Array;
  readonly #valueMicros: Float64Array;
  readonly #unconverted: Float64Array;
  readonly #beyondCapMicros: Float64Array;

  constructor(buckets: number) {
    this.#conversions = new Float64Array(buckets);
    this.#valueMicros = new Float64Array(buckets);
    this.#unconverted = new Float64Array(buckets);
    this.#beyondCapMicros = new Float64Array(buckets);
  }

  add(bucket: number, conversions: number, valueMicros: number, unconverted: number): void {
    add(this.#conversions, bucket, conversions);
    add(this.#valueMicros, bucket, valueMicros);
    add(this.#unconverted, bucket, unconverted);
  }

  /** What an order in this bucket was worth more than the cap. */
  addBeyondCap(bucket: number, micros: number): void {
    add(this.#beyondCapMicros, bucket, micros);
  }

  clear(bucket: number): void {
    for (const column of [this.#conversions, this.#valueMicros, this.#unconverted, this.#beyondCapMicros])
      column[bucket] = 0;
  }

  isIn(bucket: number): boolean {
    return this.#conversions[bucket] !== 0 || this.#valueMicros[bucket] !== 0;
  }

  /** Null when nothing came of it since. */
  cut(from: number, isCapped: boolean): EventDelivery | null {
    const conversions = this.#conversions.subarray(from);
    const valueMicros = this.#valueMicros.subarray(from);
    if (conversions.every((count) => count === 0) && valueMicros.every((micros) => micros === 0)) return null;
    const unconverted = this.#unconverted.subarray(from).reduce((sum, count) => sum + count, 0);
    return {
      conversions: Array.from(conversions),
      value: major(valueMicros),
      ...(isCapped
        ? {
            cappedValue: major(
              valueMicros.map((micros, no) => micros - (this.#beyondCapMicros[from + no] ?? 0)),
            ),
          }
        : {}),
      ...(unconverted === 0 ? {} : { unconverted }),
    };
  }
}

/** Facts before the grid are not of this question. */
function add(column: Float64Array, bucket: number, amount: number): void {
  const sum = column[bucket];
  if (sum !== undefined) column[bucket] = sum + amount;
}

function major(micros: Float64Array): number[] {
  return Array.from(micros, (amount) => amount / MICROS_PER_UNIT);
}
