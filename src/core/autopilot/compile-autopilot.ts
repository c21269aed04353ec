import type { Guardrails } from '../guardrails.ts';
import { majorUnits } from '../money.ts';
import { readDuration, readMoney, readPercent } from '../rules/amounts.ts';
import type { AutopilotDocument, RuleProblem, StrategyDocument } from '../rules/document.ts';
import { accept } from '../rules/problem.ts';
import type { CompiledAutopilot, PilotTarget } from './compiled.ts';

const DAY_MS = 24 * 3_600_000;

/** Chance that an object on target is ever paused, by what the strategy calls its caution. */
export const CAUTION: Readonly<Record<NonNullable<AutopilotDocument['caution']>, number>> = {
  careful: 0.05,
  normal: 0.2,
  bold: 0.5,
};

/**
 * What is left of a daily budget once the evidence speaks against an object: enough for a late conversion now and then,
 * little enough that the many proven losers of an account pay for the few that come back (docs/decisions/0021).
 */
const TRICKLE = 0.02;
/** Steps of 30 % with a dead band of 15 % reach a bid's value as well as finer ones, with half the changes. */
const BID_STEP = 0.3;
const DEAD_BAND = 0.15;
const REST_MS = DAY_MS;
const HOLDOUT_SHARE = 0.03;
const MOST_HOLDOUT = 0.2;
const HORIZON_MS = 30 * DAY_MS;

/**
 * Reads a strategy's `autopilot:`; event and target may stand under `target:` instead, where rules use them too. What is
 * wrong is added to `problems`.
 *
 * @param currency the account's; undefined where none is known.
 * @returns null without an autopilot, or when it cannot be read.
 */
export function compileAutopilot(
  document: StrategyDocument,
  guardrails: Guardrails,
  currency: string | undefined,
  problems: RuleProblem[],
): CompiledAutopilot | null {
  const { autopilot } = document;
  if (autopilot === undefined) return null;
  const event = readEvent(document, autopilot, problems);
  const target = readTarget(document, autopilot, currency, problems);
  const holdoutShare =
    autopilot.holdout === undefined
      ? HOLDOUT_SHARE
      : accept(readPercent(autopilot.holdout), ['autopilot', 'holdout'], problems);
  if (holdoutShare !== null && !(holdoutShare >= 0 && holdoutShare <= MOST_HOLDOUT))
    problems.push({
      path: ['autopilot', 'holdout'],
      message: `a holdout of ${autopilot.holdout} is out of range`,
      hint: 'write 0 % to 20 %: every due pause that is held back goes on spending',
    });
  const horizonMs =
    autopilot.horizon === undefined
      ? HORIZON_MS
      : accept(readDuration(autopilot.horizon), ['autopilot', 'horizon'], problems);
  if (horizonMs !== null && !(horizonMs >= DAY_MS && horizonMs <= 365 * DAY_MS))
    problems.push({
      path: ['autopilot', 'horizon'],
      message: `a horizon of ${autopilot.horizon} is out of range`,
      hint: "write 1d to 365d: how far ahead an object's earnings count; 30d if left out",
    });
  if (event === null || target === null || holdoutShare === null || horizonMs === null) return null;
  return {
    event,
    target,
    targetIs: autopilot.targetIs ?? 'limit',
    alpha: CAUTION[autopilot.caution ?? 'normal'],
    trickle: TRICKLE,
    horizonMs,
    holdoutShare,
    bidStep: BID_STEP,
    deadBand: DEAD_BAND,
    restMs: REST_MS,
    budgetCeilingMicros: guardrails.budgetCeiling,
  };
}

function readEvent(
  document: StrategyDocument,
  autopilot: AutopilotDocument,
  problems: RuleProblem[],
): string | null {
  const event = autopilot.event ?? document.target?.event;
  if (event === undefined) {
    problems.push({
      path: ['autopilot'],
      message: 'the autopilot does not say which event counts',
      hint: 'write event: purchase, by the name your postbacks use',
    });
    return null;
  }
  if (!/^[\w./:-]{1,100}$/.test(event)) {
    problems.push({
      path: autopilot.event === undefined ? ['target', 'event'] : ['autopilot', 'event'],
      message: `"${event}" is no name of an event`,
      hint: 'write it as your postbacks do, for example purchase; it has no blanks',
    });
    return null;
  }
  return event;
}

function readTarget(
  document: StrategyDocument,
  autopilot: AutopilotDocument,
  currency: string | undefined,
  problems: RuleProblem[],
): PilotTarget | null {
  const own = autopilot.cpa !== undefined || autopilot.roas !== undefined;
  const at = own ? 'autopilot' : 'target';
  const { cpa, roas } = own ? autopilot : (document.target ?? {});
  if (cpa !== undefined && roas !== undefined) {
    problems.push({
      path: own ? ['autopilot', 'roas'] : ['autopilot'],
      message: 'the autopilot has a target CPA and a target ROAS, and can follow only one',
      hint: own
        ? 'leave one of them out'
        : 'write cpa: or roas: under autopilot too: the one it shall follow',
    });
    return null;
  }
  if (roas !== undefined) {
    if (roas > 0 && Number.isFinite(roas)) return { kind: 'roas', roas };
    problems.push({
      path: [at, 'roas'],
      message: `a target ROAS of ${roas} can be neither met nor missed`,
      hint: 'write what each unit of spend must bring back: 1.5 is 150 %',
    });
    return null;
  }
  if (cpa === undefined) {
    problems.push({
      path: ['autopilot'],
      message: 'the autopilot has no target',
      hint: 'write cpa: 30 USD (what a conversion may cost) or roas: 1.5 (what spend must bring back)',
    });
    return null;
  }
  // Under `target` it has been read, and complained about, already.
  const read = accept(readMoney(cpa, currency), [at, 'cpa'], own ? problems : []);
  if (read === null) return null;
  if (read > 0) return { kind: 'cpa', cpa: majorUnits(read) };
  problems.push({
    path: [at, 'cpa'],
    message: 'a target CPA of 0 can never be met: every object would be paused',
    hint: 'write what a conversion may cost, as "30 USD"',
  });
  return null;
}
