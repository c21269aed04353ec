import type { Micros } from '../money.ts';

/** What a conversion may cost, or what each unit of spend must bring back. Major units; ROAS 1.5 is 150 %. */
export type PilotTarget =
  | { readonly kind: 'cpa'; readonly cpa: number }
  | { readonly kind: 'roas'; readonly roas: number };

/**
 * What the target is to the one who wrote it. `limit`: what a conversion is worth, so bids are made for the most profit
 * and the average lies below it. `average`: what conversions shall cost on average, so bids rise until they do.
 */
export type TargetIs = 'limit' | 'average';

/** An `autopilot:` of a strategy, read once. Durations in ms, shares as fractions. */
export interface CompiledAutopilot {
  /** The event that counts, by name. */
  readonly event: string;
  readonly target: PilotTarget;
  readonly targetIs: TargetIs;
  /** Most that an object on target or better may ever be paused, as a chance: .05, .20 or .50. */
  readonly alpha: number;
  /** Share of its budget that an object keeps on probation. */
  readonly trickle: number;
  /** How far ahead probation weighs what an object could still earn. */
  readonly horizonMs: number;
  /** Share of due pauses that is held back and observed. */
  readonly holdoutShare: number;
  /** Largest change of a bid or a raised budget at once. */
  readonly bidStep: number;
  /** Changes of a bid smaller than this share are not made. */
  readonly deadBand: number;
  /** How long a bid or budget rests after a change. */
  readonly restMs: number;
  /** Budgets are raised up to here; null leaves them where a person set them. */
  readonly budgetCeilingMicros: Micros | null;
}
