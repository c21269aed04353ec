import { spawn } from 'node:child_process';
import { rmSync, renameSync } from 'node:fs';
import os from 'node:os';
import { createInterface } from 'node:readline';
import { OperatorError } from '../errors.ts';
import { wallNowMs } from '../wall-clock.ts';
import type { TemporalProgress } from './temporal-binary.ts';

export interface BuildTemporalOptions {
  readonly go: string;
  readonly env: NodeJS.ProcessEnv;
  /** Folder of the go.mod that pins it. */
  readonly module: string;
  readonly target: string;
  readonly onProgress: (progress: TemporalProgress) => void;
  readonly signal?: AbortSignal;
}

const PROGRAM = 'github.com/temporalio/cli/cmd/temporal';
/** What a build takes from empty caches on two cores: the first estimate, before there is a pace to go by. */
const USUAL_SECONDS = 200;

/**
 * Builds the pinned Temporal with Go and moves it into place whole. First the sources are fetched (`go list` needs
 * them all and counts the packages), then compiled; both give the pace that the remaining time is estimated from.
 *
 * @throws OperatorError with Go's last words.
 */
export async function buildTemporal(options: BuildTemporalOptions): Promise<void> {
  const began = wallNowMs();
  let fetched = 0;
  let packages = 0;
  options.onProgress({ text: 'fetching the sources of Temporal', secondsLeft: USUAL_SECONDS });
  await go(options, ['list', '-deps', PROGRAM], {
    onOut: () => (packages += 1),
    onErr: (line) => {
      if (!line.includes('downloading')) return;
      fetched += 1;
      options.onProgress({
        text: `fetching the sources of Temporal, module ${fetched}`,
        secondsLeft: Math.max(30, USUAL_SECONDS - Math.round((wallNowMs() - began) / 1_000)),
      });
    },
  });

  const draft = `${options.target}.draft-${process.pid}`;
  const compiling = wallNowMs();
  let compiled = 0;
  try {
    await go(options, ['build', '-v', '-ldflags', '-s -w', '-o', draft, PROGRAM], {
      onErr: () => {
        compiled += 1;
        const share = Math.min(0.97, compiled / packages);
        const spent = (wallNowMs() - compiling) / 1_000;
        // The first packages are small: their pace says little.
        const left = share < 0.1 ? USUAL_SECONDS - spent : (spent / share) * (1 - share);
        options.onProgress({
          text: `building Temporal, package ${compiled} of ${packages}`,
          // What an interrupted build had finished is not counted again: the pace then looks slower than it is.
          secondsLeft: Math.min(USUAL_SECONDS, Math.max(5, Math.round(left))),
        });
      },
    });
    renameSync(draft, options.target);
  } finally {
    rmSync(draft, { force: true });
  }
}

interface Listeners {
  readonly onOut?: (line: string) => void;
  readonly onErr?: (line: string) => void;
}

async function go(
  options: BuildTemporalOptions,
  args: readonly string[],
  listeners: Listeners,
): Promise<void> {
  const child = spawn(options.go, args, {
    cwd: options.module,
    // Settings meant for the operator's own Go projects must not change this build.
    env: { ...options.env, CGO_ENABLED: '0', GOFLAGS: '', GOWORK: 'off' },
    stdio: ['ignore', 'pipe', 'pipe'],
    detached: true,
  });
  // A group of its own: an abort ends the compilers too, and postbacks go first while it builds.
  const end = (): void => {
    if (child.pid !== undefined) process.kill(-child.pid, 'SIGTERM');
  };
  if (child.pid !== undefined) os.setPriority(child.pid, 5);
  options.signal?.addEventListener('abort', end, { once: true });
  const last: string[] = [];
  createInterface({ input: child.stdout }).on('line', (line) => listeners.onOut?.(line));
  createInterface({ input: child.stderr }).on('line', (line) => {
    last.push(line);
    if (last.length > 4) last.shift();
    listeners.onErr?.(line);
  });
  const code = await new Promise<number | null>((resolve, reject) => {
    child.once('error', reject);
    child.once('close', resolve);
  }).finally(() => options.signal?.removeEventListener('abort', end));
  options.signal?.throwIfAborted();
  if (code === 0) return;
  throw new OperatorError('temporal_build_failed', `building Temporal failed: ${last.join(' · ')}`, {
    next: 'Put `temporal` on the PATH (docs.temporal.io/cli), or set TEMPORAL_ADDRESS to a running server; or mend what Go says (it needs Go 1.26 or newer and its module proxy) and start again.',
  });
}
