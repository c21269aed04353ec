import { countBetween, type CtitHistogram } from './ctit-histogram.ts';

const STRETCHES = [
  ['under 10 s', 0, 10],
  ['10 s to 1 min', 10, 60],
  ['1 to 10 min', 60, 600],
  ['10 min to 1 h', 600, 3600],
  ['1 h to 1 d', 3600, 86_400],
  ['1 to 7 d', 86_400, 604_800],
  ['7 d and more', 604_800, Infinity],
] as const;

/** One line of a histogram that a person can take in: shares of the installs at or after their click. */
export interface CoarseTime {
  readonly label: string;
  readonly installs: number;
  readonly share: number;
}

/** A histogram in seven stretches; each begins and ends at its edges, so nothing is split. */
export function coarseTimes(histogram: CtitHistogram): readonly CoarseTime[] {
  const all = countBetween(histogram, 0);
  return STRETCHES.map(([label, fromS, toS]) => {
    const installs = countBetween(histogram, fromS, toS);
    return { label, installs, share: all === 0 ? 0 : installs / all };
  });
}
