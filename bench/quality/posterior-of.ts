import type { Learned } from '../../src/core/learned.ts';
import { arrived } from '../../src/core/statistics/delay-curve.ts';
import { shrunkRate } from '../../src/core/statistics/posterior.ts';
import type { AdView } from './ad-view.ts';
import type { Look } from './look.ts';
import { DAY_MS } from './scenarios.ts';

/** Conversions per dollar that are expected of an ad by its whole days so far and its siblings'. */
export function posteriorOf(
  learned: Learned,
  view: AdView,
  look: Look,
  cold: { readonly a: number; readonly b: number },
): { readonly rate: number } {
  const days = Math.floor(look.hours / 24);
  let [matured, conversions] = [0, 0];
  for (let day = 0; day < days; day += 1) {
    matured += (view.days.spend[day] ?? 0) * arrived(learned.curve, (days - day - 0.5) * DAY_MS, 'share');
    conversions += view.byClick.days[day] ?? 0;
  }
  return { rate: shrunkRate(learned.prior ?? cold, conversions, matured) };
}
