import type { ChangedSince, Evidence, PastChange } from '../decision.ts';
import type { Learned } from '../learned.ts';
import { type Micros, micros } from '../money.ts';
import type { LeverState, ObjectFacts, ObjectId } from '../object.ts';
import { readDuration } from '../rules/amounts.ts';
import type { CompiledStrategy } from '../rules/compile.ts';
import { isTimeZone } from '../zone.ts';
import { instantMs, type ObservedFacts, readFacts } from './facts.ts';
import { type LearnInput, learnFrom, pulseOf } from './learn.ts';
import type { Observation, ObservedChange, ObservedLevers } from './observation.ts';
import { deliveryOf } from './observed-delivery.ts';
import { windowsOf } from './observed-windows.ts';
import { ObservationProblem } from './problem.ts';

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;

/**
 * The evidence that one observation holds for a strategy: windows, buckets, what siblings teach, the pulse of all of them
 * together. Pure; the same functions learn here and in the live engine.
 *
 * @throws ObservationProblem for what the shape allows and the meaning does not.
 */
export function evidenceFrom(observation: Observation, strategy: CompiledStrategy): Evidence {
  const nowMs = instantMs(observation.now, ['now']);
  const windowMs = attributionWindow(observation);
  const own = readFacts(observation, { nowMs, windowMs }, []);
  const siblings = (observation.siblings ?? []).map((sibling, index) =>
    readFacts(sibling, { nowMs, windowMs }, ['siblings', index]),
  );
  const zone = observation.account?.timeZone ?? 'UTC';
  if (!isTimeZone(zone))
    throw new ObservationProblem(
      ['account', 'timeZone'],
      `"${zone}" is no time zone`,
      'write "America/New_York"',
    );
  const asOfMs = readAsOf(observation, own, nowMs);
  const known = { ...own, hours: own.hours.filter((hour) => hour.atMs < asOfMs) };
  const object = objectFacts(observation, strategy, known, nowMs);
  const history = (observation.state?.history ?? []).map((change) => pastChange(change, strategy.name));
  const changedSince = changedAfter(history, asOfMs);
  const statistics = strategy.needs.statistics
    ? statisticsOf({ observation, strategy, own: known, siblings, nowMs, asOfMs, windowMs, object, history })
    : {};
  return {
    object,
    campaign: null,
    adset: null,
    account: {
      id: 'observed',
      name: observation.account?.name ?? strategy.scope.accounts?.[0] ?? 'observed',
      network: observation.account?.network ?? strategy.scope.network ?? 'observed',
      currency: observation.account?.currency ?? strategy.currency ?? 'USD',
      timeZone: zone,
      moneyStepMicros: money(observation.account?.moneyStep ?? 0.01),
    },
    strategyId: strategy.name,
    asOfMs,
    nowMs,
    windows: windowsOf(strategy, known, asOfMs, zone),
    health: { trackingSinceMs: 0 },
    history,
    ...(changedSince === undefined ? {} : { changedSince }),
    ...statistics,
  };
}

/** Levers in major units as micros; what is not given is not there. */
export function leverState(levers: ObservedLevers): LeverState {
  const amount = (value: number | null | undefined): Micros | null =>
    value === null || value === undefined ? null : money(value);
  return {
    status: levers.status,
    bidStrategy:
      levers.bidStrategy ?? (levers.bid === null || levers.bid === undefined ? 'auto' : 'manual_cpc'),
    bidMicros: amount(levers.bid),
    dailyBudgetMicros: amount(levers.dailyBudget),
    lifetimeBudgetMicros: amount(levers.lifetimeBudget),
  };
}

function money(major: number): Micros {
  return micros(Math.round(major * 1e6));
}

function readAsOf(observation: Observation, own: ObservedFacts, nowMs: number): number {
  if (observation.asOf !== undefined) {
    const asOfMs = instantMs(observation.asOf, ['asOf']);
    if (asOfMs > nowMs)
      throw new ObservationProblem(['asOf'], 'asOf lies after now', 'cost cannot be known before it arises');
    return asOfMs;
  }
  const newest = own.hours.at(-1);
  const hourMs = Math.floor(nowMs / HOUR_MS) * HOUR_MS;
  // Hours that are left out had no cost. The running hour may be given too: then its cost is known up to now.
  return newest === undefined ? hourMs : Math.max(hourMs, Math.min(newest.atMs + HOUR_MS, nowMs));
}

