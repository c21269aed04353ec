import type { LiveEventName, LiveLine, LiveState } from '../contract/live.ts';

/** One message of the stream. */
export interface LiveMessage {
  /** Grows within one feed; another feed's ids are not understood and answered with a snapshot. */
  readonly id: string;
  readonly event: LiveEventName;
  /** JSON on one line. */
  readonly data: string;
}

export interface LiveFacts {
  readonly state: LiveState;
  /** Newest first. */
  readonly lines: readonly LiveLine[];
}

export interface LiveFeedOptions {
  /** Distinguishes this feed's message ids from those of another process or another start. */
  readonly name: string;
  /** Reads everything the page shows. Never throws: an outage is part of the state. `before` is what was shown last. */
  load(before: LiveFacts | null): Promise<LiveFacts>;
  readonly everyMs?: number;
  /** How soon after a wake the tables are read; wakes in between are one. */
  readonly wakeAfterMs?: number;
}

export interface LiveFeed {
  /** Sends what the client misses since `lastId`, or a snapshot, then every change. @returns call it to leave. */
  subscribe(lastId: string | undefined, send: (message: LiveMessage) => void): () => void;
  /** Something changed: read soon. */
  wake(): void;
  close(): void;
}

/** Messages kept for clients that come back; who missed more gets a snapshot. */
const KEPT = 200;

/**
 * One reader of the tables for all pages of a workspace: it reads every second and when woken, only while somebody
 * looks, and hands out what changed.
 */
export function createLiveFeed(options: LiveFeedOptions): LiveFeed {
  const everyMs = options.everyMs ?? 1_000;
  const wakeAfterMs = options.wakeAfterMs ?? 120;
  const clients = new Set<(message: LiveMessage) => void>();
  const waiting = new Map<(message: LiveMessage) => void, string | undefined>();
  let kept: LiveMessage[] = [];
  let facts: LiveFacts | null = null;
  let known = new Map<string, string>();
  let stateText = '';
  let sequence = 0;
  let timer: NodeJS.Timeout | undefined;
  let woken = false;
  let reading = false;
  let closed = false;

  function schedule(afterMs: number): void {
    clearTimeout(timer);
    timer = undefined;
    if (!closed && !reading && clients.size > 0) timer = setTimeout(() => void read(), afterMs);
  }

  async function read(): Promise<void> {
    reading = true;
    woken = false;
    const startedAt = performance.now();
    try {
      publish(await options.load(facts));
    } finally {
      reading = false;
    }
    // Pages must stay a small part of the database's work, however large the account: at most a fifth of the time.
    const restMs = (performance.now() - startedAt) * 4;
    // A wake during the reading may be about something it did not see.
    schedule(Math.max(restMs, woken ? wakeAfterMs : everyMs));
  }

  function publish(now: LiveFacts): void {
    if (closed) return;
    const texts = new Map(now.lines.map((line) => [line.id, JSON.stringify(line)]));
    const fresh = now.lines.filter((line) => known.get(line.id) !== texts.get(line.id));
    // The server's clock moves with every reading; alone it is no news.
    const text = JSON.stringify({ ...now.state, wallNowMs: 0 });
    const first = facts === null;
    const messages: LiveMessage[] = [];
    if (!first && text !== stateText) messages.push(message('state', now.state));
    if (!first && fresh.length > 0) messages.push(message('lines', fresh));
    facts = now;
    known = texts;
    stateText = text;
    kept = [...kept, ...messages].slice(-KEPT);
    for (const send of clients) {
      if (waiting.has(send)) continue;
      for (const one of messages) send(one);
    }
    for (const [send, lastId] of waiting) catchUp(lastId, send);
    waiting.clear();
  }

  function message(event: LiveEventName, body: unknown): LiveMessage {
    sequence += 1;
    return { id: `${options.name}-${sequence}`, event, data: JSON.stringify(body) };
  }

  function catchUp(lastId: string | undefined, send: (message: LiveMessage) => void): void {
    const missed = missedSince(lastId);
    if (missed) {
      for (const one of missed) send(one);
    } else if (facts) {
      send({ id: `${options.name}-${sequence}`, event: 'snapshot', data: JSON.stringify(facts) });
    }
  }

  function missedSince(lastId: string | undefined): readonly LiveMessage[] | null {
    const [name, last] = lastId?.split('-') ?? [];
    // Messages are numbered without gaps: the kept ones are the newest.
    const missed = sequence - Number(last);
    if (name !== options.name || !(missed >= 0 && missed <= kept.length)) return null;
    return missed === 0 ? [] : kept.slice(-missed);
  }

  return {
    subscribe(lastId, send) {
      clients.add(send);
      // After a time without clients the facts are old: the newcomer waits for the next reading, a few milliseconds.
      waiting.set(send, lastId);
      schedule(0);
      return () => {
        clients.delete(send);
        waiting.delete(send);
        if (clients.size === 0) clearTimeout(timer);
      };
    },
    wake() {
      // Only the first wake sets the timer: a storm of them must not put the reading off for ever.
      if (woken) return;
      woken = true;
      schedule(wakeAfterMs);
    },
    close() {
      closed = true;
      clearTimeout(timer);
      clients.clear();
      waiting.clear();
    },
  };
}
