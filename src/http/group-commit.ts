import type pg from 'pg';
import type { Logger } from 'pino';
import { findMessages, insertPostbacks, type NewPostback } from '../db/postback-insert.ts';
import { isRowFault } from '../db/row-fault.ts';
import { uuidText } from './ids.ts';

/** What became of one row. */
export type Stored =
  | { readonly outcome: 'stored' }
  /** The same message was accepted before, as `firstId`. */
  | { readonly outcome: 'duplicate'; readonly firstId: string | null }
  /** Nothing can be said of it but that it was not acknowledged: the sender should send it again. */
  | { readonly outcome: 'unavailable' }
  /** The database refuses this row and will refuse it again. */
  | { readonly outcome: 'unstorable'; readonly detail: string };

export interface GroupCommit {
  /** Calls `answer` once the row is durable, or known not to be. */
  add(row: NewPostback, answer: (stored: Stored) => void): void;
  /** Rows waiting or being written. */
  readonly waiting: number;
  /** Resolves when everything added has been answered. */
  drained(): Promise<void>;
}

export interface GroupCommitOptions {
  readonly pool: pg.Pool;
  readonly log: Logger;
  /** After each commit that put something into the inbox. */
  readonly onCommitted: () => void;
  /** Batches written at once. */
  readonly inFlight?: number;
  readonly maxBatch?: number;
  /** A batch holds no more bytes than this, but for a row that is larger by itself: one statement is one message. */
  readonly maxBatchBytes?: number;
  /** Beyond this many waiting rows new ones are turned away: memory is bounded whatever the database does. */
  readonly maxWaiting?: number;
  /** The same in bytes of what waits and is being written. */
  readonly maxWaitingBytes?: number;
}

const MIB = 1024 * 1024;
/** What a row holds beside its raw text and its detail, about. */
const ROW_BYTES = 1_024;

interface Waiting {
  readonly row: NewPostback;
  readonly answer: (stored: Stored) => void;
  readonly bytes: number;
}

/**
 * Requests that wait at the same time are written in one transaction and share one flush to disk. While all writers
 * are busy the next batch gathers, so batches grow with the load and a lone request waits for nobody.
 */
