import type { DelayName } from './delay.ts';
import type { AdPlan, AdsetPlan, MarketPlan } from './plan.ts';
import { gamma, logNormal, PURPOSE, stream } from './random.ts';

export interface DrawnOptions {
  readonly campaigns: number;
  /** Each with an ad set of its own. */
  readonly adsPerCampaign: number;
  readonly targetMicros: number;
  readonly valueMicros: number;
  readonly valueLogSd: number;
  readonly delay: DelayName;
  /** Shape of efficiency within a campaign: 1 spreads wide, 6 is narrow. */
  readonly shape: number;
  readonly dayNoise: number;
  /** Median daily budget as a multiple of the target. */
  readonly budgetInTargets: number;
  /** Gives every ad this efficiency instead of a drawn one, for calibration. */
  readonly theta?: number;
  readonly timeZone?: string;
}

/** Distinct from the sample market's ids. */
const FIRST_ID = 120_330_000_000_000_000n;

/** A market of any size, drawn from the distributions of published ad data; the same seed draws the same market. */
export function drawnPlan(seed: number, options: DrawnOptions): MarketPlan {
  const adsets: AdsetPlan[] = [];
  const ads: AdPlan[] = [];
  for (let campaign = 0; campaign < options.campaigns; campaign += 1) {
    const mean = logNormal(Math.exp(-0.05), 0.3, stream(seed, campaign, PURPOSE.plan, 1)());
    for (let number = 0; number < options.adsPerCampaign; number += 1) {
      const index = ads.length;
      const draw = stream(seed, index, PURPOSE.plan, 2);
      // Fixed draws first: the rejection inside gamma consumes an unknown number.
      const [cpc, budget, ctr] = [draw(), draw(), draw()];
      const cpcMicros = Math.round(logNormal(1_000_000, 0.2, cpc));
      const dailyBudgetMicros =
        Math.round(logNormal(options.budgetInTargets * options.targetMicros, 0.7, budget) / 10_000) * 10_000;
      adsets.push({
        id: id(1, index),
        name: `Set ${index + 1}`,
        campaign,
        bidStrategy: 'auto',
        bidMicros: null,
        dailyBudgetMicros,
      });
      ads.push({
        id: id(2, index),
        name: `Ad ${index + 1}`,
        adset: index,
        creative: index,
        theta: options.theta ?? (mean * gamma(options.shape, draw)) / options.shape,
        cpcMicros,
        // Enough to spend the whole budget on any day of the week.
        opportunities: (1.4 * dailyBudgetMicros) / cpcMicros,
        ctr: 0.01 + 0.01 * ctr,
        valueMicros: options.valueMicros,
        valueLogSd: options.valueLogSd,
        delay: options.delay,
        platformBias: 1,
      });
    }
  }
  return {
    timeZone: options.timeZone ?? 'UTC',
    currency: 'USD',
    targetMicros: options.targetMicros,
    campaigns: Array.from({ length: options.campaigns }, (_, index) => ({
      id: id(0, index),
      name: `Campaign ${index + 1}`,
      dailyBudgetMicros: null,
    })),
    adsets,
    creatives: ads.map((ad, index) => ({ id: id(3, index), name: ad.name })),
    ads,
    dayNoise: options.dayNoise,
  };
}

function id(kind: number, index: number): string {
  return String(FIRST_ID + BigInt(kind) * 10_000_000n + BigInt(index + 1));
}
