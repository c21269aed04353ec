import { keepPulse, type Pulse } from './pulse.ts';
import { coldPrior } from '../../src/core/statistics/prior.ts';
import type { Learned } from '../../src/core/learned.ts';
import type { Account } from './account.ts';
import type { AdsetLevers } from './ad-runner.ts';
import { AdView } from './ad-view.ts';
import { Learner } from './learner.ts';
import { type Look, lookAt } from './look.ts';
import {
  addWeeks,
  type ForecastCount,
  HOURLY,
  type Judge,
  type Known,
  type NextWeek,
  type Policy,
} from './policy.ts';
import { type AdRow, finishRow, RowKeeper } from './row.ts';
import { STEPS_A_DAY, TARGET } from './scenarios.ts';
import { TrialBook } from './trials.ts';

/** What one policy made of one account. */
export interface Outcome {
  readonly rows: readonly AdRow[];
  /** By decile of the stated probability that an ad is worse than target: how often it was stated, how often true. */
  readonly calibration: readonly { readonly stated: number; readonly sum: number; readonly worse: number }[];
  /** Ads whose interval was looked at, and those that it ever missed. */
  readonly intervals: { readonly ads: number; readonly missed: number };
  /** Sums of conversions by age of their clicks. */
  readonly forecasts: Readonly<Record<string, ForecastCount>>;
  readonly nextWeek: NextWeek;
  /** How often the policy was asked about an ad. */
  readonly looks: number;
}

/** Runs one policy on one account from the first to the last step. Deterministic. */
export function runPolicy(account: Account, policy: Policy, every: number): Outcome {
  const views = account.ads.map((ad) => new AdView(account, ad));
  const learner = policy.learns === null ? null : new Learner(account, views, policy.learns);
  const trials = account.scenario.trials === true && learner !== null ? new TrialBook(account) : null;
  const pulse: Pulse = policy.pulse === true ? keepPulse(account, views) : null;
  const keepers = views.map((view) => new RowKeeper(view));
  const calibration = Array.from({ length: 10 }, () => ({ stated: 0, sum: 0, worse: 0 }));
  const covered = new Map<AdView, boolean>();
  const forecasts: Record<string, ForecastCount> = {};
  let nextWeek: NextWeek = { ads: 0, raw: 0, pooled: 0, shrunk: 0 };
  let looks = 0;
  let learned: readonly Learned[] = [];
  const byCampaign = Map.groupBy(views, (view) => view.ad.campaign);
  const known: Known = {
    account,
    learned: (campaign) => {
      const found = learned[campaign];
      if (found === undefined) throw new Error(`policy ${policy.id} does not learn`);
      return found;
    },
    pulse: () => pulse?.now() ?? null,
    campaign: (campaign) => byCampaign.get(campaign) ?? [],
    state: (view, probability) => {
      const decile = calibration[Math.min(9, Math.floor(probability * 10))];
      if (decile === undefined || !Number.isFinite(probability)) return;
      decile.stated += 1;
      decile.sum += probability;
      if (view.ad.efficiency < 1) decile.worse += 1;
    },
    cover: (view, holds) => {
      covered.set(view, holds && (covered.get(view) ?? true));
    },
    forecast: (age, of) => {
      const sum = forecasts[age] ?? { seen: 0, forecast: 0, final: 0 };
      forecasts[age] = {
        seen: sum.seen + of.seen,
        forecast: sum.forecast + of.forecast,
        final: sum.final + of.final,
      };
    },
    nextWeek: (of) => {
      nextWeek = addWeeks(nextWeek, of);
    },
  };
  const judge = policy.start(known);
  const idle = views.map(() => false);
  /** By ad: the step until which nothing is due unless a conversion is seen, and how many were seen when that was found. */
  const quietTo = views.map(() => -1);
  const quietAt = views.map(() => -1);
  const looksOf = new Map<number, Look>();
  const lookOf = (k: number): Look => {
    let look = looksOf.get(k);
    if (look === undefined) looksOf.set(k, (look = lookAt(account, k)));
    return look;
  };
  for (let k = 0; k < account.steps; k += every) {
    if (k % STEPS_A_DAY === 0) looksOf.clear();
    const look = lookOf(k);
    for (const view of views)
      view.advance(k, (purchase) => {
        learner?.note(view.ad.campaign, purchase);
        trials?.note(view.ad.index, purchase);
        pulse?.note(purchase);
      });
    if (learner !== null && k % STEPS_A_DAY === 0) {
      learned = learner.learn(k);
      if (trials !== null) learned = trials.learn(learned, look.nowMs);
      for (const view of views) view.recap(learned[view.ad.campaign]?.orders?.cap ?? Infinity);
      pulse?.rates(learned, (of) => of.prior ?? { ...coldPrior(TARGET), siblings: 0, from: 'default' });
    }
    pulse?.look(look);
    // Late and restated reports take evidence back: there every look is taken.
    const lastQuiet = (view: AdView): number =>
      account.faults === undefined ? quietUntil(judge, view, k, every, lookOf) : -1;
    if ((look.hours === 0 && policy.knowsAll !== true) || policy.when?.(k) === false) continue;
    for (const [place, view] of views.entries()) {
      if (idle[place] === true) continue;
      // An ad is judged from its first report on.
      const { beginsStep } = view.ad;
      if (k < beginsStep || (k === beginsStep && policy.knowsAll !== true)) continue;
      // A paused ad changes only by what arrives late: it is looked at by the hour.
      if (!view.levers.on && k % HOURLY !== 0) continue;
      if (k <= (quietTo[place] ?? -1) && quietAt[place] === view.conversions) continue;
      looks += 1;
      const move = judge(view, look);
      if (move === null) {
        quietTo[place] = lastQuiet(view);
        quietAt[place] = view.conversions;
        continue;
      }
      quietTo[place] = -1;
      const before = view.levers;
      const after: AdsetLevers = { ...before, ...move };
      keepers[place]?.change(k, before, after);
      view.change(after);
      if (!after.on && !policy.revives) idle[place] = true;
    }
  }
  const rows = views.map((view, place) => {
    view.advance(account.steps, () => {});
    return finishRow(account, view, keepers[place] ?? new RowKeeper(view));
  });
  const missed = [...covered.values()].filter((holds) => !holds).length;
  return { rows, calibration, intervals: { ads: covered.size, missed }, forecasts, nextWeek, looks };
}

/**
 * The last step of a day at which a policy that asked for nothing at step k asks for nothing still, unless a conversion is
 * seen: within the hour, whose spend is known, or for an untouched ad through the day, whose spend is on its track.
 */
function quietUntil(
  judge: Judge,
  view: AdView,
  k: number,
  every: number,
  lookOf: (k: number) => Look,
): number {
  if (judge.quietUntil === undefined) return k;
  const lastOf = (steps: number): number => k - (k % steps) + steps - every;
  if (judge.steady !== true || !view.untouched) {
    const last = lastOf(Math.max(every, HOURLY));
    return last === k || judge.quietUntil(view, lookOf(last)) ? last : k;
  }
  let [low, high] = [k, lastOf(STEPS_A_DAY)];
  if (high > k && judge.quietUntil(view, lookOf(high))) return high;
  while (high - low > every) {
    const middle = low + Math.floor((high - low) / every / 2) * every;
    if (judge.quietUntil(view, lookOf(middle))) low = middle;
    else high = middle;
  }
  return low;
}
