/**
 * A strategy as it is written: texts and numbers, not yet interpreted. The shape is checked by the zod schema in
 * src/contract/strategy.ts; money, percentages, durations and conditions are read by compile.ts, which can point at
 * each of them.
 */
import type { Level } from '../object.ts';

/** "30 USD", or a number in the account's currency. */
export type MoneyText = string | number;
/** "10 %" or "-15 %". */
export type PercentText = string;
/** "30m", "24h", "7d". */
export type DurationText = string;

export type Mode = 'dry-run' | 'approve' | 'live';

export interface StrategyDocument {
  readonly version: 1;
  readonly strategy: string;
  readonly description?: string | undefined;
  readonly scope: {
    readonly network?: string | undefined;
    /** Account ids or names; left out, every account of the workspace. */
    readonly accounts?: readonly string[] | undefined;
    readonly level: Level;
    readonly where?: string | undefined;
  };
  readonly target?:
    | {
        readonly event?: string | undefined;
        readonly cpa?: MoneyText | undefined;
        readonly roas?: number | undefined;
      }
    | undefined;
  readonly params?: Readonly<Record<string, string | number | boolean>> | undefined;
  readonly mode?: Mode | undefined;
  readonly approval?:
    | { readonly within: DurationText; readonly atDeadline?: 'act' | 'drop' | undefined }
    | undefined;
  /** Left out only beside an autopilot. */
  readonly rules?: readonly RuleDocument[] | undefined;
  readonly autopilot?: AutopilotDocument | undefined;
  readonly guardrails?: GuardrailsDocument | undefined;
}

/** Judges every object of the scope by its evidence, after the rules. */
export interface AutopilotDocument {
  /** Left out, the target's. */
  readonly event?: string | undefined;
  /** One of the two; with neither, the target's. */
  readonly cpa?: MoneyText | undefined;
  readonly roas?: number | undefined;
  readonly targetIs?: 'limit' | 'average' | undefined;
  readonly caution?: 'careful' | 'normal' | 'bold' | undefined;
  readonly holdout?: PercentText | undefined;
  readonly horizon?: DurationText | undefined;
}

export interface RuleDocument {
  readonly name: string;
  readonly description?: string | undefined;
  readonly when: string;
  readonly then: ActionDocument;
}

/** Exactly one of the verbs, with what limits it. */
export interface ActionDocument {
  readonly pause?: true | { readonly until: string } | undefined;
  readonly resume?: true | { readonly pausedBy: string | readonly string[] } | undefined;
  readonly setBid?: MoneyText | undefined;
  readonly raiseBid?: MoneyText | undefined;
  readonly lowerBid?: MoneyText | undefined;
  readonly setBudget?: MoneyText | undefined;
  readonly raiseBudget?: MoneyText | undefined;
  readonly lowerBudget?: MoneyText | undefined;
  readonly scale?: PercentText | undefined;
  readonly notify?: string | undefined;
  readonly upTo?: MoneyText | undefined;
  readonly atLeast?: MoneyText | undefined;
  readonly atMostOnce?: DurationText | undefined;
}

export interface GuardrailsDocument {
  readonly maxActionsPerDay?: number | undefined;
  readonly maxShareOfSpendPaused?: PercentText | undefined;
  readonly maxStep?: PercentText | undefined;
  readonly bidFloor?: MoneyText | undefined;
  readonly bidCeiling?: MoneyText | undefined;
  readonly budgetFloor?: MoneyText | undefined;
  readonly budgetCeiling?: MoneyText | undefined;
  readonly cooldown?: DurationText | undefined;
  readonly maxSpendAge?: DurationText | undefined;
  readonly holdWhileLearning?: boolean | undefined;
}

/** Something wrong in a strategy, with the way to it. */
export interface RuleProblem {
  /** Keys and indexes from the document's root: `['rules', 0, 'when']`. */
  readonly path: readonly (string | number)[];
  /** Set when the key itself is wrong, not its value. */
  readonly at?: 'key';
  /** Where in that text, counted in UTF-16 units, and how long. */
  readonly offset?: number;
  readonly length?: number;
  readonly message: string;
  readonly hint?: string;
}
