import type { Evidence, EventMetrics, PastChange, WindowMetrics } from '../../src/core/decision.ts';
import type { Delivery } from '../../src/core/delivery.ts';
import type { Learned } from '../../src/core/learned.ts';
import { DEFAULT_CURVES } from '../../src/core/statistics/default-curves.ts';
import type { DelayCurve } from '../../src/core/statistics/delay-curve.ts';
import { type Micros, micros } from '../../src/core/money.ts';
import type { Level, ObjectFacts, ObjectId } from '../../src/core/object.ts';
import { type CompiledStrategy, compileStrategy } from '../../src/core/rules/compile.ts';
import { readStrategy } from '../../src/strategies/read.ts';
import { readWindow, windowBounds } from '../../src/core/windows.ts';

export const ZONE = 'America/New_York';
/** Tuesday 2026-11-10, 15:00 in New York. */
export const AS_OF_MS = Date.UTC(2026, 10, 10, 20);
const DAY_MS = 86_400_000;

/** Dollars as micros. */
export function usd(amount: number): Micros {
  return micros(Math.round(amount * 1e6));
}

export function objectFacts(part: Partial<ObjectFacts> = {}): ObjectFacts {
  const level: Level = part.level ?? 'adset';
  return {
    id: 7 as ObjectId,
    level,
    networkId: '120210000000000007',
    name: 'Zen C',
    status: 'active',
    delivery: 'active',
    learning: null,
    labels: [],
    campaignId: null,
    adsetId: null,
    createdAtMs: AS_OF_MS - 60 * DAY_MS,
    bidStrategy: 'bid_cap',
    bidMicros: usd(1.2),
    dailyBudgetMicros: usd(200),
    lifetimeBudgetMicros: null,
    ...part,
  };
}

export interface WindowPart {
  readonly spend?: number;
  readonly impressions?: number;
  readonly clicks?: number;
  readonly visits?: number;
  /** By event: how many, and what they are worth. */
  readonly events?: Counts;
  /** The same by the time of the conversion. */
  readonly arrived?: Counts;
}

type Counts = Readonly<Record<string, readonly [count: number, value?: number, unconverted?: number]>>;

function countsOf(counts: Counts): Record<string, EventMetrics> {
  return Object.fromEntries(
    Object.entries(counts).map(([event, [conversions, value = 0, unconverted = 0]]) => [
      event,
      { conversions, value, unconverted },
    ]),
  );
}

export function windowMetrics(spelling: string, part: WindowPart): WindowMetrics {
  const spec = readWindow(spelling);
  if ('problem' in spec) throw new Error(spec.problem);
  return {
    bounds: windowBounds(spec, AS_OF_MS, ZONE),
    spend: part.spend ?? 0,
    impressions: part.impressions ?? 0,
    clicks: part.clicks ?? 0,
    visits: part.visits ?? 0,
    conversions: countsOf(part.events ?? {}),
    ...(part.arrived === undefined ? {} : { arrived: countsOf(part.arrived) }),
  };
}

export interface EvidencePart {
  readonly object?: Partial<ObjectFacts>;
  readonly campaign?: Partial<ObjectFacts> | null;
  readonly adset?: Partial<ObjectFacts> | null;
  readonly windows?: Readonly<Record<string, WindowPart>>;
  readonly health?: Evidence['health'];
  readonly history?: readonly PastChange[];
  readonly account?: Partial<Evidence['account']>;
  readonly nowMs?: number;
  readonly delivery?: Evidence['delivery'];
  readonly learned?: Evidence['learned'];
  readonly estimate?: Evidence['estimate'];
}

/** Evidence of one healthy ad set; windows that are not given are not there. */
export function evidenceOf(part: EvidencePart = {}): Evidence {
  const campaign = part.campaign === undefined ? {} : part.campaign;
  return {
    object: objectFacts(part.object),
    campaign:
      campaign === null
        ? null
        : objectFacts({ id: 1 as ObjectId, level: 'campaign', name: 'US Zen App Sales', ...campaign }),
    adset:
      part.adset === undefined || part.adset === null
        ? null
        : objectFacts({ id: 2 as ObjectId, ...part.adset }),
    account: {
      id: 'meta-1',
      name: 'Calm & Co',
      network: 'meta',
      currency: 'USD',
      timeZone: ZONE,
      moneyStepMicros: usd(0.01),
      ...part.account,
    },
    strategyId: 'sample/test',
    asOfMs: AS_OF_MS,
    nowMs: part.nowMs ?? AS_OF_MS + 20 * 60_000,
    windows: Object.fromEntries(
      Object.entries(part.windows ?? {}).map(([spelling, window]) => [
        spelling,
        windowMetrics(spelling, window),
      ]),
    ),
    health: part.health ?? { trackingSinceMs: 0 },
    history: part.history ?? [],
    ...(part.delivery === undefined ? {} : { delivery: part.delivery }),
    ...(part.learned === undefined ? {} : { learned: part.learned }),
    ...(part.estimate === undefined ? {} : { estimate: part.estimate }),
  };
}

