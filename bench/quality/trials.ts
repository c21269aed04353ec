import type { Learned, TrialValue } from '../../src/core/learned.ts';
import { trialRate } from '../../src/core/statistics/late-revenue.ts';
import { exponential, PURPOSE, stream } from '../../src/sandbox/market/random.ts';
import type { Account } from './account.ts';
import { DAY_MS, PAST_DAYS, START_MS, STEPS_A_DAY } from './scenarios.ts';
import { makeTrack, type Purchase } from './track.ts';
import { payingShare, TRIAL_PRICE } from './trial-worth.ts';

const TRIAL_MS = 29 * DAY_MS;
const HOUR_MS = 3_600_000;

/** When a trial first pays; Infinity where it never does. */
function paysMs(seed: number, index: number, { clickMs, atMs }: Purchase): number {
  const draw = stream(seed, index, PURPOSE.trial, clickMs);
  return draw() < payingShare(seed, index) ? atMs + TRIAL_MS + exponential(8 * HOUR_MS, draw()) : Infinity;
}

/** Nearly all who pay have paid by then. */
const MATURE_MS = TRIAL_MS + 2 * DAY_MS;
/** Worth 20 trials before the account's own have shown anything. */
const PRIOR = { a: 7, b: 13 } as const;

/**
 * Keeps an account's trials and says what one is worth by those that have had the time to pay, as the live system learns it.
 * The past ads ran through another month before the account's past: else nothing would have paid yet.
 */
export class TrialBook {
  readonly #seed: number;
  #waiting: { readonly maturesMs: number; readonly pays: boolean }[] = [];
  #trials = 0;
  #paid = 0;

  constructor(account: Account) {
    this.#seed = account.world.seed;
    for (const { index, levers, track } of account.past) {
      const before = makeTrack(account.world, index, {
        levers,
        startMs: START_MS - 2 * PAST_DAYS * DAY_MS,
        steps: PAST_DAYS * STEPS_A_DAY,
        faults: undefined,
      });
      for (const trial of [...before.purchases, ...track.purchases]) this.note(index, trial);
    }
  }

  note(index: number, trial: Purchase): void {
    const maturesMs = trial.atMs + MATURE_MS;
    this.#waiting.push({ maturesMs, pays: paysMs(this.#seed, index, trial) <= maturesMs });
  }

  /** The account's facts with what a trial is worth by now. */
  learn(learned: readonly Learned[], nowMs: number): readonly Learned[] {
    const matured = this.#waiting.filter(({ maturesMs }) => maturesMs <= nowMs);
    this.#waiting = this.#waiting.filter(({ maturesMs }) => maturesMs > nowMs);
    this.#trials += matured.length;
    this.#paid += matured.filter(({ pays }) => pays).length;
    const trial: TrialValue | null =
      this.#paid === 0
        ? null
        : {
            paidEvent: 'paid',
            trials: this.#trials,
            paid: this.#paid,
            rate: trialRate(PRIOR, this.#trials, this.#paid).rate,
            price: TRIAL_PRICE,
          };
    return learned.map((one) => ({ ...one, trial }));
  }
}
