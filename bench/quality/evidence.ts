import { type Micros, micros } from '../../src/core/money.ts';
import type { Evidence, PastChange } from '../../src/core/decision.ts';
import type { LeverState, ObjectFacts, ObjectId } from '../../src/core/object.ts';
import type { AdView } from './ad-view.ts';
import type { Look } from './look.ts';
import { DAY_MS, START_MS, STEP_MS } from './scenarios.ts';
import type { AdsetLevers } from './ad-runner.ts';

/** Newest applied change of each kind, as evidence holds it. */
export class History {
  #changes: readonly PastChange[] = [];

  get changes(): readonly PastChange[] {
    return this.#changes;
  }

  add(change: PastChange): void {
    this.#changes = [...this.#changes.filter((past) => past.kind !== change.kind), change];
  }

  /** When a kind of change was last made, if that was after an instant. */
  since(kind: PastChange['kind'], afterMs: number): number | undefined {
    const at = this.#changes.find((past) => past.kind === kind)?.atMs;
    return at !== undefined && at > afterMs ? at : undefined;
  }
}

/** The market keeps whole micros; the engine's type says so. */
const money = (value: number | null): Micros | null => (value === null ? null : micros(value));

/** Levers of the market as the engine knows levers. */
export function leverState(levers: AdsetLevers): LeverState {
  return {
    status: levers.on ? 'active' : 'paused',
    bidStrategy: levers.bidStrategy,
    bidMicros: money(levers.bidMicros),
    dailyBudgetMicros: money(levers.dailyBudgetMicros),
    lifetimeBudgetMicros: null,
  };
}

/** The one strategy that runs an account of the bench. */
export const STRATEGY_ID = 'quality';

const ACCOUNT: Evidence['account'] = {
  id: 'quality',
  name: 'Quality',
  network: 'simulated',
  currency: 'USD',
  timeZone: 'UTC',
  moneyStepMicros: micros(10_000),
};

/** An ad set's lasting facts as the engine sees them. */
export function objectOf(view: AdView): Omit<ObjectFacts, keyof LeverState> {
  return {
    id: (view.ad.index + 1) as ObjectId,
    level: 'adset',
    networkId: view.ad.plan.id,
    name: view.ad.plan.name,
    delivery: 'active',
    learning: null,
    labels: [],
    campaignId: null,
    adsetId: null,
    createdAtMs: START_MS + view.ad.beginsStep * STEP_MS,
  };
}

/** Evidence about one ad set, without windows and statistics. */
export function bareEvidence(
  object: Omit<ObjectFacts, keyof LeverState>,
  view: AdView,
  history: History,
  look: Look,
): Evidence {
  const bidMs = history.since('set_bid', look.asOfMs);
  const budgetMs = history.since('set_budget', look.asOfMs);
  const resumedMs = history.since('resume', look.asOfMs);
  const changed = bidMs !== undefined || budgetMs !== undefined || resumedMs !== undefined;
  return {
    object: { ...object, ...leverState(view.levers) },
    campaign: null,
    adset: null,
    account: ACCOUNT,
    strategyId: STRATEGY_ID,
    asOfMs: look.asOfMs,
    nowMs: look.nowMs,
    windows: {},
    health: { trackingSinceMs: START_MS - 60 * DAY_MS },
    history: history.changes,
    ...(changed
      ? {
          changedSince: {
            ...(bidMs === undefined ? {} : { bidMs }),
            ...(budgetMs === undefined ? {} : { budgetMs }),
            ...(resumedMs === undefined ? {} : { resumedMs }),
          },
        }
      : {}),
  };
}
