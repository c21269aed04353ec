import { betaI, gammaP } from './special.ts';

/** Beta(a, b) for a share: worth `a` trials that paid and `b` that did not. */
export interface BetaPrior {
  readonly a: number;
  readonly b: number;
}

/** A share with its standard deviation, and the posterior it comes from. */
export interface ShrunkShare extends BetaPrior {
  readonly rate: number;
  readonly sd: number;
}

/**
 * Trial-to-paid rate from matured trials only: posterior Beta(a + paid, b + trials − paid), mean and standard deviation.
 * Negative facts count as none, more paid than trials as all.
 */
export function trialRate(prior: BetaPrior, trials: number, paid: number): ShrunkShare {
  const all = trials > 0 ? trials : 0;
  const yes = Math.min(all, paid > 0 ? paid : 0);
  const [a, b] = [prior.a + yes, prior.b + all - yes];
  const rate = a / (a + b);
  return { a, b, rate, sd: Math.sqrt((rate * (1 - rate)) / (a + b + 1)) };
}

/** Weakest and strongest prior that siblings' rates may make, in trials. */
const LEAST_TRIALS = 2;
const MOST_TRIALS = 200;

/**
 * Prior of the trial-to-paid rate from the account's campaigns, by moments: mean q, and as many trials' worth as the
 * spread between campaigns leaves, at least 2 and at most 200. Null without matured trials.
 */
export function trialPrior(
  campaigns: readonly { readonly trials: number; readonly paid: number }[],
): BetaPrior | null {
  const usable = campaigns.filter(({ trials, paid }) => trials > 0 && paid >= 0 && paid <= trials);
  let [trials, paid, squares] = [0, 0, 0];
  for (const campaign of usable) {
    trials += campaign.trials;
    paid += campaign.paid;
    squares += campaign.trials ** 2;
  }
  if (!(trials > 0)) return null;
  // Half a payment and half a failure keep the mean off its ends.
  const q = (paid + 0.5) / (trials + 1);
  let spread = 0;
  for (const campaign of usable) spread += campaign.trials * (campaign.paid / campaign.trials - q) ** 2;
  const noise = q * (1 - q);
  const between = (spread - (usable.length - 1) * noise) / (trials - squares / trials);
  const worth = between > 0 ? noise / between - 1 : MOST_TRIALS;
  const strength = Math.max(LEAST_TRIALS, Math.min(MOST_TRIALS, worth));
  return { a: q * strength, b: (1 - q) * strength };
}

/** What a trial started today will be worth: rate × price × (1 + renewals to expect), major units. */
export function trialValue(input: {
  readonly rate: number;
  readonly price: number;
  readonly renewals?: number;
}): number {
  return input.rate * input.price * (1 + (input.renewals ?? 0));
}

/** Target cost per trial that a target ROAS comes to. Infinity for a target of 0. */
export const trialTarget = (value: number, targetRoas: number): number => value / targetRoas;

const NODES = 400;

/**
 * P(ROAS < target) where revenue per dollar is a product of independent posteriors: trials per dollar Gamma(a, b) ×
 * trial-to-paid rate Beta × price. By the midpoint rule over the rate: Σ Pr(rate in cell) P(a, b target / (price rate)).
 */
export function probabilityTrialRoasBelow(input: {
  readonly trials: { readonly a: number; readonly b: number };
  readonly paid: BetaPrior;
  readonly price: number;
  readonly target: number;
}): number {
  const { trials, paid, price, target } = input;
  let sum = 0;
  let before = 0;
  for (let i = 1; i <= NODES; i += 1) {
    const up = betaI(i / NODES, paid.a, paid.b);
    if (up > before)
      sum += (up - before) * gammaP(trials.a, (trials.b * target * NODES) / (price * (i - 0.5)));
    before = up;
  }
  return sum;
}
