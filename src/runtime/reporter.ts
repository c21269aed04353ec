import { wallNowMs } from '../wall-clock.ts';
import { type PartStatus, type Status, writeStatus } from './status-file.ts';
import type { TemporalProgress } from './temporal-binary.ts';

export interface ReporterOptions {
  readonly dataDir: string;
  readonly say: (line: string) => void;
  readonly links: Status['links'];
  readonly parts: () => readonly PartStatus[];
}

export interface Reporter {
  /** A part changed. */
  changed(): void;
  progress(progress: TemporalProgress): void;
  /** What keeps the optimizer from starting, and what a person can do; told once as long as it stays the same. */
  failing(text: string, next: string): void;
  /** The optimizer has begun to judge. */
  ready(): void;
}

const SAY_EVERY_MS = 10_000;
const WRITE_EVERY_MS = 500;

/** Keeps the status file current, and the person at the terminal told without a flood. */
export function createReporter(options: ReporterOptions): Reporter {
  let optimizer: Status['optimizer'] = {
    state: 'preparing',
    text: 'looking for Temporal',
    next: '',
    secondsLeft: null,
  };
  let saidMs = 0;
  let writtenMs = 0;
  const write = (): void => {
    writtenMs = wallNowMs();
    const parts = options.parts();
    writeStatus(options.dataDir, {
      updatedAtMs: writtenMs,
      parts,
      optimizer: withParts(optimizer, parts),
      links: options.links,
    });
  };
  return {
    changed: write,
    progress(progress) {
      optimizer = { state: 'preparing', next: '', ...progress };
      if (wallNowMs() - writtenMs >= WRITE_EVERY_MS) write();
      if (wallNowMs() - saidMs < SAY_EVERY_MS) return;
      saidMs = wallNowMs();
      options.say(`optimizer: ${progress.text}${left(progress.secondsLeft)}`);
    },
    failing(text, next) {
      if (optimizer.state !== 'unavailable' || optimizer.text !== text) {
        options.say(`optimizer: ${text}`);
        options.say(`  ${next}`);
      }
      optimizer = { state: 'unavailable', text, next, secondsLeft: null };
      write();
    },
    ready() {
      optimizer = { state: 'ready', text: '', next: '', secondsLeft: null };
      write();
      options.say('The optimizer is ready.');
    },
  };
}

/** A part that fails counts more than the progress it made before. */
function withParts(optimizer: Status['optimizer'], parts: readonly PartStatus[]): Status['optimizer'] {
  const failing = parts.find(
    (part) =>
      (part.name === 'temporal' || part.name === 'work') &&
      (part.state === 'unavailable' || part.state === 'restarting'),
  );
  return failing === undefined
    ? optimizer
    : { state: 'unavailable', text: failing.detail, next: failing.next, secondsLeft: null };
}

function left(seconds: number | null): string {
  if (seconds === null) return '';
  return `, about ${Math.floor(seconds / 60)}:${String(seconds % 60).padStart(2, '0')} left`;
}
