import type { BidStrategy } from '../../core/object.ts';
import type { DelayName } from './delay.ts';

/**
 * A market's hidden truth and its starting settings. Money in micros, rates per day at the traffic table's average.
 * Only the market and its scorer read it; nothing of it crosses the wire.
 */
export interface MarketPlan {
  readonly timeZone: string;
  readonly currency: string;
  /** What a conversion may cost, micros. */
  readonly targetMicros: number;
  readonly campaigns: readonly CampaignPlan[];
  readonly adsets: readonly AdsetPlan[];
  readonly creatives: readonly CreativePlan[];
  readonly ads: readonly AdPlan[];
  /** Log standard deviation of an ad's efficiency from day to day. */
  readonly dayNoise: number;
  /** What else moves with time. Left out: nothing. */
  readonly drift?: MarketDrift;
}

/** Movements of a whole market. Each is left out where it does not happen. */
export interface MarketDrift {
  /** Share of the day noise's variance that all ads have in common. */
  readonly sharedNoise?: number;
  /** Factor on efficiency on Saturdays and Sundays. */
  readonly weekend?: number;
  /** Clicks cost 1 + extra · exp(−n / conversions) times as much, n conversions after the last significant edit. */
  readonly learning?: { readonly extra: number; readonly conversions: number };
  /** Prices move by up to this share from week to week; one week of the run ("season") they stand `season` higher. */
  readonly prices?: { readonly weekly: number; readonly season: number; readonly seasonWeek: number };
  /** Mean delays grow by this share a day from `sinceMs` on. */
  readonly delays?: { readonly perDay: number; readonly sinceMs: number };
}

export interface CampaignPlan {
  readonly id: string;
  readonly name: string;
  /** With a campaign budget its ad sets have none of their own. */
  readonly dailyBudgetMicros: number | null;
}

export interface AdsetPlan {
  readonly id: string;
  readonly name: string;
  /** Place in `campaigns`. */
  readonly campaign: number;
  readonly bidStrategy: BidStrategy;
  /** Bid or cost cap per conversion; null with automatic bidding. */
  readonly bidMicros: number | null;
  readonly dailyBudgetMicros: number | null;
}

export interface CreativePlan {
  readonly id: string;
  readonly name: string;
}

export interface AdPlan {
  readonly id: string;
  readonly name: string;
  /** Place in `adsets`. */
  readonly adset: number;
  /** Place in `creatives`. */
  readonly creative: number;
  /** Efficiency θ: target ÷ true cost per conversion at the ad's median click price; above 1 it beats the target. */
  readonly theta: number;
  /** Median market price of one click, micros. */
  readonly cpcMicros: number;
  /** Clicks a day if every auction were won. */
  readonly opportunities: number;
  /** Clicks per impression. */
  readonly ctr: number;
  /** Mean order value, micros, and its log standard deviation. */
  readonly valueMicros: number;
  readonly valueLogSd: number;
  readonly delay: DelayName;
  /** The platform's own estimate of the conversion rate ÷ the true rate; bids by cap are made with it. */
  readonly platformBias: number;
  /** Factor on the mean delays; 1 where it is left out. */
  readonly delayScale?: number;
  /** Pareto tail of order values above their 99th percentile. */
  readonly valueTail?: number;
  /** Efficiency falls by `perDay` a day once `afterMicros` have been spent. */
  readonly fatigue?: { readonly afterMicros: number; readonly perDay: number };
  /** From `atMs` on the ad is `factor` times as efficient. */
  readonly turn?: { readonly atMs: number; readonly factor: number };
}

/** Conversions per click: θ × click price ÷ target. */
export function conversionRate(ad: AdPlan, targetMicros: number): number {
  return Math.min(1, (ad.theta * ad.cpcMicros) / targetMicros);
}

/** What people and programs can move, by place in the plan. */
export interface Levers {
  readonly campaigns: readonly { readonly on: boolean; readonly dailyBudgetMicros: number | null }[];
  readonly adsets: readonly {
    readonly on: boolean;
    readonly bidStrategy: BidStrategy;
    readonly bidMicros: number | null;
    readonly dailyBudgetMicros: number | null;
  }[];
  readonly ads: readonly { readonly on: boolean }[];
}

/** The plan's settings, everything on: how the untouched twin stays for ever. */
export function startingLevers(plan: MarketPlan): Levers {
  return {
    campaigns: plan.campaigns.map((campaign) => ({
      on: true,
      dailyBudgetMicros: campaign.dailyBudgetMicros,
    })),
    adsets: plan.adsets.map((adset) => ({
      on: true,
      bidStrategy: adset.bidStrategy,
      bidMicros: adset.bidMicros,
      dailyBudgetMicros: adset.dailyBudgetMicros,
    })),
    ads: plan.ads.map(() => ({ on: true })),
  };
}
