import type { Destination } from './destination.ts';
import {
  type Said,
  TOKEN,
  googleSays,
  metaSays,
  microsoftSays,
  templateSays,
  tiktokSays,
} from './answers.ts';
import { type AttemptHistory, nextAskMs, nextAttemptMs, retryAfterMs } from './retry.ts';

/** What came back. */
export type Answer =
  | {
      readonly kind: 'answer';
      readonly status: number;
      /** Names in lower case. */
      readonly headers: Readonly<Record<string, string>>;
      readonly body: string;
    }
  /** A time-out or a broken connection: the receiver may have taken it or not. */
  | { readonly kind: 'no_answer'; readonly why: string };

export type Verdict =
  | {
      readonly kind: 'delivered';
      /** The receiver had it already. */
      readonly repeat: boolean;
      /** By which the receiver's own judgement can be asked for later (Google), or its support asked. */
      readonly receipt: string | null;
      /** When to ask for that judgement; null where taking was all. */
      readonly askAtMs: number | null;
    }
  | {
      readonly kind: 'retry';
      readonly atMs: number;
      readonly why: string;
      /** With a fresh access token, whatever time the old one was said to have. */
      readonly freshToken: boolean;
    }
  /** `failed`: the receiver refused it. `given_up`: it could not be reached, or was busy, for a day. */
  | { readonly kind: 'failed' | 'given_up'; readonly why: string; readonly next: string };

const REPLAY = 'Correct the destination and replay it.';

/**
 * What an answer means for a forward. Tried again: no answer, 408, 429, 5xx, and what a network's body calls passing.
 * Final: any other 4xx, and 3xx, since a redirect is not followed. A request that is repeated carries the same
 * idempotency value, so a receiver that took the first one can tell.
 */
export function judgeAnswer(destination: Destination, answer: Answer, history: AttemptHistory): Verdict {
  if (answer.kind === 'no_answer') return again(`no answer (${answer.why})`, history, null);
  const { status } = answer;
  const wait = retryAfterMs(answer.headers['retry-after'], history.nowMs);
  const said = says(destination, status, answer.body);
  switch (said.kind) {
    case 'taken':
      return {
        kind: 'delivered',
        repeat: said.repeat,
        receipt: said.receipt,
        askAtMs: firstAskMs(destination, said.receipt, history.nowMs),
      };
    case 'passing':
      return again(said.why, history, said.waitMs ?? wait);
    case 'refused':
      return { kind: 'failed', why: said.why, next: said.next ?? REPLAY };
    case 'old_token': {
      // Only what was stored can be tried again, and it stays old.
      if ((destination.secrets['refresh_token'] ?? '') === '')
        return { kind: 'failed', why: said.why, next: TOKEN };
      const verdict = again(said.why, history, wait);
      return verdict.kind === 'retry' ? { ...verdict, freshToken: true } : verdict;
    }
    case 'by_status':
      break;
  }
  if (status === 408 || status === 429 || status >= 500) return again(`status ${status}`, history, wait);
  if (status >= 300 && status < 400) {
    return {
      kind: 'failed',
      why: `status ${status}: the address leads elsewhere, and redirects are not followed`,
      next: 'Give the address it leads to, then replay it.',
    };
  }
  return { kind: 'failed', why: `status ${status}`, next: REPLAY };
}

/** Google alone takes first and judges later. */
function firstAskMs(destination: Destination, receipt: string | null, nowMs: number): number | null {
  if (destination.kind !== 'google' || receipt === null) return null;
  return nextAskMs({ asks: 0, acceptedAtMs: nowMs, nowMs });
}

function says(destination: Destination, status: number, body: string): Said {
  switch (destination.kind) {
    case 'template':
      return templateSays(destination, status, body);
    case 'meta':
      return metaSays(status, body);
    case 'tiktok':
      return tiktokSays(status, body);
    case 'google':
      return googleSays(status, body);
    case 'microsoft':
      return microsoftSays(status, body);
  }
}

function again(why: string, history: AttemptHistory, waitMs: number | null): Verdict {
  const atMs = nextAttemptMs(history, waitMs);
  if (atMs !== null) return { kind: 'retry', atMs, why, freshToken: false };
  const next = 'Find out why the receiver has not answered for a day, then replay it.';
  return { kind: 'given_up', why: `${why}; given up after ${history.attempts} attempts`, next };
}
