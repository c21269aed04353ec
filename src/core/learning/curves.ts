import type { LearnedFrom } from '../learned.ts';
import { blendCurves, type CurveLine, type DelayCurve } from '../statistics/delay-curve.ts';
import { type DelayCohort, fitDelayCurve, recencyWeight } from '../statistics/fit-delay-curve.ts';

/** Delays drift: a cohort of this age counts half. */
const HALF_LIFE_MS = 45 * 86_400_000;
/** Fewer of its own and a campaign is the account, as far as delays go. */
const LEAST_OF_CAMPAIGN = 20;

/** Conversions of the clicks of one day of one campaign, by delay. */
export interface CampaignCohort<Campaign> {
  readonly campaign: Campaign;
  /** Age of the day's youngest click: what could have been seen of every click of the day. */
  readonly ageMs: number;
  /** By the ages of the parent curve, as `DelayCohort.counts`. */
  readonly counts: readonly number[];
}

/** Curves of one event: the account's, and those of campaigns with enough of their own. */
export interface LearnedCurves<Campaign> {
  readonly account: DelayCurve;
  readonly campaigns: ReadonlyMap<Campaign, DelayCurve>;
}

/**
 * Delay curves of one event by reverse hazard, recent days weighing more: the account's, blended with the engine's default
 * by credibility, and each campaign's, blended with the account's.
 *
 * @param base the default curve; its ages are the bins of the cohorts.
 */
export function learnCurves<Campaign>(
  base: DelayCurve,
  cohorts: readonly CampaignCohort<Campaign>[],
): LearnedCurves<Campaign> {
  const own = fit(base, summedByAge(cohorts), 'account');
  const whole = own.conversions > 0 ? blendCurves(own, base) : base;
  const campaigns = new Map<Campaign, DelayCurve>();
  for (const [campaign, ofCampaign] of Map.groupBy(cohorts, (cohort) => cohort.campaign)) {
    const counted = ofCampaign.reduce((sum, { counts }) => sum + counts.reduce((a, b) => a + b, 0), 0);
    if (counted < LEAST_OF_CAMPAIGN) continue;
    const curve = fit(whole, ofCampaign, 'campaign');
    if (curve.conversions >= LEAST_OF_CAMPAIGN)
      campaigns.set(campaign, roundedCurve(blendCurves(curve, whole)));
  }
  return { account: roundedCurve(whole), campaigns };
}

function fit(
  parent: DelayCurve,
  cohorts: readonly { readonly ageMs: number; readonly counts: readonly number[] }[],
  from: LearnedFrom,
): DelayCurve {
  return fitDelayCurve({
    agesMs: parent.agesMs,
    parent,
    from,
    cohorts: cohorts.map(({ ageMs, counts }): DelayCohort => ({
      ageMs,
      counts,
      weight: recencyWeight(ageMs, HALF_LIFE_MS),
    })),
  });
}

/** The campaigns' days, added up. */
function summedByAge(
  cohorts: readonly CampaignCohort<unknown>[],
): readonly { readonly ageMs: number; readonly counts: readonly number[] }[] {
  const sums = new Map<number, number[]>();
  for (const { ageMs, counts } of cohorts) {
    const sum = sums.get(ageMs);
    if (sum === undefined) sums.set(ageMs, [...counts]);
    else for (let bin = 0; bin < counts.length; bin += 1) sum[bin] = (sum[bin] ?? 0) + (counts[bin] ?? 0);
  }
  return [...sums].map(([ageMs, counts]) => ({ ageMs, counts }));
}

/** Six digits are more than any account can teach, and curves stand in every stored decision. Order is kept. */
export function roundedCurve(curve: DelayCurve): DelayCurve {
  const line = (name: CurveLine) => curve[name].map((share) => Math.round(share * 1e6) / 1e6);
  return {
    ...curve,
    share: line('share'),
    lower: line('lower'),
    upper: line('upper'),
    conversions: Math.round(curve.conversions * 10) / 10,
  };
}