export function createGroupCommit(options: GroupCommitOptions): GroupCommit {
  const { pool, log, onCommitted, inFlight = 2, maxBatch = 1_000, maxBatchBytes = 16 * MIB } = options;
  const { maxWaiting = 20_000, maxWaitingBytes = 256 * MIB } = options;
  let queue: Waiting[] = [];
  let writers = 0;
  let writing = 0;
  /** Of what waits and what is being written. */
  let bytes = 0;
  let scheduled = false;
  let idle: (() => void)[] = [];

  function schedule(): void {
    if (scheduled || writers >= inFlight || queue.length === 0) return;
    scheduled = true;
    // After the requests that arrived in the same turn of the event loop.
    setImmediate(() => {
      scheduled = false;
      startWriter();
    });
  }

  function startWriter(): void {
    if (writers >= inFlight || queue.length === 0) return;
    const size = batchSize();
    const batch = queue.length === size ? queue : queue.slice(0, size);
    queue = batch === queue ? [] : queue.slice(size);
    writers += 1;
    writing += batch.length;
    void writeBatch(batch).then(() => {
      writers -= 1;
      writing -= batch.length;
      for (const waiting of batch) bytes -= waiting.bytes;
      schedule();
      if (writing + queue.length === 0) {
        const waiters = idle;
        idle = [];
        for (const resolve of waiters) resolve();
      }
    });
    schedule();
  }

  /** Rows of the next batch: at least one. */
  function batchSize(): number {
    const most = Math.min(queue.length, maxBatch);
    let sum = 0;
    for (let size = 0; size < most; size += 1) {
      sum += queue[size]?.bytes ?? 0;
      if (sum > maxBatchBytes) return Math.max(1, size);
    }
    return most;
  }

  /** Never rejects: every row is answered. */
  async function writeBatch(batch: readonly Waiting[]): Promise<void> {
    let client: pg.PoolClient;
    try {
      client = await pool.connect();
    } catch (error) {
      log.warn({ err: error, rows: batch.length }, 'postbacks turned away: the database does not answer');
      for (const waiting of batch) waiting.answer({ outcome: 'unavailable' });
      return;
    }
    let failure: Error | undefined;
    try {
      await writeTogether(client, batch);
    } catch (error) {
      failure = asError(error);
      if (isRowFault(failure)) failure = await writeOneByOne(client, batch);
      else {
        log.warn({ err: failure, rows: batch.length }, 'postbacks turned away: the database failed');
        for (const waiting of batch) waiting.answer({ outcome: 'unavailable' });
      }
    }
    // A connection that failed may still be busy with the statement: never used again.
    client.release(failure);
  }

  async function writeTogether(client: pg.PoolClient, batch: readonly Waiting[]): Promise<void> {
    const leaders = new Map<string, Waiting>();
    const followers: { readonly waiting: Waiting; readonly leader: Waiting }[] = [];
    const rows = batch.map((waiting) => {
      const { row } = waiting;
      if (row.kind !== 'new' || row.messageKey === null) return row;
      const key = keyText(row.messageKey);
      const leader = leaders.get(key);
      if (leader === undefined) {
        leaders.set(key, waiting);
        return row;
      }
      followers.push({ waiting, leader });
      return { ...row, kind: 'duplicate' as const };
    });
    const losers = new Set(await insertPostbacks(client, rows));
    onCommitted();
    const firsts = losers.size === 0 ? undefined : await firstIds(client, batch, losers);
    const outcomes = new Map<Waiting, Stored>();
    for (const waiting of batch) {
      const lost = losers.size > 0 && losers.has(uuidText(waiting.row.id));
      outcomes.set(
        waiting,
        lost ? { outcome: 'duplicate', firstId: firsts?.get(hexKey(waiting)) ?? null } : STORED,
      );
    }
    for (const { waiting, leader } of followers) {
      const led = outcomes.get(leader);
      outcomes.set(
        waiting,
        led?.outcome === 'duplicate' ? led : { outcome: 'duplicate', firstId: uuidText(leader.row.id) },
      );
    }
    for (const [waiting, stored] of outcomes) waiting.answer(stored);
  }

  /** A bad row must not take its neighbours along. @returns the connection's fault, when it has one. */
  async function writeOneByOne(client: pg.PoolClient, batch: readonly Waiting[]): Promise<Error | undefined> {
    let broken: Error | undefined;
    for (const waiting of batch) {
      if (broken !== undefined) {
        waiting.answer({ outcome: 'unavailable' });
        continue;
      }
      try {
        await writeTogether(client, [waiting]);
      } catch (error) {
        const failure = asError(error);
        if (isRowFault(failure)) {
          log.error({ err: failure, source: waiting.row.sourceId }, 'a postback cannot be stored');
          waiting.answer({ outcome: 'unstorable', detail: failure.message });
        } else {
          broken = failure;
          waiting.answer({ outcome: 'unavailable' });
        }
      }
    }
    return broken;
  }

  /** Only names the earlier message in the answer; not knowing it must not undo what is committed. */
  async function firstIds(
    client: pg.PoolClient,
    batch: readonly Waiting[],
    losers: ReadonlySet<string>,
  ): Promise<ReadonlyMap<string, string>> {
    const keys = batch
      .filter((waiting) => losers.has(uuidText(waiting.row.id)))
      .flatMap((waiting) => waiting.row.messageKey ?? []);
    try {
      return await findMessages(client, keys);
    } catch (error) {
      log.warn({ err: error }, 'the first message of a duplicate was not looked up');
      return new Map();
    }
  }

  return {
    add(row, answer) {
      const size = ROW_BYTES + row.raw.length + (row.detail?.length ?? 0);
      if (queue.length >= maxWaiting || (bytes > 0 && bytes + size > maxWaitingBytes)) {
        answer({ outcome: 'unavailable' });
        return;
      }
      bytes += size;
      queue.push({ row, answer, bytes: size });
      schedule();
    },
    get waiting() {
      return queue.length + writing;
    },
    async drained() {
      if (queue.length + writing > 0) await new Promise<void>((resolve) => idle.push(resolve));
    },
  };
}

const STORED: Stored = { outcome: 'stored' };

function keyText(key: Uint8Array): string {
  return Buffer.from(key.buffer, key.byteOffset, key.length).toString('latin1');
}

function hexKey(waiting: Waiting): string {
  return waiting.row.messageKey === null ? '' : Buffer.from(waiting.row.messageKey).toString('hex');
}

function asError(error: unknown): Error {
  return error instanceof Error ? error : new Error(String(error));
}
