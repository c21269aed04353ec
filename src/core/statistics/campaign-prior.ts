import type { Sibling } from './prior.ts';

/** Rate of the next ad and how sure it is: the log's variance. */
export interface CampaignRate {
  readonly rate: number;
  /** Of the log of the rate. Infinity where nothing was given. */
  readonly variance: number;
}

/** The rate is found again under its own weights so often; after three rounds nothing moves. */
const ROUNDS = 4;

/**
 * Mean rate of the ads of one campaign, each ad weighing by its credibility z = m / (b + m) (Bühlmann & Straub 1970):
 *
 *     μ = Σ N/(b+m) ÷ Σ m/(b+m),   b = a/μ,   variance of ln μ = 1 / (a Σ z)
 *
 * It is where the marginal likelihood of the ads is highest, so it does not care why an ad was stopped. Conversions over
 * spend would: the good ads go on spending, and a campaign would look better the better it is run. Half a conversion
 * stands where there is none.
 *
 * @param account the prior whose shape says how much ads differ, and which says where to begin.
 */
export function campaignRate(
  ads: readonly Sibling[],
  account: { readonly a: number; readonly b: number },
): CampaignRate {
  const { a } = account;
  let rate = a / account.b;
  let credibility = 0;
  for (let round = 0; round < ROUNDS; round += 1) {
    const b = a / rate;
    let [came, given] = [0, 0];
    credibility = 0;
    for (const { conversions, exposure } of ads) {
      if (!(exposure > 0)) continue;
      came += conversions / (b + exposure);
      given += exposure / (b + exposure);
    }
    credibility = given;
    if (!(given > 0)) return { rate, variance: Infinity };
    if (came > 0) {
      rate = came / given;
      continue;
    }
    // As if half a conversion had come from all of them together.
    const total = ads.reduce((sum, { exposure }) => sum + Math.max(0, exposure), 0);
    return { rate: 0.5 / total, variance: 2 + 1 / (a * given) };
  }
  return { rate, variance: 1 / (a * credibility) };
}

/**
 * How much campaigns of one account truly differ, as a variance of log rates: the moment estimator of DerSimonian & Laird
 * 1986, τ² = max(0, (Q − (K − 1)) / (Σw − Σw²/Σw)), w = 1/v. 0 with fewer than two campaigns that have exposure.
 */
export function betweenCampaigns(campaigns: readonly CampaignRate[]): number {
  const usable = campaigns.filter(({ variance }) => variance < Infinity);
  if (usable.length < 2) return 0;
  let [weights, squares, sum] = [0, 0, 0];
  for (const { rate, variance } of usable) {
    const w = 1 / variance;
    weights += w;
    squares += w * w;
    sum += w * Math.log(rate);
  }
  const mean = sum / weights;
  let q = 0;
  for (const { rate, variance } of usable) q += (Math.log(rate) - mean) ** 2 / variance;
  const spread = weights - squares / weights;
  return spread > 0 ? Math.max(0, (q - (usable.length - 1)) / spread) : 0;
}

/**
 * Rate of the campaign in the middle: the mean of the logs, each weighing by how well it is known, 1 / (τ² + v).
 *
 * @returns null where no campaign has exposure.
 */
export function middleRate(campaigns: readonly CampaignRate[], tauSquared: number): number | null {
  let [weights, sum] = [0, 0];
  for (const { rate, variance } of campaigns) {
    if (variance === Infinity) continue;
    const w = 1 / (tauSquared + variance);
    weights += w;
    sum += w * Math.log(rate);
  }
  return weights > 0 ? Math.exp(sum / weights) : null;
}

/**
 * A campaign's rate, shrunk to the middle one on the log scale: w = τ²/(τ² + v), ln μ' = w ln μ + (1 − w) ln μ_middle.
 *
 * @param tauSquared of {@link betweenCampaigns}.
 */
export function shrunkCampaignRate(
  middle: number,
  { rate, variance }: CampaignRate,
  tauSquared: number,
): number {
  if (!(tauSquared > 0) || variance === Infinity) return middle;
  const own = tauSquared / (tauSquared + variance);
  return Math.exp(own * Math.log(rate) + (1 - own) * Math.log(middle));
}
