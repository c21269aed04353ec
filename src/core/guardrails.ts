import { PILOT_RULES } from './autopilot/stage.ts';
import { majorUnits, type Micros, micros } from './money.ts';
import { moneyText } from './rules/phrases.ts';
import type { ReasonCode } from './decision.ts';

/** Limits of one strategy that no rule passes. Durations in ms, shares as fractions, money in micros. */
export interface Guardrails {
  readonly maxActionsPerDay: number;
  readonly maxShareOfSpendPaused: number;
  readonly maxStep: number | null;
  readonly bidFloor: Micros | null;
  readonly bidCeiling: Micros | null;
  readonly budgetFloor: Micros | null;
  readonly budgetCeiling: Micros | null;
  readonly cooldownMs: number;
  readonly maxSpendAgeMs: number;
  readonly holdWhileLearning: boolean;
}

const HOUR_MS = 3_600_000;

/** What holds when a strategy says nothing. Wide enough for a small account, narrow enough to stop a runaway rule. */
export const DEFAULT_GUARDRAILS: Guardrails = {
  maxActionsPerDay: 50,
  maxShareOfSpendPaused: 0.3,
  maxStep: null,
  bidFloor: null,
  bidCeiling: null,
  budgetFloor: null,
  budgetCeiling: null,
  cooldownMs: 0,
  maxSpendAgeMs: 3 * HOUR_MS,
  holdWhileLearning: false,
};

/** A bid or budget rests this long after a change when the rule does not say `atMostOnce`: steps would compound at every look. */
export const DEFAULT_REST_MS = 24 * HOUR_MS;

/** Rounding may move a value by at most this share, else the change is refused. */
const MOST_ROUNDING = 0.01;

export interface StepLimits {
  readonly floor: Micros | null;
  readonly ceiling: Micros | null;
  readonly maxStep: number | null;
  readonly stepMicros: Micros;
  /** For the words of a refusal. */
  readonly currency: string;
}

export type LimitedValue =
  | { readonly ok: true; readonly toMicros: Micros; readonly limitedBy: 'step' | 'floor' | 'ceiling' | null }
  | { readonly ok: false; readonly code: ReasonCode; readonly detail: string };

/**
 * The value that a bid or budget change comes to once every limit has been applied: floor and ceiling, then step, then
 * rounding down to the network's money step (up only where down would pass the floor).
 *
 * @param from the value now, above 0; @param wanted what the rule asks for. Both micros; `wanted` may be fractional.
 * @returns the absolute value, or the reason code for which nothing is changed.
 */
export function limitValue(from: Micros, wanted: number, limits: StepLimits): LimitedValue {
  const up = wanted > from;
  const text = (amount: Micros): string => moneyText(majorUnits(amount), limits.currency);
  let value = wanted;
  let limitedBy: 'step' | 'floor' | 'ceiling' | null = null;
  if (limits.ceiling !== null && value > limits.ceiling) {
    if (up && from >= limits.ceiling)
      return refused('ceiling', `already at or above the ceiling of ${text(limits.ceiling)}`);
    value = limits.ceiling;
    limitedBy = 'ceiling';
  }
  if (limits.floor !== null && value < limits.floor) {
    if (!up && from <= limits.floor)
      return refused('floor', `already at or below the floor of ${text(limits.floor)}`);
    value = limits.floor;
    limitedBy = 'floor';
  }
  // Last, so that a value far outside floor and ceiling comes back in steps too.
  if (limits.maxStep !== null && Math.abs(value - from) > from * limits.maxStep * (1 + 1e-9)) {
    value = from * (up ? 1 + limits.maxStep : 1 - limits.maxStep);
    limitedBy = 'step';
  }
  const step = limits.stepMicros;
  // Doubles: 1.1 × 1,200,000 is 1320000.0000000002; a hair above or below a step is that step.
  const steps = Math.floor(value / step + 1e-6);
  const down = steps * step;
  const rounded =
    limits.floor !== null && down < limits.floor && value >= limits.floor ? (steps + 1) * step : down;
  if (rounded <= 0 || !Number.isSafeInteger(rounded)) {
    return refused(
      'rounding_refused',
      `${text(micros(Math.round(Math.min(value, Number.MAX_SAFE_INTEGER))))} cannot be set: the network's smallest step is ${text(step)}`,
    );
  }
  if (limits.ceiling !== null && up && rounded > limits.ceiling) {
    return refused('rounding_refused', `no step of ${text(step)} lies between the floor and the ceiling`);
  }
  if (Math.abs(rounded - value) > value * MOST_ROUNDING) {
    return refused(
      'rounding_refused',
      `the network moves in steps of ${text(step)}: rounding ${text(micros(Math.round(value)))} to ${text(micros(rounded))} would change it by more than 1 %`,
    );
  }
  if (rounded === from || rounded > from !== up) {
    return limitedBy === 'step'
      ? refused(
          'step_refused',
          `one step of at most ${Math.round((limits.maxStep ?? 0) * 100)} % is less than the network's smallest step of ${text(step)}`,
        )
      : refused('already_so', `already at ${text(from)}`);
  }
  return { ok: true, toMicros: micros(rounded), limitedBy };
}

