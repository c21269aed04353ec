import type { Learned } from '../../src/core/learned.ts';
import { scatterDays } from '../../src/core/learning/clustering.ts';
import { type CampaignCohort, learnCurves } from '../../src/core/learning/curves.ts';
import { learnPriors, type SiblingOf } from '../../src/core/learning/priors.ts';
import { arrived, delayAges, type DelayCurve } from '../../src/core/statistics/delay-curve.ts';
import { defaultCurve } from '../../src/core/statistics/default-curves.ts';
import { dispersion } from '../../src/core/statistics/dispersion.ts';
import { orderValues } from '../../src/core/statistics/roas-test.ts';
import type { GammaPrior } from '../../src/core/statistics/prior.ts';
import type { Account } from './account.ts';
import type { AdView } from './ad-view.ts';
import { DAY_MS, PAST_DAYS, START_MS, STEP_MS, STEPS_A_DAY } from './scenarios.ts';
import type { Purchase } from './track.ts';

/** The attribution window: a setting of the account, as at every network. */
export const WINDOW_MS = 28 * DAY_MS;
const AGES = delayAges(WINDOW_MS);

/** How a learner may be made worse, for the ablations. */
export interface Handicap {
  readonly prior?: 'none' | { readonly shape: number; readonly mean: number };
  readonly curve?: 'none' | 'fast' | 'slow';
}

interface PastAd {
  readonly campaign: number;
  readonly spend: readonly number[];
  readonly clicks: readonly number[];
  conversions: number;
  readonly purchases: readonly Purchase[];
  next: number;
}

/**
 * What an account's facts have taught by some instant: delay curves and priors, from the earlier ads and the run itself,
 * by the functions the live system uses. Told nothing about the world.
 */
export class Learner {
  readonly #past: readonly PastAd[];
  /** By campaign, click day (from the first past day on) and delay bin. */
  readonly #counts: readonly Float64Array[];
  readonly #views: readonly AdView[];
  readonly #handicap: Handicap;
  readonly #days: number;
  readonly #revenue: boolean;
  readonly #values: number[] = [];

