import { compileAutopilot } from '../../../src/core/autopilot/compile-autopilot.ts';
import type { CompiledAutopilot } from '../../../src/core/autopilot/compiled.ts';
import type { Judgement, PilotInput } from '../../../src/core/autopilot/judgement.ts';
import { judgeObject } from '../../../src/core/autopilot/judge.ts';
import { PILOT_RULES } from '../../../src/core/autopilot/stage.ts';
import type { PastChange } from '../../../src/core/decision.ts';
import { compileGuardrails } from '../../../src/core/rules/compile-guardrails.ts';
import type { AutopilotDocument } from '../../../src/core/rules/document.ts';
import { trackingOutage } from '../../../src/core/statistics/outage.ts';
import { PURPOSE, stream } from '../../../src/sandbox/market/random.ts';
import type { AdView } from '../ad-view.ts';
import { History, leverState } from '../history.ts';
import type { Handicap } from '../learner.ts';
import { deliveryOf, type Look } from '../look.ts';
import { HOURLY, type Known, type Move, type Policy } from '../policy.ts';
import { type Scenario, START_MS } from '../scenarios.ts';

/** A cent: the network's smallest step. */
const STEP_MICROS = 10_000;
const STRATEGY = 'quality';

/** An `autopilot:` as a strategy file has it, compiled as it always is. */
export function compiledPilot(autopilot: AutopilotDocument): CompiledAutopilot {
  const problems: Parameters<typeof compileAutopilot>[3] = [];
  const guardrails = compileGuardrails({}, 'USD', problems);
  const pilot = compileAutopilot(
    { version: 1, strategy: STRATEGY, scope: { level: 'adset' }, autopilot },
    guardrails,
    'USD',
    problems,
  );
  if (pilot === null) throw new Error(problems.map((problem) => problem.message).join('; '));
  return pilot;
}

/** What the autopilot is told of one ad set: exactly what decide() would read out of evidence. */
export class PilotSeat {
  readonly #view: AdView;
  readonly #known: Known;
  readonly #seed: number;
  readonly history = new History();
  #held: PilotInput['held'];
  #drawn = false;

  constructor(view: AdView, known: Known) {
    this.#view = view;
    this.#known = known;
    this.#seed = known.account.world.seed;
  }

  input(look: Look): PilotInput {
    const view = this.#view;
    const bidMs = this.history.since('set_bid', look.asOfMs);
    const budgetMs = this.history.since('set_budget', look.asOfMs);
    const resumedMs = this.history.since('resume', look.asOfMs);
    const changed = bidMs !== undefined || budgetMs !== undefined || resumedMs !== undefined;
    return {
      nowMs: look.nowMs,
      asOfMs: look.asOfMs,
      delivery: deliveryOf(this.#known.account, view, look),
      learned: this.#known.learned(view.ad.campaign),
      levers: leverState(view.levers),
      bidUnit: 'click',
      strategyId: STRATEGY,
      history: this.history.changes,
      outage: trackingOutage(this.#known.pulse()).outage,
      // One draw per due pause; once it was held back, the next is executed.
      draw: this.#drawn ? 1 : stream(this.#seed, view.ad.index, PURPOSE.wire, 1)(),
      ...(this.#held === undefined ? {} : { held: this.#held }),
      testSinceMs: START_MS,
      plannedDailySpend: plannedSpend(view, look),
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

  /** The move that a judgement asks for, noted as done. */
  follow(judgement: Judgement, look: Look): Move | null {
    const { action, toMicros, fullMicros, holdout } = judgement;
    if (holdout !== null && !this.#drawn) {
      this.#drawn = true;
      this.#held = { sinceMs: look.nowMs, untilMs: holdout.untilMs, propensity: holdout.propensity };
    }
    if (action === 'keep') return null;
    if (action === 'pause' || action === 'resume') {
      this.#note(look, action, PILOT_RULES[action]);
      return { on: action === 'resume' };
    }
    if (toMicros === null) return null;
    const to = Math.max(STEP_MICROS, Math.floor(toMicros / STEP_MICROS) * STEP_MICROS);
    const bid = judgement.lever === 'bid';
    const now = bid ? this.#view.levers.bidMicros : this.#view.levers.dailyBudgetMicros;
    if (to === now) return null;
    const rule = {
      probation: PILOT_RULES.probation,
      end_probation: PILOT_RULES.endProbation,
      bid: PILOT_RULES.bid,
      raise_budget: PILOT_RULES.budget,
    }[action];
    this.#note(look, bid ? 'set_bid' : 'set_budget', rule, {
      toMicros: to,
      ...(fullMicros === null ? {} : { fullMicros }),
    });
    return bid ? { bidMicros: to } : { dailyBudgetMicros: to };
  }

  #note(look: Look, kind: PastChange['kind'], rule: string, more: Partial<PastChange> = {}): void {
    this.history.add({
      kind,
      rule,
      strategyId: STRATEGY,
      atMs: look.nowMs,
      from: leverState(this.#view.levers),
      ...more,
    });
  }
}

/** Major units: the full budget, or without one what the newest week cost a day. */
function plannedSpend(view: AdView, look: Look): number {
  const budget = view.ad.levers.dailyBudgetMicros;
  if (budget !== null) return budget / 1e6;
  const from = Math.max(0, look.hours - 168);
  let spend = 0;
  for (let hour = from; hour < look.hours; hour += 1) spend += view.hours.spend[hour] ?? 0;
  return look.hours === from ? 0 : (spend * 24) / (look.hours - from);
}

const cpa = (caution: NonNullable<AutopilotDocument['caution']>): AutopilotDocument => ({
  event: 'purchase',
  cpa: '30 USD',
  caution,
});
const roas = (caution: NonNullable<AutopilotDocument['caution']>): AutopilotDocument => ({
  event: 'purchase',
  roas: 1,
  caution,
});

interface Variant {
  readonly id: string;
  readonly title: string;
  readonly caution: NonNullable<AutopilotDocument['caution']>;
  readonly handicap?: Handicap;
  readonly noOutageBreaker?: boolean;
  readonly change?: (pilot: CompiledAutopilot) => CompiledAutopilot;
  readonly in?: (scenario: Scenario) => boolean;
}

function autopilot(variant: Variant): Policy {
  const { caution } = variant;
  return {
    id: variant.id,
    title: variant.title,
    every: (scenario) => {
      if (variant.in?.(scenario) === false) return null;
      return ['S0', 'S1', 'S2'].includes(scenario.id) && variant.handicap === undefined ? 1 : HOURLY;
    },
    revives: true,
    learns: variant.handicap ?? {},
    pulse: variant.noOutageBreaker !== true,
    start: (known) => {
      const { target } = known.account.scenario;
      const compiled = compiledPilot(target === 'cpa' ? cpa(caution) : roas(caution));
      const pilot = variant.change?.(compiled) ?? compiled;
      const seats = new Map<AdView, PilotSeat>();
      return (view, look) => {
        let seat = seats.get(view);
        if (seat === undefined) seats.set(view, (seat = new PilotSeat(view, known)));
        const judgement = judgeObject(pilot, seat.input(look));
        if (judgement === null) return null;
        if (look.k % 144 === 0 && look.k > 0) known.state(view, judgement.probabilityWorse);
        return seat.follow(judgement, look);
      };
    },
  };
}

export const PILOTS: readonly Policy[] = [
  autopilot({ id: 'G', title: 'the engine, α = .20', caution: 'normal' }),
  autopilot({ id: 'G05', title: 'the engine, α = .05', caution: 'careful' }),
];
