import type { BidStrategy } from '../../core/object.ts';
import type { AdPlan, AdsetPlan, CampaignPlan, CreativePlan, MarketPlan } from './plan.ts';
import { logNormal, PURPOSE, stream } from './random.ts';

const USD = 1_000_000;

interface AdsetSketch {
  readonly name: string;
  readonly bidding: BidStrategy;
  /** Dollars. */
  readonly cap?: number;
  readonly dailyBudget?: number;
  readonly theta: number;
  readonly cpc: number;
  /** Clicks a day at full win, both ads together. */
  readonly clicks: number;
  readonly creatives: readonly [string, string];
  readonly slow?: boolean;
}

interface CampaignSketch {
  readonly name: string;
  readonly dailyBudget?: number;
  readonly adsets: readonly AdsetSketch[];
}

/**
 * The market a newcomer meets: few ads with large budgets, so that something worth deciding happens within market
 * hours. Two ad sets burn money without a sale, two with bid caps sell far below the target and are held back by
 * their caps, the rest lies around the target of $30 as ads do.
 */
const CAMPAIGNS: readonly CampaignSketch[] = [
  {
    name: 'US Yoga Prospecting',
    adsets: [
      {
        name: 'Yoga A',
        bidding: 'auto',
        dailyBudget: 260,
        theta: 1.1,
        cpc: 1.9,
        clicks: 150,
        creatives: ['Yoga 15s', 'Yoga Morning'],
      },
      {
        name: 'Yoga B',
        bidding: 'cost_cap',
        cap: 32,
        dailyBudget: 300,
        theta: 0.95,
        cpc: 1.8,
        clicks: 240,
        creatives: ['Yoga 15s', 'Yoga Carousel'],
      },
      {
        name: 'Yoga C',
        bidding: 'bid_cap',
        cap: 14,
        dailyBudget: 900,
        theta: 1.45,
        cpc: 2.6,
        clicks: 620,
        creatives: ['Yoga 30s', 'Yoga Rooftop'],
      },
      {
        name: 'Yoga Broad',
        bidding: 'auto',
        dailyBudget: 950,
        theta: 0.01,
        cpc: 3.1,
        clicks: 330,
        creatives: ['Yoga Logo', 'Yoga Stock'],
      },
      {
        name: 'Yoga LAL 2%',
        bidding: 'auto',
        dailyBudget: 210,
        theta: 0.85,
        cpc: 1.7,
        clicks: 130,
        creatives: ['Yoga Morning', 'Yoga 30s'],
      },
    ],
  },
  {
    name: 'US Zen App Sales',
    adsets: [
      {
        name: 'Zen A',
        bidding: 'auto',
        dailyBudget: 240,
        theta: 1.25,
        cpc: 1.8,
        clicks: 140,
        creatives: ['Zen Sunrise', 'Zen Breath'],
      },
      {
        name: 'Zen B',
        bidding: 'bid_cap',
        cap: 13,
        dailyBudget: 900,
        theta: 1.6,
        cpc: 2.4,
        clicks: 600,
        creatives: ['Zen 20s', 'Zen Sunrise'],
      },
      {
        name: 'Zen C',
        bidding: 'auto',
        dailyBudget: 1_000,
        theta: 0.01,
        cpc: 3.3,
        clicks: 330,
        creatives: ['Zen Waterfall', 'Zen Text'],
      },
      {
        name: 'Zen D',
        bidding: 'cost_cap',
        cap: 34,
        dailyBudget: 260,
        theta: 0.8,
        cpc: 1.7,
        clicks: 210,
        creatives: ['Zen Breath', 'Zen Sleep'],
        slow: true,
      },
    ],
  },
  {
    name: 'UK Calm Retargeting',
    dailyBudget: 620,
    adsets: [
      {
        name: 'Calm Cart',
        bidding: 'auto',
        theta: 1.3,
        cpc: 1.6,
        clicks: 110,
        creatives: ['Calm Offer', 'Calm Reminder'],
      },
      {
        name: 'Calm 7d',
        bidding: 'auto',
        theta: 0.9,
        cpc: 1.7,
        clicks: 110,
        creatives: ['Calm Reminder', 'Calm Story'],
      },
      {
        name: 'Calm 30d',
        bidding: 'auto',
        theta: 0.7,
        cpc: 1.6,
        clicks: 110,
        creatives: ['Calm Story', 'Calm Offer'],
        slow: true,
      },
    ],
  },
];

/** Ids as long as Meta's: beyond 2^53, so that reading one as a number is caught. */
const CAMPAIGN_ID = 120_210_000_000_000_000n;
const ADSET_ID = 120_210_000_000_001_000n;
const AD_ID = 120_210_000_000_010_000n;
const CREATIVE_ID = 120_210_000_000_020_000n;

/** The sample market; a seed moves its hidden numbers a little, never the roles. */
export function samplePlan(seed: number): MarketPlan {
  const campaigns: CampaignPlan[] = [];
  const adsets: AdsetPlan[] = [];
  const ads: AdPlan[] = [];
  const creatives: CreativePlan[] = [];
  const creativeAt = new Map<string, number>();

  for (const sketch of CAMPAIGNS) {
    const campaign = campaigns.length;
    campaigns.push({
      id: String(CAMPAIGN_ID + BigInt(campaign + 1)),
      name: sketch.name,
      dailyBudgetMicros: sketch.dailyBudget ? sketch.dailyBudget * USD : null,
    });
    for (const set of sketch.adsets) {
      const adset = adsets.length;
      adsets.push({
        id: String(ADSET_ID + BigInt(101 + adset)),
        name: set.name,
        campaign,
        bidStrategy: set.bidding,
        bidMicros: set.cap ? set.cap * USD : null,
        dailyBudgetMicros: set.dailyBudget ? set.dailyBudget * USD : null,
      });
      for (const name of set.creatives) {
        const creative = creativeAt.get(name) ?? creatives.length;
        if (!creativeAt.has(name)) {
          creativeAt.set(name, creative);
          creatives.push({ id: String(CREATIVE_ID + BigInt(1 + creative)), name });
        }
        ads.push(adOf(seed, set, { index: ads.length, adset, creative, name }));
      }
    }
  }
  return {
    timeZone: 'America/New_York',
    currency: 'USD',
    targetMicros: 30 * USD,
    campaigns,
    adsets,
    creatives,
    ads,
    dayNoise: 0.1,
  };
}

function adOf(
  seed: number,
  set: AdsetSketch,
  place: { index: number; adset: number; creative: number; name: string },
): AdPlan {
  const draw = stream(seed, place.index, PURPOSE.plan, 0);
  return {
    id: String(AD_ID + BigInt(201 + place.index)),
    name: place.name,
    adset: place.adset,
    creative: place.creative,
    theta: logNormal(set.theta, 0.08, draw()),
    cpcMicros: Math.round(logNormal(set.cpc * USD, 0.05, draw())),
    opportunities: (set.clicks / 2) * (0.9 + 0.2 * draw()),
    ctr: 0.012 + 0.01 * draw(),
    valueMicros: 45 * USD,
    valueLogSd: 0.5,
    delay: set.slow ? 'slow' : 'fast',
    platformBias: logNormal(1, 0.05, draw()),
  };
}
