import type pg from 'pg';
import type { Logger } from 'pino';
import { insertRefusedClicks, type RefusedClick } from '../db/refused-clicks.ts';
import type { Strangers } from './strangers.ts';

const FLUSH_MS = 1_000;
/** Kept for a database that is away; beyond it the oldest go. */
const MAX_WAITING = 1_000;
/** Visitors are many and of any address: all of them share one allowance. */
const ALLOWANCE = 'visits without a click';

export interface RefusedVisits {
  /** Keeps the visit with its reason, or, beyond the allowance of the minute, counts it. Never waits. */
  note(visit: RefusedClick): void;
  /** Stores what is not stored yet. */
  close(): Promise<void>;
}

/**
 * Visits that make no click leave a row with the reason. Anyone can make such visits, so a hundred a minute are kept and
 * the rest counted, whoever comes.
 */
export function createRefusedVisits(pool: pg.Pool, strangers: Strangers, log: Logger): RefusedVisits {
  let waiting: RefusedClick[] = [];
  let timer: NodeJS.Timeout | undefined;

  async function flush(): Promise<void> {
    timer = undefined;
    const batch = waiting;
    if (batch.length === 0) return;
    waiting = [];
    try {
      await insertRefusedClicks(pool, batch);
    } catch (error) {
      log.warn(
        { err: error, visits: batch.length },
        'visits without a click were not stored; tried again with the next',
      );
      waiting = [...batch, ...waiting].slice(-MAX_WAITING);
    }
  }

  return {
    note(visit) {
      if (!strangers.admit(ALLOWANCE, visit.wallAtMs)) return;
      waiting.push(visit);
      if (waiting.length > MAX_WAITING) waiting.shift();
      timer ??= setTimeout(() => void flush(), FLUSH_MS).unref();
    },
    async close() {
      clearTimeout(timer);
      await flush();
    },
  };
}
