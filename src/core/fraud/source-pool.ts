import { countBetween, type CtitHistogram, sumHistograms } from './ctit-histogram.ts';

/** Installs and clicks of one source, or of one site within it. */
export interface SourceCounts {
  /** Null where nobody counts them. */
  readonly clicks: number | null;
  /** Installs that the sender did not reject. */
  readonly histogram: CtitHistogram;
  readonly rejected: number;
}

/** Sources taken together. */
export interface SourcePool {
  readonly histogram: CtitHistogram;
  readonly rejected: number;
  readonly clicks: number;
  /** Installs of those sources whose clicks are known: the others' would make clicks look rare. */
  readonly clickedInstalls: number;
}

/** The counts as they can be: negative, broken and missing ones are 0, clicks that are fewer than installs unknown. */
export function cleanCounts(source: SourceCounts): SourceCounts {
  const histogram = sumHistograms([source.histogram]);
  const { clicks, rejected } = source;
  const known =
    clicks !== null && Number.isSafeInteger(clicks) && clicks >= countBetween(histogram, 0) && clicks > 0;
  return {
    histogram,
    clicks: known ? clicks : null,
    rejected: Number.isSafeInteger(rejected) && rejected > 0 ? rejected : 0,
  };
}

/** @param sources cleaned. */
export function poolOf(sources: readonly SourceCounts[]): SourcePool {
  let [rejected, clicks, clickedInstalls] = [0, 0, 0];
  for (const source of sources) {
    rejected += source.rejected;
    if (source.clicks === null) continue;
    clicks += source.clicks;
    clickedInstalls += countBetween(source.histogram, 0);
  }
  return {
    histogram: sumHistograms(sources.map((source) => source.histogram)),
    rejected,
    clicks,
    clickedInstalls,
  };
}

/** The pool without one of its sources: a source is never compared with itself. */
export function poolWithout(pool: SourcePool, source: SourceCounts): SourcePool {
  const known = source.clicks !== null;
  return {
    histogram: pool.histogram.map((count, bin) => Math.max(0, count - (source.histogram[bin] ?? 0))),
    rejected: Math.max(0, pool.rejected - source.rejected),
    clicks: Math.max(0, pool.clicks - (source.clicks ?? 0)),
    clickedInstalls: Math.max(0, pool.clickedInstalls - (known ? countBetween(source.histogram, 0) : 0)),
  };
}
