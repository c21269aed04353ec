import { z } from 'zod';
import type { StrategyDocument } from '../core/rules/document.ts';

export type { StrategyDocument } from '../core/rules/document.ts';

const money = z
  .union([
    z.number().nonnegative(),
    z
      .string('not an amount of money; write "30 USD" or 30')
      .regex(/^\s*(\d+(\.\d+)?|\.\d+)(\s*[A-Za-z]{3})?\s*$/, 'not an amount of money; write "30 USD" or 30'),
  ])
  .describe('An amount: "30 USD", or a number in the account\'s currency.');
const percent = z
  .string('not a percentage; write "10 %"')
  .regex(/^\s*[+-]?\d+(\.\d+)?\s*%\s*$/, 'not a percentage; write "10 %"')
  .describe('A percentage: "10 %".');
const amount = z
  .union([
    z.number().nonnegative(),
    z
      .string()
      .regex(
        /^\s*(\d+(\.\d+)?|\.\d+)\s*(%|[A-Za-z]{3})?\s*$/,
        'not an amount; write "10 %", "0.05 USD" or 0.05',
      ),
  ])
  .describe('How much: "10 %" of the value, or a sum as "0.05 USD".');
const duration = z
  .string('not a length of time; write "30m", "24h" or "7d"')
  .regex(/^\s*\d+(\.\d+)?\s*[smhd]\s*$/, 'not a length of time; write "30m", "24h" or "7d"')
  .describe('A length of time: "30m", "24h", "7d".');
const until = z
  .string('not a time to end; write "tomorrow", "4h" or "2d"')
  .regex(/^\s*(tomorrow|\d+(\.\d+)?\s*[smhd])\s*$/, 'not a time to end; write "tomorrow", "4h" or "2d"')
  .describe('"tomorrow" (the account\'s next midnight) or a length of time.');
const condition = z
  .string()
  .min(1, 'a condition is missing')
  .max(4_000, 'a condition has at most 4,000 characters');
const name = z.string().trim().min(1, 'a name is missing').max(120, 'a name has at most 120 characters');

const action = z
  .strictObject({
    pause: z
      .union([z.literal(true), z.strictObject({ until })])
      .optional()
      .describe(
        'Pause the object, for good or until "tomorrow" (the account\'s next midnight) or for a length of time.',
      ),
    resume: z
      .union([z.literal(true), z.strictObject({ pausedBy: z.union([name, z.array(name).min(1)]) })])
      .optional()
      .describe('Resume what this strategy paused, or only what the named rules of it paused.'),
    setBid: money.optional().describe('Set the bid, bid cap or cost cap.'),
    raiseBid: amount.optional(),
    lowerBid: amount.optional(),
    setBudget: money.optional().describe('Set the daily (or lifetime) budget.'),
    raiseBudget: amount.optional(),
    lowerBudget: amount.optional(),
    scale: percent
      .optional()
      .describe('Move the lever the object has: its bid or cap, else its budget. Negative scales down.'),
    notify: z.string().min(1).max(400).optional().describe('Say so and change nothing.'),
    upTo: money.optional().describe('Ceiling of this change.'),
    atLeast: money.optional().describe('Floor of this change.'),
    atMostOnce: duration
      .optional()
      .describe('How long this lever of this object rests after a change; 24h if left out.'),
  })
  .describe('What to do: exactly one of the verbs, with its limits.');

const rule = z.strictObject({
  name,
  description: z.string().max(1_000).optional(),
  when: condition.describe('A CEL condition over metrics and the object, in quotes.'),
  // oxlint-disable-next-line unicorn/no-thenable -- "when … then" is how rules are read aloud; nothing awaits a document.
  then: action,
});

const autopilot = z
  .strictObject({
    event: name.optional().describe('The event that counts, as "purchase"; left out, the target\'s.'),
    cpa: money.optional().describe('What a conversion may cost: "30 USD".'),
    roas: z.number().optional().describe('What each unit of spend must bring back: 1.5 means 150 %.'),
    targetIs: z
      .enum(['limit', 'average'])
      .optional()
      .describe(
        'limit (the default): what a conversion is worth, bids are made for the most profit. average: what conversions shall cost on average.',
      ),
    caution: z
      .enum(['careful', 'normal', 'bold'])
      .optional()
      .describe(
        'How sure a pause must be: an object on target is ever paused with a chance of at most 5 % (careful), 20 % (normal, the default) or 50 % (bold).',
      ),
    holdout: percent
      .optional()
      .describe('Share of due pauses that is held back for seven days and observed; 3 % if left out.'),
    horizon: duration.optional().describe("How far ahead an object's earnings count; 30d if left out."),
  })
  .describe(
    'Judges every object of the scope by its evidence, after the rules: pauses what is proven to miss the target, lowers what costs more than it earns, moves bids to their value.',
  );

