import { execFile } from 'node:child_process';
import { accessSync, constants, existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import lockfile from 'proper-lockfile';
import { OperatorError } from '../errors.ts';
import { buildTemporal } from './temporal-build.ts';
import { downloadTemporal } from './temporal-download.ts';

/** Where tools/temporal/go.mod pins the official command line with its development server. */
export const TEMPORAL_MODULE = fileURLToPath(new URL('../../tools/temporal', import.meta.url));

export interface TemporalBinary {
  readonly path: string;
  readonly from: 'path' | 'cache' | 'download' | 'build';
}

/** How far the finding is, for a person. */
export interface TemporalProgress {
  readonly text: string;
  /** Null while nothing sensible can be said. */
  readonly secondsLeft: number | null;
}

export interface FindTemporalOptions {
  readonly env: NodeJS.ProcessEnv;
  readonly onProgress: (progress: TemporalProgress) => void;
  /** Ends a build that is no longer wanted. */
  readonly signal?: AbortSignal;
  /** The official archive by default; tests serve their own. */
  readonly downloadFrom?: string;
  /** The pinned module by default; tests give their own. */
  readonly module?: string;
}

/**
 * Finds a Temporal server: `temporal` on the PATH, else the one in the user's cache, else the official download, else
 * built from the pinned Go module (minutes, once). One process at a time downloads or builds; others wait for it.
 *
 * @throws OperatorError `no_temporal` when none of the ways is open.
 */
export async function findTemporal(options: FindTemporalOptions): Promise<TemporalBinary> {
  const onPath = findOnPath('temporal', options.env);
  if (onPath !== null && (await works(onPath))) return { path: onPath, from: 'path' };

  const module = options.module ?? TEMPORAL_MODULE;
  const version = pinnedVersion(module);
  const folder = cacheFolder(options.env);
  const cached = path.join(folder, `temporal-${version}-${process.platform}-${process.arch}`);
  if (isRunnable(cached)) return { path: cached, from: 'cache' };

  mkdirSync(folder, { recursive: true });
  const release = await lock(cached, options);
  try {
    if (isRunnable(cached)) return { path: cached, from: 'cache' };
    const from = options.downloadFrom ?? 'https://temporal.download/cli/archive';
    if (await downloadTemporal({ from, version, target: cached, onProgress: options.onProgress })) {
      if (await works(cached)) return { path: cached, from: 'download' };
    }
    const go = findOnPath('go', options.env);
    if (go === null) throw noTemporal();
    await buildTemporal({ ...options, go, module, target: cached });
    return { path: cached, from: 'build' };
  } finally {
    await release();
  }
}

function noTemporal(): OperatorError {
  return new OperatorError(
    'no_temporal',
    'the optimizer needs a Temporal server: none was found, its download is out of reach, and there is no Go to build it',
    {
      next: 'Put `temporal` on the PATH (docs.temporal.io/cli), or install Go 1.26 or newer, or set TEMPORAL_ADDRESS to a running server. Until then postbacks are kept safely and not judged.',
    },
  );
}

/** The first runnable file of this name on the PATH. */
export function findOnPath(name: string, env: NodeJS.ProcessEnv): string | null {
  for (const folder of (env['PATH'] ?? '').split(path.delimiter)) {
    // npm puts node_modules/.bin first; a relative or empty entry means the current folder and is not trusted.
    if (!path.isAbsolute(folder)) continue;
    const full = path.join(folder, name);
    if (isRunnable(full)) return full;
  }
  return null;
}

function isRunnable(file: string): boolean {
  try {
    accessSync(file, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

async function works(file: string): Promise<boolean> {
  return await promisify(execFile)(file, ['--version'], { timeout: 20_000 }).then(
    () => true,
    () => false,
  );
}

function cacheFolder(env: NodeJS.ProcessEnv): string {
  const base = env['XDG_CACHE_HOME'];
  return path.join(base !== undefined && base !== '' ? base : path.join(os.homedir(), '.cache'), 'bidloop');
}

/** The version go.mod asks for ("v1.5.1"): a binary built by hand calls itself 0.0.0-DEV. */
function pinnedVersion(module: string): string {
  const found = /^\s*github\.com\/temporalio\/cli (v\S+)/m.exec(
    readFileSync(path.join(module, 'go.mod'), 'utf8'),
  );
  if (found?.[1] === undefined) throw new Error(`${module}/go.mod does not name github.com/temporalio/cli`);
  return found[1];
}

async function lock(target: string, options: FindTemporalOptions): Promise<() => Promise<void>> {
  const file = `${target}.lock-file`;
  if (!existsSync(file)) writeFileSync(file, '');
  for (let said = false; ; said = true) {
    try {
      return await lockfile.lock(file, {
        stale: 20_000,
        retries: said ? { retries: 5, minTimeout: 1_000, maxTimeout: 1_000 } : 0,
      });
    } catch (error) {
      options.signal?.throwIfAborted();
      if (!(error instanceof Error) || !('code' in error) || error.code !== 'ELOCKED') throw error;
      options.onProgress({ text: 'another process is building Temporal; waiting for it', secondsLeft: null });
    }
  }
}
