import { rateInterval } from '../rate-interval.ts';
import { lnEvidenceAbove } from '../statistics/e-process.ts';
import {
  countBetween,
  type CtitHistogram,
  firstDay,
  halfRun,
  runRatio,
  tailByDay,
} from './ctit-histogram.ts';
import { ksTest, largestGap } from './kolmogorov-smirnov.ts';
import { lnShareEvidence } from './share-evidence.ts';
import type { SourceCounts, SourcePool } from './source-pool.ts';
import { uniformity } from './uniformity.ts';

/**
 * What fraud looks like in click-to-install times and click counts: clicks sent while the app already installs, stray clicks that
 * happen to come before organic installs (late and evenly spread; very many of them), and machines that keep one rhythm.
 */
export type Pattern =
  | 'injection'
  | 'late_flat_tail'
  | 'narrow_cluster'
  | 'clicks_per_install'
  /** The sender itself rejects more of its installs than of the others'. */
  | 'rejections';

export const PATTERNS: readonly Pattern[] = [
  'injection',
  'late_flat_tail',
  'narrow_cluster',
  'clicks_per_install',
  'rejections',
];

/** Evidence as a natural log, in a sentence with its numbers; `why` where nothing could be tested. */
export type PatternEvidence =
  | { readonly pattern: Pattern; readonly tested: true; readonly lnE: number; readonly text: string }
  | { readonly pattern: Pattern; readonly tested: false; readonly why: string };

/** Below so many installs, of the source or of the others, nothing is tested. */
export const MIN_INSTALLS = 30;

const DAY_S = 86_400;
const SHORT_S = 10;
/** A baseline never lower than this: with a handful of installs under 10 s among the others, two more would be "ten times as many". */
const MIN_BASELINE = 0.005;
/** Installs per click below this part of the others' are what no honest difference between sources explains. */
const FAR_BELOW = 0.1;
/** A tail is called flat when chance makes one as uneven at least this often. */
const FLAT_P = 0.05;
const MIN_TAIL = 20;
/** Half of the installs within less than the root of the others' ratio: half as wide on a log scale. */
const NARROW_POWER = 0.5;
/** What is spread evenly over the first day has half of itself between 12 h and 24 h, a ratio of two: no cluster is so long. */
const CLUSTER_S = 6 * 3600;

/**
 * Tests one source against the pooled others of the same app and platform (never against itself). Each test gives an e-value:
 * evidence for the pattern, with a mean of at most 1 where the source is like the others. Both cleaned (`cleanCounts`).
 */
export function sourcePatterns(source: SourceCounts, others: SourcePool): readonly PatternEvidence[] {
  const few = tooFew(countBetween(source.histogram, 0), countBetween(others.histogram, 0));
  if (few !== null) {
    return PATTERNS.map((pattern) =>
      pattern === 'rejections' ? rejections(source, others) : { pattern, tested: false, why: few },
    );
  }
  return [
    injection(source.histogram, others.histogram),
    lateFlatTail(source.histogram, others.histogram),
    narrowCluster(source.histogram, others.histogram),
    clicksPerInstall(source, others),
    rejections(source, others),
  ];
}

function tooFew(n: number, m: number): string | null {
  if (n < MIN_INSTALLS) return `${n} installs: fewer than ${MIN_INSTALLS} are not judged`;
  if (m >= MIN_INSTALLS) return null;
  return `the other sources have ${m} installs together: fewer than ${MIN_INSTALLS} are no baseline`;
}

function injection(own: CtitHistogram, rest: CtitHistogram): PatternEvidence {
  const { k, n, p0, restText } = share(own, rest, 0, SHORT_S);
  return {
    pattern: 'injection',
    tested: true,
    lnE: lnShareEvidence(k, n, p0),
    text: `${k} of ${n} installs (${percent(k / n)}) came within ${SHORT_S} s of the click, ${restText} elsewhere`,
  };
}

function lateFlatTail(own: CtitHistogram, rest: CtitHistogram): PatternEvidence {
  const { k, n, p0, restText } = share(own, rest, DAY_S, Infinity);
  const tail = uniformity(tailByDay(own));
  const lnE = lnShareEvidence(k, n, p0);
  const text = `${k} of ${n} installs (${percent(k / n)}) came a day or more after the click, ${restText} elsewhere`;
  const p = tail.p.toPrecision(2);
  if (tail.total < MIN_TAIL) {
    const few = `${text}; ${tail.total} installs between day 1 and day 7 do not show whether the tail is flat`;
    return { pattern: 'late_flat_tail', tested: true, lnE: Math.min(0, lnE), text: few };
  }
  // A slow network has many late installs too, but fewer each day: only a tail that does not fall is a flood's.
  if (tail.p < FLAT_P) {
    return {
      pattern: 'late_flat_tail',
      tested: true,
      lnE: Math.min(0, lnE),
      text: `${text}, and they fall off (p ${p})`,
    };
  }
  return {
    pattern: 'late_flat_tail',
    tested: true,
    lnE,
    text: `${text}, spread evenly from day 1 to day 7 (p ${p})`,
  };
}

