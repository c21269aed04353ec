const DAY_MS = 86_400_000;
const HOUR_MS = 3_600_000;

/** One stretch of time after the first launch, about which one postback reports. */
export interface ConversionWindow {
  readonly index: 0 | 1 | 2;
  /** Days after the first launch, the last one included. */
  readonly firstDay: number;
  readonly lastDay: number;
  /** The device waits this long after the window's end, or after the app locked it. */
  readonly minDelayHours: number;
  readonly maxDelayHours: number;
}

/** SKAdNetwork 4 and AdAttributionKit. Apple, "Receiving postbacks in multiple conversion windows". */
export const CONVERSION_WINDOWS: readonly [ConversionWindow, ConversionWindow, ConversionWindow] = [
  { index: 0, firstDay: 0, lastDay: 2, minDelayHours: 24, maxDelayHours: 48 },
  { index: 1, firstDay: 3, lastDay: 7, minDelayHours: 24, maxDelayHours: 144 },
  { index: 2, firstDay: 8, lastDay: 35, minDelayHours: 24, maxDelayHours: 144 },
];

/**
 * When the app was first launched, as far as a postback tells: it carries no time, and comes late on purpose. An app
 * may lock a window at once, so the latest launch is a window's start and the shortest delay ago; the earliest is the
 * end of its last day and the longest delay ago. A phone that was switched off sends later still, so the earliest
 * instant is the rule, not a promise.
 *
 * @returns null for SKAdNetwork up to 3.0: there each new value restarts a timer of a day.
 */
export function launchedBetween(
  framework: { readonly version: string | null; readonly sequenceIndex: 0 | 1 | 2 },
  receivedAtMs: number,
): { readonly earliestMs: number; readonly latestMs: number } | null {
  if (framework.version !== null && Number(framework.version) < 4) return null;
  const window = CONVERSION_WINDOWS[framework.sequenceIndex];
  return {
    earliestMs: receivedAtMs - (window.lastDay + 1) * DAY_MS - window.maxDelayHours * HOUR_MS,
    latestMs: receivedAtMs - window.firstDay * DAY_MS - window.minDelayHours * HOUR_MS,
  };
}
