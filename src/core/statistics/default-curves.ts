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

/** Share of conversions that may come at any time of the window, as far as anybody knows: the lower bound. */
const ANY_TIME = 1 / 3;
/** How many times quicker than the quickest an account may be: the upper bound. */
const QUICKER = 3;

/**
 * Delay curve of an event nobody has measured yet, over an attribution window. Anything but installs is taken to be as
 * slow as purchases: believing delays long costs days, believing them short pauses good ads. Its lower bound lets a third of
 * conversions come at any time of the window alike; its upper bound is for all of them three times as quick as installs,
 * since a raise must not rest on a guess.
 */
export function defaultCurve(kind: DelayKind, windowMs: number): DelayCurve {
  const mixture = kind === 'install' ? INSTALL : PURCHASE;
  const agesMs = delayAges(windowMs);
  const share = agesMs.map((age) => within(mixture, age) / within(mixture, windowMs));
  return {
    agesMs,
    share,
    lower: agesMs.map((age, k) => Math.min(share[k] ?? 1, mix(share[k] ?? 1, age / windowMs))),
    upper: agesMs.map((age, k) =>
      Math.max(share[k] ?? 0, within(INSTALL, age * QUICKER) / within(INSTALL, windowMs * QUICKER)),
    ),
    conversions: 0,
    from: 'default',
  };
}

const mix = (share: number, anyTime: number): number => (1 - ANY_TIME) * share + ANY_TIME * anyTime;

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
