import type { Learned } from '../learned.ts';
import { shrunkMeanValue } from '../statistics/bids.ts';
import type { Sums } from './sums.ts';
import type { Missing } from './value.ts';

const NO_ORDERS: Missing = { missing: 'value', why: 'no order with a value is known in this account yet' };

/** Trial-to-paid rate × price; null where the event is no trial or nothing has been learned about it. */
export function trialWorth({ trial }: Learned): number | null {
  if (trial === null) return null;
  const worth = trial.rate * trial.price;
  return worth > 0 ? worth : null;
}

/**
 * What one more conversion of the event is likely worth, major units: a trial its trial-to-paid rate × price, an order the
 * mean of the object's own orders (cut off at the cap, scaled back by the share that leaves) shrunk to the account's.
 */
export function worthOfOne(learned: Learned, { conversions, capped }: Sums): number | Missing {
  const trial = trialWorth(learned);
  if (trial !== null) return trial;
  const { orders } = learned;
  if (orders === null) return conversions > 0 ? capped / conversions : NO_ORDERS;
  const own = orders.cappedShare > 0 ? capped / orders.cappedShare : capped;
  return shrunkMeanValue({ orders: conversions, mean: own / conversions }, orders.mean);
}
