import { dispersedCdf } from './negative-binomial.ts';

/** A count this unlikely is no accident among the few hundred looks a month that an account gets. */
export const OUTAGE_PROBABILITY = 1e-4;

/** In large accounts a dearer week is as unlikely: where half still comes, something comes. */
const OUTAGE_SHARE = 0.5;

/** What may be the beginning of one: long before it is proven, a pause can wait. */
const SUSPECTED_PROBABILITY = 0.01;
const SUSPECTED_SHARE = 0.7;

/** One silence in twenty lasts so long by chance; a pause that waits for the next conversion of the account loses nothing. */
const LONG_SILENCE = 0.05;

/** What a pulse says of an account's tracking. */
export interface TrackingVerdict {
  /** Pr(so few or fewer), while tracking works. */
  readonly p: number;
  /** Nothing that conversions say may be acted on. */
  readonly outage: boolean;
  /** So little came, or nothing for so long, that pauses wait; true of an outage too. */
  readonly suspected: boolean;
}

const SOUND: TrackingVerdict = { p: 1, outage: false, suspected: false };

/**
 * Whether so few conversions of a whole account (or of one postback source) can still be chance: Pr(count ≤ seen) when
 * `expected` were due and counts vary `dispersion` times as much as Poisson ones (negative binomial, size
 * expected/(φ − 1), probability 1/φ). Below 1e-4, and under half of what was due, tracking is taken to be broken: no pause and no raise may be decided.
 * An outage takes hours to be proven, and pauses decided meanwhile would stand on its silence: below 1e-2 and 70 % it is suspected,
 * and as soon as nothing has come for so long that one silence in twenty lasts longer.
 *
 * No outage without a pulse, with nothing expected, or with facts that are no numbers (`p` 1).
 */
export function trackingOutage(
  pulse: {
    readonly expected: number;
    readonly seen: number;
    readonly dispersion: number;
    readonly silent?: number;
  } | null,
): TrackingVerdict {
  if (pulse === null) return SOUND;
  const p = dispersedCdf(pulse.expected, pulse.dispersion, pulse.seen);
  if (Number.isNaN(p)) return SOUND;
  const share = pulse.seen / pulse.expected;
  const silence = dispersedCdf(pulse.silent ?? 0, pulse.dispersion, 0);
  return {
    p,
    outage: p < OUTAGE_PROBABILITY && share < OUTAGE_SHARE,
    suspected: (p < SUSPECTED_PROBABILITY && share < SUSPECTED_SHARE) || silence < LONG_SILENCE,
  };
}
