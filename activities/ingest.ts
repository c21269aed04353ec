import { Context } from '@temporalio/activity';
import type pg from 'pg';
import { listNews } from '../src/db/campaign-news.ts';
import { listToForward } from '../src/db/forwarding/inbox.ts';
import type { Db } from '../src/db/connection.ts';
import type { DrainedBatch } from '../src/db/ingest/drain-batch.ts';
import { hasWork } from '../src/db/ingest/set-aside.ts';
import { slotsOf } from '../src/db/ingest/shard.ts';
import { listenForNews } from '../src/db/live-listen.ts';
import { accountsThatEstimate } from '../src/db/strategy.ts';
import type { DrainResult, IngestActivities } from './contract.ts';
import { createSafeDrain } from './drain-safely.ts';
import { createVisitWakes } from './visit-wakes.ts';
import { createWakeGate } from './wake-gate.ts';

export interface IngestDeps {
  readonly db: Db;
  /** For the one connection that listens for the receiver's call. */
  readonly pool: pg.Pool;
  /** Called after the facts are committed, at most once a second per account. */
  readonly wakeOptimizer: (accountId: string, campaignIds: readonly number[]) => Promise<void>;
  /** Called where conversions wait to be forwarded, at most once a second per workspace. */
  readonly wakeForward: (workspaceId: string) => Promise<void>;
  readonly wallNowMs: () => number;
  readonly log: { error(facts: object, message: string): void; warn(facts: object, message: string): void };
}

/** Looks by itself this often: a call can be lost, and clicks make none. */
const LOOK_EVERY_MS = 250;
/** An idle shard still shows Temporal that it lives. */
const HEARTBEAT_EVERY_MS = 4_000;

/** The drain of the inbox; one at a time per shard, and harmless when two overlap. */
export function createIngestActivities(deps: IngestDeps): IngestActivities {
  const { db, pool, wallNowMs, log } = deps;
  const gate = createWakeGate(deps.wakeOptimizer, (error) =>
    log.warn({ err: error }, 'the optimizer could not be woken; the next drain tries again'),
  );

  // The same gate, by workspace: what waits is in the database, so a wake carries nothing.
  const forwardGate = createWakeGate(deps.wakeForward, (error) =>
    log.warn({ err: error }, 'the forwarder could not be woken; the next drain tries again'),
  );
  const wakeForward = async (): Promise<void> => {
    for (const workspaceId of await listToForward(db)) forwardGate.wake(workspaceId, [1]);
  };

  const visitWakes = createVisitWakes({
    listening: (workspaceId) => accountsThatEstimate(db, workspaceId),
    nowMs: wallNowMs,
  });

  return {
    async drain({ shard, forMs }) {
      slotsOf(shard);
      const { cancellationSignal } = Context.current();
      const safe = createSafeDrain({
        db,
        wallNowMs,
        onSetAside: ({ kind, id, error }) =>
          log.error(
            { shard, kind, id, err: error },
            `a ${kind} cannot be judged and was set aside; see its row for the reason`,
          ),
      });
      const news = createNews(pool);
      const until = wallNowMs() + forMs;
      const sum = { rows: 0, batches: 0, conversions: 0, worstLagMs: 0 };
      let beatAt = 0;
      const wake = (campaigns: DrainedBatch['campaigns']): void => {
        for (const [accountId, ids] of byAccount(campaigns)) gate.wake(accountId, ids);
      };
      try {
        // News of transactions whose worker ended, or found no Temporal, before it could wake anyone.
        wake(await listNews(db));
        await wakeForward();
        while (!cancellationSignal.aborted && wallNowMs() < until) {
          const heard = news.count();
          if (wallNowMs() - beatAt >= HEARTBEAT_EVERY_MS) {
            Context.current().heartbeat(sum);
            beatAt = wallNowMs();
          }
          if (!(await hasWork(db, shard))) {
            await news.wait(heard, Math.min(LOOK_EVERY_MS, until - wallNowMs()), cancellationSignal);
            continue;
          }
          const batch = await safe.next(shard);
          sum.rows += batch.rows;
          sum.conversions += batch.conversions;
          if (batch.rows > 0 || batch.visits > 0) sum.batches += 1;
          if (batch.oldestWallMs !== null)
            sum.worstLagMs = Math.max(sum.worstLagMs, wallNowMs() - batch.oldestWallMs);
          wake([...batch.campaigns, ...(await visitWakes.wakenBy(batch.visited))]);
          if (batch.rows > 0 || batch.visits > 0) await wakeForward();
          Context.current().heartbeat(sum);
          beatAt = wallNowMs();
        }
        // A deploy ends the activity early: what was drained is its result, not a failure.
        return { ...sum } satisfies DrainResult;
      } finally {
        await news.close();
        await gate.flush();
        await forwardGate.flush();
      }
    },
  };
}

function byAccount(
  campaigns: readonly { accountId: string; campaignId: number }[],
): ReadonlyMap<string, number[]> {
  const ids = new Map<string, number[]>();
  for (const { accountId, campaignId } of campaigns) {
    const list = ids.get(accountId);
    if (list) list.push(campaignId);
    else ids.set(accountId, [campaignId]);
  }
  return ids;
}

/** The receiver's calls, counted, so that one between the look and the wait is not missed. */
function createNews(pool: pg.Pool) {
  let heard = 0;
  let wake: (() => void) | undefined;
  const stop = listenForNews(pool, ['inbox'], () => {
    heard += 1;
    wake?.();
  });
  return {
    count: () => heard,
    /** Returns on a call heard since `since`, after `ms`, or when aborted. */
    wait(since: number, ms: number, signal: AbortSignal): Promise<void> {
      if (heard !== since || signal.aborted) return Promise.resolve();
      return new Promise((resolve) => {
        const done = (): void => {
          clearTimeout(timer);
          signal.removeEventListener('abort', done);
          wake = undefined;
          resolve();
        };
        const timer = setTimeout(done, Math.max(1, ms));
        signal.addEventListener('abort', done, { once: true });
        wake = done;
      });
    },
    close: stop,
  };
}