/**
 * Kolmogorov–Smirnov against the others, where the source is also much narrower: app size and network speed shift honest sources,
 * but do not squeeze them. Within the first day only, and not where the cluster is hours long: spread evenly over a week or a day, a
 * flood is narrow on a log scale too, and would count as two patterns. The p-value becomes an e-value by √p's calibrator, e = 1 / (2 √p) (Vovk & Wang 2021).
 */
function narrowCluster(source: CtitHistogram, others: CtitHistogram): PatternEvidence {
  const pattern = 'narrow_cluster';
  const [own, rest] = [firstDay(source), firstDay(others)];
  const [n, m] = [countBetween(own, 0), countBetween(rest, 0)];
  if (n < MIN_INSTALLS || m < MIN_INSTALLS) {
    return { pattern, tested: false, why: `fewer than ${MIN_INSTALLS} installs within a day of the click` };
  }
  const { d, lambda, p } = ksTest(largestGap(own, rest), n, m);
  const [run, usualRun] = [halfRun(own), halfRun(rest)];
  const [width, usual] = [
    run === null ? Infinity : runRatio(run),
    usualRun === null ? Infinity : runRatio(usualRun),
  ];
  const squeezed = run !== null && run.toS - run.fromS <= CLUSTER_S && width <= usual ** NARROW_POWER;
  const text = `half of the installs of the first day lie within a factor of ${round(width)} in time, ${round(usual)} elsewhere (largest gap ${round(d)}, p ${p.toPrecision(2)})`;
  const lnP = p > 0 ? Math.log(p) : Math.LN2 - 2 * lambda * lambda;
  const lnE = -Math.LN2 - lnP / 2;
  return { pattern, tested: true, lnE: squeezed ? lnE : Math.min(0, lnE), text };
}

/** The pause test with clicks for spend: evidence that installs per click are below a tenth of the others'. */
function clicksPerInstall(source: SourceCounts, others: SourcePool): PatternEvidence {
  const pattern = 'clicks_per_install';
  const n = countBetween(source.histogram, 0);
  const { clicks } = source;
  if (clicks === null || others.clickedInstalls < MIN_INSTALLS) {
    return { pattern, tested: false, why: 'clicks are not known, of the source or of the others' };
  }
  const due = (clicks * FAR_BELOW * others.clickedInstalls) / others.clicks;
  return {
    pattern,
    tested: true,
    lnE: lnEvidenceAbove(n, due),
    text: `${round(clicks / n)} clicks per install, ${round(others.clicks / others.clickedInstalls)} elsewhere`,
  };
}

/** Rejected installs count as installs here: of a source that gets nothing through, this is all there is to judge. */
function rejections(source: SourceCounts, others: SourcePool): PatternEvidence {
  const n = countBetween(source.histogram, 0) + source.rejected;
  const m = countBetween(others.histogram, 0) + others.rejected;
  const few = tooFew(n, m);
  if (few !== null) return { pattern: 'rejections', tested: false, why: few };
  const part = others.rejected / m;
  const text = `the sender rejects ${source.rejected} of ${n} installs (${percent(source.rejected / n)}), ${percent(part)} elsewhere`;
  return {
    pattern: 'rejections',
    tested: true,
    lnE: lnShareEvidence(source.rejected, n, baseline(others.rejected, m)),
    text,
  };
}

interface Share {
  readonly k: number;
  readonly n: number;
  readonly p0: number;
  readonly restText: string;
}

function share(own: CtitHistogram, rest: CtitHistogram, fromS: number, toS: number): Share {
  const m = countBetween(rest, 0);
  const inRest = countBetween(rest, fromS, toS);
  return {
    k: countBetween(own, fromS, toS),
    n: countBetween(own, 0),
    p0: baseline(inRest, m),
    restText: percent(inRest / m),
  };
}

/**
 * The others' share is known from `m` installs only. Taken as it is, 12 % that happened to show as 6 % would convict every source
 * with many installs; so the baseline is the upper end of its 90 % interval.
 */
function baseline(k: number, m: number): number {
  return Math.min(1 - 1e-9, Math.max(MIN_BASELINE, rateInterval(k, m, 0.1).high));
}

const percent = (part: number): string => `${round(part * 100)} %`;

/** Two digits below 100, whole above. */
const round = (value: number): string =>
  value >= 100 ? String(Math.round(value)) : String(Number(value.toPrecision(2)));
