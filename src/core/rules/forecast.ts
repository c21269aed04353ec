import { forecastConversions } from '../statistics/forecast.ts';
import { shrunkRate } from '../statistics/posterior.ts';
import { gammaPInverse } from '../statistics/special.ts';
import { perEvidence } from './memo.ts';
import { valueText } from './phrases.ts';
import { eventOf, type FullScope, type Statistic, type StatisticCall, windowOf } from './statistic.ts';
import { learnedOf, type Sums, unconvertedRevenue } from './sums.ts';
import { isMissing, type Missing, type Unit } from './value.ts';
import { NO_SPEND, ofWindow, priorOf, sumsOf } from './windowed.ts';
import { trialWorth, worthOfOne } from './worth.ts';

const UNBOUNDED: Missing = { missing: 'value', why: 'it may stay without a conversion' };

type End = 'mean' | 'low' | 'high';

/** A number to come: its mean, and between which two it lies with 90 %. The ends are worked out when asked. */
type Forecast = (end: End) => number;

interface Conversions {
  readonly sums: Sums;
  /** Conversions in the end. */
  readonly final: Forecast;
  /** Of those still to come. */
  readonly coming: { readonly mean: number; readonly variance: number };
}

const remembered = perEvidence<Conversions | Missing>();

function conversionsOf(call: StatisticCall, scope: FullScope): Conversions | Missing {
  // Without siblings the prior is the strategy's own target.
  const { targetCpa, targetRoas } = scope.constants;
  const key = `${windowOf(call)}|${eventOf(call)}|${targetCpa}|${targetRoas}`;
  return remembered(scope.full, key, () => forecastOf(call, scope));
}

function forecastOf(call: StatisticCall, scope: FullScope): Conversions | Missing {
  const sums = sumsOf(call, scope.full);
  if (isMissing(sums)) return sums;
  const { conversions, matured } = sums;
  const immature = Math.max(0, sums.spend - matured);
  if (immature === 0) return { sums, final: () => conversions, coming: { mean: 0, variance: 0 } };
  const prior = priorOf(call, scope);
  if (isMissing(prior)) return prior;
  const mean = shrunkRate(prior, conversions, matured) * immature;
  let ends: { readonly low: number; readonly high: number } | undefined;
  return {
    sums,
    final(end) {
      if (end === 'mean') return conversions + mean;
      ends ??= forecastConversions({ prior, n: conversions, matured, immature });
      return conversions + ends[end];
    },
    // Variance of a negative binomial of size a + N that succeeds with probability (b + m) / (b + m + u).
    coming: { mean, variance: mean * (1 + immature / (prior.b + matured)) },
  };
}

/**
 * Final revenue: what has come plus what the conversions still to come are worth. The interval takes the sum of a random
 * number of orders as a gamma of the same mean and variance, E K · (E V² − v²) + Var K · v², with E V² = κ v.
 */
function revenueOf(
  call: StatisticCall,
  scope: FullScope,
): { readonly spend: number; readonly final: Forecast } | Missing {
  const event = eventOf(call);
  const waiting = unconvertedRevenue(scope.full, event);
  if (waiting !== null) return waiting;
  const forecast = conversionsOf(call, scope);
  if (isMissing(forecast)) return forecast;
  const learned = learnedOf(scope.full, event);
  const { sums, coming } = forecast;
  const trial = trialWorth(learned);
  const known = trial === null ? sums.value : sums.conversions * trial;
  if (coming.mean === 0) return { spend: sums.spend, final: () => known };
  const worth = worthOfOne(learned, sums);
  if (isMissing(worth)) return worth;
  const mean = coming.mean * worth;
  // A trial is worth its price or nothing: E V² = rate · price² = v · price.
  const sizeBiased = trial === null ? (learned.orders?.kappa ?? worth) : (learned.trial?.price ?? worth);
  const variance =
    coming.mean * Math.max(0, sizeBiased * worth - worth * worth) + coming.variance * worth * worth;
  const share: Readonly<Record<End, number | null>> = { mean: null, low: 0.05, high: 0.95 };
  return {
    spend: sums.spend,
    final(end) {
      const p = share[end];
      if (p === null || !(mean > 0) || !(variance > 0)) return known + mean;
      return known + (gammaPInverse(p, (mean * mean) / variance) * variance) / mean;
    },
  };
}

const WITH_END: Readonly<Record<End, string>> = { mean: '', low: 'Low', high: 'High' };

/** One figure of a forecast: its mean or an end of its 90 % interval; the mean is shown with both ends. */
function forecast(
  metric: 'conversions' | 'cpa' | 'revenue' | 'roas',
  end: End,
): readonly [string, Statistic] {
  const method = `${metric}${WITH_END[end]}`;
  const unit: Unit = metric === 'conversions' ? 'count' : metric === 'roas' ? 'ratio' : 'money';
  const word = metric === 'cpa' || metric === 'roas' ? metric.toUpperCase() : metric;
  const endWord = end === 'mean' ? '' : end === 'low' ? ' at least' : ' at most';
  const read = (call: StatisticCall, scope: FullScope, which: End): number | Missing => {
    if (metric === 'revenue' || metric === 'roas') {
      const found = revenueOf(call, scope);
      if (isMissing(found)) return found;
      if (metric === 'revenue') return found.final(which);
      return found.spend > 0 ? found.final(which) / found.spend : NO_SPEND;
    }
    const found = conversionsOf(call, scope);
    if (isMissing(found)) return found;
    if (metric === 'conversions') return found.final(which);
    if (!(found.sums.spend > 0)) return NO_SPEND;
    // Many conversions make a low CPA.
    const count = found.final(which === 'mean' ? 'mean' : which === 'low' ? 'high' : 'low');
    return count > 0 ? found.sums.spend / count : UNBOUNDED;
  };
  return [
    method,
    ofWindow({
      unit,
      example: `forecast.${method}("7d")`,
      read: (call, scope) => read(call, scope, end),
      clause(call, value, scope) {
        const { currency } = scope.account;
        const text = (amount: number) =>
          valueText(Number(amount.toFixed(unit === 'count' ? 1 : 2)), unit, currency);
        const about = metric === 'conversions' ? `${eventOf(call)}s` : word;
        if (end !== 'mean') return `forecast of ${about}${endWord} ${text(value)}`;
        const low = read(call, scope, 'low');
        const high = read(call, scope, 'high');
        return `forecast of ${about} ${text(value)} (${isMissing(low) ? '0' : text(low)} to ${isMissing(high) ? 'unbounded' : text(high)})`;
      },
      noun: (call) => `forecast of ${metric === 'conversions' ? `${eventOf(call)}s` : word}${endWord}`,
    }),
  ];
}

const ENDS: readonly End[] = ['mean', 'low', 'high'];

/** Final figures of the clicks of a window, once all their conversions are in; what has been spent by `asOf` is counted. */
export const FORECAST: ReadonlyMap<string, Statistic> = new Map(
  (['conversions', 'cpa', 'revenue', 'roas'] as const).flatMap((metric) =>
    ENDS.map((end) => forecast(metric, end)),
  ),
);
