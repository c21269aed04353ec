import { appendFileSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import type { WriteRecord } from './world.ts';

/** Keeps a sandbox's snapshot and write log in a folder; without a folder nothing is kept. */
export interface Store {
  load(): { readonly snapshot: unknown; readonly writes: readonly WriteRecord[] };
  /** Durable before the write is answered. */
  appendWrite(written: WriteRecord): void;
  saveSnapshot(snapshot: unknown): void;
  /** Forgets everything. */
  reset(): void;
}

export const noStore: Store = {
  load: () => ({ snapshot: null, writes: [] }),
  appendWrite: () => undefined,
  saveSnapshot: () => undefined,
  reset: () => undefined,
};

export function folderStore(folder: string): Store {
  mkdirSync(folder, { recursive: true });
  const snapshotFile = path.join(folder, 'snapshot.json');
  const writesFile = path.join(folder, 'writes.jsonl');
  return {
    load() {
      const snapshot = readIfThere(snapshotFile);
      const lines = (readIfThere(writesFile) ?? '').split('\n');
      return {
        snapshot: snapshot === null ? null : JSON.parse(snapshot),
        // A line cut short by a kill was never answered; it is left out.
        writes: lines.flatMap((line) => {
          try {
            return [JSON.parse(line) as WriteRecord];
          } catch {
            return [];
          }
        }),
      };
    },
    appendWrite(written) {
      appendFileSync(writesFile, `${JSON.stringify(written)}\n`, { flush: true });
    },
    saveSnapshot(snapshot) {
      const next = `${snapshotFile}.next`;
      writeFileSync(next, JSON.stringify(snapshot));
      renameSync(next, snapshotFile);
    },
    reset() {
      rmSync(snapshotFile, { force: true });
      rmSync(writesFile, { force: true });
    },
  };
}

function readIfThere(file: string): string | null {
  try {
    return readFileSync(file, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return null;
    throw error;
  }
}
