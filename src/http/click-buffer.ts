import { mkdirSync } from 'node:fs';
import { appendFile, type FileHandle, open, stat, unlink } from 'node:fs/promises';
import path from 'node:path';
import type { Logger } from 'pino';
import type { NewClick } from '../db/click-insert.ts';
import { claimSegment, leftoverSegments, releaseSegment } from './segment-files.ts';

/** How a batch of clicks went. */
export type ClickStore = (clicks: readonly NewClick[]) => Promise<'stored' | 'away' | 'bad_row'>;

export interface ClickBufferOptions {
  readonly directory: string;
  readonly store: ClickStore;
  readonly log: Logger;
  /** Beyond this many bytes on disk clicks are counted but no longer kept. */
  readonly maxBytes?: number;
  /** Wait before the database is tried again, ms. */
  readonly retryMs?: number;
}

export interface ClickBuffer {
  /** Resolves once the click is written to its file, or could not be: a visitor is sent on either way. */
  add(click: NewClick): Promise<void>;
  /** Bytes on disk that the database does not have yet. */
  readonly backlogBytes: number;
  /** Writes what is waiting, and stores it if the database answers at once. */
  close(): Promise<void>;
}

interface Segment {
  readonly file: string;
  readonly handle: FileHandle;
  size: number;
  /** Bytes that the database has. */
  stored: number;
}

const READ_BYTES = 512 * 1024;
const ROTATE_BYTES = 8 * 1024 * 1024;
const SYNC_MS = 1_000;
const SCAN_MS = 5_000;
const MAX_PENDING = 20_000;

/**
 * Clicks go to append-only files first and from there to the database, in batches, as soon as it takes them. One path
 * for fair weather, an outage and a restart: a file is deleted when the database has all of it, and what a dead process
 * left is read from its beginning, since storing a click twice changes nothing.
 *
 * What is promised: a redirected visitor's click is in the file (survives `kill -9`); the file is flushed to the disk
 * once a second (a power cut may take the last second).
 */
