const MINUTE_S = 60;
const HOUR_S = 3600;
const DAY_S = 86_400;

/**
 * Fixed edges of click-to-install time, in seconds: about twice as long each up to a day, then days, so that a flat tail can be
 * tested over bins of equal width, then two weeks and a month.
 */
export const CTIT_EDGES_S: readonly number[] = [
  0,
  1,
  2,
  5,
  10,
  20,
  30,
  MINUTE_S,
  2 * MINUTE_S,
  5 * MINUTE_S,
  10 * MINUTE_S,
  20 * MINUTE_S,
  30 * MINUTE_S,
  HOUR_S,
  2 * HOUR_S,
  4 * HOUR_S,
  8 * HOUR_S,
  12 * HOUR_S,
  DAY_S,
  2 * DAY_S,
  3 * DAY_S,
  4 * DAY_S,
  5 * DAY_S,
  6 * DAY_S,
  7 * DAY_S,
  14 * DAY_S,
  30 * DAY_S,
];

/**
 * Installs by click-to-install time: bin 0 is before the click, bin i from edge i − 1 to edge i, the last from the last edge on.
 * The numbering of PostgreSQL's width_bucket(value, edges).
 */
export type CtitHistogram = readonly number[];

const BINS = CTIT_EDGES_S.length + 1;

/** Bin of a time in seconds; undefined for what is no number. */
export function ctitBin(seconds: number): number | undefined {
  if (Number.isNaN(seconds)) return undefined;
  let bin = 0;
  while (bin < CTIT_EDGES_S.length && seconds >= (CTIT_EDGES_S[bin] ?? Infinity)) bin += 1;
  return bin;
}

/** "before the click", "10 s to 20 s", "12 h to 1 d", "30 d and more": the words under a bin. */
export function ctitBinLabel(bin: number): string {
  const [from, to] = [CTIT_EDGES_S[bin - 1], CTIT_EDGES_S[bin]];
  if (from === undefined) return 'before the click';
  return to === undefined ? `${length(from)} and more` : `${length(from)} to ${length(to)}`;
}

function length(seconds: number): string {
  if (seconds < MINUTE_S) return `${seconds} s`;
  if (seconds < HOUR_S) return `${seconds / MINUTE_S} min`;
  return seconds < DAY_S ? `${seconds / HOUR_S} h` : `${seconds / DAY_S} d`;
}

/** Counts click-to-install times in seconds; what is no number is left out. */
export function ctitHistogram(seconds: Iterable<number>): CtitHistogram {
  const counts = Array.from({ length: BINS }, () => 0);
  for (const value of seconds) {
    const bin = ctitBin(value);
    if (bin !== undefined) counts[bin] = (counts[bin] ?? 0) + 1;
  }
  return counts;
}

/** Sum of histograms, bin by bin. Counts that are negative or not whole count as 0. */
export function sumHistograms(histograms: Iterable<CtitHistogram>): CtitHistogram {
  const sum = Array.from({ length: BINS }, () => 0);
  for (const histogram of histograms) {
    for (let bin = 0; bin < BINS; bin += 1) {
      const count = histogram[bin] ?? 0;
      if (Number.isSafeInteger(count) && count > 0) sum[bin] = (sum[bin] ?? 0) + count;
    }
  }
  return sum;
}

/** Installs at or after their click and at least `fromS`, less than `toS` seconds after it; both are edges. */
export function countBetween(histogram: CtitHistogram, fromS: number, toS = Infinity): number {
  let count = 0;
  for (let bin = 1; bin < BINS; bin += 1) {
    const from = CTIT_EDGES_S[bin - 1] ?? 0;
    const to = CTIT_EDGES_S[bin] ?? Infinity;
    if (from >= fromS && to <= toS) count += histogram[bin] ?? 0;
  }
  return count;
}

/** The six days from 24 h to 7 d, a bin each. */
export function tailByDay(histogram: CtitHistogram): readonly number[] {
  return [1, 2, 3, 4, 5, 6].map((day) => countBetween(histogram, day * DAY_S, (day + 1) * DAY_S));
}

/** The installs from the click to 24 h after it. */
export function firstDay(histogram: CtitHistogram): CtitHistogram {
  return histogram.map((count, bin) => (bin > 0 && (CTIT_EDGES_S[bin] ?? Infinity) <= DAY_S ? count : 0));
}

/** A stretch of time, in seconds; both ends are edges, the last one of the open bin's begin times two. */
export interface Run {
  readonly fromS: number;
  readonly toS: number;
}

/** How many times longer a run's end is than its begin: 30 s to 60 s is 2. The bin that begins at 0 is taken to begin at half a second. */
export function runRatio({ fromS, toS }: Run): number {
  return toS / Math.max(0.5, fromS);
}

/** Where a source's times cluster: the run of bins that holds half of its installs within the smallest ratio; null without installs. */
export function halfRun(histogram: CtitHistogram): Run | null {
  const half = countBetween(histogram, 0) / 2;
  let narrowest: Run | null = null;
  if (half === 0) return narrowest;
  for (let first = 1; first < BINS; first += 1) {
    let inside = 0;
    for (let last = first; last < BINS && inside < half; last += 1) {
      inside += histogram[last] ?? 0;
      const run: Run = {
        fromS: CTIT_EDGES_S[first - 1] ?? 0,
        toS: CTIT_EDGES_S[last] ?? 2 * (CTIT_EDGES_S[last - 1] ?? 0),
      };
      if (inside >= half && (narrowest === null || runRatio(run) < runRatio(narrowest))) narrowest = run;
    }
  }
  return narrowest;
}
