import { delayAges } from '../../core/statistics/delay-curve.ts';

const MINUTE_MS = 60_000;
const DAY_MS = 86_400_000;

/** Delays are counted in the bins of the curves, up to here; what takes longer is in the last bin. */
export const LONGEST_BIN_MS = 120 * DAY_MS;

/** Upper edges of the bins, in minutes, ascending: fine near the click, where curves are steep, days far from it. */
export const STORED_BINS_MINUTES: readonly number[] = delayAges(LONGEST_BIN_MS).map((ms) =>
  Math.round(ms / MINUTE_MS),
);
