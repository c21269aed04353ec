import type { Results } from './figures.ts';
import { POLICIES } from './policies/all.ts';
import { SCENARIOS, sizeOf, TARGET } from './scenarios.ts';
import { profit } from './score.ts';

/** What a policy does for an account of eight ads. Money in major units a month. */
export interface SmallAccounts {
  readonly policy: string;
  readonly profit: number;
  /** More than leaving everything alone, with its standard error over accounts. */
  readonly gain: number;
  readonly gainSe: number;
  readonly betterOff: number;
  /** Median over accounts of the day on which the first ad below target was stopped; null where most never were. */
  readonly firstRightDay: number | null;
}

/** The small accounts of a run, policy by policy, paired with doing nothing. */
export function smallAccounts(results: Results): readonly SmallAccounts[] {
  const scenario = SCENARIOS['small'];
  const idle = results.rows('small', 'Z');
  if (scenario === undefined || idle.length === 0) return [];
  const size = sizeOf(scenario).adsPerCampaign;
  return POLICIES.flatMap(({ id }) => {
    const rows = results.rows('small', id);
    if (rows.length !== idle.length || id === 'X') return [];
    const [own, gains, days]: [number[], number[], number[]] = [[], [], []];
    for (let from = 0; from < rows.length; from += size) {
      const account = rows.slice(from, from + size);
      const sum = (of: typeof account): number => TARGET * of.reduce((total, row) => total + profit(row), 0);
      own.push(sum(account));
      gains.push(sum(account) - sum(idle.slice(from, from + size)));
      days.push(
        Math.min(...account.map((row) => (row.stopDay >= 0 && row.theta < 1 ? row.stopDay : Infinity))),
      );
    }
    const mean = (of: readonly number[]): number => of.reduce((a, b) => a + b, 0) / of.length;
    const gain = mean(gains);
    const middle = days.toSorted((a, b) => a - b)[Math.floor(days.length / 2)] ?? Infinity;
    return [
      {
        policy: id,
        profit: mean(own),
        gain,
        gainSe: Math.sqrt(mean(gains.map((one) => (one - gain) ** 2)) / gains.length),
        betterOff: gains.filter((one) => one > 0).length / gains.length,
        firstRightDay: Number.isFinite(middle) ? middle : null,
      },
    ];
  });
}
