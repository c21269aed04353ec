import { readableSpan, touchLabel } from './attribution-words.ts';
import type { CreditWindows } from './attribution-windows.ts';
import type { KnownObject, Touch } from './attribution.ts';

const HOUR_MS = 3_600_000;

/** By what a touch and a conversion are one person's: the click id that was sent; the same device id; the same hashed user id. */
export type Match = 'click_id' | 'device' | 'user';

/** A click or an ad view that might have led to the conversion. */
export interface Candidate extends Touch {
  readonly id: string;
  readonly kind: 'click' | 'view';
  readonly match: Match;
  readonly atMs: number;
  readonly placement: string | null;
  /** The window its link asks for; null for the event's own. */
  readonly windowHours: number | null;
  /** Of a campaign that brings back people who have the app already. */
  readonly retargeting: boolean;
}

export type LosingReason =
  | 'outside_window'
  | 'after_event'
  | 'another_click_sent'
  | 'retargeting_apart'
  | 'earlier_credit'
  | 'sender_credit'
  | 'view_below_click'
  | 'older'
  | 'sent_click'
  | 'our_touch';

/** What was looked at and got nothing, with the reason in one sentence. */
export interface Loser {
  /** Null for an install that the event might have followed, and for the sender's word. */
  readonly candidate: Candidate | null;
  readonly object: KnownObject | null;
  readonly reason: LosingReason;
  readonly text: string;
}

/** Clocks of ad servers and apps differ: a device's touch this little after its event still counts as before it. */
export const SKEW_MS = 10 * 60_000;

/** The window of one touch, in ms; an uninstall has none. */
export function windowMs(candidate: Candidate, windows: CreditWindows, eventType: string): number {
  if (eventType === 'uninstall') return Infinity;
  const own = candidate.kind === 'view' ? windows.viewHours : windows.clickHours;
  return (candidate.windowHours ?? own) * HOUR_MS;
}

/** Why a touch cannot be credited, whatever else there is; null when it can. The window's edge is within it. */
export function obstacle(
  candidate: Candidate,
  question: {
    readonly atMs: number;
    readonly eventType: string;
    readonly windows: CreditWindows;
    readonly sentClickId: string | null;
  },
): LosingReason | null {
  // The sender has named a click: crediting another would be a guess against its word. It waits for that click instead.
  if (question.sentClickId !== null && candidate.match !== 'click_id') return 'another_click_sent';
  const ageMs = question.atMs - candidate.atMs;
  if (candidate.match !== 'click_id' && ageMs < -SKEW_MS) return 'after_event';
  return ageMs <= windowMs(candidate, question.windows, question.eventType) ? null : 'outside_window';
}

/** The most recent first; of one instant the higher id, so that every reader takes the same. */
export function byRecency(a: Candidate, b: Candidate): number {
  return b.atMs - a.atMs || (a.id < b.id ? 1 : a.id > b.id ? -1 : 0);
}

/** In words; an edge of time is told with its figures. */
export const REASONS: Readonly<Record<Exclude<LosingReason, 'outside_window'>, string>> = {
  after_event: 'it came after the event',
  another_click_sent: 'the sender named another click',
  retargeting_apart: 'it brought back a user whom another ad had won',
  earlier_credit: 'the user had been won before',
  sender_credit: 'the sender credits another ad',
  view_below_click: 'a click counts before a view',
  older: 'a later touch counts before an earlier one',
  sent_click: 'the click that was sent counts first',
  our_touch: 'a touch of our own counts first',
};

/** "TikTok ad Y got nothing for its view 3 h before install: a click counts before a view". */
export function loserOf(
  candidate: Candidate,
  reason: LosingReason,
  question: {
    readonly event: string;
    readonly eventType: string;
    readonly atMs: number;
    readonly windows: CreditWindows;
  },
): Loser {
  const ageMs = question.atMs - candidate.atMs;
  const when = ageMs < 0 ? `${readableSpan(-ageMs)} after` : `${readableSpan(ageMs)} before`;
  const why =
    reason === 'outside_window'
      ? `its window is ${readableSpan(windowMs(candidate, question.windows, question.eventType))}`
      : REASONS[reason];
  return {
    candidate,
    object: candidate.object,
    reason,
    text: `${touchLabel(candidate)} got nothing for its ${candidate.kind} ${when} ${question.event}: ${why}`,
  };
}
