import type { Delivery, EventDelivery } from '../delivery.ts';
import type { Learned } from '../learned.ts';
import type { HourFacts, ObservedFacts } from './facts.ts';

const HOUR_MS = 3_600_000;

/**
 * Hours since the test began as buckets, conversions in the one their click is in. Hours that were left out have no cost,
 * and end the bucket before them.
 */
export function deliveryOf(
  own: ObservedFacts,
  learned: Readonly<Record<string, Learned>>,
  sinceMs: number,
  asOfMs: number,
): Delivery {
  const hours = withoutGaps(
    own.hours.filter((hour) => hour.atMs >= sinceMs),
    asOfMs,
  );
  const starts = hours.map((hour) => hour.atMs);
  const events: Record<string, EventDelivery> = {};
  for (const [event, { orders }] of Object.entries(learned)) {
    const conversions = hours.map(() => 0);
    const value = hours.map(() => 0);
    const capped = hours.map(() => 0);
    for (const conversion of own.conversions) {
      if (conversion.event !== event || conversion.clickMs >= asOfMs) continue;
      const place = placeOf(starts, conversion.clickMs);
      if (place < 0) continue;
      conversions[place] = (conversions[place] ?? 0) + 1;
      value[place] = (value[place] ?? 0) + conversion.value;
      capped[place] = (capped[place] ?? 0) + Math.min(conversion.value, orders?.cap ?? Infinity);
    }
    events[event] = { conversions, value, ...(orders === null ? {} : { cappedValue: capped }) };
  }
  return {
    fromMs: starts,
    toMs: asOfMs,
    spend: hours.map((hour) => hour.spend),
    clicks: hours.map((hour) => hour.clicks),
    events,
  };
}

type Cost = Pick<HourFacts, 'atMs' | 'spend' | 'clicks'>;

function withoutGaps(hours: readonly HourFacts[], asOfMs: number): readonly Cost[] {
  return hours.flatMap((hour, index): Cost[] => {
    const endMs = hour.atMs + HOUR_MS;
    const next = hours[index + 1]?.atMs ?? asOfMs;
    return next > endMs ? [hour, { atMs: endMs, spend: 0, clicks: 0 }] : [hour];
  });
}

/** The newest bucket that begins at or before an instant; −1 before the first. */
function placeOf(starts: readonly number[], ms: number): number {
  let [low, high] = [0, starts.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((starts[middle] ?? 0) <= ms) low = middle + 1;
    else high = middle;
  }
  return low - 1;
}
