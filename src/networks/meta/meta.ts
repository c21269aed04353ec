import { z } from 'zod';
import { hourStart } from '../../core/zone.ts';
import type {
  AccountAccess,
  AccountCheck,
  AdNetwork,
  NetworkObject,
  SpendReport,
  Target,
} from '../ad-network.ts';
import { NetworkError } from '../ad-network.ts';
import { get, getAll, getWithTier, post } from './client.ts';
import {
  changeParams,
  levers,
  mapAd,
  mapAdset,
  mapCampaign,
  mapCreative,
  mapInsight,
  mapLevers,
  minorUnitMicros,
  readStatus,
} from './map.ts';
import {
  accountSchema,
  adSchema,
  adsetSchema,
  campaignSchema,
  creativeSchema,
  insightSchema,
  ownRuleSchema,
  permissionSchema,
} from './schema.ts';

const MINUTE_MS = 60_000;
/** An hour counts as reported when it has been over for this long and the report was read after that. */
const REPORT_LAG_MS = 20 * MINUTE_MS;

const COMMON = 'id,name,status,effective_status,created_time,adlabels';
const MONEY = 'bid_strategy,bid_amount,daily_budget,lifetime_budget';
const LIVE = 'id,status,bid_strategy,bid_amount,daily_budget,lifetime_budget';
/** Archived objects too: their spend is still reported. Each level has words of its own. */
const CAMPAIGN_STATUSES = ['ACTIVE', 'PAUSED', 'ARCHIVED', 'IN_PROCESS', 'WITH_ISSUES'] as const;
const ADSET_STATUSES = [...CAMPAIGN_STATUSES, 'CAMPAIGN_PAUSED'] as const;
const AD_STATUSES = [
  ...ADSET_STATUSES,
  'ADSET_PAUSED',
  'PENDING_REVIEW',
  'DISAPPROVED',
  'PREAPPROVED',
  'PENDING_BILLING_INFO',
] as const;

function accountPath(access: AccountAccess): string {
  return `act_${access.networkAccountId.replace(/^act_/, '')}`;
}

