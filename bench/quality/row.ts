import { outageAround } from '../../src/sandbox/market/postback-fate.ts';
import type { Account } from './account.ts';
import type { AdsetLevers } from './ad-runner.ts';
import type { AdView } from './ad-view.ts';
import { type AdKind, START_MS, STEPS_A_DAY, TARGET } from './scenarios.ts';

/** What became of one ad under one policy. Money in targets, so that ads of all worlds can be added up. */
export interface AdRow {
  readonly kind: AdKind;
  readonly fast: boolean;
  /** Hidden efficiency, and the average it ran at until its first pause (untouched to the end where there was none). */
  readonly theta: number;
  readonly running: number;
  /** Average efficiency of the untouched ad. */
  readonly whole: number;
  /** Days it had. */
  readonly days: number;
  readonly planned: number;
  readonly plannedExpected: number;
  readonly spend: number;
  readonly expected: number;
  readonly oracle: number;
  readonly oracleWithMargin: number;
  readonly paused: boolean;
  /** First day on which it was paused or had less than 40 % of its levers; -1 never. */
  readonly stopDay: number;
  readonly stopSpend: number;
  readonly stoppedAtEnd: boolean;
  readonly changes: number;
  readonly bigChanges: number;
  readonly flips: number;
  readonly inOutage: boolean;
}

/** An ad with less than this share of what it was given is stopped in all but name. */
export const STARVED = 0.4;

/** Notes the changes of one ad during a run. */
export class RowKeeper {
  readonly #view: AdView;
  readonly #first: AdsetLevers;
  pausedStep = -1;
  runningAtPause = 0;
  stopStep = -1;
  stopSpendMicros = 0;
  changes = 0;
  bigChanges = 0;
  flips = 0;
  pauseSteps: number[] = [];
  #lastStep = -Infinity;
  #lastDirection = 0;

  constructor(view: AdView) {
    this.#view = view;
    this.#first = view.levers;
  }

  change(k: number, before: AdsetLevers, after: AdsetLevers): void {
    this.changes += 1;
    const ratio = strengthOf(after, this.#first) / (strengthOf(before, this.#first) || 1e-9);
    if (ratio > 1.2 || ratio < 1 / 1.2) this.bigChanges += 1;
    const direction = Math.sign(strengthOf(after, this.#first) - strengthOf(before, this.#first));
    if (direction * this.#lastDirection < 0 && k - this.#lastStep <= 2 * STEPS_A_DAY) this.flips += 1;
    this.#lastDirection = direction;
    this.#lastStep = k;
    if (before.on && !after.on) {
      this.pauseSteps.push(k);
      if (this.pausedStep < 0) {
        this.pausedStep = k;
        this.runningAtPause = averageOf(
          this.#view.spendMicros,
          this.#view.expected,
          this.#view.ad.efficiency,
        );
      }
    }
    if (this.stopStep < 0 && strengthOf(after, this.#first) < STARVED) {
      this.stopStep = k;
      this.stopSpendMicros = this.#view.spendMicros;
    }
  }

  stopped(levers: AdsetLevers): boolean {
    return strengthOf(levers, this.#first) < STARVED;
  }
}

/** How much of what it began with an ad still has: 0 when off. */
function strengthOf(levers: AdsetLevers, first: AdsetLevers): number {
  if (!levers.on) return 0;
  const share = (now: number | null, then: number | null): number =>
    now === null || then === null || then === 0 ? 1 : now / then;
  return share(levers.dailyBudgetMicros, first.dailyBudgetMicros) * share(levers.bidMicros, first.bidMicros);
}

/** Efficiency over all that was spent; without spend, what it would have been. */
function averageOf(spendMicros: number, expected: number, theta: number): number {
  return spendMicros === 0 ? theta : (TARGET * 1e6 * expected) / spendMicros;
}

export function finishRow(account: Account, view: AdView, keeper: RowKeeper): AdRow {
  const { ad } = view;
  const { track } = ad;
  const unit = TARGET * 1e6;
  const plannedMicros = track.cumSpendMicros[track.steps] ?? 0;
  const plannedExpected = track.cumExpected[track.steps] ?? 0;
  const round = (value: number): number => Math.round(value * 1e5) / 1e5;
  return {
    kind: ad.kind,
    fast: ad.plan.delay === 'fast',
    theta: round(ad.efficiency),
    running: round(
      keeper.pausedStep < 0
        ? averageOf(view.spendMicros, view.expected, ad.efficiency)
        : keeper.runningAtPause,
    ),
    whole: round(averageOf(plannedMicros, plannedExpected, ad.efficiency)),
    days: (account.steps - ad.beginsStep) / STEPS_A_DAY,
    planned: round(plannedMicros / unit),
    plannedExpected: round(plannedExpected),
    spend: round(view.spendMicros / unit),
    expected: round(view.expected),
    oracle: round(ad.oracle / TARGET),
    oracleWithMargin: round(ad.oracleWithMargin / TARGET),
    paused: keeper.pausedStep >= 0,
    stopDay: keeper.stopStep < 0 ? -1 : round((keeper.stopStep - ad.beginsStep) / STEPS_A_DAY),
    stopSpend: round(keeper.stopSpendMicros / unit),
    stoppedAtEnd: keeper.stopped(view.levers),
    changes: keeper.changes,
    bigChanges: keeper.bigChanges,
    flips: keeper.flips,
    inOutage:
      account.faults !== undefined &&
      keeper.pauseSteps.some((k) => inOutage(account, START_MS + k * 600_000)),
  };
}

function inOutage(account: Account, atMs: number): boolean {
  if (account.faults === undefined) return false;
  const { fromMs, toMs } = outageAround(account.world.seed, account.faults, atMs);
  return atMs > fromMs && atMs <= toMs;
}
