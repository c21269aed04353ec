import type { AccountPulse } from '../decision.ts';
import type { Learned, TrialValue } from '../learned.ts';
import { CLUSTERING_DAYS, scatterDays } from '../learning/clustering.ts';
import { learnCurves } from '../learning/curves.ts';
import { learnPriors } from '../learning/priors.ts';
import { LONGEST_PULSE_HOURS, tellingWindow } from '../learning/pulse.ts';
import { isTrial } from '../attribution.ts';
import { arrived, delayAges, type DelayCurve } from '../statistics/delay-curve.ts';
import { defaultCurve } from '../statistics/default-curves.ts';
import { dispersion } from '../statistics/dispersion.ts';
import type { GammaPrior } from '../statistics/prior.ts';
import { orderValues } from '../statistics/roas-test.ts';
import { learnTrial } from '../learning/trials.ts';
import type { ConversionFacts, ObservedFacts } from './facts.ts';
import type { Observation, ObservedCurve, ObservedTrial } from './observation.ts';
import { ObservationProblem } from './problem.ts';

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;

export interface LearnInput {
  readonly event: string;
  readonly nowMs: number;
  readonly windowMs: number;
  readonly own: ObservedFacts;
  readonly siblings: readonly ObservedFacts[];
  readonly prior: Observation['prior'];
  readonly curve: Observation['curve'];
  readonly trial: Observation['trial'];
}

/** What the facts of an observation teach about one event, by the functions that the live engine learns with. */
export function learnFrom(input: LearnInput): Learned {
  const curve = curveOf(input);
  const values = everyConversion(input).map((conversion) => conversion.value);
  return {
    event: input.event,
    learnedAtMs: input.nowMs,
    curve,
    prior: priorOf(input, curve),
    clickPrior: fitted(input, curve, 'clicks'),
    orders: values.some((value) => value > 0) ? orderValues(values) : null,
    dispersion: clusteringOf(input, curve),
    trial: input.trial === undefined || !isTrial(input.event) ? null : trialOf(input.trial),
  };
}

/** What all objects together should have converted in the last hours, and what they did; null while that is too little. */
export function pulseOf(input: LearnInput, learned: Learned): AccountPulse | null {
  const { curve, prior } = learned;
  if (prior === null) return null;
  const objects = [input.own, ...input.siblings].map((facts) => {
    const maturedBy = (atMs: number): number =>
      facts.hours.reduce(
        (sum, hour) => sum + hour.spend * arrived(curve, atMs - hour.atMs - HOUR_MS / 2, 'share'),
        0,
      );
    const count = facts.conversions.filter((conversion) => conversion.event === input.event).length;
    const matured = maturedBy(input.nowMs);
    return { rate: (prior.a + count) / (prior.b + matured), matured, maturedBy };
  });
  const dueSince = (atMs: number): number =>
    objects.reduce((sum, { rate, matured, maturedBy }) => sum + rate * (matured - maturedBy(atMs)), 0);
  const window = tellingWindow((hours) => ({
    expected: dueSince(input.nowMs - hours * HOUR_MS),
    dispersion: learned.dispersion,
  }));
  if (window === null) return null;
  const arrivals = everyConversion(input).map(({ atMs }) => atMs);
  const lastMs = arrivals.reduce(
    (last, atMs) => Math.max(last, atMs),
    input.nowMs - LONGEST_PULSE_HOURS * HOUR_MS,
  );
  return {
    ...window,
    seen: arrivals.filter((atMs) => atMs > input.nowMs - window.hours * HOUR_MS).length,
    silent: dueSince(lastMs),
  };
}

function trialOf({ trials, paid, price, paidEvent }: ObservedTrial): TrialValue {
  if (paid > trials)
    throw new ObservationProblem(
      ['trial', 'paid'],
      `${paid} of ${trials} trials paid`,
      'count each trial once, and of its payments the first',
    );
  return learnTrial({ paidEvent: paidEvent ?? 'purchase', trials, paid, price });
}

function everyConversion({ own, siblings, event }: LearnInput): readonly ConversionFacts[] {
  return [own, ...siblings].flatMap((facts) =>
    facts.conversions.filter((conversion) => conversion.event === event),
  );
}

