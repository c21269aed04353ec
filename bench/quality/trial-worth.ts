import { gamma, PURPOSE, stream } from '../../src/sandbox/market/random.ts';

/**
 * Free trials of 29 days. Of an ad's trials a share pays, another one for each ad (Beta, mean .35, sd .08: a = 12.1, b = 22.5);
 * who pays goes on paying with .85 each month. Only the scorer knows an ad's share.
 */
const MEAN_SHARE = 0.35;
const BETA = { a: 12.1, b: 22.48 } as const;
export const TRIAL_PRICE = 13.99;

/** Share of an ad's trials that pay. */
export function payingShare(seed: number, index: number): number {
  const draw = stream(seed, index, PURPOSE.trial, 0);
  const [paying, not] = [gamma(BETA.a, draw), gamma(BETA.b, draw)];
  return paying / (paying + not);
}

/**
 * What an ad's trial is worth beside the mean trial's. The mean trial, with all its renewals and without 8 % of fees, is worth
 * the target: .35 × 13.99 ÷ .15 × .92 = 30.
 */
export const worthOfTrial = (seed: number, index: number): number => payingShare(seed, index) / MEAN_SHARE;
