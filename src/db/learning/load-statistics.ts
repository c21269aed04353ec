import type { AccountPulse } from '../../core/decision.ts';
import type { Delivery } from '../../core/delivery.ts';
import type { Learned } from '../../core/learned.ts';
import type { Level, ObjectFacts, ObjectId } from '../../core/object.ts';
import type { CompiledStrategy } from '../../core/rules/compile.ts';
import type { Db } from '../connection.ts';
import { loadDelivery } from './delivery.ts';
import { loadLearned } from './load-learned.ts';
import { loadOutages } from './outages.ts';
import { pulseOf } from './watch.ts';

/** Objects of one level that some strategies judge by statistics, and the events they ask. */
export interface StatisticsOf {
  readonly level: Level;
  readonly objects: readonly ObjectFacts[];
  /** By name; "*" for every event. */
  readonly events: ReadonlySet<string>;
  /** Whether any of them values revenue, so that orders count up to their cap. */
  readonly valued: boolean;
}

export interface StatisticsInput {
  readonly accountId: string;
  readonly zone: string;
  readonly asOfMs: number;
  readonly nowMs: number;
  readonly trackingSinceMs: number | null;
  readonly wanted: readonly StatisticsOf[];
}

/** The statistics' part of evidence. */
export interface Statistics {
  /** Left out while nothing is tracked. */
  readonly delivery: ReadonlyMap<ObjectId, Delivery>;
  learnedOf(object: ObjectFacts, events: readonly string[]): Readonly<Record<string, Learned>>;
  /** As it was last measured. */
  readonly pulse: AccountPulse | null;
}

/** The objects that any strategy judges by statistics, by level, with the events asked of them. */
export function statisticsOf(
  scoped: readonly { readonly compiled: CompiledStrategy; readonly objects: readonly ObjectFacts[] }[],
): readonly StatisticsOf[] {
  const asking = scoped.filter(({ compiled }) => compiled.needs.statistics);
  return [...Map.groupBy(asking, ({ compiled }) => compiled.level)].map(([level, ofLevel]) => ({
    level,
    // One that several strategies judge is loaded once.
    objects: [...new Map(ofLevel.flatMap(({ objects }) => objects.map((one) => [one.id, one]))).values()],
    events: new Set(ofLevel.flatMap(({ compiled }) => compiled.needs.events)),
    valued: ofLevel.some(({ compiled }) => valuesRevenue(compiled)),
  }));
}

/** What asks the worth of orders has ROAS or revenue in its name, and so has the target of an autopilot that asks one. */
function valuesRevenue({ autopilot, rules }: CompiledStrategy): boolean {
  return autopilot?.target.kind === 'roas' || rules.some((rule) => /roas|revenue/i.test(rule.whenText));
}

/** Nothing was asked. */
export const NO_STATISTICS: Statistics = { delivery: new Map(), learnedOf: () => ({}), pulse: null };

/** What objects were given and what came of it, and what is known of their events: set-based, one pass per level. */
export async function loadStatistics(db: Db, input: StatisticsInput): Promise<Statistics> {
  const { accountId, wanted } = input;
  if (wanted.every((one) => one.objects.length === 0)) return NO_STATISTICS;
  const campaigns = new Set(
    wanted.flatMap((one) => one.objects.flatMap((object) => campaignOf(object) ?? [])),
  );
  const [book, excluded, pulse] = await Promise.all([
    loadLearned(db, accountId, [...campaigns]),
    loadOutages(db, accountId, input.nowMs),
    db.selectFrom('account_pulse').selectAll().where('account_id', '=', accountId).executeTakeFirst(),
  ]);
  const delivery = new Map<ObjectId, Delivery>();
  for (const { level, objects, events, valued } of wanted) {
    const named = events.has('*') ? undefined : [...events].map(nameOf);
    const found = await loadDelivery(db, {
      accountId,
      zone: input.zone,
      level,
      objects,
      asOfMs: input.asOfMs,
      trackingSinceMs: input.trackingSinceMs,
      excluded,
      capsMicros: new Map(
        [...book.capsMicros].filter(([event]) => valued && (named === undefined || named.includes(event))),
      ),
      ...(named === undefined ? {} : { events: [...new Set(named)] }),
    });
    for (const [id, one] of found) delivery.set(id, one);
  }
  return {
    delivery,
    learnedOf(object, events) {
      const names = events.includes('*') ? [...new Set([...book.events, ...events])] : events;
      return Object.fromEntries(
        names
          .filter((name) => name !== '*')
          .map((name) => [name, book.of(nameOf(name), object.level, campaignOf(object))]),
      );
    },
    pulse: pulse === undefined ? null : pulseOf(pulse),
  };
}

function campaignOf(object: ObjectFacts): ObjectId | null {
  return object.level === 'campaign' ? object.id : object.campaignId;
}

/** Delays and rates are of an event, not of its types. */
function nameOf(event: string): string {
  return event.split('/', 1)[0] ?? event;
}
