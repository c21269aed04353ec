import type { Delivery } from '../../core/delivery.ts';
import type { Level, ObjectId } from '../../core/object.ts';
import { dayOf } from '../../core/zone.ts';
import type { Db } from '../connection.ts';
import { bucketGrid, bucketOf, type Grid, hourCeiling, type TestStart, testStart } from './buckets.ts';
import {
  beyondCap,
  eventsOfDays,
  eventsOfHours,
  ofStretches,
  type Roots,
  type Stretch,
  trafficOfDays,
  trafficOfHours,
} from './delivery-queries.ts';
import { Sums } from './delivery-sums.ts';
import { type Excluded, inWholeHours } from './outages.ts';
import { lastResumes } from './test-start.ts';

const MINUTE_MS = 60_000;
/** Objects per set of queries: enough to be set-based, few enough that an account of any size is never held at once. */
const OBJECTS_AT_ONCE = 5_000;

export interface DeliveryInput {
  readonly accountId: string;
  /** The account's IANA zone. */
  readonly zone: string;
  readonly level: Level;
  readonly objects: readonly { readonly id: ObjectId; readonly createdAtMs: number }[];
  /** End of the newest hour whose spend is known. */
  readonly asOfMs: number;
  /** Our clicks and conversions are complete from here on; null while there are none: nothing may be judged. */
  readonly trackingSinceMs: number | null;
  /** By name; every event when absent. */
  readonly events?: readonly string[];
  /** By event: micros above which an order counts no further. */
  readonly capsMicros?: ReadonlyMap<string, number>;
  readonly excluded?: readonly Excluded[];
}

/**
 * What each object was given since its test began, and what came of it, by the time of the click: hours for the last three
 * days and more, account-local days before them. The sums are those of the facts as they stand now, of the object and
 * everything below it; a creative's are those of the ads that show it.
 *
 * A test begins when the object was first seen, when tracking began, or when anybody last resumed the object, whichever is
 * latest; one of more than 120 days is cut by whole weeks, and weeks before the first fact are left out, so that its
 * weekly restarts stay where they are. `fromMs[0]` is that beginning, `weeksBefore` what was cut. Money in major units.
 *
 * @param use called once for each object, in order of the input; the arrays of an object without facts are empty.
 */
export async function streamDelivery(
  db: Db,
  input: DeliveryInput,
  use: (id: ObjectId, delivery: Delivery) => void,
): Promise<void> {
  const grid = bucketGrid(input.asOfMs, input.zone);
  for (let from = 0; from < input.objects.length; from += OBJECTS_AT_ONCE) {
    const objects = input.objects.slice(from, from + OBJECTS_AT_ONCE);
    const found = await loadSome(db, { ...input, objects }, grid);
    for (const { id } of objects) use(id, found.get(id) ?? nothing(input.asOfMs));
  }
}

/** {@link streamDelivery} as a map by object id. */
export async function loadDelivery(db: Db, input: DeliveryInput): Promise<Map<ObjectId, Delivery>> {
  const found = new Map<ObjectId, Delivery>();
  await streamDelivery(db, input, (id, delivery) => found.set(id, delivery));
  return found;
}

function nothing(toMs: number): Delivery {
  return { fromMs: [], toMs, spend: [], clicks: [], events: {} };
}

async function loadSome(db: Db, input: DeliveryInput, grid: Grid): Promise<ReadonlyMap<ObjectId, Delivery>> {
  const starts = await startsOf(db, input, grid);
  const ids = [...starts.keys()];
  if (ids.length === 0) return new Map();
  const startsMs = ids.map((id) => starts.get(id)?.startMs ?? grid.toMs);
  const roots: Roots = {
    level: input.level,
    ids,
    startsMs,
    wholeFrom: startsMs.map((ms) => firstWholeDay(ms, input.zone)),
    events: input.events ?? null,
  };
  const hidden = inWholeHours(input.excluded ?? [], input.zone);
  const stretches = [
    ...heads(ids, startsMs, grid, input.zone),
    ...gaps(ids, startsMs, grid, { hidden, zone: input.zone }),
  ];
  // Two at a time, as with windows: traffic beside events.
  const [traffic, events, partly, beyond] = await Promise.all([
    (async () => [await trafficOfDays(db, roots, grid), await trafficOfHours(db, roots, grid)] as const)(),
    (async () => [await eventsOfDays(db, roots, grid), await eventsOfHours(db, roots, grid)] as const)(),
    ofStretches(db, roots, stretches),
    beyondCap(db, roots, grid, input.capsMicros ?? new Map()),
  ]);

  const sums = new Map(ids.map((id) => [id, new Sums(grid.fromMs.length)]));
  const hourBucket = (minutes: number) => bucketOf(grid, grid.hoursFromMs + minutes * MINUTE_MS);
  traffic.forEach((rows, ofHours) => {
    for (const row of rows) {
      const sum = sums.get(row.root);
      row.at.forEach((at, no) => {
        const bucket = ofHours === 1 ? hourBucket(at) : at;
        sum?.addTraffic(bucket, row.spendMicros[no] ?? 0, row.clicks[no] ?? 0);
      });
    }
  });
  events.forEach((rows, ofHours) => {
    for (const row of rows) {
      const event = sums.get(row.root)?.event(row.event);
      row.at.forEach((at, no) => {
        const bucket = ofHours === 1 ? hourBucket(at) : at;
        event?.add(bucket, row.conversions[no] ?? 0, row.valueMicros[no] ?? 0, row.unconverted[no] ?? 0);
      });
    }
  });
  for (const row of partly.traffic) sums.get(row.root)?.addTraffic(row.bucket, row.spendMicros, row.clicks);
  for (const row of partly.events)
    sums.get(row.root)?.event(row.event).add(row.bucket, row.conversions, row.valueMicros, row.unconverted);
  for (const row of beyond) {
    const atMs = row.at.getTime();
    if (isWithin(atMs, hidden)) continue;
    sums.get(row.root)?.event(row.event).addBeyondCap(bucketOf(grid, atMs), row.micros);
  }
  const hiddenBuckets = hiddenHours(grid, hidden);
  const result = new Map<ObjectId, Delivery>();
  for (const [id, sum] of sums) {
    for (const bucket of hiddenBuckets) sum.clear(bucket);
    const start = starts.get(id) ?? { startMs: grid.toMs, weeksCut: 0 };
    result.set(id, sum.cut(start, grid, input.zone, input.capsMicros));
  }
  return result;
}

