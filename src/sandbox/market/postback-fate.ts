import { exponential, PURPOSE, stream } from './random.ts';

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;

/** How postbacks fare on their way. Shares as fractions. */
export interface PostbackFaults {
  readonly lost: number;
  readonly duplicated: number;
  /** Come hours late. */
  readonly delayed: number;
  /** Hours of a total outage, once in each thirty days from `fromMs` on; in half of them nothing is sent afterwards. */
  readonly outageHours: number;
  readonly fromMs: number;
}

/** What postbacks suffer in measured practice, and what the fault scenario brings. */
export const USUAL_FAULTS: Omit<PostbackFaults, 'fromMs'> = {
  lost: 0.03,
  duplicated: 0.02,
  delayed: 0.01,
  outageHours: 6,
};

export interface Outage {
  readonly fromMs: number;
  readonly toMs: number;
  /** Whether what was held back is delivered afterwards. */
  readonly backlog: boolean;
}

/** The outage of the thirty days that hold `atMs`. */
export function outageAround(seed: number, faults: PostbackFaults, atMs: number): Outage {
  const month = Math.floor((atMs - faults.fromMs) / (30 * DAY_MS));
  const draw = stream(seed, 0, PURPOSE.outage, Math.max(0, month));
  const hour = Math.floor(draw() * (30 * 24 - faults.outageHours));
  const fromMs = faults.fromMs + month * 30 * DAY_MS + hour * HOUR_MS;
  return { fromMs, toMs: fromMs + faults.outageHours * HOUR_MS, backlog: draw() < 0.5 };
}

/**
 * When the postbacks of one conversion arrive: none when it is lost, two when its sender repeats it.
 *
 * @param index the conversion's click, unique within the ad.
 */
export function postbackArrivals(
  seed: number,
  ad: number,
  index: number,
  atMs: number,
  faults: PostbackFaults | undefined,
): readonly number[] {
  if (faults === undefined) return [atMs];
  const draw = stream(seed, ad, PURPOSE.postback, index);
  const [lost, duplicated, delayed, late] = [draw(), draw(), draw(), draw()];
  if (lost < faults.lost) return [];
  const sentMs = atMs + (delayed < faults.delayed ? exponential(3 * HOUR_MS, late) : 0);
  const outage = outageAround(seed, faults, sentMs);
  const within = sentMs >= outage.fromMs && sentMs < outage.toMs;
  if (within && !outage.backlog) return [];
  const arrivedMs = within ? outage.toMs + late * HOUR_MS : sentMs;
  return duplicated < faults.duplicated ? [arrivedMs, arrivedMs + 90_000] : [arrivedMs];
}
