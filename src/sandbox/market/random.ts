import { uniformFloat64 } from 'pure-rand/distribution/uniformFloat64';
import { xoroshiro128plus } from 'pure-rand/generator/xoroshiro128plus';
import { probit } from 'simple-statistics';

/** What a draw is for. Numbers are part of the seeding: append, never renumber. */
export const PURPOSE = {
  plan: 1,
  clicks: 2,
  price: 3,
  impressions: 4,
  visit: 5,
  day: 6,
  restate: 7,
  wire: 8,
  sharedDay: 9,
  priceWeek: 10,
  postback: 11,
  outage: 12,
  trial: 13,
  arrival: 14,
  theft: 15,
} as const;
export type Purpose = (typeof PURPOSE)[keyof typeof PURPOSE];

/** The next number of a stream, evenly spread over [0, 1). */
export type Draw = () => number;

function mix(hash: number, word: number): number {
  let h = Math.imul(hash ^ word, 0x85ebca6b);
  h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35);
  return (h ^ (h >>> 16)) >>> 0;
}

/**
 * The stream of one (owner, purpose, index): a pure function of its four keys. Nothing is consumed in sequence across
 * ads or steps, so a pause or a bid change never shifts what anybody else draws (common random numbers).
 *
 * @param owner the ad (or campaign) by its place in the plan.
 * @param index the step, day or hour the draw belongs to; any non-negative integer up to 2^53.
 */
export function stream(seed: number, owner: number, purpose: Purpose, index: number): Draw {
  let hash = mix(0x9e3779b9, seed | 0);
  hash = mix(hash, owner + 1);
  hash = mix(hash, purpose * 0x1000193);
  hash = mix(hash, index >>> 0);
  hash = mix(hash, Math.floor(index / 0x1_0000_0000));
  const generator = xoroshiro128plus(mix(hash, 0x27d4eb2f));
  // The generator's first number is its seed; from the second on all of its state takes part.
  generator.next();
  return () => uniformFloat64(generator);
}

/** Poisson by inversion of one uniform: monotone in `mean`, so a larger mean on the same uniform never gives fewer. */
export function poisson(mean: number, u: number): number {
  if (mean <= 0) return 0;
  let probability = Math.exp(-mean);
  let below = probability;
  let count = 0;
  // 40 standard deviations: u of 1 - 2^-53 ends here too.
  const limit = mean + 40 * Math.sqrt(mean) + 40;
  while (u > below && count < limit) {
    count += 1;
    probability *= mean / count;
    below += probability;
  }
  return count;
}

export function normal(u: number): number {
  return probit(Math.min(Math.max(u, 1e-9), 1 - 1e-9));
}

/** Log-normal with this median and log standard deviation. */
export function logNormal(median: number, logSd: number, u: number): number {
  return median * Math.exp(logSd * normal(u));
}

/** Exponential with this mean. */
export function exponential(mean: number, u: number): number {
  return -mean * Math.log1p(-u);
}

/** Gamma with shape ≥ 1 and scale 1, by Marsaglia and Tsang's rejection from an own stream. */
export function gamma(shape: number, draw: Draw): number {
  const d = shape - 1 / 3;
  const c = 1 / Math.sqrt(9 * d);
  for (;;) {
    const x = normal(draw());
    const v = (1 + c * x) ** 3;
    if (v > 0 && Math.log(1 - draw()) < 0.5 * x * x + d - d * v + d * Math.log(v)) return d * v;
  }
}
