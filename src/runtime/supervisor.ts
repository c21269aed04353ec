import { setTimeout as sleep } from 'node:timers/promises';
import { messageOf, OperatorError } from '../errors.ts';
import { wallNowMs } from '../wall-clock.ts';
import { isAlive } from './processes.ts';
import type { PartStatus } from './status-file.ts';

/** Something that runs as a process of its own and is kept running. */
export interface Part {
  readonly name: PartStatus['name'];
  /** As a person would name it: "PostgreSQL". */
  readonly title: string;
  /**
   * Starts it, or takes over one that runs; resolves when it is of use. Called again after it died. `spawned` is told
   * the process id as soon as there is one, so that a kill in between leaves no unknown process.
   */
  readonly start: (signal: AbortSignal, spawned: (pid: number) => void) => Promise<RunningPart>;
}

export interface RunningPart {
  readonly pid: number;
  /** Asks it to end, waits a grace time, ends it. */
  readonly stop: () => Promise<void>;
}

export interface SupervisorOptions {
  /** One sentence for a person. */
  readonly say: (sentence: string) => void;
  /** After every change of a part. */
  readonly onChange?: () => void;
  /** Wait before the first restart, doubled each time up to 15 s; tests shorten it. */
  readonly firstWaitMs?: number;
}

export interface Supervisor {
  /**
   * Starts a part and keeps it running from then on: one that dies, or does not start, is started again.
   * @returns resolves at its first successful start; rejects only when the supervisor is stopped before.
   */
  keep(part: Part): Promise<RunningPart>;
  /** As {@link keep}, but a first start that fails is thrown: without this part nothing makes sense. */
  require(part: Part): Promise<RunningPart>;
  status(): readonly PartStatus[];
  /** The process of a part, if it runs now. */
  pidOf(name: PartStatus['name']): number | undefined;
  /** Stops what runs, one after the other in this order. Safe to call twice. */
  stop(order: readonly PartStatus['name'][]): Promise<void>;
}

const LOOK_EVERY_MS = 300;
const LONGEST_WAIT_MS = 15_000;
/** One that lived this long did not fail at its start: the next wait is short again. */
const SETTLED_AFTER_MS = 60_000;

/**
 * Keeps parts running. It looks at process ids instead of listening to child events, because a part may be one that a
 * killed run left behind, which is nobody's child.
 */
export function createSupervisor(options: SupervisorOptions): Supervisor {
  const stopping = new AbortController();
  const kept = new Map<PartStatus['name'], Kept>();

  const set = (entry: Kept, state: PartStatus['state'], detail = '', next = ''): void => {
    entry.status = { name: entry.part.name, state, detail, next };
    options.onChange?.();
  };

  async function startOnce(entry: Kept): Promise<RunningPart> {
    const running = await entry.part.start(stopping.signal, (pid) => {
      entry.pid = pid;
      options.onChange?.();
    });
    entry.running = running;
    entry.pid = running.pid;
    entry.startedMs = wallNowMs();
    // Stopped while it was starting: the stop is waiting for it in `entry.loop`.
    if (!stopping.signal.aborted) set(entry, 'running');
    return running;
  }

  async function retryUntilRunning(entry: Kept): Promise<RunningPart | null> {
    let lastSaid = '';
    for (
      let waitMs = options.firstWaitMs ?? 500;
      !stopping.signal.aborted;
      waitMs = Math.min(waitMs * 2, LONGEST_WAIT_MS)
    ) {
      try {
        return await startOnce(entry);
      } catch (error) {
        if (stopping.signal.aborted) return null;
        const sentence = messageOf(error);
        const next = error instanceof OperatorError ? error.next : '';
        set(entry, 'unavailable', sentence, next);
        if (sentence !== lastSaid) {
          options.say(`${entry.part.title}: ${sentence}`);
          if (next !== '') options.say(`  ${next}`);
        }
        lastSaid = sentence;
        await sleep(waitMs, undefined, { signal: stopping.signal }).catch(() => undefined);
      }
    }
    return null;
  }

  async function watch(entry: Kept): Promise<void> {
    let waitMs = options.firstWaitMs ?? 500;
    while (!stopping.signal.aborted) {
      await sleep(LOOK_EVERY_MS, undefined, { signal: stopping.signal }).catch(() => undefined);
      const running = entry.running;
      if (stopping.signal.aborted || (running !== undefined && isAlive(running.pid))) continue;
      if (wallNowMs() - entry.startedMs > SETTLED_AFTER_MS) waitMs = options.firstWaitMs ?? 500;
      entry.running = undefined;
      set(entry, 'restarting', 'it ended by itself');
      options.say(`${entry.part.title} ended by itself; starting it again`);
      await sleep(waitMs, undefined, { signal: stopping.signal }).catch(() => undefined);
      waitMs = Math.min(waitMs * 2, LONGEST_WAIT_MS);
      if ((await retryUntilRunning(entry)) !== null && !stopping.signal.aborted)
        options.say(`${entry.part.title} is back`);
    }
  }

  function enter(part: Part): Kept {
    const entry: Kept = {
      part,
      running: undefined,
      pid: undefined,
      startedMs: wallNowMs(),
      loop: Promise.resolve(),
      status: { name: part.name, state: 'starting', detail: '', next: '' },
    };
    kept.set(part.name, entry);
    set(entry, 'starting');
    return entry;
  }

  return {
    async require(part) {
      const entry = enter(part);
      const first = startOnce(entry);
      entry.loop = first.then(
        () => watch(entry),
        () => undefined,
      );
      return await first;
    },
    async keep(part) {
      const entry = enter(part);
      const first = retryUntilRunning(entry);
      entry.loop = first.then(() => watch(entry));
      const running = await first;
      if (running === null) throw new Error('stopped');
      return running;
    },
    status: () => [...kept.values()].map((entry) => entry.status),
    pidOf: (name) => kept.get(name)?.pid,
    async stop(order) {
      stopping.abort();
      for (const name of order) {
        const entry = kept.get(name);
        if (entry === undefined) continue;
        await entry.loop;
        await entry.running?.stop();
        entry.running = undefined;
        entry.pid = undefined;
        set(entry, 'stopped');
      }
    },
  };
}

interface Kept {
  readonly part: Part;
  running: RunningPart | undefined;
  /** Its newest process, of use or not yet. */
  pid: number | undefined;
  startedMs: number;
  /** Ends when the supervisor is stopped. */
  loop: Promise<void>;
  status: PartStatus;
}
