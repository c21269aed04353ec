import type { Db } from '../src/db/connection.ts';
import { drainBatch, type DrainedBatch } from '../src/db/ingest/drain-batch.ts';
import type { InboxPlace } from '../src/db/ingest/messages.ts';
import { type ReadAhead, readAhead } from '../src/db/ingest/read-ahead.ts';
import { isRowFault } from '../src/db/row-fault.ts';
import { setAsideOldest, setAsideOldestClick } from '../src/db/ingest/set-aside.ts';

const LARGEST = 8_000;
/** The first batch of a run: nothing is written while it is read. */
const FIRST = 1_000;
/** After so many batches it begins with the oldest again: a row may have come late before the place that was reached. */
const LONGEST_RUN = 16;

export interface SafeDrain {
  /** Drains one batch; an empty one when the batch failed and a smaller one is tried next. */
  next(shard: string): Promise<DrainedBatch>;
}

const NOTHING: DrainedBatch = {
  rows: 0,
  visits: 0,
  conversions: 0,
  campaigns: [],
  visited: [],
  oldestWallMs: null,
};

/** Postbacks on their way here, and how many were asked for. */
interface Reading {
  readonly rows: Promise<ReadAhead>;
  readonly most: number;
}

/**
 * Drains batches and survives a row that cannot be judged: a batch that fails by its data is tried again in ever smaller
 * parts until the row stands alone and is set aside with its reason. A database that is away, or a lock lost to another
 * transaction, is no row's fault and goes to the caller.
 */
export function createSafeDrain(deps: {
  readonly db: Db;
  readonly wallNowMs: () => number;
  /** Most postbacks, and most clicks, of one batch; {@link LARGEST} when left out. */
  readonly largest?: number;
  /** A row was set aside: a person must look. */
  readonly onSetAside: (what: {
    readonly kind: 'postback' | 'click';
    readonly id: string | null;
    readonly error: unknown;
  }) => void;
}): SafeDrain {
  const { db, wallNowMs, onSetAside, largest = LARGEST } = deps;
  let limit = largest;
  let next: Reading | null = null;
  let run = 0;

  /** Begins to read the oldest postbacks, or the oldest behind a place. */
  function read(shard: string, most: number, after: InboxPlace | null): Reading {
    const rows = readAhead(db, { shard, limit: most, after });
    // Whoever awaits it gets the failure; nobody does where the batch before it fails first.
    rows.catch(() => undefined);
    return { rows, most };
  }

  /** The postbacks to judge now, and what begins to read those after them. */
  async function take(shard: string): Promise<{ ahead: ReadAhead; readNext: () => void }> {
    const { rows, most } = next ?? read(shard, Math.min(FIRST, limit), null);
    const ahead = await rows;
    next = null;
    const last = ahead.messages.length < most ? undefined : ahead.messages.at(-1);
    run = last === undefined || run === LONGEST_RUN ? 0 : run + 1;
    if (last === undefined || run === 0) return { ahead, readNext: () => undefined };
    return { ahead, readNext: () => (next = read(shard, Math.min(limit, 2 * most), last)) };
  }

  async function alone(shard: string, error: unknown): Promise<DrainedBatch> {
    try {
      const batch = await drainBatch(db, { shard, limit: 1, clickLimit: 0, wallMs: wallNowMs() });
      onSetAside({ kind: 'click', id: await setAsideOldestClick(db), error });
      return batch;
    } catch (again) {
      if (!isRowFault(again)) throw again;
      const why = again instanceof Error ? again.message : String(again);
      onSetAside({ kind: 'postback', id: await setAsideOldest(db, shard, why), error: again });
      return NOTHING;
    }
  }

  return {
    async next(shard) {
      try {
        const { ahead, readNext } = await take(shard);
        const batch = await drainBatch(db, {
          shard,
          limit,
          ahead,
          onNearlyJudged: readNext,
          wallMs: wallNowMs(),
        });
        limit = Math.min(largest, limit * 4);
        return batch;
      } catch (error) {
        next = null;
        if (!isRowFault(error)) throw error;
        if (limit === 1) return alone(shard, error);
        limit = Math.ceil(limit / 8);
        return NOTHING;
      }
    },
  };
}
