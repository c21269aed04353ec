import { readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { isAlive, startedAt } from './processes.ts';

/** A process that can be told from a later one with the same id. */
export interface ProcessMark {
  readonly pid: number;
  /** See `startedAt` in processes.ts. */
  readonly startedAt: string;
}

/** What `up` keeps in the data directory, so that commands find the installation and the next start its leftovers. */
export interface RunFile {
  /** Null after a clean stop. */
  readonly supervisor: ProcessMark | null;
  readonly children: Readonly<Record<string, ProcessMark>>;
  /** Kept from start to start, so that addresses stay as they were. */
  readonly ports: {
    readonly http: number;
    readonly sandbox: number;
    readonly temporal: number;
    readonly temporalUi: number;
  };
  readonly databaseUrl: string;
  readonly temporalAddress: string;
  /** True when TEMPORAL_ADDRESS names a server that we do not run. */
  readonly temporalIsForeign: boolean;
}

/** @returns null before the first start. */
export function readRunFile(dataDir: string): RunFile | null {
  try {
    // We wrote it ourselves, whole.
    return JSON.parse(readFileSync(fileIn(dataDir), 'utf8')) as RunFile;
  } catch {
    return null;
  }
}

/** Replaces the file whole. Readable by its owner only: it holds the database's password. */
export function writeRunFile(dataDir: string, run: RunFile): void {
  const draft = `${fileIn(dataDir)}.${process.pid}`;
  writeFileSync(draft, `${JSON.stringify(run, null, 2)}\n`, { mode: 0o600 });
  renameSync(draft, fileIn(dataDir));
}

export function markOf(pid: number): ProcessMark {
  return { pid, startedAt: startedAt(pid) };
}

/** Whether the very process that was marked still runs. */
export function stillRuns(mark: ProcessMark): boolean {
  return isAlive(mark.pid) && startedAt(mark.pid) === mark.startedAt;
}

/**
 * Takes the data directory for this process. The file made with "wx" decides between two starts at the same moment; a
 * killed owner's claim is void.
 *
 * @returns the process that has it already, or null when it is ours now.
 */
export function claimDataDir(dataDir: string): ProcessMark | null {
  const file = path.join(dataDir, 'up.lock');
  for (let attempt = 0; ; attempt++) {
    try {
      writeFileSync(file, JSON.stringify(markOf(process.pid)), { flag: 'wx' });
      return null;
    } catch (error) {
      const owner = readMark(file);
      if (owner !== null && stillRuns(owner)) return owner;
      if (attempt > 2) throw error;
      rmSync(file, { force: true });
    }
  }
}

export function releaseDataDir(dataDir: string): void {
  rmSync(path.join(dataDir, 'up.lock'), { force: true });
}

function readMark(file: string): ProcessMark | null {
  try {
    return JSON.parse(readFileSync(file, 'utf8')) as ProcessMark;
  } catch {
    return null;
  }
}

function fileIn(dataDir: string): string {
  return path.join(dataDir, 'run.json');
}
