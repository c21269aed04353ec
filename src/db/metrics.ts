import type { Level, ObjectId } from '../core/object.ts';
import type { WindowBounds } from '../core/windows.ts';
import { addDays } from '../core/zone.ts';
import type { Db } from './connection.ts';
import { IdIndex } from './id-index.ts';
import { planWindows, type WindowPlan } from './metrics-plan.ts';
import {
  denseEvents,
  denseTraffic,
  EVENTS,
  eventsByHour,
  sparseEvents,
  sparseTraffic,
  TRAFFIC,
  trafficByHour,
} from './metrics-queries.ts';
import { type EventPair, listPairs, listTargets, type Scope } from './metrics-scope.ts';
import { DENSE_DAYS } from './running-totals.ts';
import { newPart, type Part, type PartUse, WindowTable } from './window-table.ts';

const DAY_MS = 86_400_000;

export interface WindowRequest {
  /** The window as the rule spells it; the key of the result. */
  readonly spelling: string;
  readonly bounds: WindowBounds;
}

export interface WindowMetricsInput extends Scope {
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
 * @param db not a transaction: it takes two connections.
 * @returns columns of sums; money comes out of them in major units of the account's currency.
 */
export async function loadWindowMetrics(db: Db, input: WindowMetricsInput): Promise<WindowTable> {
  const [ids, pairs, denseTo] = await Promise.all([
    listTargets(db, input),
    listPairs(db, input),
    loadDenseTo(db, input.accountId),
  ]);
  const index = new IdIndex(ids);
  const parts = new Map<string, PartUse[]>(input.windows.map(({ spelling }) => [spelling, []]));
  if (ids.length > 0) {
    const whole = (windows: readonly WindowRequest[]) => planWindows(windows, input.asOfMs, input.zone);
    const isDense = (window: WindowRequest) => {
      const { edges, differencesOnly } = whole([window]);
      return (
        denseTo !== null &&
        differencesOnly &&
        edges.every((day) => day <= denseTo && day >= addDays(denseTo, -DENSE_DAYS))
      );
    };
    const { dense = [], sparse = [] } = Object.groupBy(input.windows, (window) =>
      isDense(window) ? 'dense' : 'sparse',
    );
    const loader = new Loader(db, input, index, pairs);
    for (const [windows, isNear] of [
      [dense, true],
      [sparse, false],
    ] as const) {
      const plan = whole(windows);
      const found = await loader.load(plan, isNear);
      plan.edgeTerms.forEach((terms, no) => share(parts, terms, found.edges[no]));
      plan.spanTerms.forEach((terms, no) => share(parts, terms, found.spans[no]));
    }
  }
  return new WindowTable(
    index,
    input.windows.map(({ spelling, bounds }) => ({ spelling, bounds, parts: parts.get(spelling) ?? [] })),
    pairs,
  );
}

async function loadDenseTo(db: Db, accountId: string): Promise<string | null> {
  const account = await db
    .selectFrom('ad_account')
    .select('totals_dense_to')
    .where('id', '=', accountId)
    .executeTakeFirst();
  return account?.totals_dense_to ?? null;
}

function share(
  parts: ReadonlyMap<string, PartUse[]>,
  terms: readonly { readonly spelling: string; readonly sign: 1 | -1 }[],
  part: Part | undefined,
): void {
  if (part === undefined) return;
  for (const { spelling, sign } of terms) parts.get(spelling)?.push({ part, sign });
}

/** Fills the parts of a plan for one set of objects. */
class Loader {
  readonly #db: Db;
  readonly #scope: Scope;
  readonly #index: IdIndex;
  readonly #pairs: readonly EventPair[];

  constructor(db: Db, scope: Scope, index: IdIndex, pairs: readonly EventPair[]) {
    this.#db = db;
    this.#scope = scope;
    this.#index = index;
    this.#pairs = pairs;
  }

