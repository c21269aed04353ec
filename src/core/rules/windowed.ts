import type { Evidence } from '../decision.ts';
import { probabilityAbove, shrunkCpa } from '../statistics/posterior.ts';
import { coldPrior } from '../statistics/prior.ts';
import { counted, moneyText, valueText, windowText } from './phrases.ts';
import {
  eventOf,
  type FullScope,
  type Statistic,
  type StatisticCall,
  targetOf,
  windowOf,
} from './statistic.ts';
import { learnedOf, type Sums, unconvertedRevenue, windowSums } from './sums.ts';
import { trialWorth, worthOfOne } from './worth.ts';
import { isMissing, type Missing, type Unit } from './value.ts';

export const NO_SPEND: Missing = { missing: 'value', why: 'no spend in this window' };
const NO_PRIOR: Missing = {
  missing: 'value',
  why: 'nothing has been learned about this account yet, and there is no target to begin with',
};
const NO_TARGET_CPA: Missing = { missing: 'value', why: 'the strategy has no target.cpa' };

/** Sums of the call's window on the curve's middle line: the best guess, neither careful nor bold. */
export function sumsOf(call: StatisticCall, evidence: Evidence): Sums | Missing {
  return windowSums(evidence, eventOf(call), windowOf(call), 'share');
}

/** The same, where a figure per unit of spend is asked. */
function spentSums(call: StatisticCall, evidence: Evidence): Sums | Missing {
  const sums = sumsOf(call, evidence);
  return !isMissing(sums) && !(sums.matured > 0) ? NO_SPEND : sums;
}

/** Conversions per unit of matured spend: worth `a` conversions on `b` of spend. */
interface Gamma {
  readonly a: number;
  readonly b: number;
}

/** What siblings teach; until they have, worth two conversions on target. */
export function priorOf(call: StatisticCall, scope: FullScope): Gamma | Missing {
  const learned = learnedOf(scope.full, eventOf(call));
  if (learned.prior !== null) return learned.prior;
  const { targetCpa, targetRoas } = scope.constants;
  if (targetCpa !== null && targetCpa > 0) return coldPrior(targetCpa);
  const worth = trialWorth(learned) ?? learned.orders?.mean ?? null;
  return worth !== null && targetRoas !== null && targetRoas > 0 ? coldPrior(worth / targetRoas) : NO_PRIOR;
}

/** ROAS below or above what it takes, as a question about CPA: an order's worth ÷ target ROAS. */
function breakEvenCpa(call: StatisticCall, scope: FullScope, sums: Sums): number | Missing {
  const roas = targetOf(call);
  if (isMissing(roas)) return roas;
  const event = eventOf(call);
  const waiting = unconvertedRevenue(scope.full, event);
  if (waiting !== null) return waiting;
  const worth = worthOfOne(learnedOf(scope.full, event), sums);
  return isMissing(worth) ? worth : worth / roas;
}

function probability(metric: 'cpa' | 'roas', direction: 'above' | 'below'): Statistic {
  const unit: Unit = metric === 'cpa' ? 'money' : 'ratio';
  const method = `${metric}${direction === 'above' ? 'Above' : 'Below'}`;
  const claim = (call: StatisticCall, { account }: FullScope) =>
    `${metric.toUpperCase()} is ${direction} ${valueText(call.target ?? 0, unit, account.currency)} ${windowText(windowOf(call))}`;
  return {
    parts: ['target', 'window'],
    event: 'one',
    type: 'double',
    unit: 'percent',
    asks: 'delivery',
    plain: false,
    example: `probability.${method}(target.${metric}, "7d")`,
    read(call, scope) {
      const sums = spentSums(call, scope.full);
      if (isMissing(sums)) return sums;
      const cpa = metric === 'cpa' ? targetOf(call) : breakEvenCpa(call, scope, sums);
      if (isMissing(cpa)) return cpa;
      const prior = priorOf(call, scope);
      if (isMissing(prior)) return prior;
      const dearer = probabilityAbove(prior, sums.conversions, sums.matured, cpa);
      return (metric === 'cpa') === (direction === 'above') ? dearer : 1 - dearer;
    },
    said: (call, value, scope) =>
      `probability ${valueText(Number(value), 'percent', scope.account.currency)} that ${claim(call, scope)}`,
    name: (call, scope) => `probability that ${claim(call, scope)}`,
  };
}

