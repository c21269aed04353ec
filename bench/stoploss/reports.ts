import { PURPOSE, stream } from '../../src/sandbox/market/random.ts';
import { type ReportLag, SETTLE_EXTRA_MINUTES } from './networks.ts';
import { HOUR_MS, MINUTE_MS, START_MS } from './world.ts';

export const SYNC_MS = 15 * MINUTE_MS;

/** What a network's report tells at an instant. */
export interface Reports {
  /** The report asked for at this instant is complete up to here. */
  completeTo(askedMs: number): number;
  /** The newest sync at or before an instant. */
  syncBefore(nowMs: number): number;
  /** End of the newest hour that counted as reported at the newest sync. */
  asOf(nowMs: number): number;
}

/** A network's reports: the lag of each quarter of an hour is drawn evenly between its bounds, and never runs backwards. */
export function reportsOf(lag: ReportLag, seed: number): Reports {
  const owner = lag.network.length * 131 + lag.network.charCodeAt(0);
  const drawn = (quarter: number): number => {
    const u = stream(seed, owner, PURPOSE.wire, quarter)();
    return (lag.fromMinutes + (lag.toMinutes - lag.fromMinutes) * u) * MINUTE_MS;
  };
  const complete: number[] = [];
  const completeTo = (askedMs: number): number => {
    const quarter = Math.max(0, Math.floor((askedMs - START_MS) / SYNC_MS));
    for (let next = complete.length; next <= quarter; next += 1)
      complete[next] = Math.max(complete[next - 1] ?? -Infinity, START_MS + next * SYNC_MS - drawn(next));
    // Within a quarter the report grows on with the clock until the next draw is larger.
    return Math.max(complete[quarter] ?? 0, askedMs - lag.toMinutes * MINUTE_MS);
  };
  const syncBefore = (nowMs: number): number => Math.floor(nowMs / SYNC_MS) * SYNC_MS;
  return {
    completeTo,
    syncBefore,
    asOf(nowMs) {
      const settled = syncBefore(nowMs) - (lag.toMinutes + SETTLE_EXTRA_MINUTES) * MINUTE_MS;
      return Math.floor(settled / HOUR_MS) * HOUR_MS;
    },
  };
}
