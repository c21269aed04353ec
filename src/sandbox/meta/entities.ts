import type { Setting, World } from '../world.ts';
import type { AccountFacts } from './graph.ts';
import { minorMicros } from './money.ts';

const BID_STRATEGY = {
  auto: 'LOWEST_COST_WITHOUT_CAP',
  bid_cap: 'LOWEST_COST_WITH_BID_CAP',
  cost_cap: 'COST_CAP',
  min_roas: 'LOWEST_COST_WITH_MIN_ROAS',
  manual_cpc: 'LOWEST_COST_WITH_BID_CAP',
} as const;

type Fields = readonly { readonly name: string; readonly inner: readonly string[] }[];

/** What is true of an object once its parents are counted in. */
export function effectiveStatus(world: World, setting: Setting): string {
  if (setting.status !== 'ACTIVE') return setting.status;
  const { campaign, adset } = parents(world, setting);
  if (campaign && campaign.status !== 'ACTIVE') return 'CAMPAIGN_PAUSED';
  if (adset && adset.status !== 'ACTIVE') return 'ADSET_PAUSED';
  return 'ACTIVE';
}

export function parents(world: World, setting: Setting): { campaign: Setting | null; adset: Setting | null } {
  const at = (level: Setting['level'], index: number | undefined): Setting | null =>
    world.settings.find((other) => other.level === level && other.index === index) ?? null;
  if (setting.level === 'campaign') return { campaign: null, adset: null };
  const adsetIndex = setting.level === 'adset' ? setting.index : world.plan.ads[setting.index]?.adset;
  const campaign = at('campaign', world.plan.adsets[adsetIndex ?? -1]?.campaign);
  return { campaign, adset: setting.level === 'ad' ? at('adset', adsetIndex) : null };
}

function allFields(world: World, setting: Setting, account: AccountFacts): Record<string, unknown> {
  const minor = minorMicros(world.plan.currency);
  const { campaign, adset } = parents(world, setting);
  const ad = setting.level === 'ad' ? world.plan.ads[setting.index] : undefined;
  const creative = ad && world.plan.creatives[ad.creative];
  const strategyOwner =
    setting.level === 'adset' ? (campaign?.bidStrategy ?? setting.bidStrategy) : setting.bidStrategy;
  const bidStrategy =
    setting.level === 'adset' && setting.bidMicros !== null ? setting.bidStrategy : strategyOwner;
  return {
    id: setting.id,
    account_id: account.id,
    name: setting.name,
    status: setting.status,
    configured_status: setting.status,
    effective_status: effectiveStatus(world, setting),
    created_time: metaTime(world.startMs - 30 * 86_400_000),
    updated_time: metaTime(setting.updatedMs),
    ...(setting.level === 'ad'
      ? {}
      : bidStrategy === null
        ? {}
        : { bid_strategy: BID_STRATEGY[bidStrategy] }),
    // A number, where the budget beside it is a string.
    ...(setting.bidMicros === null ? {} : { bid_amount: Math.round(setting.bidMicros / minor) }),
    ...(setting.level === 'ad'
      ? {}
      : { daily_budget: String(Math.round((setting.dailyBudgetMicros ?? 0) / minor)), lifetime_budget: '0' }),
    ...(setting.level === 'campaign' ? { objective: 'OUTCOME_SALES', buying_type: 'AUCTION' } : {}),
    ...(setting.level === 'adset'
      ? {
          campaign_id: campaign?.id,
          billing_event: 'IMPRESSIONS',
          optimization_goal: 'OFFSITE_CONVERSIONS',
          ...(effectiveStatus(world, setting) === 'ACTIVE'
            ? { learning_stage_info: { status: 'SUCCESS' } }
            : {}),
        }
      : {}),
    ...(setting.level === 'ad'
      ? {
          campaign_id: campaign?.id,
          adset_id: adset?.id,
          creative: { id: creative?.id, name: creative?.name },
        }
      : {}),
  };
}

/** One object with the fields asked for; the id always. A nested object shows only its id unless more is asked. */
export function render(
  world: World,
  setting: Setting,
  fields: Fields,
  account: AccountFacts,
): Record<string, unknown> {
  return picked(allFields(world, setting, account), fields);
}

export function renderCreative(
  world: World,
  index: number,
  fields: Fields,
  account: AccountFacts,
): Record<string, unknown> {
  const creative = world.plan.creatives[index];
  return picked(
    {
      id: creative?.id,
      name: creative?.name,
      status: 'ACTIVE',
      account_id: account.id,
      object_type: 'VIDEO',
      url_tags: account.urlTags,
    },
    fields,
  );
}

export function picked(all: Record<string, unknown>, fields: Fields): Record<string, unknown> {
  const out: Record<string, unknown> = {};
  for (const field of fields) {
    const value = all[field.name];
    if (value === undefined) continue;
    if (typeof value === 'object' && value !== null && 'id' in value) {
      const inner: Record<string, unknown> = { ...value };
      out[field.name] = Object.fromEntries(
        Object.entries(inner).filter(([key]) => key === 'id' || field.inner.includes(key)),
      );
    } else out[field.name] = value;
  }
  out['id'] = all['id'];
  return out;
}

/** The API's time text: "2026-11-05T10:00:00+0000". */
function metaTime(ms: number): string {
  return new Date(ms).toISOString().replace(/\.\d+Z$/, '+0000');
}
