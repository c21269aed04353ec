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

/** What a trial started today will be worth: rate × price × (1 + renewals to expect), major units. */
export function trialValue(input: {
  readonly rate: number;
  readonly price: number;
  readonly renewals?: number;
}): number {
  return input.rate * input.price * (1 + (input.renewals ?? 0));
}

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
