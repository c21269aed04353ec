import { z } from 'zod';

/** Meta's words, as far as Bidloop reads them. Unknown fields pass; a missing one that matters is an error. */

/** Ids are digit strings beyond 2^53: a number here has already lost digits. */
const id = z.string().regex(/^\d+$/);
/** Bids come as numbers, budgets as strings, in one object. */
const minorUnits = z.union([z.number(), z.string().regex(/^-?\d+$/)]);

export const errorSchema = z.object({
  error: z.object({
    message: z.string().default('no message'),
    type: z.string().optional(),
    code: z.number().default(0),
    error_subcode: z.number().optional(),
    is_transient: z.boolean().optional(),
    error_user_title: z.string().optional(),
    error_user_msg: z.string().optional(),
    fbtrace_id: z.string().optional(),
  }),
});
export type MetaErrorBody = z.infer<typeof errorSchema>['error'];

export const pageSchema = z.object({
  data: z.array(z.unknown()),
  paging: z.object({ next: z.string().optional() }).optional(),
});

export const accountSchema = z.object({
  name: z.string().default(''),
  currency: z.string(),
  timezone_name: z.string(),
  account_status: z.number().optional(),
});

export const permissionSchema = z.object({ permission: z.string(), status: z.string() });

export const ownRuleSchema = z.object({
  id,
  name: z.string().default(''),
  status: z.string().optional(),
  execution_spec: z.object({ execution_type: z.string().optional() }).optional(),
});

const common = {
  id,
  name: z.string().default(''),
  status: z.string(),
  effective_status: z.string(),
  created_time: z.string().optional(),
  adlabels: z.array(z.object({ name: z.string().optional() })).optional(),
};
const money = {
  bid_strategy: z.string().optional(),
  bid_amount: minorUnits.optional(),
  daily_budget: minorUnits.optional(),
  lifetime_budget: minorUnits.optional(),
};

export const campaignSchema = z.object({ ...common, ...money });
export const adsetSchema = z.object({
  ...common,
  ...money,
  campaign_id: id,
  bid_constraints: z.object({ roas_average_floor: z.number().optional() }).optional(),
  learning_stage_info: z.object({ status: z.string().optional() }).optional(),
});
export const adSchema = z.object({
  ...common,
  campaign_id: id,
  adset_id: id,
  creative: z.object({ id }).optional(),
});
export const creativeSchema = z.object({ id, name: z.string().default('') });

/** Every metric is a string; a list without entries is absent. */
export const insightSchema = z.object({
  ad_id: id,
  spend: z.string(),
  impressions: z.string().default('0'),
  inline_link_clicks: z.string().default('0'),
  date_start: z.string(),
  hourly_stats_aggregated_by_advertiser_time_zone: z.string(),
});

export type MetaCampaign = z.infer<typeof campaignSchema>;
export type MetaAdset = z.infer<typeof adsetSchema>;
export type MetaAd = z.infer<typeof adSchema>;
export type MetaInsight = z.infer<typeof insightSchema>;
