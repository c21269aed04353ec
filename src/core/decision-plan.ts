import type { Change } from './decision.ts';
import type { LeverState } from './object.ts';

/** What an acting decision asks its workflow to do; stored beside the evidence, so that any process can start it. Durations are workspace milliseconds. */
export interface DecisionPlan {
  readonly change: Change;
  /** What the decision saw on the object. */
  readonly expected: LeverState;
  /** "pause", "bid $1.20 → $1.32, +10 %". */
  readonly changeWords: string;
  /** One line for Temporal UI: "pause Zen C: $62 spent today, no purchase". */
  readonly summary: string;
  /** Markdown: what was seen, the rule, the thresholds, the planned change, what happens without an answer. */
  readonly details: string;
  readonly approval: { readonly withinMs: number; readonly atDeadline: 'act' | 'drop' } | null;
  readonly checkAfterMs: number | null;
  /** Relative change of a bid or budget (0.1 is +10 %); null for pauses and resumes. */
  readonly delta: number | null;
}