/** Where the test of each object begins; objects of which nothing may be judged yet are left out. */
async function startsOf(db: Db, input: DeliveryInput, grid: Grid): Promise<ReadonlyMap<ObjectId, TestStart>> {
  if (input.trackingSinceMs === null) return new Map();
  const trackingMs = hourCeiling(input.trackingSinceMs, input.zone);
  const resumes = await lastResumes(
    db,
    input.objects.map((object) => object.id),
  );
  const starts = new Map<ObjectId, TestStart>();
  for (const { id, createdAtMs } of input.objects) {
    const resumedMs = resumes.get(id);
    const sinceMs = Math.max(
      // Nothing was delivered before it was made: its first day is whole.
      dayOf(createdAtMs, input.zone).startMs,
      trackingMs,
      resumedMs === undefined ? -Infinity : hourCeiling(resumedMs, input.zone),
    );
    const start = testStart(grid, sinceMs, input.zone);
    if (start.startMs < grid.toMs) starts.set(id, start);
  }
  return starts;
}

function firstWholeDay(startMs: number, zone: string): string {
  const day = dayOf(startMs, zone);
  return day.startMs === startMs ? day.date : dayOf(day.endMs, zone).date;
}

/** The rest of the day in which a test begins, where that day is no longer kept in hours. */
function heads(
  ids: readonly ObjectId[],
  startsMs: readonly number[],
  grid: Grid,
  zone: string,
): readonly Stretch[] {
  return ids.flatMap((root, no) => {
    const fromMs = startsMs[no] ?? grid.toMs;
    const day = dayOf(fromMs, zone);
    if (fromMs >= grid.hoursFromMs || fromMs === day.startMs) return [];
    return [{ root, bucket: bucketOf(grid, fromMs), sign: 1, fromMs, toMs: day.endMs }];
  });
}

/** Hours of outages that lie in whole days: taken out of them. */
function gaps(
  ids: readonly ObjectId[],
  startsMs: readonly number[],
  grid: Grid,
  of: { readonly hidden: readonly Excluded[]; readonly zone: string },
): readonly Stretch[] {
  const stretches: Stretch[] = [];
  for (const { fromMs, toMs } of of.hidden) {
    for (let atMs = Math.max(fromMs, grid.fromMs[0] ?? grid.toMs); atMs < Math.min(toMs, grid.hoursFromMs);) {
      const day = dayOf(atMs, of.zone);
      const untilMs = Math.min(day.endMs, toMs);
      const bucket = bucketOf(grid, atMs);
      const gapFromMs = atMs;
      ids.forEach((root, no) => {
        const sinceMs = Math.max(gapFromMs, startsMs[no] ?? 0);
        if (sinceMs < untilMs) stretches.push({ root, bucket, sign: -1, fromMs: sinceMs, toMs: untilMs });
      });
      atMs = untilMs;
    }
  }
  return stretches;
}

function isWithin(atMs: number, hidden: readonly Excluded[]): boolean {
  return hidden.some(({ fromMs, toMs }) => atMs >= fromMs && atMs < toMs);
}

/** Buckets of single hours that an outage lies in. */
function hiddenHours(grid: Grid, hidden: readonly Excluded[]): readonly number[] {
  return grid.fromMs.flatMap((ms, bucket) => (bucket >= grid.days && isWithin(ms, hidden) ? [bucket] : []));
}
