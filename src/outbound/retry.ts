const MINUTE_MS = 60_000;
/** Growing waits, then one an hour. */
const WAITS_MS = [1, 5, 15, 30, 60].map((minutes) => minutes * MINUTE_MS);
const HOUR_MS = 60 * MINUTE_MS;
const GIVE_UP_AFTER_MS = 24 * HOUR_MS;

/** The attempts at one forward so far. */
export interface AttemptHistory {
  /** Requests made, the one just answered included; at least 1. */
  readonly attempts: number;
  readonly firstAtMs: number;
  readonly nowMs: number;
}

/**
 * When to try again: after 1, 5, 15, 30, 60 minutes and then hourly, or when the receiver said, and not later than a day
 * after the first attempt. Deterministic: spreading many of them is for whoever runs them.
 *
 * @param waitMs what the receiver asked for; a shorter wait than our own is not taken up.
 * @returns the instant in ms, or null when the day is over.
 */
export function nextAttemptMs(history: AttemptHistory, waitMs: number | null): number | null {
  const own = WAITS_MS[Math.max(1, history.attempts) - 1] ?? HOUR_MS;
  const at = history.nowMs + Math.max(own, waitMs ?? 0);
  return at - history.firstAtMs > GIVE_UP_AFTER_MS ? null : at;
}

/** The questions about one accepted forward so far. */
export interface AskHistory {
  readonly asks: number;
  readonly acceptedAtMs: number;
  readonly nowMs: number;
}

const FIRST_ASK_MS = 30 * MINUTE_MS;
const ASK_GROWTH = 1.3;
const JUDGED_WITHIN_MS = 24 * HOUR_MS;

/**
 * When to ask a receiver that judges later what it made of a forward: after half an hour, then after waits that grow by
 * 1.3 to an hour, for a day (Google, "Data Manager API: Diagnostics").
 *
 * @returns the instant in ms, or null when the day is over.
 */
export function nextAskMs({ asks, acceptedAtMs, nowMs }: AskHistory): number | null {
  const at = nowMs + Math.min(HOUR_MS, Math.round(FIRST_ASK_MS * ASK_GROWTH ** asks));
  return at - acceptedAtMs > JUDGED_WITHIN_MS ? null : at;
}

/**
 * The wait that a `Retry-After` header asks for: seconds, or a date (RFC 9110, 10.2.3).
 *
 * @returns ms from now, never negative; null without a header that can be read.
 */
export function retryAfterMs(header: string | undefined, nowMs: number): number | null {
  if (header === undefined) return null;
  const text = header.trim();
  if (/^\d{1,9}$/.test(text)) return Number(text) * 1000;
  // Date.parse reads much that is no HTTP date, a bare number among it.
  const at = /^[A-Za-z]{3},? /.test(text) ? Date.parse(text) : Number.NaN;
  return Number.isNaN(at) ? null : Math.max(0, at - nowMs);
}
