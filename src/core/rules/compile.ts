import { compileAutopilot } from '../autopilot/compile-autopilot.ts';
import type { CompiledAutopilot } from '../autopilot/compiled.ts';
import type { Guardrails } from '../guardrails.ts';
import type { AccountFacts } from '../decision.ts';
import type { Level, ObjectFacts } from '../object.ts';
import { type CompiledAction, compileAction } from './action.ts';
import { namedCurrency, readDuration, readMoney } from './amounts.ts';
import { compileGuardrails } from './compile-guardrails.ts';
import { accept } from './problem.ts';
import { type CompiledCondition, compileCondition, evaluateCondition, type Language } from './condition.ts';
import type { Mode, RuleProblem, StrategyDocument } from './document.ts';
import { type Constants, type Fact, FACTS, paramFact } from './facts.ts';
import { celLanguage } from './language.ts';
import { majorUnits } from '../money.ts';
import { type Needs, needsOf } from './needs.ts';

export interface CompiledRule {
  readonly name: string;
  /** The condition as it is written, for details pages. */
  readonly whenText: string;
  readonly when: CompiledCondition;
  readonly does: CompiledAction;
}

/** A strategy ready to decide. Immutable; compile once and keep. */
export interface CompiledStrategy {
  readonly name: string;
  readonly mode: Mode;
  /** Set in mode approve: workspace milliseconds that a person has, and what happens then. */
  readonly approval: { readonly withinMs: number; readonly atDeadline: 'act' | 'drop' } | null;
  readonly level: Level;
  readonly scope: {
    readonly network: string | null;
    readonly accounts: readonly string[] | null;
    readonly where: string | null;
  };
  /** Whether the strategy's scope holds this object. Status is no part of it: paused objects are judged too, for resume. */
  matches(
    object: ObjectFacts,
    campaign: ObjectFacts | null,
    adset: ObjectFacts | null,
    account: AccountFacts,
  ): boolean;
  /** The currency its amounts name; it judges no account in another one. Null when no amount names any. */
  readonly currency: string | null;
  readonly needs: Needs;
  readonly constants: Constants;
  readonly rules: readonly CompiledRule[];
  /** Asked after the rules; null where the strategy has none. */
  readonly autopilot: CompiledAutopilot | null;
  readonly guardrails: Guardrails;
}

export type CompileResult =
  | { readonly ok: true; readonly compiled: CompiledStrategy }
  | { readonly ok: false; readonly problems: readonly RuleProblem[] };

const HOUR_MS = 3_600_000;
const PILOT_WINDOW = '7d';

/**
 * Reads what a strategy's texts mean and type-checks its conditions.
 *
 * @param document of the right shape (src/contract/strategy.ts).
 * @param options.currency the account's currency; with it, money in another currency is a problem. Left out, all money
 *   of the strategy must at least name one and the same currency.
 * @returns the strategy ready to decide, or every problem found, each with its path and place.
 */
export function compileStrategy(
  document: StrategyDocument,
  options: { readonly currency?: string | undefined } = {},
): CompileResult {
  const problems: RuleProblem[] = [];
  const currency = options.currency ?? onlyCurrency(document, problems);
  const guardrails = compileGuardrails(document.guardrails ?? {}, currency, problems);
  const constants = readConstants(document, currency, problems);
  const approval = readApproval(document, problems);
  const language = languageOf(document, constants, true);
  const where = compileWhere(document, constants, problems);
  const autopilot = compileAutopilot(document, guardrails, currency, problems);
  const written = document.rules ?? [];
  if (written.length === 0 && document.autopilot === undefined)
    problems.push({
      path: document.rules === undefined ? [] : ['rules'],
      message: 'a strategy needs at least one rule, or an autopilot',
      hint: 'write rules: with a name, when and then, or autopilot: with an event and a target',
    });

  const names = new Set<string>();
  const rules: CompiledRule[] = [];
  for (const [index, rule] of written.entries()) {
    if (names.has(rule.name))
      problems.push({
        path: ['rules', index, 'name'],
        message: `two rules are named "${rule.name}"`,
        hint: 'decisions and "pausedBy" point at a rule by its name: give each its own',
      });
    names.add(rule.name);
    if (/^autopilot\b/i.test(rule.name))
      problems.push({
        path: ['rules', index, 'name'],
        message: `"${rule.name}" reads like one of the autopilot's own`,
        hint: 'decisions and history name the autopilot so; give the rule another name',
      });
    const does = compileAction(rule.then, document.scope.level, currency, ['rules', index, 'then'], problems);
    const when = compileCondition(rule.when, language);
    if (!when.ok)
      for (const problem of when.problems) problems.push({ path: ['rules', index, 'when'], ...problem });
    else if (does !== undefined)
      rules.push({ name: rule.name, whenText: rule.when.trim(), when: when.compiled, does });
  }
  checkPausedBy(document, names, problems);
  if (problems.length > 0) return { ok: false, problems };

  const named = moneyTexts(document)[0]?.[1] ?? null;
  const accounts = document.scope.accounts ?? null;
  const network = document.scope.network ?? null;
  return {
    ok: true,
    compiled: {
      name: document.strategy,
      mode: document.mode ?? 'dry-run',
      approval,
      level: document.scope.level,
      scope: { network, accounts, where: document.scope.where ?? null },
      matches(object, campaign, adset, account) {
        if (object.level !== document.scope.level) return false;
        if (network !== null && account.network !== network) return false;
        if (named !== null && account.currency !== named) return false;
        if (accounts !== null && !accounts.includes(account.id) && !accounts.includes(account.name))
          return false;
        return (
          where === null ||
          evaluateCondition(where, { object, campaign, adset, account, constants, full: null }).holds === true
        );
      },
      needs: withPilot(needsOf(rules.map((rule) => rule.when)), autopilot),
      currency: named,
      constants,
      rules,
      autopilot,
      guardrails,
    },
  };
}

