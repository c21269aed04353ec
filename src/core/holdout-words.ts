import type { HoldoutEstimates, Interval } from './holdout.ts';
import { formatMoney, micros, MICROS_PER_UNIT } from './money.ts';

/** Wider than this, a false-pause rate says little: plus or minus ten in a hundred. */
const WIDE = 0.2;

export interface HoldoutCounts {
  /** Due pauses of which a share is held back. */
  readonly due: number;
  readonly held: number;
  /** Held ones that still run. */
  readonly running: number;
  /** Mean chance of being held, over the due ones; null without any. */
  readonly share: number | null;
}

/** What the figures of a holdout say, and what they do not say yet: one sentence a line. */
export function holdoutSentences(
  counts: HoldoutCounts,
  estimates: HoldoutEstimates,
  currency: string,
): readonly string[] {
  if (counts.due === 0)
    return [
      'No pause of an autopilot with a holdout was due yet. A strategy that says `holdout: 3 %` holds 3 of 100 back for seven days and watches what they do.',
    ];
  const share = counts.share ?? 0;
  const lines = [
    `${counts.due} ${counts.due === 1 ? 'pause was' : 'pauses were'} due; ${counts.held} of them ${counts.held === 1 ? 'was' : 'were'} held back and observed (${percent(share)} by design)${counts.running === 0 ? '' : `, ${counts.running} of them still ${counts.running === 1 ? 'runs' : 'run'}`}.`,
  ];
  const { judged, onTarget, byLuck, falsePauses, efficiency, savedPerPause } = estimates;
  if (falsePauses !== null) {
    lines.push(
      `False pauses: ${onTarget} of ${judged} that ran to the end came out at target or better, ${range(falsePauses, percent)} of due pauses. By luck alone ${oneDigit(byLuck)} would have, had each brought half of what its target asks.`,
    );
  }
  if (efficiency !== null)
    lines.push(
      `What was held back brought ${range(efficiency, times)} of what its target asks (1 is on target, 0.5 is twice the CPA).`,
    );
  if (savedPerPause !== null)
    lines.push(
      `Pausing at once is worth ${range(savedPerPause, (amount) => money(amount, currency))} per due pause over the time of being held.`,
    );
  const missing = missingSentence(counts, estimates);
  return missing === null ? lines : [...lines, missing];
}

function missingSentence(counts: HoldoutCounts, estimates: HoldoutEstimates): string | null {
  const share = counts.share ?? 0;
  const perHeld = share > 0 ? Math.ceil(1 / share) : null;
  if (counts.held === 0)
    return `None has been held back yet${perHeld === null ? '' : `: on average one in ${perHeld} is`}. Nothing is measured until then.`;
  if (estimates.judged === 0)
    return 'None of them has run to its end with at least one target of matured spend: there is no false-pause rate yet.';
  const wide =
    estimates.falsePauses !== null && estimates.falsePauses.high - estimates.falsePauses.low > WIDE;
  if (!wide || perHeld === null) return null;
  // Half the width is about 2 √(r(1−r)/n), at most 1/√n; with the price of looking always, 1.5 times that.
  const enough = Math.ceil((1.5 / (WIDE / 2)) ** 2);
  const more = Math.max(1, enough - estimates.judged);
  return `The interval is still wide: within ten in a hundred on either side takes up to ${more} more that are held to the end, about ${more * perHeld} more due pauses at this share. A larger holdout measures sooner and costs more.`;
}

function range(interval: Interval, words: (value: number) => string): string {
  return `${words(interval.value)} (95 % interval ${words(interval.low)} to ${words(interval.high)})`;
}

function percent(share: number): string {
  return `${oneDigit(share * 100)} %`;
}

function times(value: number): string {
  return value.toFixed(2);
}

function oneDigit(value: number): string {
  return String(Math.round(value * 10) / 10);
}

function money(amount: number, currency: string): string {
  const text = formatMoney(micros(Math.round(Math.abs(amount) * MICROS_PER_UNIT)), currency);
  return amount < 0 ? `−${text}` : text;
}
