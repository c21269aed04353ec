import { confidenceSequence } from '../../../src/core/statistics/confidence-sequence.ts';
import { maturedSince } from '../../../src/core/statistics/exposure.ts';
import { arrived } from '../../../src/core/statistics/delay-curve.ts';
import { coldPrior } from '../../../src/core/statistics/prior.ts';
import { posteriorOf } from '../posterior-of.ts';
import type { AdView } from '../ad-view.ts';
import { deliveryOf, type Look } from '../look.ts';
import { DAILY, HOURLY, type Known, type Policy } from '../policy.ts';
import { DAY_MS, START_MS, TARGET } from '../scenarios.ts';

/** Ages of clicks, in days, at which their final conversions are forecast. */
export const FORECAST_AGES = [1, 3, 7] as const;
/** The interval's chance to miss the truth, ever. */
export const MISS = 0.05;

/**
 * Touches nothing and keeps score of what is shown: whether the interval around every ad's CPA ever missed the truth, and
 * how far forecasts of final conversions were off, beside taking what has come so far for all that will.
 */
export const OBSERVER: Policy = {
  id: 'X',
  title: 'observer: intervals and forecasts, no changes',
  // Coverage is asked where nothing drifts, forecasts in the worlds of fast, slow and moving conversions.
  every: ({ id }) => (id === 'S0' ? HOURLY : ['S1', 'S2', 'S3'].includes(id) ? DAILY : null),
  revives: false,
  learns: {},
  start: (known) => (view, look) => observe(known, view, look),
};

/** By number of conversions. */
const intervals = new Map<number, ReturnType<typeof confidenceSequence>>();

function intervalOf(conversions: number): ReturnType<typeof confidenceSequence> {
  let interval = intervals.get(conversions);
  if (interval === undefined) intervals.set(conversions, (interval = confidenceSequence(conversions, MISS)));
  return interval;
}

function observe(known: Known, view: AdView, look: Look): null {
  const { curve } = known.learned(view.ad.campaign);
  const [all] = maturedSince({
    delivery: deliveryOf(known.account, view, look),
    event: 'purchase',
    curve,
    line: 'share',
    nowMs: look.nowMs,
    startsMs: [0],
  });
  if (all === undefined || all.matured === 0) return null;
  const { low, high } = intervalOf(all.conversions);
  // Where nothing drifts, θ conversions are due on each target's worth of matured spend.
  const truth = (view.ad.plan.theta * all.matured) / TARGET;
  known.cover(view, truth >= low && truth <= high);
  if (look.k % DAILY === 0) forecastDays(known, view, look);
  if (look.k % (7 * DAILY) === 0) forecastWeek(known, view, look);
  return null;
}

function forecastDays(known: Known, view: AdView, look: Look): void {
  const learned = known.learned(view.ad.campaign);
  const { rate } = posteriorOf(learned, view, look, coldPrior(TARGET));
  for (const age of FORECAST_AGES) {
    const day = Math.floor(look.k / DAILY) - age;
    if (day < 0) continue;
    const seen = view.byClick.days[day] ?? 0;
    const share = arrived(learned.curve, (age - 0.5) * DAY_MS, 'share');
    const forecast = seen + rate * (view.days.spend[day] ?? 0) * (1 - share);
    const fromMs = START_MS + day * DAY_MS;
    let final = 0;
    for (const { clickMs } of view.ad.track.purchases)
      if (clickMs >= fromMs && clickMs < fromMs + DAY_MS) final += 1;
    known.forecast(age, { seen, forecast, final });
  }
}

/** Least conversions in a week that a forecast may say: one of 0 would be infinitely wrong once. */
const LEAST = 0.05;

/** Final conversions of the clicks of the seven days to come, given what will be spent in them. */
function forecastWeek(known: Known, view: AdView, look: Look): void {
  const { steps, cumSpendMicros, purchases } = view.ad.track;
  const end = look.k + 7 * DAILY;
  const [before, after] = [cumSpendMicros[look.k] ?? 0, cumSpendMicros[end] ?? 0];
  if (end > steps || before === 0 || after === before) return;
  const toMs = look.nowMs + 7 * DAY_MS;
  let came = 0;
  for (const { clickMs } of purchases) if (clickMs >= look.nowMs && clickMs < toMs) came += 1;
  const learned = known.learned(view.ad.campaign);
  const prior = learned.prior ?? coldPrior(TARGET);
  const deviance = (rate: number): number => {
    const due = Math.max(LEAST, (rate * (after - before)) / 1e6);
    return 2 * ((came === 0 ? 0 : came * Math.log(came / due)) - (came - due));
  };
  known.nextWeek({
    ads: 1,
    raw: deviance((view.conversions * 1e6) / before),
    pooled: deviance(prior.a / prior.b),
    shrunk: deviance(posteriorOf(learned, view, look, coldPrior(TARGET)).rate),
  });
}
