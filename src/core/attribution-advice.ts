import { uniformity } from './fraud/uniformity.ts';

/** Days a click is followed for this advice. */
export const ADVICE_DAYS = 30;

/**
 * Conversions of one source and event by whole days from click to event: index 0 is the first 24 hours, index 29 the last day
 * looked at. Late ones count too, and only clicks at least 30 days old: younger ones have had no time to convert late.
 */
export interface DelayCounts {
  readonly source: string;
  readonly event: string;
  readonly byDay: readonly number[];
}

export interface WindowAdvice {
  readonly source: string;
  readonly event: string;
  readonly conversions: number;
  /** Share of conversions within so many days of the click. */
  readonly kept: readonly { readonly days: number; readonly share: number }[];
  /** From this day on conversions come evenly, as with click ids that have nothing to do with them; null where they do not. */
  readonly flatFromDay: number | null;
  /** Smallest of the usual windows that keeps 95 % of what comes before a flat tail; null with too few conversions, or all of them flat. */
  readonly windowDays: number | null;
  readonly text: string;
}

const USUAL_DAYS = [1, 3, 7, 14, 30] as const;
const KEEP = 0.95;
const MIN_CONVERSIONS = 50;
/** With so many, a tail that falls to a third over its length is told from a flat one four times in five (normal approximation). */
const MIN_TAIL = 110;
/** A tail of fewer than 16 days is too short to tell flat from slow: any gentle curve is flat in its last week. */
const LATEST_TAIL = 14;
const FLAT_P = 0.05;
/** What comes before a tail must be far from even. */
const FALLING_P = 0.001;

/**
 * Says what each window would keep, and from where on a curve is flat.
 *
 * People who click convert less and less often from day to day. Ids that are random, or belong to somebody else, come as often after
 * 25 days as after 15. The tail is the longest stretch up to day 30 that the G test does not tell from an even one, with enough
 * conversions to tell it by, after days that clearly fall. Renewals of a subscription are a peak, not flat, and not meant.
 */
export function windowAdvice({ source, event, byDay }: DelayCounts): WindowAdvice {
  const counts = Array.from({ length: ADVICE_DAYS }, (_, day) => {
    const count = byDay[day] ?? 0;
    return Number.isSafeInteger(count) && count > 0 ? count : 0;
  });
  const conversions = total(counts);
  const kept = USUAL_DAYS.map((days) => ({
    days,
    share: conversions === 0 ? 0 : total(counts.slice(0, days)) / conversions,
  }));
  const flatFromDay = flatTail(counts);
  const honest = counts.slice(0, flatFromDay ?? ADVICE_DAYS);
  const enough = conversions >= MIN_CONVERSIONS;
  const windowDays =
    enough && flatFromDay !== 0
      ? (USUAL_DAYS.find((days) => total(honest.slice(0, days)) >= KEEP * total(honest)) ?? ADVICE_DAYS)
      : null;
  const advice = { source, event, conversions, kept, flatFromDay, windowDays };
  return { ...advice, text: sentence(advice) };
}

/** First day of the longest flat end; 0 when all of it is flat. Steps of two days: the end is cut into halves of equal width. */
function flatTail(counts: readonly number[]): number | null {
  for (let from = 0; from <= LATEST_TAIL; from += 2) {
    const tail = counts.slice(from);
    if (total(tail) < MIN_TAIL) return null;
    if (isFlat(tail) && (from === 0 || falls(counts, from))) return from;
  }
  return null;
}

/** Neither its days nor its halves differ by more than chance: the halves see a slow fall that scattered days hide. */
function isFlat(tail: readonly number[]): boolean {
  const half = tail.length / 2;
  const halves = [total(tail.slice(0, half)), total(tail.slice(half))];
  return uniformity(tail).p >= FLAT_P && uniformity(halves).p >= FLAT_P;
}

/** The days before fall, or the first of them holds far more than a day of the tail. */
function falls(counts: readonly number[], from: number): boolean {
  if (uniformity(counts.slice(0, from)).p < FALLING_P) return true;
  const tail = counts.slice(from);
  const perDay = Math.round(total(tail) / tail.length);
  return (counts[0] ?? 0) > perDay && uniformity([counts[0] ?? 0, perDay]).p < FALLING_P;
}

function sentence(advice: Omit<WindowAdvice, 'text'>): string {
  const { source, event, conversions, kept, flatFromDay, windowDays } = advice;
  if (flatFromDay === 0) {
    return `${source}: ${conversions} conversions "${event}" come evenly over ${ADVICE_DAYS} d: your click ids look random`;
  }
  if (windowDays === null) {
    return `${source}: ${conversions} conversions "${event}", fewer than the ${MIN_CONVERSIONS} it takes to advise`;
  }
  const shares = kept
    .filter(({ days, share }) => days >= 7 || share >= KEEP)
    .map(({ days, share }) => `${days} d ${days === 30 ? 'all' : percent(share)}`);
  const [first, ...rest] = shares;
  const keeps = [`${first?.replace(' d ', ' d keeps ')} of ${event}`, ...rest].join(', ');
  const tail = flatFromDay === null ? '' : `; beyond ${flatFromDay} d your click ids look random`;
  return `${source}: ${keeps}${tail}; ${windowDays} d is enough`;
}

/** Never "100 %" of what is not all. */
function percent(share: number): string {
  if (share === 1) return 'all';
  return `${Math.min(99.9, Number((share * 100).toPrecision(share > 0.99 ? 3 : 2)))} %`;
}

const total = (counts: readonly number[]): number => counts.reduce((sum, count) => sum + count, 0);
