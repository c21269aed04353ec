import { compileStrategy, type CompiledStrategy } from '../../src/core/rules/compile.ts';
import type { AutopilotDocument, StrategyDocument } from '../../src/core/rules/document.ts';
import type { Evidence, PastChange } from '../../src/core/decision.ts';
import type { Delivery } from '../../src/core/delivery.ts';
import type { Learned } from '../../src/core/learned.ts';
import type { DelayCurve } from '../../src/core/statistics/delay-curve.ts';
import { AS_OF_MS, evidenceOf, type EvidencePart, usd } from './evidence.ts';

export const DAY_MS = 86_400_000;
export const HOUR_MS = 3_600_000;

/** Everything has arrived the moment it is bought. */
export const AT_ONCE: DelayCurve = {
  agesMs: [1],
  share: [1],
  lower: [1],
  upper: [1],
  conversions: 1_000,
  from: 'account',
};

export function learnedOf(part: Partial<Learned> = {}): Learned {
  return {
    event: 'purchase',
    learnedAtMs: 0,
    curve: AT_ONCE,
    prior: null,
    clickPrior: null,
    orders: null,
    dispersion: 1,
    trial: null,
    ...part,
  };
}

/** A strategy that is an autopilot alone, at $30 a purchase if nothing else is said. @throws with its problems. */
export function pilotStrategy(
  autopilot: AutopilotDocument = {},
  rest: Partial<StrategyDocument> = {},
): CompiledStrategy {
  const own = autopilot.cpa !== undefined || autopilot.roas !== undefined;
  const result = compileStrategy({
    version: 1,
    strategy: 'pilot',
    scope: { level: 'adset' },
    autopilot: { event: 'purchase', ...(own ? {} : { cpa: 30 }), ...autopilot },
    ...rest,
  });
  if (!result.ok) throw new Error(result.problems.map((problem) => problem.message).join('; '));
  return result.compiled;
}

export interface Bucket {
  readonly spend: number;
  readonly conversions?: number;
  readonly value?: number;
  readonly clicks?: number;
}

/** Days up to `AS_OF_MS`, the last one the newest. */
export function deliveryOf(days: readonly Bucket[], event = 'purchase'): Delivery {
  return {
    fromMs: days.map((_, index) => AS_OF_MS - (days.length - index) * DAY_MS),
    toMs: AS_OF_MS,
    spend: days.map((day) => day.spend),
    clicks: days.map((day) => day.clicks ?? day.spend),
    events: {
      [event]: {
        conversions: days.map((day) => day.conversions ?? 0),
        value: days.map((day) => day.value ?? 0),
      },
    },
  };
}

/** What a test says of its evidence; `learned` is told over what `learnedOf` begins with. */
export type PilotPart = Omit<EvidencePart, 'learned' | 'delivery' | 'pilot' | 'changedSince'> &
  Partial<Pick<Evidence, 'pilot' | 'changedSince'>> & { readonly learned?: Partial<Learned> };

/** Evidence of an ad set on automatic bidding with $60 a day, judged by these days. */
export function pilotEvidence(days: readonly Bucket[], part: PilotPart = {}): Evidence {
  const learned = learnedOf(part.learned);
  const { pilot, changedSince, learned: _, ...rest } = part;
  return {
    ...evidenceOf({
      ...rest,
      object: { bidStrategy: 'auto', bidMicros: null, dailyBudgetMicros: usd(60), ...part.object },
    }),
    delivery: deliveryOf(days, learned.event),
    learned: { [learned.event]: learned },
    ...(pilot === undefined ? {} : { pilot }),
    ...(changedSince === undefined ? {} : { changedSince }),
  };
}

/** A change of ours, `agoMs` before the evidence's newest cost. */
export function ourChange(
  kind: PastChange['kind'],
  rule: string,
  agoMs: number,
  part: Partial<PastChange> = {},
): PastChange {
  return {
    kind,
    rule,
    strategyId: 'sample/test',
    atMs: AS_OF_MS - agoMs,
    from: {
      status: 'active',
      bidStrategy: 'auto',
      bidMicros: null,
      dailyBudgetMicros: null,
      lifetimeBudgetMicros: null,
    },
    ...part,
  };
}
