import { delayAges, type DelayCurve } from './delay-curve.ts';

/** What a conversion is, as far as its usual delay goes. */
export type DelayKind = 'install' | 'lead' | 'purchase' | 'other';

const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;
const DAY_MS = 24 * HOUR_MS;

/** Share and mean delay of each part of a mixture of exponentials. */
type Mixture = readonly (readonly [share: number, meanMs: number])[];

/** 74 % within an hour and 95 % within a day: AppsFlyer's published click-to-install times are 75 % and 94 %. */
const INSTALL: Mixture = [
  [0.73, 15 * MINUTE_MS],
  [0.21, 8 * HOUR_MS],
  [0.06, 3 * DAY_MS],
];

/** 35 % within an hour, 50 % within a day, 13 % after two weeks (Criteo's log of conversions: Chapelle, KDD 2014). */
const PURCHASE: Mixture = [
  [0.34, 20 * MINUTE_MS],
  [0.12, 6 * HOUR_MS],
  [0.54, 12 * DAY_MS],
];

/** How many times longer or shorter than these an account's delays may be: the bounds of a curve that nobody measured. */
const STRETCH = 3;

/**
 * Delay curve of an event nobody has measured yet, over an attribution window. Anything but installs is taken to be as
 * slow as purchases: believing delays long costs days, believing them short pauses good ads. Its lower bound has delays
 * three times as long; its upper bound is for all of them the quickest there is, installs with delays three times as short,
 * since a raise must not rest on a guess.
 */
export function defaultCurve(kind: DelayKind, windowMs: number): DelayCurve {
  const mixture = kind === 'install' ? INSTALL : PURCHASE;
  const agesMs = delayAges(windowMs);
  const line = (of: Mixture, stretch: number): number[] =>
    agesMs.map((age) => within(of, age * stretch) / within(of, windowMs * stretch));
  const share = line(mixture, 1);
  return {
    agesMs,
    share,
    lower: line(mixture, 1 / STRETCH).map((value, k) => Math.min(value, share[k] ?? value)),
    upper: line(INSTALL, STRETCH).map((value, k) => Math.max(value, share[k] ?? value)),
    conversions: 0,
    from: 'default',
  };
}

/** The defaults over usual attribution windows: 7 days for installs, 28 for the rest. */
export const DEFAULT_CURVES: Readonly<Record<DelayKind, DelayCurve>> = {
  install: defaultCurve('install', 7 * DAY_MS),
  lead: defaultCurve('lead', 28 * DAY_MS),
  purchase: defaultCurve('purchase', 28 * DAY_MS),
  other: defaultCurve('other', 28 * DAY_MS),
};

function within(mixture: Mixture, ageMs: number): number {
  let sum = 0;
  for (const [share, meanMs] of mixture) sum -= share * Math.expm1(-ageMs / meanMs);
  return sum;
}
