import type { PastChange } from '../decision.ts';
import type { LeverState } from '../object.ts';
import type { Stage } from './judgement.ts';

/** Names under which the autopilot's changes stand in decisions and in history. */
export const PILOT_RULES = {
  pause: 'autopilot: pause',
  probation: 'autopilot: probation',
  endProbation: 'autopilot: end probation',
  resume: 'autopilot: resume',
  bid: 'autopilot: bid',
  budget: 'autopilot: budget',
} as const;

/** Whether a rule's name in decisions and history is one of the autopilot's. */
export function isPilotRule(name: string): boolean {
  return name.startsWith('autopilot: ');
}

/** Where an object stands, with what is needed to bring it back. */
export interface StageFacts {
  readonly stage: Stage;
  /** Budget or bid before probation; null outside of it. */
  readonly fullMicros: number | null;
  readonly lever: 'bid' | 'daily' | null;
  /** Since when; null in normal. */
  readonly sinceMs: number | null;
}

const NORMAL: StageFacts = { stage: 'normal', fullMicros: null, lever: null, sinceMs: null };

/**
 * The lever that probation lowers: the daily budget, else the bid; null where there is neither. A lifetime budget is left
 * alone: networks refuse one below what is spent already.
 */
export function probationLever(
  levers: LeverState,
): { readonly lever: 'bid' | 'daily'; readonly micros: number } | null {
  const { dailyBudgetMicros, bidMicros } = levers;
  if (dailyBudgetMicros !== null && dailyBudgetMicros > 0)
    return { lever: 'daily', micros: dailyBudgetMicros };
  return bidMicros !== null && hasBid(levers) ? { lever: 'bid', micros: bidMicros } : null;
}

/** Whether a bid is set on it that counts: of a click, or a cap. */
export function hasBid({ bidStrategy, bidMicros }: LeverState): boolean {
  const counts = bidStrategy === 'bid_cap' || bidStrategy === 'cost_cap' || bidStrategy === 'manual_cpc';
  return counts && bidMicros !== null && bidMicros > 0;
}

/**
 * Reads the stage from the newest applied changes. Probation lasts only while the lever stands where the autopilot put
 * it: a value that somebody else has set since is theirs, and is never restored over.
 *
 * @param history of the object, at least the newest change of each kind.
 */
export function stageOf(history: readonly PastChange[], levers: LeverState, strategyId: string): StageFacts {
  if (levers.status === 'paused') {
    const pause = newest(history, 'pause');
    const lifted = newest(history, 'resume');
    const ours =
      pause !== undefined &&
      pause.strategyId === strategyId &&
      pause.rule === PILOT_RULES.pause &&
      (lifted === undefined || lifted.atMs < pause.atMs);
    if (ours) return { stage: 'paused', fullMicros: null, lever: null, sinceMs: pause.atMs };
    return NORMAL;
  }
  const lever = probationLever(levers);
  if (lever === null) return NORMAL;
  const change = newest(history, lever.lever === 'bid' ? 'set_bid' : 'set_budget');
  if (
    change === undefined ||
    change.strategyId !== strategyId ||
    change.rule !== PILOT_RULES.probation ||
    change.toMicros !== lever.micros ||
    change.fullMicros === undefined ||
    !(change.fullMicros > lever.micros)
  )
    return NORMAL;
  return { stage: 'probation', fullMicros: change.fullMicros, lever: lever.lever, sinceMs: change.atMs };
}

/** The newest change of a kind. */
export function newest(history: readonly PastChange[], kind: PastChange['kind']): PastChange | undefined {
  let found: PastChange | undefined;
  for (const past of history)
    if (past.kind === kind && (found === undefined || past.atMs > found.atMs)) found = past;
  return found;
}