/** What an account has learned about one event: everybody converts at once, and siblings have taught nothing. */
export function learnedOf(part: Partial<Learned> = {}): Learned {
  return {
    event: 'purchase',
    learnedAtMs: 0,
    curve: atOnce(),
    prior: null,
    clickPrior: null,
    orders: null,
    dispersion: 1,
    trial: null,
    ...part,
  };
}

/** A delay curve with all conversions there after a minute. */
export function atOnce(): DelayCurve {
  return { agesMs: [60_000], share: [1], lower: [1], upper: [1], conversions: 1_000, from: 'account' };
}

/** Hours of delivery that end at {@link AS_OF_MS}, oldest first: spend, conversions and their value in each. */
export function deliveryOf(
  hours: readonly (readonly [spend: number, conversions?: number, value?: number])[],
  event = 'purchase',
): Delivery {
  return {
    fromMs: hours.map((_, index) => AS_OF_MS - (hours.length - index) * 3_600_000),
    toMs: AS_OF_MS,
    spend: hours.map(([spend]) => spend),
    clicks: hours.map(([spend]) => spend),
    events: {
      [event]: {
        conversions: hours.map(([, count = 0]) => count),
        value: hours.map(([, , value = 0]) => value),
      },
    },
  };
}

/** A strategy of one rule at level adset with target purchase, $30, ROAS 1.5. @throws with the problems when it is wrong. */
export function strategyOf(
  when: string,
  then: object = { pause: true },
  rest: object = {},
): CompiledStrategy {
  const result = compileStrategy({
    version: 1,
    strategy: 'test',
    scope: { level: 'adset' },
    target: { event: 'purchase', cpa: 30, roas: 1.5 },
    // oxlint-disable-next-line unicorn/no-thenable -- a rule is written when … then; nothing awaits it.
    rules: [{ name: 'rule', when, then }],
    ...rest,
  });
  if (!result.ok) throw new Error(result.problems.map((problem) => problem.message).join('; '));
  return result.compiled;
}

/** A strategy from its YAML. @throws with the problems when it is wrong. */
export function strategyFromYaml(text: string): CompiledStrategy {
  const read = readStrategy(text, { fileName: 'test.yaml' });
  if (!read.ok)
    throw new Error(
      read.problems.map((problem) => `${problem.line}:${problem.column} ${problem.message}`).join('; '),
    );
  return read.compiled;
}

/** What an account has learned of purchases that come late and differ in worth. */
export function learnedOfMonth(): Readonly<Record<string, Learned>> {
  return {
    purchase: learnedOf({
      curve: DEFAULT_CURVES.purchase,
      prior: { a: 2, b: 60, siblings: 20, from: 'campaign' },
      orders: { orders: 500, mean: 45, kappa: 80, cap: 200, cappedShare: 0.95 },
    }),
  };
}

/** A month of an ad set: days, then three days of hours. */
export function monthOfDelivery(): Delivery {
  const hours = deliveryOf(
    Array.from({ length: 72 }, (_, hour) => [2, hour % 20 === 0 ? 1 : 0, hour % 20 === 0 ? 40 : 0] as const),
  );
  const [first = 0] = hours.fromMs;
  const days = (value: number) => Array.from({ length: 27 }, () => value);
  const { conversions = [], value = [] } = hours.events['purchase'] ?? {};
  return {
    fromMs: [...days(0).map((_, day) => first - (27 - day) * DAY_MS), ...hours.fromMs],
    toMs: hours.toMs,
    spend: [...days(48), ...hours.spend],
    clicks: [...days(48), ...hours.clicks],
    events: { purchase: { conversions: [...days(1), ...conversions], value: [...days(40), ...value] } },
  };
}
