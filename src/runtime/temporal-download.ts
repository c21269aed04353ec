import { spawn } from 'node:child_process';
import { chmodSync, mkdtempSync, renameSync, rmSync } from 'node:fs';
import path from 'node:path';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import type { ReadableStream } from 'node:stream/web';
import type { TemporalProgress } from './temporal-binary.ts';

export interface DownloadTemporalOptions {
  /** Folder address of the archive. */
  readonly from: string;
  readonly version: string;
  /** Where the program is to lie. */
  readonly target: string;
  readonly onProgress: (progress: TemporalProgress) => void;
}

/** Many machines have no way out: asking must not keep a newcomer waiting. */
const ANSWER_WITHIN_MS = 4_000;

/**
 * Takes Temporal's official archive, where it can be reached, and moves the program into place whole.
 *
 * @returns false when the archive does not answer in time or is not what it should be; nothing is left behind then.
 */
export async function downloadTemporal(options: DownloadTemporalOptions): Promise<boolean> {
  const arch = process.arch === 'x64' ? 'amd64' : process.arch;
  const address = `${options.from}/${options.version}?platform=${process.platform}&arch=${arch}`;
  const draft = mkdtempSync(`${options.target}.download-`);
  try {
    const answer = await answerInTime(address);
    const archive = answer?.body ?? null;
    if (archive === null) return false;
    options.onProgress({ text: 'downloading Temporal', secondsLeft: null });
    await unpack(archive, draft);
    chmodSync(path.join(draft, 'temporal'), 0o755);
    renameSync(path.join(draft, 'temporal'), options.target);
    return true;
  } catch {
    return false;
  } finally {
    rmSync(draft, { recursive: true, force: true });
  }
}

async function answerInTime(address: string): Promise<Response | null> {
  const giveUp = new AbortController();
  const timer = setTimeout(() => giveUp.abort(), ANSWER_WITHIN_MS);
  try {
    const answer = await fetch(address, { signal: giveUp.signal });
    if (answer.ok) return answer;
    await answer.body?.cancel();
    return null;
  } catch {
    return null;
  } finally {
    clearTimeout(timer);
  }
}

async function unpack(archive: NonNullable<Response['body']>, folder: string): Promise<void> {
  const tar = spawn('tar', ['-xzf', '-', '-C', folder], { stdio: ['pipe', 'ignore', 'ignore'] });
  const ended = new Promise<void>((resolve, reject) => {
    tar.once('error', reject);
    tar.once('close', (code) => (code === 0 ? resolve() : reject(new Error(`tar ended with ${code}`))));
  });
  // The two stream types are one and the same at run time; the type declarations of fetch and of Node differ.
  await Promise.all([pipeline(Readable.fromWeb(archive as ReadableStream), tar.stdin), ended]);
}
