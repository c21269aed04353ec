import type { Evidence } from '../decision.ts';
import type { Scope } from './facts.ts';
import type { EventUse } from './metrics.ts';
import { type Missing, RuleFault, type Unit } from './value.ts';

/** What a statistical function is called with, in this order; an event may stand before all of them. */
export type Part =
  /** A target CPA or ROAS: a number, `target.…`, `params.…` or a calculation with them. */
  | 'target'
  /** Chance of a false alarm, a literal. */
  | 'risk'
  /** A window, a literal. */
  | 'window'
  /** A target CPA that may be left out: then the strategy's. */
  | 'cpa?';

/** One call with its arguments read; what its function does not take is null. */
export interface StatisticCall {
  readonly event: string | null;
  readonly window: string | null;
  /** Money in major units, or a ROAS. */
  readonly target: number | null;
  readonly risk: number | null;
}

/** A scope with the whole evidence in it: what a rule's condition is asked with. */
export type FullScope = Scope & { readonly full: Evidence };

/** How far a yes-or-no statistic is from a yes, in its own scale. */
export interface Approach {
  readonly value: number;
  readonly threshold: number;
  /** "evidence 6 : 1 of 20 : 1 that CPA is above $30.00" */
  readonly text: string;
}

/** A function of the statistics: `proven.cpaAbove`, `due.conversions`. */
export interface Statistic {
  readonly parts: readonly Part[];
  readonly event: EventUse;
  readonly type: 'double' | 'bool';
  readonly unit: Unit;
  /** What of the evidence it looks at, which decides what is loaded. */
  readonly asks: 'delivery' | 'arrived' | 'estimate';
  /** Which of the strategy's targets it means when it is asked without one. */
  readonly needsTarget?: 'cpa';
  /** True where its value with its unit says enough in a sentence: "3.4 purchases due today". */
  readonly plain: boolean;
  /** How it is written, for messages: `proven.cpaAbove(target.cpa, 0.05)`. */
  readonly example: string;
  read(call: StatisticCall, scope: FullScope): number | boolean | Missing;
  /** Its value as a clause for marketers: "2 purchases where 9.3 were due at $30.00; evidence 27 : 1 …". */
  said(call: StatisticCall, value: number | boolean, scope: FullScope): string;
  /** Its name in "nearest: … $4.00 over …". */
  name(call: StatisticCall, scope: FullScope): string;
  approach?(call: StatisticCall, scope: FullScope): Approach | Missing;
}

/**
 * One statistic of the object under judgement.
 *
 * @throws RuleFault when the evidence lacks what it looks at or holds a number that is none: never a quiet 0.
 */
export function readStatistic(
  statistic: Statistic,
  call: StatisticCall,
  scope: FullScope,
): number | boolean | Missing {
  const value = statistic.read(call, scope);
  if (typeof value === 'number' && !Number.isFinite(value))
    throw new RuleFault(`${statistic.example} of this object is not a number: ${value}`);
  // -0 would not survive a stored record.
  return value === 0 ? 0 : value;
}

/** @throws RuleFault in `scope.where`, where nothing but the object is known. */
export function fullScope(scope: Scope): FullScope {
  const { full } = scope;
  if (full === null) throw new RuleFault('a statistic was read without evidence');
  return { ...scope, full };
}

/** The event of a call that must have one; compilation sees to it. */
export function eventOf(call: StatisticCall): string {
  if (call.event === null) throw new RuleFault('a statistic was read without an event');
  return call.event;
}

/** The window of a call that must have one. */
export function windowOf(call: StatisticCall): string {
  if (call.window === null) throw new RuleFault('a statistic was read without a window');
  return call.window;
}

const NO_TARGET: Missing = { missing: 'value', why: 'the target is not above 0' };

/** A target that can be compared with: above 0. */
export function targetOf(call: StatisticCall): number | Missing {
  const { target } = call;
  return target !== null && target > 0 ? target : NO_TARGET;
}