function curveOf(input: LearnInput): DelayCurve {
  if (input.curve !== undefined && input.curve !== 'default') return givenCurve(input.curve);
  const base = defaultCurve(/^install(\/|$)/.test(input.event) ? 'install' : 'purchase', input.windowMs);
  const agesMs = delayAges(input.windowMs);
  // By hour of the click: a day's clicks would teach nothing before the next day.
  const hours = new Map<number, number[]>();
  for (const { clickMs, atMs } of everyConversion(input)) {
    const bin = agesMs.findIndex((age) => atMs - clickMs <= age);
    if (bin < 0) continue;
    const hour = Math.floor(clickMs / HOUR_MS);
    const counts = hours.get(hour) ?? agesMs.map(() => 0);
    counts[bin] = (counts[bin] ?? 0) + 1;
    hours.set(hour, counts);
  }
  const cohorts = [...hours].map(([hour, counts]) => {
    const ageMs = Math.max(0, input.nowMs - (hour + 1) * HOUR_MS);
    return { campaign: null, ageMs, counts };
  });
  return learnCurves(base, cohorts).account;
}

/** How clustered conversions come: 24 hours are a day here, back from now. */
function clusteringOf(input: LearnInput, curve: DelayCurve): number {
  const { event, nowMs } = input;
  const dayOf = (atMs: number): number => CLUSTERING_DAYS - 1 - Math.floor((nowMs - atMs) / DAY_MS);
  const scattered = [input.own, ...input.siblings].flatMap((facts) => {
    const counts = Array.from({ length: CLUSTERING_DAYS }, () => 0);
    const matured = counts.slice();
    for (const { atMs, spend } of facts.hours) {
      const day = dayOf(atMs + HOUR_MS / 2);
      if (day < 0 || day >= CLUSTERING_DAYS) continue;
      matured[day] = (matured[day] ?? 0) + spend * arrived(curve, nowMs - atMs - HOUR_MS / 2, 'share');
    }
    for (const conversion of facts.conversions) {
      const day = dayOf(conversion.clickMs);
      if (conversion.event === event && day >= 0) counts[day] = (counts[day] ?? 0) + 1;
    }
    return scatterDays(counts, matured) ?? [];
  });
  return dispersion(scattered);
}

function givenCurve({ hours, share, lower, upper }: ObservedCurve): DelayCurve {
  const path = ['curve'];
  const lines = { share, lower: lower ?? share, upper: upper ?? share };
  for (const [name, line] of Object.entries(lines)) {
    if (line.length !== hours.length)
      throw new ObservationProblem(
        [...path, name],
        `${name} has ${line.length} values for ${hours.length} ages`,
        'give one share for each of curve.hours',
      );
    if (line.some((value, place) => value < (line[place - 1] ?? 0)))
      throw new ObservationProblem(
        [...path, name],
        `${name} falls`,
        'a share that has arrived never falls with age',
      );
  }
  for (const [name, line, sign] of [
    ['lower', lines.lower, 1],
    ['upper', lines.upper, -1],
  ] as const)
    if (line.some((value, place) => sign * (value - (share[place] ?? 0)) > 0))
      throw new ObservationProblem(
        [...path, name],
        `${name} crosses share`,
        'the lower bound lies at or below share, the upper one at or above it',
      );
  if (hours.some((age, place) => age <= (hours[place - 1] ?? 0)))
    throw new ObservationProblem(
      [...path, 'hours'],
      'the ages of the curve do not rise',
      'order them, oldest last',
    );
  if (share.at(-1) !== 1)
    throw new ObservationProblem(
      [...path, 'share'],
      'the last share is not 1',
      'the last age is the attribution window: by then everything has arrived',
    );
  return {
    agesMs: hours.map((age) => age * HOUR_MS),
    ...lines,
    conversions: 0,
    from: 'default',
  };
}

function priorOf(input: LearnInput, curve: DelayCurve): GammaPrior | null {
  const { prior } = input;
  if (prior === undefined || prior === 'default') return fitted(input, curve, 'spend');
  return { a: prior.conversions, b: prior.spend, siblings: 0, from: 'account' };
}

/** The siblings' rates per matured spend or click; null while they are too few to tell. */
function fitted(
  { siblings, own, event, nowMs }: LearnInput,
  curve: DelayCurve,
  exposure: 'spend' | 'clicks',
): GammaPrior | null {
  const rows = [own, ...siblings].map((facts) => ({
    campaign: null,
    conversions: facts.conversions.filter((conversion) => conversion.event === event).length,
    exposure: facts.hours.reduce(
      (sum, hour) => sum + hour[exposure] * arrived(curve, nowMs - hour.atMs - HOUR_MS / 2, 'share'),
      0,
    ),
  }));
  return learnPriors(rows).account;
}
