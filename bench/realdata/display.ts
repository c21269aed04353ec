import { fitGammaPrior, type Sibling } from '../../src/core/statistics/prior.ts';
import { shrunkRate } from '../../src/core/statistics/posterior.ts';
import { type Backtest, type Outcome, rounded } from './backtest.ts';
import { numberOf, readCsv } from './csv.ts';
import { replayRules } from './display-replay.ts';

/** A line is one banner size on one placement for one engagement class of one campaign. */
export interface LineDay {
  readonly line: string;
  /** Days since the first day of the file. */
  readonly day: number;
  readonly cost: number;
  readonly conversions: number;
}

const DAY_MS = 86_400_000;
/** Dollars a week between which a line has so little evidence that shrinkage matters, and enough to be a line at all. */
const SMALL = { from: 1, to: 50 };

export function readLineDays(text: string): readonly LineDay[] {
  const rows = readCsv(text, [
    'date',
    'campaign',
    'user_engagement',
    'banner',
    'placement',
    'cost',
    'post_click_conversions',
  ]).map(([date = '', campaign, engagement, banner, placement, cost, conversions]) => ({
    line: [campaign, engagement, banner, placement].join(' '),
    atMs: Date.parse(`${date}T00:00:00Z`),
    cost: numberOf(cost),
    conversions: numberOf(conversions),
  }));
  const firstMs = Math.min(...rows.map((row) => row.atMs));
  return rows.map(({ atMs, ...row }) => ({ ...row, day: Math.round((atMs - firstMs) / DAY_MS) }));
}

/** Cost and conversions of a line in the days [from, to). */
export function sumsOf(
  days: readonly LineDay[],
  from: number,
  to: number,
): ReadonlyMap<string, Sibling & { readonly line: string }> {
  const sums = new Map<string, { line: string; conversions: number; exposure: number }>();
  for (const { line, day, cost, conversions } of days) {
    if (day < from || day >= to) continue;
    const sum = sums.get(line);
    if (sum === undefined) sums.set(line, { line, conversions, exposure: cost });
    else {
      sum.conversions += conversions;
      sum.exposure += cost;
    }
  }
  return sums;
}

/** Poisson deviance 2 Σ [y ln(y/μ) − (y − μ)]; a forecast of nothing where something came counts as a tenth. */
export function poissonDeviance(
  pairs: readonly { readonly seen: number; readonly forecast: number }[],
): number {
  let sum = 0;
  for (const { seen, forecast } of pairs) {
    const mean = Math.max(forecast, seen > 0 ? 0.1 : 0);
    sum += 2 * ((seen > 0 ? seen * Math.log(seen / mean) : 0) - (seen - mean));
  }
  return sum;
}

interface Pair {
  readonly before: Sibling;
  readonly after: Sibling;
  /** Of its campaign's lines, in the weeks until then. */
  readonly prior: { readonly a: number; readonly b: number };
  readonly pooled: number;
}

/** Small lines of each week with the week after, and what the campaign's weeks until then teach. */
export function weekPairs(days: readonly LineDay[]): readonly Pair[] {
  const weeks = Math.floor((Math.max(...days.map((one) => one.day)) + 1) / 7);
  const isSmall = (one: Sibling): boolean => one.exposure >= SMALL.from && one.exposure < SMALL.to;
  const pairs: Pair[] = [];
  for (const campaign of Map.groupBy(days, (one) => one.line.split(' ')[0]).values()) {
    const past: Sibling[] = [];
    for (let week = 0; week + 1 < weeks; week += 1) {
      const now = [...sumsOf(campaign, week * 7, week * 7 + 7).values()].filter(isSmall);
      past.push(...now);
      const prior = fitGammaPrior(past);
      if (prior === null) continue;
      const after = sumsOf(campaign, (week + 1) * 7, (week + 2) * 7);
      for (const before of now) {
        const next = after.get(before.line);
        if (next !== undefined && next.exposure > 0)
          pairs.push({ before, after: next, prior, pooled: rate(past) });
      }
    }
  }
  return pairs;
}

