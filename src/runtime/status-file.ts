import { readFileSync, renameSync, writeFileSync } from 'node:fs';
import path from 'node:path';

/** One part of a running installation, as a person would name it. */
export interface PartStatus {
  readonly name: 'postgres' | 'serve' | 'sandbox' | 'temporal' | 'work';
  readonly state: 'starting' | 'running' | 'restarting' | 'unavailable' | 'stopped';
  /** In plain words; empty when there is nothing to say. */
  readonly detail: string;
  /** What a person can do about it; empty when nothing. */
  readonly next: string;
}

/** How far the installation is: written by `up`, read by `serve` for the page and by `status`. */
export interface Status {
  /** Wall time, ms since the epoch. */
  readonly updatedAtMs: number;
  readonly parts: readonly PartStatus[];
  /** Conclusions need the worker, which needs Temporal; until it is ready postbacks are kept and not judged. */
  readonly optimizer: {
    readonly state: 'preparing' | 'ready' | 'unavailable';
    /** "building Temporal, package 812 of 1700" */
    readonly text: string;
    /** What a person can do about it; empty when nothing. */
    readonly next: string;
    readonly secondsLeft: number | null;
  };
  readonly links: { readonly page: string | null; readonly temporalUi: string | null };
}

/** @returns null when nothing was written yet, or it cannot be read. */
export function readStatus(dataDir: string): Status | null {
  try {
    // We wrote it ourselves, whole.
    return JSON.parse(readFileSync(fileIn(dataDir), 'utf8')) as Status;
  } catch {
    return null;
  }
}

/** Replaces the file whole, so that no reader sees half of it. */
export function writeStatus(dataDir: string, status: Status): void {
  const draft = `${fileIn(dataDir)}.${process.pid}`;
  writeFileSync(draft, JSON.stringify(status), { mode: 0o600 });
  renameSync(draft, fileIn(dataDir));
}

function fileIn(dataDir: string): string {
  return path.join(dataDir, 'status.json');
}
