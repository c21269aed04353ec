import type pg from 'pg';
import type { Logger } from 'pino';

const MINUTE_MS = 60_000;
const KEPT_PER_MINUTE = 100;
const MAX_ADDRESSES = 10_000;
const FLUSH_MS = 5_000;

interface Count {
  minuteMs: number;
  kept: number;
  dropped: number;
  /** What the table has not been told yet. */
  newKept: number;
  newDropped: number;
}

/**
 * Requests that nobody vouches for: unknown sources and wrong keys. The first hundred of an address in a minute are
 * kept in full, the rest only counted, so that a flood fills neither the table nor the queue.
 */
export function createStrangers(pool: pg.Pool, log: Logger) {
  let counts = new Map<string, Count>();
  let timer: NodeJS.Timeout | undefined;

  async function flush(): Promise<void> {
    timer = undefined;
    const changed = [...counts].filter(([, count]) => count.newKept + count.newDropped > 0);
    if (changed.length === 0) return;
    const values = changed.map(([address, count]) => ({
      address,
      minuteMs: count.minuteMs,
      kept: count.newKept,
      dropped: count.newDropped,
    }));
    for (const [, count] of changed) count.newKept = count.newDropped = 0;
    try {
      await pool.query(
        `insert into unauthenticated_count (address, minute, kept, dropped)
         select * from unnest($1::text[], $2::timestamptz[], $3::int[], $4::int[])
         on conflict (address, minute) do update
           set kept = unauthenticated_count.kept + excluded.kept, dropped = unauthenticated_count.dropped + excluded.dropped`,
        [
          values.map((value) => value.address),
          values.map((value) => new Date(value.minuteMs)),
          values.map((value) => value.kept),
          values.map((value) => value.dropped),
        ],
      );
    } catch (error) {
      for (const value of values) {
        const count = counts.get(value.address);
        if (count?.minuteMs !== value.minuteMs) continue;
        count.newKept += value.kept;
        count.newDropped += value.dropped;
      }
      log.warn({ err: error }, 'counts of unauthenticated requests were not stored; kept for the next try');
    }
  }

  return {
    /** True while this address's requests are kept in this minute; counts it either way. */
    admit(address: string | null, wallMs: number): boolean {
      const minuteMs = Math.floor(wallMs / MINUTE_MS) * MINUTE_MS;
      let key = address ?? 'unknown';
      if (!counts.has(key) && counts.size >= MAX_ADDRESSES) {
        const live = [...counts].filter(
          ([, count]) => count.minuteMs === minuteMs || count.newKept + count.newDropped > 0,
        );
        counts = new Map(live);
        // A flood from more addresses than we can tell apart shares one allowance.
        if (counts.size >= MAX_ADDRESSES) key = 'others';
      }
      let count = counts.get(key);
      if (count === undefined || count.minuteMs !== minuteMs) {
        if (count !== undefined && count.newKept + count.newDropped > 0) void flush();
        count = { minuteMs, kept: 0, dropped: 0, newKept: 0, newDropped: 0 };
        counts.set(key, count);
      }
      const kept = count.kept < KEPT_PER_MINUTE;
      if (kept) {
        count.kept += 1;
        count.newKept += 1;
      } else {
        count.dropped += 1;
        count.newDropped += 1;
      }
      timer ??= setTimeout(() => void flush(), FLUSH_MS).unref();
      return kept;
    },
    /** Stores what is not stored yet. */
    async close(): Promise<void> {
      clearTimeout(timer);
      await flush();
    },
  };
}

export type Strangers = ReturnType<typeof createStrangers>;
