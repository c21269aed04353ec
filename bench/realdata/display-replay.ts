import { lnEvidenceAbove } from '../../src/core/statistics/e-process.ts';
import type { LineDay } from './display.ts';
import type { Outcome, Table } from './backtest.ts';
import { percent, rounded } from './backtest.ts';

/** Totals of a line up to and with a day, by day. */
interface Series {
  readonly cost: readonly number[];
  readonly conversions: readonly number[];
}

interface Rule {
  readonly name: string;
  /** Whether the rule pauses at the end of the day, on what was known then. `targetCpa` in dollars. */
  pauses(series: Series, day: number, targetCpa: number): boolean;
}

function within(values: readonly number[], day: number, days: number): number {
  return (values[day] ?? 0) - (day - days >= 0 ? (values[day - days] ?? 0) : 0);
}

/** CPA over the target times `factor`, once the window has spent `spend` targets; no conversion is an endless CPA. */
const cpaRule = (name: string, days: number, spend: number, factor: number): Rule => ({
  name,
  pauses(series, day, targetCpa) {
    const cost = within(series.cost, day, days);
    const conversions = within(series.conversions, day, days);
    return cost >= spend * targetCpa && cost > factor * targetCpa * conversions;
  },
});

const proven = (name: string, alpha: number): Rule => ({
  name,
  pauses: (series, day, targetCpa) =>
    lnEvidenceAbove(series.conversions[day] ?? 0, (series.cost[day] ?? 0) / targetCpa) >= -Math.log(alpha),
});

const RULES: readonly Rule[] = [
  cpaRule('CPA > target in 3 days, 1 × spent', 3, 1, 1),
  cpaRule('CPA > target in 7 days, 2 × spent', 7, 2, 1),
  cpaRule('CPA > 1.2 × target in 7 days, 3 × spent', 7, 3, 1.2),
  cpaRule('CPA > 1.2 × target in 14 days, 5 × spent', 14, 5, 1.2),
  proven('proven above target, risk .20', 0.2),
  proven('proven above target, risk .05', 0.05),
];

/** Days after a pause over which it is judged by what the line went on to do. */
const AFTER_DAYS = 14;

/**
 * Which lines each rule would have paused on each day, and what those lines, which nobody paused, did afterwards. A line
 * is paused once. The target is the median line's cost per conversion over the whole time, so that half the lines meet it.
 */
export function replayRules(days: readonly LineDay[]): {
  readonly table: Table;
  readonly shows: Outcome['shows'];
  readonly figures: Readonly<Record<string, number>>;
} {
  const last = Math.max(...days.map((one) => one.day));
  const lines = [...Map.groupBy(days, (one) => one.line).values()].map((line) => seriesOf(line, last));
  const cpas = lines
    .map(({ cost, conversions }) => (cost[last] ?? 0) / (conversions[last] ?? 0))
    .filter((cpa) => Number.isFinite(cpa))
    .toSorted((a, b) => a - b);
  const targetCpa = cpas[Math.floor(cpas.length / 2)] ?? NaN;

  const figures: Record<string, number> = { targetCpa };
  const rows = RULES.map((rule) => {
    const paused = lines.flatMap((series) => {
      for (let day = 0; day + AFTER_DAYS <= last; day += 1) {
        if (!rule.pauses(series, day, targetCpa)) continue;
        const upTo = (values: readonly number[]): number => values[day] ?? 0;
        const later = (values: readonly number[]): number => (values[day + AFTER_DAYS] ?? 0) - upTo(values);
        const [cost, conversions] = [later(series.cost), later(series.conversions)];
        return [
          {
            cost,
            conversions,
            before: { cost: upTo(series.cost), conversions: upTo(series.conversions) },
            good: cost > 0 && conversions * targetCpa >= cost,
          },
        ];
      }
      return [];
    });
    const running = paused.filter((one) => one.cost > 0);
    const share = running.filter((one) => one.good).length / Math.max(1, running.length);
    const perDollar = (of: readonly { cost: number; conversions: number }[]): number =>
      of.reduce((sum, one) => sum + one.conversions, 0) / of.reduce((sum, one) => sum + one.cost, 0);
    const key = `${rule.name.startsWith('proven') ? 'proven' : 'rule'}${RULES.indexOf(rule) + 1}`;
    figures[`${key}Paused`] = paused.length;
    figures[`${key}GoodAfterwards`] = share;
    return [
      rule.name,
      paused.length,
      rounded(perDollar(paused.map((one) => one.before)) * targetCpa),
      rounded(perDollar(running) * targetCpa),
      percent(share),
    ];
  });
  const folk = figures['rule1GoodAfterwards'] ?? NaN;
  const careful = figures['proven6GoodAfterwards'] ?? NaN;
  return {
    table: {
      caption: `What each rule would have paused of ${lines.length} lines (target $${targetCpa.toFixed(2)}), and what those lines then did in ${AFTER_DAYS} days`,
      columns: [
        'rule, asked daily',
        'lines paused',
        'conversions per target spent before',
        'and after',
        'met the target afterwards',
      ],
      rows,
    },
    shows: [
      `Of the lines that the three-day rule would have paused, ${percent(folk)} met the target in the two weeks after; of those proven above it at a risk of .05, ${percent(careful)}. These lines drift, so a line that was bad may truly have become good: the share is an upper limit of the wrong pauses.`,
    ],
    figures,
  };
}

function seriesOf(line: readonly LineDay[], last: number): Series {
  const cost = Array.from({ length: last + 1 }, () => 0);
  const conversions = Array.from({ length: last + 1 }, () => 0);
  for (const one of line) {
    cost[one.day] = (cost[one.day] ?? 0) + one.cost;
    conversions[one.day] = (conversions[one.day] ?? 0) + one.conversions;
  }
  for (let day = 1; day <= last; day += 1) {
    cost[day] = (cost[day] ?? 0) + (cost[day - 1] ?? 0);
    conversions[day] = (conversions[day] ?? 0) + (conversions[day - 1] ?? 0);
  }
  return { cost, conversions };
}
