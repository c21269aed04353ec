import type { Decision, Evidence } from '../decision.ts';
import type { LeverState } from '../object.ts';
import type { ObservedChange, ObservedLevers, ObservedState } from './observation.ts';

/** What to give back with the next observation, once the decision has been carried out. */
export function nextState(
  state: ObservedState | undefined,
  evidence: Evidence,
  decision: Decision,
): ObservedState {
  const { verdict, reason, judgement, holdout } = decision;
  const before = state?.history ?? [];
  // Remembered when it is over, too: a due pause is held once. The next one, after a pause, is another.
  const held =
    verdict.kind === 'pause'
      ? undefined
      : (state?.held ?? (holdout === undefined ? undefined : { sinceMs: evidence.nowMs, ...holdout }));
  const rest = held === undefined ? {} : { held };
  if (verdict.kind === 'keep') return { history: before, ...rest };
  const full = judgement?.stageAfter === 'probation' ? judgement.fullMicros : null;
  const change: ObservedChange = {
    kind: verdict.kind,
    rule: reason.rule,
    atMs: evidence.nowMs,
    from: leversOf(evidence.object),
    ...('toMicros' in verdict ? { to: verdict.toMicros / 1e6 } : {}),
    ...(full === null ? {} : { full: full / 1e6 }),
  };
  // The newest of each kind is all that is ever asked for.
  return { history: [...before.filter((past) => past.kind !== verdict.kind), change], ...rest };
}

/** The levers as they stand once the decision has been carried out, in major units. */
export function nextLevers(object: LeverState, { verdict }: Decision): ObservedLevers {
  const now = leversOf(object);
  switch (verdict.kind) {
    case 'pause':
      return { ...now, status: 'paused' };
    case 'resume':
      return { ...now, status: 'active' };
    case 'set_bid':
      return { ...now, bid: verdict.toMicros / 1e6 };
    case 'set_budget':
      return verdict.budget === 'daily'
        ? { ...now, dailyBudget: verdict.toMicros / 1e6 }
        : { ...now, lifetimeBudget: verdict.toMicros / 1e6 };
    case 'notify':
    case 'keep':
      return now;
  }
}

function leversOf(state: LeverState): ObservedLevers {
  const major = (value: number | null) => (value === null ? null : value / 1e6);
  return {
    status: state.status === 'active' ? 'active' : 'paused',
    bidStrategy: state.bidStrategy,
    bid: major(state.bidMicros),
    dailyBudget: major(state.dailyBudgetMicros),
    lifetimeBudget: major(state.lifetimeBudgetMicros),
  };
}
