import { z } from 'zod';
import type { Observation } from '../core/observation/observation.ts';

const instant = z
  .union([
    z.iso.datetime({ offset: true, error: 'not an instant; write "2026-11-23T14:00:00Z"' }),
    z.number('not an instant; write "2026-11-23T14:00:00Z" or milliseconds since 1970'),
  ])
  .describe('An ISO text with an offset, as "2026-11-23T14:00:00Z", or milliseconds since 1970.');
const amount = z.number().nonnegative().max(1e9).describe("Major units of the account's currency.");
const count = z.number().nonnegative().max(1e12);
const share = z.number().min(0).max(1);

const hour = z
  .strictObject({
    at: instant.describe('Start of the hour.'),
    spend: z.number().min(-1e9).max(1e9).describe('Major units; negative where a network took cost back.'),
    clicks: count.describe("The network's clicks."),
    impressions: count.optional(),
    visits: count.optional().describe("Clicks as you counted them; the network's if left out."),
  })
  .describe(
    'Cost of one hour. Hours without cost may be left out; hours from asOf on are not known yet and do not count.',
  );

const conversion = z.strictObject({
  event: z.string().min(1).max(100).describe('Its name, as "purchase".'),
  clickAt: instant.describe('When the click was made: windows and evidence follow it.'),
  at: instant.describe('When it happened, at or before now.'),
  value: z.number().min(-1e9).max(1e9).optional().describe('Major units.'),
});

const hours = z.array(hour).max(20_000, 'at most 20,000 hours');
const conversions = z.array(conversion).max(200_000, 'at most 200,000 conversions');

const levers = z
  .strictObject({
    status: z.enum(['active', 'paused']),
    bidStrategy: z
      .enum(['auto', 'bid_cap', 'cost_cap', 'min_roas', 'manual_cpc'])
      .nullable()
      .optional()
      .describe('manual_cpc if left out beside a bid, auto without one.'),
    bid: amount.nullable().optional(),
    dailyBudget: amount.nullable().optional(),
    lifetimeBudget: amount.nullable().optional(),
  })
  .describe('What is set on the object now.');

const change = z.strictObject({
  kind: z.enum(['pause', 'resume', 'set_bid', 'set_budget', 'notify']),
  rule: z.string().nullable(),
  atMs: z.number(),
  from: levers,
  to: amount.optional(),
  full: amount.optional().describe('Of a probation: the budget or bid before it.'),
});

const state = z
  .strictObject({
    history: z.array(change).max(1_000).describe('Changes that were carried out.'),
    held: z
      .strictObject({ sinceMs: z.number(), untilMs: z.number(), propensity: share })
      .optional()
      .describe('A due pause that is held back.'),
  })
  .describe('`nextState` of the answer before this one; left out at the first.');

/**
 * One line of `./bidloop decide`: an object as another system or a simulator sees it. What cannot be said by a shape (hours
 * given twice, conversions before their click) is told by src/core/observation.
 */
export const observationSchema = z
  .strictObject({
    id: z.string().max(200).optional().describe('Comes back in the answer.'),
    now: instant,
    asOf: instant
      .optional()
      .describe(
        "Up to when cost is known; if left out, to this hour's start, or to now where the running hour is given too.",
      ),
    object: z
      .strictObject({
        name: z.string().min(1).max(200).optional(),
        level: z
          .enum(['campaign', 'adset', 'ad', 'creative'])
          .optional()
          .describe("The strategy's if left out."),
        createdAt: instant.optional(),
        labels: z.array(z.string()).max(100).optional(),
        learning: z.string().optional().describe('What the network says of its learning phase.'),
      })
      .optional(),
    account: z
      .strictObject({
        name: z.string().min(1).max(200).optional(),
        network: z.string().min(1).max(50).optional(),
        currency: z
          .string()
          .regex(/^[A-Z]{3}$/, 'not a currency; write "USD"')
          .optional(),
        timeZone: z.string().min(1).max(60).optional().describe('As "America/New_York"; UTC if left out.'),
        moneyStep: z
          .number()
          .min(1e-6)
          .max(1e6)
          .optional()
          .describe('Smallest step of a bid or budget; 0.01 if left out.'),
      })
      .optional(),
    levers,
    hours,
    conversions,
    siblings: z
      .array(z.strictObject({ id: z.string().max(200).optional(), hours, conversions }))
      .max(5_000)
      .optional()
      .describe(
        'Other objects of the campaign or account: they teach prior, delay curve, order values and pulse.',
      ),
    prior: z
      .union([
        z.literal('default'),
        z.strictObject({
          conversions: z.number().min(0.01).max(1e6),
          spend: z.number().min(1e-6).max(1e12).describe('Matured spend, major units.'),
        }),
      ])
      .optional()
      .describe('What an object is worth before its own facts; "default" is learned from the siblings.'),
    curve: z
      .union([
        z.literal('default'),
        z.strictObject({
          hours: z
            .array(z.number().positive())
            .min(1)
            .max(1_000)
            .describe('Ages; the last is the attribution window.'),
          share: z
            .array(share)
            .min(1)
            .max(1_000)
            .describe('Share of conversions arrived at each age; the last is 1.'),
          lower: z.array(share).optional().describe('Its lower bound, which pauses believe.'),
          upper: z.array(share).optional().describe('Its upper bound, which raises believe.'),
        }),
      ])
      .optional()
      .describe('How late conversions come; "default" is learned from all conversions given.'),
    trial: z
      .strictObject({
        trials: count.describe('Trials old enough that whoever would pay has paid.'),
        paid: count.describe('How many of them paid.'),
        price: amount.describe('Mean first payment.'),
        paidEvent: z.string().min(1).max(100).optional().describe('Event that pays; "purchase" if left out.'),
      })
      .optional()
      .describe(
        'What trials came to, where the event is a trial that brings nothing itself: one is worth rate × price.',
      ),
    attributionWindow: z
      .string()
      .regex(/^\s*\d+(\.\d+)?\s*[smhd]\s*$/, 'not a length of time; write "28d"')
      .optional()
      .describe(
        'How long after its click a conversion counts; 28d if left out. The last age of a curve that is given comes before it.',
      ),
    draw: z
      .number()
      .min(0)
      .max(1)
      .optional()
      .describe(
        "Uniform in [0, 1), the same at every look until a pause is carried out: below the holdout's share a due pause is held back. Left out, never.",
      ),
    testSince: instant
      .optional()
      .describe(
        "Evidence counts from here, or from the newest resume in `state`; the object's creation if left out.",
      ),
    state: state.optional(),
  })
  .describe('One object as `./bidloop decide` reads it, one JSON document a line.');

type Parsed = z.infer<typeof observationSchema>;
/** Both directions, so that the schema and the type cannot drift apart. */
const _asObservation = (parsed: Parsed): Observation => parsed;
void _asObservation;

/** The JSON Schema that is published as docs/observation.schema.json. */
export function observationJsonSchema(): Record<string, unknown> {
  return { ...z.toJSONSchema(observationSchema, { io: 'input' }), title: 'Bidloop observation' };
}
