import type { Scope } from './facts.ts';
import type { Comparison, Condition, LeafOutcome, Side } from './condition.ts';
import type { Operand, OperandStatistic } from './operand.ts';
import { isMissing, type Unit } from './value.ts';

const formats = new Map<string, Intl.NumberFormat>();

/** "$1,204.50". Formatters are kept: making one costs more than a whole decision. */
export function moneyText(major: number, currency: string): string {
  // An unknown code would throw, and a sentence must never stop a decision.
  if (!/^[A-Z]{3}$/.test(currency)) return `${major} ${currency}`;
  let format = formats.get(currency);
  if (format === undefined) {
    format = new Intl.NumberFormat('en-US', { style: 'currency', currency });
    formats.set(currency, format);
  }
  const text = format.format(major);
  // A CPC of $0.004 must not read "$0.00".
  return major !== 0 && Math.abs(major) < 0.01
    ? text.replace(/[\d.,]+/, String(Number(major.toPrecision(2))).replace('-', ''))
    : text;
}

/** A number for people, in its unit: "$62.00", "12", "1.8", "2.4 %". */
export function valueText(value: number, unit: Unit, currency: string): string {
  switch (unit) {
    case 'money':
      return moneyText(value, currency);
    case 'percent':
      return `${trimmed(value * 100, 2)} %`;
    case 'ratio':
      return trimmed(value, 2);
    case 'days':
    case 'hours':
      return `${trimmed(value, 1)} ${unit}`;
    case 'count':
    case 'none':
      return trimmed(value, 2);
  }
}

function trimmed(value: number, digits: number): string {
  return String(Number(value.toFixed(digits)));
}

const NAMES: Readonly<Record<string, string>> = {
  cpa: 'CPA',
  roas: 'ROAS',
  roi: 'ROI',
  epc: 'EPC',
  cvr: 'CVR',
  ctr: 'CTR',
  cpc: 'CPC',
  cpm: 'CPM',
};

/** "today", "in 7 days", "in the last 3 hours". */
export function windowText(window: string): string {
  const days = /^(\d+)d( before today)?$/.exec(window);
  if (days) return `in ${days[1]} days${days[2] ?? ''}`;
  const hours = /^(\d+)h$/.exec(window);
  if (hours) return hours[1] === '1' ? 'in the last hour' : `in the last ${hours[1]} hours`;
  return window === 'lifetime' ? 'in all its life' : window;
}

/** "12 purchases", "1 trial", "no purchase"; with `digits` also "9.3 purchases". */
export function counted(count: number, event: string, digits = 0): string {
  const word = event.includes('/') ? (event.split('/')[1] ?? event) : event;
  if (count === 0) return `no ${word}`;
  return `${trimmed(count, digits)} ${count === 1 || word.endsWith('s') ? word : `${word}s`}`;
}

function relation(value: number, threshold: number): string {
  return value > threshold ? 'over' : value < threshold ? 'under' : 'at';
}

/** An operand's value as a clause: "12 purchases in 7 days", "$62.00 spent today", "CPA $41.20 in 7 days". */
export function operandText(operand: Operand, value: number, scope: Scope): string {
  const { metric } = operand;
  const { currency } = scope.account;
  if (operand.statistic !== null) return statisticText(operand.statistic, value, scope);
  if (metric === null) return `${operand.text} ${valueText(value, operand.unit, currency)}`;
  const when = windowText(metric.window);
  const amount = valueText(value, operand.unit, currency);
  switch (metric.name) {
    case 'conversions':
      return `${counted(value, metric.event ?? 'conversion')} ${when}`;
    case 'spend':
      return `${amount} spent ${when}`;
    case 'revenue':
      return `${amount} earned ${when}`;
    case 'profit':
      return value < 0 ? `${valueText(-value, 'money', currency)} lost ${when}` : `${amount} profit ${when}`;
    case 'impressions':
    case 'clicks':
    case 'visits':
      return `${amount} ${metric.name} ${when}`;
    default:
      return `${NAMES[metric.name] ?? metric.name} ${amount} ${when}`;
  }
}