/** Meta (Facebook and Instagram ads), Marketing API. */
export const meta: AdNetwork = {
  id: 'meta',
  title: 'Meta',
  capabilities: {
    levels: ['campaign', 'adset', 'ad', 'creative'],
    levers,
    moneyStepMicros: minorUnitMicros,
    requestsPerSecond: 20,
  },
  linkMacros: {
    campaign_id: '{{campaign.id}}',
    adset_id: '{{adset.id}}',
    ad_id: '{{ad.id}}',
    placement: '{{placement}}',
  },

  async checkAccount(access): Promise<AccountCheck> {
    const path = accountPath(access);
    const { data: account, tier } = await getWithTier(access, path, {
      query: { fields: 'name,currency,timezone_name,account_status' },
      schema: accountSchema,
    });
    const { data } = await get(access, 'me/permissions', {
      query: {},
      schema: z.object({ data: z.array(permissionSchema) }),
    });
    const granted = new Set(
      data.filter((entry) => entry.status === 'granted').map((entry) => entry.permission),
    );
    const canWrite = granted.has('ads_management');
    const canRead = granted.has('ads_read') || canWrite;
    const rules = await getAll(access, `${path}/adrules_library`, {
      query: { fields: 'id,name,status,execution_spec' },
      schema: ownRuleSchema,
    });
    return {
      name: account.name,
      currency: account.currency,
      timeZone: account.timezone_name,
      canRead,
      canWrite,
      problems: [
        ...(canRead ? [] : ['The token lacks ads_read: add it to the app and make the token anew.']),
        ...(canWrite
          ? []
          : ['The token lacks ads_management: Bidloop can read and advise, but not pause or change bids.']),
        ...(tier === 'development_access'
          ? [
              `The token's app has development access: Meta allows it about 60 points in 5 minutes (a read is 1, a write 3). It waits when they are used up; to stay below: temporal task-queue config set --task-queue network:<account> --task-queue-type activity --queue-rps-limit 0.1 --queue-rps-limit-reason "development access". Ask Meta for Advanced Access to ads_management to lift it.`,
            ]
          : []),
        ...(account.account_status === undefined || account.account_status === 1
          ? []
          : [
              `The account is not active at Meta (account_status ${account.account_status}): see its billing and policy pages.`,
            ]),
      ],
      ownRules: rules
        .filter((rule) => rule.status === 'ENABLED')
        .map((rule) => ({
          id: rule.id,
          name: rule.name,
          description: `does ${(rule.execution_spec?.execution_type ?? 'something').toLowerCase().replaceAll('_', ' ')}`,
        })),
    };
  },

  async listObjects(access): Promise<readonly NetworkObject[]> {
    const path = accountPath(access);
    const query = (fields: string, statuses: readonly string[]): Record<string, string | number> => ({
      fields,
      effective_status: JSON.stringify(statuses),
      limit: 200,
    });
    const campaigns = await getAll(access, `${path}/campaigns`, {
      query: query(`${COMMON},${MONEY}`, CAMPAIGN_STATUSES),
      schema: campaignSchema,
    });
    const adsets = await getAll(access, `${path}/adsets`, {
      query: query(`${COMMON},${MONEY},campaign_id,bid_constraints,learning_stage_info`, ADSET_STATUSES),
      schema: adsetSchema,
    });
    const ads = await getAll(access, `${path}/ads`, {
      query: query(`${COMMON},campaign_id,adset_id,creative{id}`, AD_STATUSES),
      schema: adSchema,
    });
    const creatives = await getAll(access, `${path}/adcreatives`, {
      query: { fields: 'id,name', limit: 200 },
      schema: creativeSchema,
    });
    return [
      ...creatives.map(mapCreative),
      ...campaigns.map((campaign) => mapCampaign(campaign, access.currency)),
      ...adsets.map((adset) => mapAdset(adset, access.currency)),
      ...ads.map((ad) => mapAd(ad, access.currency)),
    ];
  },

  async reportSpend(access, days, nowMs): Promise<SpendReport> {
    const rows = await getAll(access, `${accountPath(access)}/insights`, {
      query: {
        level: 'ad',
        fields: 'ad_id,spend,impressions,inline_link_clicks',
        time_range: JSON.stringify(days),
        time_increment: 1,
        breakdowns: JSON.stringify(['hourly_stats_aggregated_by_advertiser_time_zone']),
        limit: 500,
      },
      schema: insightSchema,
    });
    return {
      rows: rows.map((row) => mapInsight(row, access.timeZone)),
      asOfMs: reportedUntil(nowMs, access.timeZone),
    };
  },

  async readLive(access, target) {
    try {
      const fields = target.level === 'ad' ? 'id,status' : LIVE;
      const object = await get(access, target.networkId, {
        query: { fields },
        schema: campaignSchema.partial({ effective_status: true }),
      });
      return { ...mapLevers(object, access.currency), exists: readStatus(object.status) !== 'deleted' };
    } catch (error) {
      if (error instanceof NetworkError && error.errorClass === 'GONE') {
        return {
          exists: false,
          status: 'deleted',
          bidStrategy: null,
          bidMicros: null,
          dailyBudgetMicros: null,
          lifetimeBudgetMicros: null,
        };
      }
      throw error;
    }
  },

  async apply(access, target: Target, change) {
    return post(access, target.networkId, changeParams(change, access.currency));
  },
};

/** End of the newest hour that Meta can have reported completely by `nowMs`. */
export function reportedUntil(nowMs: number, zone: string): number {
  // The hour that holds this instant is still open; everything before its start is closed for at least the lag.
  return hourStart(nowMs - REPORT_LAG_MS, zone);
}
