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
 * Delay curve of an event nobody has measured yet, over an attribution window. Its bounds are the curve with delays three
 * times as long and as short. Anything but installs is taken to be as slow as purchases: believing delays long costs
 * days, believing them short pauses good ads.
 */
export function defaultCurve(kind: DelayKind, windowMs: number): DelayCurve {
  const mixture = kind === 'install' ? INSTALL : PURCHASE;
  const agesMs = delayAges(windowMs);
  const line = (stretch: number): number[] =>
    agesMs.map((age) => within(mixture, age * stretch) / within(mixture, windowMs * stretch));
  const share = line(1);
  const bound = (stretch: number, keep: (a: number, b: number) => number): number[] =>
    line(stretch).map((value, k) => keep(value, share[k] ?? value));
  return {
    agesMs,
    share,
    lower: bound(1 / STRETCH, Math.min),
    upper: bound(STRETCH, Math.max),
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