export function createClickBuffer(options: ClickBufferOptions): ClickBuffer {
  const { directory, store, log, maxBytes = 1024 ** 3, retryMs = 1_000 } = options;
  mkdirSync(directory, { recursive: true, mode: 0o700 });
  let pending: { readonly line: string; readonly done: () => void }[] = [];
  let segments: Segment[] = [];
  let current: Segment | undefined;
  let writing: Promise<void> | undefined;
  let storing: Promise<void> | undefined;
  let dirty = false;
  let adopting = false;
  let closed = false;
  let lost = 0;
  let retry: NodeJS.Timeout | undefined;

  const sync = setInterval(() => void syncCurrent(), SYNC_MS).unref();
  const scan = setInterval(() => void adopt(), SCAN_MS).unref();
  void adopt();

  function backlog(): number {
    return segments.reduce((sum, segment) => sum + segment.size - segment.stored, 0);
  }

  function lose(count: number, reason: string, error?: unknown): void {
    if (lost === 0) log.error({ err: error, reason }, 'clicks are not kept; visitors are still redirected');
    lost += count;
  }

  async function writePending(): Promise<void> {
    while (pending.length > 0) {
      const batch = pending;
      pending = [];
      try {
        current ??= await openSegment();
        const bytes = Buffer.from(batch.map((entry) => entry.line).join(''));
        const { bytesWritten } = await current.handle.write(bytes, 0, bytes.length, current.size);
        if (bytesWritten !== bytes.length)
          throw new Error(`only ${bytesWritten} of ${bytes.length} bytes were written`);
        current.size += bytes.length;
        dirty = true;
        if (lost > 0) log.warn({ lost }, 'clicks are kept again; so many were not');
        lost = 0;
        if (current.size > ROTATE_BYTES) current = undefined;
      } catch (error) {
        lose(batch.length, 'the data directory cannot be written', error);
      }
      for (const entry of batch) entry.done();
    }
  }

  async function openSegment(): Promise<Segment> {
    const file = claimSegment(directory);
    const segment: Segment = { file, handle: await open(file, 'wx+', 0o600), size: 0, stored: 0 };
    segments.push(segment);
    return segment;
  }

  /** Takes over what dead processes left. */
  async function adopt(): Promise<void> {
    if (adopting) return;
    adopting = true;
    try {
      for (const file of leftoverSegments(directory)) {
        if (segments.some((segment) => segment.file === file)) continue;
        const { size } = await stat(file);
        segments.push({ file, handle: await open(file, 'r'), size, stored: 0 });
      }
    } catch (error) {
      log.warn({ err: error }, 'clicks of an earlier run were not taken over; trying again');
    }
    adopting = false;
    wake();
  }

  async function syncCurrent(): Promise<void> {
    if (!dirty || current === undefined) return;
    dirty = false;
    await current.handle
      .datasync()
      .catch((error: unknown) => log.warn({ err: error }, 'clicks were not flushed to the disk'));
  }

  function wake(): void {
    if (closed || storing !== undefined || retry !== undefined) return;
    storing = storeAll()
      .catch((error: unknown) => {
        log.error({ err: error }, 'clicks stay in their files');
        return false;
      })
      .then((reached) => {
        storing = undefined;
        if (!reached && !closed) {
          retry = setTimeout(() => {
            retry = undefined;
            wake();
          }, retryMs).unref();
        } else if (backlog() > 0) wake();
      });
  }

  /** @returns false when the database is away. */
  async function storeAll(): Promise<boolean> {
    const known = segments;
    for (const segment of known) {
      while (segment.stored < segment.size) {
        const read = await readLines(segment);
        const result = await storeLines(read.lines);
        if (result === 'away') return false;
        segment.stored += read.bytes;
      }
      if (segment !== current) await remove(segment);
      else if (segment.size > 0 && pending.length === 0 && writing === undefined) {
        // All stored and nobody writing: begin a new file, so that this one's clicks are never read again.
        current = undefined;
        await remove(segment);
      }
    }
    return true;
  }

  async function storeLines(lines: readonly string[]): Promise<'stored' | 'away'> {
    const clicks = lines.flatMap((line) => parseClick(line) ?? []);
    if (clicks.length < lines.length)
      log.error({ lines: lines.length - clicks.length }, 'click lines that cannot be read were left out');
    if (clicks.length === 0) return 'stored';
    const together = await store(clicks);
    if (together !== 'bad_row') return together;
    for (const click of clicks) {
      const alone = await store([click]);
      if (alone === 'away') return 'away';
      if (alone === 'bad_row') {
        log.error({ clickId: click.id, linkId: click.linkId }, 'a click the database refuses was put aside');
        await appendFile(path.join(directory, 'refused.ndjson'), `${JSON.stringify(click)}\n`);
      }
    }
    return 'stored';
  }

  async function remove(segment: Segment): Promise<void> {
    segments = segments.filter((other) => other !== segment);
    await segment.handle.close();
    await unlink(segment.file).catch(() => undefined);
    releaseSegment(segment.file);
  }

  return {
    add(click) {
      if (closed || pending.length >= MAX_PENDING || backlog() > maxBytes) {
        lose(1, closed ? 'the server is closing' : 'the buffer is full');
        return Promise.resolve();
      }
      return new Promise((done) => {
        pending.push({ line: `${JSON.stringify(click)}\n`, done });
        writing ??= writePending().finally(() => {
          writing = undefined;
          wake();
        });
      });
    },
    get backlogBytes() {
      return backlog();
    },
    async close() {
      clearInterval(sync);
      clearInterval(scan);
      clearTimeout(retry);
      retry = undefined;
      await writing;
      await storing;
      await storeAll().catch(() => false);
      closed = true;
      await syncCurrent();
      for (const segment of segments) {
        await segment.handle.close().catch(() => undefined);
        releaseSegment(segment.file);
      }
    },
  };
}

/** Complete lines from where the database is; a last line without its end was never promised to anyone. */
async function readLines(segment: Segment): Promise<{ readonly lines: string[]; readonly bytes: number }> {
  const wanted = segment.size - segment.stored;
  const buffer = Buffer.allocUnsafe(Math.min(wanted, READ_BYTES));
  const { bytesRead } = await segment.handle.read(buffer, 0, buffer.length, segment.stored);
  const end = buffer.subarray(0, bytesRead).lastIndexOf(0x0a) + 1;
  // No line end in this much: the torn tail of a crash, or a file cut short.
  if (end === 0) return { lines: [], bytes: wanted };
  const lines = buffer.toString('utf8', 0, end).split('\n');
  lines.pop();
  return { lines, bytes: end };
}

function parseClick(line: string): NewClick | undefined {
  try {
    const value: unknown = JSON.parse(line);
    // Written by this program, whole lines only; the database checks the rest.
    return typeof value === 'object' && value !== null && 'id' in value ? (value as NewClick) : undefined;
  } catch {
    return undefined;
  }
}
