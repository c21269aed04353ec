import { loadClock } from '../src/db/clock.ts';
import { workspaceNow, wallDuration } from '../src/core/clock.ts';
import type { Db } from '../src/db/connection.ts';
import { listToAsk } from '../src/db/forwarding/asking.ts';
import { type DestinationRow, destinationsInUse } from '../src/db/forwarding/destinations.ts';
import {
  endAttempt,
  listAbandoned,
  listDue,
  putBack,
  waitingForwards,
} from '../src/db/forwarding/sending.ts';
import type { Destination } from '../src/outbound/destination.ts';
import type { GuardRules } from '../src/outbound/guard.ts';
import type { HttpParts } from '../src/outbound/http-parts.ts';
import { nextAttemptMs } from '../src/outbound/retry.ts';
import type { Sent } from '../src/outbound-send.ts';
import type { ForwardActivities, ForwardResult } from './contract.ts';
import { planNoted } from './forward-plan.ts';
import type { SendCounts } from './forward-one.ts';
import { askSome } from './forward-ask.ts';
import { sendSome } from './forward-send.ts';
import { createTokens } from '../src/outbound-token.ts';

export interface ForwardDeps {
  readonly db: Db;
  /** A stored destination; with its secrets opened for sending, without for planning. @throws where it cannot be read. */
  readonly openDestination: (row: DestinationRow, withSecrets: boolean) => Destination;
  readonly send: (request: HttpParts) => Promise<Sent>;
  readonly guard: GuardRules;
  /** This installation's own: a conversion that comes back with it is not told again. */
  readonly mark: string;
  readonly wallNowMs: () => number;
  /** Sign of life, and whether the worker is asked to stop. */
  readonly beat: () => { readonly stop: boolean };
  readonly log: { error(facts: object, message: string): void };
  /** Wall ms after which a taken forward's worker counts as gone; far beyond what sending what it took can last. */
  readonly abandonedAfterMs?: number;
}

const ABANDONED_AFTER_MS = 30_000;

/** Postbacks out: from changed conversions to answers in the log. Each step can be repeated at any point. */
export function createForwardActivities(deps: ForwardDeps): ForwardActivities {
  const { db, wallNowMs, log } = deps;
  const abandonedAfterMs = deps.abandonedAfterMs ?? ABANDONED_AFTER_MS;
  const tokens = createTokens(deps);
  /** A destination that cannot be read must not keep the others from being served. */
  const readable = (row: DestinationRow): boolean => {
    try {
      deps.openDestination(row, false);
      return true;
    } catch (error) {
      log.error({ destination: row.id, err: error }, 'a destination cannot be read; nothing is sent to it');
      return false;
    }
  };

  return {
    async forward({ workspaceId, forMs }) {
      const clock = await loadClock(db, workspaceId);
      const nowMs = () => workspaceNow(clock, wallNowMs());
      const until = wallNowMs() + forMs;
      const counts: SendCounts = { sent: 0, confirmed: 0, retried: 0, failed: 0, notSent: 0 };
      const inUse = await destinationsInUse(db, workspaceId);
      const unreadable = new Set(inUse.filter((row) => !readable(row)).map((row) => row.id));
      await settleAbandoned(workspaceId, nowMs());
      let changes = 0;
      while (!deps.beat().stop && wallNowMs() < until) {
        const planned = await planNoted(
          { db, mark: deps.mark, open: (row) => deps.openDestination(row, false), skip: unreadable },
          { workspaceId, nowMs: nowMs() },
        );
        changes += planned;
        const due = await listDue(db, workspaceId, nowMs());
        const send = {
          ...deps,
          ...tokens,
          nowMs,
          open: (row: DestinationRow) => deps.openDestination(row, true),
        };
        await Promise.all(due.map((id) => sendSome(send, workspaceId, id, counts)));
        const toAsk = await listToAsk(db, workspaceId, nowMs());
        await Promise.all(toAsk.map((id) => askSome(send, workspaceId, id, counts)));
        if (planned === 0 && due.length === 0 && toAsk.length === 0) break;
      }
      const { nextMs, waiting, awaited, takenWallMs } = await waitingForwards(db, workspaceId);
      const nextInMs = earliest(
        nextMs === null ? null : wallDuration(clock, Math.max(0, nextMs - nowMs())),
        // Taken by a worker that may have ended: looked at again when it is certain.
        takenWallMs === null ? null : Math.max(1, takenWallMs + abandonedAfterMs + 1 - wallNowMs()),
      );
      const result = { inUse: inUse.length > 0, changes, ...counts, waiting, awaited, nextInMs };
      return { ...result, sentence: sentenceOf(result) };
    },
  };

  /** What a worker took before it ended: sent or not, nobody knows, so it is asked again as after no answer. */
  async function settleAbandoned(workspaceId: string, nowMs: number): Promise<void> {
    const beforeWallMs = wallNowMs() - abandonedAfterMs;
    for (const left of await listAbandoned(db, workspaceId, beforeWallMs)) {
      if (left.attempt_id === null || left.first_at === null) {
        await putBack(db, [left.key], nowMs);
        continue;
      }
      const firstAtMs = left.first_at.getTime();
      const nextMs = nextAttemptMs({ attempts: left.attempts, firstAtMs, nowMs }, null);
      const why =
        'the worker ended between sending and keeping the answer: the receiver may have it' +
        (nextMs === null ? '; given up after a day' : ', and is asked once more');
      await endAttempt(db, {
        key: left.key,
        attempt: { id: left.attempt_id, attempt: left.attempts, firstAtMs },
        verdict: 'unknown',
        status: null,
        answer: '',
        latencyMs: null,
        why,
        state: nextMs === null ? 'given_up' : 'due',
        reason: nextMs === null ? 'no_answer' : null,
        message: nextMs === null ? why : null,
        nextMs,
        receipt: null,
        askMs: null,
        nowMs,
      });
    }
  }
}

function earliest(a: number | null, b: number | null): number | null {
  return a === null ? b : b === null ? a : Math.min(a, b);
}

function sentenceOf(result: Omit<ForwardResult, 'sentence'>): string {
  if (!result.inUse) return 'no destination is in use: nothing is forwarded';
  const parts = [
    [result.sent, 'sent'],
    [result.confirmed, 'confirmed by their receiver'],
    [result.retried, 'to be tried again'],
    [result.failed, 'failed'],
    [result.notSent, 'not sent, for a reason'],
  ] as const;
  const done = parts.filter(([count]) => count > 0).map(([count, what]) => `${count} ${what}`);
  const open = [
    ...(result.waiting === 0 ? [] : [`${result.waiting} wait`]),
    ...(result.awaited === 0 ? [] : [`${result.awaited} taken and not yet judged`]),
  ];
  const wait =
    open.length === 0
      ? 'none waits'
      : `${open.join(', ')}; the next look in ${Math.ceil((result.nextInMs ?? 0) / 1_000)} s`;
  return [`${result.changes} changed conversions looked at`, ...done, wait].join('; ');
}