function rate(of: readonly Sibling[]): number {
  const sum = of.reduce(
    (total, one) => ({
      conversions: total.conversions + one.conversions,
      exposure: total.exposure + one.exposure,
    }),
    { conversions: 0, exposure: 0 },
  );
  return sum.conversions / sum.exposure;
}

/** Next week's conversions by raw, pooled and shrunk rates; what untouched lines do by themselves; what rules would pause. */
export const display: Backtest = {
  name: 'display',
  folder: 'display-campaign-daily',
  files: ['apr-may.csv'],
  title: 'Shrinkage, regression to the mean and rule replay on banner lines',
  run(read): Outcome {
    const days = readLineDays(read('apr-may.csv'));
    const pairs = weekPairs(days);
    const deviance = (rateOf: (pair: Pair) => number): number =>
      poissonDeviance(
        pairs.map((pair) => ({
          seen: pair.after.conversions,
          forecast: rateOf(pair) * pair.after.exposure,
        })),
      );
    const raw = deviance(({ before }) => before.conversions / before.exposure);
    const pool = deviance(({ pooled }) => pooled);
    const shrunk = deviance(({ before, prior }) => shrunkRate(prior, before.conversions, before.exposure));

    const sorted = pairs.toSorted(
      (a, b) => a.before.conversions / a.before.exposure - b.before.conversions / b.before.exposure,
    );
    const fifths = Array.from({ length: 5 }, (_, fifth) =>
      sorted.slice(Math.floor((fifth * sorted.length) / 5), Math.floor(((fifth + 1) * sorted.length) / 5)),
    );
    const quintiles = fifths.map((fifth) => ({
      before: rate(fifth.map((pair) => pair.before)),
      after: rate(fifth.map((pair) => pair.after)),
      forecast:
        fifth.reduce(
          (sum, { before, after, prior }) =>
            sum + shrunkRate(prior, before.conversions, before.exposure) * after.exposure,
          0,
        ) / fifth.reduce((sum, { after }) => sum + after.exposure, 0),
    }));
    const replay = replayRules(days);
    const [worst] = quintiles;
    return {
      tables: [
        {
          caption: `Poisson deviance of next week's conversions, ${pairs.length} line-weeks of $${SMALL.from} to $${SMALL.to} (less is better)`,
          columns: ['forecast by', 'deviance', 'first analysis'],
          rows: [
            ['the line alone', Math.round(raw), 4419],
            ['its campaign pooled', Math.round(pool), 4073],
            ['shrunk', Math.round(shrunk), 2817],
          ],
        },
        {
          caption: 'Conversions per dollar by fifths of this week, untouched',
          columns: ['fifth', 'this week', 'next week', 'forecast by shrinkage', 'first analysis'],
          rows: quintiles.map(({ before, after, forecast }, index) => [
            index === 0 ? 'worst' : index === 4 ? 'best' : index + 1,
            rounded(before),
            rounded(after),
            rounded(forecast),
            ['.05 → .28', '.30 → .46', '.66 → .78', '1.19 → 1.22', '3.28 → 2.98'][index] ?? '',
          ]),
        },
        replay.table,
      ],
      shows: [
        `Shrunk rates predict next week with ${Math.round((1 - shrunk / raw) * 100)} % less deviance than each line's own rate and ${Math.round((1 - shrunk / pool) * 100)} % less than the pooled one.`,
        `The worst fifth of lines did ${rounded((worst?.after ?? NaN) / (worst?.before ?? NaN))} times as well the week after, though nobody touched them: a change made then would have been credited with it.`,
        ...replay.shows,
      ],
      figures: {
        pairs: pairs.length,
        devianceRaw: raw,
        deviancePooled: pool,
        devianceShrunk: shrunk,
        worstFifthBefore: worst?.before ?? NaN,
        worstFifthAfter: worst?.after ?? NaN,
        ...replay.figures,
      },
    };
  },
};