function refused(code: ReasonCode, detail: string): LimitedValue {
  return { ok: false, code, detail };
}

/** Account-level limits as they are checked at the moment of the effect. */
export type ReservationLimits = Pick<Guardrails, 'maxActionsPerDay' | 'maxShareOfSpendPaused'>;

/** What all strategies together have reserved in this account in the rolling 24 h before now, and what is asked for. */
export interface ReservationUsage {
  readonly actions: number;
  /** How many of them were pauses. */
  readonly pauses: number;
  /** Places that are asked for: more than 1 for a creative with several ads. */
  readonly addsActions: number;
  /** Sum of shares of the account's daily spend paused so far; 0.1 is 10 %. */
  readonly shareOfSpendPaused: number;
  readonly verdict: 'pause' | 'resume' | 'set_bid' | 'set_budget';
  /** Share of the account's daily spend that this change would stop: its object's share × {@link stoppedPart}. */
  readonly addsShare: number;
}

/**
 * How much of its object's spend a change stops: all of it for a pause, what it takes away for an autopilot's probation (a
 * budget cut to a fiftieth is a pause in all but name), nothing for other changes.
 *
 * @param of.delta relative change of a bid or budget: −0.9 leaves a tenth.
 */
export function stoppedPart(of: {
  readonly verdict: string;
  readonly rule: string | null;
  readonly delta: number | null;
}): number {
  if (of.verdict === 'pause') return 1;
  if (of.rule !== PILOT_RULES.probation || of.delta === null) return 0;
  return Math.min(1, Math.max(0, -of.delta));
}

export type ReservationRefusal = 'max_actions_per_day' | 'max_share_of_spend_paused';
export type ReservationCheck =
  | { readonly ok: true }
  | { readonly ok: false; readonly refused: ReservationRefusal; readonly sentence: string };

/**
 * Whether one more action fits the rolling 24 h. Called inside the transaction that holds the account row's lock and
 * writes the reservation, so that two workflows cannot both take the last place.
 *
 * A pause is measured against pauses alone: a strategy that moves many bids must not use up what stops a loss.
 */
export function checkReservation(limits: ReservationLimits, usage: ReservationUsage): ReservationCheck {
  const [used, what] = usage.verdict === 'pause' ? [usage.pauses, 'pauses'] : [usage.actions, 'actions'];
  if (used + usage.addsActions > limits.maxActionsPerDay) {
    const asked = usage.addsActions === 1 ? '' : `, this would be ${usage.addsActions} more`;
    return {
      ok: false,
      refused: 'max_actions_per_day',
      sentence: `the account had ${used} ${what} in the last 24 hours${asked}, and maxActionsPerDay is ${limits.maxActionsPerDay}`,
    };
  }
  const share = usage.shareOfSpendPaused + usage.addsShare;
  const stops = usage.verdict === 'pause' || usage.addsShare > 0;
  if (stops && share > limits.maxShareOfSpendPaused + 1e-9) {
    const what = usage.verdict === 'pause' ? 'pause' : 'probation';
    return {
      ok: false,
      refused: 'max_share_of_spend_paused',
      sentence: `with this ${what} ${percent(share)} of the account's daily spend would be paused within 24 hours, and maxShareOfSpendPaused is ${percent(limits.maxShareOfSpendPaused)}`,
    };
  }
  return { ok: true };
}

function percent(share: number): string {
  return `${Math.round(share * 1000) / 10} %`;
}