const guardrails = z.strictObject({
  maxActionsPerDay: z
    .number()
    .int()
    .min(0)
    .optional()
    .describe('Most changes of this strategy in one account in a rolling 24 h; 50 if left out.'),
  maxShareOfSpendPaused: percent
    .optional()
    .describe("Most of the account's daily spend that may be paused in a rolling 24 h; 30 % if left out."),
  maxStep: percent
    .optional()
    .describe('Largest change of a bid or budget at once; beyond it the change is cut to this step.'),
  bidFloor: money.optional(),
  bidCeiling: money.optional(),
  budgetFloor: money.optional(),
  budgetCeiling: money.optional(),
  cooldown: duration
    .optional()
    .describe('How long any lever of an object rests after a change, whichever rule made it.'),
  maxSpendAge: duration.optional().describe('No action on cost data older than this; 3h if left out.'),
  holdWhileLearning: z
    .boolean()
    .optional()
    .describe('Leave bids and budgets alone while the network says an object is learning.'),
});

/**
 * The shape of a strategy file. Only shapes: what texts mean (money, conditions, windows) is read by `compileStrategy`,
 * which knows the account's currency and points at characters.
 */
export const strategySchema = z
  .strictObject({
    version: z.literal(1, { error: 'this Bidloop reads version 1; write "version: 1"' }),
    strategy: z
      .string()
      .regex(
        /^[a-z0-9][a-z0-9-]{0,62}$/,
        'a strategy is named in lower-case letters, digits and hyphens, as "us-prospecting"',
      )
      .describe("The strategy's name, unique in the workspace."),
    description: z.string().max(2_000).optional(),
    scope: z.strictObject({
      network: z.string().min(1).optional().describe('An ad network, as "meta"; left out, all of them.'),
      accounts: z
        .array(z.string().min(1))
        .min(1)
        .optional()
        .describe('Ad accounts by id or name; left out, all of the workspace.'),
      level: z.enum(['campaign', 'adset', 'ad', 'creative']).describe('What the rules judge and act on.'),
      where: condition
        .optional()
        .describe('A CEL condition over names, labels and parents: only objects for which it holds.'),
    }),
    target: z
      .strictObject({
        event: z
          .string()
          .min(1)
          .optional()
          .describe('The event that counts when a metric names none, as "purchase".'),
        cpa: money.optional(),
        roas: z.number().positive().optional().describe('1.5 means 150 %.'),
      })
      .optional(),
    params: z
      .record(
        z.string().regex(/^[A-Za-z_][A-Za-z0-9_]*$/, 'a parameter is named like a word, as "payout"'),
        z.union([z.number(), z.string(), z.boolean()]),
      )
      .optional()
      .describe('Your own numbers and texts, read in conditions as params.name.'),
    mode: z
      .enum(['dry-run', 'approve', 'live'])
      .optional()
      .describe('dry-run (the default) only records; approve asks a person first; live acts.'),
    approval: z
      .strictObject({ within: duration, atDeadline: z.enum(['act', 'drop']).optional() })
      .optional()
      .describe(
        'How long a change waits for consent in mode approve, and what happens then; 4h and drop if left out.',
      ),
    rules: z
      .array(rule)
      .max(100, 'a strategy has at most 100 rules')
      .optional()
      .describe('In order: the first that holds for an object decides. Left out only beside an autopilot.'),
    autopilot: autopilot.optional(),
    guardrails: guardrails.optional().describe('Limits that no rule passes.'),
  })
  .describe('A Bidloop strategy: rules in order, or an autopilot, for a scope of objects.');

type Parsed = z.infer<typeof strategySchema>;
/** Both directions, so that the schema and the type cannot drift apart. */
const _asDocument = (parsed: Parsed): StrategyDocument => parsed;
void _asDocument;

/** The JSON Schema that editors use to complete and check strategy files; published as docs/strategy.schema.json. */
export function strategyJsonSchema(): Record<string, unknown> {
  return { ...z.toJSONSchema(strategySchema, { io: 'input' }), title: 'Bidloop strategy' };
}