/** A statistic of one window, shown as its value in a clause. */
export function ofWindow(
  part: Pick<Statistic, 'unit' | 'example' | 'read'> & {
    readonly plain?: true;
    readonly parts?: Statistic['parts'];
    readonly needsTarget?: 'cpa';
    /** "CPA $24.39 forecast", with the window behind it. */
    readonly clause: (call: StatisticCall, value: number, scope: FullScope) => string;
    readonly noun: (call: StatisticCall) => string;
  },
): Statistic {
  const { unit, example, read, clause, noun, needsTarget } = part;
  return {
    parts: part.parts ?? ['window'],
    event: 'one',
    type: 'double',
    unit,
    asks: 'delivery',
    ...(needsTarget === undefined ? {} : { needsTarget }),
    plain: part.plain ?? false,
    example,
    read,
    said: (call, value, scope) => `${clause(call, Number(value), scope)} ${windowText(windowOf(call))}`,
    name: (call) => `${noun(call)} ${windowText(windowOf(call))}`,
  };
}

function events(count: number, call: StatisticCall): string {
  const shown = Number(count.toFixed(1));
  return shown === 0 ? `no ${eventOf(call)}` : counted(shown, eventOf(call), 1);
}

/** `due.conversions`: what should have arrived by now at target. */
export const DUE: ReadonlyMap<string, Statistic> = new Map(
  Object.entries({
    conversions: ofWindow({
      unit: 'count',
      plain: true,
      parts: ['window', 'cpa?'],
      needsTarget: 'cpa',
      example: 'due.conversions("today")',
      read(call, scope) {
        const cpa = call.target === null ? (scope.constants.targetCpa ?? NO_TARGET_CPA) : targetOf(call);
        if (isMissing(cpa)) return cpa;
        const sums = sumsOf(call, scope.full);
        return isMissing(sums) ? sums : Math.max(0, sums.matured) / cpa;
      },
      clause: (call, value) => `${events(value, call)} due at target`,
      noun: (call) => `${eventOf(call)}s due`,
    }),
  }),
);

export const MATURED: ReadonlyMap<string, Statistic> = new Map(
  Object.entries({
    spend: ofWindow({
      unit: 'money',
      plain: true,
      example: 'matured.spend("7d")',
      read(call, scope) {
        const sums = sumsOf(call, scope.full);
        return isMissing(sums) ? sums : sums.matured;
      },
      clause: (_call, value, { account }) => `${moneyText(value, account.currency)} of matured spend`,
      noun: () => 'matured spend',
    }),
  }),
);

export const SHRUNK: ReadonlyMap<string, Statistic> = new Map(
  Object.entries({
    cpa: ofWindow({
      unit: 'money',
      example: 'shrunk.cpa("7d")',
      read(call, scope) {
        const sums = spentSums(call, scope.full);
        if (isMissing(sums)) return sums;
        const prior = priorOf(call, scope);
        return isMissing(prior) ? prior : shrunkCpa(prior, sums.conversions, sums.matured);
      },
      clause: (_call, value, { account }) => `shrunk CPA ${moneyText(value, account.currency)}`,
      noun: () => 'shrunk CPA',
    }),
    roas: ofWindow({
      unit: 'ratio',
      example: 'shrunk.roas("7d")',
      read(call, scope) {
        const sums = spentSums(call, scope.full);
        if (isMissing(sums)) return sums;
        const event = eventOf(call);
        const waiting = unconvertedRevenue(scope.full, event);
        if (waiting !== null) return waiting;
        const prior = priorOf(call, scope);
        if (isMissing(prior)) return prior;
        const worth = worthOfOne(learnedOf(scope.full, event), sums);
        return isMissing(worth) ? worth : worth / shrunkCpa(prior, sums.conversions, sums.matured);
      },
      clause: (_call, value, { account }) => `shrunk ROAS ${valueText(value, 'ratio', account.currency)}`,
      noun: () => 'shrunk ROAS',
    }),
  }),
);

export const PROBABILITY: ReadonlyMap<string, Statistic> = new Map(
  Object.entries({
    cpaAbove: probability('cpa', 'above'),
    cpaBelow: probability('cpa', 'below'),
    roasBelow: probability('roas', 'below'),
    roasAbove: probability('roas', 'above'),
  }),
);
