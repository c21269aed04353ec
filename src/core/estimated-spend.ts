import type { Evidence, WindowMetrics } from './decision.ts';
import { METRICS } from './rules/metrics.ts';
import { moneyText } from './rules/phrases.ts';
import { type Missing, RuleFault } from './rules/value.ts';

/**
 * Spend up to this minute: what the network has reported, and for the hours it has not reported yet our own visits times
 * what a visit cost lately. Major units of the account's currency. Enough for a stop-loss, never part of the statistics.
 */
export interface SpendEstimate {
  /** Instant up to which visits were counted: now, not `asOfMs`. */
  readonly toMs: number;
  /**
   * By spelling: what is known of each window as it stands now ("today" is the day of `toMs`), with hours that are
   * reported in part and the conversions of the newest clicks. An hour window counts the running hour as its last one.
   */
  readonly windows: Readonly<Record<string, WindowMetrics>>;
  /** Starts of the account's hours from `asOfMs` on that had a visit or a first report, ascending. */
  readonly fromMs: readonly number[];
  /** Our visits in each. */
  readonly visits: readonly number[];
  /** What was likely spent in each beyond what is reported of it. */
  readonly unreported: readonly number[];
  /** Standard error of the sum of `unreported`. */
  readonly error: number;
  /** Null while nothing is known of it. */
  readonly costPerVisit: number | null;
  /** Set where nothing can be estimated. */
  readonly why?: string;
}

/** Spend and visits of the newest reported hours, an hour counting half as much for every {@link HALF_LIFE_HOURS} of its age. */
export interface VisitCostBasis {
  readonly spend: number;
  readonly visits: number;
}

/** An hour that the network has not reported, or only in part. */
export interface OpenHour {
  readonly fromMs: number;
  readonly visits: number;
  /** What is reported of it so far. */
  readonly reported: number;
}

/** Hours before `asOfMs` that teach the cost of a visit. */
export const BASIS_HOURS = 24;
/** Prices follow the hour of the day and the competition: an hour six hours old weighs half. */
export const HALF_LIFE_HOURS = 6;
/**
 * Visits after which an object's own cost per visit weighs as much as its campaign's: the variance of one click's price
 * divided by the variance between ads, in squares of the mean (Bühlmann 1967, credibility n / (n + k)). With the prices
 * of second-price auctions (log-sd 0.8: 0.9) and ads that differ by a log-sd of 0.2 (0.04) that is about 25.
 */
export const CREDIBLE_VISITS = 25;
/** 95 % point of the normal distribution: nine times in ten within ± this many standard errors. */
const Z90 = 1.645;
/** Squared variation of one visit's cost while the hours teach none: that of log-normal prices with a log-sd of 0.8. */
const DEFAULT_SPREAD = 0.9;

/**
 * Cost of one visit: the object's own, drawn to its campaign's while it has few visits,
 * c = (S + k · S_c / V_c) / (V + k) with k = {@link CREDIBLE_VISITS}.
 *
 * @returns major units; null while neither has a visit with a known cost.
 */
export function costPerVisit(own: VisitCostBasis, campaign: VisitCostBasis): number | null {
  const parent = campaign.visits > 0 ? campaign.spend / campaign.visits : null;
  if (parent === null) return own.visits > 0 ? own.spend / own.visits : null;
  return (own.spend + CREDIBLE_VISITS * parent) / (own.visits + CREDIBLE_VISITS);
}

/**
 * Squared coefficient of variation of one visit's cost, from how far the hours of a campaign lie from their common ratio:
 * H/(H−1) · Σ (s_h − c v_h)² / (c² Σ v_h), the ratio estimator's variance (Cochran, Sampling Techniques, ch. 6).
 *
 * @param moments sums over the hours: how many, Σ s², Σ s v, Σ v², Σ s, Σ v.
 * @returns within [0.05, 4]; 0.9 where fewer than three hours had visits.
 */
export function visitCostSpread(moments: {
  readonly hours: number;
  readonly ss: number;
  readonly sv: number;
  readonly vv: number;
  readonly s: number;
  readonly v: number;
}): number {
  const { hours, ss, sv, vv, s, v } = moments;
  if (hours < 3 || !(s > 0) || !(v > 0)) return DEFAULT_SPREAD;
  const c = s / v;
  const residual = Math.max(0, ss - 2 * c * sv + c * c * vv);
  return Math.min(4, Math.max(0.05, ((hours / (hours - 1)) * residual) / (c * c * v)));
}

/**
 * What the open hours likely cost beyond what is reported of them: per hour max(0, visits × c − reported).
 * Standard error c · √(spread · (v + v² / (V + k))): the prices of these v visits, and c itself known from V + k visits.
 */
