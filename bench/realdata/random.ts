import { uniformFloat64 } from 'pure-rand/distribution/uniformFloat64';
import { xoroshiro128plus } from 'pure-rand/generator/xoroshiro128plus';
import { gamma as gammaAboveOne, poisson as poissonOf } from '../../src/sandbox/market/random.ts';

/** The next number of a stream, evenly spread over [0, 1). */
export type Draw = () => number;

/** A stream of its own for a seed: every run of a backtest draws the same. Neighbouring seeds give unlike streams. */
export function draws(seed: number): Draw {
  const generator = xoroshiro128plus(mixed(mixed(seed) ^ 0x27d4eb2f));
  // The generator's first number is its seed; from the second on all of its state takes part.
  generator.next();
  return () => uniformFloat64(generator);
}

/** A seed's bits spread over 32 (the finaliser of MurmurHash3). */
function mixed(seed: number): number {
  let h = Math.imul(seed ^ (seed >>> 16), 0x85ebca6b);
  h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35);
  return (h ^ (h >>> 16)) >>> 0;
}

/** The values in another order (Fisher–Yates). */
export function shuffled<T>(values: readonly T[], draw: Draw): T[] {
  const order = [...values];
  for (let last = order.length - 1; last > 0; last -= 1) {
    const other = Math.floor(draw() * (last + 1));
    const [a, b] = [order[last], order[other]];
    if (a === undefined || b === undefined) continue;
    order[last] = b;
    order[other] = a;
  }
  return order;
}

/** Gamma with any shape and scale 1; below shape 1 by Stuart's theorem (Gamma(k + 1) · U^(1/k)). */
export function gamma(shape: number, draw: Draw): number {
  return shape >= 1 ? gammaAboveOne(shape, draw) : gammaAboveOne(shape + 1, draw) * draw() ** (1 / shape);
}

export function poisson(mean: number, draw: Draw): number {
  return poissonOf(mean, draw());
}

export function exponential(mean: number, draw: Draw): number {
  return -mean * Math.log1p(-draw());
}

/** Of `count` things, how many are kept when each is kept with probability `share`. */
export function binomial(count: number, share: number, draw: Draw): number {
  let kept = 0;
  for (let one = 0; one < count; one += 1) if (draw() < share) kept += 1;
  return kept;
}
