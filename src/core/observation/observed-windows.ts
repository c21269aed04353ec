import type { EventMetrics, WindowMetrics } from '../decision.ts';
import type { CompiledStrategy } from '../rules/compile.ts';
import { readWindow, type WindowBounds, windowBounds } from '../windows.ts';
import type { ObservedFacts } from './facts.ts';

/** The windows that a strategy's rules ask for, summed over the hours and conversions of one object. */
export function windowsOf(
  strategy: CompiledStrategy,
  own: ObservedFacts,
  asOfMs: number,
  zone: string,
): Readonly<Record<string, WindowMetrics>> {
  const windows: Record<string, WindowMetrics> = {};
  for (const spelling of strategy.needs.windows) {
    const spec = readWindow(spelling);
    if ('problem' in spec) throw new Error(spec.problem);
    const bounds = windowBounds(spec, asOfMs, zone);
    const hours = own.hours.filter((hour) => hour.atMs >= bounds.fromMs && hour.atMs < bounds.toMs);
    const sum = (of: 'spend' | 'clicks' | 'impressions' | 'visits') =>
      hours.reduce((total, hour) => total + hour[of], 0);
    windows[spelling] = {
      bounds,
      spend: sum('spend'),
      impressions: sum('impressions'),
      clicks: sum('clicks'),
      visits: sum('visits'),
      conversions: countedIn(own, bounds, 'clickMs'),
      ...(strategy.needs.arrived.includes(spelling) ? { arrived: countedIn(own, bounds, 'atMs') } : {}),
    };
  }
  return windows;
}

function countedIn(
  { conversions }: ObservedFacts,
  bounds: WindowBounds,
  by: 'clickMs' | 'atMs',
): Readonly<Record<string, EventMetrics>> {
  const counted: Record<string, EventMetrics> = {};
  for (const conversion of conversions) {
    if (conversion[by] < bounds.fromMs || conversion[by] >= bounds.toMs) continue;
    const before = counted[conversion.event] ?? { conversions: 0, value: 0, unconverted: 0 };
    counted[conversion.event] = {
      conversions: before.conversions + 1,
      value: before.value + conversion.value,
      unconverted: 0,
    };
  }
  return counted;
}
