import { sql } from 'kysely';
import { CLUSTERING_DAYS, scatterDays, type ScatterDays } from '../../core/learning/clustering.ts';
import type { Level, ObjectId } from '../../core/object.ts';
import { arrived, type DelayCurve } from '../../core/statistics/delay-curve.ts';
import { addDays, dayBounds, dayOf } from '../../core/zone.ts';
import type { Db } from '../connection.ts';
import type { LearningAccount } from './account.ts';
import type { EventCurves } from './curves.ts';
import { eventsOfDays, trafficOfDays } from './delivery-queries.ts';

/** Rates of ads fade: what is older tells little about the ads of today. */
const DAYS = 90;
/** The account's rate of late, for its pulse, and its days, for how much they scatter. */
export const RECENT_DAYS = CLUSTERING_DAYS;
/** More ads than this make the median no better. */
const MOST_TO_SCATTER = 500;
const OBJECTS_AT_ONCE = 5_000;

/** Conversions of one event on matured exposure. */
export interface Exposure {
  conversions: number;
  /** Major units of spend, weighted by the share of their conversions that has arrived. */
  spend: number;
  clicks: number;
}

/** One object beside its siblings, with everything below it. */
export interface SiblingFacts {
  readonly id: ObjectId;
  /** Null of a creative: it belongs to no one campaign. */
  readonly campaignId: ObjectId | null;
  readonly byEvent: Map<string, Exposure>;
}

/** Days of the whole account: what came, and what its rate over all of them lets one expect. */
export type Days = ScatterDays;

export interface Siblings {
  readonly levels: ReadonlyMap<Level, ReadonlyMap<ObjectId, SiblingFacts>>;
  /** The campaigns' exposure of the last four weeks, by event. */
  readonly recent: ReadonlyMap<ObjectId, ReadonlyMap<string, Exposure>>;
  /** By event: days of the account over the last four weeks. */
  readonly accountDays: ReadonlyMap<string, Days>;
  /** By event: days of the ads with many conversions. */
  readonly adDays: ReadonlyMap<string, readonly ScatterDays[]>;
}

/**
 * What every object of the account was given in the last 90 whole days, weighted by the share of its conversions that has
 * arrived, and what came of it. Days before tracking began and days of an outage are left out on both sides.
 */
export async function loadSiblings(
  db: Db,
  account: LearningAccount,
  curves: ReadonlyMap<string, EventCurves>,
): Promise<Siblings> {
  const period = daysOf(account);
  const pass = new Pass(account, curves, period);
  const { rows: objects } = await sql<Place>`
    select id, level, coalesce(campaign_id, id) as campaign, adset_id as adset, creative_id as creative
    from object where account_id = ${account.id} and level <> 'creative' order by id`.execute(db);
  for (let from = 0; from < objects.length; from += OBJECTS_AT_ONCE) {
    const some = objects.slice(from, from + OBJECTS_AT_ONCE);
    const roots = {
      // Each object's own facts: what lies below it is added up here.
      level: 'ad' as const,
      ids: some.map((one) => one.id),
      startsMs: some.map(() => period.startMs),
      wholeFrom: some.map(() => period.dates[0] ?? ''),
      events: null,
    };
    const grid = { fromMs: [], days: period.days, dates: period.dates, hoursFromMs: 0, toMs: 0 };
    const [traffic, events] = await Promise.all([
      trafficOfDays(db, roots, grid),
      eventsOfDays(db, roots, grid),
    ]);
    const places = new Map(some.map((place) => [place.id, place]));
    const rowsOf = Map.groupBy(events, (row) => row.root);
    const spendOf = new Map(traffic.map((row) => [row.root, row]));
    for (const id of new Set([...spendOf.keys(), ...rowsOf.keys()])) {
      const place = places.get(id);
      if (place !== undefined) pass.add(place, spendOf.get(id), rowsOf.get(id) ?? []);
    }
  }
  return pass.result();
}

interface Place {
  readonly id: ObjectId;
  readonly level: Level;
  readonly campaign: ObjectId;
  readonly adset: ObjectId | null;
  readonly creative: ObjectId | null;
}

interface Period {
  /** Whole account-local days, then the day after the last of them. */
  readonly dates: readonly string[];
  readonly days: number;
  readonly startMs: number;
  readonly middlesMs: readonly number[];
  /** Whether the day may be looked at. */
  readonly isSound: readonly boolean[];
}

function daysOf(account: LearningAccount): Period {
  const today = dayOf(account.asOfMs - 1, account.zone).date;
  const dates = Array.from({ length: DAYS + 1 }, (_, no) => addDays(today, no - DAYS));
  const bounds = dates.slice(0, DAYS).map((date) => dayBounds(date, account.zone));
  return {
    dates,
    days: DAYS,
    startMs: bounds[0]?.startMs ?? 0,
    middlesMs: bounds.map(({ startMs, endMs }) => (startMs + endMs) / 2),
    isSound: bounds.map(
      ({ startMs, endMs }) =>
        startMs >= account.trackingSinceMs &&
        !account.outages.some(({ fromMs, toMs }) => fromMs < endMs && toMs > startMs),
    ),
  };
}

type TrafficOf = Awaited<ReturnType<typeof trafficOfDays>>[number];
type EventsOf = Awaited<ReturnType<typeof eventsOfDays>>[number];

/** Adds objects up, one after the other. */
class Pass {
  readonly #account: LearningAccount;
  readonly #curves: ReadonlyMap<string, EventCurves>;
  readonly #period: Period;
  readonly #shares = new Map<DelayCurve, readonly number[]>();
  readonly #levels = new Map<Level, Map<ObjectId, SiblingFacts>>();
  readonly #recent = new Map<ObjectId, Map<string, Exposure>>();
  readonly #accountDays = new Map<string, { counts: number[]; spend: number[] }>();
  readonly #adDays = new Map<string, ScatterDays[]>();

