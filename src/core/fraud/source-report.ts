import { eBH } from '../statistics/many-ads.ts';
import { shrunkRate, shrunkRateInterval } from '../statistics/posterior.ts';
import { fitGammaPrior, type GammaPrior } from '../statistics/prior.ts';
import { countBetween, type CtitHistogram } from './ctit-histogram.ts';
import { MIN_INSTALLS, type PatternEvidence, PATTERNS, sourcePatterns } from './source-patterns.ts';
import { cleanCounts, poolOf, poolWithout, type SourceCounts } from './source-pool.ts';

/** What is asked about one source, or one site of it. */
export interface SourceInput extends SourceCounts {
  readonly source: string;
  /** Sources are compared within a group only: one app on one platform. */
  readonly group: string;
}

/** Clicks per install, shrunk towards the sources of the group, with a 90 % interval. */
export interface ClicksPerInstall {
  readonly mean: number;
  readonly low: number;
  readonly high: number;
}

/** One line of the report. */
export interface SourceRow {
  readonly source: string;
  readonly group: string;
  /** From 1, the strongest evidence first. */
  readonly rank: number;
  readonly installs: number;
  readonly rejected: number;
  readonly clicks: number | null;
  readonly clicksPerInstall: ClicksPerInstall | null;
  readonly histogram: CtitHistogram;
  /** `failing`: among the sources that e-BH finds for this pattern. */
  readonly patterns: readonly (PatternEvidence & { readonly failing: boolean })[];
  /** ln of the mean of the patterns' e-values, itself an e-value; −Infinity where nothing was tested. */
  readonly lnE: number;
  /** Enough installs and two failing patterns: a policy may keep its conversions out. */
  readonly mayExclude: boolean;
  readonly text: string;
}

/** Failing patterns before a source's conversions may be kept out of the counts. */
export const MIN_FAILING = 2;

/**
 * Ranks sources by evidence of fraud. For each pattern e-BH over the sources tested holds the share of wrongly named ones to
 * `alpha` on average, whatever depends on whatever (Wang & Ramdas 2022).
 */
export function sourceReport(inputs: readonly SourceInput[], alpha = 0.05): readonly SourceRow[] {
  const clean = inputs.map((input) => ({ ...input, ...cleanCounts(input) }));
  const groups = new Map(
    [...Map.groupBy(clean, (input) => input.group)].map(([group, members]) => [
      group,
      { pool: poolOf(members), prior: clickPrior(members) },
    ]),
  );
  const tested = clean.map((input) => {
    const group = groups.get(input.group) ?? { pool: poolOf([]), prior: null };
    return { input, prior: group.prior, patterns: sourcePatterns(input, poolWithout(group.pool, input)) };
  });
  const failing = failingPatterns(
    tested.map(({ patterns }) => patterns),
    alpha,
  );
  return tested
    .map(({ input, prior, patterns }, at) => {
      const installs = countBetween(input.histogram, 0);
      const judged = patterns.map((found, index) => ({ ...found, failing: failing[at]?.[index] ?? false }));
      const failed = judged.filter((found) => found.failing);
      const mayExclude = installs >= MIN_INSTALLS && failed.length >= MIN_FAILING;
      return {
        source: input.source,
        group: input.group,
        rank: 0,
        installs,
        rejected: input.rejected,
        clicks: input.clicks,
        clicksPerInstall: clicksPerInstall(input, prior),
        histogram: input.histogram,
        patterns: judged,
        lnE: meanEvidence(patterns),
        mayExclude,
        text: sentence(input.source, installs, judged),
      };
    })
    .toSorted((a, b) => (a.lnE === b.lnE ? (a.source < b.source ? -1 : 1) : b.lnE > a.lnE ? 1 : -1))
    .map((row, at) => ({ ...row, rank: at + 1 }));
}

/** e-BH per pattern, over the sources in which it was tested. */
function failingPatterns(all: readonly (readonly PatternEvidence[])[], alpha: number): readonly boolean[][] {
  const failing = all.map((patterns) => patterns.map(() => false));
  for (let index = 0; index < PATTERNS.length; index += 1) {
    const at: number[] = [];
    const e: number[] = [];
    for (const [source, patterns] of all.entries()) {
      const found = patterns[index];
      if (!found?.tested) continue;
      at.push(source);
      e.push(Math.exp(found.lnE));
    }
    for (const [place, chosen] of eBH(e, alpha).entries()) {
      const row = failing[at[place] ?? -1];
      if (row) row[index] = chosen;
    }
  }
  return failing;
}

/** The mean of e-values is an e-value under any dependence (Vovk & Wang 2021); summed in logs. */
function meanEvidence(patterns: readonly PatternEvidence[]): number {
  const lns = patterns.flatMap((found) => (found.tested ? [found.lnE] : []));
  const largest = Math.max(-Infinity, ...lns);
  if (largest === -Infinity) return -Infinity;
  const sum = lns.reduce((total, ln) => total + Math.exp(ln - largest), 0);
  return largest + Math.log(sum / lns.length);
}

type Gamma = Pick<GammaPrior, 'a' | 'b'>;

/** Installs per click over the sources of a group; null where too few know their clicks. */
function clickPrior(sources: readonly SourceCounts[]): Gamma | null {
  return fitGammaPrior(
    sources.flatMap(({ clicks, histogram }) =>
      clicks === null ? [] : [{ conversions: countBetween(histogram, 0), exposure: clicks }],
    ),
  );
}

/** Posterior of installs per click with clicks as exposure, turned over. */
function clicksPerInstall({ clicks, histogram }: SourceCounts, prior: Gamma | null): ClicksPerInstall | null {
  if (prior === null || clicks === null) return null;
  const installs = countBetween(histogram, 0);
  const { low, high } = shrunkRateInterval(prior, installs, clicks, 0.9);
  return { mean: 1 / shrunkRate(prior, installs, clicks), low: 1 / high, high: 1 / low };
}

function sentence(
  source: string,
  installs: number,
  patterns: readonly (PatternEvidence & { readonly failing: boolean })[],
): string {
  const failing = patterns.flatMap((found) => (found.failing && found.tested ? [found.text] : []));
  if (failing.length > 0) return `${source}: ${failing.join('; ')}`;
  const untested = patterns.find((found) => !found.tested);
  if (untested && !untested.tested && patterns.every((found) => !found.tested))
    return `${source}: not judged, ${untested.why}`;
  return `${source}: nothing unusual in ${installs} installs`;
}
