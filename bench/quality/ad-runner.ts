import {
  adStep,
  marketPrice,
  NOTHING,
  type Pace,
  type StepResult,
  type StepTime,
  stepTime,
  unboundedPace,
  type Visit,
} from '../../src/sandbox/market/ad-step.ts';
import { type AdMemory, freshMemory } from '../../src/sandbox/market/conditions.ts';
import { isSignificantEdit } from '../../src/sandbox/market/market.ts';
import type { AdPlan, Levers, MarketPlan } from '../../src/sandbox/market/plan.ts';
import { FLOOD_OF_CLICKS, type Theft } from '../../src/sandbox/market/theft.ts';
import { DAY_MS, STEP_MS } from './scenarios.ts';

export type AdsetLevers = Levers['adsets'][number];

const times = new Map<number, StepTime>();

/** The step that begins at an instant; the bench's accounts keep UTC. */
export function timeOf(fromMs: number): StepTime {
  const known = times.get(fromMs);
  if (known !== undefined) return known;
  const time = stepTime(fromMs, STEP_MS, Math.floor(fromMs / DAY_MS) * DAY_MS);
  times.set(fromMs, time);
  return time;
}

/** What is the same for all ads of an account. */
export interface RunnerWorld {
  readonly seed: number;
  readonly plan: MarketPlan;
  readonly remembers: boolean;
  /** Worth of an ad's conversion beside the target's; left out: 1. */
  readonly worthOf?: (index: number) => number;
  /** What an ad's source steals; left out: nothing. */
  readonly theftOf?: (index: number) => Theft | null;
}

/**
 * Steps one ad by itself, exactly as `step` of the market would among all others: in these worlds each ad set holds one
 * ad and campaigns have no budgets, so that ads do not touch each other.
 */
export class AdRunner {
  readonly #world: RunnerWorld;
  readonly #index: number;
  readonly #ad: AdPlan;
  readonly #worth: number;
  /** Clicks that are reported for each real one. */
  readonly #reported: number;
  #levers: AdsetLevers;
  #seen: AdsetLevers | null;
  #memory: AdMemory | undefined;
  #spentToday: number;
  #day = -1;
  #pace: Pace | null = null;
  #paceDay = -1;

  constructor(
    world: RunnerWorld,
    index: number,
    levers: AdsetLevers,
    past: { memory?: AdMemory; spentToday: number; day: number } = { spentToday: 0, day: -1 },
  ) {
    const ad = world.plan.ads[index];
    if (ad === undefined) throw new Error(`no ad ${index}`);
    this.#worth = world.worthOf?.(index) ?? 1;
    this.#reported = world.theftOf?.(index) === 'flooding' ? FLOOD_OF_CLICKS : 1;
    this.#world = world;
    this.#index = index;
    this.#ad = ad;
    this.#levers = levers;
    this.#seen = levers;
    this.#memory = world.remembers ? (past.memory ?? freshMemory()) : undefined;
    this.#spentToday = past.spentToday;
    this.#day = past.day;
  }

  change(levers: AdsetLevers): void {
    this.#levers = levers;
    this.#pace = null;
  }

  run(fromMs: number, visits: Visit[]): StepResult {
    const { seed, plan } = this.#world;
    const time = timeOf(fromMs);
    if (time.dayIndex !== this.#day) {
      this.#day = time.dayIndex;
      this.#spentToday = 0;
    }
    if (this.#seen !== this.#levers) {
      if (this.#memory !== undefined && this.#seen !== null && isSignificantEdit(this.#seen, this.#levers))
        this.#memory.learned = 0;
      this.#seen = this.#levers;
    }
    if (!this.#levers.on) return NOTHING;
    if (this.#pace === null || this.#paceDay !== time.dayIndex || plan.drift?.learning !== undefined) {
      const level = marketPrice(seed, plan, this.#memory, time.dayIndex);
      this.#pace = unboundedPace(this.#ad, plan.targetMicros, this.#levers, level);
      this.#paceDay = time.dayIndex;
    }
    const pace = this.#pace;
    const budget = this.#levers.dailyBudgetMicros ?? Infinity;
    const result = adStep(
      {
        seed,
        plan,
        index: this.#index,
        time,
        pace,
        demand: pace.clicks * pace.cpcMicros,
        budget,
        left: budget - this.#spentToday,
        memory: this.#memory,
      },
      visits,
    );
    this.#spentToday += result.spendMicros;
    return this.#worth === 1 && this.#reported === 1
      ? result
      : {
          ...result,
          clicks: result.clicks * this.#reported,
          expected: result.expected * this.#worth,
        };
  }
}
