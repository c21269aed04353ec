import type { CompiledCondition } from './condition.ts';

/** What the evidence of a strategy must hold. */
export interface Needs {
  /** By spelling. */
  readonly windows: readonly string[];
  /** By name; "*" for all of them. */
  readonly events: readonly string[];
  /** Windows (also in `windows`) whose conversions are asked by their own time too: `WindowMetrics.arrived`. */
  readonly arrived: readonly string[];
  /** Whether anything asks `Evidence.delivery` and `Evidence.learned`. */
  readonly statistics: boolean;
  /** Windows asked up to this minute: `Evidence.estimate.windows`. */
  readonly estimated: readonly string[];
  /** Whether there are any. */
  readonly estimatedSpend: boolean;
}

/** What all these conditions ask, each thing once and in order. */
export function needsOf(conditions: readonly CompiledCondition[]): Needs {
  const all = (of: (condition: CompiledCondition) => ReadonlySet<string>) =>
    [...new Set(conditions.flatMap((condition) => [...of(condition)]))].toSorted();
  return {
    windows: all((condition) => condition.windows),
    events: all((condition) => condition.events),
    arrived: all((condition) => condition.arrived),
    statistics: conditions.some((condition) => condition.statistics),
    estimated: all((condition) => condition.estimated),
    estimatedSpend: conditions.some((condition) => condition.estimatedSpend),
  };
}
