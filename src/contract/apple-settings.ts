import { z } from 'zod';

const meaning = z.strictObject({
  event: z.string().min(1).max(200),
  /** Major units of the map's currency; left out or null where the value says nothing of money. */
  revenue: z.number().min(0).max(1_000_000).nullable().optional(),
});

const conversionWindow = z.strictObject({
  fine: z.record(z.string().regex(/^(?:\d|[1-5]\d|6[0-3])$/, 'a fine value is 0 to 63'), meaning).optional(),
  coarse: z.partialRecord(z.enum(['low', 'medium', 'high']), meaning).optional(),
});

/** What an app's conversion values mean, as its developers wrote them down. One entry per conversion window, at most three. */
export const appleValuesSchema = z.strictObject({
  currency: z.string().regex(/^[A-Z]{3}$/, 'write an ISO 4217 currency such as USD'),
  /** Values stand beside Apple's signature: true only where postbacks come from devices or an authenticated sender. */
  trustValues: z.boolean(),
  windows: z.array(conversionWindow).min(1).max(3),
});
export type AppleValues = z.output<typeof appleValuesSchema>;

/** What is known here about one app: apple_app.settings. */
export const appleAppSchema = z.strictObject({
  values: appleValuesSchema.optional(),
  /** Source identifier (or campaign id of SKAdNetwork up to 3.0) → our campaign. */
  campaigns: z.record(z.string().regex(/^\d{1,4}$/), z.number().int().positive()).optional(),
  /** Which digits of four a short identifier is. */
  shortForm: z.enum(['last', 'first']).optional(),
});
export type AppleAppSettings = z.output<typeof appleAppSchema>;