  async load(
    plan: WindowPlan,
    dense: boolean,
  ): Promise<{ readonly edges: readonly Part[]; readonly spans: readonly Part[] }> {
    const fresh = () => newPart(this.#index.ids.length, this.#pairs.length);
    const edges = plan.edges.map(fresh);
    const spans = plan.spans.map(fresh);
    const days = plan.edges
      .map((day, no) => ({ day, part: edges[no] }))
      .sort((a, b) => (a.day < b.day ? -1 : 1));
    const withEvents = this.#pairs.length > 0;
    // Two at a time: neither needs the other, and each is long when an account is large.
    await Promise.all([
      (async () => {
        if (days.length > 0) await this.#traffic(days, plan, dense);
        if (spans.length > 0)
          await trafficByHour(this.#db, this.#scope, plan.spans, (row) =>
            this.#add(row, 2, spans[row[1] ?? -1]?.traffic),
          );
      })(),
      (async () => {
        if (days.length > 0 && withEvents) await this.#events(days, plan, dense);
        if (spans.length > 0 && withEvents)
          await eventsByHour(this.#db, this.#scope, plan.spans, this.#pairs, (row) =>
            this.#add(row, 3, spans[row[1] ?? -1]?.events[row[2] ?? -1]),
          );
      })(),
    ]);
    return { edges, spans };
  }

  async #traffic(days: readonly Day[], plan: WindowPlan, dense: boolean): Promise<void> {
    const dates = days.map(({ day }) => day);
    if (!dense) {
      await sparseTraffic(this.#db, this.#scope, dates, plan.differencesOnly, (row) =>
        days.forEach(({ part }, no) => this.#add(row, 1 + no * TRAFFIC.length, part?.traffic)),
      );
      return;
    }
    const { parts, newest } = byOffset(days);
    const changed = this.#mask();
    await denseTraffic(this.#db, this.#scope, dates, (row) => {
      const at = this.#add(row, 2, parts[row[1] ?? -1]?.traffic);
      if (row[1] === newest && at !== undefined) changed[at] = 1;
    });
    if (this.#scope.level === 'ad')
      clear(
        changed,
        days.map(({ part }) => part?.traffic ?? []),
      );
  }

  async #events(days: readonly Day[], plan: WindowPlan, dense: boolean): Promise<void> {
    const dates = days.map(({ day }) => day);
    if (!dense) {
      await sparseEvents(this.#db, this.#scope, dates, plan.differencesOnly, this.#pairs, (row) =>
        days.forEach(({ part }, no) => this.#add(row, 2 + no * EVENTS.length, part?.events[row[1] ?? -1])),
      );
      return;
    }
    const { parts, newest } = byOffset(days);
    const changed = this.#pairs.map(() => this.#mask());
    await denseEvents(this.#db, this.#scope, dates, this.#pairs, (row) => {
      const pair = row[2] ?? -1;
      const at = this.#add(row, 3, parts[row[1] ?? -1]?.events[pair]);
      const mask = changed[pair];
      if (row[1] === newest && at !== undefined && mask !== undefined) mask[at] = 1;
    });
    if (this.#scope.level !== 'ad') return;
    changed.forEach((mask, pair) =>
      clear(
        mask,
        days.map(({ part }) => part?.events[pair] ?? []),
      ),
    );
  }

  /** Adds a row's sums, from column `first` on, to its object's place. @returns the place; undefined for others' rows. */
  #add(row: Float64Array, first: number, to: readonly Float64Array[] | undefined): number | undefined {
    const at = this.#index.placeOf(row[0] ?? -1);
    if (at === undefined || to === undefined) return undefined;
    for (let column = 0; column < to.length; column += 1) {
      const sums = to[column];
      if (sums !== undefined) sums[at] = (sums[at] ?? 0) + (row[first + column] ?? 0);
    }
    return at;
  }

  #mask(): Uint8Array {
    return new Uint8Array(this.#index.ids.length);
  }
}

interface Day {
  readonly day: string;
  readonly part: Part | undefined;
}

/** Parts by number of days since the first. */
function byOffset(days: readonly Day[]): {
  readonly parts: readonly (Part | undefined)[];
  readonly newest: number;
} {
  const parts: (Part | undefined)[] = [];
  const firstMs = Date.parse(days[0]?.day ?? '');
  for (const { day, part } of days) parts[Math.round((Date.parse(day) - firstMs) / DAY_MS)] = part;
  return { parts, newest: parts.length - 1 };
}

/** What has no row on the newest day has not changed since the others: its differences are zero. */
function clear(changed: Uint8Array, parts: readonly (readonly Float64Array[])[]): void {
  for (let at = 0; at < changed.length; at += 1) {
    if (changed[at] === 1) continue;
    for (const part of parts) for (const column of part) column[at] = 0;
  }
}
