import type { Evidence, PilotFacts } from '../decision.ts';
import type { Delivery } from '../delivery.ts';
import type { Learned } from '../learned.ts';
import type { ObjectFacts } from '../object.ts';
import { trackingOutage } from '../statistics/outage.ts';
import type { BidUnit, PilotInput } from './judgement.ts';
import { stageOf } from './stage.ts';

const DAY_MS = 24 * 3_600_000;
/** Days whose mean is what an object without a budget of its own spends. */
const MEAN_DAYS = 7;

/** A network's least daily budget is about a hundred of its smallest steps: $1 at Meta, where a step is a cent. */
const LEAST_BUDGET_STEPS = 100;

/** Networks whose bid cap is per conversion ("the most a result may cost in an auction"), not per click. */
const CAP_PER_CONVERSION: ReadonlySet<string> = new Set(['meta', 'tiktok']);

/** No draw and no pulse: then nothing is held back and no outage is seen. */
const NO_PILOT: PilotFacts = { draw: 1, pulse: null };

/** The evidence of one object as a judgement takes it. */
export function pilotInput(evidence: Evidence, delivery: Delivery, learned: Learned): PilotInput {
  const { object, account, history, strategyId, changedSince } = evidence;
  const pilot = evidence.pilot ?? NO_PILOT;
  const { outage, suspected } = trackingOutage(pilot.pulse);
  return {
    nowMs: evidence.nowMs,
    asOfMs: evidence.asOfMs,
    delivery,
    learned,
    levers: object,
    bidUnit: bidUnit(object, account.network),
    strategyId,
    history,
    outage,
    suspected,
    draw: pilot.draw,
    ...(pilot.held === undefined ? {} : { held: pilot.held }),
    testSinceMs: delivery.fromMs[0] ?? delivery.toMs,
    plannedDailySpend: plannedDailySpend(evidence, delivery),
    leastBudgetMicros: LEAST_BUDGET_STEPS * account.moneyStepMicros,
    ...(changedSince === undefined ? {} : { changedSince }),
  };
}

/** What the bid of an object is paid for. */
export function bidUnit({ bidStrategy }: Pick<ObjectFacts, 'bidStrategy'>, network: string): BidUnit {
  if (bidStrategy === 'cost_cap') return 'conversion';
  return bidStrategy === 'bid_cap' && CAP_PER_CONVERSION.has(network) ? 'conversion' : 'click';
}

/**
 * What a day costs when nothing holds the object back, major units: the daily budget that a person gave it, else the mean
 * of its newest days. 0 when neither is known.
 */
export function plannedDailySpend({ object, history, strategyId }: Evidence, delivery: Delivery): number {
  const { fullMicros, lever } = stageOf(history, object, strategyId);
  const daily = lever === 'daily' ? fullMicros : object.dailyBudgetMicros;
  if (daily !== null && daily > 0) return daily / 1e6;
  const first = delivery.fromMs[0];
  if (first === undefined) return 0;
  const fromMs = Math.max(first, delivery.toMs - MEAN_DAYS * DAY_MS);
  let spend = 0;
  for (let i = delivery.fromMs.length - 1; i >= 0 && (delivery.fromMs[i] ?? 0) >= fromMs; i -= 1)
    spend += delivery.spend[i] ?? 0;
  const days = (delivery.toMs - fromMs) / DAY_MS;
  return days > 0 && spend > 0 ? spend / Math.max(days, 0.25) : 0;
}
