import type { Micros } from '../money.ts';
import { type CoarseValue, type ConversionValueMap, readConversionValue } from './conversion-values.ts';
import type { AppleEventType } from './outcome-kinds.ts';

/** Conversion values as they came, by their word ("0" to "63", "low" to "high", "none") → postbacks. */
export type ValueCounts = Readonly<Record<string, number>>;

/** What is counted per identifier. Money in micros of one currency. */
export interface AppleTally {
  readonly installs: number;
  readonly reinstalls: number;
  readonly reEngagements: number;
  /** Postbacks per conversion window; the first window's are the conversions themselves. */
  readonly windows: readonly [number, number, number];
  readonly values: readonly [ValueCounts, ValueCounts, ValueCounts];
  /** First reports whose value was known and mapped, and what all windows' values were worth together. */
  readonly valued: number;
  readonly revenueMicros: number;
}

export const NO_TALLY: AppleTally = {
  installs: 0,
  reinstalls: 0,
  reEngagements: 0,
  windows: [0, 0, 0],
  values: [{}, {}, {}],
  valued: 0,
  revenueMicros: 0,
};

/** Postbacks that count and are alike in all of this. */
export interface AlikePostbacks {
  readonly eventType: AppleEventType;
  readonly sequenceIndex: 0 | 1 | 2;
  readonly fineValue: number | null;
  readonly coarseValue: CoarseValue | null;
  readonly postbacks: number;
}

/**
 * What postbacks that are alike add to the sums of their source. A later window adds its worth, not another install: what a
 * value means is set per window.
 *
 * @param map the app's own meaning of its values; null where nobody wrote it down, and values are only counted.
 */
export function tallyOf(alike: AlikePostbacks, map: ConversionValueMap | null): AppleTally {
  const { eventType, sequenceIndex, fineValue, coarseValue, postbacks } = alike;
  const first = sequenceIndex === 0;
  const of = (type: AppleEventType): number => (first && eventType === type ? postbacks : 0);
  const reading = map === null ? null : readConversionValue(alike, map);
  const mapped = reading?.kind === 'mapped';
  const revenue: Micros | 0 = mapped ? (reading.revenueMicros ?? 0) : 0;
  const word = fineValue === null ? (coarseValue ?? 'none') : String(fineValue);
  const inWindow = <T>(value: T, otherwise: T): [T, T, T] => [
    sequenceIndex === 0 ? value : otherwise,
    sequenceIndex === 1 ? value : otherwise,
    sequenceIndex === 2 ? value : otherwise,
  ];
  return {
    installs: of('install'),
    reinstalls: of('reinstall'),
    reEngagements: of('re-engagement'),
    windows: inWindow(postbacks, 0),
    values: inWindow<ValueCounts>({ [word]: postbacks }, {}),
    valued: mapped && first ? postbacks : 0,
    revenueMicros: revenue * postbacks,
  };
}

export function addTallies(a: AppleTally, b: AppleTally): AppleTally {
  return {
    installs: a.installs + b.installs,
    reinstalls: a.reinstalls + b.reinstalls,
    reEngagements: a.reEngagements + b.reEngagements,
    windows: [a.windows[0] + b.windows[0], a.windows[1] + b.windows[1], a.windows[2] + b.windows[2]],
    values: [
      addCounts(a.values[0], b.values[0]),
      addCounts(a.values[1], b.values[1]),
      addCounts(a.values[2], b.values[2]),
    ],
    valued: a.valued + b.valued,
    revenueMicros: a.revenueMicros + b.revenueMicros,
  };
}

/** In the order of their words, so that the same sum looks the same however it was made. */
function addCounts(a: ValueCounts, b: ValueCounts): ValueCounts {
  const words = [...new Set([...Object.keys(a), ...Object.keys(b)])].toSorted();
  return Object.fromEntries(words.map((word) => [word, (a[word] ?? 0) + (b[word] ?? 0)]));
}

export function sumTallies(tallies: readonly AppleTally[]): AppleTally {
  return tallies.reduce(addTallies, NO_TALLY);
}
