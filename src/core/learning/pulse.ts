import { trackingOutage } from '../statistics/outage.ts';

/** Windows that are tried, the shortest first: an outage is to be seen soon, but not in what chance does every night. */
const PULSE_HOURS = [1, 2, 3, 6, 12, 24] as const;
/** A window is long enough when silence in it could hardly be chance. */
const TELLING = 1e-5;
/** The longest one is looked at when silence would at least be an outage. */
const STILL_TELLING = 1e-4;
/** Hours differ more than whole days do: even an account whose days are Poisson has nights. */
const LEAST_DISPERSION = 2;

/** The longest stretch that is looked at, in hours. */
export const LONGEST_PULSE_HOURS = Math.max(...PULSE_HOURS);

/** A window of the newest hours, and the conversions that clicks before it and in it should have brought in within it. */
export interface PulseWindow {
  readonly hours: number;
  readonly expected: number;
  /** Variance ÷ mean of such counts. */
  readonly dispersion: number;
}

/**
 * The shortest window in which silence would be telling.
 *
 * @param expect conversions due to arrive within the last so many hours, and how many times as much as Poisson ones they vary.
 * @returns null while too little is expected to tell silence from chance.
 */
export function tellingWindow(
  expect: (hours: number) => { readonly expected: number; readonly dispersion: number },
): PulseWindow | null {
  for (const hours of PULSE_HOURS) {
    const due = expect(hours);
    const dispersion = Math.max(LEAST_DISPERSION, due.dispersion);
    const silence = trackingOutage({ expected: due.expected, seen: 0, dispersion });
    if (silence.p < (hours === PULSE_HOURS.at(-1) ? STILL_TELLING : TELLING))
      return { hours, expected: due.expected, dispersion };
  }
  return null;
}
