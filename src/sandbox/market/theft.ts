import type { Visit } from './ad-step.ts';
import { PURPOSE, stream } from './random.ts';

/** How a source of traffic takes credit for conversions that would have come without it. */
export type Theft = 'injection' | 'flooding';

/** Of an injecting source's conversions this share is stolen, from clicks sent seconds before the conversion. */
const INJECTED = 0.3;
const INJECTED_WITHIN_MS = 10_000;
/** A flooding source reports so many clicks for each real one and waits: what it steals lies evenly over the window. */
export const FLOOD_OF_CLICKS = 50;
const FLOOD_WINDOW_MS = 7 * 86_400_000;

/**
 * The conversion that a source steals along with one that it earned, if any: another person's, claimed by a click of the same
 * visit's time. An injecting source steals three for each seven, a flooding one as many as it earns. A pure function of seed
 * and visit.
 */
export function stolenWith(seed: number, visit: Visit, theft: Theft): Visit | null {
  if (visit.purchase === null) return null;
  const { ad, atMs, key, purchase } = visit;
  const [, step = '0', number = '0'] = key.split('-');
  const draw = stream(seed, ad, PURPOSE.theft, Number(step) * 64 + Number(number));
  const [steals, late] = [draw(), draw()];
  if (theft === 'injection' && steals >= INJECTED / (1 - INJECTED)) return null;
  const delayMs = late * (theft === 'injection' ? INJECTED_WITHIN_MS : FLOOD_WINDOW_MS);
  return {
    ad,
    atMs,
    key: `${key}-stolen`,
    purchase: { atMs: atMs + Math.floor(delayMs), valueMicros: purchase.valueMicros },
  };
}
