import { DEFAULT_GUARDRAILS, type Guardrails } from '../guardrails.ts';
import { readDuration, readMoney, readPercent } from './amounts.ts';
import type { GuardrailsDocument, RuleProblem } from './document.ts';
import { accept } from './problem.ts';

/** Reads a strategy's guardrails over the defaults; what is wrong is added to `problems`. */
export function compileGuardrails(
  document: GuardrailsDocument,
  currency: string | undefined,
  problems: RuleProblem[],
): Guardrails {
  const path = (key: keyof GuardrailsDocument) => ['guardrails', key];
  const money = (key: 'bidFloor' | 'bidCeiling' | 'budgetFloor' | 'budgetCeiling') =>
    document[key] === undefined ? null : accept(readMoney(document[key], currency), path(key), problems);
  const share = (key: 'maxStep' | 'maxShareOfSpendPaused') => {
    const value =
      document[key] === undefined ? null : accept(readPercent(document[key]), path(key), problems);
    const least = key === 'maxStep' ? Number.MIN_VALUE : 0;
    if (value !== null && (value < least || value > (key === 'maxStep' ? 10 : 1)))
      problems.push({
        path: path(key),
        message: `${key} of ${document[key]} is out of range`,
        hint: key === 'maxStep' ? 'write more than 0 % and at most 1000 %' : 'write 0 % to 100 %',
      });
    return value;
  };
  const duration = (key: 'cooldown' | 'maxSpendAge') =>
    document[key] === undefined ? null : accept(readDuration(document[key]), path(key), problems);
  const guardrails: Guardrails = {
    maxActionsPerDay: document.maxActionsPerDay ?? DEFAULT_GUARDRAILS.maxActionsPerDay,
    maxShareOfSpendPaused: share('maxShareOfSpendPaused') ?? DEFAULT_GUARDRAILS.maxShareOfSpendPaused,
    maxStep: share('maxStep'),
    bidFloor: money('bidFloor'),
    bidCeiling: money('bidCeiling'),
    budgetFloor: money('budgetFloor'),
    budgetCeiling: money('budgetCeiling'),
    cooldownMs: duration('cooldown') ?? DEFAULT_GUARDRAILS.cooldownMs,
    maxSpendAgeMs: duration('maxSpendAge') ?? DEFAULT_GUARDRAILS.maxSpendAgeMs,
    holdWhileLearning: document.holdWhileLearning ?? DEFAULT_GUARDRAILS.holdWhileLearning,
  };
  for (const lever of ['bid', 'budget'] as const) {
    const floor = guardrails[`${lever}Floor`];
    const ceiling = guardrails[`${lever}Ceiling`];
    if (floor !== null && ceiling !== null && floor > ceiling)
      problems.push({
        path: path(`${lever}Floor`),
        message: `${lever}Floor lies above ${lever}Ceiling`,
        hint: 'swap them',
      });
  }
  return guardrails;
}
