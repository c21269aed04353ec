import type { DelayName } from './delay.ts';
import type { AdPlan, AdsetPlan, MarketDrift, MarketPlan } from './plan.ts';
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
  /** Gives an ad another efficiency than the drawn one, by its place in the plan. */
  readonly efficiency?: (index: number, drawn: number) => number;
  /** Log standard deviation of mean delays between campaigns. */
  readonly delayLogSd?: number;
  readonly valueTail?: number;
  /** Ads that tire and turn as published ad data shows it, within this stretch. */
  readonly ageing?: { readonly fromMs: number; readonly days: number };
  readonly drift?: MarketDrift;
  /**
   * Ad sets bid per click by themselves, unbounded by budgets, and begin at `targetMicros` × the conversion rate of an
   * ad on target.
   */
  readonly bidding?: boolean;
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
    const delayScale = logNormal(1, options.delayLogSd ?? 0, stream(seed, campaign, PURPOSE.plan, 3)());
    for (let number = 0; number < options.adsPerCampaign; number += 1) {
      const index = ads.length;
      const draw = stream(seed, index, PURPOSE.plan, 2);
      // Fixed draws first: the rejection inside gamma consumes an unknown number.
      const [cpc, budget, ctr] = [draw(), draw(), draw()];
      const cpcMicros = Math.round(logNormal(1_000_000, 0.2, cpc));
      const dailyBudgetMicros =
        Math.round(logNormal(options.budgetInTargets * options.targetMicros, 0.7, budget) / 10_000) * 10_000;
      const drawn = (mean * gamma(options.shape, draw)) / options.shape;
      const theta = options.efficiency?.(index, drawn) ?? options.theta ?? drawn;
      const { bidding } = options;
      adsets.push({
        id: id(1, index),
        name: `Set ${index + 1}`,
        campaign,
        bidStrategy: bidding ? 'manual_cpc' : 'auto',
        // On target, a click is worth what it costs.
        bidMicros: bidding ? Math.round(cpcMicros / 10_000) * 10_000 : null,
        dailyBudgetMicros: bidding ? null : dailyBudgetMicros,
      });
      ads.push({
        id: id(2, index),
        name: `Ad ${index + 1}`,
        adset: index,
        creative: index,
        theta,
        cpcMicros,
        opportunities: bidding
          ? logNormal(150, 0.7, budget)
          : // Enough to spend the whole budget on any day of the week.
            (1.4 * dailyBudgetMicros) / cpcMicros,
        ctr: 0.01 + 0.01 * ctr,
        valueMicros: options.valueMicros,
        valueLogSd: options.valueLogSd,
        delay: options.delay,
        platformBias: 1,
        ...(options.delayLogSd === undefined ? {} : { delayScale }),
        ...(options.valueTail === undefined ? {} : { valueTail: options.valueTail }),
        ...(options.ageing === undefined ? {} : ageing(seed, index, options)),
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
    ...(options.drift === undefined ? {} : { drift: options.drift }),
  };
}

const DAY_MS = 86_400_000;

/** Six ads in ten tire by 1 % a day after 20 targets of spend; one in ten loses half at some day, one in twenty gains half. */
function ageing(seed: number, index: number, options: DrawnOptions): Pick<AdPlan, 'fatigue' | 'turn'> {
  const draw = stream(seed, index, PURPOSE.plan, 4);
  const [tires, turns, when] = [draw(), draw(), draw()];
  const { fromMs, days } = options.ageing ?? { fromMs: 0, days: 0 };
  const atMs = fromMs + Math.floor(when * days) * DAY_MS;
  return {
    ...(tires < 0.6 ? { fatigue: { afterMicros: 20 * options.targetMicros, perDay: 0.01 } } : {}),
    ...(turns < 0.1 ? { turn: { atMs, factor: 0.5 } } : {}),
    ...(turns >= 0.1 && turns < 0.15 ? { turn: { atMs, factor: 1.5 } } : {}),
  };
}

function id(kind: number, index: number): string {
  return String(FIRST_ID + BigInt(kind) * 10_000_000n + BigInt(index + 1));
}