/** A statistic's value as a clause: "2 purchases where 9.3 were due at target; evidence 27 : 1 …". */
export function statisticText(statistic: OperandStatistic, value: number | boolean, scope: Scope): string {
  return statistic.function.said(statistic.call(scope), value, statistic.scope(scope));
}

/** True where the number alone says enough: "12 purchases", "$62.00 spent". */
function speaksForItself(operand: Operand): boolean {
  if (operand.statistic !== null) return operand.statistic.function.plain;
  return (
    operand.metric !== null &&
    ['conversions', 'spend', 'revenue', 'profit', 'impressions', 'clicks', 'visits'].includes(
      operand.metric.name,
    )
  );
}

function thresholdText(side: Side, value: number, unit: Unit, currency: string): string {
  const target = side.text.startsWith('target.') ? 'target ' : '';
  return `${target}${valueText(value, side.operand === null && side.unit === 'none' ? unit : side.unit, currency)}`;
}

/** The comparison with its subject on the left: the metric, wherever it stood. */
function oriented(comparison: Comparison): { readonly subject: Side; readonly threshold: Side } {
  const { left, right } = comparison;
  const isSubject = ({ operand }: Side) =>
    operand !== null && (operand.metric !== null || operand.statistic !== null);
  if (!isSubject(left) && (isSubject(right) || (left.operand === null && right.operand !== null)))
    return { subject: right, threshold: left };
  return { subject: left, threshold: right };
}

/** What a condition that holds has seen, as a clause; undefined when it says nothing that a reader would miss. */
export function reasonClause(outcome: LeafOutcome, scope: Scope): string | undefined {
  const { comparison, operands } = outcome.leaf;
  if (outcome.holds !== true) return undefined;
  if (comparison === null) {
    const said = operands.flatMap(({ statistic }, index) => {
      const value = outcome.values[index];
      return statistic === null || (typeof value !== 'number' && typeof value !== 'boolean')
        ? []
        : [statisticText(statistic, value, scope)];
    });
    return said.length === 0 ? undefined : said.join(', ');
  }
  const currency = scope.account.currency;
  const { subject, threshold } = oriented(comparison);
  const value = subject.value(scope);
  const limit = threshold.value(scope);
  if (subject.operand === null)
    return `${subject.text} ${valueText(value, subject.unit, currency)} ${relation(value, limit)} ${thresholdText(threshold, limit, subject.unit, currency)}`;
  const said = operandText(subject.operand, value, scope);
  if (speaksForItself(subject.operand) && threshold.operand === null && threshold.unit === 'none')
    return said;
  return `${said} ${relation(value, limit)} ${thresholdText(threshold, limit, subject.unit, currency)}`;
}

/** One clause a marketer can read for a condition that decided: "12 purchases in 7 days, ROAS 1.8 in 7 days over target 1.5". */
export function reasonText(outcomes: readonly LeafOutcome[], scope: Scope): string {
  const clauses = outcomes
    .map((outcome) => reasonClause(outcome, scope))
    .filter((clause) => clause !== undefined);
  const told =
    clauses.length > 0
      ? clauses
      : outcomes.filter((outcome) => outcome.holds === true).map((outcome) => outcome.leaf.text);
  return shareWindows([...new Set(told)]).join(', ');
}

/** Names a window once where neighbours share it: "12 purchases, ROAS 1.8 over target 1.5 in 7 days" reads as people speak. */
function shareWindows(clauses: readonly string[]): readonly string[] {
  const windows = clauses.map(
    (clause) =>
      /\b(today|yesterday|in \d+ days(?: before today)?|in the last (?:hour|\d+ hours)|in all its life)\b/.exec(
        clause,
      )?.[0],
  );
  const [first] = windows;
  if (first === undefined || clauses.length < 2 || windows.some((window) => window !== first)) return clauses;
  return clauses.map((clause, index) => (index === 0 ? clause : clause.replace(` ${first}`, '')));
}

