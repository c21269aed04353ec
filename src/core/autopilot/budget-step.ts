import type { CompiledAutopilot } from './compiled.ts';
import type { PilotInput } from './judgement.ts';

/** Share of its daily budget that an object must have spent on each of the newest days to be short of money. */
const SPENDS_ITS_BUDGET = 0.9;
const DAY_MS = 24 * 3_600_000;
/** Days that must each have used the budget up. */
const DAYS_LOOKED_AT = 3;

/**
 * The daily budget of an object that is proven better than its target and spends all it has: one step up, to at most the
 * ceiling that a person wrote. Without a ceiling nobody has said that more may be spent.
 *
 * @returns micros, or null when it stays.
 */
export function raisedBudget(pilot: CompiledAutopilot, input: PilotInput): number | null {
  const { dailyBudgetMicros } = input.levers;
  const ceiling = pilot.budgetCeilingMicros;
  if (dailyBudgetMicros === null || !(dailyBudgetMicros > 0) || ceiling === null) return null;
  if (dailyBudgetMicros >= ceiling || !usesItUp(input, dailyBudgetMicros / 1e6)) return null;
  return Math.min(ceiling, dailyBudgetMicros * (1 + pilot.bidStep));
}

/** True when the newest days together spent nearly the budget; days are 24 hours back from the newest reported hour. */
function usesItUp({ delivery, testSinceMs }: PilotInput, budget: number): boolean {
  const fromMs = delivery.toMs - DAYS_LOOKED_AT * DAY_MS;
  if (testSinceMs > fromMs) return false;
  let spend = 0;
  for (let i = delivery.fromMs.length - 1; i >= 0 && (delivery.fromMs[i] ?? 0) >= fromMs; i -= 1)
    spend += delivery.spend[i] ?? 0;
  return spend >= SPENDS_ITS_BUDGET * budget * DAYS_LOOKED_AT;
}
