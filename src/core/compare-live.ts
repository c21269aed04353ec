import type { Change } from './decision.ts';
import { formatMoney, type Micros } from './money.ts';
import type { LeverState } from './object.ts';

/** How a live value stands to the one a decision saw and the one it wants. */
export interface LiveComparison {
  readonly standing: 'as_expected' | 'already_so' | 'moved';
  readonly words: string;
}

/**
 * Compares only the lever that the change moves: a budget that somebody raised does not stop a pause.
 * A value that is neither the one seen nor the one wanted was moved by someone else (invariant 8).
 */
export function compareLive(
  change: Change,
  expected: LeverState,
  live: LeverState,
  currency: string,
): LiveComparison {
  const words = leverWords(change, live, currency);
  if (isWanted(change, live)) return { standing: 'already_so', words };
  if (isSame(change, expected, live)) return { standing: 'as_expected', words };
  const seen = leverWords(change, expected, currency);
  return { standing: 'moved', words: `someone else moved it: ${seen} when this was decided, ${words} now` };
}

/** The value of the lever a change moves, in words: "bid $1.20", "paused". */
export function leverWords(change: Change, state: LeverState, currency: string): string {
  switch (change.kind) {
    case 'pause':
    case 'resume':
      return state.status;
    case 'set_bid':
      return `bid ${money(state.bidMicros, currency)}`;
    case 'set_budget':
      return `${change.budget} budget ${money(budgetOf(change.budget, state), currency)}`;
  }
}

function isWanted(change: Change, live: LeverState): boolean {
  switch (change.kind) {
    case 'pause':
      return live.status === 'paused';
    case 'resume':
      return live.status === 'active';
    case 'set_bid':
      return live.bidMicros === change.toMicros;
    case 'set_budget':
      return budgetOf(change.budget, live) === change.toMicros;
  }
}

function isSame(change: Change, expected: LeverState, live: LeverState): boolean {
  switch (change.kind) {
    case 'pause':
    case 'resume':
      return live.status === expected.status;
    case 'set_bid':
      return live.bidMicros === expected.bidMicros && live.bidStrategy === expected.bidStrategy;
    case 'set_budget':
      return budgetOf(change.budget, live) === budgetOf(change.budget, expected);
  }
}

/** The state after the change, as the network should show it. */
export function stateAfter(change: Change, before: LeverState): LeverState {
  switch (change.kind) {
    case 'pause':
      return { ...before, status: 'paused' };
    case 'resume':
      return { ...before, status: 'active' };
    case 'set_bid':
      return { ...before, bidMicros: change.toMicros };
    case 'set_budget':
      return change.budget === 'daily'
        ? { ...before, dailyBudgetMicros: change.toMicros }
        : { ...before, lifetimeBudgetMicros: change.toMicros };
  }
}

/** The change that puts the lever back to where it stood; undefined where there was no value to put back. */
export function reverseChange(change: Change, before: LeverState): Change | undefined {
  switch (change.kind) {
    case 'pause':
      return before.status === 'active' ? { kind: 'resume' } : undefined;
    case 'resume':
      return before.status === 'paused' ? { kind: 'pause' } : undefined;
    case 'set_bid':
      return before.bidMicros === null ? undefined : { kind: 'set_bid', toMicros: before.bidMicros };
    case 'set_budget': {
      const toMicros = budgetOf(change.budget, before);
      return toMicros === null ? undefined : { kind: 'set_budget', toMicros, budget: change.budget };
    }
  }
}

/** "pause", "bid $1.20 → $1.32, +10 %": what a change does, for people. */
export function changeWords(change: Change, before: LeverState, currency: string): string {
  switch (change.kind) {
    case 'pause':
      return 'pause';
    case 'resume':
      return 'resume';
    case 'set_bid':
    case 'set_budget': {
      const from = change.kind === 'set_bid' ? before.bidMicros : budgetOf(change.budget, before);
      const what = change.kind === 'set_bid' ? 'bid' : `${change.budget} budget`;
      const delta = relativeDelta(change, before);
      const percent =
        delta === null ? '' : `, ${delta >= 0 ? '+' : '−'}${Math.round(Math.abs(delta) * 1000) / 10} %`;
      return `${what} ${money(from, currency)} → ${money(change.toMicros, currency)}${percent}`;
    }
  }
}

/** Relative change of a bid or budget: 0.1 is +10 %; null for pauses, resumes and where there was no value. */
export function relativeDelta(change: Change, before: LeverState): number | null {
  if (change.kind === 'pause' || change.kind === 'resume') return null;
  const from = change.kind === 'set_bid' ? before.bidMicros : budgetOf(change.budget, before);
  return from === null || from === 0 ? null : change.toMicros / from - 1;
}

function budgetOf(budget: 'daily' | 'lifetime', state: LeverState): Micros | null {
  return budget === 'daily' ? state.dailyBudgetMicros : state.lifetimeBudgetMicros;
}

function money(amount: Micros | null, currency: string): string {
  return amount === null ? 'none' : formatMoney(amount, currency);
}