/** An autopilot asks statistics of its event, and a week by which tracking is checked against the network's clicks. */
function withPilot(needs: Needs, autopilot: CompiledAutopilot | null): Needs {
  if (autopilot === null) return needs;
  const events = needs.events.includes('*') ? needs.events : [...new Set([...needs.events, autopilot.event])];
  return {
    ...needs,
    windows: [...new Set([...needs.windows, PILOT_WINDOW])].toSorted(),
    events: events.toSorted(),
    statistics: true,
  };
}

function languageOf(document: StrategyDocument, constants: Constants, withMetrics: boolean): Language {
  const facts = new Map<string, Fact>();
  for (const [path, fact] of FACTS)
    if (withMetrics || (fact.timely !== true && !path.startsWith('target.'))) facts.set(path, fact);
  for (const [name, value] of Object.entries(constants.params))
    facts.set(`params.${name}`, paramFact(name, value));
  return {
    ...celLanguage(facts, withMetrics),
    vocabulary: {
      facts,
      metrics: withMetrics,
      defaultEvent: document.target?.event ?? null,
      targetCpa: document.target?.cpa !== undefined,
      targetRoas: document.target?.roas !== undefined,
    },
  };
}

function compileWhere(
  document: StrategyDocument,
  constants: Constants,
  problems: RuleProblem[],
): CompiledCondition | null {
  if (document.scope.where === undefined) return null;
  const where = compileCondition(document.scope.where, languageOf(document, constants, false));
  if (where.ok) return where.compiled;
  for (const problem of where.problems) problems.push({ path: ['scope', 'where'], ...problem });
  return null;
}

function readConstants(
  document: StrategyDocument,
  currency: string | undefined,
  problems: RuleProblem[],
): Constants {
  const cpa = document.target?.cpa;
  const targetCpa = cpa === undefined ? null : accept(readMoney(cpa, currency), ['target', 'cpa'], problems);
  const params: Record<string, number | string | boolean> = {};
  for (const [name, value] of Object.entries(document.params ?? {})) {
    // "30 USD" is a number in conditions; any other text stays a text.
    const amount =
      namedCurrency(value) === undefined || typeof value === 'boolean'
        ? null
        : accept(readMoney(value, currency), ['params', name], problems);
    params[name] = amount === null ? value : majorUnits(amount);
  }
  return {
    targetCpa: targetCpa === null ? null : majorUnits(targetCpa),
    targetRoas: document.target?.roas ?? null,
    params,
  };
}

function readApproval(document: StrategyDocument, problems: RuleProblem[]): CompiledStrategy['approval'] {
  if (document.mode !== 'approve') {
    if (document.approval !== undefined)
      problems.push({
        path: ['approval'],
        message: `approval has no meaning in mode ${document.mode ?? 'dry-run'}`,
        hint: 'write mode: approve, or leave approval out',
      });
    return null;
  }
  const withinMs =
    document.approval === undefined
      ? 4 * HOUR_MS
      : (accept(readDuration(document.approval.within), ['approval', 'within'], problems) ?? 0);
  return { withinMs, atDeadline: document.approval?.atDeadline ?? 'drop' };
}

function checkPausedBy(
  document: StrategyDocument,
  names: ReadonlySet<string>,
  problems: RuleProblem[],
): void {
  for (const [index, rule] of (document.rules ?? []).entries()) {
    const { resume } = rule.then;
    if (resume === undefined || resume === true) continue;
    for (const name of typeof resume.pausedBy === 'string' ? [resume.pausedBy] : resume.pausedBy) {
      if (!names.has(name))
        problems.push({
          path: ['rules', index, 'then', 'resume', 'pausedBy'],
          message: `there is no rule "${name}" in this strategy`,
          hint: `there is: ${[...names].join(', ')}`,
        });
    }
  }
}

/** Every money text of a strategy with its path. */
function moneyTexts(document: StrategyDocument): (readonly [readonly (string | number)[], string])[] {
  const found: (readonly [readonly (string | number)[], string])[] = [];
  const note = (path: readonly (string | number)[], value: unknown) => {
    const currency = namedCurrency(value);
    if (currency !== undefined) found.push([path, currency]);
  };
  note(['target', 'cpa'], document.target?.cpa);
  note(['autopilot', 'cpa'], document.autopilot?.cpa);
  for (const [name, value] of Object.entries(document.params ?? {})) note(['params', name], value);
  for (const [index, rule] of (document.rules ?? []).entries())
    for (const [key, value] of Object.entries(rule.then))
      if (key !== 'notify') note(['rules', index, 'then', key], value);
  for (const [key, value] of Object.entries(document.guardrails ?? {})) note(['guardrails', key], value);
  return found;
}

/** The one currency a strategy speaks, when it is checked without an account. */
function onlyCurrency(document: StrategyDocument, problems: RuleProblem[]): string | undefined {
  const [first, ...others] = moneyTexts(document);
  for (const [path, currency] of others) {
    if (first !== undefined && currency !== first[1])
      problems.push({
        path,
        message: `this amount is in ${currency}, others here are in ${first[1]}`,
        hint: "a strategy speaks one currency: its accounts'",
      });
  }
  return problems.length > 0 ? undefined : first?.[1];
}
