/** Conversions of one campaign on the matured exposure of its ads. */
export interface CampaignFacts {
  readonly conversions: number;
  /** Matured exposure of each of its ads, dollars or clicks. */
  readonly exposures: readonly number[];
}

/**
 * Variance of the log of a campaign's rate around what its ads' rates would have it: v = 1/N + (1/a) Σ m_j² / m², chance
 * plus the luck of which ads it has (N + ½ where there is no conversion). Infinity without exposure.
 */
export function logRateVariance(campaign: CampaignFacts, a: number): number {
  const total = totalOf(campaign);
  if (!(total > 0)) return Infinity;
  const squares = campaign.exposures.reduce((sum, m) => sum + (m > 0 ? m * m : 0), 0);
  return 1 / countOf(campaign) + squares / (total * total) / a;
}

/**
 * How much campaigns of one account truly differ, as a variance of log rates: the moment estimator of DerSimonian & Laird
 * 1986, τ² = max(0, (Q − (K − 1)) / (Σw − Σw²/Σw)), w = 1/v. 0 with fewer than two campaigns that have exposure.
 */
export function betweenCampaigns(campaigns: readonly CampaignFacts[], a: number): number {
  const usable = campaigns.filter((campaign) => totalOf(campaign) > 0);
  if (usable.length < 2) return 0;
  let [weights, squares, sum] = [0, 0, 0];
  for (const campaign of usable) {
    const w = 1 / logRateVariance(campaign, a);
    weights += w;
    squares += w * w;
    sum += w * logRate(campaign);
  }
  const mean = sum / weights;
  let q = 0;
  for (const campaign of usable) q += (logRate(campaign) - mean) ** 2 / logRateVariance(campaign, a);
  const spread = weights - squares / weights;
  return spread > 0 ? Math.max(0, (q - (usable.length - 1)) / spread) : 0;
}

/**
 * Prior of a campaign's ads: the account's shape around the campaign's own rate, shrunk to the account's on the log scale,
 * w = τ²/(τ² + v), ln μ' = w ln μ + (1 − w) ln μ_account, b = a/μ'. A campaign without exposure is the account.
 *
 * @param account shape and rate of the account's fit.
 * @param tauSquared of {@link betweenCampaigns}.
 */
export function campaignPrior(
  account: { readonly a: number; readonly b: number },
  campaign: CampaignFacts,
  tauSquared: number,
): { readonly a: number; readonly b: number } {
  const { a, b } = account;
  const variance = logRateVariance(campaign, a);
  if (!(tauSquared > 0) || variance === Infinity) return { a, b };
  const own = tauSquared / (tauSquared + variance);
  const lnMean = own * logRate(campaign) + (1 - own) * Math.log(a / b);
  return { a, b: a / Math.exp(lnMean) };
}

const countOf = ({ conversions }: CampaignFacts): number => (conversions > 0 ? conversions : 0.5);
const totalOf = ({ exposures }: CampaignFacts): number =>
  exposures.reduce((sum, m) => sum + (m > 0 ? m : 0), 0);
const logRate = (campaign: CampaignFacts): number => Math.log(countOf(campaign) / totalOf(campaign));