export interface Distance {
  readonly distance: number;
  readonly expression: string;
  readonly value: number;
  readonly threshold: number;
  readonly text: string;
}

/**
 * How far a condition that does not hold is from holding: in `&&` the farthest of what is missing, in `||` the nearest.
 *
 * @returns the number to watch; null when no number alone would change it (a name, an undefined value, an equality).
 */
export function nearestChange(
  condition: Condition,
  outcomes: readonly LeafOutcome[],
  scope: Scope,
): Distance | null {
  const byLeaf = new Map(outcomes.map((outcome) => [outcome.leaf, outcome]));
  const walk = (part: Condition): Distance | 'holds' | null => {
    if (part.kind === 'leaf') {
      const outcome = byLeaf.get(part);
      return outcome?.holds === true
        ? 'holds'
        : outcome?.holds === false
          ? leafDistance(outcome, scope)
          : null;
    }
    const [left, right] = [walk(part.parts[0]), walk(part.parts[1])];
    if (part.kind === 'or') {
      if (left === 'holds' || right === 'holds') return 'holds';
      if (left === null || right === null) return left ?? right;
      return left.distance <= right.distance ? left : right;
    }
    if (left === null || right === null) return null;
    if (left === 'holds') return right;
    if (right === 'holds') return left;
    return left.distance >= right.distance ? left : right;
  };
  const found = walk(condition);
  return found === 'holds' ? null : found;
}

function leafDistance(outcome: LeafOutcome, scope: Scope): Distance | null {
  const { comparison } = outcome.leaf;
  if (comparison === null) return statisticDistance(outcome, scope);
  if (comparison.operator === '==' || comparison.operator === '!=') return null;
  const { subject, threshold } = oriented(comparison);
  if (subject.operand === null || isMissing(subject.operand.read(scope))) return null;
  const value = subject.value(scope);
  const limit = threshold.value(scope);
  const currency = scope.account.currency;
  const gap = Math.abs(value - limit);
  const distance = gap / Math.max(Math.abs(value), Math.abs(limit), Number.MIN_VALUE);
  const { operand, unit } = subject;
  return {
    distance,
    expression: operand.text,
    value,
    threshold: limit,
    // Worked out for the nearest alone.
    get text() {
      const name = nameOf(operand, scope);
      const at = thresholdText(threshold, limit, unit, currency);
      if (gap === 0) return `${name} exactly at ${at}`;
      const side = value < limit ? (speaksForItself(operand) ? 'short of' : 'below') : 'over';
      return `${name} ${valueText(value, unit, currency)}, ${valueText(gap, unit, currency)} ${side} ${at}`;
    },
  };
}

/** How much is missing to a statistic's yes: "evidence 6 : 1 of 20 : 1 that CPA is above $30.00". */
function statisticDistance({ leaf, values }: LeafOutcome, scope: Scope): Distance | null {
  const [operand] = leaf.operands;
  if (operand === undefined || operand.statistic === null) return null;
  // "!proven.…" does not hold because there is evidence; no number alone would take it away.
  if (operand.text !== leaf.text || values[0] !== false) return null;
  const { function: statistic, call } = operand.statistic;
  const found = statistic.approach?.(call(scope), operand.statistic.scope(scope));
  if (found === undefined || isMissing(found)) return null;
  const { value, threshold } = found;
  const distance = Math.abs(threshold - value) / Math.max(threshold, value);
  return {
    distance,
    expression: operand.text,
    value,
    threshold,
    get text() {
      return found.text;
    },
  };
}

function nameOf(operand: Operand, scope: Scope): string {
  const { metric, statistic } = operand;
  if (statistic !== null) return statistic.function.name(statistic.call(scope), statistic.scope(scope));
  if (metric === null) return operand.text;
  if (metric.name === 'conversions') return `${metric.event ?? 'conversion'}s ${windowText(metric.window)}`;
  return `${NAMES[metric.name] ?? metric.name} ${windowText(metric.window)}`;
}
