import type { Db } from '../src/db/connection.ts';
import { drainBatch, type DrainedBatch } from '../src/db/ingest/drain-batch.ts';
import { KeyRaceError } from '../src/db/ingest/outcomes.ts';
import { isRowFault } from '../src/db/row-fault.ts';
import { setAsideOldest, setAsideOldestClick } from '../src/db/ingest/set-aside.ts';

const LARGEST = 2_000;

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

/**
 * Drains batches and survives a row that cannot be judged: a batch that fails by its data is tried again in ever smaller
 * parts until the row stands alone and is set aside with its reason. A database that is away, or a lock lost to another
 * transaction, is no row's fault and goes to the caller.
 */
export function createSafeDrain(deps: {
  readonly db: Db;
  readonly wallNowMs: () => number;
  /** A row was set aside: a person must look. */
  readonly onSetAside: (what: {
    readonly kind: 'postback' | 'click';
    readonly id: string | null;
    readonly error: unknown;
  }) => void;
}): SafeDrain {
  const { db, wallNowMs, onSetAside } = deps;
  let limit = LARGEST;

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
        const batch = await drainBatch(db, { shard, limit, wallMs: wallNowMs() });
        limit = Math.min(LARGEST, limit * 4);
        return batch;
      } catch (error) {
        if (error instanceof KeyRaceError) return NOTHING;
        if (!isRowFault(error)) throw error;
        if (limit === 1) return alone(shard, error);
        limit = Math.ceil(limit / 8);
        return NOTHING;
      }
    },
  };
}