function objectFacts(
  { object, levers }: Observation,
  strategy: CompiledStrategy,
  own: ObservedFacts,
  nowMs: number,
): ObjectFacts {
  return {
    ...leverState(levers),
    id: 1 as ObjectId,
    level: object?.level ?? strategy.level,
    networkId: 'observed',
    name: object?.name ?? 'observed',
    delivery: levers.status,
    learning: object?.learning ?? null,
    labels: object?.labels ?? [],
    campaignId: null,
    adsetId: null,
    createdAtMs:
      object?.createdAt === undefined
        ? (own.hours[0]?.atMs ?? nowMs)
        : instantMs(object.createdAt, ['object', 'createdAt']),
  };
}

function pastChange(change: ObservedChange, strategyId: string): PastChange {
  return {
    kind: change.kind,
    rule: change.rule,
    strategyId,
    atMs: change.atMs,
    from: leverState(change.from),
    ...(change.to === undefined ? {} : { toMicros: money(change.to) }),
    ...(change.full === undefined ? {} : { fullMicros: money(change.full) }),
  };
}

function changedAfter(history: readonly PastChange[], asOfMs: number): ChangedSince | undefined {
  const after = (kind: PastChange['kind']) => {
    const times = history.filter((past) => past.kind === kind && past.atMs > asOfMs).map((past) => past.atMs);
    return times.length === 0 ? undefined : Math.max(...times);
  };
  const [resumedMs, bidMs, budgetMs] = [after('resume'), after('set_bid'), after('set_budget')];
  if (resumedMs === undefined && bidMs === undefined && budgetMs === undefined) return undefined;
  return {
    ...(resumedMs === undefined ? {} : { resumedMs }),
    ...(bidMs === undefined ? {} : { bidMs }),
    ...(budgetMs === undefined ? {} : { budgetMs }),
  };
}

interface StatisticsInput {
  readonly observation: Observation;
  readonly strategy: CompiledStrategy;
  readonly own: ObservedFacts;
  readonly siblings: readonly ObservedFacts[];
  readonly nowMs: number;
  readonly asOfMs: number;
  readonly windowMs: number;
  readonly object: ObjectFacts;
  readonly history: readonly PastChange[];
}

function statisticsOf(input: StatisticsInput): Pick<Evidence, 'delivery' | 'learned' | 'pilot'> {
  const { observation, strategy, own, siblings, nowMs, asOfMs, windowMs } = input;
  const events = eventsOf(input);
  const learned: Record<string, Learned> = {};
  const asked = (event: string): LearnInput => ({
    event,
    nowMs,
    windowMs,
    own,
    siblings,
    prior: observation.prior,
    curve: observation.curve,
    trial: observation.trial,
  });
  for (const event of events) learned[event] = learnFrom(asked(event));
  const counted = strategy.autopilot?.event;
  const of = counted === undefined ? undefined : learned[counted];
  const { held } = observation.state ?? {};
  return {
    delivery: deliveryOf(own, learned, testStart(input), asOfMs),
    learned,
    pilot: {
      draw: observation.draw ?? 1,
      ...(held === undefined ? {} : { held }),
      pulse: counted === undefined || of === undefined ? null : pulseOf(asked(counted), of),
    },
  };
}

/** A resume, by anybody, begins a new test, as in the live engine. */
function testStart({ observation: { testSince }, object, history }: StatisticsInput): number {
  const resumes = history.filter((past) => past.kind === 'resume').map((past) => past.atMs);
  return Math.max(
    testSince === undefined ? object.createdAtMs : instantMs(testSince, ['testSince']),
    ...resumes,
  );
}

function attributionWindow({ attributionWindow, curve }: Observation): number {
  if (curve !== undefined && curve !== 'default') return (curve.hours.at(-1) ?? 0) * HOUR_MS;
  const read = readDuration(attributionWindow ?? '28d');
  if (typeof read !== 'number')
    throw new ObservationProblem(['attributionWindow'], read.problem, read.hint ?? 'write "28d"');
  return Math.min(read, 365 * DAY_MS);
}

function eventsOf({ strategy, own, siblings }: StatisticsInput): readonly string[] {
  const seen = [own, ...siblings].flatMap((facts) => facts.conversions.map((conversion) => conversion.event));
  return [...new Set([...strategy.needs.events.filter((event) => event !== '*'), ...seen])].toSorted();
}
