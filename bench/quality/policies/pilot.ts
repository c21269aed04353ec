import type { CompiledAutopilot } from '../../../src/core/autopilot/compiled.ts';
import type { Judgement } from '../../../src/core/autopilot/judgement.ts';
import { pilotInput } from '../../../src/core/autopilot/pilot-input.ts';
import { judgeObject } from '../../../src/core/autopilot/judge.ts';
import { decide } from '../../../src/core/decide.ts';
import type { CompiledStrategy } from '../../../src/core/rules/compile.ts';
import type { Decision, Evidence, PilotFacts } from '../../../src/core/decision.ts';
import { PURPOSE, stream } from '../../../src/sandbox/market/random.ts';
import type { AdView } from '../ad-view.ts';
import { bareEvidence, History, leverState, objectOf, STRATEGY_ID } from '../evidence.ts';
import type { Handicap } from '../learner.ts';
import { deliveryOf, type Look } from '../look.ts';
import { DAILY, HOURLY, type Known, type Move, type Policy } from '../policy.ts';
import { strategyFile } from '../strategy-file.ts';
import type { Scenario } from '../scenarios.ts';

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

  /** What the engine does with the ad set now: judged in the hot loop, decided wherever a change is asked for. */
  look(
    strategy: CompiledStrategy,
    look: Look,
  ): { readonly move: Move | null; readonly judgement: Judgement | null } {
    const evidence = this.evidence(look);
    const judgement = this.#judge(strategy, evidence);
    if (judgement === null || (judgement.action === 'keep' && judgement.holdout === null))
      return { move: null, judgement };
    return { move: this.follow(decide(strategy, evidence), look), judgement };
  }

  /** Whether it would keep by then if nothing but maturing happened, and keeps for a reason that lasts. */
  keepsUntil(strategy: CompiledStrategy, ahead: Look): boolean {
    const judgement = this.#judge(strategy, this.evidence(ahead));
    return (
      judgement !== null &&
      judgement.action === 'keep' &&
      judgement.holdout === null &&
      !judgement.outage &&
      judgement.reason !== 'tracking_suspected'
    );
  }

  #judge(strategy: CompiledStrategy, evidence: Evidence): Judgement | null {
    const { delivery, learned } = evidence;
    const facts = learned?.['purchase'];
    if (strategy.autopilot === null || delivery === undefined || facts === undefined) return null;
    return judgeObject(strategy.autopilot, pilotInput(evidence, delivery, facts));
  }

  /** The move that a decision asks for, noted as done. */
  follow({ verdict, reason, judgement, holdout }: Decision, look: Look): Move | null {
    if (holdout !== undefined && !this.#drawn) {
      this.#drawn = true;
      this.#held = { sinceMs: look.nowMs, ...holdout };
    }
    if (verdict.kind === 'keep' || verdict.kind === 'notify') return null;
    const change = {
      kind: verdict.kind,
      rule: reason.rule,
      strategyId: STRATEGY_ID,
      atMs: look.nowMs,
      from: leverState(this.#view.levers),
    };
    if (verdict.kind === 'pause' || verdict.kind === 'resume') {
      this.history.add(change);
      return { on: verdict.kind === 'resume' };
    }
    const fullMicros = judgement?.fullMicros ?? null;
    this.history.add({
      ...change,
      toMicros: verdict.toMicros,
      ...(fullMicros === null ? {} : { fullMicros }),
    });
    return verdict.kind === 'set_bid'
      ? { bidMicros: verdict.toMicros }
      : { dailyBudgetMicros: verdict.toMicros };
  }
}

interface Variant {
  readonly id: string;
  readonly title: string;
  readonly file?: string;
  readonly handicap?: Handicap;
  readonly noOutageBreaker?: boolean;
  readonly change?: (pilot: CompiledAutopilot) => CompiledAutopilot;
  readonly in?: (scenario: Scenario) => boolean;
}

function autopilot(variant: Variant): Policy {
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
      const { target, trials } = known.account.scenario;
      const roas = trials === true ? '-trial' : target === 'roas' ? '-roas' : '';
      const compiled = strategyFile(`${variant.file ?? 'G'}${roas}`);
      const pilot = compiled.autopilot;
      const strategy =
        pilot === null || variant.change === undefined
          ? compiled
          : { ...compiled, autopilot: variant.change(pilot) };
      const seats = new Map<AdView, PilotSeat>();
      const seatOf = (view: AdView): PilotSeat => {
        let seat = seats.get(view);
        if (seat === undefined) seats.set(view, (seat = new PilotSeat(view, known)));
        return seat;
      };
      const judge = (view: AdView, look: Look): Move | null => {
        const { move, judgement } = seatOf(view).look(strategy, look);
        if (judgement !== null && look.k % DAILY === 0) known.state(view, judgement.probabilityWorse);
        return move;
      };
      // Without a conversion evidence and exposure only rise: the last look before a report is the nearest to a change.
      return Object.assign(judge, {
        quietUntil: (view: AdView, ahead: Look) => seatOf(view).keepsUntil(strategy, ahead),
      });
    },
  };
}

const either = (...ids: readonly string[]) => ({
  in: ({ id }: Scenario): boolean => ids.includes(id),
});
const worse = (id: string, title: string, handicap: Handicap, ...where: readonly string[]): Policy =>
  autopilot({ id, title: `G, ${title}`, handicap, ...either(...where) });
const prior = (shape: number, mean: number): Handicap => ({ prior: { shape, mean } });

/** What each part of the engine is worth: without it, or with it misled. */
const ABLATIONS: readonly Policy[] = [
  worse('G-delay', 'no delay correction', { curve: 'none' }, 'S1', 'S2'),
  worse('G-prior', 'no shrinkage: the cold-start prior', { prior: 'none' }, 'S1', 'S2'),
  autopilot({
    id: 'G-guard',
    title: 'G, no guard: pauses at 1.1 : 1',
    change: (pilot) => ({ ...pilot, alpha: 1 / 1.1, holdoutShare: 0 }),
    ...either('S1', 'S2'),
  }),
  autopilot({
    id: 'G-probation',
    title: 'G, no probation',
    change: (pilot) => ({ ...pilot, trickle: 1 }),
    ...either('S1', 'S2'),
  }),
  autopilot({
    id: 'G-holdout',
    title: 'G, no holdout',
    change: (pilot) => ({ ...pilot, holdoutShare: 0 }),
    ...either('S1', 'S2'),
  }),
  worse('G-shape-half', 'prior shape halved', prior(0.5, 1), 'S1', 'S2'),
  worse('G-shape-double', 'prior shape doubled', prior(2, 1), 'S1', 'S2'),
  worse('G-mean-half', 'prior mean halved', prior(1, 0.5), 'S1', 'S2'),
  worse('G-mean-more', 'prior mean half as much again', prior(1, 1.5), 'S1', 'S2'),
  worse('G-fast', 'believes conversions as fast as installs', { curve: 'fast' }, 'S2'),
  worse('G-slow', 'believes conversions as slow as purchases', { curve: 'slow' }, 'S1'),
  autopilot({
    id: 'G-breaker',
    title: 'G, no outage breaker',
    noOutageBreaker: true,
    ...either('S6'),
  }),
];

export const PILOTS: readonly Policy[] = [
  autopilot({ id: 'G', title: 'the engine, α = .20' }),
  autopilot({ id: 'G05', title: 'the engine, α = .05', file: 'G05' }),
  ...ABLATIONS,
];