export function estimateOpenHours(
  open: readonly OpenHour[],
  cost: number | null,
  known: { readonly visits: number; readonly spread: number },
): Pick<SpendEstimate, 'fromMs' | 'visits' | 'unreported' | 'error' | 'costPerVisit'> {
  const c = cost ?? 0;
  const v = open.reduce((sum, hour) => sum + hour.visits, 0);
  return {
    fromMs: open.map((hour) => hour.fromMs),
    visits: open.map((hour) => hour.visits),
    unreported: open.map((hour) => Math.max(0, hour.visits * c - hour.reported)),
    error: c * Math.sqrt(known.spread * (v + (v * v) / (known.visits + CREDIBLE_VISITS))),
    costPerVisit: cost,
  };
}

/** Spend of a window up to this minute, with the limits that hold nine times in ten. */
export interface EstimatedSpend {
  readonly spend: number;
  /** Of which not reported yet. */
  readonly unreported: number;
  readonly low: number;
  readonly high: number;
}

/** Spend of a window up to this minute, or why it cannot be estimated. */
export function estimatedSpend(window: string, evidence: Evidence): EstimatedSpend | Missing {
  const { estimate, known } = windowNow(window, evidence);
  if (estimate.why !== undefined) return { missing: 'data', why: estimate.why };
  let unreported = 0;
  let visits = 0;
  let all = 0;
  estimate.fromMs.forEach((fromMs, index) => {
    const count = estimate.visits[index] ?? 0;
    all += count;
    if (fromMs < known.bounds.fromMs || fromMs >= known.bounds.toMs) return;
    visits += count;
    unreported += estimate.unreported[index] ?? 0;
  });
  const margin = all === 0 ? 0 : Z90 * estimate.error * (visits / all);
  return {
    spend: known.spend + unreported,
    unreported,
    low: Math.max(known.spend, known.spend + unreported - margin),
    high: known.spend + unreported + margin,
  };
}

/** `est.spend(window)`. */
export function readEstimatedSpend(window: string, evidence: Evidence): number | Missing {
  const found = estimatedSpend(window, evidence);
  if ('missing' in found) return found;
  if (!Number.isFinite(found.spend)) throw new RuleFault(`est.spend("${window}") is not a number`);
  return found.spend;
}

/**
 * `est.conversions(event, window)`: conversions of the clicks up to this minute, counted and not estimated. Beside
 * `est.spend`, plain `conversions` would leave out the purchase of the last half hour that makes a stop-loss needless.
 */
export function readConversionsNow(
  event: string | null,
  window: string,
  evidence: Evidence,
): number | Missing {
  const { known } = windowNow(window, evidence);
  const conversions = METRICS.get('conversions');
  if (conversions === undefined) throw new RuleFault('no such metric: conversions');
  return conversions.read(known, event, evidence);
}

function windowNow(window: string, evidence: Evidence): { estimate: SpendEstimate; known: WindowMetrics } {
  const { estimate } = evidence;
  if (estimate === undefined) throw new RuleFault('the evidence has no estimate of spend');
  const known = estimate.windows[window];
  if (known === undefined) throw new RuleFault(`the estimate has no window "${window}"`);
  return { estimate, known };
}

/**
 * How the estimate came about, for the page of a decision: "Since then 24 visits came, at about $1.00 each: est. $20.50 that
 * is not reported yet, give or take $5.00." Null where nothing was estimated.
 */
export function estimateWords({ estimate, account }: Evidence): string | null {
  if (estimate === undefined || estimate.why !== undefined || estimate.costPerVisit === null) return null;
  const visits = estimate.visits.reduce((sum, count) => sum + count, 0);
  const unreported = estimate.unreported.reduce((sum, amount) => sum + amount, 0);
  if (visits === 0) return null;
  const money = (amount: number): string => moneyText(amount, account.currency);
  return `Since then ${visits === 1 ? 'one visit' : `${visits} visits`} came, at about ${money(estimate.costPerVisit)} each: est. ${money(unreported)} that is not reported yet, give or take ${money(Z90 * estimate.error)}.`;
}

/**
 * Whether an estimate over these windows has seen the object since somebody resumed it. It has when every window begins
 * with the hour of the resume or later (nothing is spent while paused), or when an hour after that one had visits.
 *
 * @param resumedMs workspace instant of the resume.
 */
export function hasSeenSince(windows: readonly string[], evidence: Evidence, resumedMs: number): boolean {
  const { estimate } = evidence;
  if (estimate === undefined || estimate.why !== undefined || windows.length === 0) return false;
  const hourMs = 3_600_000;
  const fresh = windows.every((window) => {
    const known = estimate.windows[window];
    return known !== undefined && known.bounds.fromMs > resumedMs - hourMs;
  });
  const visited = (since: number): boolean =>
    estimate.fromMs.some((fromMs, index) => fromMs >= since && (estimate.visits[index] ?? 0) > 0);
  return fresh ? visited(resumedMs - hourMs + 1) : visited(resumedMs);
}
