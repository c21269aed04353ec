import { dispersedCdf } from './negative-binomial.ts';

/** A count this unlikely is no accident among the few hundred looks a month that an account gets. */
export const OUTAGE_PROBABILITY = 1e-4;

/** In large accounts a dearer week is as unlikely: where half still comes, something comes. */
const OUTAGE_SHARE = 0.5;

/**
 * Whether so few conversions of a whole account (or of one postback source) can still be chance: Pr(count ≤ seen) when
 * `expected` were due and counts vary `dispersion` times as much as Poisson ones (negative binomial, size
 * expected/(φ − 1), probability 1/φ). Below 1e-4, and under half of what was due, tracking is taken to be broken: no pause and no raise may be decided.
 *
 * No outage without a pulse, with nothing expected, or with facts that are no numbers (`p` 1).
 */
export function trackingOutage(
  pulse: { readonly expected: number; readonly seen: number; readonly dispersion: number } | null,
): { readonly p: number; readonly outage: boolean } {
  if (pulse === null) return { p: 1, outage: false };
  const p = dispersedCdf(pulse.expected, pulse.dispersion, pulse.seen);
  if (Number.isNaN(p)) return { p: 1, outage: false };
  return { p, outage: p < OUTAGE_PROBABILITY && pulse.seen < OUTAGE_SHARE * pulse.expected };
}
