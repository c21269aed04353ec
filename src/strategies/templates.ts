/** What a template is filled with. */
export interface TemplateValues {
  /** Amount as it is written, "30 USD". */
  readonly cpa: string;
  readonly event: string;
  readonly level: 'campaign' | 'adset' | 'ad';
}

export interface Template {
  readonly name: string;
  /** For lists and help. */
  readonly about: string;
  readonly write: (values: TemplateValues) => string;
}

const RULES = `# A window is "3h" (the newest three full hours), "today", "yesterday", "7d" (today and the six days before),
# "7d before today" or "lifetime". A metric without an event counts the target's event.
# All metrics, facts and actions: docs/rules.md.`;

const head = (
  name: string,
  about: string,
  { cpa, event, level }: TemplateValues,
  language = RULES,
): string => `# ${about}
#
${language} Check after editing: ./bidloop strategy check <this file>
version: 1
strategy: ${name}

scope:
  level: ${level} # campaign, adset, ad or creative
  # where: 'campaign.name.startsWith("US") && !("retargeting" in campaign.labels)'

target:
  event: ${event}
  cpa: ${cpa}

# dry-run only writes down what would be done. When you agree with what you see: approve (a person is asked) or live.
mode: dry-run
`;

/** Strategies to start from: complete, commented, in dry-run. */
export const TEMPLATES: readonly Template[] = [
  {
    name: 'stop-loss',
    about:
      'Pauses what spends without selling, and brings back what it paused when late sales prove it wrong.',
    write: (
      values,
    ) => `${head('stop-loss', 'Pauses what spends without selling, and brings back what it paused when late sales prove it wrong.', values)}
rules: # in order: the first that holds for an object decides
  - name: spends without a sale
    # Three conversions would have fit into this money, and not one came.
    when: 'conversions("today") == 0 && spend("today") > 3 * target.cpa'
    then: { pause: { until: tomorrow } }

  - name: never sold
    when: 'conversions("lifetime") == 0 && spend("lifetime") > 6 * target.cpa && ageDays > 3'
    then: { pause: true }

  - name: sells far too dear
    when: 'conversions("7d") >= 3 && cpa("7d") > 2 * target.cpa'
    then: { pause: true }

  - name: the sales came late
    # Only what this strategy paused itself is ever resumed.
    when: 'conversions("today") > 0 && cpa("7d") < target.cpa'
    then: { resume: true }

guardrails: # limits that no rule passes
  maxActionsPerDay: 20
  maxShareOfSpendPaused: 20 % # of an account's daily spend, within 24 hours
  maxSpendAge: 3h # no action on older cost data
`,
  },
  {
    name: 'proven-loser',
    about:
      'Pauses what is proven to cost more than the target, late conversions counted in, and slows what likely does.',
    write: (
      values,
    ) => `${head('proven-loser', 'Pauses what is proven to cost more than the target, late conversions counted in, and slows what likely does.', values)}
rules: # in order: the first that holds for an object decides
  - name: proven loser
    # Of 100 that meet the target, at most 5 are ever paused by this, however often it is asked.
    when: 'proven.cpaAbove(target.cpa, 0.05)'
    then: { pause: true }

  - name: nothing where three were due
    # Three conversions should have arrived by now from today's clicks, and not one has.
    when: 'conversions("today") == 0 && due.conversions("today") >= 3'
    then: { pause: { until: tomorrow } }

  - name: redeemed by late sales
    when: 'probability.cpaAbove(target.cpa, "14d") < 0.5'
    then: { resume: { pausedBy: proven loser } }

  - name: likely too dear
    # Its own numbers, pulled toward its siblings' while they are few. A step down can be taken back.
    when: 'shrunk.cpa("7d") > 1.3 * target.cpa && matured.spend("7d") > 2 * target.cpa'
    then: { scale: -20 %, atMostOnce: 72h }

guardrails: # limits that no rule passes
  maxActionsPerDay: 20
  maxShareOfSpendPaused: 20 % # of an account's daily spend, within 24 hours
`,
  },
  {
    name: 'scale-winners',
    about: 'Gives more room to what sells below the target, in small steps with a rest between them.',
    write: (
      values,
    ) => `${head('scale-winners', 'Gives more room to what sells below the target, in small steps with a rest between them.', values)}
rules: # in order: the first that holds for an object decides, so the stronger one comes first
  - name: sells at half the target
    when: 'conversions("3d") > 20 && cpa("3d") < 0.5 * target.cpa'
    # scale moves the lever the object has: its bid or cap, else its budget.
    then: { scale: 20 %, atMostOnce: 24h }

  - name: sells below the target
    when: 'conversions("7d") > 10 && cpa("7d") < 0.8 * target.cpa'
    then: { scale: 10 %, atMostOnce: 24h }

guardrails: # limits that no rule passes
  maxActionsPerDay: 20
  maxStep: 20 % # no single change is larger
  # bidCeiling: 4.00 USD
  # budgetCeiling: 500 USD
`,
  },
  {
    name: 'hold-cpa',
    about:
      'Moves bids toward the target: down when conversions get dear, up when there is room, still in between.',
    write: (
      values,
    ) => `${head('hold-cpa', 'Moves bids toward the target: down when conversions get dear, up when there is room, still in between.', values)}
rules: # in order: the first that holds for an object decides
  - name: dear
    when: 'conversions("7d") >= 5 && cpa("7d") > 1.15 * target.cpa'
    then: { lowerBid: 10 %, atMostOnce: 24h }

  - name: room
    when: 'conversions("7d") >= 5 && cpa("7d") < 0.85 * target.cpa'
    then: { raiseBid: 10 %, atMostOnce: 24h }

guardrails: # limits that no rule passes
  maxActionsPerDay: 50
  maxStep: 20 %
`,
  },
  {
    name: 'watch',
    about: 'Changes nothing and says what deserves a look.',
    write: (values) => `${head('watch', 'Changes nothing and says what deserves a look.', values)}
rules: # in order: the first that holds for an object decides
  - name: dear today
    when: 'conversions("today") >= 1 && cpa("today") > 2 * target.cpa'
    then: { notify: costs more than twice the target today, atMostOnce: 24h }

  - name: sells nothing today
    when: 'conversions("today") == 0 && spend("today") > 2 * target.cpa'
    then: { notify: has spent two conversions' worth today without one, atMostOnce: 24h }
`,
  },
  {
    name: 'autopilot',
    about:
      'One target instead of rules: pauses on proof, runs on less what is not worth its money, moves bids to their value.',
    write: (values) => `${head(
      'autopilot',
      'One target instead of rules. docs/autopilot.md says what it does, number by number.',
      values,
      '# Rules may stand beside it and are asked first: docs/rules.md.',
    )}
autopilot:
  targetIs: limit # what a conversion is worth to you; average: what conversions shall cost on average
  caution: normal # of 100 objects that meet the target, at most 20 are ever paused; careful: 5, bold: 50
  holdout: 3 % # of due pauses are held back for a week and watched: ./bidloop holdout tells what came of them

guardrails: # limits that the autopilot does not pass
  maxActionsPerDay: 30
  maxShareOfSpendPaused: 30 % # of the account's daily spend, within 24 hours
  # budgetCeiling says how far daily budgets may be raised; without it they never are
`,
  },
];
