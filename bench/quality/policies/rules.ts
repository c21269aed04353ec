import { decide } from '../../../src/core/decide.ts';
import type { Evidence, PastChange, WindowMetrics } from '../../../src/core/decision.ts';
import type { CompiledStrategy } from '../../../src/core/rules/compile.ts';
import { readWindow, type WindowSpec } from '../../../src/core/windows.ts';
import type { AdView, SeenConversions } from '../ad-view.ts';
import { bareEvidence, History, leverState, objectOf, STRATEGY_ID } from '../evidence.ts';
import { deliveryOf, type Look } from '../look.ts';
import { DAILY, HOURLY, type Known, type Move, type Policy } from '../policy.ts';
import { strategyFile } from '../strategy-file.ts';
import { type Scenario, START_MS } from '../scenarios.ts';

const HOUR_MS = 3_600_000;

/** Hours of the run that a window covers: [from, to). */
export function windowHours(window: WindowSpec, hours: number): { from: number; to: number } {
  const today = Math.floor((hours - 1) / 24);
  if (window.kind === 'lifetime') return { from: 0, to: hours };
  if (window.kind === 'hours') return { from: Math.max(0, hours - window.hours), to: hours };
  const first = today - (window.offset + window.days - 1);
  return {
    from: Math.max(0, first * 24),
    to: window.offset === 0 ? hours : Math.max(0, today * 24),
  };
}

function sumOf(days: readonly number[], hourly: readonly number[], from: number, to: number): number {
  let sum = 0;
  let at = from;
  while (at % 24 !== 0 && at < to) sum += hourly[at++] ?? 0;
  for (; at + 24 <= to; at += 24) sum += days[at / 24] ?? 0;
  for (; at < to; at += 1) sum += hourly[at] ?? 0;
  return sum;
}

const events = (of: SeenConversions, from: number, to: number): WindowMetrics['conversions'] => ({
  purchase: {
    conversions: sumOf(of.days, of.hours, from, to),
    value: sumOf(of.dayValues, of.hourValues, from, to),
    unconverted: 0,
  },
});

/** Evidence as the live system would load it for one ad set. */
export class RuleSeat {
  readonly #strategy: CompiledStrategy;
  readonly #windows: readonly (readonly [string, WindowSpec])[];
  readonly #view: AdView;
  readonly #known: Known;
  readonly #facts: ReturnType<typeof objectOf>;
  readonly history = new History();

  constructor(strategy: CompiledStrategy, view: AdView, known: Known) {
    this.#strategy = strategy;
    this.#view = view;
    this.#known = known;
    this.#windows = strategy.needs.windows.map((spelling) => {
      const window = readWindow(spelling);
      if ('problem' in window) throw new Error(window.problem);
      return [spelling, window] as const;
    });
    this.#facts = objectOf(view);
  }

  evidence(look: Look): Evidence {
    const view = this.#view;
    const windows: Record<string, WindowMetrics> = {};
    for (const [spelling, spec] of this.#windows) windows[spelling] = this.#window(spec, look);
    return {
      ...bareEvidence(this.#facts, view, this.history, look),
      windows,
      ...(this.#strategy.needs.statistics
        ? {
            delivery: deliveryOf(this.#known.account, view, look),
            learned: { purchase: this.#known.learned(view.ad.campaign) },
          }
        : {}),
    };
  }

  #window(spec: WindowSpec, look: Look): WindowMetrics {
    const { from, to } = windowHours(spec, look.hours);
    const { hours, days, byClick, byArrival } = this.#view;
    const clicks = sumOf(days.clicks, hours.clicks, from, to);
    return {
      bounds: { fromMs: START_MS + from * HOUR_MS, toMs: START_MS + to * HOUR_MS },
      spend: sumOf(days.spend, hours.spend, from, to),
      impressions: 0,
      clicks,
      visits: clicks,
      conversions: events(byClick, from, to),
      arrived: events(byArrival, from, to),
    };
  }

  follow(decision: ReturnType<typeof decide>, look: Look): Move | null {
    const { verdict } = decision;
    if (verdict.kind === 'keep' || verdict.kind === 'notify') return null;
    const change: PastChange = {
      kind: verdict.kind,
      rule: decision.reason.rule,
      strategyId: STRATEGY_ID,
      atMs: look.nowMs,
      from: leverState(this.#view.levers),
    };
    this.history.add(change);
    switch (verdict.kind) {
      case 'pause':
        return { on: false };
      case 'resume':
        return { on: true };
      case 'set_bid':
        return { bidMicros: verdict.toMicros };
      case 'set_budget':
        return { dailyBudgetMicros: verdict.toMicros };
    }
  }
}

interface RuleOptions {
  readonly every: number;
  readonly eager?: number;
  readonly when?: (k: number) => boolean;
  readonly revives?: boolean;
  /** Whether its rules ask for the time of day. */
  readonly byClock?: boolean;
  /** Worlds it runs in; left out: all without bids. */
  readonly in?: readonly string[];
}

function ruled(id: string, file: string, title: string, options: RuleOptions): Policy {
  return {
    id,
    title,
    every: (scenario: Scenario) => {
      if (scenario.bidding === true || options.in?.includes(scenario.id) === false) return null;
      return ['S0', 'S1', 'S2'].includes(scenario.id) ? (options.eager ?? options.every) : options.every;
    },
    ...(options.when === undefined ? {} : { when: options.when }),
    revives: options.revives ?? false,
    learns: null,
    start: (known) => {
      const strategy = strategyFile(file);
      const seats = new Map<AdView, RuleSeat>();
      const judge = (view: AdView, look: Look): Move | null => {
        let seat = seats.get(view);
        if (seat === undefined) seats.set(view, (seat = new RuleSeat(strategy, view, known)));
        return seat.follow(decide(strategy, seat.evidence(look)), look);
      };
      // Windows end with the last report: until the next one, only a conversion moves them.
      return options.byClock === true ? judge : Object.assign(judge, { quietUntil: () => true });
    },
  };
}

export const RULES: readonly Policy[] = [
  ruled('A', 'A', 'naive: CPA of three days by event time over target', { every: HOURLY, eager: 1 }),
  ruled('B1', 'B1', 'rule template: 2 T and CPA[7 d] > T, hourly', { every: HOURLY }),
  ruled('B2', 'B2', '3 T and CPA[7 d] > 1.2 T, daily', { every: DAILY }),
  ruled('B3', 'B3', '5 T and CPA[14 d] > 1.2 T, daily', { every: DAILY }),
  ruled('B4', 'B4', 'stop-loss 3 T, B2 and ±20 % budget steps, hourly', { every: HOURLY }),
  ruled('R10', 'R10', 'four rules off and two on around one payout, half-hourly', {
    every: 3,
    revives: true,
    byClock: true,
    in: ['S1', 'S2', 'small'],
  }),
  ruled('R11', 'R11', 'test allowance with late recovery, hourly', { every: HOURLY, revives: true }),
  ruled('person', 'person', 'a person at the report on weekdays at nine', {
    every: HOURLY,
    when: (k) => k % DAILY === 54,
  }),
  ruled('clicks', 'clicks', 'clicks only: dear clicks are stopped', { every: HOURLY }),
];
