import { type Micros, micros } from '../../src/core/money.ts';
import type { PastChange } from '../../src/core/decision.ts';
import type { LeverState } from '../../src/core/object.ts';
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
