import type { TrialValue } from '../learned.ts';
import { digits } from './rounding.ts';
import { trialRate } from '../statistics/late-revenue.ts';

/** Of 20 trials 7 pay, before any of one's own have shown anything: worth as much as 20 of them. */
const TRIAL_PRIOR = { a: 7, b: 13 };

/** What a trial is worth by matured trials, how many of them paid, and the mean first payment in major units. */
export function learnTrial(found: Omit<TrialValue, 'rate'>): TrialValue {
  const { paidEvent, trials, paid, price } = found;
  const { rate } = trialRate(TRIAL_PRIOR, trials, paid);
  return { paidEvent, trials, paid, rate: digits(rate), price: digits(price) };
}