  constructor(account: Account, views: readonly AdView[], handicap: Handicap = {}) {
    this.#views = views;
    this.#handicap = handicap;
    this.#revenue = account.scenario.target === 'roas';
    this.#days = PAST_DAYS + account.scenario.days;
    this.#counts = Array.from(
      { length: account.world.plan.campaigns.length },
      () => new Float64Array(this.#days * AGES.length),
    );
    this.#past = account.past.map(({ campaign, track }) => ({
      campaign,
      spend: track.days.spend,
      clicks: track.days.clicks,
      conversions: 0,
      purchases: track.purchases,
      next: 0,
    }));
  }

  /** One conversion as its postback came in. */
  note(campaign: number, { clickMs, atMs, value }: Purchase): void {
    if (this.#revenue) this.#values.push(value);
    const day = Math.floor((clickMs - START_MS) / DAY_MS) + PAST_DAYS;
    const delay = atMs - clickMs;
    let bin = 0;
    while (bin < AGES.length - 1 && delay > (AGES[bin] ?? 0)) bin += 1;
    const counts = this.#counts[campaign];
    if (counts === undefined) return;
    const place = day * AGES.length + bin;
    counts[place] = (counts[place] ?? 0) + 1;
  }

  /** Everything known at the beginning of step k, by campaign. */
  learn(k: number): readonly Learned[] {
    const nowMs = START_MS + k * STEP_MS;
    for (const past of this.#past) {
      for (;;) {
        const purchase = past.purchases[past.next];
        if (purchase === undefined || purchase.seenMs > nowMs) break;
        past.next += 1;
        past.conversions += 1;
        this.note(past.campaign, purchase);
      }
    }
    const learnedCurves = learnCurves(defaultCurve('purchase', WINDOW_MS), this.#cohorts(nowMs));
    const curves = this.#counts.map((_, campaign) =>
      this.#curve(learnedCurves.campaigns.get(campaign) ?? learnedCurves.account),
    );
    const priors = learnPriors(this.#siblings(curves, k, 'spend'));
    const clickPriors = learnPriors(this.#siblings(curves, k, 'clicks'));
    // Orders have sizes worth learning only where a target asks for revenue.
    const orders = this.#revenue ? orderValues(this.#values) : null;
    const scatter = this.#dispersion(k, curves);
    return curves.map((curve, campaign) => ({
      event: 'purchase',
      learnedAtMs: nowMs,
      curve,
      prior: this.#worse(priors.campaigns.get(campaign) ?? priors.account),
      clickPrior: clickPriors.campaigns.get(campaign) ?? clickPriors.account,
      orders,
      dispersion: scatter,
      trial: null,
    }));
  }

  #cohorts(nowMs: number): CampaignCohort<number>[] {
    const cohorts: CampaignCohort<number>[] = [];
    for (let day = 0; day < this.#days; day += 1) {
      const ageMs = nowMs - (START_MS + (day + 1 - PAST_DAYS) * DAY_MS);
      if (ageMs < 0) break;
      for (const [campaign, counts] of this.#counts.entries())
        cohorts.push({
          campaign,
          ageMs,
          counts: AGES.map((_, bin) => counts[day * AGES.length + bin] ?? 0),
        });
    }
    return cohorts;
  }

  #siblings(curves: readonly DelayCurve[], k: number, of: 'spend' | 'clicks'): SiblingOf<number>[] {
    const day = Math.floor(k / STEPS_A_DAY);
    const shares = curves.map((curve) =>
      Array.from({ length: day + PAST_DAYS }, (_, at) => arrived(curve, (at + 0.5) * DAY_MS, 'share')),
    );
    const exposure = (campaign: number, buckets: readonly number[], days: number, ended: number): number => {
      const arrivedBy = shares[campaign] ?? [];
      let sum = 0;
      for (let d = 0; d < days; d += 1) sum += (buckets[d] ?? 0) * (arrivedBy[days - 1 - d + ended] ?? 1);
      return sum;
    };
    const siblings: SiblingOf<number>[] = [];
    for (const { campaign, conversions, ...past } of this.#past)
      siblings.push({ campaign, conversions, exposure: exposure(campaign, past[of], PAST_DAYS, day) });
    if (day > 0)
      for (const { ad, conversions, days } of this.#views)
        siblings.push({
          campaign: ad.campaign,
          conversions,
          exposure: exposure(ad.campaign, days[of], day, 0),
        });
    return siblings;
  }

  /** How clustered conversions come, over the days of the ads that have enough of them. */
  #dispersion(k: number, curves: readonly DelayCurve[]): number {
    const days = Math.floor(k / STEPS_A_DAY);
    const perAd = this.#views.flatMap((view) => {
      const curve = curves[view.ad.campaign];
      if (curve === undefined) return [];
      const matured = Array.from(
        { length: days },
        (_, day) => (view.days.spend[day] ?? 0) * arrived(curve, (days - day - 0.5) * DAY_MS, 'share'),
      );
      return scatterDays(view.byClick.days, matured) ?? [];
    });
    return dispersion(perAd);
  }

  #worse(prior: GammaPrior | null): GammaPrior | null {
    const how = this.#handicap.prior;
    if (how === undefined || prior === null) return prior;
    if (how === 'none') return null;
    const a = prior.a * how.shape;
    return { ...prior, a, b: (a * prior.b) / prior.a / how.mean };
  }

  #curve(curve: DelayCurve): DelayCurve {
    const how = this.#handicap.curve;
    if (how === undefined) return curve;
    if (how === 'fast') return defaultCurve('install', WINDOW_MS);
    if (how === 'slow') return defaultCurve('purchase', WINDOW_MS);
    // Everything is believed to have arrived at once.
    return { ...curve, agesMs: [1], share: [1], lower: [1], upper: [1] };
  }
}
