import { compileAutopilot } from '../../../src/core/autopilot/compile-autopilot.ts';
import type { CompiledAutopilot } from '../../../src/core/autopilot/compiled.ts';
import type { Judgement } from '../../../src/core/autopilot/judgement.ts';
import { pilotInput } from '../../../src/core/autopilot/pilot-input.ts';
import { judgeObject } from '../../../src/core/autopilot/judge.ts';
import { PILOT_RULES } from '../../../src/core/autopilot/stage.ts';
import type { Evidence, PastChange, PilotFacts } from '../../../src/core/decision.ts';
import { compileGuardrails } from '../../../src/core/rules/compile-guardrails.ts';
import type { AutopilotDocument } from '../../../src/core/rules/document.ts';
import { PURPOSE, stream } from '../../../src/sandbox/market/random.ts';
import type { AdView } from '../ad-view.ts';
import { bareEvidence, History, leverState, objectOf, STRATEGY_ID } from '../evidence.ts';
import type { Handicap } from '../learner.ts';
import { deliveryOf, type Look } from '../look.ts';
import { HOURLY, type Known, type Move, type Policy } from '../policy.ts';
import type { Scenario } from '../scenarios.ts';

/** A cent: the network's smallest step. */
const STEP_MICROS = 10_000;

/** An `autopilot:` as a strategy file has it, compiled as it always is. */
export function compiledPilot(autopilot: AutopilotDocument): CompiledAutopilot {
  const problems: Parameters<typeof compileAutopilot>[3] = [];
  const guardrails = compileGuardrails({}, 'USD', problems);
  const pilot = compileAutopilot(
    { version: 1, strategy: STRATEGY_ID, scope: { level: 'adset' }, autopilot },
    guardrails,
    'USD',
    problems,
  );
  if (pilot === null) throw new Error(problems.map((problem) => problem.message).join('; '));
  return pilot;
}

/** One ad set under the autopilot: its evidence, its history, its holdout. */
export class PilotSeat {
  readonly #view: AdView;
  readonly #known: Known;
  readonly #seed: number;
  readonly #facts: ReturnType<typeof objectOf>;
  readonly history = new History();
  #held: PilotFacts['held'];
  #drawn = false;

  constructor(view: AdView, known: Known) {
    this.#view = view;
    this.#known = known;
    this.#seed = known.account.world.seed;
    this.#facts = objectOf(view);
  }

  /** All of it, as decide() takes it. */
  evidence(look: Look): Evidence {
    const view = this.#view;
    return {
      ...bareEvidence(this.#facts, view, this.history, look),
      delivery: deliveryOf(this.#known.account, view, look),
      learned: { purchase: this.#known.learned(view.ad.campaign) },
      pilot: {
        // One draw per due pause; once it was held back, the next is executed.
        draw: this.#drawn ? 1 : stream(this.#seed, view.ad.index, PURPOSE.wire, 1)(),
        ...(this.#held === undefined ? {} : { held: this.#held }),
        pulse: this.#known.pulse(),
      },
    };
  }

  judge(pilot: CompiledAutopilot, look: Look): Judgement | null {
    const evidence = this.evidence(look);
    const { delivery, learned } = evidence;
    const facts = learned?.['purchase'];
    if (delivery === undefined || facts === undefined) return null;
    return judgeObject(pilot, pilotInput(evidence, delivery, facts));
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
      strategyId: STRATEGY_ID,
      atMs: look.nowMs,
      from: leverState(this.#view.levers),
      ...more,
    });
  }
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
      return ['S0', 'S1', 'S2'].includes(scenario.id) && variant.in === undefined ? 1 : HOURLY;
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
        const judgement = seat.judge(pilot, look);
        if (judgement === null) return null;
        if (look.k % 144 === 0 && look.k > 0) known.state(view, judgement.probabilityWorse);
        return seat.follow(judgement, look);
      };
    },
  };
}

const either = (...ids: readonly string[]) => ({
  in: ({ id }: Scenario): boolean => ids.includes(id),
});
const worse = (id: string, title: string, handicap: Handicap, ...where: readonly string[]): Policy =>
  autopilot({ id, title: `G, ${title}`, caution: 'normal', handicap, ...either(...where) });
const prior = (shape: number, mean: number): Handicap => ({ prior: { shape, mean } });

/** What each part of the engine is worth: without it, or with it misled. */
const ABLATIONS: readonly Policy[] = [
  worse('G-delay', 'no delay correction', { curve: 'none' }, 'S1', 'S2'),
  worse('G-prior', 'no shrinkage: the cold-start prior', { prior: 'none' }, 'S1', 'S2'),
  autopilot({
    id: 'G-guard',
    title: 'G, no guard: pauses at 1.1 : 1',
    caution: 'normal',
    change: (pilot) => ({ ...pilot, alpha: 1 / 1.1, holdoutShare: 0 }),
    ...either('S1', 'S2'),
  }),
  autopilot({
    id: 'G-probation',
    title: 'G, no probation',
    caution: 'normal',
    change: (pilot) => ({ ...pilot, trickle: 1 }),
    ...either('S1', 'S2'),
  }),
  autopilot({
    id: 'G-holdout',
    title: 'G, no holdout',
    caution: 'normal',
    change: (pilot) => ({ ...pilot, holdoutShare: 0 }),
    ...either('S1', 'S2'),
  }),
  worse('G-a½', 'prior shape halved', prior(0.5, 1), 'S1', 'S2'),
  worse('G-a2', 'prior shape doubled', prior(2, 1), 'S1', 'S2'),
  worse('G-μ½', 'prior mean halved', prior(1, 0.5), 'S1', 'S2'),
  worse('G-μ1½', 'prior mean half as much again', prior(1, 1.5), 'S1', 'S2'),
  worse('G-fast', 'believes conversions as fast as installs', { curve: 'fast' }, 'S2'),
  worse('G-slow', 'believes conversions as slow as purchases', { curve: 'slow' }, 'S1'),
  autopilot({
    id: 'G-breaker',
    title: 'G, no outage breaker',
    caution: 'normal',
    noOutageBreaker: true,
    ...either('S6'),
  }),
];

export const PILOTS: readonly Policy[] = [
  autopilot({ id: 'G', title: 'the engine, α = .20', caution: 'normal' }),
  autopilot({ id: 'G05', title: 'the engine, α = .05', caution: 'careful' }),
  ...ABLATIONS,
];
