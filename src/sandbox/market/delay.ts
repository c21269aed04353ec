import { type Draw, exponential } from './random.ts';

const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;
const DAY_MS = 24 * HOUR_MS;

interface Mixture {
  readonly parts: readonly { readonly share: number; readonly meanMs: number }[];
  readonly windowMs: number;
}

/** Time from click to conversion: mixtures of exponentials, cut off at the window. */
export const DELAYS = {
  /** App installs: four of five within the hour. */
  fast: {
    parts: [
      { share: 0.78, meanMs: 12 * MINUTE_MS },
      { share: 0.16, meanMs: 6 * HOUR_MS },
      { share: 0.06, meanMs: 2 * DAY_MS },
    ],
    windowMs: 7 * DAY_MS,
  },
  /** Purchases: a third within the hour, a quarter after the first week. */
  slow: {
    parts: [
      { share: 0.36, meanMs: 20 * MINUTE_MS },
      { share: 0.13, meanMs: 8 * HOUR_MS },
      { share: 0.51, meanMs: 10.5 * DAY_MS },
    ],
    windowMs: 28 * DAY_MS,
  },
} as const satisfies Record<string, Mixture>;

export type DelayName = keyof typeof DELAYS;

/** Share of a mixture's conversions that have arrived after `elapsedMs`. */
export function arrivedShare(name: DelayName, elapsedMs: number, scale = 1): number {
  const mixture: Mixture = DELAYS[name];
  const ms = Math.min(Math.max(elapsedMs, 0), mixture.windowMs);
  // As drawDelay draws: each part is cut off at the window by itself.
  return mixture.parts.reduce((sum, { share, meanMs }) => {
    const mean = meanMs * scale;
    return sum + (share * Math.expm1(-ms / mean)) / Math.expm1(-mixture.windowMs / mean);
  }, 0);
}

/**
 * One delay in milliseconds, from two draws: which part, and how long; within the part's share of the window.
 *
 * @param scale factor on the parts' means; the window stays.
 */
export function drawDelay(name: DelayName, draw: Draw, scale = 1): number {
  const mixture: Mixture = DELAYS[name];
  let pick = draw();
  const u = draw();
  let meanMs = 0;
  for (const part of mixture.parts) {
    meanMs = part.meanMs * scale;
    pick -= part.share;
    if (pick < 0) break;
  }
  // Truncation by inversion keeps the number of draws fixed.
  return Math.round(exponential(meanMs, u * -Math.expm1(-mixture.windowMs / meanMs)));
}