  constructor(account: LearningAccount, curves: ReadonlyMap<string, EventCurves>, period: Period) {
    this.#account = account;
    this.#curves = curves;
    this.#period = period;
  }

  add(place: Place, traffic: TrafficOf | undefined, events: readonly EventsOf[]): void {
    const { days, isSound } = this.#period;
    const spend = Array.from({ length: days }, () => 0);
    const clicks = Array.from({ length: days }, () => 0);
    traffic?.at.forEach((day, no) => {
      if (isSound[day] !== true) return;
      spend[day] = (traffic.spendMicros[no] ?? 0) / 1e6;
      clicks[day] = traffic.clicks[no] ?? 0;
    });
    const counts = new Map<string, number[]>();
    for (const row of events) {
      let column = counts.get(row.event);
      if (!column) counts.set(row.event, (column = Array.from({ length: days }, () => 0)));
      for (const [no, day] of row.at.entries())
        if (isSound[day] === true) column[day] = (column[day] ?? 0) + (row.conversions[no] ?? 0);
    }
    const owners = this.#ownersOf(place);
    const recentFrom = days - RECENT_DAYS;
    for (const { name } of this.#account.events) {
      const shares = this.#sharesOf(name, place.campaign);
      const column = counts.get(name);
      const sum: Exposure = { conversions: 0, spend: 0, clicks: 0 };
      const recent: Exposure = { conversions: 0, spend: 0, clicks: 0 };
      const ofAccount = this.#daysOfAccount(name);
      for (let day = 0; day < days; day += 1) {
        const matured = (spend[day] ?? 0) * (shares[day] ?? 1);
        const count = column?.[day] ?? 0;
        sum.conversions += count;
        sum.spend += matured;
        sum.clicks += (clicks[day] ?? 0) * (shares[day] ?? 1);
        if (day < recentFrom) continue;
        recent.conversions += count;
        recent.spend += matured;
        ofAccount.counts[day - recentFrom] = (ofAccount.counts[day - recentFrom] ?? 0) + count;
        ofAccount.spend[day - recentFrom] = (ofAccount.spend[day - recentFrom] ?? 0) + matured;
      }
      if (sum.spend === 0 && sum.clicks === 0 && sum.conversions === 0) continue;
      for (const owner of owners) addTo(owner.byEvent, name, sum);
      addTo(
        mapAt(this.#recent, place.campaign, () => new Map<string, Exposure>()),
        name,
        recent,
      );
      if (place.level === 'ad' && column) this.#scatter(name, column, spend, shares);
    }
  }

  result(): Siblings {
    const accountDays = new Map<string, Days>();
    for (const [event, { counts, spend }] of this.#accountDays) {
      const total = counts.reduce((a, b) => a + b, 0);
      const matured = spend.reduce((a, b) => a + b, 0);
      accountDays.set(event, {
        counts,
        expected: spend.map((amount) => (matured > 0 ? (amount * total) / matured : 0)),
      });
    }
    return { levels: this.#levels, recent: this.#recent, accountDays, adDays: this.#adDays };
  }

  #scatter(
    event: string,
    counts: readonly number[],
    spend: readonly number[],
    shares: readonly number[],
  ): void {
    const list = mapAt(this.#adDays, event, (): ScatterDays[] => []);
    if (list.length >= MOST_TO_SCATTER) return;
    const days = scatterDays(
      counts,
      spend.map((amount, day) => amount * (shares[day] ?? 1)),
    );
    if (days !== null) list.push(days);
  }

  /** The object itself and those it is a part of. */
  #ownersOf({ id, level, campaign, adset, creative }: Place): readonly SiblingFacts[] {
    const owner = (at: Level, of: ObjectId) =>
      mapAt(
        mapAt(this.#levels, at, () => new Map<ObjectId, SiblingFacts>()),
        of,
        () => ({ id: of, campaignId: at === 'creative' ? null : campaign, byEvent: new Map() }),
      );
    return [
      ...(level === 'ad' ? [owner('ad', id)] : []),
      ...(adset !== null ? [owner('adset', adset)] : level === 'adset' ? [owner('adset', id)] : []),
      ...(creative !== null ? [owner('creative', creative)] : []),
      owner('campaign', campaign),
    ];
  }

  /** Share arrived by day, on the campaign's own curve where it has one. */
  #sharesOf(event: string, campaign: ObjectId): readonly number[] {
    const curves = this.#curves.get(event);
    const curve = curves?.campaigns.get(campaign) ?? curves?.account;
    if (curve === undefined) return [];
    return mapAt(this.#shares, curve, () =>
      this.#period.middlesMs.map((ms) => arrived(curve, this.#account.nowMs - ms, 'share')),
    );
  }

  #daysOfAccount(event: string) {
    return mapAt(this.#accountDays, event, () => ({
      counts: Array.from({ length: RECENT_DAYS }, () => 0),
      spend: Array.from({ length: RECENT_DAYS }, () => 0),
    }));
  }
}

function mapAt<Key, Value>(map: Map<Key, Value>, key: Key, make: () => Value): Value {
  let value = map.get(key);
  if (value === undefined) map.set(key, (value = make()));
  return value;
}

function addTo(byEvent: Map<string, Exposure>, event: string, more: Exposure): void {
  const sum = mapAt(byEvent, event, () => ({ conversions: 0, spend: 0, clicks: 0 }));
  sum.conversions += more.conversions;
  sum.spend += more.spend;
  sum.clicks += more.clicks;
}
