import type { ConditionTrace } from '../decision.ts';
import type { LeafOutcome } from './condition.ts';
import type { Scope } from './facts.ts';
import { statisticText } from './phrases.ts';
import { isMissing } from './value.ts';

/** How one condition came out, with each operand's value, and what a statistic says in words. */
export function conditionTrace({ leaf, holds, values, fault }: LeafOutcome, scope: Scope): ConditionTrace {
  return {
    text: leaf.text,
    holds,
    values: leaf.operands.map(({ text, statistic }, index) => {
      const value = values[index];
      if (value === undefined) return { expression: text, value: null, why: fault ?? 'not read' };
      if (isMissing(value)) return { expression: text, value: null, why: value.why };
      if (statistic !== null && (typeof value === 'number' || typeof value === 'boolean'))
        return {
          expression: text,
          value,
          // Worked out when somebody reads it: most traces are never kept.
          get said() {
            return statisticText(statistic, value, scope);
          },
        };
      return { expression: text, value: typeof value === 'object' ? value.join(', ') : value };
    }),
  };
}
