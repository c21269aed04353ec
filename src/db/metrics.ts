import { MICROS_PER_UNIT } from '../core/money.ts';
import type { EventMetrics, WindowMetrics } from '../core/decision.ts';
import type { Level, ObjectId } from '../core/object.ts';
import type { WindowBounds } from '../core/windows.ts';
import type { Db } from './connection.ts';
import { type Term, planWindows } from './metrics-plan.ts';
import {
  type EventSum,
  type TrafficSum,
  eventsByDay,
  eventsByHour,
  listTargets,
  trafficByDay,
  trafficByHour,
} from './metrics-queries.ts';

export interface WindowRequest {
  /** The window as the rule spells it; the key of the result. */
  readonly spelling: string;
  readonly bounds: WindowBounds;
}

export interface WindowMetricsInput {
  readonly accountId: string;
  /** The account's IANA zone. */
  readonly zone: string;
  readonly level: Level;
  /** Only these objects of the level. Without this and `campaignIds`: all of the account's. */
  readonly objectIds?: readonly ObjectId[];
  /** Only the objects in these campaigns. A creative is in a campaign that has an ad with it, and is judged whole. */
  readonly campaignIds?: readonly ObjectId[];
  readonly windows: readonly WindowRequest[];
  /** End of the newest hour whose spend is known; nothing at or after it is counted. */
  readonly asOfMs: number;
  /** Only these events; every event when absent. */
  readonly events?: readonly string[];
}

/**
 * Sums of every asked object in every asked window: of the object itself and everything below it; a creative over the
 * ads that show it. An object without any fact is in the result, with zeros.
 *
 * Windows whose edges are day edges (or `asOf`) are the difference of two rows of running totals, less the hours from
 * `asOf` to the end of that day; all others are sums of hours. A conversion is in the window its click is in.
 *
 * @returns by object id, then by window spelling; money in major units of the account's currency.
 */
export async function loadWindowMetrics(
  db: Db,
  input: WindowMetricsInput,
): Promise<Map<ObjectId, Record<string, WindowMetrics>>> {
  const plan = planWindows(input.windows, input.asOfMs, input.zone);
  const sums = new Map<ObjectId, Map<string, Sums>>();
  for (const id of await listTargets(db, input)) {
    sums.set(id, new Map(input.windows.map(({ spelling }) => [spelling, emptySums()])));
  }
  if (sums.size > 0) {
    const each = (
      root: ObjectId,
      terms: readonly Term[] | undefined,
      use: (to: Sums, sign: number) => void,
    ): void => {
      for (const { spelling, sign } of terms ?? []) {
        const to = sums.get(root)?.get(spelling);
        if (to) use(to, sign);
      }
    };
    const traffic = (terms: readonly (readonly Term[])[]) => (row: TrafficSum) =>
      each(row.root, terms[row.no], (to, sign) => addTraffic(to, row, sign));
    const events = (terms: readonly (readonly Term[])[]) => (row: EventSum) =>
      each(row.root, terms[row.no], (to, sign) => addEvent(to, row, sign));
    const { edges, edgeTerms, spans, spanTerms } = plan;
    const wanted = { days: edges, differencesOnly: plan.differencesOnly };
    // Two at a time: neither needs the other, and each is long when an account is large.
    await Promise.all([
      (async () => {
        if (edges.length > 0) await trafficByDay(db, input, wanted, traffic(edgeTerms));
        if (spans.length > 0) (await trafficByHour(db, input, spans)).forEach(traffic(spanTerms));
      })(),
      (async () => {
        if (edges.length > 0) await eventsByDay(db, input, wanted, events(edgeTerms));
        if (spans.length > 0) (await eventsByHour(db, input, spans)).forEach(events(spanTerms));
      })(),
    ]);
  }
  const result = new Map<ObjectId, Record<string, WindowMetrics>>();
  for (const [id, byWindow] of sums) {
    const windows: Record<string, WindowMetrics> = {};
    for (const { spelling, bounds } of input.windows) {
      windows[spelling] = toMetrics(byWindow.get(spelling) ?? emptySums(), bounds);
    }
    result.set(id, windows);
  }
  return result;
}

/** Whole numbers until the last step: differences of running totals stay exact. */
interface Sums {
  spendMicros: number;
  impressions: number;
  clicks: number;
  visits: number;
  /** Null until there is one: most objects have none. */
  events: Map<string, { conversions: number; valueMicros: number; unconverted: number }> | null;
}

function emptySums(): Sums {
  return { spendMicros: 0, impressions: 0, clicks: 0, visits: 0, events: null };
}

function addTraffic(to: Sums, row: TrafficSum, sign: number): void {
  to.spendMicros += sign * row.spend_micros;
  to.impressions += sign * row.impressions;
  to.clicks += sign * row.clicks;
  to.visits += sign * row.visits;
}

function addEvent(to: Sums, row: EventSum, sign: number): void {
  if (row.conversions === 0 && row.value_micros === 0 && row.unconverted === 0) return;
  to.events ??= new Map();
  for (const key of [row.event, `${row.event}/${row.event_type}`]) {
    let event = to.events.get(key);
    if (!event) to.events.set(key, (event = { conversions: 0, valueMicros: 0, unconverted: 0 }));
    event.conversions += sign * row.conversions;
    event.valueMicros += sign * row.value_micros;
    event.unconverted += sign * row.unconverted;
  }
}

function toMetrics(sums: Sums, bounds: WindowBounds): WindowMetrics {
  const conversions: Record<string, EventMetrics> = {};
  for (const [key, event] of [...(sums.events ?? [])].sort(([a], [b]) => (a < b ? -1 : 1))) {
    if (event.conversions === 0 && event.valueMicros === 0 && event.unconverted === 0) continue;
    conversions[key] = {
      conversions: event.conversions,
      value: event.valueMicros / MICROS_PER_UNIT,
      unconverted: event.unconverted,
    };
  }
  return {
    bounds,
    spend: sums.spendMicros / MICROS_PER_UNIT,
    impressions: sums.impressions,
    clicks: sums.clicks,
    visits: sums.visits,
    conversions,
  };
}
